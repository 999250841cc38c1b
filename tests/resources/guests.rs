//! Plugins that own resources, and plugins that use them, as text.

use plugweave::manifest::ManifestBuilder;
use plugweave::model::Cardinality;
use plugweave::{App, AppBuilder, Val};

pub const WIT: &str = "
package t:t@1.0.0;

interface store {
    resource counter {
        constructor(n: u32);
        get: func() -> u32;
        add: func(n: u32) -> u32;
        merge: static func(a: counter, b: borrow<counter>) -> counter;
    }
    /// How many counters there are: constructed and not destroyed.
    live: func() -> u32;
    /// How many have been made and handed out.
    open: func(n: u32) -> counter;
    /// The sum, of counters that are only lent.
    sum: func(all: list<borrow<counter>>) -> u32;
    /// The sum, of counters that end here.
    drain: func(all: list<counter>) -> u32;
    many: func(n: u32) -> list<counter>;
}

interface task {
    run: func(n: u32) -> u32;
}

world owner { export store; }
world user { import store; export task; }
";

/// A counter is a cell of 4 bytes in memory; its representation is the address.
pub const OWNER: &str = r#"(module
    (import "[export]t:t/store@1.0.0" "[resource-new]counter" (func $new (param i32) (result i32)))
    (import "[export]t:t/store@1.0.0" "[resource-rep]counter" (func $rep (param i32) (result i32)))
    (import "[export]t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))
    (memory (export "memory") 2)
    (global $next (mut i32) (i32.const 1024))
    (global $live (mut i32) (i32.const 0))
    (func $alloc (param $size i32) (result i32)
        (local $at i32)
        (local.set $at (global.get $next))
        (global.set $next (i32.add (local.get $at) (i32.and (i32.add (local.get $size) (i32.const 7)) (i32.const -8))))
        (local.get $at))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (call $alloc (local.get 3)))
    (func $make (param $n i32) (result i32)
        (local $at i32)
        (local.set $at (call $alloc (i32.const 4)))
        (i32.store (local.get $at) (local.get $n))
        (global.set $live (i32.add (global.get $live) (i32.const 1)))
        (call $new (local.get $at)))
    (func (export "t:t/store@1.0.0#[constructor]counter") (param i32) (result i32) (call $make (local.get 0)))
    (func (export "t:t/store@1.0.0#open") (param i32) (result i32) (call $make (local.get 0)))
    (func (export "t:t/store@1.0.0#[method]counter.get") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "t:t/store@1.0.0#[method]counter.add") (param i32 i32) (result i32)
        (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (local.get 1)))
        (i32.load (local.get 0)))
    (func (export "t:t/store@1.0.0#[static]counter.merge") (param $a i32) (param $b i32) (result i32)
        (local $at i32)
        (local.set $at (call $rep (local.get $a)))
        (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (i32.load (local.get $b))))
        (local.get $a))
    (func (export "t:t/store@1.0.0#[dtor]counter") (param i32)
        (global.set $live (i32.sub (global.get $live) (i32.const 1))))
    (func (export "t:t/store@1.0.0#live") (result i32) (global.get $live))
    (func (export "t:t/store@1.0.0#sum") (param $at i32) (param $n i32) (result i32)
        (local $sum i32)
        (block $done (loop $more
            (br_if $done (i32.eqz (local.get $n)))
            (local.set $sum (i32.add (local.get $sum) (i32.load (i32.load (local.get $at)))))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br $more)))
        (local.get $sum))
    (func (export "t:t/store@1.0.0#drain") (param $at i32) (param $n i32) (result i32)
        (local $sum i32)
        (block $done (loop $more
            (br_if $done (i32.eqz (local.get $n)))
            (local.set $sum (i32.add (local.get $sum) (i32.load (call $rep (i32.load (local.get $at))))))
            (call $drop (i32.load (local.get $at)))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br $more)))
        (local.get $sum))
    (func (export "t:t/store@1.0.0#many") (param $n i32) (result i32)
        (local $at i32) (local $list i32) (local $count i32)
        (local.set $count (local.get $n))
        (local.set $list (call $alloc (i32.mul (local.get $n) (i32.const 4))))
        (local.set $at (local.get $list))
        (block $done (loop $more
            (br_if $done (i32.eqz (local.get $n)))
            (i32.store (local.get $at) (call $make (local.get $n)))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br $more)))
        (local.set $at (call $alloc (i32.const 8)))
        (i32.store (local.get $at) (local.get $list))
        (i32.store (i32.add (local.get $at) (i32.const 4)) (local.get $count))
        (local.get $at)))"#;

