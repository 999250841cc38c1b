//! Calls that come back to a plugin that is on their chain: what they answer, and what ends with whom when
//! one of them fails.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../contain/process.rs"]
mod process;

mod budgets;
mod by_hand;
mod failures;
mod handles;
mod hosted;
mod starts;
mod strangers;

use plugweave::{App, CallError, Val};
use support::{Folder, core_module};

/// `front` asks `back`, which asks `front` again.
const WIT: &str = "
interface works { work: func(what: u32) -> u32; count: func() -> u32; }
/// The same, with room for failures.
interface asks { work: func(what: u32) -> result<u32, string>; }
interface relays { relay: func(what: u32) -> u32; count: func() -> u32; }
world front { import relays; export works; }
world back { import asks; export relays; }
world frank { import works; export relays; }
";

/// What `work` does: 0 answers how often it has been called, 1 traps, everything else is relayed.
fn front() -> String {
    front_with("", "")
}

/// Cases go before all others.
fn front_with(cases: &str, rest: &str) -> String {
    core_module(
        r#"(import "t:t/relays@1.0.0" "relay" (func $relay (param i32) (result i32)))"#,
        1,
        &format!(
            r#"{rest}
            (func (export "t:t/works@1.0.0#count") (result i32) (global.get $calls))
            (func $work (export "t:t/works@1.0.0#work") (param $what i32) (result i32)
                (call $count)
                {cases}
                (if (i32.eq (local.get $what) (i32.const 1)) (then unreachable))
                (if (i32.eqz (local.get $what)) (then (return (global.get $calls))))
                (call $relay (local.get $what)))"#
        ),
    )
}

/// What `relay` does, with what comes back from `work` where that has not failed:
/// - 2: answers what `work(0)` does
/// - 3: lets `work(1)` trap, and answers 1000
/// - 4: lets `work(1)` trap, and answers 2000 and what `work(0)` does
/// - 10 and more: answers 1 and what `work` does for 10 less
fn back() -> String {
    core_module(
        r#"(import "t:t/asks@1.0.0" "work" (func $ask (param i32 i32)))"#,
        1,
        r#"
        (func (export "t:t/relays@1.0.0#count") (result i32) (global.get $calls))
        (func $work (param $what i32) (result i32)
            (call $ask (local.get $what) (i32.const 512))
            (if (result i32) (i32.load8_u (i32.const 512))
                (then (i32.const 100000))
                (else (i32.load (i32.const 516)))))
        (func (export "t:t/relays@1.0.0#relay") (param $what i32) (result i32)
            (call $count)
            (if (i32.eq (local.get $what) (i32.const 2)) (then (return (call $work (i32.const 0)))))
            (if (i32.eq (local.get $what) (i32.const 3)) (then
                (drop (call $work (i32.const 1)))
                (return (i32.const 1000))))
            (if (i32.eq (local.get $what) (i32.const 4)) (then
                (drop (call $work (i32.const 1)))
                (return (i32.add (i32.const 2000) (call $work (i32.const 0))))))
            (i32.add (i32.const 1) (call $work (i32.sub (local.get $what) (i32.const 10)))))"#,
    )
}

const FRONT: &str = "[exports]
't:t/works' = {}
[imports]
't:t/relays' = { cardinality = 'exactly-one', late = true }
";

const BACK: &str = "[exports]
't:t/relays' = {}
[imports]
't:t/asks' = { cardinality = 'exactly-one', from = 't:t/works@1.0.0' }
";

fn app(limits: &str) -> App {
    Folder::new(WIT)
        .plugin("front", &format!("{FRONT}{limits}"), &front())
        .plugin("back", &format!("{BACK}[limits]\nrestart = 'never'"), &back())
        .start()
}

fn number(app: &App, target: &str, arguments: &[Val]) -> Result<u32, CallError> {
    match app.call(target, arguments)? {
        Some(Val::U32(number)) => Ok(number),
        other => panic!("{other:?}"),
    }
}

fn work(app: &App, what: u32) -> Result<u32, CallError> {
    number(app, "t:t/works#work", &[Val::U32(what)])
}

fn relay(app: &App, what: u32) -> Result<u32, CallError> {
    number(app, "t:t/relays#relay", &[Val::U32(what)])
}

/// How often each of the two has been called, in its present instance.
fn counts(app: &App) -> (u32, u32) {
    (number(app, "t:t/works#count", &[]).unwrap(), number(app, "t:t/relays#count", &[]).unwrap())
}

/// The calls of a chain, as one reads them: who is called by whom.
fn chain(error: &CallError) -> Vec<String> {
    let caller = |frame: &plugweave::CallFrame| frame.caller.as_ref().map_or("host".to_owned(), ToString::to_string);
    error.chain().iter().map(|frame| format!("{} -> {}#{}", caller(frame), frame.plugin, frame.function)).collect()
}

#[test]
fn a_call_comes_back_to_the_same_instance() {
    let app = app("");
    assert_eq!(work(&app, 2).unwrap(), 2);
    assert_eq!(counts(&app), (2, 1));
    assert_eq!(relay(&app, 2).unwrap(), 3);
    assert_eq!(counts(&app), (3, 2));
}

#[test]
fn chains_come_back_again_and_again() {
    let app = app("");
    // 5 times from the front to the back and back again, and at the end to the front for its count.
    assert_eq!(work(&app, 42).unwrap(), 4 + 6);
}
