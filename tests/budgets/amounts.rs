//! `fuel`, `memory`, `tables`, `handles` and `hostcall-bytes`. Cases show those that are about the start.

use plugweave::{App, CallError, CallErrorKind, Val};

use crate::support::{Folder, core_module};
use crate::{blamed, number};

/// An app of one plugin.
fn one(world: &str, limits: &str, exports: &str, core: &str) -> App {
    let tables = format!("[limits]\n{limits}\n[exports]\n{exports}\n");
    Folder::new(&format!("world one {{ {world} }}")).plugin("one", &tables, core).start()
}

/// What a call that traps tells.
fn trapped(result: Result<impl std::fmt::Debug, CallError>, plugin: &str, told: &str) {
    let error = result.unwrap_err();
    assert_eq!(blamed(&error), (CallErrorKind::Trap, plugin), "{error}");
    assert!(error.cause().contains(told), "{error}");
}

#[test]
fn fuel_is_for_each_entry_of_each_plugin() {
    // `turn` takes a few instructions for each turn, `order` asks for it so many times.
    let work = core_module(
        "",
        1,
        r#"(func (export "turn") (param $times i32) (result i32)
            (loop $again
                (local.set $times (i32.sub (local.get $times) (i32.const 1)))
                (br_if $again (i32.gt_s (local.get $times) (i32.const 0))))
            (call $count) (global.get $calls))"#,
    );
    let boss = core_module(
        r#"(import "$root" "turn" (func $turn (param i32) (result i32)))"#,
        1,
        r#"(func (export "order") (param $times i32) (result i32)
            (local $last i32)
            (loop $again
                (local.set $last (call $turn (i32.const 1000)))
                (local.set $times (i32.sub (local.get $times) (i32.const 1)))
                (br_if $again (i32.gt_s (local.get $times) (i32.const 0))))
            (local.get $last))"#,
    );
    let wit = "world work { export turn: func(times: u32) -> u32; }
        world boss { import turn: func(times: u32) -> u32; export order: func(times: u32) -> u32; }";
    let app = Folder::new(wit)
        .plugin("work", "[limits]\nfuel = 10_000\n[exports]\nturn = {}\n", &work)
        .plugin("boss", "[limits]\nfuel = 10_000\n[exports]\norder = {}\n[imports]\nturn = 'exactly-one'\n", &boss)
        .start();
    // Ten times the fuel of either, spent by both together.
    assert_eq!(number(&app, "order", 100).unwrap(), 100);
    for call in 101..=120 {
        assert_eq!(number(&app, "turn", 1000).unwrap(), call);
    }
    let typed = app.typed::<(u32,), (u32,)>("turn").unwrap();
    assert_eq!(typed.call((1000,)).unwrap(), (121,));
    assert_eq!(blamed(&typed.call((100_000,)).unwrap_err()), (CallErrorKind::Fuel, "work"));
    // Started anew, it has all of it.
    assert_eq!(number(&app, "turn", 1000).unwrap(), 1);
    assert_eq!(blamed(&number(&app, "order", 10_000).unwrap_err()), (CallErrorKind::Fuel, "boss"));
    // Whom it had asked until then is as it was.
    assert!(number(&app, "order", 100).unwrap() > 101);
}

#[test]
fn a_refused_growth_is_an_answer() {
    let core = r#"(module
        (memory (export "memory") 1)
        (table $table 10 funcref)
        (global $calls (mut i32) (i32.const 0))
        (func (export "grow") (param i32) (result i32)
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (memory.grow (local.get 0)))
        (func (export "grow-table") (param i32) (result i32)
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (table.grow $table (ref.null func) (local.get 0)))
        (func (export "calls") (result i32) (global.get $calls)))"#;
    let world = "export grow: func(pages: u32) -> u32; export grow-table: func(elements: u32) -> u32;
        export calls: func() -> u32;";
    let app = one(world, "memory = '1 MiB'", "grow = {}\ngrow-table = {}\ncalls = {}", core);
    let refused = u32::MAX;
    for _ in 0..100 {
        assert_eq!(number(&app, "grow", 16).unwrap(), refused);
        assert_eq!(number(&app, "grow", 65_536).unwrap(), refused);
        assert_eq!(number(&app, "grow-table", 1 << 20).unwrap(), refused);
    }
    // What was refused counts for nothing.
    assert_eq!(number(&app, "grow", 15).unwrap(), 1);
    assert_eq!(number(&app, "grow", 1).unwrap(), refused);
    assert_eq!(number(&app, "grow-table", (1 << 20) - 10).unwrap(), 10);
    assert_eq!(number(&app, "grow-table", 1).unwrap(), refused);
    // It has never been started anew.
    assert_eq!(app.call("calls", &[]).unwrap(), Some(Val::U32(304)));
}

