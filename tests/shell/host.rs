//! Host interfaces: bindings of `bindgen!` with a state for each plugin.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use plugweave::wasmtime::component::{HasSelf, Resource, ResourceTable};
use plugweave::wasmtime::{self, Result};
use plugweave::{App, AppBuilder, AppHandle, CallErrorKind, OpenError, Val};

use crate::shell::ui::{boxes, clock, log};
use crate::{SHELL, build, builder, plugin};

/// Lines by the plugin that logged them.
type Lines = Arc<Mutex<Vec<(String, String)>>>;

/// The state of `log`: one for each plugin.
struct Log {
    plugin: String,
    count: u32,
    lines: Lines,
}

impl log::Host for Log {
    fn line(&mut self, text: String) -> Result<u32> {
        self.count += 1;
        self.lines.lock().unwrap().push((self.plugin.clone(), text));
        Ok(self.count)
    }

    fn fail(&mut self, why: String) -> Result<()> {
        Err(wasmtime::format_err!("the shell does not like {why}"))
    }
}

/// Offers `log`.
fn with_log(builder: AppBuilder, lines: &Lines) -> AppBuilder {
    let lines = lines.clone();
    let state = move |plugin: &plugweave::plan::PlannedPlugin| Log {
        plugin: plugin.id.to_string(),
        count: 0,
        lines: lines.clone(),
    };
    builder.host_interface("shell:ui/log@1.1.0", SHELL, log::add_to_linker::<_, HasSelf<Log>>, state).unwrap()
}

const LOGGERS: &str = "
    interface api { greet: func() -> u32; complain: func(); }
    world one { import shell:ui/log@1.1.0; export api; }
    world two { import shell:ui/log@1.1.0; export api; }";

const LOGGER_TABLES: &str = "exports.'t:t/api' = {}\nimports.'shell:ui/log' = 'exactly-one'\n";

/// Logs `hello` when it greets, and lets the host fail when it complains.
fn logger() -> String {
    crate::support::core_module(
        r#"(import "shell:ui/log@1.1.0" "line" (func $line (param i32 i32) (result i32)))
           (import "shell:ui/log@1.1.0" "fail" (func $fail (param i32 i32)))"#,
        1,
        r#"(data (i32.const 8) "hello")
           (func (export "t:t/api@1.0.0#greet") (result i32) (call $line (i32.const 8) (i32.const 5)))
           (func (export "t:t/api@1.0.0#complain") (call $fail (i32.const 8) (i32.const 5)))"#,
    )
}

fn loggers(lines: &Lines) -> App {
    let builder = with_log(builder(LOGGERS), lines);
    build(plugin(plugin(builder, "one", LOGGER_TABLES, &logger()), "two", LOGGER_TABLES, &logger()))
}

#[test]
fn each_plugin_has_a_state_of_its_own() {
    let lines = Lines::default();
    let app = loggers(&lines);
    let greet = |plugin: &str| app.call_plugin(plugin, "t:t/api#greet", &[]).unwrap();
    assert_eq!([greet("one"), greet("one"), greet("two")], [1, 2, 1].map(|count| Some(Val::U32(count))));
    let logged = |plugin: &str| (plugin.to_owned(), "hello".to_owned());
    assert_eq!(*lines.lock().unwrap(), [logged("one"), logged("one"), logged("two")]);
}

#[test]
fn a_host_function_that_fails_ends_the_call_and_the_next_instance_starts_afresh() {
    let lines = Lines::default();
    let app = loggers(&lines);
    assert_eq!(app.call_plugin("one", "t:t/api#greet", &[]).unwrap(), Some(Val::U32(1)));
    let error = app.call_plugin("one", "t:t/api#complain", &[]).unwrap_err();
    assert_eq!(error.kind(), CallErrorKind::Trap);
    assert!(error.to_string().contains("the shell does not like hello"), "{error}");
    assert_eq!(app.call_plugin("one", "t:t/api#greet", &[]).unwrap(), Some(Val::U32(1)));
}

#[test]
fn a_shell_that_offers_nothing_is_told_what_is_missing() {
    let with_plugin = |builder| plugin(builder, "one", LOGGER_TABLES, &logger());
    let error = with_plugin(builder(LOGGERS)).build().unwrap_err().to_string();
    assert!(error.contains("PW201") && error.contains("no plugin serves `shell:ui/log@1.1.0`"), "{error}");
    let announced = builder(LOGGERS).file("app.toml", "host.'shell:ui/log' = 'wit/deps/ui/ui.wit'");
    let error = with_plugin(announced).build().unwrap_err();
    assert!(matches!(error, OpenError::Link(_)), "{error:?}");
    let told = "plugin `one` imports `shell:ui/log@1.1.0` from the host, which does not offer it";
    assert!(error.to_string().starts_with(told), "{error}");
}

