//! What plugins get of WASI: exactly what is granted, and nothing more.
//!
//! The plugins are real: `tests/guests/probe.wasm` (its source is beside it, `tests/guests/build.sh`
//! makes it) does with WASI what it is told to, and says how that went. Questions and answers are
//! WAVE text. Each test has a folder of its own for its app and the files that the app may or may not
//! reach. The only network is 127.0.0.1.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod arguments;
mod between_plugins;
mod directories;
mod endings;
#[path = "../support/guest.rs"]
mod guest;
mod network;
mod offered;
mod output;
mod place;
mod without_grants;
