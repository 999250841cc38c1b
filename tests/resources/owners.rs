//! Calls go to the plugin that owns the handle, whoever the import is bound to.

use plugweave::manifest::{ImportTerms, ManifestBuilder};
use plugweave::model::Cardinality;
use plugweave::{App, CallErrorKind, Val, print_wave};

use crate::guests::{all_ended, counters, module};

const POOL: &str = "t:t/pool@1.0.0";
const POOLS: &str = "t:t/pools@1.0.0";

/// `%` is what the user declares for functions that return `u32`.
const WIT: &str = "
package t:t@1.0.0;

interface pool {
    resource counter { get: func() -> u32; }
    live: func() -> u32;
    open: func(n: u32) -> counter;
    sum: func(all: list<borrow<counter>>) -> u32;
}
interface pools {
    record dispatch-error { code: string, provider: string, message: string }
    resource counter { get: func() -> %; }
    open: func(n: u32) -> list<counter>;
    sum: func(all: list<borrow<counter>>) -> %;
}
interface task {
    use pools.{dispatch-error};
    open: func(n: u32);
    get: func(index: u32) -> %;
    sum: func(first: u32, second: u32) -> %;
    none: func() -> %;
    close: func();
}
world owner { export pool; }
world user { import pools; export task; }
";

/// Counters begin at what is asked for and `more`. A sum that begins with 13 is one too many.
fn owner(more: u32) -> String {
    counters(
        POOL,
        "",
        &format!(
            r#"(func (export "t:t/pool@1.0.0#open") (param i32) (result i32)
                (call $make (i32.add (local.get 0) (i32.const {more}))))
            (func (export "t:t/pool@1.0.0#sum") (param $at i32) (param $n i32) (result i32)
                (if (i32.eqz (local.get $n)) (then (return (i32.const {more}))))
                (if (i32.eq (i32.load (i32.load (local.get $at))) (i32.const 13)) (then (unreachable)))
                (i32.add (i32.load (i32.load (local.get $at))) (i32.load (i32.load offset=4 (local.get $at)))))"#
        ),
    )
}

/// Opens a counter everywhere, and asks those in the order in which it got them.
fn user(plain: bool) -> String {
    let (more, result, at) = if plain { ("", "(result i32)", "") } else { ("i32", "", "(i32.const 512)") };
    module(
        &format!(
            r#"(import "{POOLS}" "[method]counter.get" (func $get (param i32 {more}) {result}))
            (import "{POOLS}" "sum" (func $sum (param i32 i32 {more}) {result}))
            (import "{POOLS}" "open" (func $open (param i32 i32)))
            (import "{POOLS}" "[resource-drop]counter" (func $drop (param i32)))"#
        ),
        &format!(
            r#"(global $list (mut i32) (i32.const 0))
            (global $count (mut i32) (i32.const 0))
            (func $at (param i32) (result i32)
                (i32.load (i32.add (global.get $list) (i32.mul (local.get 0) (i32.const 4)))))
            (func (export "t:t/task@1.0.0#open") (param $n i32)
                (call $open (local.get $n) (i32.const 512))
                (global.set $list (i32.load (i32.const 512)))
                (global.set $count (i32.load (i32.const 516))))
            (func (export "t:t/task@1.0.0#get") (param $index i32) (result i32)
                (call $get (call $at (local.get $index)) {at}) {at})
            (func (export "t:t/task@1.0.0#sum") (param $first i32) (param $second i32) (result i32)
                (i32.store (i32.const 600) (call $at (local.get $first)))
                (i32.store (i32.const 604) (call $at (local.get $second)))
                (call $sum (i32.const 600) (i32.const 2) {at}) {at})
            (func (export "t:t/task@1.0.0#none") (result i32) (call $sum (i32.const 600) (i32.const 0) {at}) {at})
            (func (export "t:t/task@1.0.0#close")
                (loop $more
                    (if (i32.eqz (global.get $count)) (then (return)))
                    (global.set $count (i32.sub (global.get $count) (i32.const 1)))
                    (call $drop (call $at (global.get $count)))
                    (br $more)))"#
        ),
    )
}