#[test]
fn what_a_shell_offers_takes_the_place_of_what_app_toml_announces() {
    // The announced file does not even exist.
    let announced = builder(LOGGERS).file("app.toml", "host.'shell:ui/log@1.1.0' = 'nowhere.wit'");
    let lines = Lines::default();
    let app = build(plugin(with_log(announced, &lines), "one", LOGGER_TABLES, &logger()));
    app.call("t:t/api#greet", &[]).unwrap();
    assert_eq!(lines.lock().unwrap().len(), 1);
}

#[test]
fn what_a_shell_offers_is_checked_by_its_wit() {
    let wit = SHELL.replace("line: func(text: string) -> u32;", "line: func(text: string) -> u64;");
    let state = |_: &plugweave::plan::PlannedPlugin| ();
    let host = builder(LOGGERS).host_interface("shell:ui/log", wit, |_, _| Ok(()), state).unwrap();
    let checked = plugin(host, "one", LOGGER_TABLES, &logger()).check().unwrap();
    let [diagnostic] = &checked.diagnostics[..] else { panic!("{:?}", checked.diagnostics) };
    assert_eq!(diagnostic.code.as_str(), "PW203");
    let text = plugweave::diagnostic::render(diagnostic, &checked.sources, plugweave::diagnostic::Style::Plain);
    assert!(text.contains("WIT of shell:ui/log@1.1.0:3:1"), "{text}");
    assert!(text.contains("`u32` here, `u64` at the provider"), "{text}");
}

#[test]
fn host_and_plugin_together_must_be_bound() {
    let wit = "
        world user { import shell:ui/clock@1.1.0; export now: func() -> u64; }
        world watch { export shell:ui/clock@1.1.0; }";
    let user = r#"(module (import "shell:ui/clock@1.1.0" "now" (func $now (result i64)))
        (func (export "now") (result i64) (call $now)))"#;
    let watch = r#"(module (func (export "shell:ui/clock@1.1.0#now") (result i64) (i64.const 7)))"#;
    let app = |binding: &str| {
        let builder = with_clock(builder(wit).file("app.toml", binding), 42);
        let builder = plugin(builder, "watch", "exports.'shell:ui/clock' = {}", watch);
        plugin(builder, "user", "exports.now = {}\nimports.'shell:ui/clock' = 'exactly-one'", user)
    };
    let error = app("").build().unwrap_err().to_string();
    assert!(error.contains("PW202") && error.contains("both the host and plugins serve"), "{error}");
    let now = |binding: &str| build(app(binding)).call("now", &[]).unwrap();
    assert_eq!(now("bind.user = { 'shell:ui/clock@1.1.0' = ['host'] }"), Some(Val::U64(42)));
    assert_eq!(now("bind.user = { 'shell:ui/clock@1.1.0' = ['watch'] }"), Some(Val::U64(7)));
}

struct Clock(u64);

impl clock::Host for Clock {
    fn now(&mut self) -> Result<u64> {
        Ok(self.0)
    }
}

fn with_clock(builder: AppBuilder, now: u64) -> AppBuilder {
    let add = clock::add_to_linker::<_, HasSelf<Clock>>;
    builder.host_interface("shell:ui/clock", SHELL, add, move |_| Clock(now)).unwrap()
}

#[test]
fn an_older_import_is_served_and_a_newer_one_is_not() {
    let app = |version: &str| {
        let builder = App::builder()
            .file(
                "wit/t.wit",
                format!("package t:t; world user {{ import shell:ui/clock@{version}; export now: func() -> u64; }}"),
            )
            .file("wit/deps/ui/ui.wit", SHELL.replace("@1.1.0", &format!("@{version}")));
        let core = format!(
            r#"(module (import "shell:ui/clock@{version}" "now" (func $now (result i64)))
            (func (export "now") (result i64) (call $now)))"#
        );
        plugin(with_clock(builder, 5), "user", "exports.now = {}\nimports.'shell:ui/clock' = 'exactly-one'", &core)
    };
    assert_eq!(build(app("1.0.3")).call("now", &[]).unwrap(), Some(Val::U64(5)));
    let error = app("1.2.0").build().unwrap_err().to_string();
    assert!(error.contains("PW201"), "{error}");
}

