//! What callers do wrong with handles, and that it costs nobody else anything.

use plugweave::manifest::ManifestBuilder;
use plugweave::model::Cardinality;
use plugweave::{App, CallErrorKind, Val};

use crate::guests::{all_ended, counters, module, number};

const STORE: &str = "t:t/store@1.0.0";
const DESK: &str = "t:t/desk@1.0.0";

const WIT: &str = "
package t:t@1.0.0;

interface store {
    resource counter { get: func() -> u32; }
    resource token { }
    live: func() -> u32;
    open: func(n: u32) -> counter;
    sum: func(all: list<borrow<counter>>) -> u32;
    close-and-get: func(a: counter, b: borrow<counter>) -> u32;
    get-and-close: func(b: borrow<counter>, a: counter) -> u32;
    mint: func() -> token;
}
interface desk {
    use store.{counter};
    hold: func(all: list<counter>);
    count: func(all: list<borrow<counter>>) -> u32;
    held: func() -> u32;
    give-up: func();
    forget: func(note: u32, it: option<borrow<counter>>);
}
interface task {
    use store.{counter};
    forget: func(it: borrow<counter>);
    open: func(n: u32);
    held: func() -> u32;
    lend: func(it: borrow<counter>) -> u32;
    open-and-close: func();
}
world owner { export store; }
world holder { export desk; }
world user { import store; import desk; export task; }
";

/// `$sum`, of a list, with what is given for each `$at`.
const SUM: &str = "(local $sum i32)
    (block $done (loop $more
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $sum (i32.add (local.get $sum) %))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $more)))";

fn owner() -> String {
    counters(
        STORE,
        "",
        &format!(
            r#"(func (export "{STORE}#open") (param i32) (result i32) (call $make (local.get 0)))
            (func (export "{STORE}#mint") (result i32) (call $token (i32.const 1)))
            (func (export "{STORE}#sum") (param $at i32) (param $n i32) (result i32)
                {} (local.get $sum))
            (func (export "{STORE}#close-and-get") (param i32 i32) (result i32)
                (i32.add (call $end (local.get 0)) (call $peek (local.get 1))))
            (func (export "{STORE}#get-and-close") (param i32 i32) (result i32)
                (i32.add (call $peek (local.get 0)) (call $end (local.get 1))))"#,
            SUM.replace('%', "(call $peek (i32.load (local.get $at)))")
        ),
    )
    .replacen(
        "(module",
        r#"(module (import "[export]t:t/store@1.0.0" "[resource-new]token" (func $token (param i32) (result i32)))"#,
        1,
    )
}

/// Holds handles, and says how many: none when it has been started anew.
fn holder() -> String {
    module(
        r#"(import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))"#,
        &format!(
            r#"(global $held (mut i32) (i32.const 0))
            (global $list (mut i32) (i32.const 0))
            (func (export "{DESK}#hold") (param i32 i32)
                (global.set $list (local.get 0)) (global.set $held (local.get 1)))
            (func (export "{DESK}#held") (result i32) (global.get $held))
            (func (export "{DESK}#give-up")
                (local $n i32) (local $at i32)
                (local.set $at (global.get $list))
                (local.set $n (global.get $held))
                (global.set $held (i32.const 0))
                (drop (call $end-all (local.get $at) (local.get $n))))
            (func $end-one (param i32) (result i32) (call $drop (local.get 0)) (i32.const 1))
            (func $end-all (param $at i32) (param $n i32) (result i32) {} (local.get $sum))
            (func (export "{DESK}#count") (param i32 i32) (result i32) (call $end-all (local.get 0) (local.get 1)))
            (func (export "{DESK}#forget") (param i32 i32 i32))"#,
            SUM.replace('%', "(call $end-one (i32.load (local.get $at)))")
        ),
    )
}

