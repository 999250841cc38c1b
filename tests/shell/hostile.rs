//! Hosts that misbehave: panics, failures, calls from odd places, versions that meet.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak, mpsc};
use std::time::Duration;

use plugweave::wasmtime::Result;
use plugweave::wasmtime::component::HasSelf;
use plugweave::wasmtime::component::Linker;
use plugweave::{App, AppBuilder, CallErrorKind, HostState, PluginState, Val};

use crate::shell::ui::{clock, log};
use crate::{SHELL, build, builder, plugin};

const WIT: &str = "
    interface api { ask: func() -> u32; count: func() -> u32; boom: func(); }
    world asker { import shell:ui/log@1.1.0; export api; }
    world other { import shell:ui/log@1.1.0; export api; }";

const TABLES: &str = "exports.'t:t/api' = {}\nimports.'shell:ui/log' = 'exactly-one'\n";

/// `ask` gives what the host's `line` answers, and counts.
fn asker() -> String {
    crate::support::core_module(
        r#"(import "shell:ui/log@1.1.0" "line" (func $line (param i32 i32) (result i32)))
           (import "shell:ui/log@1.1.0" "fail" (func $fail (param i32 i32)))"#,
        1,
        r#"(func (export "t:t/api@1.0.0#ask") (result i32)
               (call $count) (call $line (i32.const 0) (i32.const 0)))
           (func (export "t:t/api@1.0.0#count") (result i32) (call $count) (global.get $calls))
           (func (export "t:t/api@1.0.0#boom") unreachable)"#,
    )
}

/// Offers `log`, whose `line` is this function.
fn with_line(builder: AppBuilder, line: impl Fn() -> Result<u32> + Send + Sync + 'static) -> AppBuilder {
    let line = Arc::new(line);
    let add = move |linker: &mut Linker<PluginState>, _: HostState<()>| {
        let line = line.clone();
        let mut log = linker.instance("shell:ui/log@1.1.0")?;
        log.func_wrap("fail", |_, (_,): (String,)| Ok(()))?;
        log.func_wrap("line", move |_, (_,): (String,)| Ok((line()?,)))
    };
    builder.host_interface("shell:ui/log", SHELL, add, |_| ()).unwrap()
}

fn app(line: impl Fn() -> Result<u32> + Send + Sync + 'static) -> App {
    let builder = with_line(builder(WIT), line);
    build(plugin(plugin(builder, "asker", TABLES, &asker()), "other", TABLES, &asker()))
}

/// The answer, unless it takes so long that nothing will ever come.
fn soon<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(work()));
    receive.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("it waits for ever"))
}

type Place = Arc<OnceLock<Weak<App>>>;

fn count(app: &App, plugin: &str) -> Option<Val> {
    app.call_plugin(plugin, "t:t/api#count", &[]).unwrap()
}

mod world {
    use plugweave::wasmtime;

    wasmtime::component::bindgen!({
        inline: "package t:t@1.0.0;
            interface api { ask: func() -> u32; count: func() -> u32; boom: func(); }
            world asker { export api; }",
        world: "asker",
        wasmtime_crate: plugweave::wasmtime,
    });
}

#[test]
fn bindings_that_fail_after_a_trap_cost_no_later_call() {
    let app = app(|| Ok(0));
    let bound = app.bindings("asker", |mut store, instance| {
        let exports = world::Asker::new(&mut store, instance)?;
        exports.t_t_api().call_boom(store)?;
        Ok(exports)
    });
    assert!(bound.is_err());
    assert_eq!(count(&app, "asker"), Some(Val::U32(1)));
}

#[test]
fn panics_leave_everything_usable() {
    let panics = Arc::new(AtomicBool::new(true));
    let on = panics.clone();
    let app = app(move || {
        assert!(!on.load(Ordering::Relaxed), "the shell is broken");
        Ok(7)
    });
    let ask = || app.call_plugin("asker", "t:t/api#ask", &[]);
    let error = ask().unwrap_err();
    assert_eq!((error.kind(), error.origin().unwrap().as_str()), (CallErrorKind::HostPanic, "asker"));
    assert!(error.cause().contains("the shell is broken"), "{error}");
    panics.store(false, Ordering::Relaxed);
    assert_eq!(ask().unwrap(), Some(Val::U32(7)));
    assert_eq!(count(&app, "asker"), Some(Val::U32(2)));
    let asker = app.bindings("asker", |store, instance| world::Asker::new(store, instance)).unwrap();
    let act = || asker.call(|_, _| -> Result<()> { panic!("act") });
    catch_unwind(AssertUnwindSafe(act)).unwrap_err();
    assert_eq!(asker.call(|exports, store| exports.t_t_api().call_count(store)).unwrap(), 1);
    let bind = || app.bindings("asker", |_, _| -> Result<()> { panic!("bind") }).map(drop);
    catch_unwind(AssertUnwindSafe(bind)).unwrap_err();
    assert_eq!(asker.call(|exports, store| exports.t_t_api().call_count(store)).unwrap(), 1);
}

