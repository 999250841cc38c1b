//! What the host does for a plugin that has used up its stack, on a thread that had just enough to enter
//! it: that must go well, or end in an error.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use plugweave::manifest::{ImportTerms, ManifestBuilder};
use plugweave::model::{Access, Cardinality};
use plugweave::wasmtime::component::Linker;
use plugweave::{App, AppHandle, CallError, CallErrorKind, PluginState, Val};

use crate::guests::{build, builder, burn, go, id, module};
use crate::process::alone;
use crate::stack::{NEEDED, on_thread, with_left};

/// More than any plugin here needs, in KiB.
const ROOMY: usize = 4096;

const ONE: Cardinality = Cardinality::ExactlyOne;

/// A plugin `p00` that may fail as often as it likes.
fn burner(wit: &str) -> ManifestBuilder {
    let manifest = ManifestBuilder::new(id(0)).wit(wit).world("burner").export("t:t/step@1.0.0");
    manifest.restart(100_000, Duration::from_secs(1))
}

/// The package of a burner, with what else is in it.
fn wit(imports: &str, rest: &str) -> String {
    format!(
        "package t:t@1.0.0;
        interface step {{ go: func(frames: u32) -> u32; }}
        {rest}
        world burner {{ {imports} export step; }}"
    )
}

/// A burner that prepares something when it is to burn nothing.
fn core(imports: &str, prepare: &str, then: &str) -> String {
    let go = format!(
        r#"(func (export "t:t/step@1.0.0#go") (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then {prepare} (return (i32.const 0))))
            (call $burn (local.get 0)))"#
    );
    module(imports, &(burn("", "", then) + &go))
}

/// Whether the plugin itself had no stack left.
fn is_exhausted(outcome: &Result<u32, CallError>) -> bool {
    outcome.as_ref().is_err_and(|error| error.cause().contains("call stack exhausted"))
}

/// Lets the plugin prepare itself, and then burn so many frames on what is left of a thread, in KiB.
fn go_on(left: usize, app: &App, frames: u32) -> Result<u32, CallError> {
    on_thread(ROOMY, || {
        go(app, 0)?;
        with_left(left, || go(app, frames))
    })
}

/// Goes where a little less stack would be too little to enter the plugin.
fn go_tight(app: &App, frames: u32) -> Result<u32, CallError> {
    let refused = |outcome: &Result<u32, CallError>| {
        outcome.as_ref().is_err_and(|error| error.kind() == CallErrorKind::Stack && error.chain().len() == 1)
    };
    let mut outcomes = (NEEDED..NEEDED + 64).step_by(2).map(|left| go_on(left, app, frames));
    outcomes.find(|outcome| !refused(outcome)).unwrap()
}

/// What comes of it when the plugin has burnt as much as it can and still do what it does then.
fn deepest(app: &App) -> Result<u32, CallError> {
    let (mut good, mut bad) = (0, 4096);
    while bad - good > 1 {
        let middle = u32::midpoint(good, bad);
        match is_exhausted(&go_tight(app, middle)) {
            false => good = middle,
            true => bad = middle,
        }
    }
    assert!((900..1000).contains(&good), "{good}");
    // All the ways in which it can come close, and fail.
    for near in good - 20..good + 5 {
        assert_eq!(is_exhausted(&go_tight(app, near)), near > good);
    }
    go_tight(app, good)
}

#[test]
fn the_clock_of_wasi_is_served() {
    alone(|| {
        let wit = wit("import wasi:clocks/monotonic-clock@0.2.0;", "");
        let clocks = "package wasi:clocks@0.2.0; interface monotonic-clock { now: func() -> u64; }";
        let import = r#"(import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))"#;
        let then = "(i64.gt_u (call $now) (i64.const 0))";
        let app = App::builder().file("w/t.wit", wit).file("w/deps/clocks/c.wit", clocks);
        let app = build(app.plugin(&burner("w"), core(import, "", then)));
        assert_eq!(deepest(&app).unwrap(), 1);
    });
}

