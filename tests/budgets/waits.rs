//! `timeout`: of plugins that wait in the runtime.

use std::thread::sleep;
use std::time::Duration;

use plugweave::{App, CallErrorKind, HostState, PluginState, Val};

use crate::blamed;
use crate::support::{Folder, core_module};

const WIT: &str = "
interface wait {
    /// Blocks on one pollable.
    block: func(ms: u32) -> u32;
    /// Polls a list of three, of which two never come.
    poll: func(ms: u32) -> u32;
    count: func() -> u32;
}
world waiter { import wasi:clocks/monotonic-clock@0.2.0; import wasi:io/poll@0.2.0; export wait; }
world asker { import wait; export often: func(times: u32) -> u32; export once: func(ms: u32) -> u32; }
package wasi:io@0.2.0 {
    interface poll {
        resource pollable { block: func(); }
        poll: func(in: list<borrow<pollable>>) -> list<u32>;
    }
}
package wasi:clocks@0.2.0 {
    interface monotonic-clock {
        use wasi:io/poll@0.2.0.{pollable};
        subscribe-duration: func(when: u64) -> pollable;
    }
}";

fn waiter() -> String {
    core_module(
        r#"(import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64) (result i32)))
           (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
           (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop (param i32)))
           (import "wasi:io/poll@0.2.0" "poll" (func $poll (param i32 i32 i32)))"#,
        1,
        r#"(func $in (param $ms i32) (result i32)
               (call $after (i64.mul (i64.extend_i32_u (local.get $ms)) (i64.const 1000000))))
           (func (export "t:t/wait@1.0.0#block") (param $ms i32) (result i32)
               (local $it i32)
               (call $count)
               (local.set $it (call $in (local.get $ms)))
               (call $block (local.get $it)) (call $drop (local.get $it))
               (global.get $calls))
           (func (export "t:t/wait@1.0.0#poll") (param $ms i32) (result i32)
               (call $count)
               (i32.store (i32.const 16) (call $in (i32.const 3600000)))
               (i32.store (i32.const 20) (call $in (local.get $ms)))
               (i32.store (i32.const 24) (call $in (i32.const 3600000)))
               (call $poll (i32.const 16) (i32.const 3) (i32.const 32))
               (call $drop (i32.load (i32.const 16)))
               (call $drop (i32.load (i32.const 20)))
               (call $drop (i32.load (i32.const 24)))
               (global.get $calls))
           (func (export "t:t/wait@1.0.0#count") (result i32) (global.get $calls))"#,
    )
}

/// Waits in the other plugin, once or several times for 100 ms.
const ASKER: &str = r#"
    (func (export "often") (param $times i32) (result i32)
        (loop $again
            (drop (call $wait (i32.const 100)))
            (local.set $times (i32.sub (local.get $times) (i32.const 1)))
            (br_if $again (local.get $times)))
        (call $waited))
    (func (export "once") (param $ms i32) (result i32) (call $wait (local.get $ms)))"#;

fn app(waiter_has: &str, asker_has: &str) -> App {
    let tables = |timeout: &str| format!("[limits]\ntimeout = '{timeout}'\n");
    let imports = r#"(import "t:t/wait@1.0.0" "poll" (func $wait (param i32) (result i32)))
        (import "t:t/wait@1.0.0" "count" (func $waited (result i32)))"#;
    Folder::new(WIT)
        .plugin("waiter", &(tables(waiter_has) + "[exports]\n't:t/wait' = {}\n"), &waiter())
        .plugin(
            "asker",
            &(tables(asker_has) + "[exports]\noften = {}\nonce = {}\n[imports]\n't:t/wait' = 'exactly-one'\n"),
            &core_module(imports, 1, ASKER),
        )
        .start()
}

const LONG: u32 = 3_600_000;

fn wait(app: &App, target: &str, ms: u32) -> Result<u32, plugweave::CallError> {
    crate::number(app, target, ms)
}

