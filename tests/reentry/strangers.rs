//! What strangers, and the shell's own code, can do to others.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use plugweave::manifest::ImportTerms;
use plugweave::model::Cardinality;
use plugweave::wasmtime::component::{Instance, Linker, TypedFunc};
use plugweave::wasmtime::{self, StoreContextMut};
use plugweave::{CallErrorKind, Handle, PluginState};

use super::hosted::*;
use super::process::alone;
use super::*;

fn add(
    builder: plugweave::AppBuilder,
    plugins: Vec<(plugweave::manifest::ManifestBuilder, String)>,
) -> plugweave::AppBuilder {
    plugins.into_iter().fold(builder, |builder, (manifest, core)| builder.plugin(&manifest, core))
}

/// An owner, one that opens counters and traps, and one that has room for that.
fn fragile_app(seen: &Arc<Seen>) -> App {
    build(add(builder(seen, |_, _| ()), vec![owner(), fragile(), careful()]))
}

#[test]
fn a_state_that_panics_at_its_end_does_not_take_the_consumer_along() {
    let seen = Arc::default();
    let app = fragile_app(&seen);
    assert_eq!(relay(&app, 2).unwrap(), 1001);
    seen.panics.store(true, Ordering::SeqCst);
    assert_eq!(relay(&app, 2).unwrap(), 1002);
}

#[test]
fn a_state_that_panics_at_its_end_leaves_no_handles_behind() {
    let seen = Arc::default();
    let app = fragile_app(&seen);
    seen.panics.store(true, Ordering::SeqCst);
    let _ = catch_unwind(AssertUnwindSafe(|| work(&app, 3).unwrap_err()));
    assert_eq!(app.live_handles(), 0);
    assert_eq!(number(&app, "t:t/store#live", &[]).unwrap(), 0);
}

#[test]
fn a_state_that_panics_when_the_app_ends_keeps_no_other_from_ending() {
    let seen: Arc<Seen> = Arc::default();
    let app = build(add(builder(&seen, |_, _| ()), vec![single("a"), single("b"), single("c")]));
    seen.panics.store(true, Ordering::SeqCst);
    let _ = catch_unwind(AssertUnwindSafe(|| drop(app)));
    assert_eq!(seen.ended.load(Ordering::SeqCst), 3);
}

thread_local! {
    static KEPT: std::cell::RefCell<Option<Handle>> = const { std::cell::RefCell::new(None) };
}

#[test]
fn a_handle_may_be_kept_by_a_thread_until_it_ends() {
    alone(|| {
        let seen = Arc::default();
        let app = fragile_app(&seen);
        let other = app.clone();
        let keeps = thread::spawn(move || {
            KEPT.set(None);
            let Some(Val::Resource(handle)) = other.call("t:t/store#open", &[]).unwrap() else { panic!() };
            KEPT.set(Some(handle));
        });
        keeps.join().unwrap();
        assert_eq!(number(&app, "t:t/store#live", &[]).unwrap(), 0);
    });
}

#[test]
fn the_panic_of_the_shell_goes_on_also_when_a_call_has_come_back() {
    let app = app("");
    let bind = |mut store: StoreContextMut<'_, PluginState>, instance: &Instance| {
        let works = instance.get_export_index(&mut store, None, "t:t/works@1.0.0").unwrap();
        let work = instance.get_export_index(&mut store, Some(&works), "work").unwrap();
        instance.get_typed_func::<(u32,), (u32,)>(&mut store, work)
    };
    let front = app.bindings("front", bind).unwrap();
    let unwrap = |what: u32| {
        let act = |work: &TypedFunc<(u32,), (u32,)>, mut store: StoreContextMut<'_, PluginState>| {
            Ok(work.call(&mut store, (what,)).unwrap())
        };
        catch_unwind(AssertUnwindSafe(|| front.call(act).map_err(|error| error.to_string())))
    };
    assert!(unwrap(1).is_err());
    // `front` traps as before, but in a call that has come back.
    let told = unwrap(3);
    assert!(told.is_err(), "{told:?}");
}

#[test]
fn a_plugin_is_not_charged_for_the_panic_of_the_shell() {
    let app = app("[limits]\nrestart = 'never'");
    let front = app.bindings("front", |_, _| Ok(())).unwrap();
    let panics = || front.call(|(), _| -> wasmtime::Result<()> { panic!("the shell panics") });
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert_eq!(work(&app, 0).map_err(|error| error.to_string()), Ok(1));
}

