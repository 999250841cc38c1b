//! Broken input end to end: manifests and components changed byte by byte give diagnostics or a
//! working app, never a panic, a hang or an abort.
//!
//! The changes are drawn from a fixed seed. `PLUGWEAVE_MUTATIONS` sets how many are tried.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use plugweave::check::check;
use plugweave::files::Memory;
use plugweave::{App, StartOptions, Val};

const WIT: &str = "package t:t@1.0.0;
interface words {
    record options { deep: bool, most: u32 }
    count: func(text: string, options: options) -> u32;
}
interface gist { of: func(text: string) -> string; }
world provider { export words; }
world consumer { import words; export gist; }
";

const PROVIDER: &str = r#"(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
  (func (export "t:t/words@1.0.0#count") (param i32 i32 i32 i32) (result i32) local.get 1))"#;

const CONSUMER: &str = r#"(module
  (import "t:t/words@1.0.0" "count" (func $count (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
  (func (export "t:t/gist@1.0.0#of") (param i32 i32) (result i32)
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (call $count (local.get 0) (local.get 1) (i32.const 1) (i32.const 9)))
    i32.const 16))"#;

const PROVIDER_MANIFEST: &str = r#"[plugin]
component = "provider.wasm"
[exports]
"t:t/words@1.0.0" = { priority = 3 }
[limits]
memory = "1 MiB"
timeout = "100ms"
restart = { max = 1, within = "1s" }
"#;

const CONSUMER_MANIFEST: &str = r#"[plugin]
component = "consumer.wasm"
version = "1.0.0"
[exports]
"t:t/gist@1.0.0" = {}
[imports]
"t:t/words@1.0.0" = { cardinality = "exactly-one", on-failure = "trap", late = false }
[limits]
timeout = "100ms"
[wasi]
env = { A = "é" }
dirs = [{ host = "data", guest = "/data", access = "read" }]
"#;

const APP: &str = r#"[app]
name = "hostile"
[bind]
consumer = { "t:t/words@1.0.0" = ["provider"] }
[plugins.provider]
limits = { memory = "512 KiB" }
priority = { "t:t/words@1.0.0" = 20 }
"#;

/// The component that a core module becomes.
fn component(wat: &str, world: &str) -> Vec<u8> {
    let wit = plugweave::world::WitSource { main: vec![("t.wit".into(), WIT.into())], deps: Vec::new() };
    plugweave::world::componentize(wat.as_bytes(), Some(&wit), Some(world)).unwrap().into_owned()
}

/// A generator of numbers that gives the same ones each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    /// Changes a few bytes: replaces, inserts, removes, repeats or cuts.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            if bytes.is_empty() {
                return;
            }
            let at = self.below(bytes.len());
            let byte = u8::try_from(self.below(256)).unwrap();
            match self.below(6) {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << self.below(8),
                2 => bytes.insert(at, byte),
                3 => drop(bytes.remove(at)),
                4 => {
                    let end = (at + 1 + self.below(16)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => bytes.truncate(bytes.len() - self.below(4).min(bytes.len())),
            }
        }
    }
}

fn mutations() -> usize {
    std::env::var("PLUGWEAVE_MUTATIONS").ok().and_then(|number| number.parse().ok()).unwrap_or(1500)
}

/// Checks an app and, when all is well, runs it. Returns whether it was accepted.
fn survive(files: &Memory) -> bool {
    let checked = check(files).unwrap();
    if checked.plan.is_none() {
        assert!(!checked.diagnostics.is_empty(), "refused without a word");
    }
    for diagnostic in &checked.diagnostics {
        assert!(!diagnostic.help.is_empty(), "no help: {diagnostic:?}");
        assert!(!diagnostic.labels.is_empty(), "no place: {diagnostic:?}");
        let text = plugweave::diagnostic::render(diagnostic, &checked.sources, plugweave::diagnostic::Style::Plain);
        assert!(text.starts_with("error["), "{text}");
    }
    let Ok(app) = App::of_checked(checked, StartOptions::default()) else { return false };
    // Whatever it answers, it answers.
    let _ = app.call("t:t/gist@1.0.0#of", &[Val::String("some words".into())]);
    let _ = app.run();
    true
}