/// Preview 1, whose adapter has functions on the plugin's stack itself.
#[test]
fn what_preview_1_asks_for_is_served() {
    alone(|| {
        // What the plugin prints is logged, which needs stack too.
        #[cfg(feature = "cli")]
        tracing_subscriber::fmt().with_writer(std::io::sink).init();
        let imports = r#"
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_open"
                (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))"#;
        // A text of 3 bytes at 0; a wait of a nanosecond for the monotonic clock; a file that is not there.
        let prepare = "(i32.store (i32.const 0) (i32.const 0x0a6968)) (i32.store (i32.const 8) (i32.const 0))
            (i32.store (i32.const 12) (i32.const 3))
            (i32.store (i32.const 48) (i32.const 1)) (i64.store (i32.const 56) (i64.const 1))";
        let calls = [
            "(call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16))",
            "(call $random (i32.const 256) (i32.const 64))",
            "(call $poll (i32.const 32) (i32.const 128) (i32.const 1) (i32.const 16))",
            "(i32.ne (i32.const 44) (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 2)
                (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 20)))",
        ];
        for call in calls {
            let builder = App::builder().file("t.wit", wit("", ""));
            let dir = env!("CARGO_MANIFEST_DIR");
            let burner = burner("t.wit").dir(dir, "/", Access::Read);
            let app = build(builder.plugin(&burner, core(imports, &format!("{prepare} (drop {call})"), call)));
            assert_eq!(deepest(&app).unwrap(), 0, "{call}");
        }
    });
}

/// A type that is nested so often.
fn nested(levels: usize, open: &str, leaf: &str) -> String {
    format!("{}{leaf}{}", open.repeat(levels), ">".repeat(levels))
}

/// An app whose burner gives a value to another plugin, and where this is what the interface declares.
fn giver(declared: &str, lowered: &str, prepare: &str, arguments: &str) -> App {
    let types = format!(
        "interface store {{ resource counter {{ constructor(n: u32); }} }}
        interface sink {{ use store.{{counter}}; take: func(value: {declared}) -> u32; }}
        interface sinks {{ use store.{{counter}}; take: func(value: {declared}) -> result<u32, string>; }}
        world owner {{ export store; }}
        world taker {{ import store; export sink; }}"
    );
    let imports = format!(
        r#"(import "t:t/sinks@1.0.0" "take" (func $take (param {lowered} i32)))
        (import "t:t/store@1.0.0" "[constructor]counter" (func $make (param i32) (result i32)))"#
    );
    let then = format!("(block (result i32) (call $take {arguments} (i32.const 512)) (i32.load8_u (i32.const 512)))");
    let own = r#"(import "[export]t:t/store@1.0.0" "[resource-new]counter" (func $new (param i32) (result i32)))"#;
    let make = r#"(func (export "t:t/store@1.0.0#[constructor]counter") (param i32) (result i32)
        (call $new (local.get 0)))"#;
    let take = format!(r#"(func (export "t:t/sink@1.0.0#take") (param {lowered}) (result i32) (i32.const 7))"#);
    let burner = burner("t.wit")
        .import("t:t/store@1.0.0", ONE)
        .import("t:t/sinks@1.0.0", ImportTerms::new(ONE).from("t:t/sink@1.0.0"));
    let manifest = |id: &str| ManifestBuilder::new(id).wit("t.wit").world(id);
    let builder = App::builder().file("t.wit", wit("import store; import sinks;", &types));
    let builder = builder.plugin(&burner, core(&imports, prepare, &then));
    let builder = builder.plugin(&manifest("owner").export("t:t/store@1.0.0"), module(own, make));
    let taker = manifest("taker").export("t:t/sink@1.0.0").import("t:t/store@1.0.0", ONE);
    build(builder.plugin(&taker, module("", &take)))
}

/// Lists whose only element each is a list like themselves, for ever: pointer and length at 8. At the
/// bottom the same bytes are the number 8, or the handle 8, which is why there must be one.
const SELF_MADE: &str = "(i32.store (i32.const 8) (i32.const 8)) (i32.store (i32.const 12) (i32.const 1))";

#[test]
fn values_for_other_plugins_are_read_though_they_are_deep() {
    alone(|| {
        let ones = "(memory.fill (i32.const 1024) (i32.const 1) (i32.const 1024))";
        // Its only entry has it as its value.
        let map = "(i32.store (i32.const 1032) (i32.const 1024)) (i32.store (i32.const 1036) (i32.const 1))";
        let (pair, flat, large) = ("i32 i32", "i32", "(i32.const 1024)");
        let values = [
            (nested(96, "list<", "u32"), pair, SELF_MADE, "(i32.const 8) (i32.const 1)"),
            (nested(96, "tuple<", "u32"), flat, "", "(i32.const 7)"),
            (nested(96, "option<", "u32"), flat, ones, large),
            (nested(96, "result<", "u32"), flat, "", large),
            (nested(96, "map<string, ", "u32"), pair, map, "(i32.const 1024) (i32.const 1)"),
            (
                "list<tuple<u32, string, list<u32>, option<u64>>>".to_owned(),
                pair,
                "",
                "(i32.const 32768) (i32.const 500)",
            ),
        ];
        for (declared, lowered, prepare, arguments) in values {
            let app = giver(&declared, lowered, prepare, arguments);
            // There is no room for the other one: a failure, as a value.
            assert_eq!(deepest(&app).unwrap(), 1, "{declared}");
            assert_eq!(go_on(ROOMY, &app, 900).unwrap(), 0, "{declared}");
        }
    });
}

