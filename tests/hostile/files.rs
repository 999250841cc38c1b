//! The apps that are broken: manifests, components and WIT that are fine.

use plugweave::files::Memory;
use plugweave::world::{WitSource, componentize};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The files of an app.
pub type Files = Vec<(&'static str, Vec<u8>)>;

const WIT: &str = "package t:t@1.0.0;
interface words {
    record options { deep: bool, most: u32 }
    count: func(text: string, options: options) -> u32;
}
interface gist { of: func(text: string) -> string; }
interface marks {
    enum level { low, high }
    variant node { leaf(list<u8>), pair(tuple<level, option<char>>) }
    mark: func(node: node) -> result<level, string>;
}
world provider { export words; }
world consumer { import words; export gist; }
world embedded { export marks; }
world written { import marks; export run: func() -> u32; }
world program { export gist; }
";

const HOST_WIT: &str = "package t:host@1.0.0;
interface window {
    use kinds.{kind};
    flags style { bold, thin }
    draw: func(kind: kind, style: style) -> bool;
}
interface kinds { record kind { name: string, size: u8 } }
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

const EMBEDDED: &str = r#"(module
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 0))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
  (func (export "t:t/marks@1.0.0#mark") (param i32 i32 i32 i32) (result i32)
    (local $left i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (local.set $left (i32.const 3))
    (loop $again
      (i32.store8 (i32.add (i32.const 32) (local.get $left)) (local.get 0))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store8 (i32.const 20) (i32.and (global.get $calls) (i32.const 1)))
    i32.const 16))"#;

const WRITTEN: &str = r#"(module
  (import "t:t/marks@1.0.0" "mark" (func $mark (param i32 i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "some bytes")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
  (func (export "run") (result i32)
    (call $mark (i32.const 0) (i32.const 8) (i32.const 10) (i32.const 0) (i32.const 32))
    (i32.load8_u (i32.const 36))))"#;

/// A program for WASI preview 1 that exports a function as well.
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

const EMBEDDED_MANIFEST: &str = r#"[plugin]
component = "embedded.wasm"
[exports]
"t:t/marks" = {}
[limits]
timeout = "100ms"
fuel = 1_000_000
"#;

const WRITTEN_MANIFEST: &str = r#"[plugin]
component = "written.wat"
wit = "wit"
world = "written"
[exports]
run = {}
[imports]
"t:t/marks" = "exactly-one"
[limits]
timeout = "100ms"
"#;

const PROGRAM_MANIFEST: &str = r#"[plugin]
component = "program.wasm"
[exports]
"t:t/gist@1.0.0" = {}
[limits]
memory = "1 MiB"
timeout = "100ms"
restart = "never"
"#;

const APP: &str = r#"[app]
name = "hostile"
[bind]
consumer = { "t:t/words@1.0.0" = ["provider"] }
[host]
"t:host/window@1.0.0" = "host.wit"
[plugins.provider]
limits = { memory = "512 KiB" }
priority = { "t:t/words@1.0.0" = 20 }
"#;

/// The component that a core module becomes.
fn component(wat: &str, world: &str) -> Vec<u8> {
    let wit = WitSource { main: vec![("t.wit".into(), WIT.into())], deps: Vec::new() };
    componentize(wat.as_bytes(), Some(&wit), Some(world)).unwrap().into_owned()
}

/// A core module with its world in it.
fn embedded(wit: &str, wat: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("t.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mut module = wat::parse_str(wat).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    module
}

/// An app with something of everything: components, a core module with WIT in it, one with WIT beside
/// it, and a host interface. The first three files are binaries.
pub fn app() -> Files {
    vec![
        ("provider.wasm", component(PROVIDER, "provider")),
        ("consumer.wasm", component(CONSUMER, "consumer")),
        ("embedded.wasm", embedded(WIT, EMBEDDED, "embedded")),
        ("provider.toml", PROVIDER_MANIFEST.into()),
        ("consumer.toml", CONSUMER_MANIFEST.into()),
        ("embedded.toml", EMBEDDED_MANIFEST.into()),
        ("written.toml", WRITTEN_MANIFEST.into()),
        ("app.toml", APP.into()),
        ("written.wat", WRITTEN.into()),
        ("wit/t.wit", WIT.into()),
        ("host.wit", HOST_WIT.into()),
    ]
}

/// How many of the first files of [`app`] are binaries.
pub const BINARIES: usize = 3;

/// A program for WASI preview 1 with its WIT in it.
pub fn program() -> Files {
    vec![("program.wasm", embedded(WIT, PROGRAM, "program")), ("program.toml", PROGRAM_MANIFEST.into())]
}

/// One small plugin, of which each byte can be tried.
pub fn tiny() -> Files {
    let wat = r#"(component
      (core module $m (func (export "twice") (param i32) (result i32) (i32.add (local.get 0) (local.get 0))))
      (core instance $i (instantiate $m))
      (func (export "twice") (param "it" u32) (result u32) (canon lift (core func $i "twice"))))"#;
    let manifest = "[plugin]\ncomponent='t.wasm'\n[exports]\ntwice={priority=1}\n\
                    [limits]\nmemory='1 MiB'\ntimeout='90ms'\nfuel=9999\n";
    vec![
        ("t.wasm", wat::parse_str(wat).unwrap()),
        ("t.toml", manifest.into()),
        ("app.toml", "[app]\nname='t'\n[plugins.t]\nlimits={fuel=999}\n".into()),
    ]
}

/// One small core module, with its WIT in it and once more beside it.
pub fn tiny_core() -> Files {
    let wit = "package t:t;\nworld t { export twice: func(it: u32) -> u32; }\n";
    let wat = r#"(module (func (export "twice") (param i32) (result i32) (i32.add (local.get 0) (local.get 0))))"#;
    let limits = "[exports]\ntwice={}\n[limits]\ntimeout='90ms'\n";
    vec![
        ("t.wasm", embedded(wit, wat, "t")),
        ("t.toml", format!("[plugin]\ncomponent='t.wasm'\n{limits}").into()),
        ("u.wat", wat.into()),
        ("t.wit", wit.into()),
        ("u.toml", format!("[plugin]\ncomponent='u.wat'\nwit='t.wit'\nworld='t'\n{limits}").into()),
    ]
}

/// The files as the library takes them.
pub fn memory(files: &Files) -> Memory {
    files.iter().fold(Memory::default(), |memory, (path, bytes)| memory.with(*path, bytes.clone()))
}