const THINGS: &str = "
interface things { resource thing { constructor(); } hoard: func(count: u32) -> u32; }
world owner { export things; }
world user { import things; export keep: func(count: u32) -> u32; export pass: func(count: u32) -> u32; }";

/// An app whose owner makes handles and keeps them, and whose user keeps those of the owner, or drops each.
fn things(owner_has: &str, user_has: &str) -> App {
    let owner = core_module(
        r#"(import "[export]t:t/things@1.0.0" "[resource-new]thing" (func $new (param i32) (result i32)))"#,
        1,
        r#"(func (export "t:t/things@1.0.0#[constructor]thing") (result i32) (call $new (i32.const 7)))
           (func (export "t:t/things@1.0.0#hoard") (param $count i32) (result i32)
               (loop $again
                   (drop (call $new (i32.const 8)))
                   (call $count)
                   (local.set $count (i32.sub (local.get $count) (i32.const 1)))
                   (br_if $again (local.get $count)))
               (global.get $calls))"#,
    );
    let user = core_module(
        r#"(import "t:t/things@1.0.0" "[constructor]thing" (func $make (result i32)))
           (import "t:t/things@1.0.0" "[resource-drop]thing" (func $drop (param i32)))"#,
        1,
        r#"(func (export "keep") (param $count i32) (result i32)
               (loop $again
                   (drop (call $make))
                   (call $count)
                   (local.set $count (i32.sub (local.get $count) (i32.const 1)))
                   (br_if $again (local.get $count)))
               (global.get $calls))
           (func (export "pass") (param $count i32) (result i32)
               (loop $again
                   (call $drop (call $make))
                   (local.set $count (i32.sub (local.get $count) (i32.const 1)))
                   (br_if $again (local.get $count)))
               (global.get $calls))"#,
    );
    let exports = "[exports]\nkeep = {}\npass = {}\n[imports]\n't:t/things' = 'exactly-one'\n";
    Folder::new(THINGS)
        .plugin("owner", &format!("[limits]\n{owner_has}\n[exports]\n't:t/things' = {{}}\n"), &owner)
        .plugin("user", &format!("[limits]\n{user_has}\n{exports}"), &user)
        .start()
}

#[test]
fn handles_are_limited_where_they_are_made() {
    let app = things("handles = 10", "");
    assert_eq!(number(&app, "t:t/things#hoard", 10).unwrap(), 10);
    trapped(number(&app, "t:t/things#hoard", 1), "owner", "its limit is 10 (`handles`)");
    assert_eq!(number(&app, "t:t/things#hoard", 10).unwrap(), 10);
}

#[test]
fn handles_are_limited_where_they_are_kept() {
    let app = things("", "handles = 10");
    // Those that are dropped do not count.
    assert_eq!(number(&app, "pass", 1000).unwrap(), 0);
    assert_eq!(number(&app, "keep", 10).unwrap(), 10);
    assert_eq!(app.live_handles(), 10);
    trapped(number(&app, "keep", 1), "user", "its limit is 10 (`handles`)");
    // What it held is free again, and the owner is as it was.
    assert_eq!(number(&app, "keep", 10).unwrap(), 10);
    assert_eq!(app.live_handles(), 10);
}