/// A user, of which `run` does what is given: `$n` is its parameter, `$list` an address to write to.
pub fn user(run: &str) -> String {
    format!(
        r#"(module
    (import "t:t/store@1.0.0" "[constructor]counter" (func $make (param i32) (result i32)))
    (import "t:t/store@1.0.0" "[method]counter.get" (func $get (param i32) (result i32)))
    (import "t:t/store@1.0.0" "[method]counter.add" (func $add (param i32 i32) (result i32)))
    (import "t:t/store@1.0.0" "[static]counter.merge" (func $merge (param i32 i32) (result i32)))
    (import "t:t/store@1.0.0" "open" (func $open (param i32) (result i32)))
    (import "t:t/store@1.0.0" "sum" (func $sum (param i32 i32) (result i32)))
    (import "t:t/store@1.0.0" "drain" (func $drain (param i32 i32) (result i32)))
    (import "t:t/store@1.0.0" "many" (func $many (param i32 i32)))
    (import "t:t/store@1.0.0" "live" (func $live (result i32)))
    (import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))
    (memory (export "memory") 2)
    (global $kept (mut i32) (i32.const 0))
    (global $next (mut i32) (i32.const 1024))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $next)
        (global.set $next (i32.add (global.get $next) (local.get 3))))
    (func (export "t:t/task@1.0.0#run") (param $n i32) (result i32)
        (local $a i32) (local $b i32) (local $c i32)
        {run}))"#
    )
}

pub fn builder() -> AppBuilder {
    App::builder().file("t.wit", WIT)
}

pub fn owner(id: &str) -> ManifestBuilder {
    ManifestBuilder::new(id).wit("t.wit").world("owner").export("t:t/store@1.0.0")
}

pub fn user_of(id: &str) -> ManifestBuilder {
    let user = ManifestBuilder::new(id).wit("t.wit").world("user").export("t:t/task@1.0.0");
    user.import("t:t/store@1.0.0", Cardinality::ExactlyOne)
}

/// An app of one owner and one user.
pub fn app(run: &str) -> App {
    let app = builder().plugin(&owner("owner"), OWNER).plugin(&user_of("user"), user(run)).build().unwrap();
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

/// A number that a function returns.
pub fn number(app: &App, target: &str, arguments: &[Val]) -> u32 {
    match app.call(target, arguments).unwrap() {
        Some(Val::U32(number)) => number,
        other => panic!("{target}: {other:?}"),
    }
}

/// Runs the user.
pub fn run(app: &App, n: u32) -> u32 {
    number(app, "t:t/task#run", &[Val::U32(n)])
}

/// How many counters the owner has, by its own count.
pub fn live(app: &App) -> u32 {
    number(app, "t:t/store#live", &[])
}

/// What every module here begins with: a memory, of which the first 1024 bytes are its own to use, and
/// `$alloc`, which takes the rest of it bit by bit.
const PRELUDE: &str = r#"(memory (export "memory") 2)
    (global $next (mut i32) (i32.const 1024))
    (func $alloc (param $size i32) (result i32)
        (global.get $next)
        (global.set $next
            (i32.and (i32.add (i32.add (global.get $next) (local.get $size)) (i32.const 7)) (i32.const -8))))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (call $alloc (local.get 3)))"#;

/// A module of these imports and these functions.
pub fn module(imports: &str, functions: &str) -> String {
    format!("(module {imports} {PRELUDE} {functions})")
}

/// The owner of `counter` in an interface: its `get`, `live`, and what is given. `$make` makes one, `$end`
/// drops a handle and returns its number, `$peek` returns the number of one that is lent; to the latter two
/// nothing is the handle 0. `dtor` is what its destructor does but for counting, with `$rep`.
pub fn counters(interface: &str, dtor: &str, functions: &str) -> String {
    counters_with(interface, "", dtor, functions)
}

/// As [`counters`], with imports.
pub fn counters_with(interface: &str, imports: &str, dtor: &str, functions: &str) -> String {
    module(
        &format!(
            r#"(import "[export]{interface}" "[resource-new]counter" (func $new (param i32) (result i32)))
            (import "[export]{interface}" "[resource-rep]counter" (func $rep (param i32) (result i32)))
            (import "[export]{interface}" "[resource-drop]counter" (func $drop (param i32)))
            {imports}"#
        ),
        &format!(
            r#"(global $live (mut i32) (i32.const 0))
            (func $make (param $n i32) (result i32)
                (local $at i32)
                (local.set $at (call $alloc (i32.const 4)))
                (i32.store (local.get $at) (local.get $n))
                (global.set $live (i32.add (global.get $live) (i32.const 1)))
                (call $new (local.get $at)))
            (func $peek (param $rep i32) (result i32)
                (if (result i32) (local.get $rep) (then (i32.load (local.get $rep))) (else (i32.const 0))))
            (func $end (param $handle i32) (result i32)
                (if (i32.eqz (local.get $handle)) (then (return (i32.const 0))))
                (i32.load (call $rep (local.get $handle)))
                (call $drop (local.get $handle)))
            (func (export "{interface}#[dtor]counter") (param $rep i32)
                (global.set $live (i32.sub (global.get $live) (i32.const 1)))
                {dtor})
            (func (export "{interface}#[method]counter.get") (param i32) (result i32) (i32.load (local.get 0)))
            (func (export "{interface}#live") (result i32) (global.get $live))
            {functions}"#
        ),
    )
}

/// Whether all resources have ended, and each owner counts none.
#[track_caller]
pub fn all_ended(app: &App, live: &str, owners: &[&str]) {
    assert_eq!(app.live_handles(), 0, "handles are left");
    for owner in owners {
        assert_eq!(app.call_plugin(owner, live, &[]).unwrap(), Some(Val::U32(0)), "counters of `{owner}` are left");
    }
}
