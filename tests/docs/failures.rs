//! The page on failures: its table of codes, its sections, and errors that only a shell can bring about.

use std::sync::Barrier;
use std::thread;

use plugweave::manifest::{ImportTerms, ManifestBuilder};
use plugweave::model::Cardinality;
use plugweave::wasmtime::component::Linker;
use plugweave::{App, AppHandle, CallError, CallErrorKind, PluginState, Val};

use crate::table::{Table, spans};
use crate::{Marked, read, root};

/// An app whose plugins are below `tests/cases/codes`.
fn app(case: &str) -> App {
    App::open(root().join("tests/cases/codes").join(case)).unwrap()
}

const WORK: &str = "demo:app/task#work";

/// The errors that pages show, by name, as they are displayed.
pub fn told(name: &str) -> Result<String, String> {
    let note = [Val::String("a note".into())];
    let error = match name {
        "bad-arguments" => app("trap").call(WORK, &[Val::U32(7)]).unwrap_err(),
        "unknown-target" => app("trap").call("demo:app/tusk#work", &note).unwrap_err(),
        "several-providers" => app("choice").call(WORK, &note).unwrap_err(),
        "wrong-type" => app("trap").typed::<(u32,), (u32,)>(WORK).err().unwrap(),
        "reentrant" => back_into_its_caller(),
        "host-panic" => panic_of_the_host(),
        "ring" => ring(),
        "stack" => {
            let app = app("trap");
            let little = thread::Builder::new().stack_size(256 << 10);
            thread::scope(|scope| {
                little.spawn_scoped(scope, || app.call(WORK, &note).unwrap_err()).unwrap().join().unwrap()
            })
        }
        _ => return Err("no error has this name".to_owned()),
    };
    assert_eq!(error.kind().code(), name, "{error}");
    Ok(format!("{}\n", without_sizes(&error)))
}

/// How much stack is left is never the same.
fn without_sizes(error: &CallError) -> String {
    let told = error.to_string();
    let Some((before, after)) = told.split_once(" KiB") else { return told };
    format!("{}… KiB{after}", before.trim_end_matches(|c: char| c.is_ascii_digit()))
}

const HOST: &str = "package shell:ui; interface gate { pass: func(); }";

/// Two plugins that ask each other, and pass the gate of the shell before.
const WIT: &str = "
package demo:app@1.0.0;
interface ping { ping: func(on: bool) -> u32; }
interface pong { pong: func(on: bool) -> u32; }
world left { import shell:ui/gate; import pong; export ping; }
world right { import shell:ui/gate; import ping; export pong; }
";

/// The app of two plugins that ask each other.
fn pair(handle: &AppHandle, gate: impl Fn() + Send + Sync + Clone + 'static) -> App {
    let add = move |linker: &mut Linker<PluginState>, _: fn(&mut PluginState) -> &mut ()| {
        let gate = gate.clone();
        linker.instance("shell:ui/gate")?.func_wrap("pass", move |_, (): ()| {
            gate();
            Ok(())
        })
    };
    let plugin = |id: &str, own: &str, other: &str| {
        let terms = ImportTerms::new(Cardinality::ExactlyOne).late();
        let manifest = ManifestBuilder::new(id).wit("wit").export(format!("demo:app/{own}@1.0.0"));
        let manifest = manifest.import(format!("demo:app/{other}@1.0.0"), terms);
        let core = format!(
            r#"(module
                (import "shell:ui/gate" "pass" (func $pass))
                (import "demo:app/{other}@1.0.0" "{other}" (func $other (param i32) (result i32)))
                (func (export "demo:app/{own}@1.0.0#{own}") (param $on i32) (result i32)
                    (if (i32.eqz (local.get $on)) (then (return (i32.const 0))))
                    (call $pass)
                    (i32.add (i32.const 1) (call $other (i32.const 0)))))"#
        );
        (manifest.world(id).import("shell:ui/gate", Cardinality::ExactlyOne), core)
    };
    let (left, right) = (plugin("left", "ping", "pong"), plugin("right", "pong", "ping"));
    let builder = App::builder().file("wit/demo.wit", WIT).file("wit/deps/ui/ui.wit", HOST).handle(handle);
    let builder = builder.host_interface("shell:ui/gate", HOST, add, |_| ()).unwrap();
    builder.plugin(&left.0, left.1).plugin(&right.0, right.1).build().unwrap()
}