fn manifest(id: &str, world: &str) -> ManifestBuilder {
    ManifestBuilder::new(id).wit("t.wit").world(world)
}

/// Owners `a` and `b`, whose counters begin a hundred later, and a user that declares this reply.
fn app(reply: &str) -> App {
    let terms = ImportTerms::new(Cardinality::Any).from(POOL);
    let app = App::builder()
        .file("t.wit", WIT.replace('%', reply))
        .plugin(&manifest("a", "owner").export(POOL), owner(0))
        .plugin(&manifest("b", "owner").export(POOL), owner(100))
        .plugin(&manifest("user", "user").export("t:t/task@1.0.0").import(POOLS, terms), user(reply == "u32"))
        .build()
        .unwrap();
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

fn ask(app: &App, function: &str, arguments: &[u32]) -> String {
    let arguments: Vec<Val> = arguments.iter().map(|number| Val::U32(*number)).collect();
    match app.call(&format!("t:t/task#{function}"), &arguments) {
        Ok(value) => value.map(|value| print_wave(&value).unwrap()).unwrap_or_default(),
        Err(error) => error.to_string(),
    }
}

fn number(app: &App, plugin: &str, target: &str, arguments: &[Val]) -> u32 {
    match app.call_plugin(plugin, target, arguments).unwrap_or_else(|error| panic!("{error}")) {
        Some(Val::U32(number)) => number,
        other => panic!("{target}: {other:?}"),
    }
}

fn lives(app: &App) -> (Val, Val) {
    let live = |owner| app.call_plugin(owner, "t:t/pool#live", &[]).unwrap().unwrap();
    (live("a"), live("b"))
}

fn ended(app: &App) {
    all_ended(app, "t:t/pool#live", &["a", "b"]);
}

#[test]
fn each_entry_of_a_fan_out_belongs_to_its_own_provider() {
    let app = app("u32");
    ask(&app, "open", &[5]);
    assert_eq!(lives(&app), (Val::U32(1), Val::U32(1)));
    assert_eq!((ask(&app, "get", &[0]), ask(&app, "get", &[1])), ("5".into(), "105".into()));
    assert_eq!((ask(&app, "sum", &[0, 0]), ask(&app, "sum", &[1, 1])), ("10".into(), "210".into()));
    ask(&app, "close", &[]);
    ended(&app);
}

#[test]
fn handles_of_two_owners_are_refused_and_cost_the_owners_nothing() {
    let wrong = "`t:t/pools@1.0.0#sum` of plugin `a` was not called (wrong-owner): `all` is a handle of plugin `a`, and `all` \
                 (`borrow<counter>`) one of plugin `b`";
    for (reply, told) in [
        ("u32", format!("{wrong}; called through host -> user (t:t/task@1.0.0#sum) -> a (t:t/pools@1.0.0#sum)")),
        ("result<u32>", "err".to_owned()),
        ("result<u32, string>", format!("err({wrong:?})")),
        ("result<u32, dispatch-error>", format!("err({{code: \"wrong-owner\", provider: \"a\", message: {wrong:?}}})")),
    ] {
        let app = app(reply);
        let kept = app.call_plugin("a", "t:t/pool#open", &[Val::U32(1)]).unwrap().unwrap();
        ask(&app, "open", &[5]);
        assert_eq!(ask(&app, "sum", &[0, 1]), told);
        let (order, back) = if reply == "u32" { (0, 1) } else { (1, 2) };
        assert_eq!(lives(&app), (Val::U32(back), Val::U32(order)), "{reply}: the user ends where it is not told");
        ask(&app, "close", &[]);
        assert_eq!(number(&app, "a", "t:t/pool#[method]counter.get", &[kept]), 1);
        ended(&app);
    }
}

#[test]
fn a_failure_of_the_owner_is_told_in_the_shape_that_the_user_declares() {
    let trap = "`t:t/pool@1.0.0#sum` of plugin `a` failed (trap): wasm trap: wasm `unreachable` instruction executed";
    let stale = "`t:t/pool@1.0.0#[method]counter.get` of plugin `a` was not called (owner-restarted): parameter `self` \
                 (`borrow<counter>`) is a handle from before the plugin was started anew";
    let record = |code: &str, message: &str| format!("err({{code: {code:?}, provider: \"a\", message: {message:?}}})");
    for (reply, trapped, restarted) in [
        ("result<u32>", "err".to_owned(), "err".to_owned()),
        ("result<u32, string>", format!("err({trap:?})"), format!("err({stale:?})")),
        ("result<u32, dispatch-error>", record("trap", trap), record("owner-restarted", stale)),
    ] {
        let app = app(reply);
        ask(&app, "open", &[13]);
        assert_eq!(ask(&app, "sum", &[0, 0]), trapped);
        // The other owner has all it had; the handle of this one is stale for good, and is dropped quietly.
        for _ in 0..2 {
            assert_eq!(ask(&app, "get", &[0]), restarted);
            assert_eq!(ask(&app, "get", &[1]), "ok(113)");
        }
        assert_eq!(lives(&app), (Val::U32(0), Val::U32(1)));
        ask(&app, "close", &[]);
        assert!(ask(&app, "get", &[0]).contains("unknown handle index"), "the handle is gone");
        ended(&app);
    }
}

#[test]
fn a_user_that_cannot_be_told_ends_with_its_owner_and_the_other_keeps_its_state() {
    let app = app("u32");
    let kept = app.call_plugin("b", "t:t/pool#open", &[Val::U32(1)]).unwrap().unwrap();
    ask(&app, "open", &[13]);
    assert_eq!(
        ask(&app, "sum", &[0, 0]),
        "`t:t/pool@1.0.0#sum` of plugin `a` failed (trap): wasm trap: wasm `unreachable` instruction executed; called \
         through host -> user (t:t/task@1.0.0#sum) -> a (t:t/pool@1.0.0#sum)"
    );
    assert_eq!((lives(&app), app.live_handles()), ((Val::U32(0), Val::U32(1)), 1));
    assert_eq!(number(&app, "b", "t:t/pool#[method]counter.get", &[kept]), 101);
    ended(&app);
}

#[test]
fn without_a_handle_nobody_can_be_asked_where_there_are_several() {
    let none = "`sum` of `t:t/pools@1.0.0` was called without any handle of its interface, so that there is no owner \
                to ask";
    let app = app("result<u32, string>");
    assert_eq!(ask(&app, "none", &[]), format!("err({none:?})"));
    ended(&app);
}

#[test]
fn the_host_cannot_pass_a_handle_of_one_owner_to_another() {
    let app = app("u32");
    let counter = app.call_plugin("a", "t:t/pool#open", &[Val::U32(5)]).unwrap().unwrap();
    let error = app.call_plugin("b", "t:t/pool#[method]counter.get", std::slice::from_ref(&counter)).unwrap_err();
    assert_eq!(error.kind(), CallErrorKind::WrongOwner);
    assert_eq!(
        error.to_string(),
        "`t:t/pool@1.0.0#[method]counter.get` of plugin `b` was not called (wrong-owner): parameter `self` \
         (`borrow<counter>`) is a handle of plugin `a`, and only its own can be there"
    );
    // A refusal leaves it where it is.
    assert_eq!(number(&app, "a", "t:t/pool#[method]counter.get", &[counter]), 5);
    ended(&app);
}

#[test]
fn a_handle_among_the_arguments_of_all_is_one_plugins() {
    let app = app("u32");
    let counter = app.call_plugin("b", "t:t/pool#open", &[Val::U32(5)]).unwrap().unwrap();
    let answers = app.call_all("t:t/pool#[method]counter.get", &[counter]).unwrap();
    let answers = answers.into_iter().map(|(_, answer)| answer.map_err(|error| error.kind())).collect::<Vec<_>>();
    assert_eq!(answers, [Err(CallErrorKind::WrongOwner), Ok(Some(Val::U32(105)))]);
    ended(&app);
}

/// A user that is bound to one plugin only, and asks whatever it is lent.
mod bound {
    use super::*;

    const WIT: &str = "
package t:t@1.0.0;
interface pool {
    resource counter { get: func() -> u32; }
    live: func() -> u32;
    open: func(n: u32) -> counter;
    close: func(it: counter) -> u32;
    none: func(it: option<borrow<counter>>) -> u32;
}
interface task {
    use pool.{counter};
    get: func(it: borrow<counter>) -> u32;
    close: func(it: counter) -> u32;
    merge: func(it: option<borrow<counter>>) -> u32;
}
world owner { export pool; }
world user { import pool; export task; }
";

    fn owner(name: u32) -> String {
        counters(
            POOL,
            "",
            &format!(
                r#"(func (export "{POOL}#open") (param i32) (result i32) (call $make (local.get 0)))
                (func (export "{POOL}#close") (param i32) (result i32) (call $end (local.get 0)))
                (func (export "{POOL}#none") (param i32 i32) (result i32) (i32.const {name}))"#
            ),
        )
    }

    fn user() -> String {
        module(
            &format!(
                r#"(import "{POOL}" "[method]counter.get" (func $get (param i32) (result i32)))
                (import "{POOL}" "close" (func $close (param i32) (result i32)))
                (import "{POOL}" "none" (func $none (param i32 i32) (result i32)))
                (import "{POOL}" "[resource-drop]counter" (func $drop (param i32)))"#
            ),
            r#"(func (export "t:t/task@1.0.0#get") (param i32) (result i32)
                (call $get (local.get 0)) (call $drop (local.get 0)))
            (func (export "t:t/task@1.0.0#close") (param i32) (result i32) (call $close (local.get 0)))
            (func (export "t:t/task@1.0.0#merge") (param i32 i32) (result i32)
                (call $none (local.get 0) (local.get 1))
                (if (local.get 0) (then (call $drop (local.get 1)))))"#,
        )
    }

    #[test]
    fn calls_go_to_the_owner_that_is_not_bound_and_without_one_to_that_which_is() {
        for cardinality in [Cardinality::ExactlyOne, Cardinality::AtMostOne] {
            let user_is = manifest("user", "user").export("t:t/task@1.0.0").import(POOL, cardinality);
            // Functions that have no handle in them would need an option under at-most-one: there are none.
            let app = App::builder()
                .file("t.wit", WIT)
                .file("app.toml", "bind.user = { 't:t/pool@1.0.0' = ['b'] }")
                .plugin(&manifest("a", "owner").export(POOL), owner(1))
                .plugin(&manifest("b", "owner").export(POOL), owner(2))
                .plugin(&user_is, user())
                .build()
                .unwrap();
            for (owner, n) in [("a", 1), ("b", 2)] {
                let open = || app.call_plugin(owner, "t:t/pool#open", &[Val::U32(n + 4)]).unwrap().unwrap();
                let lent = open();
                assert_eq!(number(&app, "user", "t:t/task#get", std::slice::from_ref(&lent)), n + 4);
                assert_eq!(number(&app, "user", "t:t/task#close", &[open()]), n + 4);
                assert_eq!(number(&app, "user", "t:t/task#merge", &[Val::Option(Some(Box::new(lent)))]), n);
                ended(&app);
            }
            assert_eq!(number(&app, "user", "t:t/task#merge", &[Val::Option(None)]), 2);
            ended(&app);
        }
    }
}
