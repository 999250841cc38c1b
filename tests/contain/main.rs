//! What must not reach beyond a plugin: native stack that is used up, and threads that wait for each
//! other. Each of these tests has a process of its own, which must come to a good end in time.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

#[cfg(all(feature = "cli", unix))]
mod command;
mod guests;
mod process;
mod stack;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "apps are built by the builder here")]
mod support;
mod threads;
mod tight;