#[test]
fn two_interfaces_share_a_state_of_one_type() {
    struct Both {
        made: u32,
        log: Log,
    }
    impl log::Host for Both {
        fn line(&mut self, text: String) -> Result<u32> {
            log::Host::line(&mut self.log, text)
        }
        fn fail(&mut self, why: String) -> Result<()> {
            log::Host::fail(&mut self.log, why)
        }
    }
    impl clock::Host for Both {
        fn now(&mut self) -> Result<u64> {
            Ok(u64::from(self.made * 100 + self.log.count))
        }
    }
    let wit = "world both { import shell:ui/clock@1.1.0; import shell:ui/log@1.1.0; export go: func() -> u64; }";
    let core = crate::support::core_module(
        r#"(import "shell:ui/clock@1.1.0" "now" (func $now (result i64)))
           (import "shell:ui/log@1.1.0" "line" (func $line (param i32 i32) (result i32)))"#,
        1,
        r#"(func (export "go") (result i64) (drop (call $line (i32.const 0) (i32.const 0))) (call $now))"#,
    );
    let made = Arc::new(AtomicU32::new(0));
    let state = move |_: &plugweave::plan::PlannedPlugin| {
        let log = Log { plugin: String::new(), count: 0, lines: Lines::default() };
        Both { made: made.fetch_add(1, Ordering::Relaxed) + 1, log }
    };
    let builder = builder(wit)
        .host_interface("shell:ui/log", SHELL, log::add_to_linker::<_, HasSelf<Both>>, state.clone())
        .unwrap()
        .host_interface("shell:ui/clock", SHELL, clock::add_to_linker::<_, HasSelf<Both>>, state)
        .unwrap();
    let tables = "exports.go = {}\nimports.'shell:ui/log' = 'exactly-one'\nimports.'shell:ui/clock' = 'exactly-one'";
    let app = build(plugin(builder, "both", tables, &core));
    let first = app.call("go", &[]).unwrap();
    let second = app.call("go", &[]).unwrap();
    let (Some(Val::U64(first)), Some(Val::U64(second))) = (first, second) else { panic!() };
    assert_eq!((first % 100, second % 100, first / 100), (1, 2, second / 100));
}

/// A resource of the host.
pub struct Boxed(u32);

#[derive(Default)]
struct Boxes {
    table: ResourceTable,
    live: u32,
}

impl boxes::Host for Boxes {
    fn live(&mut self) -> Result<u32> {
        Ok(self.live)
    }
}

impl boxes::HostParcel for Boxes {
    fn new(&mut self, value: u32) -> Result<Resource<Boxed>> {
        self.live += 1;
        Ok(self.table.push(Boxed(value))?)
    }

    fn get(&mut self, this: Resource<Boxed>) -> Result<u32> {
        Ok(self.table.get(&this)?.0)
    }

    fn drop(&mut self, this: Resource<Boxed>) -> Result<()> {
        self.live -= 1;
        self.table.delete(this)?;
        Ok(())
    }
}

#[test]
fn a_plugin_uses_a_resource_of_the_host() {
    let wit = "world packer { import shell:ui/boxes@1.1.0; export pack: func(value: u32) -> u32; export live: func() -> u32; }";
    let core = r#"(module
        (import "shell:ui/boxes@1.1.0" "[constructor]parcel" (func $new (param i32) (result i32)))
        (import "shell:ui/boxes@1.1.0" "[method]parcel.get" (func $get (param i32) (result i32)))
        (import "shell:ui/boxes@1.1.0" "[resource-drop]parcel" (func $drop (param i32)))
        (import "shell:ui/boxes@1.1.0" "live" (func $live (result i32)))
        (func (export "live") (result i32) (call $live))
        (func (export "pack") (param i32) (result i32) (local $box i32)
            (local.set $box (call $new (local.get 0)))
            (call $get (local.get $box))
            (call $drop (local.get $box))))"#;
    let add = boxes::add_to_linker::<_, HasSelf<Boxes>>;
    let builder = builder(wit).host_interface("shell:ui/boxes", SHELL, add, |_| Boxes::default()).unwrap();
    let tables = "exports.pack = {}\nexports.live = {}\nimports.'shell:ui/boxes' = 'exactly-one'";
    let app = build(plugin(builder, "packer", tables, core));
    assert_eq!(app.call("pack", &[Val::U32(9)]).unwrap(), Some(Val::U32(9)));
    assert_eq!(app.call("live", &[]).unwrap(), Some(Val::U32(0)));
}

