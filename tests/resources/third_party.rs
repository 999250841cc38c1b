//! Handles that a plugin has of one plugin, and passes on to another one.

use plugweave::manifest::ManifestBuilder;
use plugweave::model::Cardinality;
use plugweave::{App, Val, print_wave};

use crate::guests::{all_ended, counters, module, number};

const WIT: &str = "
package t:t@1.0.0;

interface store {
    resource counter { get: func() -> u32; }
    live: func() -> u32;
    open: func(n: u32) -> counter;
    close: func(it: counter) -> u32;
}
interface desk {
    use store.{counter};
    read: func(it: borrow<counter>) -> u32;
    keep: func(it: counter);
    back: func() -> option<counter>;
}
interface lobby { use store.{counter}; read: func(it: borrow<counter>) -> u32; }
interface task { run: func(n: u32) -> u32; }

world owner { export store; }
/// Works with the resource.
world reader { import store; export desk; }
/// Only has handles of it.
world cabinet { export desk; }
world porter { import desk; export lobby; }
world user { import store; import desk; export task; }
";

const STORE: &str = "t:t/store@1.0.0";
const DESK: &str = "t:t/desk@1.0.0";

fn owner() -> String {
    counters(
        STORE,
        "",
        r#"(func (export "t:t/store@1.0.0#open") (param i32) (result i32) (call $make (local.get 0)))
        (func (export "t:t/store@1.0.0#close") (param i32) (result i32) (call $end (local.get 0)))"#,
    )
}

/// A desk whose `read` is given, with the handle `$it`.
fn desk(imports: &str, read: &str) -> String {
    module(
        &format!(r#"(import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32))) {imports}"#),
        &format!(
            r#"(global $kept (mut i32) (i32.const 0))
            (func (export "t:t/desk@1.0.0#read") (param $it i32) (result i32) {read} (call $drop (local.get $it)))
            (func (export "t:t/desk@1.0.0#keep") (param $it i32) (global.set $kept (local.get $it)))
            (func (export "t:t/desk@1.0.0#back") (result i32)
                (i32.store8 (i32.const 512) (i32.ne (global.get $kept) (i32.const 0)))
                (i32.store (i32.const 516) (global.get $kept))
                (global.set $kept (i32.const 0))
                (i32.const 512))"#
        ),
    )
}

/// Lends a counter to the desk, gives it to it, gets it back, asks it, and gives it home.
fn user() -> String {
    module(
        r#"(import "t:t/store@1.0.0" "[method]counter.get" (func $get (param i32) (result i32)))
        (import "t:t/store@1.0.0" "open" (func $open (param i32) (result i32)))
        (import "t:t/store@1.0.0" "close" (func $close (param i32) (result i32)))
        (import "t:t/desk@1.0.0" "read" (func $read (param i32) (result i32)))
        (import "t:t/desk@1.0.0" "keep" (func $keep (param i32)))
        (import "t:t/desk@1.0.0" "back" (func $back (param i32)))"#,
        r#"(func (export "t:t/task@1.0.0#run") (param $n i32) (result i32)
            (local $it i32) (local $sum i32)
            (local.set $it (call $open (local.get $n)))
            (local.set $sum (i32.mul (call $read (local.get $it)) (i32.const 10000)))
            (call $keep (local.get $it))
            (call $back (i32.const 512))
            (if (i32.ne (i32.load8_u (i32.const 512)) (i32.const 1)) (then (unreachable)))
            (local.set $it (i32.load (i32.const 516)))
            (local.set $sum (i32.add (local.get $sum) (i32.mul (call $get (local.get $it)) (i32.const 100))))
            (i32.add (local.get $sum) (call $close (local.get $it))))"#,
    )
}

fn porter() -> String {
    module(
        r#"(import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))
        (import "t:t/desk@1.0.0" "read" (func $read (param i32) (result i32)))"#,
        r#"(func (export "t:t/lobby@1.0.0#read") (param i32) (result i32)
            (call $read (local.get 0)) (call $drop (local.get 0)))"#,
    )
}