#[test]
fn handles_for_other_plugins_are_found_though_they_are_deep() {
    alone(|| {
        let eight = format!("{SELF_MADE} {}", "(drop (call $make (i32.const 5)))".repeat(8));
        for handle in ["counter", "borrow<counter>"] {
            let app = giver(&nested(95, "list<", handle), "i32 i32", &eight, "(i32.const 8) (i32.const 1)");
            assert_eq!(deepest(&app).unwrap(), 1);
        }
    });
}

#[test]
fn a_destructor_waits_until_there_is_stack_for_it() {
    alone(|| {
        let store = "interface store { resource counter { constructor(n: u32); } live: func() -> u32; }
            world owner { export store; }";
        let imports = r#"(import "t:t/store@1.0.0" "[constructor]counter" (func $make (param i32) (result i32)))
            (import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))
            (global $it (mut i32) (i32.const 0))"#;
        let prepare = "(if (i32.eqz (global.get $it)) (then (global.set $it (call $make (i32.const 7)))))";
        let then = "(block (result i32) (call $drop (global.get $it)) (global.set $it (i32.const 0)) (i32.const 3))";
        let builder = App::builder().file("t.wit", wit("import store;", store));
        let builder = builder.plugin(&burner("t.wit").import("t:t/store@1.0.0", ONE), core(imports, prepare, then));
        let owner = ManifestBuilder::new("owner").wit("t.wit").world("owner").export("t:t/store@1.0.0");
        let app = build(builder.plugin(&owner, crate::guests::owner()));
        assert_eq!(deepest(&app).unwrap(), 3);
        assert_eq!(app.live_handles(), 0);
        assert_eq!(app.call("t:t/store#live", &[]).unwrap(), Some(Val::U32(0)));
    });
}

/// A host interface whose function does what is given.
fn with_host(handle: &AppHandle, act: impl Fn() -> u32 + Send + Sync + 'static) -> App {
    let host = "package t:host; interface probe { look: func() -> u32; }";
    let act = Arc::new(act);
    let add = move |linker: &mut Linker<PluginState>, _: fn(&mut PluginState) -> &mut ()| {
        let act = act.clone();
        linker.instance("t:host/probe")?.func_wrap("look", move |_, (): ()| Ok((act(),)))
    };
    let import = r#"(import "t:host/probe" "look" (func $look (result i32)))"#;
    let builder = builder().file("w/t.wit", wit("import t:host/probe;", "")).file("w/deps/host/h.wit", host);
    let builder = builder.handle(handle).host_interface("t:host/probe", host, add, |_| ()).unwrap();
    let builder =
        builder.plugin(&crate::guests::manifest("other", "last").export("t:t/step@1.0.0"), crate::guests::last());
    build(builder.plugin(&burner("w").import("t:host/probe", ONE), core(import, "", "(call $look)")))
}

#[test]
fn a_host_function_has_what_is_left_for_the_host() {
    alone(|| {
        let least = Arc::new(AtomicU32::new(u32::MAX));
        let seen = least.clone();
        let app = with_host(&AppHandle::default(), move || {
            let left = u32::try_from(stacker::remaining_stack().unwrap()).unwrap();
            seen.fetch_min(left, Ordering::Relaxed);
            7
        });
        assert_eq!(deepest(&app).unwrap(), 7);
        let (left, reserve) = (least.load(Ordering::Relaxed) >> 10, (NEEDED - 512) as u32);
        eprintln!("measured: {left} KiB of {reserve} KiB are left");
        assert!(left >= reserve - 16, "{left}");
    });
}

#[test]
fn a_host_function_that_calls_a_plugin_is_told_that_there_is_no_stack() {
    alone(|| {
        let handle = AppHandle::default();
        let app = with_host(&handle.clone(), move || {
            let app = handle.app().unwrap();
            match app.call_plugin("other", "t:t/step#go", &[Val::U32(0)]) {
                Ok(_) => 0,
                Err(error) => u32::from(error.kind() == CallErrorKind::Stack),
            }
        });
        assert_eq!(deepest(&app).unwrap(), 1);
        assert_eq!(go_on(ROOMY, &app, 100).unwrap(), 0);
    });
}