#[test]
fn a_types_only_import_has_the_resource_of_the_host() {
    let shell = "package shell:ui@1.1.0;
        interface kinds { resource thing { get: func() -> u32; } }
        interface makers { use kinds.{thing}; make: func() -> thing; take: func(it: thing) -> u32; }";
    let wit = "world user { import shell:ui/makers@1.1.0; export go: func() -> u32; }";
    let core = r#"(module
        (import "shell:ui/makers@1.1.0" "make" (func $make (result i32)))
        (import "shell:ui/makers@1.1.0" "take" (func $take (param i32) (result i32)))
        (func (export "go") (result i32) (call $take (call $make))))"#;
    struct Thing;
    let builder = App::builder()
        .file("wit/t.wit", format!("package t:t;\n{wit}"))
        .file("wit/deps/ui/ui.wit", shell)
        .host_interface(
            "shell:ui/kinds",
            shell,
            |linker, _| {
                let ty = wasmtime::component::ResourceType::host::<Thing>();
                linker.instance("shell:ui/kinds@1.1.0")?.resource("thing", ty, |_, _| Ok(()))
            },
            |_| (),
        )
        .unwrap()
        .host_interface(
            "shell:ui/makers",
            shell,
            |linker, _| {
                let mut makers = linker.instance("shell:ui/makers@1.1.0")?;
                makers.resource("thing", wasmtime::component::ResourceType::host::<Thing>(), |_, _| Ok(()))?;
                makers.func_wrap("make", |_, (): ()| Ok((Resource::<Thing>::new_own(11),)))?;
                makers.func_wrap("take", |_, (thing,): (Resource<Thing>,)| Ok((thing.rep(),)))
            },
            |_| (),
        )
        .unwrap();
    let tables = "exports.go = {}\nimports.'shell:ui/makers' = 'exactly-one'";
    let app = build(plugin(builder, "user", tables, core));
    assert_eq!(app.call("go", &[]).unwrap(), Some(Val::U32(11)));
}

#[test]
fn an_interface_that_cannot_be_offered_is_refused_at_once() {
    let offer = |name: &str, wit: &str| App::builder().host_interface(name, wit, |_, _| Ok(()), |_| ()).map(drop);
    let told = |name: &str, wit: &str| offer(name, wit).unwrap_err().to_string();
    assert!(offer("shell:ui/log", SHELL).is_ok());
    assert!(told("shell ui", SHELL).starts_with("the host cannot offer `shell ui`"));
    assert!(told("shell:ui/no", SHELL).contains("`shell:ui/no`"), "{}", told("shell:ui/no", SHELL));
    assert!(
        told("shell:ui/log", "package").contains("WIT of shell:ui/log:1:8: expected"),
        "{}",
        told("shell:ui/log", "package")
    );
    let twice = App::builder().host_interface("shell:ui/log", SHELL, |_, _| Ok(()), |_| ()).unwrap().host_interface(
        "shell:ui/log@1.1.0",
        SHELL,
        |_, _| Ok(()),
        |_| (),
    );
    assert_eq!(twice.unwrap_err().to_string(), "the host offers `shell:ui/log@1.1.0` twice");
}

#[test]
fn an_interface_that_defines_nothing_or_fails_is_a_link_error() {
    let app = |add: fn() -> Result<()>| {
        let builder = builder(LOGGERS).host_interface("shell:ui/log", SHELL, move |_, _| add(), |_| ()).unwrap();
        plugin(builder, "one", LOGGER_TABLES, &logger()).build().unwrap_err().to_string()
    };
    let nothing = app(|| Ok(()));
    assert!(nothing.contains("plugin `one`") && nothing.contains("shell:ui/log"), "{nothing}");
    let failing = app(|| Err(wasmtime::format_err!("no paper")));
    assert_eq!(failing, "the host interface `shell:ui/log@1.1.0` cannot be defined: no paper");
}

#[test]
fn async_functions_are_refused_in_words() {
    let add = |linker: &mut wasmtime::component::Linker<plugweave::PluginState>, _: plugweave::HostState<()>| {
        let mut log = linker.instance("shell:ui/log@1.1.0")?;
        log.func_wrap_async("line", |_, (_,): (String,)| Box::new(async { Ok((1u32,)) }))?;
        log.func_wrap("fail", |_, (_,): (String,)| Ok(()))
    };
    let builder = builder(LOGGERS).host_interface("shell:ui/log", SHELL, add, |_| ()).unwrap();
    let app = plugin(builder, "one", LOGGER_TABLES, &logger()).build().unwrap();
    let [(_, error)] = app.failures() else { panic!("{:?}", app.failures()) };
    assert!(error.to_string().contains("has `async` functions"), "{error}");
}