#[test]
fn an_app_ends_although_a_destructor_runs_at_that_moment() {
    let seen: Arc<Seen> = Arc::default();
    let (entered, is_entered) = mpsc::channel();
    let (go, may_go) = mpsc::channel::<()>();
    let channels = std::sync::Mutex::new((entered, may_go));
    let gate = move |_: &plugweave::PluginId, what| {
        if what == 7 {
            let channels = channels.lock().unwrap();
            channels.0.send(()).unwrap();
            channels.1.recv().unwrap();
        }
    };
    let plugin = (gated(manifest("owner", "owner", "store")), owner_with(GATE, "(call $pass (i32.const 7))", ""));
    let app = build(add(builder(&seen, gate), vec![plugin]));
    let Some(Val::Resource(handle)) = app.call("t:t/store#open", &[]).unwrap() else { panic!() };
    thread::scope(|scope| {
        scope.spawn(move || drop(handle));
        is_entered.recv().unwrap();
        let ends = scope.spawn(move || drop(app));
        // Either it waits for the destructor, or it is done.
        thread::sleep(Duration::from_millis(200));
        go.send(()).unwrap();
        ends.join().unwrap();
    });
    assert_eq!(seen.ended.load(Ordering::SeqCst), 1);
}

/// Something that has used up so many restarts that the next one is put off for long.
fn often(app: &App, failures: usize) {
    for _ in 0..failures {
        assert_eq!(work(app, 1).unwrap_err().kind(), CallErrorKind::Trap);
    }
}

fn sleeps(_: &plugweave::PluginId, what: u32) {
    thread::sleep(Duration::from_millis(what.into()));
}

#[test]
fn the_pause_before_a_restart_is_not_the_plugins_time() {
    let (manifest, core) = single("p");
    let manifest = manifest.timeout(Duration::from_millis(1200)).restart(100, Duration::from_secs(3600));
    let app = build(add(builder(&Arc::default(), sleeps), vec![(manifest, core)]));
    // It has time enough for this.
    assert_eq!(work(&app, 400).unwrap(), 1);
    often(&app, 9);
    // Now there is a pause of one second.
    assert_eq!(work(&app, 400).map_err(|error| error.to_string()), Ok(1));
}

/// What one gets who has less time than a pause lasts: alone, and while another one waits for its end.
fn told_in_a_pause() -> [Result<u32, String>; 2] {
    let (manifest, core) = single("p");
    let manifest = manifest.timeout(Duration::from_secs(60)).restart(100, Duration::from_secs(3600));
    let (consumer, consumer_core) = careful();
    let consumer = consumer.timeout(Duration::from_millis(300)).no_restart();
    let app = build(add(builder(&Arc::default(), sleeps), vec![(manifest, core), (consumer, consumer_core)]));
    // The pause is of one second then.
    often(&app, 9);
    let told = || relay(&app, 0).map_err(|error| error.to_string());
    let alone = told();
    thread::scope(|scope| {
        let other = scope.spawn(|| work(&app, 0));
        thread::sleep(Duration::from_millis(50));
        let meanwhile = told();
        assert_eq!(other.join().unwrap().unwrap(), 1);
        [alone, meanwhile]
    })
}

#[test]
fn who_waits_behind_a_pause_is_not_charged_for_it() {
    // It is refused at once, and goes on. A loaded machine may let the pause pass before; not each time.
    let mut tried = (0..10).map(|_| told_in_a_pause());
    assert!(tried.any(|told| told == [Ok(1001), Ok(1002)]));
}

