//! Plugweave assembles an application out of WebAssembly plugins.
//!
//! A plugin is a WebAssembly component together with a small TOML manifest that says which WIT
//! interfaces it imports and exports. An app is a folder of them. Plugweave holds each manifest
//! against its binary, decides who serves whom, checks that the types fit, links the plugins, each
//! in a sandbox of its own, and runs them.
//!
//! ```
//! use plugweave::{App, Val};
//!
//! let app = App::open("manifests/workbench")?;
//! let numbers = app.call("workbench:markdown/stats@1.0.0#measure", &[Val::String("# Title".into())])?;
//! println!("{numbers:?}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to begin
//!
//! | to | use |
//! |---|---|
//! | open an app | [`App::open`]; with [`App::builder`] from several folders, from code, with interfaces of the host |
//! | offer an interface to plugins | [`AppBuilder::host_interface`]; [`AppHandle`] for functions that call plugins |
//! | call plugins | [`App::call`] and [`App::call_all`] with values, [`WaveCall`] with text, [`App::typed`] with Rust types, [`App::bindings`] through a `bindgen!` world |
//! | know what there is | [`App::plan`], [`App::callables`] |
//! | run the entry | [`App::run`] |
//! | choose how plugins are compiled | [`AppBuilder::engine_options`] with [`EngineOptions`] |
//! | take what plugins print | [`AppBuilder::on_line`], [`AppBuilder::capture`] |
//! | tell what is wrong | [`OpenError`] and [`Problems`], [`App::failures`], [`CallError`] |
//! | write a manifest in code | [`manifest::ManifestBuilder`] |
//! | check only | [`mod@check`], over a [`folder`] or [`files`] in memory |
//!
//! `docs/shells.md` in the repository goes through all of it, a task at a time, and `docs/manifest.md`
//! says what manifests may say.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `cli` (default) | the program `plugweave`, and `runtime` |
//! | `runtime` | [`App`] and all that needs wasmtime, which is exported as [`mod@wasmtime`] |
//! | none | the resolving half: everything up to the plan |
//!
//! # The stages
//!
//! Each stage knows only those before it:
//!
//! | stage | what it does |
//! |---|---|
//! | [`manifest`] | TOML text to checked values, each with its place in the text |
//! | [`world`] | what a binary really imports and exports, read without compiling it |
//! | [`resolve`] | who serves whom, and whether the types fit: a [`plan`], or *all* [problems](diagnostic) |
//! | [`mod@check`] | the three together, over the [`files`] of an app |
//! | `link` | a plan, compiled and linked: an [`Assembly`] |
//! | `runtime` | live plugins: stores, limits, failures, restarts |
//! | [`App`] | the way in for an embedding application |
//!
//! Everything up to the plan builds without wasmtime (`default-features = false`), and is what
//! `plugweave check` needs.

pub mod check;
pub mod diagnostic;
pub mod files;
pub mod folder;
pub mod foreign;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod resolve;
pub mod world;

#[cfg(feature = "runtime")]
mod app;
#[cfg(feature = "runtime")]
mod call;
#[cfg(feature = "runtime")]
mod link;
mod parallel;
#[cfg(feature = "runtime")]
mod runtime;
mod words;

pub use model::PluginId;

#[cfg(feature = "runtime")]
pub use app::{
    Answered, App, AppBuilder, AppHandle, Bindings, Callable, CapturedOutput, OpenError, OutputSink, OutputStream,
    Problems, StartOptions, TypedCall, TypedHandlesCall, WaveCall, WaveError, print as print_wave,
};
#[cfg(feature = "runtime")]
pub use call::{CallError, CallErrorKind, CallFrame, PluginState, flush_log};
#[cfg(feature = "runtime")]
pub use link::{
    Assembly, CodeCache, CompileExcess, EngineOptions, HostInterface, HostInterfaces, HostState, LinkError,
    Optimisation, compile_child_main,
};
#[cfg(feature = "runtime")]
pub use runtime::{Answer, Answers, Argument, Arguments, BoundToStore, Handle, HandleList, Status, Val};
/// wasmtime itself, so that the types of bindings and linkers are the same ones.
#[cfg(feature = "runtime")]
pub use wasmtime;

/// The Rust examples of the README compile.
#[cfg(all(doctest, feature = "runtime"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The Rust examples of the guide for shells compile, and run. They use crates that only the program
/// depends on.
#[cfg(all(doctest, feature = "cli"))]
#[doc = include_str!("../docs/shells.md")]
struct Shells;

/// The Rust example of the page on failures runs.
#[cfg(all(doctest, feature = "runtime"))]
#[doc = include_str!("../docs/failures.md")]
struct Failures;