/// Opens so many counters, and holds them.
fn user() -> String {
    module(
        r#"(import "t:t/store@1.0.0" "open" (func $open (param i32) (result i32)))
        (import "t:t/store@1.0.0" "[method]counter.get" (func $get (param i32) (result i32)))
        (import "t:t/store@1.0.0" "close-and-get" (func $close-and-get (param i32 i32) (result i32)))
        (import "t:t/desk@1.0.0" "forget" (func $forget (param i32 i32 i32)))
        (import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))"#,
        r#"(global $held (mut i32) (i32.const 0))
        (func (export "t:t/task@1.0.0#lend") (param i32) (result i32)
            (call $get (local.get 0)) (call $drop (local.get 0)))
        (func (export "t:t/task@1.0.0#open-and-close")
            (local $it i32)
            (local.set $it (call $open (i32.const 1)))
            (drop (call $get (local.get $it)))
            (drop (call $close-and-get (call $open (i32.const 2)) (local.get $it)))
            (call $drop (local.get $it)))
        (func (export "t:t/task@1.0.0#held") (result i32) (global.get $held))
        (func (export "t:t/task@1.0.0#forget") (param i32)
            (call $forget (i32.const 1) (i32.const 1) (local.get 0))
            (call $drop (local.get 0)))
        (func (export "t:t/task@1.0.0#open") (param $n i32)
            (loop $more
                (if (i32.eqz (local.get $n)) (then (return)))
                (drop (call $open (local.get $n)))
                (global.set $held (i32.add (global.get $held) (i32.const 1)))
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br $more)))"#,
    )
}

