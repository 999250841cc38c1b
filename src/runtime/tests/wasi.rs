use std::time::{Duration, Instant};

use super::*;
use crate::link::testing::{HEAP, Logged, component, export, func, name_of, runtime_import};
use crate::model::{Access, Budget, DirGrant, Stdio, Type};
use crate::plan::Entry;

/// So much of WASI as the tests need, as a guest would import it.
const WASI: &str = "
    package wasi:io@0.2.0 {
        interface error { resource error; }
        interface poll { resource pollable { block: func(); } }
        interface streams {
            use error.{error};
            variant stream-error { last-operation-failed(error), closed }
            resource output-stream {
                blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
            }
        }
    }
    package wasi:clocks@0.2.0 {
        interface monotonic-clock {
            use wasi:io/poll@0.2.0.{pollable};
            subscribe-duration: func(when: u64) -> pollable;
        }
    }
    package wasi:cli@0.2.0 {
        interface environment {
            get-environment: func() -> list<tuple<string, string>>;
            get-arguments: func() -> list<string>;
        }
        interface exit { exit-with-code: func(code: u8); exit: func(status: result); }
        interface stdout { use wasi:io/streams@0.2.0.{output-stream}; get-stdout: func() -> output-stream; }
        interface run { run: func() -> result; }
    }
    package wasi:filesystem@0.2.0 {
        interface types { resource descriptor; }
        interface preopens {
            use types.{descriptor};
            get-directories: func() -> list<tuple<descriptor, string>>;
        }
    }
    package wasi:config@0.2.0-rc.1 {
        interface store {
            variant error { upstream(string), io(string) }
            get-all: func() -> result<list<tuple<string, string>>, error>;
        }
    }";

/// A plugin of a world with these items, whose core module has `body` besides a heap.
fn add<'a>(bench: &'a mut Bench, id: &str, world: &str, body: &str) -> &'a mut crate::plan::PlannedPlugin {
    let wit = format!("{WASI} world w {{ {world} }}");
    // Imports come before everything else in a core module.
    let (imports, rest) = body.split_once("(;;)").unwrap_or(("", body));
    bench.add(id, component(&wit, &format!("(module {imports} {HEAP} {rest})")))
}

fn bare(plugin: &mut crate::plan::PlannedPlugin, name: &str, result: Option<Type>) {
    let export = export(name, &[(name, func(&[], result))]);
    plugin.exports.push(crate::plan::PlannedExport { bare: true, ..export });
}

/// A plugin that tells its arguments, its environment and its configuration.
fn teller<'a>(bench: &'a mut Bench, id: &str) -> &'a mut crate::plan::PlannedPlugin {
    let plugin = add(
        bench,
        id,
        "import wasi:cli/environment@0.2.0; import wasi:config/store@0.2.0-rc.1;
         export args: func() -> list<string>;
         export env: func() -> list<tuple<string, string>>;
         export config: func() -> result<list<tuple<string, string>>, string>;",
        r#"(import "wasi:cli/environment@0.2.0" "get-arguments" (func $args (param i32)))
           (import "wasi:cli/environment@0.2.0" "get-environment" (func $env (param i32)))
           (import "wasi:config/store@0.2.0-rc.1" "get-all" (func $config (param i32)))
           (;;)
           (func (export "args") (result i32) (call $args (i32.const 64)) (i32.const 64))
           (func (export "env") (result i32) (call $env (i32.const 64)) (i32.const 64))
           (func (export "config") (result i32) (call $config (i32.const 64)) (i32.const 64))"#,
    );
    plugin.imports.push(runtime_import("wasi:cli/environment@0.2.0"));
    plugin.imports.push(runtime_import("wasi:config/store@0.2.0-rc.1"));
    for name in ["args", "env", "config"] {
        bare(plugin, name, Some(Type::Bool));
    }
    plugin
}

/// A command: `wasi:cli/run` does `body`.
fn command<'a>(bench: &'a mut Bench, id: &str, imports: &str, body: &str) -> &'a mut crate::plan::PlannedPlugin {
    let plugin = add(
        bench,
        id,
        &format!("{imports} import wasi:cli/exit@0.2.0; export wasi:cli/run@0.2.0;"),
        &format!(
            r#"(import "wasi:cli/exit@0.2.0" "exit-with-code" (func $exit (param i32)))
               (;;)
               (func (export "wasi:cli/run@0.2.0#run") (result i32) {body})"#
        ),
    );
    plugin.imports.push(runtime_import("wasi:cli/exit@0.2.0"));
    plugin
}

fn strings(strings: &[&str]) -> Option<Val> {
    Some(Val::List(strings.iter().map(|string| text(string)).collect()))
}

