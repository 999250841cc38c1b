//! Resources of the embedding application and of WASI: each plugin has its own, and they stay with it. A
//! plugin's own resource crosses whatever its name is.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use plugweave::manifest::ManifestBuilder;
use plugweave::model::Cardinality;
use plugweave::wasmtime::component::{Linker, Resource, ResourceType};
use plugweave::{App, AppBuilder, HostState, PluginState, Val, print_wave};

use crate::guests::{all_ended, counters, module, number};

const WINDOWS: &str = "t:t/windows@1.0.0";

const WIT: &str = "
package t:t@1.0.0;

interface windows {
    resource window {
        constructor(width: u32);
        area: func(height: u32) -> u32;
    }
    merge: func(one: window, other: borrow<window>) -> window;
}
interface painter {
    use windows.{window};
    paint: func(colour: u32, on: borrow<window>);
}
interface opener {
    use windows.{window};
    open: func() -> list<window>;
}
interface task { run: func(n: u32) -> u32; }
world user { import windows; export task; }
world paints { export painter; export opener; }
world lends { import painter; export task; }
world takes { import opener; export task; }
";

/// A window is its width.
struct Window;

/// Offers windows. `ended` gets the widths of those that have ended.
fn with_windows(builder: AppBuilder, ended: &Arc<Mutex<Vec<u32>>>) -> AppBuilder {
    let ended = ended.clone();
    let add = move |linker: &mut Linker<PluginState>, _: HostState<()>| {
        let ended = ended.clone();
        let mut windows = linker.instance(WINDOWS)?;
        windows.resource("window", ResourceType::host::<Window>(), move |_, rep| {
            ended.lock().unwrap().push(rep);
            Ok(())
        })?;
        windows.func_wrap("[constructor]window", |_, (width,): (u32,)| Ok((Resource::<Window>::new_own(width),)))?;
        windows.func_wrap("[method]window.area", |_, (window, height): (Resource<Window>, u32)| {
            Ok((window.rep() * height,))
        })?;
        windows.func_wrap("merge", |_, (one, other): (Resource<Window>, Resource<Window>)| {
            Ok((Resource::<Window>::new_own(one.rep() + other.rep()),))
        })
    };
    builder.host_interface(WINDOWS, WIT, add, |_| ()).unwrap()
}

fn manifest(id: &str, world: &str) -> ManifestBuilder {
    ManifestBuilder::new(id).wit("t.wit").world(world)
}

#[test]
fn plugins_can_use_them() {
    let user = module(
        &format!(
            r#"(import "{WINDOWS}" "[constructor]window" (func $new (param i32) (result i32)))
            (import "{WINDOWS}" "[method]window.area" (func $area (param i32 i32) (result i32)))
            (import "{WINDOWS}" "merge" (func $merge (param i32 i32) (result i32)))
            (import "{WINDOWS}" "[resource-drop]window" (func $drop (param i32)))"#
        ),
        r#"(func (export "t:t/task@1.0.0#run") (param $n i32) (result i32)
            (local $one i32) (local $other i32)
            (local.set $one (call $new (local.get $n)))
            (local.set $other (call $new (i32.const 100)))
            (local.set $one (call $merge (local.get $one) (local.get $other)))
            (call $drop (local.get $other))
            (call $area (local.get $one) (i32.const 10))
            (call $drop (local.get $one)))"#,
    );
    let ended = Arc::default();
    let one = Cardinality::ExactlyOne;
    let user_is = |id| manifest(id, "user").export("t:t/task@1.0.0").import(WINDOWS, one);
    let app = with_windows(App::builder(), &ended)
        .file("t.wit", WIT)
        .plugin(&user_is("one"), user.clone())
        .plugin(&user_is("two"), user)
        .build()
        .unwrap();
    for (plugin, n) in [("one", 5), ("two", 6)] {
        let area = app.call_plugin(plugin, "t:t/task#run", &[Val::U32(n)]).unwrap();
        assert_eq!(area, Some(Val::U32((100 + n) * 10)));
    }
    assert_eq!(*ended.lock().unwrap(), [100, 105, 100, 106]);
    assert_eq!(app.live_handles(), 0);
}