#[test]
fn waits_end_with_the_plugins_time() {
    for function in ["t:t/wait#block", "t:t/wait#poll"] {
        let app = app("300ms", "60s");
        assert_eq!(wait(&app, function, 1).unwrap(), 1);
        assert_eq!(blamed(&wait(&app, function, LONG).unwrap_err()), (CallErrorKind::Timeout, "waiter"));
        // It has been started anew, and waits with a deadline of its own.
        assert_eq!(wait(&app, function, 1).unwrap(), 1);
        sleep(Duration::from_millis(400));
        assert_eq!(wait(&app, function, 1).unwrap(), 2);
    }
}

#[test]
fn waits_end_with_the_time_of_the_chain() {
    let app = app("60s", "300ms");
    let error = wait(&app, "once", LONG).unwrap_err();
    assert_eq!(blamed(&error), (CallErrorKind::Timeout, "asker"));
    assert!(error.cause().contains("the time of plugin `asker`, 300ms"), "{error}");
    assert_eq!(wait(&app, "once", 1).unwrap(), 1);
}

#[test]
fn each_entry_has_its_own_time() {
    // Together they take twice the time that the plugin has for one.
    let app = app("500ms", "60s");
    assert_eq!(wait(&app, "often", 10).unwrap(), 10);
}

#[test]
fn the_callers_time_goes_on_while_it_asks() {
    let app = app("60s", "500ms");
    let error = wait(&app, "often", 1000).unwrap_err();
    assert_eq!(blamed(&error), (CallErrorKind::Timeout, "asker"), "{error}");
    assert_eq!(wait(&app, "often", 1).unwrap(), 1);
}
/// A host function takes longer than the plugin has, and then the plugin asks another one. That one has done nothing.
#[test]
fn who_is_asked_too_late_loses_nothing() {
    let wit = "package t:t@1.0.0;
        interface host { nap: func(ms: u32); }
        interface counter { count: func() -> u32; }
        world counts { export counter; }
        world late { import host; import counter; export nap-and-count: func(ms: u32) -> u32; }";
    let counts = core_module(
        "",
        1,
        r#"(func (export "t:t/counter@1.0.0#count") (result i32) (call $count) (global.get $calls))"#,
    );
    let late = r#"(module
        (import "t:t/host@1.0.0" "nap" (func $nap (param i32)))
        (import "t:t/counter@1.0.0" "count" (func $count (result i32)))
        (func (export "nap-and-count") (param $ms i32) (result i32) (call $nap (local.get $ms)) (call $count)))"#;
    let nap = |linker: &mut wasmtime::component::Linker<PluginState>, _: HostState<()>| {
        linker.instance("t:t/host@1.0.0")?.func_wrap("nap", |_, (ms,): (u32,)| {
            sleep(Duration::from_millis(ms.into()));
            Ok(())
        })
    };
    let plugin =
        |id: &str, tables: &str| format!("[plugin]\ncomponent = '{id}.wat'\nwit = 'wit'\nworld = '{id}'\n{tables}");
    let app = App::builder()
        .file("wit/t.wit", wit)
        .file("counts.wat", counts)
        .file("late.wat", late)
        .file("counts.toml", plugin("counts", "[exports]\n't:t/counter' = {}\n"))
        .file(
            "late.toml",
            plugin(
                "late",
                "[exports]\nnap-and-count = {}\n[limits]\ntimeout = '300ms'\n\
                 [imports]\n't:t/host' = 'exactly-one'\n't:t/counter' = 'exactly-one'\n",
            ),
        )
        .host_interface("t:t/host", wit, nap, |_| ())
        .unwrap()
        .build()
        .unwrap();
    let count = || app.call("t:t/counter#count", &[]).unwrap();
    assert_eq!(count(), Some(Val::U32(1)));
    assert_eq!(crate::number(&app, "nap-and-count", 0).unwrap(), 2);
    let error = crate::number(&app, "nap-and-count", 600).unwrap_err();
    assert_eq!(blamed(&error), (CallErrorKind::Timeout, "late"), "{error}");
    assert_eq!(count(), Some(Val::U32(3)));
}
