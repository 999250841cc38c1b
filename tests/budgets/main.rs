//! What each limit does to a plugin, and what it does not: to later calls, to others, to state.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod amounts;
mod deadlines;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod support;
mod waits;

use plugweave::{App, CallError, CallErrorKind, PluginId, Val};

/// What a function from a number to a number answers.
fn number(app: &App, target: &str, argument: u32) -> Result<u32, CallError> {
    match app.call(target, &[Val::U32(argument)])? {
        Some(Val::U32(number)) => Ok(number),
        other => panic!("{other:?}"),
    }
}

/// The kind of an error, and the plugin that is blamed.
fn blamed(error: &CallError) -> (CallErrorKind, &str) {
    (error.kind(), error.origin().map_or("", PluginId::as_str))
}