#[test]
fn they_stay_with_the_plugin_that_has_them() {
    let paints = module(
        "",
        r#"(func (export "t:t/painter@1.0.0#paint") (param i32 i32))
        (func (export "t:t/opener@1.0.0#open") (result i32) unreachable)"#,
    );
    let problems = |id: &str, import: &str, core: &str| {
        let paints_is = manifest("paints", "paints").export("t:t/painter@1.0.0").export("t:t/opener@1.0.0");
        let user_is = manifest(id, id).export("t:t/task@1.0.0").import(import, Cardinality::ExactlyOne);
        let core = module(core, r#"(func (export "t:t/task@1.0.0#run") (param i32) (result i32) unreachable)"#);
        let app = with_windows(App::builder(), &Arc::default()).file("t.wit", WIT);
        app.plugin(&paints_is, paints.clone()).plugin(&user_is, core).build().unwrap_err().to_string()
    };
    let lends = r#"(import "t:t/painter@1.0.0" "paint" (func (param i32 i32)))"#;
    let told = problems("lends", "t:t/painter@1.0.0", lends);
    assert!(
        told.contains(
            "error[PW205]: a resource cannot cross plugins in `t:t/painter@1.0.0`: `paint` takes `borrow<window>` in \
             its parameter `on`"
        ),
        "{told}"
    );
    let takes = r#"(import "t:t/opener@1.0.0" "open" (func (param i32)))"#;
    let told = problems("takes", "t:t/opener@1.0.0", takes);
    assert!(
        told.contains(
            "error[PW205]: a resource cannot cross plugins in `t:t/opener@1.0.0`: `open` returns `own<window>`"
        ),
        "{told}"
    );
}

#[test]
fn the_host_cannot_call_what_passes_them() {
    let paints = module(
        "",
        r#"(func (export "t:t/painter@1.0.0#paint") (param i32 i32))
        (func (export "t:t/opener@1.0.0#open") (result i32) unreachable)"#,
    );
    let paints_is = manifest("paints", "paints").export("t:t/painter@1.0.0").export("t:t/opener@1.0.0");
    let app = with_windows(App::builder(), &Arc::default());
    let app = app.file("t.wit", WIT).plugin(&paints_is, paints).build().unwrap();
    assert_eq!(
        app.call("t:t/opener#open", &[]).unwrap_err().to_string(),
        "`t:t/opener@1.0.0#open` of plugin `paints` was not called (bad-arguments): it takes or returns a handle that cannot \
         leave the plugin: the resource `window` of `t:t/windows@1.0.0` is the host's own"
    );
}

/// Resources of plugins that are called as one of WASI is, in an app that uses that one too.
mod pollable {
    use super::*;

    const EVENTS: &str = "t:t/events@1.0.0";

    const WIT: &str = "
package t:t@1.0.0;
interface events {
    resource pollable { get: func() -> u32; }
    live: func() -> u32;
    open: func(n: u32) -> pollable;
    all: func(these: list<pollable>) -> list<pollable>;
}
interface task { run: func(n: u32) -> u32; }
world owner { import wasi:clocks/monotonic-clock@0.2.0; export events; }
world user { import events; import wasi:clocks/monotonic-clock@0.2.0; export task; }

package wasi:io@0.2.0 {
    interface poll { resource pollable { ready: func() -> bool; block: func(); } }
}
package wasi:clocks@0.2.0 {
    interface monotonic-clock {
        use wasi:io/poll@0.2.0.{pollable};
        subscribe-duration: func(when: u64) -> pollable;
    }
}
";

    const WASI: &str = r#"(import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration"
            (func $subscribe (param i64) (result i32)))
        (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
        (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop-wasi (param i32)))"#;

    #[test]
    fn a_plugins_own_crosses() {
        let owner = counters(
            EVENTS,
            "",
            &format!(
                r#"(func (export "{EVENTS}#open") (param i32) (result i32) (call $make (local.get 0)))
                (func (export "{EVENTS}#all") (param i32 i32) (result i32)
                    (i32.store (i32.const 512) (local.get 0))
                    (i32.store (i32.const 516) (local.get 1))
                    (i32.const 512))"#
            ),
        );
        let owner = owner.replace("counter", "pollable");
        let user = module(
            &format!(
                r#"(import "{EVENTS}" "open" (func $open (param i32) (result i32)))
                (import "{EVENTS}" "[method]pollable.get" (func $get (param i32) (result i32)))
                (import "{EVENTS}" "[resource-drop]pollable" (func $drop (param i32)))
                {WASI}"#
            ),
            r#"(func (export "t:t/task@1.0.0#run") (param $n i32) (result i32)
                (local $mine i32) (local $clock i32)
                (local.set $mine (call $open (local.get $n)))
                (local.set $clock (call $subscribe (i64.const 1000)))
                (call $block (local.get $clock))
                (call $get (local.get $mine))
                (call $drop (local.get $mine))
                (call $drop-wasi (local.get $clock)))"#,
        );
        let user_is = manifest("user", "user").export("t:t/task@1.0.0").import(EVENTS, Cardinality::ExactlyOne);
        let app = App::builder()
            .file("t.wit", WIT)
            .plugin(&manifest("owner", "owner").export(EVENTS), owner)
            .plugin(&user_is, user)
            .build()
            .unwrap();
        assert_eq!(number(&app, "t:t/task#run", &[Val::U32(7)]), 7);
        all_ended(&app, "t:t/events#live", &["owner"]);
        let one = app.call("t:t/events#open", &[Val::U32(7)]).unwrap().unwrap();
        let all = app.call("t:t/events#all", &[Val::List(vec![one])]).unwrap().unwrap();
        assert_eq!(print_wave(&all).unwrap(), "[<pollable of owner>]");
        drop(all);
        all_ended(&app, "t:t/events#live", &["owner"]);
    }
}

