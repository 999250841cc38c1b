//! The plugins of the resource benches: core modules in text form, and the WIT that they are of.

/// What they own, lend and pass.
pub const STORE: &str = "bench:run/store";

/// What the host asks of the one that uses them.
pub const TASK: &str = "bench:run/task";

pub const WIT: &str = "
package bench:run;

interface store {
    resource counter {
        constructor(n: u32);
        get: func() -> u32;
    }
    /// Without any handle.
    number: func(n: u32) -> u32;
    lend: func(n: u32, counter: borrow<counter>) -> u32;
    turn: func(n: u32, counter: counter) -> counter;
    many: func(n: u32) -> list<counter>;
}

/// Each does it so many times, but for `hold`, which keeps so many counters more.
interface task {
    number: func(n: u32) -> u32;
    get: func(n: u32) -> u32;
    each: func(n: u32) -> u32;
    make: func(n: u32) -> u32;
    lend: func(n: u32) -> u32;
    turn: func(n: u32) -> u32;
    many: func(n: u32) -> u32;
    hold: func(n: u32) -> u32;
}

world owner { export store; }
world user { import store; export task; }
";

/// A counter is the number that it was made from, so that nothing but handles is measured.
pub const OWNER: &str = r#"(module
    (import "[export]bench:run/store" "[resource-new]counter" (func $new (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "bench:run/store#[constructor]counter") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "bench:run/store#[method]counter.get") (param i32) (result i32) (local.get 0))
    (func (export "bench:run/store#[dtor]counter") (param i32))
    (func (export "bench:run/store#number") (param i32) (result i32) (local.get 0))
    (func (export "bench:run/store#lend") (param i32 i32) (result i32) (local.get 1))
    (func (export "bench:run/store#turn") (param i32 i32) (result i32) (local.get 1))
    (func (export "bench:run/store#many") (param $n i32) (result i32)
        (local $at i32)
        (i32.store (i32.const 16) (i32.const 1024))
        (i32.store (i32.const 20) (local.get $n))
        (local.set $at (i32.const 1024))
        (block $done (loop $more
            (br_if $done (i32.eqz (local.get $n)))
            (i32.store (local.get $at) (call $new (local.get $n)))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br $more)))
        (i32.const 16)))"#;

/// How many counters `many` asks for.
pub const MANY: u32 = 100;

/// One step of `each`: far from the last one, so that what is near by does not help.
const STRIDE: u32 = 7919;

/// Counters that are held lie from 65,536 on, lists are written from 1,024 on.
pub fn user() -> String {
    let functions = [
        task("number", "(drop (call $number (local.get $n)))"),
        task("get", "(drop (call $get (i32.load (i32.const 65536))))"),
        task(
            "each",
            &format!(
                "(global.set $at (i32.rem_u (i32.add (global.get $at) (i32.const {STRIDE})) (global.get $held)))
                (drop (call $get (i32.load offset=65536 (i32.shl (global.get $at) (i32.const 2)))))"
            ),
        ),
        task("make", "(call $drop (call $new (local.get $n)))"),
        task("lend", "(drop (call $lend (local.get $n) (i32.load (i32.const 65536))))"),
        task(
            "turn",
            "(i32.store (i32.const 65536) (call $turn (local.get $n) (i32.load (i32.const 65536))))",
        ),
        task(
            "many",
            &format!(
                "(global.set $next (i32.const 1024))
                (call $many (i32.const {MANY}) (i32.const 16))
                (local.set $left (i32.load (i32.const 20)))
                (block $dropped (loop $another
                    (br_if $dropped (i32.eqz (local.get $left)))
                    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                    (call $drop (i32.load (i32.add (i32.load (i32.const 16)) (i32.shl (local.get $left) (i32.const 2)))))
                    (br $another)))"
            ),
        ),
        task(
            "hold",
            "(i32.store offset=65536 (i32.shl (global.get $held) (i32.const 2)) (call $new (local.get $n)))
            (global.set $held (i32.add (global.get $held) (i32.const 1)))",
        ),
    ];
    format!(
        r#"(module
    (import "{STORE}" "[constructor]counter" (func $new (param i32) (result i32)))
    (import "{STORE}" "[method]counter.get" (func $get (param i32) (result i32)))
    (import "{STORE}" "[resource-drop]counter" (func $drop (param i32)))
    (import "{STORE}" "number" (func $number (param i32) (result i32)))
    (import "{STORE}" "lend" (func $lend (param i32 i32) (result i32)))
    (import "{STORE}" "turn" (func $turn (param i32 i32) (result i32)))
    (import "{STORE}" "many" (func $many (param i32 i32)))
    (memory (export "memory") 8)
    (global $next (mut i32) (i32.const 1024))
    (global $held (mut i32) (i32.const 0))
    (global $at (mut i32) (i32.const 0))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $next)
        (global.set $next (i32.add (global.get $next) (local.get 3))))
    {})"#,
        functions.concat()
    )
}

/// A function of the task that does something `$n` times, and returns how many counters are held.
fn task(name: &str, step: &str) -> String {
    format!(
        r#"(func (export "{TASK}#{name}") (param $n i32) (result i32)
            (local $left i32)
            (block $done (loop $more
                (br_if $done (i32.eqz (local.get $n)))
                {step}
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br $more)))
            (global.get $held))
        "#
    )
}

/// A module as a component.
pub fn component(module: &str, world: &str) -> Vec<u8> {
    plugweave::world::componentize(module.as_bytes(), Some(&WIT.into()), Some(world)).unwrap().into_owned()
}
