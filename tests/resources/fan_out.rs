//! Handles of another plugin's resource in calls of several providers.

use plugweave::manifest::{ImportTerms, ManifestBuilder};
use plugweave::model::{Cardinality, OnFailure};
use plugweave::{App, Val, print_wave};

use crate::guests::{all_ended, counters, module, number};

const POOL: &str = "t:t/pool@1.0.0";
const RULE: &str = "t:t/rule@1.0.0";
const RULES: &str = "t:t/rules@1.0.0";

/// `%N` is what the user declares where a rule returns a number, `%C` where it returns a counter.
const WIT: &str = "
package t:t@1.0.0;

interface pool {
    resource counter { get: func() -> u32; }
    live: func() -> u32;
    open: func(n: u32) -> counter;
}
interface rule {
    use pool.{counter};
    check: func(it: borrow<counter>) -> u32;
    make: func(n: u32) -> counter;
}
interface rules {
    use pool.{counter};
    check: func(it: borrow<counter>) -> %N;
    make: func(n: u32) -> %C;
}
interface task {
    use pool.{counter};
    check: func(it: borrow<counter>) -> %N;
    make: func(n: u32) -> %C;
}
world owner { export pool; }
world rule-world { import pool; export rule; }
world user { import rules; export task; }
";

fn owner() -> String {
    counters(POOL, "", r#"(func (export "t:t/pool@1.0.0#open") (param i32) (result i32) (call $make (local.get 0)))"#)
}

/// A rule adds `more`, and traps at `bad`, when it has a counter in its hands.
fn rule(more: u32, bad: u32) -> String {
    let check = format!("(if (i32.eq (local.get $n) (i32.const {bad})) (then (unreachable)))");
    module(
        &format!(
            r#"(import "{POOL}" "[method]counter.get" (func $get (param i32) (result i32)))
            (import "{POOL}" "open" (func $open (param i32) (result i32)))
            (import "{POOL}" "[resource-drop]counter" (func $drop (param i32)))"#
        ),
        &format!(
            r#"(func (export "{RULE}#check") (param $it i32) (result i32)
                (local $n i32)
                (local.set $n (call $get (local.get $it)))
                {check}
                (call $drop (local.get $it))
                (i32.add (local.get $n) (i32.const {more})))
            (func (export "{RULE}#make") (param $n i32) (result i32)
                (local $it i32)
                (local.set $it (call $open (i32.add (local.get $n) (i32.const {more}))))
                {check}
                (local.get $it))"#
        ),
    )
}

fn user() -> String {
    module(
        &format!(
            r#"(import "{RULES}" "check" (func $check (param i32 i32)))
            (import "{RULES}" "make" (func $make (param i32 i32)))
            (import "{POOL}" "[resource-drop]counter" (func $drop (param i32)))"#
        ),
        r#"(func (export "t:t/task@1.0.0#check") (param i32) (result i32)
            (call $check (local.get 0) (i32.const 512)) (call $drop (local.get 0)) (i32.const 512))
        (func (export "t:t/task@1.0.0#make") (param i32) (result i32)
            (call $make (local.get 0) (i32.const 512)) (i32.const 512))"#,
    )
}

