//! Plugins that pass what they do not have: they fail, and nobody else does.

use plugweave::manifest::ManifestBuilder;
use plugweave::model::Cardinality;
use plugweave::{App, CallErrorKind, Val, print_wave};

use crate::guests::{all_ended, counters, module, number};

const STORE: &str = "t:t/store@1.0.0";
const TASK: &str = "t:t/task@1.0.0";

const WIT: &str = "
package t:t@1.0.0;

interface store {
    resource counter { get: func() -> u32; }
    resource token { }
    live: func() -> u32;
    open: func(n: u32) -> counter;
    close: func(it: counter) -> u32;
    many: func(n: u32) -> list<counter>;
    mint: func() -> token;
}
interface task {
    use store.{counter};
    open: func(n: u32);
    /// Asks the counter that has this handle.
    get: func(handle: u32) -> u32;
    /// Asks a token, as if it were a counter.
    forge: func() -> u32;
    /// Gives a counter away and asks it.
    use-after: func() -> u32;
    /// Closes a counter that it is only lent.
    take: func(it: borrow<counter>) -> u32;
    /// Drops what it is lent, and asks it.
    drop-early: func(it: borrow<counter>) -> u32;
    /// Returns its counter and one that it does not have.
    both: func() -> tuple<counter, counter>;
    /// Returns its counter twice.
    twice: func() -> list<counter>;
    many: func(n: u32) -> list<counter>;
}
world owner { export store; }
world user { import store; export task; }
";

fn owner() -> String {
    let token =
        r#"(module (import "[export]t:t/store@1.0.0" "[resource-new]token" (func $token (param i32) (result i32)))"#;
    let functions = format!(
        r#"(func (export "{STORE}#open") (param i32) (result i32) (call $make (local.get 0)))
        (func (export "{STORE}#close") (param i32) (result i32) (call $end (local.get 0)))
        (func (export "{STORE}#mint") (result i32) (call $token (i32.const 1)))
        (func (export "{STORE}#many") (param $n i32) (result i32)
            (local $at i32)
            (local.set $at (call $alloc (i32.mul (local.get $n) (i32.const 4))))
            (i32.store (i32.const 512) (local.get $at))
            (i32.store (i32.const 516) (local.get $n))
            (block $done (loop $more
                (br_if $done (i32.eqz (local.get $n)))
                (i32.store (local.get $at) (call $make (local.get $n)))
                (local.set $at (i32.add (local.get $at) (i32.const 4)))
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br $more)))
            (i32.const 512))"#
    );
    counters(STORE, "", &functions).replacen("(module", token, 1)
}

fn user() -> String {
    module(
        &format!(
            r#"(import "{STORE}" "open" (func $open (param i32) (result i32)))
            (import "{STORE}" "close" (func $close (param i32) (result i32)))
            (import "{STORE}" "mint" (func $mint (result i32)))
            (import "{STORE}" "many" (func $many (param i32 i32)))
            (import "{STORE}" "[method]counter.get" (func $get (param i32) (result i32)))
            (import "{STORE}" "[resource-drop]counter" (func $drop (param i32)))"#
        ),
        &format!(
            r#"(global $mine (mut i32) (i32.const 0))
            (func (export "{TASK}#open") (param i32) (global.set $mine (call $open (local.get 0))))
            (func (export "{TASK}#get") (param i32) (result i32) (call $get (local.get 0)))
            (func (export "{TASK}#forge") (result i32) (call $get (call $mint)))
            (func (export "{TASK}#use-after") (result i32)
                (drop (call $close (global.get $mine)))
                (call $get (global.get $mine)))
            (func (export "{TASK}#take") (param i32) (result i32) (call $close (local.get 0)))
            (func (export "{TASK}#drop-early") (param i32) (result i32)
                (call $drop (local.get 0))
                (call $get (local.get 0)))
            (func (export "{TASK}#both") (result i32)
                (i32.store (i32.const 512) (global.get $mine))
                (i32.store (i32.const 516) (i32.const 99))
                (i32.const 512))
            (func (export "{TASK}#twice") (result i32)
                (i32.store (i32.const 512) (i32.const 520))
                (i32.store (i32.const 516) (i32.const 2))
                (i32.store (i32.const 520) (global.get $mine))
                (i32.store (i32.const 524) (global.get $mine))
                (i32.const 512))
            (func (export "{TASK}#many") (param i32) (result i32)
                (call $many (local.get 0) (i32.const 512)) (i32.const 512))"#
        ),
    )
}