#[test]
fn handles_of_the_host_are_the_owners() {
    let app = things("handles = 10", "");
    let make = || app.call("t:t/things#[constructor]thing", &[]);
    let mut kept = Vec::new();
    let error = loop {
        match make() {
            Ok(handle) => kept.push(handle),
            Err(error) => break error,
        }
        assert!(kept.len() <= 10, "there is no limit");
    };
    // The host is refused, and the owner keeps its state: nothing of it is gone.
    assert_eq!(blamed(&error), (CallErrorKind::Handles, "owner"), "{error}");
    assert!(error.to_string().contains("the host has 10") && error.to_string().contains("its limit is 10"), "{error}");
    drop(kept);
    make().unwrap();
}

#[test]
fn bytes_are_counted_for_each_call() {
    let core = core_module(
        "",
        1,
        r#"(func (export "text") (param $bytes i32) (result i32)
            (call $count)
            (i32.store (i32.const 0) (i32.const 1024))
            (i32.store (i32.const 4) (local.get $bytes))
            (i32.const 0))
        (func (export "length") (param i32 i32) (result i32) (call $count) (local.get 1))
        (func (export "calls") (result i32) (global.get $calls))"#,
    );
    let world = "export text: func(bytes: u32) -> string; export length: func(text: string) -> u32;
        export calls: func() -> u32;";
    let app = one(world, "hostcall-bytes = '4 KiB'", "text = {}\nlength = {}\ncalls = {}", &core);
    let typed = app.typed::<(u32,), (String,)>("text").unwrap();
    let given = app.typed::<(&str,), (u32,)>("length").unwrap();
    for _ in 0..10 {
        assert_eq!(app.call("text", &[Val::U32(3000)]).unwrap(), Some(Val::String("\0".repeat(3000))));
        assert_eq!(typed.call((3000,)).unwrap().0.len(), 3000);
        assert_eq!(given.call((&"x".repeat(3000),)).unwrap(), (3000,));
    }
    // What it is given is refused without entering it, what it answers is its own fault.
    let text = "x".repeat(5000);
    let error = app.call("length", &[Val::String(text.clone())]).unwrap_err();
    assert_eq!(blamed(&error), (CallErrorKind::BadArguments, "one"), "{error}");
    assert_eq!(app.call("calls", &[]).unwrap(), Some(Val::U32(30)));
    // Of Rust types nobody knows how much they are until they have been passed.
    assert_eq!(given.call((&text,)).unwrap(), (5000,));
    trapped(typed.call((5000,)), "one", "its limit of 4096 bytes (`hostcall-bytes`)");
    trapped(app.call("text", &[Val::U32(5000)]), "one", "its limit of 4096 bytes (`hostcall-bytes`)");
    assert_eq!(app.call("calls", &[]).unwrap(), Some(Val::U32(0)));
}

/// A limit of so many bytes holds what is just as large, and not a byte more: in the arguments of the host, in those
/// of a plugin, at the plugin that passes them and at the one that gets them, and in results.
#[test]
fn bytes_are_those_of_the_canonical_abi_in_every_direction() {
    // A list of so many elements is its pointer and length, and their bytes.
    let strings = |count: u32| 8 + count * (8 + 3);
    for (ty, bytes) in [
        ("list<u8>", &(|count: u32| 8 + count) as &dyn Fn(u32) -> u32),
        ("list<f64>", &|count: u32| 8 + 8 * count),
        ("list<tuple<u8, u32>>", &|count: u32| 8 + 8 * count),
        ("list<option<u16>>", &|count: u32| 8 + 4 * count),
        ("list<result<_, u64>>", &|count: u32| 8 + 16 * count),
        ("list<it>", &|count: u32| 8 + 2 * count),
        ("list<string>", &strings),
        ("map<string, u64>", &|count: u32| 8 + count * (16 + 3)),
        ("string", &|count: u32| 8 + count),
    ] {
        let most = bytes(30);
        let passes = |limited: &str| Passing::new(ty, most, limited);
        for limited in ["giver", "taker"] {
            let app = passes(limited);
            app.pass(30).unwrap();
            let error = app.pass(31).unwrap_err();
            let kind = if limited == "giver" { CallErrorKind::Trap } else { CallErrorKind::BadArguments };
            assert_eq!(blamed(&error), (kind, limited), "{ty}: {error}");
        }
        let app = passes("taker");
        let answer = app.answer(30).unwrap();
        app.give(&answer).unwrap();
        let error = app.answer(31).unwrap_err();
        assert_eq!(blamed(&error), (CallErrorKind::Trap, "taker"), "{ty}: {error}");
        assert!(error.to_string().contains(&format!("its limit of {most} bytes (`hostcall-bytes`)")), "{ty}: {error}");
        let more = passes("giver").answer(31).unwrap();
        let error = app.give(&more).unwrap_err();
        assert_eq!(blamed(&error), (CallErrorKind::BadArguments, "taker"), "{ty}: {error}");
        let found = format!("the arguments are {} bytes", bytes(31));
        assert!(error.to_string().contains(&found), "{ty}: {error}");
    }
}