/// Rules `r1`, which adds 100 and traps at 13, and `r2`, which adds 200 and traps at 14.
fn app(reply: &str, on_failure: OnFailure) -> App {
    let manifest = |id: &str, world: &str| ManifestBuilder::new(id).wit("t.wit").world(world);
    let wit = WIT.replace("%N", &reply.replace('%', "u32")).replace("%C", &reply.replace('%', "counter"));
    let rule_is = |id| manifest(id, "rule-world").export(RULE).import(POOL, Cardinality::ExactlyOne);
    let terms = ImportTerms::new(Cardinality::Any).from(RULE).on_failure(on_failure);
    let app = App::builder()
        .file("t.wit", wit)
        .plugin(&manifest("pool", "owner").export(POOL), owner())
        .plugin(&rule_is("r1"), rule(100, 13))
        .plugin(&rule_is("r2"), rule(200, 14))
        .plugin(&manifest("user", "user").export("t:t/task@1.0.0").import(RULES, terms), user())
        .build()
        .unwrap();
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

/// Lends a counter with this number to all rules, and says what they answer; then it is as it was.
fn check(app: &App, n: u32) -> String {
    let counter = app.call("t:t/pool#open", &[Val::U32(n)]).unwrap().unwrap();
    let answer = told(app.call("t:t/task#check", std::slice::from_ref(&counter)));
    assert_eq!((app.live_handles(), number(app, "t:t/pool#live", &[])), (1, 1));
    assert_eq!(number(app, "t:t/pool#[method]counter.get", &[counter]), n);
    ended(app);
    answer
}

/// Has all rules make a counter; says what they answer and how many there are, before these end.
fn make(app: &App, n: u32) -> (String, u32) {
    let answer = app.call("t:t/task#make", &[Val::U32(n)]);
    let live = number(app, "t:t/pool#live", &[]);
    assert_eq!(app.live_handles(), usize::try_from(live).unwrap());
    let answer = told(answer);
    ended(app);
    (answer, live)
}

fn told(answer: Result<Option<Val>, plugweave::CallError>) -> String {
    match answer {
        Ok(value) => print_wave(&value.unwrap()).unwrap(),
        Err(error) => error.to_string(),
    }
}

fn ended(app: &App) {
    all_ended(app, "t:t/pool#live", &["pool"]);
}

#[test]
fn a_borrow_is_lent_to_all_and_each_returns_its_own() {
    for (reply, numbers, handles) in [
        ("list<%>", "[105, 205]", "[<counter of pool>, <counter of pool>]"),
        ("list<result<%>>", "[ok(105), ok(205)]", "[ok(<counter of pool>), ok(<counter of pool>)]"),
        (
            "list<tuple<string, %>>",
            r#"[("r1", 105), ("r2", 205)]"#,
            r#"[("r1", <counter of pool>), ("r2", <counter of pool>)]"#,
        ),
        (
            "map<string, %>",
            r#"[("r1", 105), ("r2", 205)]"#,
            r#"[("r1", <counter of pool>), ("r2", <counter of pool>)]"#,
        ),
    ] {
        let app = app(reply, OnFailure::Trap);
        assert_eq!(check(&app, 5), numbers);
        assert_eq!(make(&app, 5), (handles.to_owned(), 2));
    }
}

#[test]
fn handles_that_some_have_returned_end_when_another_one_fails() {
    let app = app("list<%>", OnFailure::Trap);
    for (n, rule) in [(13, "r1"), (14, "r2")] {
        let failed = |function: &str| {
            format!(
                "`t:t/rule@1.0.0#{function}` of plugin `{rule}` failed (trap): wasm trap: wasm `unreachable` \
                 instruction executed; called through host -> user (t:t/task@1.0.0#{function}) -> {rule} \
                 (t:t/rule@1.0.0#{function})"
            )
        };
        assert_eq!(check(&app, n), failed("check"));
        assert_eq!(make(&app, n), (failed("make"), 0));
    }
}

#[test]
fn a_rule_that_is_skipped_leaves_no_handle_behind() {
    let app = app("list<%>", OnFailure::Skip);
    assert_eq!(check(&app, 13), "[213]");
    assert_eq!(check(&app, 14), "[114]");
    assert_eq!(make(&app, 13), ("[<counter of pool>]".to_owned(), 1));
    let value = app.call("t:t/task#make", &[Val::U32(5)]).unwrap().unwrap();
    let Val::List(counters) = &value else { panic!() };
    let get = |counter: &Val| number(&app, "t:t/pool#[method]counter.get", std::slice::from_ref(counter));
    assert_eq!(counters.iter().map(get).collect::<Vec<_>>(), [105, 205]);
    drop(value);
    ended(&app);
}

#[test]
fn a_failure_stands_beside_the_handles_of_the_others() {
    let app = app("list<result<%, string>>", OnFailure::Trap);
    let failed = |rule: &str, function: &str| {
        format!(
            "err({:?})",
            format!(
                "`t:t/rule@1.0.0#{function}` of plugin `{rule}` failed (trap): wasm trap: wasm `unreachable` \
                 instruction executed"
            )
        )
    };
    assert_eq!(check(&app, 13), format!("[{}, ok(213)]", failed("r1", "check")));
    assert_eq!(make(&app, 13), (format!("[{}, ok(<counter of pool>)]", failed("r1", "make")), 1));
    assert_eq!(make(&app, 14), (format!("[ok(<counter of pool>), {}]", failed("r2", "make")), 1));
}
