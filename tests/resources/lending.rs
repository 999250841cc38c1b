//! Handles that are lent to several providers at once.

use plugweave::manifest::{ImportTerms, ManifestBuilder};
use plugweave::model::Cardinality;
use plugweave::{App, Val};

use crate::guests::{OWNER, WIT, live, owner, run, user_of};

/// Two borrows with a number in between, and a provider that can fail.
const READERS: &str = "
interface reader {
    use store.{counter};
    read: func(a: borrow<counter>, n: u32, b: borrow<counter>) -> u32;
}
interface readers {
    use store.{counter};
    read: func(a: borrow<counter>, n: u32, b: borrow<counter>) -> list<result<u32>>;
}
world reads { import store; export reader; }
world asks { import store; import readers; export task; }
";

/// Adds to the first counter what is given, and answers with the sum of both.
fn reader(added: &str) -> String {
    format!(
        r#"(module
    (import "t:t/store@1.0.0" "[method]counter.get" (func $get (param i32) (result i32)))
    (import "t:t/store@1.0.0" "[method]counter.add" (func $add (param i32 i32) (result i32)))
    (import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))
    (memory (export "memory") 1)
    (func (export "t:t/reader@1.0.0#read") (param $a i32) (param $n i32) (param $b i32) (result i32)
        (local $sum i32)
        (local.set $sum (i32.add (call $add (local.get $a) {added}) (call $get (local.get $b))))
        (call $drop (local.get $a))
        (call $drop (local.get $b))
        (local.get $sum)))"#
    )
}

/// Makes the counters `$n` and 100, has them read, and answers with the sum of the answers: 10,000 is added
/// for each that failed.
const ASKING: &str = r#"(module
    (import "t:t/store@1.0.0" "[constructor]counter" (func $make (param i32) (result i32)))
    (import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))
    (import "t:t/readers@1.0.0" "read" (func $read (param i32 i32 i32 i32)))
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $next)
        (global.set $next (i32.add (global.get $next) (local.get 3))))
    (func (export "t:t/task@1.0.0#run") (param $n i32) (result i32)
        (local $a i32) (local $b i32) (local $at i32) (local $left i32) (local $sum i32)
        (local.set $a (call $make (local.get $n)))
        (local.set $b (call $make (i32.const 100)))
        (call $read (local.get $a) (i32.const 1) (local.get $b) (i32.const 64))
        (local.set $at (i32.load (i32.const 64)))
        (local.set $left (i32.load (i32.const 68)))
        (block $done (loop $more
            (br_if $done (i32.eqz (local.get $left)))
            (local.set $sum (i32.add (local.get $sum)
                (select (i32.const 10000) (i32.load offset=4 (local.get $at)) (i32.load8_u (local.get $at)))))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br $more)))
        (call $drop (local.get $a))
        (call $drop (local.get $b))
        (local.get $sum)))"#;

/// One owner, one that asks, and these readers.
fn app(readers: &[&str]) -> App {
    let all = ImportTerms::new(Cardinality::Any).from("t:t/reader@1.0.0");
    let asking = user_of("user").world("asks").import("t:t/readers@1.0.0", all);
    let asking =
        App::builder().file("t.wit", format!("{WIT}{READERS}")).plugin(&owner("owner"), OWNER).plugin(&asking, ASKING);
    let with_readers = readers.iter().enumerate().fold(asking, |builder, (number, added)| {
        let manifest = ManifestBuilder::new(format!("reader-{number}"))
            .wit("t.wit")
            .world("reads")
            .import("t:t/store@1.0.0", Cardinality::ExactlyOne)
            .export("t:t/reader@1.0.0");
        builder.plugin(&manifest, reader(added))
    });
    let app = with_readers.build().unwrap();
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

#[test]
fn every_provider_is_lent_the_same_handles() {
    let app = app(&["(local.get $n)", "(i32.const 10)", "(local.get $n)"]);
    // The first counter is 8, then 18, then 19: all of them work on the same one.
    assert_eq!(run(&app, 7), 108 + 118 + 119);
    assert_eq!((live(&app), app.live_handles()), (0, 0));
}

#[test]
fn a_provider_that_fails_does_not_take_the_handles_along() {
    let app = app(&["(local.get $n)", "(unreachable)", "(i32.const 10)"]);
    assert_eq!(run(&app, 7), 108 + 10_000 + 118);
    assert_eq!((live(&app), app.live_handles()), (0, 0));
}

#[test]
fn the_host_lends_a_handle_to_all() {
    let app = app(&["(local.get $n)", "(i32.const 10)"]);
    let make = |n| app.call("t:t/store#[constructor]counter", &[Val::U32(n)]).unwrap().unwrap();
    let (a, b) = (make(7), make(100));
    let answers = app.call_all("t:t/reader#read", &[a.clone(), Val::U32(1), b]).unwrap();
    let answers: Vec<_> = answers.into_iter().map(|(_, answer)| answer.unwrap()).collect();
    assert_eq!(answers, [Some(Val::U32(108)), Some(Val::U32(118))]);
    drop(a);
    assert_eq!((live(&app), app.live_handles()), (0, 0));
}