/// What a host function of [`calling_back`] has got.
type Answers = Arc<Mutex<HashMap<&'static str, Result<Option<Val>, plugweave::CallError>>>>;

/// An app whose plugin `one` calls the host, which calls `one` again, and then `two`.
fn calling_back() -> (App, Answers) {
    let answers = Answers::default();
    let handle = AppHandle::default();
    let (noted, place) = (answers.clone(), handle.clone());
    let add = move |linker: &mut wasmtime::component::Linker<plugweave::PluginState>, _: plugweave::HostState<()>| {
        let (noted, place) = (noted.clone(), place.clone());
        linker.instance("shell:ui/log@1.1.0")?.func_wrap("fail", |_, (_,): (String,)| Ok(()))?;
        linker.instance("shell:ui/log@1.1.0")?.func_wrap("line", move |_, (_,): (String,)| {
            // `two` is called by the host function, and logs as well.
            if noted.lock().unwrap().contains_key("one") {
                return Ok((20,));
            }
            let app = place.app().unwrap();
            let back = app.call_plugin("one", "t:t/api#greet", &[]);
            noted.lock().unwrap().insert("one", back);
            let other = app.call_plugin("two", "t:t/api#greet", &[]);
            noted.lock().unwrap().insert("two", other);
            Ok((10u32,))
        })
    };
    let builder = builder(LOGGERS).host_interface("shell:ui/log", SHELL, add, |_| ()).unwrap();
    let builder = plugin(plugin(builder, "one", LOGGER_TABLES, &logger()), "two", LOGGER_TABLES, &logger());
    let app = build(builder.handle(&handle));
    (app, answers)
}

fn assert_called_back(app: &App, answers: &Answers) {
    assert_eq!(app.call_plugin("one", "t:t/api#greet", &[]).unwrap(), Some(Val::U32(10)));
    let mut answers = answers.lock().unwrap();
    assert_eq!(answers.remove("two").unwrap().unwrap(), Some(Val::U32(20)));
    let error = answers.remove("one").unwrap().unwrap_err();
    assert_eq!(error.kind(), CallErrorKind::Reentrant);
    assert!(error.to_string().contains("host -> one -> one"), "{error}");
}

#[test]
fn a_host_function_calls_others_but_not_back_into_its_chain() {
    let (app, answers) = calling_back();
    assert_called_back(&app, &answers);
}

#[test]
fn a_chain_goes_on_through_host_functions_within_an_async_runtime() {
    let (app, answers) = calling_back();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { assert_called_back(&app, &answers) });
}

#[test]
fn an_app_lives_as_long_as_somebody_has_it_and_a_handle_does_not() {
    struct Told(Arc<AtomicU32>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (ended, handle) = (Arc::new(AtomicU32::new(0)), AppHandle::default());
    let state = {
        let ended = ended.clone();
        move |_: &plugweave::plan::PlannedPlugin| Told(ended.clone())
    };
    let add = |linker: &mut wasmtime::component::Linker<plugweave::PluginState>, _: plugweave::HostState<Told>| {
        linker.instance("shell:ui/log@1.1.0")?.func_wrap("line", |_, (_,): (String,)| Ok((1u32,)))?;
        linker.instance("shell:ui/log@1.1.0")?.func_wrap("fail", |_, (_,): (String,)| Ok(()))
    };
    let builder = builder(LOGGERS).host_interface("shell:ui/log", SHELL, add, state).unwrap().handle(&handle);
    let app = build(plugin(builder, "one", LOGGER_TABLES, &logger()));
    let greet = app.typed::<(), (u32,)>("t:t/api#greet").unwrap();
    drop(app.clone());
    drop(app);
    assert_eq!((greet.call(()).unwrap(), ended.load(Ordering::Relaxed)), ((1,), 0));
    let again = handle.app().unwrap();
    drop(greet);
    assert_eq!(again.handle().app().unwrap().call("t:t/api#greet", &[]).unwrap(), Some(Val::U32(1)));
    drop(again);
    assert_eq!((handle.app().is_none(), ended.load(Ordering::Relaxed)), (true, 1));
    // It stays with its first app.
    let other = App::builder().handle(&handle).build().unwrap();
    assert!(handle.app().is_none() && other.handle().app().is_some());
}
