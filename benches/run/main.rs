//! How fast apps start, and how fast their plugins are called.
//!
//! `cargo bench --bench run` runs it. At the end it prints tables of how plugweave compares with
//! plain wasmtime in that same run.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a bench")]

mod calls;
#[path = "../compare/mod.rs"]
mod compare;
mod counters;
mod fan_out;
mod guests;
mod idle;
mod owners;
mod peers;
mod resources;
mod starts;
mod threads;

use criterion::{Criterion, criterion_group, criterion_main};
use plugweave::check::{Checked, check};
use plugweave::files::Memory;
use plugweave::{App, StartOptions};

/// Adds a plugin to an app in memory.
fn with_plugin(files: Memory, id: &str, body: &str, tables: &str) -> Memory {
    files
        .with(format!("{id}.toml"), format!("[plugin]\ncomponent = \"{id}.wasm\"\n{tables}"))
        .with(format!("{id}.wasm"), guests::component(body))
}

fn checked(files: &Memory) -> Checked {
    let checked = check(files).unwrap();
    assert!(checked.diagnostics.is_empty(), "{:?}", checked.diagnostics.first());
    checked
}

fn start(files: &Memory) -> App {
    let app = App::of_checked(checked(files), StartOptions::default()).unwrap();
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

fn running(criterion: &mut Criterion) {
    let calls = calls::measure(criterion);
    let fan_outs = fan_out::measure(criterion);
    let handles = resources::measure(criterion);
    let threads = threads::measure(criterion);
    let starts = starts::measure(criterion);
    let folders = starts::measure_folders(criterion);
    let idle = idle::measure(criterion);
    calls::print(&calls);
    fan_out::print(&fan_outs);
    resources::print(&handles);
    threads::print(&threads);
    starts::print(&starts, &folders);
    idle::print(&idle);
}

criterion_group!(benches, running);
criterion_main!(benches);