/// The state of a host interface ends with the store, and so do the handles in it.
#[test]
fn those_of_a_plugin_that_fails_are_forgotten_with_it() {
    let user = module(
        &format!(r#"(import "{WINDOWS}" "[constructor]window" (func $new (param i32) (result i32)))"#),
        r#"(func (export "t:t/task@1.0.0#run") (param $n i32) (result i32)
            (call $new (local.get $n))
            (if (i32.eqz (local.get $n)) (then (unreachable))))"#,
    );
    let (ended, states) = (Arc::default(), Arc::new(AtomicU32::new(0)));
    let counted = states.clone();
    let app = with_windows(App::builder(), &ended);
    let add = |linker: &mut Linker<PluginState>, _: HostState<Counted>| {
        linker.instance("t:t/counted@1.0.0")?.func_wrap("count", |_, (): ()| Ok(()))
    };
    let state = move |_: &plugweave::plan::PlannedPlugin| Counted::new(&counted);
    let wit = format!(
        "{WIT} interface counted {{ count: func(); }} world both {{ import windows; import counted; export task; }}"
    );
    let one = Cardinality::ExactlyOne;
    let user_is = manifest("user", "both").export("t:t/task@1.0.0").import(WINDOWS, one);
    let user = user.replacen("(module", r#"(module (import "t:t/counted@1.0.0" "count" (func))"#, 1);
    let app = app
        .host_interface("t:t/counted@1.0.0", wit.clone(), add, state)
        .unwrap()
        .file("t.wit", wit)
        .plugin(&user_is.import("t:t/counted@1.0.0", one), user)
        .build()
        .unwrap();
    assert_eq!(number(&app, "t:t/task#run", &[Val::U32(7)]), 1);
    assert_eq!(number(&app, "t:t/task#run", &[Val::U32(8)]), 2);
    assert!(app.call("t:t/task#run", &[Val::U32(0)]).is_err());
    assert_eq!((states.load(Ordering::SeqCst), app.live_handles()), (0, 0));
    assert_eq!(number(&app, "t:t/task#run", &[Val::U32(7)]), 1);
    assert_eq!(states.load(Ordering::SeqCst), 1);
    drop(app);
    assert_eq!(states.load(Ordering::SeqCst), 0);
}

/// Counts how many of it there are.
struct Counted(Arc<AtomicU32>);

impl Counted {
    fn new(count: &Arc<AtomicU32>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
