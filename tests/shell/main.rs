//! What an embedding application does: interfaces that it offers, plugins in code, typed calls,
//! bindings, and output in its hands.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may; bindings have no docs")]

mod folders;
mod host;
mod hostile;
mod output;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "apps are built by the builder here")]
mod support;
mod typed;

use plugweave::{App, AppBuilder, wasmtime};

/// The interfaces that the shell of these tests offers.
const SHELL: &str = include_str!("shell.wit");

wasmtime::component::bindgen!({
    path: "tests/shell/shell.wit",
    world: "shell",
    wasmtime_crate: plugweave::wasmtime,
    imports: { default: trappable },
    with: { "shell:ui/boxes.parcel": crate::host::Boxed },
});

/// A builder with the WIT that plugins are made from: that of the shell, and a package `t:t`.
fn builder(wit: &str) -> AppBuilder {
    App::builder().file("wit/t.wit", format!("package t:t@1.0.0;\n{wit}")).file("wit/deps/ui/ui.wit", SHELL)
}

/// Adds a plugin: its id, which is the name of its world too, its tables, with dots, and its core module.
fn plugin(builder: AppBuilder, id: &str, tables: &str, core: &str) -> AppBuilder {
    let manifest = format!("{tables}\n[plugin]\ncomponent = '{id}.wat'\nwit = 'wit'\nworld = '{id}'\n");
    builder.file(format!("{id}.toml"), manifest).file(format!("{id}.wat"), core)
}

/// Builds the app. Every plugin must start.
fn build(builder: AppBuilder) -> App {
    let app = builder.build().unwrap_or_else(|error| panic!("{error}"));
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}