#[test]
fn whoever_lets_go_of_many_resources_does_not_end_their_owner() {
    let (entered, is_entered) = mpsc::channel();
    let entered = std::sync::Mutex::new(entered);
    // All destructors together take half of the time that the owner has: they have it once.
    let gate = move |_: &plugweave::PluginId, what: u32| {
        entered.lock().unwrap().send(()).unwrap();
        thread::sleep(Duration::from_millis(what.into()));
    };
    let owner = gated(manifest("owner", "owner", "store")).timeout(Duration::from_millis(1500)).no_restart();
    let plugin = (owner, owner_with(GATE, "(call $pass (i32.const 50))", "(call $pass (i32.const 300))"));
    let app = build(add(builder(&Arc::default(), gate), vec![plugin, fragile()]));
    work(&app, 16).unwrap_err();
    assert_eq!(number(&app, "t:t/store#live", &[]).unwrap(), 0);
    // The same again while somebody else is in the owner, so that the destructors wait until it is left.
    while is_entered.try_recv().is_ok() {}
    let handles: Vec<Val> = (0..16).map(|_| app.call("t:t/store#open", &[]).unwrap().unwrap()).collect();
    thread::scope(|scope| {
        let other = scope.spawn(|| number(&app, "t:t/store#count", &[]));
        is_entered.recv().unwrap();
        drop(handles);
        assert_eq!(other.join().unwrap().unwrap(), 32);
    });
    assert_eq!(number(&app, "t:t/store#live", &[]).map_err(|error| error.to_string()), Ok(0));
    assert_eq!(number(&app, "t:t/store#count", &[]).unwrap(), 32);
}

#[test]
fn a_plugin_is_not_stuck_in_the_host_while_destructors_of_others_run() {
    let owner = manifest("owner", "owner", "store").timeout(Duration::from_secs(8));
    let plugin = (gated(owner), owner_with(GATE, "(loop $for-ever (br $for-ever))", ""));
    let (fragile, core) = fragile();
    let fragile = fragile.timeout(Duration::from_secs(1));
    let app = build(add(builder(&Arc::default(), |_, _| ()), vec![plugin, (fragile, core)]));
    thread::scope(|scope| {
        let fails = scope.spawn(|| work(&app, 1).unwrap_err().kind());
        thread::sleep(Duration::from_millis(500));
        // What it had is being released. That takes its time, but comes to its end.
        assert_eq!(work(&app, 0).map_err(|error| error.to_string()), Ok(1));
        assert_eq!(fails.join().unwrap(), CallErrorKind::Trap);
    });
}

#[test]
fn a_restart_by_hand_cannot_be_overtaken() {
    let (entered, is_entered) = mpsc::channel();
    let entered = std::sync::Mutex::new(entered);
    let gate = move |_: &plugweave::PluginId, what: u32| {
        entered.lock().unwrap().send(()).unwrap();
        thread::sleep(Duration::from_millis(what.into()));
    };
    let (manifest, core) = single("p");
    let app = build(add(builder(&Arc::default(), gate), vec![(manifest.no_restart(), core)]));
    thread::scope(|scope| {
        let busy = scope.spawn(|| work(&app, 600).unwrap());
        is_entered.recv().unwrap();
        // First the restart waits for its turn, then somebody whose call fails.
        let restart = scope.spawn(|| app.restart("p").map_err(|error| error.to_string()));
        thread::sleep(Duration::from_millis(200));
        let fails = scope.spawn(|| work(&app, 1).unwrap_err().kind());
        assert_eq!(busy.join().unwrap(), 1);
        assert_eq!(restart.join().unwrap(), Ok(()));
        assert_eq!(fails.join().unwrap(), CallErrorKind::Trap);
    });
}

#[test]
fn a_restart_that_is_refused_is_not_told_as_a_failed_start() {
    let handle = plugweave::AppHandle::default();
    let (told, tells) = mpsc::channel();
    let (app, told) = (handle.clone(), std::sync::Mutex::new(told));
    let gate = move |_: &plugweave::PluginId, _: u32| {
        told.lock().unwrap().send(app.app().unwrap().restart("p").unwrap_err()).unwrap();
    };
    let app = build(add(builder(&Arc::default(), gate), vec![single("p")]).handle(&handle));
    assert_eq!(work(&app, 2).unwrap(), 1);
    let error = tells.recv().unwrap();
    assert_eq!(error.kind(), CallErrorKind::Reentrant);
    assert!(!error.to_string().contains("has failed while starting"), "{error}");
}