fn app(desk_is: &str) -> App {
    let manifest = |world: &str| ManifestBuilder::new(world).wit("t.wit").world(world);
    let desk = match desk_is {
        "reader" => {
            let get = r#"(import "t:t/store@1.0.0" "[method]counter.get" (func $get (param i32) (result i32)))"#;
            (manifest("reader").import(STORE, Cardinality::ExactlyOne), desk(get, "(call $get (local.get $it))"))
        }
        _ => (manifest("cabinet"), desk("", "(i32.const 1)")),
    };
    let user_is = manifest("user").export("t:t/task@1.0.0").import(STORE, Cardinality::ExactlyOne);
    let porter_is = manifest("porter").export("t:t/lobby@1.0.0").import(DESK, Cardinality::ExactlyOne);
    let app = App::builder()
        .file("t.wit", WIT)
        .plugin(&manifest("owner").export(STORE), owner())
        .plugin(&desk.0.export(DESK), desk.1)
        .plugin(&user_is.import(DESK, Cardinality::ExactlyOne), user())
        .plugin(&porter_is, porter())
        .build()
        .unwrap();
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

fn ended(app: &App) {
    all_ended(app, "t:t/store#live", &["owner"]);
}

fn open(app: &App, n: u32) -> Val {
    app.call("t:t/store#open", &[Val::U32(n)]).unwrap().unwrap()
}

#[test]
fn a_plugin_that_imports_the_owner_can_work_with_what_it_is_lent_and_given() {
    let app = app("reader");
    assert_eq!(number(&app, "t:t/task#run", &[Val::U32(7)]), 70_707);
    ended(&app);
}

#[test]
fn a_plugin_that_only_uses_the_type_can_have_handles() {
    let app = app("cabinet");
    assert_eq!(number(&app, "t:t/task#run", &[Val::U32(7)]), 10_707);
    ended(&app);
}

#[test]
fn what_is_kept_elsewhere_keeps_its_owner() {
    for desk in ["reader", "cabinet"] {
        let app = app(desk);
        let counter = open(&app, 7);
        app.call("t:t/desk#keep", std::slice::from_ref(&counter)).unwrap();
        drop(counter);
        assert_eq!((number(&app, "t:t/store#live", &[]), app.live_handles()), (1, 1), "{desk}");
        let back = app.call("t:t/desk#back", &[]).unwrap().unwrap();
        assert_eq!(print_wave(&back).unwrap(), "some(<counter of owner>)");
        let Val::Option(Some(counter)) = back else { panic!() };
        assert_eq!(number(&app, "t:t/store#[method]counter.get", std::slice::from_ref(&*counter)), 7);
        assert_eq!(number(&app, "t:t/store#close", std::slice::from_ref(&*counter)), 7);
        assert_eq!(app.call("t:t/desk#back", &[]).unwrap(), Some(Val::Option(None)));
        ended(&app);
    }
}

#[test]
fn a_borrow_can_be_lent_on_and_on() {
    let app = app("reader");
    let counter = open(&app, 7);
    for _ in 0..3 {
        assert_eq!(number(&app, "t:t/lobby#read", std::slice::from_ref(&counter)), 7);
    }
    assert_eq!((number(&app, "t:t/store#live", &[]), app.live_handles()), (1, 1));
    drop(counter);
    ended(&app);
}

#[test]
fn a_plugin_that_keeps_one_can_be_asked_for_another_and_each_is_itself() {
    let app = app("cabinet");
    let (one, two) = (open(&app, 1), open(&app, 2));
    let swap = |counter: Val| {
        let kept = app.call("t:t/desk#back", &[]).unwrap().unwrap();
        app.call("t:t/desk#keep", &[counter]).unwrap();
        let Val::Option(Some(kept)) = kept else { panic!() };
        (number(&app, "t:t/store#[method]counter.get", std::slice::from_ref(&*kept)), *kept)
    };
    app.call("t:t/desk#keep", &[one]).unwrap();
    let (number, one) = swap(two);
    assert_eq!(number, 1);
    let (number, two) = swap(one);
    assert_eq!(number, 2);
    let (number, one) = swap(two);
    assert_eq!(number, 1);
    drop(one);
    assert_eq!(app.live_handles(), 1);
    drop(app.call("t:t/desk#back", &[]).unwrap());
    ended(&app);
}