/// Two plugins: the giver passes lists to the taker, which returns some too.
struct Passing(App);

impl Passing {
    fn new(ty: &str, most: u32, limited: &str) -> Self {
        let flags: Vec<String> = (0..16).map(|flag| format!("f{flag}")).collect();
        let wit = format!(
            "interface i {{
                flags it {{ {} }}
                put: func(x: {ty}); get: func(count: u32) -> {ty};
            }}
            world giver {{ import i; export pass: func(count: u32); }}
            world taker {{ export i; }}",
            flags.join(", ")
        );
        // Elements of the strings \1\1\1 fill the memory; for any other type they are numbers and cases.
        let text = ty.contains("string") && ty != "string";
        let (size, byte) = if ty.starts_with("map") { (16, 1) } else { (8, 1) };
        let fill = if text {
            format!(
                "(local $at i32) (local.set $at (i32.const 1024))
                (loop $next (i32.store (local.get $at) (i32.const 512)) (i32.store offset=4 (local.get $at) (i32.const 3))
                (local.set $at (i32.add (local.get $at) (i32.const {size})))
                (br_if $next (i32.lt_u (local.get $at) (i32.const 4096))))"
            )
        } else {
            format!("(memory.fill (i32.const 1024) (i32.const {byte}) (i32.const 4096))")
        };
        let fill = format!("(func $fill {fill}) (start $fill)");
        let giver = core_module(
            r#"(import "t:t/i@1.0.0" "put" (func $put (param i32 i32)))"#,
            1,
            &format!(r#"{fill} (func (export "pass") (param i32) (call $put (i32.const 1024) (local.get 0)))"#),
        );
        let taker = core_module(
            "",
            1,
            &format!(
                r#"{fill} (func (export "t:t/i@1.0.0#put") (param i32 i32))
                (func (export "t:t/i@1.0.0#get") (param i32) (result i32)
                    (i32.store (i32.const 0) (i32.const 1024))
                    (i32.store (i32.const 4) (local.get 0))
                    (i32.const 0))"#
            ),
        );
        let limits =
            |id: &str| if id == limited { format!("[limits]\nhostcall-bytes = '{most} B'") } else { String::new() };
        let tables = format!("[exports]\npass = {{}}\n[imports]\n't:t/i@1.0.0' = 'exactly-one'\n{}", limits("giver"));
        let folder = Folder::new(&wit).plugin("giver", &tables, &giver);
        let tables = format!("[exports]\n't:t/i@1.0.0' = {{}}\n{}", limits("taker"));
        Self(folder.plugin("taker", &tables, &taker).start())
    }

    fn pass(&self, count: u32) -> Result<Option<Val>, CallError> {
        self.0.call("pass", &[Val::U32(count)])
    }

    fn answer(&self, count: u32) -> Result<Val, CallError> {
        Ok(self.0.call("t:t/i#get", &[Val::U32(count)])?.unwrap())
    }

    fn give(&self, value: &Val) -> Result<Option<Val>, CallError> {
        self.0.call("t:t/i#put", std::slice::from_ref(value))
    }
}