/// `caller` hands a counter of `nosy` over to who refuses it. The destructor of `nosy` calls `caller`.
#[test]
fn a_destructor_may_call_back_whose_handle_was_not_taken() {
    let nosy = {
        let terms = ImportTerms::new(Cardinality::ExactlyOne).late();
        let calls = r#"(import "t:t/calls@1.0.0" "called" (func $called (result i32)))"#;
        (manifest("nosy", "nosy", "store").import("t:t/calls", terms), owner_with(calls, "(drop (call $called))", ""))
    };
    let taker_manifest = manifest("taker", "taker", "desk").import("t:t/store", Cardinality::ExactlyOne).call_depth(1);
    let taker = (
        taker_manifest,
        core_module(
            r#"(import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))"#,
            1,
            r#"(func (export "t:t/desk@1.0.0#take") (param $at i32) (result i32)
            (call $drop (local.get $at)) (i32.const 5))"#,
        ),
    );
    let caller = {
        let desks = ImportTerms::new(Cardinality::ExactlyOne).from("t:t/desk@1.0.0");
        let core = core_module(
            r#"(import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))
            (import "t:t/store@1.0.0" "open" (func $open (result i32)))
            (import "t:t/desks@1.0.0" "take" (func $take (param i32 i32)))"#,
            1,
            r#"(func (export "t:t/calls@1.0.0#called") (result i32) (call $count) (global.get $calls))
            (func (export "t:t/works@1.0.0#count") (result i32) (global.get $calls))
            (func (export "t:t/works@1.0.0#work") (param $what i32) (result i32)
                (if (i32.eqz (local.get $what))
                    (then (call $drop (call $open)))
                    (else (call $take (call $open) (i32.const 512))))
                (global.get $calls))"#,
        );
        let manifest = manifest("caller", "caller", "works").export("t:t/calls@1.0.0");
        (manifest.import("t:t/store", Cardinality::ExactlyOne).import("t:t/desks", desks), core)
    };
    let app = build(add(builder(&Arc::default(), |_, _| ()), vec![nosy, taker, caller]));
    // Where the caller itself drops it, all is well.
    assert_eq!(work(&app, 0).unwrap(), 1);
    assert_eq!(number(&app, "t:t/store#count", &[]).unwrap(), 1);
    // Here nobody fails either.
    assert_eq!(work(&app, 1).unwrap(), 2);
    assert_eq!(number(&app, "t:t/store#count", &[]).unwrap(), 2);
}

/// A plugin whose host function hands the error of a call of its own on to wasmtime, as `?` does.
fn careless(call: fn(&App) -> Result<(), CallError>) -> App {
    let handle = plugweave::AppHandle::default();
    let app = handle.clone();
    let add = move |linker: &mut Linker<PluginState>, _: fn(&mut PluginState) -> &mut ()| {
        let app = app.clone();
        linker.instance("t:host/gate")?.func_wrap("pass", move |_, (_,): (u32,)| Ok(call(&app.app().unwrap())?))
    };
    let (manifest, core) = single("p");
    let builder = App::builder().file("w/t.wit", HOSTED).file("w/deps/host/h.wit", HOST);
    let builder = builder.host_interface("t:host/gate", HOST, add, |_| ()).unwrap();
    build(builder.plugin(&manifest.no_restart(), core).handle(&handle))
}

#[test]
fn the_error_of_a_host_function_is_a_failure_of_the_plugin_whatever_it_is_made_from() {
    for call in [|app: &App| app.call("no-such-function", &[]).map(drop), |app: &App| app.restart("p")] {
        let app = careless(call);
        assert_eq!(work(&app, 0).unwrap(), 1);
        let error = work(&app, 2).unwrap_err();
        // The plugin has been entered, and its state is gone: that is a trap, as the documentation says.
        assert_eq!((error.kind(), error.kind().is_refusal()), (CallErrorKind::Trap, false), "{error}");
        // It is charged for it.
        assert_eq!(work(&app, 0).unwrap_err().kind(), CallErrorKind::Failed);
    }
}

#[test]
fn a_start_that_panics_twice_does_not_abort() {
    alone(|| {
        let seen: Arc<Seen> = Arc::default();
        seen.panics.store(true, Ordering::SeqCst);
        let core = core_module(
            GATE,
            1,
            r#"(func $start (call $pass (i32.const 1))) (start $start)
            (func (export "t:t/works@1.0.0#count") (result i32) (global.get $calls))
            (func (export "t:t/works@1.0.0#work") (param i32) (result i32) (global.get $calls))"#,
        );
        let gate = |_: &plugweave::PluginId, _| panic!("no plugin starts here");
        let app = builder(&seen, gate).plugin(&gated(manifest("p", "single", "works")), core).build().unwrap();
        assert_eq!(app.failures()[0].1.kind(), CallErrorKind::HostPanic);
    });
}