#[test]
fn a_state_maker_that_panics_costs_one_call() {
    let panics = Arc::new(AtomicBool::new(false));
    let on = panics.clone();
    let add = |linker: &mut Linker<PluginState>, _: HostState<()>| {
        let mut log = linker.instance("shell:ui/log@1.1.0")?;
        log.func_wrap("fail", |_, (_,): (String,)| Ok(()))?;
        log.func_wrap("line", move |_, (_,): (String,)| Ok((1u32,)))
    };
    let state = move |_: &plugweave::plan::PlannedPlugin| assert!(!on.load(Ordering::Relaxed));
    let builder = builder(WIT).host_interface("shell:ui/log", SHELL, add, state).unwrap();
    let app = build(plugin(builder, "asker", TABLES, &asker()));
    panics.store(true, Ordering::Relaxed);
    app.call("t:t/api#boom", &[]).unwrap_err();
    let error = app.call("t:t/api#count", &[]).unwrap_err();
    assert!(error.to_string().contains("cannot be started") && error.to_string().contains("panicked"), "{error}");
    panics.store(false, Ordering::Relaxed);
    assert_eq!(count(&app, "asker"), Some(Val::U32(1)));
}

/// An app whose host function does something with the app.
fn calling(act: impl Fn(Arc<App>) -> Result<u32> + Send + Sync + 'static) -> Arc<App> {
    let place = Place::default();
    let found = place.clone();
    let app = Arc::new(app(move || act(found.get().and_then(Weak::upgrade).unwrap())));
    place.set(Arc::downgrade(&app)).unwrap();
    app
}

/// Two apps, within async runtimes: `first` calls the host, which calls `second`, whose host function
/// calls back into `first`.
#[test]
fn a_chain_through_another_app_is_seen_within_an_async_runtime() {
    let answer = soon(|| {
        let first_place = Place::default();
        let back = first_place.clone();
        let second = Arc::new(app(move || {
            let first = back.get().and_then(Weak::upgrade).unwrap();
            let error = first.call_plugin("asker", "t:t/api#count", &[]).unwrap_err();
            Ok(u32::from(error.kind() == CallErrorKind::Reentrant))
        }));
        let first = calling(move |_| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let answer = runtime.block_on(async { second.call_plugin("asker", "t:t/api#ask", &[]) })?;
            Ok(u32::from(answer == Some(Val::U32(1))))
        });
        first_place.set(Arc::downgrade(&first)).unwrap();
        first.call_plugin("asker", "t:t/api#ask", &[])
    });
    assert_eq!(answer.unwrap(), Some(Val::U32(1)));
}

/// A host function that waits for a thread that wants the plugin that waits for it: a ring that nobody sees.
#[test]
fn whoever_waits_for_a_plugin_that_is_stuck_in_the_host_gives_up() {
    let told = soon(|| {
        let place = Place::default();
        let (found, told) = (place.clone(), Arc::new(Mutex::new(None)));
        let noted = told.clone();
        let line = move || {
            let app = found.get().and_then(Weak::upgrade).unwrap();
            let call = move || app.call_plugin("asker", "t:t/api#count", &[]).unwrap_err();
            *noted.lock().unwrap() = Some(std::thread::spawn(call).join().unwrap());
            Ok(0)
        };
        let tables = format!("{TABLES}limits.timeout = '50ms'\n");
        let app = Arc::new(build(plugin(with_line(builder(WIT), line), "asker", &tables, &asker())));
        place.set(Arc::downgrade(&app)).unwrap();
        assert_eq!(app.call_plugin("asker", "t:t/api#ask", &[]).unwrap(), Some(Val::U32(0)));
        told.lock().unwrap().take()
    });
    let error = told.unwrap();
    assert_eq!((error.kind(), error.origin().unwrap().as_str()), (CallErrorKind::Timeout, "asker"));
    assert!(error.cause().contains("stuck in a function of the host"), "{error}");
}

struct Both;

impl log::Host for Both {
    fn line(&mut self, _: String) -> Result<u32> {
        Ok(1)
    }
    fn fail(&mut self, _: String) -> Result<()> {
        Ok(())
    }
}