fn app() -> App {
    let manifest = |id: &str| ManifestBuilder::new(id).wit("t.wit").world(id).handles(50);
    let app = App::builder()
        .file("t.wit", WIT)
        .plugin(&manifest("owner").export(STORE), owner())
        .plugin(&manifest("user").export(TASK).import(STORE, Cardinality::ExactlyOne).handles(10), user())
        .build()
        .unwrap();
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

#[test]
fn a_plugin_that_passes_what_it_does_not_have_fails_alone() {
    for (function, arguments, cause) in [
        ("get", vec![Val::U32(0)], "unknown handle index 0"),
        ("get", vec![Val::U32(77)], "unknown handle index 77"),
        ("get", vec![Val::U32(u32::MAX)], "unknown handle index 4294967295"),
        (
            "forge",
            vec![],
            "handle index 2 used with the wrong type, expected guest-defined resource but found a different guest-defined resource",
        ),
        ("use-after", vec![], "unknown handle index 1"),
        ("both", vec![], "unknown handle index 99"),
        ("twice", vec![], "unknown handle index 1"),
    ] {
        let app = app();
        let kept = app.call("t:t/store#open", &[Val::U32(7)]).unwrap().unwrap();
        app.call("t:t/task#open", &[Val::U32(8)]).unwrap();
        let error = app.call(&format!("t:t/task#{function}"), &arguments).unwrap_err();
        assert_eq!((error.kind(), error.origin().unwrap().as_str()), (CallErrorKind::Trap, "user"), "{error}");
        assert_eq!(error.cause(), cause, "{function}");
        // What the user had has ended with it; what others have has not.
        assert_eq!((number(&app, "t:t/store#live", &[]), app.live_handles()), (1, 1), "{function}");
        assert_eq!(number(&app, "t:t/store#[method]counter.get", &[kept]), 7, "{function}");
        all_ended(&app, "t:t/store#live", &["owner"]);
    }
}

#[test]
fn what_is_only_lent_cannot_be_taken() {
    for (function, cause) in
        [("take", "cannot lift own resource from a borrow"), ("drop-early", "unknown handle index 1")]
    {
        let app = app();
        let kept = app.call("t:t/store#open", &[Val::U32(7)]).unwrap().unwrap();
        let error = app.call(&format!("t:t/task#{function}"), std::slice::from_ref(&kept)).unwrap_err();
        assert_eq!((error.kind(), error.cause()), (CallErrorKind::Trap, cause));
        assert_eq!(number(&app, "t:t/store#[method]counter.get", &[kept]), 7, "{function}");
        all_ended(&app, "t:t/store#live", &["owner"]);
    }
}

#[test]
fn a_reply_that_the_user_has_no_room_for_ends_with_the_user() {
    let app = app();
    let five = app.call("t:t/task#many", &[Val::U32(5)]).unwrap().unwrap();
    assert_eq!(print_wave(&five).unwrap(), format!("[{}]", vec!["<counter of owner>"; 5].join(", ")));
    app.call("t:t/task#open", &[Val::U32(8)]).unwrap();
    let error = app.call("t:t/task#many", &[Val::U32(20)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`t:t/task@1.0.0#many` of plugin `user` failed (trap): it has no room for another handle, its limit is 10 \
         (`handles`)"
    );
    assert_eq!((number(&app, "t:t/store#live", &[]), app.live_handles()), (5, 5));
    drop(five);
    all_ended(&app, "t:t/store#live", &["owner"]);
}