fn app() -> [(&'static str, Vec<u8>); 5] {
    [
        ("provider.wasm", component(PROVIDER, "provider")),
        ("consumer.wasm", component(CONSUMER, "consumer")),
        ("provider.toml", PROVIDER_MANIFEST.into()),
        ("consumer.toml", CONSUMER_MANIFEST.into()),
        ("app.toml", APP.into()),
    ]
}

fn memory(files: &[(&'static str, Vec<u8>)]) -> Memory {
    files.iter().fold(Memory::default(), |memory, (path, bytes)| memory.with(*path, bytes.clone()))
}

/// Mutates one of the files at a time.
fn mutate_files(which: std::ops::Range<usize>, seed: u64) {
    let files = app();
    assert!(survive(&memory(&files)), "the app itself is fine");
    let mut numbers = Numbers(seed);
    let mut accepted = 0;
    for _ in 0..mutations() {
        let mut files = files.clone();
        let file = which.start + numbers.below(which.len());
        numbers.mutate(&mut files[file].1);
        accepted += usize::from(survive(&memory(&files)));
    }
    println!("{accepted} of {} mutated apps were accepted", mutations());
}

#[test]
fn mutated_components() {
    mutate_files(0..2, 0x5eed_0001);
}

#[test]
fn mutated_manifests() {
    mutate_files(2..5, 0x5eed_0002);
}

/// A command of WASI preview 1 with WIT, as the tools leave it.
const PROGRAM: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\06\00\00\00")
  (data (i32.const 16) "hello\n")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
  (func (export "_initialize"))
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $exit (i32.const 0)))
  (func (export "t:t/gist@1.0.0#of") (param i32 i32) (result i32) i32.const 32))"#;

const PROGRAM_MANIFEST: &str = r#"[plugin]
component = "program.wasm"
[exports]
"t:t/gist@1.0.0" = {}
[limits]
memory = "1 MiB"
timeout = "100ms"
restart = "never"
"#;

/// The world of a core module that only exports `gist`, as it is embedded.
fn embedded_world() -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let text = "package t:t@1.0.0; interface gist { of: func(text: string) -> string; } world w { export gist; }";
    let package = resolve.push_str("t.wit", text).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    wit_component::metadata::encode(&resolve, world, wit_component::StringEncoding::UTF8, None).unwrap()
}

/// A custom section of fewer than 2^14 bytes.
fn custom_section(name: &str, data: &[u8]) -> Vec<u8> {
    let length = |n: usize| [u8::try_from(n & 0x7f).unwrap() | 0x80, u8::try_from(n >> 7).unwrap()];
    let content = [&[u8::try_from(name.len()).unwrap()], name.as_bytes(), data].concat();
    [&[0][..], &length(content.len()), &content].concat()
}

fn program() -> Vec<u8> {
    let module = wat::parse_str(PROGRAM).unwrap();
    [module, custom_section("component-type", &embedded_world())].concat()
}

#[test]
fn mutated_programs() {
    let app = |program: &[u8]| {
        Memory::default().with("program.wasm", program.to_vec()).with("program.toml", PROGRAM_MANIFEST)
    };
    let program = program();
    assert!(survive(&app(&program)), "the program itself is fine");
    let mut numbers = Numbers(0x5eed_0003);
    let mut accepted = 0;
    for _ in 0..mutations() {
        let mut program = program.clone();
        numbers.mutate(&mut program);
        accepted += usize::from(survive(&app(&program)));
    }
    println!("{accepted} of {} mutated programs were accepted", mutations());
    for end in 0..program.len() {
        survive(&app(&program[..end]));
    }
}

#[test]
fn every_prefix() {
    let files = app();
    for file in 0..files.len() {
        for end in 0..files[file].1.len() {
            let mut files = files.clone();
            files[file].1.truncate(end);
            survive(&memory(&files));
        }
    }
}