/// A host function calls the plugin that it was called by.
fn back_into_its_caller() -> CallError {
    let handle = AppHandle::default();
    let (send, receive) = std::sync::mpsc::channel();
    let gate = {
        let handle = handle.clone();
        move || {
            let outcome = handle.app().unwrap().call("demo:app/ping#ping", &[Val::Bool(false)]);
            send.send(outcome.unwrap_err()).unwrap();
        }
    };
    let app = pair(&handle, gate);
    app.call("demo:app/ping#ping", &[Val::Bool(true)]).unwrap();
    receive.recv().unwrap()
}

/// A host function panics.
#[allow(clippy::panic, reason = "that is what is shown")]
fn panic_of_the_host() -> CallError {
    let app = pair(&AppHandle::default(), || panic!("no window is open"));
    app.call("demo:app/ping#ping", &[Val::Bool(true)]).unwrap_err()
}

/// Two threads each hold a plugin, and then ask the other's.
fn ring() -> CallError {
    let gate = std::sync::Arc::new(Barrier::new(2));
    let app = pair(&AppHandle::default(), move || {
        gate.wait();
    });
    let call = |target: &'static str| app.call(target, &[Val::Bool(true)]);
    // Either may be the one that is refused.
    loop {
        let left = thread::scope(|scope| {
            let left = scope.spawn(|| call("demo:app/ping#ping"));
            let _ = call("demo:app/pong#pong");
            left.join().unwrap()
        });
        if let Err(error) = left {
            return error;
        }
    }
}

/// What is wrong with the table of the codes.
pub fn problem(mark: &Marked<'_>) -> Option<String> {
    let table = Table::parse(mark.text());
    let column = |name: &str| table.column(name).unwrap_or_default();
    let rows: Vec<[String; 3]> = (column("code").into_iter().zip(column("in Rust")))
        .zip(column("refusal"))
        .map(|((code, kind), refusal)| [code, kind, refusal].map(str::to_owned))
        .collect();
    let wanted = CallErrorKind::ALL.map(|kind| {
        let code = kind.code();
        let refusal = if kind.is_refusal() { "yes" } else { "no" };
        [format!("[`{code}`](#{code})"), format!("`{kind:?}`"), refusal.to_owned()]
    });
    (rows != wanted).then(|| format!("the codes are {wanted:?}"))
}

#[test]
fn every_code_of_a_failure_has_a_section_that_shows_it() {
    let page = read("docs/failures.md").unwrap();
    let sections: Vec<&str> = page.split("\n### `").skip(1).collect();
    let codes: Vec<&str> = sections.iter().map(|section| section.split('`').next().unwrap()).collect();
    assert_eq!(codes, CallErrorKind::ALL.map(CallErrorKind::code));
    for (code, section) in codes.iter().zip(sections) {
        let shown = [format!("({code})"), format!("code: \"{code}\"")].iter().any(|shown| section.contains(shown))
            || section.contains(&format!("<!-- told: {code} -->"));
        assert!(shown, "{code} is not shown");
        assert!(section.contains("\n- **To do**: "), "`{code}` does not say what to do");
    }
}

/// Pages that name codes name those that there are.
#[test]
fn codes_in_the_tables_of_other_pages_exist() {
    let page = read("docs/shells.md").unwrap();
    let section = page.split("\n## Calls that fail\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: String = section.lines().filter(|line| line.starts_with('|')).map(|line| format!("{line}\n")).collect();
    let table = Table::parse(&rows);
    let mut named: Vec<&str> = table.column("kind").unwrap().into_iter().flat_map(spans).collect();
    let mut kinds = CallErrorKind::ALL.map(|kind| format!("{kind:?}"));
    named.sort_unstable();
    kinds.sort_unstable();
    assert_eq!(named, kinds, "every kind stands in the table of docs/shells.md, once");
}