impl clock::Host for Both {
    fn now(&mut self) -> Result<u64> {
        Ok(1)
    }
}

#[test]
fn a_shared_state_is_made_once_by_the_interface_that_was_offered_first() {
    let made: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let maker = |name: &'static str| {
        let made = made.clone();
        move |_: &plugweave::plan::PlannedPlugin| {
            made.lock().unwrap().push(name);
            Both
        }
    };
    // The world imports `clock` first.
    let wit = "world both { import shell:ui/clock@1.1.0; import shell:ui/log@1.1.0; export go: func() -> u64; }";
    let core = r#"(module
        (import "shell:ui/clock@1.1.0" "now" (func $now (result i64)))
        (import "shell:ui/log@1.1.0" "line" (func (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "go") (result i64) (call $now)))"#;
    let builder = builder(wit)
        .host_interface("shell:ui/log", SHELL, log::add_to_linker::<_, HasSelf<Both>>, maker("log"))
        .unwrap()
        .host_interface("shell:ui/clock", SHELL, clock::add_to_linker::<_, HasSelf<Both>>, maker("clock"))
        .unwrap();
    let tables = "exports.go = {}\nimports.'shell:ui/log' = 'exactly-one'\nimports.'shell:ui/clock' = 'exactly-one'";
    let app = build(plugin(builder, "both", tables, core));
    assert_eq!(app.call("go", &[]).unwrap(), Some(Val::U64(1)));
    assert_eq!(*made.lock().unwrap(), ["log"]);
}

#[test]
fn no_version_is_served_by_whom_the_plan_does_not_say() {
    struct Clock;
    impl clock::Host for Clock {
        fn now(&mut self) -> Result<u64> {
            Ok(1)
        }
    }
    // Tool chains merge compatible versions; components that are composed by hand may have both.
    let user = r#"(component
        (import "shell:ui/clock@1.0.0" (instance $old (export "now" (func (result u64)))))
        (import "shell:ui/clock@1.2.0" (instance $new (export "now" (func (result u64)))))
        (core func $old (canon lower (func $old "now")))
        (core func $new (canon lower (func $new "now")))
        (core module $m
            (import "" "old" (func $old (result i64)))
            (import "" "new" (func $new (result i64)))
            (func (export "old") (result i64) (call $old))
            (func (export "new") (result i64) (call $new)))
        (core instance $i (instantiate $m (with "" (instance
            (export "old" (func $old)) (export "new" (func $new))))))
        (func (export "old") (result u64) (canon lift (core func $i "old")))
        (func (export "new") (result u64) (canon lift (core func $i "new"))))"#;
    let watch = r#"(module (func (export "shell:ui/clock@1.2.0#now") (result i64) (i64.const 2)))"#;
    let builder = App::builder()
        .file("wit/t.wit", "package t:t; world watch { export shell:ui/clock@1.2.0; }")
        .file("wit/deps/ui/ui.wit", SHELL.replace("@1.1.0", "@1.2.0"))
        .file("app.toml", "bind.user = { 'shell:ui/clock@1.0.0' = ['host'] }")
        .host_interface("shell:ui/clock", SHELL, clock::add_to_linker::<_, HasSelf<Clock>>, |_| Clock)
        .unwrap();
    let manifest = "plugin.component = 'user.wat'\nexports.old = {}\nexports.new = {}
        [imports]\n'shell:ui/clock@1.0.0' = 'exactly-one'\n'shell:ui/clock@1.2.0' = 'exactly-one'";
    let builder = plugin(builder, "watch", "exports.'shell:ui/clock' = {}", watch);
    let error = builder.file("user.toml", manifest).file("user.wat", user).build().unwrap_err().to_string();
    assert!(
        error.contains("`shell:ui/clock@1.0.0` from the host") && error.contains("@1.2.0` from plugins"),
        "{error}"
    );
}

#[test]
fn a_label_is_at_the_interface_itself() {
    let wit = "package shell:ui@1.1.0;\n// interface log\ninterface logger { x: func(); }\ninterface log { line: func(text: string) -> u64; fail: func(why: string); }";
    let host = builder(WIT).host_interface("shell:ui/log", wit, |_, _| Ok(()), |_| ()).unwrap();
    let checked = plugin(host, "asker", TABLES, &asker()).check().unwrap();
    let text =
        plugweave::diagnostic::render(&checked.diagnostics[0], &checked.sources, plugweave::diagnostic::Style::Plain);
    assert!(text.contains("WIT of shell:ui/log@1.1.0:4:"), "{text}");
}