fn pairs(pairs: &[(&str, &str)]) -> Val {
    Val::List(pairs.iter().map(|(key, value)| Val::Tuple(vec![text(key), text(value)])).collect())
}

#[test]
fn arguments_environment_and_configuration_are_what_is_granted() {
    let mut bench = Bench::default();
    let plugin = teller(&mut bench, "teller");
    plugin.wasi.args = vec!["--fast".into()];
    plugin.wasi.env = [("LANG".to_owned(), "C".to_owned())].into();
    plugin.config = [("locale".to_owned(), "fr-FR".to_owned())].into();
    teller(&mut bench, "bare");
    let live = bench.start();
    assert_eq!(live.call("teller", "args", &[]).unwrap(), strings(&["teller", "--fast"]));
    assert_eq!(live.call("teller", "env", &[]).unwrap(), Some(pairs(&[("LANG", "C")])));
    let config = Val::Result(Ok(Some(Box::new(pairs(&[("locale", "fr-FR")])))));
    assert_eq!(live.call("teller", "config", &[]).unwrap(), Some(config));
    assert_eq!(live.call("bare", "args", &[]).unwrap(), strings(&["bare"]));
    assert_eq!(live.call("bare", "env", &[]).unwrap(), Some(pairs(&[])));
}

#[test]
fn the_entry_gets_the_arguments_of_the_command_line() {
    let mut bench = Bench::default();
    let plugin = teller(&mut bench, "shell");
    plugin.wasi.args = vec!["--fast".into()];
    command(&mut bench, "other", "", "(i32.const 0)");
    let start = |entry: usize| {
        let mut bench = Bench { plan: bench.plan.clone(), binaries: bench.binaries.clone() };
        bench.plan.entry = Some(Entry { plugin: PluginIndex(entry), export: name_of("wasi:cli/run@0.2.0") });
        if entry == 0 {
            // Any export with a function called `run` will do.
            bench.plan.entry = Some(Entry { plugin: PluginIndex(0), export: name_of("args") });
            bench.plan.plugins[0].exports[0].functions[0].0 = "run".into();
        }
        bench.start_with(StartOptions { entry_args: Some(vec!["a".into(), "b".into()]), ..StartOptions::default() })
    };
    assert_eq!(start(0).call("shell", "run", &[]).unwrap(), strings(&["shell", "a", "b"]));
    assert_eq!(start(1).call("shell", "args", &[]).unwrap(), strings(&["shell", "--fast"]));
}

#[test]
fn run_ends_with_the_status_of_the_guest() {
    let status = |body: &str| {
        let mut bench = Bench::default();
        command(&mut bench, "shell", "", body);
        bench.plan.entry = Some(Entry { plugin: PluginIndex(0), export: name_of("wasi:cli/run@0.2.0") });
        let live = bench.start();
        (live.runtime.run().map_err(|error| error.kind()), live.runtime.run().map_err(|error| error.kind()))
    };
    assert_eq!(status("(i32.const 0)"), (Ok(0), Ok(0)));
    assert_eq!(status("(i32.const 1)"), (Ok(1), Ok(1)));
    assert_eq!(status("(call $exit (i32.const 42)) (i32.const 0)"), (Ok(42), Ok(42)));
    assert_eq!(status("unreachable").0, Err(CallErrorKind::Trap));
    assert_eq!(Bench::default().start().runtime.run().unwrap_err().kind(), CallErrorKind::UnknownTarget);
}

#[test]
fn the_exit_of_another_plugin_is_its_failure() {
    let mut bench = Bench::default();
    let quitter = add(
        &mut bench,
        "quitter",
        "import wasi:cli/exit@0.2.0; export go: func(x: u32) -> u32;",
        r#"(import "wasi:cli/exit@0.2.0" "exit-with-code" (func $exit (param i32)))
           (;;) (func (export "go") (param i32) (result i32) (call $exit (local.get 0)) (i32.const 0))"#,
    );
    quitter.imports.push(runtime_import("wasi:cli/exit@0.2.0"));
    let go = export("go", &[("go", func(&[("x", Type::U32)], Some(Type::U32)))]);
    quitter.exports.push(crate::plan::PlannedExport { bare: true, ..go });
    bench.relay("shell", 0, false, "");
    let live = bench.start();
    let error = live.number("shell", "go", 3).unwrap_err();
    assert_eq!((origin(&error), error.exit_code()), ((CallErrorKind::Exit, "quitter"), Some(3)));
}