#[test]
fn a_plugin_whose_state_is_never_made_is_stuck_in_the_host() {
    alone(|| {
        let made = AtomicUsize::new(0);
        let (entered, is_entered) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let channels = std::sync::Mutex::new((entered, may_go));
        let state = move |_: &plugweave::plan::PlannedPlugin| {
            if made.fetch_add(1, Ordering::SeqCst) == 1 {
                let channels = channels.lock().unwrap();
                channels.0.send(()).unwrap();
                channels.1.recv().unwrap();
            }
        };
        let add = |linker: &mut Linker<PluginState>, _: fn(&mut PluginState) -> &mut ()| {
            linker.instance("t:host/gate")?.func_wrap("pass", |_, (_,): (u32,)| Ok(()))
        };
        let (manifest, core) = single("p");
        let builder = App::builder().file("w/t.wit", HOSTED).file("w/deps/host/h.wit", HOST);
        let builder = builder.host_interface("t:host/gate", HOST, add, state).unwrap();
        let app = build(builder.plugin(&manifest.timeout(Duration::from_millis(100)), core));
        assert_eq!(work(&app, 1).unwrap_err().kind(), CallErrorKind::Trap);
        thread::scope(|scope| {
            let starts = scope.spawn(|| work(&app, 0).map_err(|error| error.to_string()));
            is_entered.recv().unwrap();
            // Nobody knows when it comes back: who has no deadline gives up, too.
            let error = work(&app, 0).unwrap_err();
            assert_eq!(error.kind(), CallErrorKind::Timeout, "{error}");
            assert!(error.to_string().contains("stuck in a function of the host"), "{error}");
            go.send(()).unwrap();
            let _ = starts.join().unwrap();
        });
        assert_eq!(work(&app, 0).map(drop).map_err(|error| error.to_string()), Ok(()));
    });
}

/// An error of the host that cannot be told.
#[derive(Debug)]
struct Unspeakable;

impl std::fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("it cannot be told")
    }
}

impl std::error::Error for Unspeakable {}

#[test]
fn an_error_of_the_host_that_panics_when_it_is_told_is_a_failure_like_any_other() {
    let add = |linker: &mut Linker<PluginState>, _: fn(&mut PluginState) -> &mut ()| {
        linker.instance("t:host/gate")?.func_wrap("pass", |_, (what,): (u32,)| match what {
            2 => Err(wasmtime::Error::new(Unspeakable)),
            _ => Ok(()),
        })
    };
    let builder = App::builder().file("w/t.wit", HOSTED).file("w/deps/host/h.wit", HOST);
    let builder = builder.host_interface("t:host/gate", HOST, add, |_| ()).unwrap();
    let (manifest, core) = single("p");
    let app = build(builder.plugin(&manifest.restart(2, Duration::from_secs(3600)), core));
    let typed = app.typed::<(u32,), (u32,)>("t:t/works#work").unwrap();
    let told = |error: CallError| {
        assert_eq!((error.kind(), error.origin().unwrap().as_str()), (CallErrorKind::HostPanic, "p"), "{error}");
        assert!(error.to_string().contains("it cannot be told"), "{error}");
    };
    told(typed.call((2,)).unwrap_err());
    told(work(&app, 2).unwrap_err());
    let works = app.bindings("p", |mut store, instance: &Instance| {
        let works = instance.get_export_index(&mut store, None, "t:t/works@1.0.0").unwrap();
        let work = instance.get_export_index(&mut store, Some(&works), "work").unwrap();
        instance.get_typed_func::<(u32,), (u32,)>(&mut store, work)
    });
    let works = works.unwrap();
    // Here it is the shell's own, as every panic.
    assert!(catch_unwind(AssertUnwindSafe(|| works.call(|work, store| work.call(store, (2,))))).is_err());
    // It has been charged for the others alone.
    assert_eq!(typed.call((0,)).unwrap(), (1,));
    assert_eq!(work(&app, 0).unwrap(), 2);
}