#[test]
fn a_deadline_holds_for_all_calls_of_bindings_and_for_what_host_functions_call() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let place = Place::default();
    let found = place.clone();
    let builder = with_line(builder(WIT), move || {
        if CALLS.fetch_add(1, Ordering::Relaxed) == 0 {
            let app = found.get().and_then(Weak::upgrade).unwrap();
            let calls = || app.call_plugin("other", "t:t/api#count", &[]);
            // On a loaded machine the clock of the app is late.
            let mut tried = (0..100).map(|_| {
                std::thread::sleep(Duration::from_millis(100));
                calls()
            });
            let error = tried.find_map(Result::err).unwrap();
            assert_eq!(error.kind(), CallErrorKind::Timeout);
        }
        Ok(0)
    });
    let builder = plugin(builder, "asker", &format!("{TABLES}limits.timeout = '200ms'\n"), &asker());
    let app = Arc::new(build(plugin(builder, "other", TABLES, &asker())));
    place.set(Arc::downgrade(&app)).unwrap();
    let asker = app.bindings("asker", |store, instance| world::Asker::new(store, instance)).unwrap();
    let error = asker.call(|exports, mut store| {
        loop {
            exports.t_t_api().call_ask(&mut store)?;
        }
        #[expect(unreachable_code, reason = "it says the type")]
        Ok(())
    });
    assert_eq!(error.unwrap_err().kind(), CallErrorKind::Timeout);
}

#[test]
fn calls_and_bindings_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<plugweave::TypedCall<(&str, Vec<u8>), (Result<String>,)>>();
    shared::<plugweave::Bindings<world::Asker>>();
    shared::<AppBuilder>();
}

/// A program that prints half a line to stderr and a whole one to stdout, and then maybe traps.
fn prints(end: &str) -> AppBuilder {
    let core = r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\04\00\00\00\14\00\00\00\05\00\00\00halfline\0a")
        (func (export "_start")
            (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 32)))
            (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 32)))
            END))"#;
    let manifest = "plugin.component = 'p.wat'\nexports.'wasi:cli/run' = {}\n";
    App::builder().file("p.toml", manifest).file("p.wat", core.replace("END", end))
}

#[test]
fn whoever_takes_lines_and_panics_does_not_end_the_process() {
    // The half line is handed over when the plugin ends: here because of the panic of the whole one.
    let app = build(prints("").on_line(|_, _, line| panic!("no room for {line}")));
    assert_eq!(app.run().unwrap_err().kind(), CallErrorKind::HostPanic);
    drop(app);
    // Two half lines, when the plugin ends because it traps.
    let halves = "(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32))) unreachable";
    let app = build(prints(halves).on_line(|_, _, line| assert_eq!(line, "line")));
    assert_eq!(app.run().unwrap_err().kind(), CallErrorKind::Trap);
    // Or because the app ends: then the others have to end too.
    let ended = Arc::new(AtomicU32::new(0));
    let count = ended.clone();
    let both = prints("").file("q.toml", "plugin.component = 'p.wat'\nexports.'wasi:cli/run' = {}\n");
    let app = build(both.on_line(move |_, _, line| {
        count.fetch_add(u32::from(line == "half"), Ordering::Relaxed);
        assert_eq!(line, "line");
    }));
    for plugin in ["p", "q"] {
        app.call_plugin(plugin, "wasi:cli/run#run", &[]).unwrap();
    }
    drop(app);
    assert_eq!(ended.load(Ordering::Relaxed), 2);
}

#[test]
fn names_of_functions_are_bounded_and_fit_to_be_shown() {
    let name = r"\1b[2J\0a\c2\9b1m\e2\80\ae";
    let core = format!(
        r#"(component (core module $m (@name "{name}{}")
               (func $inner (@name "{name}") unreachable)
               (func $long (@name "{}") (call $inner))
               (func (export "go") (call $long)))
           (core instance $i (instantiate $m))
           (func (export "go") (canon lift (core func $i "go"))))"#,
        "m".repeat(50_000),
        "x".repeat(50_000)
    );
    let app = App::builder().file("p.toml", "plugin.component = 'p.wat'\nexports.go = {}").file("p.wat", core);
    let error = build(app).call("go", &[]).unwrap_err();
    let frames = error.backtrace();
    let shown = r"\u{1b}[2J\n\u{9b}1m\u{202e}";
    let first =
        (frames[0].starts_with(&format!("{shown}mmm")), frames[0].ends_with(&format!("mmm… (50012 bytes)!{shown}")));
    assert_eq!(first, (true, true), "{}", frames[0]);
    assert!(frames[1].ends_with("xxx… (50000 bytes)") && frames[1].chars().count() < 2000, "{}", frames[1].len());
}