/// An app whose owner, holder and user have these limits of handles.
fn app_with(limits: [u32; 3]) -> App {
    let manifest = |id: &str, index: usize| ManifestBuilder::new(id).wit("t.wit").world(id).handles(limits[index]);
    let one = Cardinality::ExactlyOne;
    let user_is = manifest("user", 2).export("t:t/task@1.0.0").import(STORE, one).import(DESK, one);
    let app = App::builder()
        .file("t.wit", WIT)
        .plugin(&manifest("owner", 0).export(STORE), owner())
        .plugin(&manifest("holder", 1).export(DESK), holder())
        .plugin(&user_is, user())
        .build()
        .unwrap();
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

fn app() -> App {
    app_with([1000; 3])
}

fn open(app: &App, n: u32) -> Val {
    app.call("t:t/store#open", &[Val::U32(n)]).unwrap().unwrap()
}

fn opened(app: &App, count: u32) -> Val {
    Val::List((1..=count).map(|n| open(app, n)).collect())
}

fn get(app: &App, counter: &Val) -> u32 {
    number(app, "t:t/store#[method]counter.get", std::slice::from_ref(counter))
}

fn error(app: &App, target: &str, arguments: &[Val]) -> String {
    app.call(target, arguments).unwrap_err().to_string()
}

fn ended(app: &App) {
    all_ended(app, "t:t/store#live", &["owner"]);
}

#[test]
fn one_handle_cannot_be_given_and_lent_at_once() {
    let app = app();
    let counter = open(&app, 7);
    let both = [counter.clone(), counter.clone()];
    assert_eq!(
        error(&app, "t:t/store#close-and-get", &both),
        "`t:t/store@1.0.0#close-and-get` of plugin `owner` was not called (bad-arguments): parameter `b` (`borrow<counter>`): \
         `<counter of owner>` cannot be passed: it has been moved into a call before"
    );
    assert_eq!(
        error(&app, "t:t/store#get-and-close", &both),
        "`t:t/store@1.0.0#get-and-close` of plugin `owner` was not called (bad-arguments): parameter `a` (`own<counter>`): \
         `<counter of owner>` cannot be passed: it is lent to a call that has not returned"
    );
    drop(both);
    // Nothing has been moved.
    assert_eq!(get(&app, &counter), 7);
    drop(counter);
    ended(&app);
}

#[test]
fn what_has_been_moved_cannot_be_used_under_any_name() {
    let app = app();
    let (counter, other) = (open(&app, 7), open(&app, 8));
    let same = counter.clone();
    assert_eq!(number(&app, "t:t/store#close-and-get", &[counter, other]), 15);
    assert_eq!(
        error(&app, "t:t/store#[method]counter.get", &[same]),
        "`t:t/store@1.0.0#[method]counter.get` of plugin `owner` was not called (bad-arguments): parameter `self` \
         (`borrow<counter>`): `<counter of owner>` cannot be passed: it has been moved into a call before"
    );
    ended(&app);
}

#[test]
fn a_handle_of_another_app_is_refused() {
    let (app, other) = (app(), app());
    let counter = open(&app, 7);
    for target in ["t:t/store#[method]counter.get", "t:t/task#forget"] {
        let error = other.call(target, std::slice::from_ref(&counter)).unwrap_err();
        assert_eq!(error.kind(), CallErrorKind::BadArguments);
        assert!(error.cause().ends_with("(`borrow<counter>`): `<counter of owner>` belongs to another app"), "{error}");
    }
    assert_eq!(get(&app, &counter), 7);
    drop(counter);
    ended(&app);
    ended(&other);
}

#[test]
fn a_handle_of_another_resource_is_refused() {
    let app = app();
    let token = app.call("t:t/store#mint", &[]).unwrap().unwrap();
    assert_eq!(
        error(&app, "t:t/store#[method]counter.get", std::slice::from_ref(&token)),
        "`t:t/store@1.0.0#[method]counter.get` of plugin `owner` was not called (bad-arguments): parameter `self` \
         (`borrow<counter>`): expected a `counter` of `t:t/store@1.0.0`, found `<token of owner>`, of `t:t/store@1.0.0`"
    );
    assert_eq!(
        error(&app, "t:t/desk#hold", &[Val::List(vec![token])]),
        "`t:t/desk@1.0.0#hold` of plugin `holder` was not called (bad-arguments): parameter `all` (`own<counter>`): expected \
         a `counter` of `t:t/store@1.0.0`, found `<token of owner>`, of `t:t/store@1.0.0`"
    );
    assert_eq!(
        error(&app, "t:t/desk#hold", &[Val::List(vec![Val::U32(1)])]),
        "`t:t/desk@1.0.0#hold` of plugin `holder` was not called (bad-arguments): parameter `all`: element 0: expected \
         `own<counter>`, found a `u32`"
    );
    ended(&app);
}

#[test]
fn a_plugin_that_keeps_a_borrow_has_failed_and_its_caller_keeps_the_handle() {
    let app = app();
    let counter = open(&app, 7);
    let told = "`t:t/desk@1.0.0#forget` of plugin `holder` failed (trap): it kept a borrow beyond the call, of `it` \
                (`borrow<counter>`): borrow handles still remain at the end of the call";
    let lent = Val::Option(Some(Box::new(counter.clone())));
    assert_eq!(error(&app, "t:t/desk#forget", &[Val::U32(1), lent]), told);
    assert_eq!(
        error(&app, "t:t/task#forget", std::slice::from_ref(&counter)),
        format!("{told}; called through host -> user (t:t/task@1.0.0#forget) -> holder (t:t/desk@1.0.0#forget)")
    );
    assert_eq!((get(&app, &counter), app.live_handles()), (7, 1));
    drop(counter);
    ended(&app);
}

#[test]
fn a_plugin_is_not_given_more_handles_than_it_may_have() {
    let app = app_with([1000, 10, 1000]);
    let ten = opened(&app, 10);
    app.call("t:t/desk#hold", &[opened(&app, 7)]).unwrap();
    let more = opened(&app, 4);
    // What is lent counts as long as it is lent, and not twice.
    for (function, ty) in [("hold", "own<counter>"), ("count", "borrow<counter>")] {
        assert_eq!(
            error(&app, &format!("t:t/desk#{function}"), std::slice::from_ref(&more)),
            format!(
                "`t:t/desk@1.0.0#{function}` of plugin `holder` was not called (bad-arguments): parameter `all` (`{ty}`): it \
                 has no room for another handle, its limit is 10 (`handles`)"
            )
        );
    }
    let Val::List(mut three) = more else { panic!() };
    drop(three.pop());
    assert_eq!(number(&app, "t:t/desk#count", &[Val::List(three.clone())]), 3);
    assert_eq!(number(&app, "t:t/desk#held", &[]), 7, "it has not been started anew");
    app.call("t:t/desk#give-up", &[]).unwrap();
    assert_eq!(number(&app, "t:t/desk#count", std::slice::from_ref(&ten)), 10);
    app.call("t:t/desk#hold", std::slice::from_ref(&ten)).unwrap();
    assert_eq!((number(&app, "t:t/desk#held", &[]), app.live_handles()), (10, 13));
    app.call("t:t/desk#give-up", &[]).unwrap();
    drop(three);
    ended(&app);
}

#[test]
fn an_owner_that_has_all_it_may_have_can_be_asked_for_each() {
    let app = app_with([10, 1000, 1000]);
    let ten = opened(&app, 10);
    assert_eq!(number(&app, "t:t/store#sum", std::slice::from_ref(&ten)), 55);
    let Val::List(ten) = ten else { panic!() };
    assert_eq!(ten.iter().map(|counter| get(&app, counter)).sum::<u32>(), 55);
    let [one, two, ..] = ten.as_slice() else { panic!() };
    assert_eq!(number(&app, "t:t/store#close-and-get", &[one.clone(), two.clone()]), 3);
    assert_eq!(number(&app, "t:t/store#live", &[]), 9, "it has not been started anew");
    let full = open(&app, 1);
    // One too many is the doing of whoever has them.
    assert_eq!(
        error(&app, "t:t/store#open", &[Val::U32(1)]),
        "`t:t/store@1.0.0#open` of plugin `owner` was not called (handles): others have handles of 10 of its resources \
         (the host has 10), and its limit is 10 (`handles`)"
    );
    assert_eq!(number(&app, "t:t/store#live", &[]), 10, "it has not been started anew");
    drop((ten, full));
    ended(&app);
}

/// A counter, lent to the owner and to others, given away and back, again and again.
#[test]
fn what_has_passed_leaves_nothing_behind_in_any_store() {
    let app = app_with([10, 10, 10]);
    for n in 0..100 {
        let (one, two) = (open(&app, n), open(&app, 1));
        assert_eq!(get(&app, &one), n);
        assert_eq!(number(&app, "t:t/desk#count", &[Val::List(vec![one.clone(), one.clone(), two.clone()])]), 3);
        assert_eq!(number(&app, "t:t/store#sum", &[Val::List(vec![one.clone(), two.clone()])]), n + 1);
        assert_eq!(number(&app, "t:t/task#lend", std::slice::from_ref(&one)), n);
        app.call("t:t/task#open-and-close", &[]).unwrap();
        app.call("t:t/desk#hold", &[Val::List(vec![one, two])]).unwrap();
        app.call("t:t/desk#give-up", &[]).unwrap();
    }
    ended(&app);
}

#[test]
fn a_plugin_that_asks_for_too_many_fails_and_the_owner_does_not() {
    let app = app_with([1000, 1000, 10]);
    let kept = open(&app, 7);
    app.call("t:t/task#open", &[Val::U32(10)]).unwrap();
    assert_eq!(number(&app, "t:t/store#live", &[]), 11);
    let error = app.call("t:t/task#open", &[Val::U32(1)]).unwrap_err();
    assert_eq!((error.kind(), error.origin().unwrap().as_str()), (CallErrorKind::Trap, "user"));
    // The reply that did not arrive has ended, as all that the user had.
    assert_eq!((number(&app, "t:t/store#live", &[]), app.live_handles()), (1, 1));
    assert_eq!(get(&app, &kept), 7);
    drop(kept);
    ended(&app);
}

/// An owner that exports an interface in two versions, each with a resource of its own.
mod two_versions {
    use super::*;

    const WIT: &str = "
package t:main;
interface aux { use t:v/store@1.0.0.{counter}; read: func(it: borrow<counter>) -> u32; live: func() -> u32; }
interface task { run: func(n: u32) -> u32; }
world owner { export t:v/store@1.0.0; export t:v/store@1.1.0; export aux; }
world user { import t:v/store@1.0.0; import aux; export task; }

package t:v@1.0.0 {
    interface store { resource counter { } open: func(n: u32) -> counter; }
}
package t:v@1.1.0 {
    interface store { resource counter { } open: func(n: u32) -> counter; }
}
";

    fn owner() -> String {
        let version = |version: &str| {
            format!(
                r#"(func (export "t:v/store@{version}#open") (param i32) (result i32)
                    (global.set $live (i32.add (global.get $live) (i32.const 1)))
                    (call $new-{version} (local.get 0)))
                (func (export "t:v/store@{version}#[dtor]counter") (param i32)
                    (global.set $live (i32.sub (global.get $live) (i32.const 1))))"#
            )
        };
        let import = |version: &str| {
            format!(
                r#"(import "[export]t:v/store@{version}" "[resource-new]counter"
                    (func $new-{version} (param i32) (result i32)))"#
            )
        };
        module(
            &(import("1.0.0") + &import("1.1.0")),
            &format!(
                r#"(global $live (mut i32) (i32.const 0))
                (func (export "t:main/aux#read") (param i32) (result i32) (local.get 0))
                (func (export "t:main/aux#live") (result i32) (global.get $live))
                {} {}"#,
                version("1.0.0"),
                version("1.1.0")
            ),
        )
    }

    fn user() -> String {
        module(
            r#"(import "t:v/store@1.0.0" "open" (func $open (param i32) (result i32)))
            (import "t:v/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))
            (import "t:main/aux" "read" (func $read (param i32) (result i32)))"#,
            r#"(func (export "t:main/task#run") (param i32) (result i32)
                (local $it i32)
                (local.set $it (call $open (local.get 0)))
                (call $read (local.get $it))
                (call $drop (local.get $it)))"#,
        )
    }

    #[test]
    fn a_handle_of_the_one_is_not_taken_for_the_other() {
        let manifest = |id: &str| ManifestBuilder::new(id).wit("t.wit").world(id);
        let one = Cardinality::ExactlyOne;
        let owner_is = manifest("owner").export("t:v/store@1.0.0").export("t:v/store@1.1.0").export("t:main/aux");
        let user_is = manifest("user").export("t:main/task").import("t:v/store@1.0.0", one).import("t:main/aux", one);
        let app =
            App::builder().file("t.wit", WIT).plugin(&owner_is, owner()).plugin(&user_is, user()).build().unwrap();
        let old = app.call("t:v/store@1.0.0#open", &[Val::U32(5)]).unwrap().unwrap();
        assert_eq!(number(&app, "t:main/aux#read", std::slice::from_ref(&old)), 5);
        assert_eq!(
            error(&app, "t:main/task#run", &[Val::U32(7)]),
            "`t:main/aux#read` of plugin `owner` was not called (bad-arguments): parameter `it` (`borrow<counter>`): expected a \
             `counter` of `t:v/store@1.0.0`, found `<counter of owner>`, of `t:v/store@1.1.0`; called through host -> \
             user (t:main/task#run) -> owner (t:main/aux#read)"
        );
        // The owner has been asked what it cannot do, and has lost nothing.
        assert_eq!(number(&app, "t:main/aux#read", std::slice::from_ref(&old)), 5);
        drop(old);
        all_ended(&app, "t:main/aux#live", &["owner"]);
    }
}