/// A plugin that writes to its standard output.
fn writer<'a>(bench: &'a mut Bench, id: &str) -> &'a mut crate::plan::PlannedPlugin {
    let plugin = add(
        bench,
        id,
        "import wasi:cli/stdout@0.2.0; export go: func();",
        r#"(import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
           (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
                (func $write (param i32 i32 i32 i32)))
           (import "wasi:io/streams@0.2.0" "[resource-drop]output-stream" (func $drop (param i32)))
           (;;) (data (i32.const 256) "hello\nworld")
           (func (export "go") (local $out i32)
                (local.set $out (call $stdout))
                (call $write (local.get $out) (i32.const 256) (i32.const 11) (i32.const 64))
                (call $drop (local.get $out)))"#,
    );
    for import in ["wasi:cli/stdout@0.2.0", "wasi:io/streams@0.2.0"] {
        plugin.imports.push(runtime_import(import));
    }
    bare(plugin, "go", None);
    plugin
}

#[test]
fn output_is_logged_or_vanishes() {
    let logged = Logged::start();
    let mut bench = Bench::default();
    writer(&mut bench, "loud");
    writer(&mut bench, "quiet").wasi.stdout = Stdio::Null;
    let live = bench.start();
    assert_eq!(live.call("loud", "go", &[]).unwrap(), None);
    assert_eq!(live.call("quiet", "go", &[]).unwrap(), None);
    assert_eq!(logged.lines(), ["loud stdout hello"]);
    assert_eq!(live.call("loud", "go", &[]).unwrap(), None);
    drop(live);
    assert_eq!(logged.lines(), ["loud stdout hello", "loud stdout worldhello", "loud stdout world"]);
}

#[test]
fn a_panic_of_a_subscriber_is_no_affair_of_the_plugin_that_prints() {
    struct Panics;
    impl tracing::Subscriber for Panics {
        fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
            metadata.target() == "plugweave::guest"
        }
        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, _: &tracing::Event<'_>) {
            if !std::thread::panicking() {
                std::panic::resume_unwind(Box::new("the subscriber"));
            }
        }
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }
    let mut bench = Bench::default();
    writer(&mut bench, "loud");
    let live = bench.start();
    for _ in 0..2 {
        assert_eq!(tracing::subscriber::with_default(Panics, || live.call("loud", "go", &[])).unwrap(), None);
    }
    let logged = Logged::start();
    assert_eq!(live.call("loud", "go", &[]).unwrap(), None);
    assert_eq!(logged.lines().last().map(String::as_str), Some("loud stdout worldhello"));
    assert_eq!(live.generation(0), 1);
}

#[test]
fn a_wait_in_the_host_ends_with_the_deadline() {
    let mut bench = Bench::default();
    let plugin = add(
        &mut bench,
        "sleeper",
        "import wasi:clocks/monotonic-clock@0.2.0; export go: func();",
        r#"(import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64) (result i32)))
           (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
           (;;) (func (export "go") (call $block (call $after (i64.const 3600000000000))))"#,
    );
    for import in ["wasi:clocks/monotonic-clock@0.2.0", "wasi:io/poll@0.2.0"] {
        plugin.imports.push(runtime_import(import));
    }
    bare(plugin, "go", None);
    plugin.limits.timeout = Some(Budget::AtMost(Duration::from_millis(200)));
    let live = bench.start();
    let begin = Instant::now();
    assert_eq!(origin(&live.call("sleeper", "go", &[]).unwrap_err()), (CallErrorKind::Timeout, "sleeper"));
    assert!((Duration::from_millis(150)..Duration::from_secs(30)).contains(&begin.elapsed()));
}

#[test]
fn folders_are_relative_to_the_app() {
    let mut bench = Bench::default();
    let plugin = add(
        &mut bench,
        "reader",
        "import wasi:filesystem/preopens@0.2.0; export count: func() -> u32;",
        r#"(import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $dirs (param i32)))
           (;;) (func (export "count") (result i32) (call $dirs (i32.const 64)) (i32.load (i32.const 68)))"#,
    );
    plugin.imports.push(runtime_import("wasi:filesystem/preopens@0.2.0"));
    bare(plugin, "count", Some(Type::U32));
    plugin.wasi.dirs = vec![DirGrant { host: "src".into(), guest: "/data".into(), access: Access::Read }];
    let (plan, binaries) = (bench.plan.clone(), bench.binaries.clone());
    let base = env!("CARGO_MANIFEST_DIR").into();
    let live = bench.start_with(StartOptions { base, ..StartOptions::default() });
    assert_eq!(live.count("reader"), 1);
    // A folder that is not there is a failure while starting.
    let base = env!("CARGO_MANIFEST_DIR").to_owned() + "/src";
    let live = Bench { plan, binaries }.start_with(StartOptions { base: base.into(), ..StartOptions::default() });
    assert_eq!(origin(&live.failures[0].1), (CallErrorKind::Failed, "reader"));
    assert!(live.failures[0].1.to_string().contains("cannot be opened"), "{}", live.failures[0].1);
}
