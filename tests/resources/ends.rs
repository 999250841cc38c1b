//! The ends of resources: each destructor runs once, and whoever lets go is not concerned by it.
//!
//! Destructors tell the host, so that they are seen also when the app ends.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use plugweave::manifest::ManifestBuilder;
use plugweave::model::Cardinality;
use plugweave::wasmtime::component::Linker;
use plugweave::{App, CallError, CallErrorKind, HostState, PluginState, Val};

use crate::guests::{all_ended, counters_with, module, number};

const STORE: &str = "t:t/store@1.0.0";
const DESK: &str = "t:t/desk@1.0.0";
const POKER: &str = "t:t/poker@1.0.0";
const ALBUM: &str = "t:t/album@1.0.0";
const TALLY: &str = "t:t/tally@1.0.0";
const NONE: [u32; 0] = [];

const WIT: &str = "
package t:t@1.0.0;

interface tally { ended: func(n: u32); }
interface store {
    resource counter { get: func() -> u32; }
    live: func() -> u32;
    open: func(n: u32) -> counter;
    /// Calls `poke`, and says how many there are then.
    work: func() -> u32;
    /// Takes it, and fails.
    fail: func(it: counter);
}
interface desk {
    use store.{counter};
    keep: func(it: counter);
    fail: func();
    spin: func();
}
/// Drops what is kept on the desk, and tells the tally of 999.
interface poker { poke: func(); }
interface album {
    use store.{counter};
    /// Ends with the counter in it.
    resource page { }
    stick: func(it: counter) -> page;
    pages: func() -> u32;
}
world owner { import tally; import poker; export store; }
world holder { import tally; export desk; export poker; }
world binder { export album; }
";

/// Fails when a counter with the number 13 ends, and takes for ever over 14.
fn owner() -> String {
    counters_with(
        STORE,
        r#"(import "t:t/tally@1.0.0" "ended" (func $ended (param i32)))
        (import "t:t/poker@1.0.0" "poke" (func $poke))"#,
        "(call $ended (i32.load (local.get $rep)))
        (if (i32.eq (i32.load (local.get $rep)) (i32.const 13)) (then (unreachable)))
        (if (i32.eq (i32.load (local.get $rep)) (i32.const 14)) (then (loop $on (br $on))))",
        r#"(func (export "t:t/store@1.0.0#open") (param i32) (result i32) (call $make (local.get 0)))
        (func (export "t:t/store@1.0.0#work") (result i32) (call $poke) (global.get $live))
        (func (export "t:t/store@1.0.0#fail") (param i32) (unreachable))"#,
    )
}

fn holder() -> String {
    module(
        r#"(import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))
        (import "t:t/tally@1.0.0" "ended" (func $ended (param i32)))"#,
        r#"(global $kept (mut i32) (i32.const 0))
        (func (export "t:t/desk@1.0.0#keep") (param i32) (global.set $kept (local.get 0)))
        (func (export "t:t/desk@1.0.0#fail") (unreachable))
        (func (export "t:t/desk@1.0.0#spin") (loop $on (br $on)))
        (func (export "t:t/poker@1.0.0#poke")
            (call $ended (i32.const 999))
            (if (global.get $kept) (then (call $drop (global.get $kept))))
            (global.set $kept (i32.const 0)))"#,
    )
}

/// A page's representation is the handle of its counter.
fn binder() -> String {
    module(
        r#"(import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))
        (import "[export]t:t/album@1.0.0" "[resource-new]page" (func $new (param i32) (result i32)))"#,
        r#"(global $pages (mut i32) (i32.const 0))
        (func (export "t:t/album@1.0.0#stick") (param i32) (result i32)
            (global.set $pages (i32.add (global.get $pages) (i32.const 1)))
            (call $new (local.get 0)))
        (func (export "t:t/album@1.0.0#pages") (result i32) (global.get $pages))
        (func (export "t:t/album@1.0.0#[dtor]page") (param i32)
            (global.set $pages (i32.sub (global.get $pages) (i32.const 1)))
            (call $drop (local.get 0)))"#,
    )
}

/// What destructors have told, and a handle that the host lets go of when it is told next.
#[derive(Clone, Default)]
pub struct Told {
    ended: Arc<Mutex<Vec<u32>>>,
    held: Arc<Mutex<Option<Val>>>,
}

impl Told {
    fn hear(&self, n: u32) {
        let held = self.held.lock().unwrap().take();
        if n != 999 {
            self.ended.lock().unwrap().push(n);
        }
        drop(held);
    }

    /// What has ended since one last asked.
    pub fn ended(&self) -> Vec<u32> {
        std::mem::take(&mut *self.ended.lock().unwrap())
    }

    fn hold(&self, counter: Val) {
        *self.held.lock().unwrap() = Some(counter);
    }
}

pub struct Scene {
    pub app: App,
    pub told: Told,
}

impl Scene {
    fn new() -> Self {
        Self::with(|plugin| plugin)
    }

    /// With this in the manifests of the owner and the holder.
    pub fn with(more: impl Fn(ManifestBuilder) -> ManifestBuilder) -> Self {
        let manifest = |id: &str| ManifestBuilder::new(id).wit("t.wit").world(id);
        let one = Cardinality::ExactlyOne;
        let owner_is = more(manifest("owner").export(STORE).import(POKER, one).import(TALLY, one));
        let holder_is = more(manifest("holder").export(DESK).export(POKER).import(TALLY, one));
        let told = Told::default();
        let hears = told.clone();
        let add = move |linker: &mut Linker<PluginState>, _: HostState<()>| {
            let hears = hears.clone();
            linker.instance(TALLY)?.func_wrap("ended", move |_, (n,): (u32,)| {
                hears.hear(n);
                Ok(())
            })
        };
        let app = App::builder()
            .file("t.wit", WIT)
            .host_interface(TALLY, WIT, add, |_| ())
            .unwrap()
            .plugin(&owner_is, owner())
            .plugin(&holder_is, holder())
            .plugin(&manifest("binder").export(ALBUM), binder())
            .build()
            .unwrap();
        assert!(app.failures().is_empty(), "{:?}", app.failures());
        Self { app, told }
    }

    pub fn open(&self, n: u32) -> Val {
        self.app.call("t:t/store#open", &[Val::U32(n)]).unwrap().unwrap()
    }

    pub fn keep(&self, counter: Val) {
        self.app.call("t:t/desk#keep", &[counter]).unwrap();
    }

    pub fn stick(&self, counter: Val) -> Val {
        self.app.call("t:t/album#stick", &[counter]).unwrap().unwrap()
    }

    pub fn get(&self, counter: &Val) -> Result<Option<Val>, CallError> {
        self.app.call("t:t/store#[method]counter.get", std::slice::from_ref(counter))
    }

    pub fn fails(&self, target: &str, arguments: &[Val]) -> CallErrorKind {
        self.app.call(target, arguments).unwrap_err().kind()
    }

    pub fn live(&self) -> u32 {
        number(&self.app, "t:t/store#live", &[])
    }

    pub fn work(&self) -> u32 {
        number(&self.app, "t:t/store#work", &[])
    }

    pub fn all_ended(&self) {
        all_ended(&self.app, "t:t/store#live", &["owner"]);
        all_ended(&self.app, "t:t/album#pages", &["binder"]);
    }
}

#[test]
fn a_destructor_runs_once_wherever_the_last_handle_was() {
    let scene = Scene::new();
    let (one, two, three) = (scene.open(1), scene.open(2), scene.open(3));
    scene.keep(two);
    let page = scene.stick(three);
    let same = one.clone();
    drop(one);
    assert_eq!(scene.told.ended(), NONE);
    drop(same);
    assert_eq!(scene.told.ended(), [1]);
    scene.app.call("t:t/poker#poke", &[]).unwrap();
    assert_eq!(scene.told.ended(), [2]);
    drop(page);
    assert_eq!(scene.told.ended(), [3]);
    scene.all_ended();
}

#[test]
fn a_destructor_waits_until_its_owner_has_been_left() {
    let scene = Scene::new();
    scene.keep(scene.open(7));
    // The owner is on the chain when the holder lets go: it still counts one when that has returned.
    assert_eq!(scene.work(), 1);
    assert_eq!((scene.told.ended(), scene.live()), (vec![7], 0));
    scene.all_ended();
}

#[test]
fn what_a_plugin_has_when_it_fails_is_released() {
    for (how, kind) in [("fail", CallErrorKind::Trap), ("spin", CallErrorKind::Timeout)] {
        let scene =
            Scene::with(|plugin| if how == "spin" { plugin.timeout(Duration::from_millis(500)) } else { plugin });
        scene.keep(scene.open(7));
        let kept = scene.open(8);
        assert_eq!(scene.fails(&format!("t:t/desk#{how}"), &[]), kind);
        assert_eq!((scene.told.ended(), scene.live()), (vec![7], 1));
        // It is started anew, and nobody else has lost anything.
        scene.keep(kept);
        assert_eq!(scene.work(), 1);
        assert_eq!(scene.told.ended(), [8]);
        scene.all_ended();
    }
}

#[test]
fn handles_of_an_owner_that_has_restarted_are_stale_wherever_they_are() {
    let scene = Scene::new();
    let (stale, moved) = (scene.open(1), scene.open(2));
    scene.keep(scene.open(3));
    let page = scene.stick(scene.open(4));
    assert_eq!(scene.fails("t:t/store#fail", std::slice::from_ref(&moved)), CallErrorKind::Trap);
    assert_eq!(scene.get(&moved).unwrap_err().kind(), CallErrorKind::BadArguments);
    // A new one is never taken for an old one, though its representation is the same.
    let fresh = scene.open(5);
    assert_eq!(
        scene.get(&stale).unwrap_err().to_string(),
        "`t:t/store@1.0.0#[method]counter.get` of plugin `owner` was not called (owner-restarted): parameter `self` \
         (`borrow<counter>`) is a handle from before the plugin was started anew"
    );
    assert_eq!(scene.fails("t:t/store#fail", std::slice::from_ref(&stale)), CallErrorKind::OwnerRestarted);
    // They can be passed on, and let go, and nobody notices.
    scene.app.call("t:t/poker#poke", &[]).unwrap();
    scene.keep(stale);
    drop(page);
    assert_eq!(scene.work(), 1);
    assert_eq!(scene.get(&fresh).unwrap(), Some(Val::U32(5)));
    assert_eq!((scene.told.ended(), scene.app.live_handles()), (NONE.to_vec(), 1));
    drop(fresh);
    assert_eq!(scene.told.ended(), [5]);
    scene.all_ended();
}

#[test]
fn an_owner_that_stays_down_leaves_handles_that_can_be_let_go() {
    let scene = Scene::with(ManifestBuilder::no_restart);
    let (one, two) = (scene.open(1), scene.open(2));
    scene.keep(scene.open(3));
    assert_eq!(scene.fails("t:t/store#fail", &[one]), CallErrorKind::Trap);
    assert_eq!(scene.get(&two).unwrap_err().kind(), CallErrorKind::Failed);
    drop(two);
    scene.app.call("t:t/poker#poke", &[]).unwrap();
    assert_eq!((scene.told.ended(), scene.app.live_handles()), (NONE.to_vec(), 0));
}

#[test]
fn a_destructor_that_fails_is_its_owners_affair_alone() {
    let scene = Scene::new();
    let other = scene.open(1);
    scene.keep(scene.open(13));
    scene.app.call("t:t/poker#poke", &[]).unwrap();
    assert_eq!(scene.told.ended(), [13]);
    assert_eq!(scene.get(&other).unwrap_err().kind(), CallErrorKind::OwnerRestarted);
    // And while the owner is on the chain: its own answer has been given.
    scene.keep(scene.open(13));
    assert_eq!(scene.work(), 1);
    assert_eq!(scene.told.ended(), [13]);
    drop(other);
    drop(scene.open(13));
    assert_eq!(scene.told.ended(), [13]);
    scene.all_ended();
}

#[test]
fn a_destructor_has_its_owners_time_and_no_more() {
    let scene = Scene::with(|plugin| match plugin.id() {
        "owner" => plugin.timeout(Duration::from_millis(200)),
        _ => plugin,
    });
    let other = scene.open(1);
    drop(scene.open(14));
    assert_eq!(scene.get(&other).unwrap_err().kind(), CallErrorKind::OwnerRestarted);
    // The holder is not the one that was late.
    scene.keep(scene.open(14));
    scene.app.call("t:t/poker#poke", &[]).unwrap();
    assert_eq!(scene.told.ended(), [14, 14]);
    let last = scene.open(14);
    let told = scene.told.clone();
    scene.keep(scene.open(2));
    drop(other);
    assert_eq!(scene.live(), 2);
    drop(scene);
    assert_eq!(told.ended(), [14], "what comes after it is gone with the owner");
    drop(last);
}

#[test]
fn an_app_that_ends_ends_all_resources_once() {
    let Scene { app, told } = {
        let scene = Scene::new();
        scene.keep(scene.open(2));
        scene
    };
    let scene = Scene { app, told };
    let one = scene.open(1);
    let page = scene.stick(scene.open(3));
    let kept = scene.stick(scene.open(4));
    let told = scene.told.clone();
    assert_eq!(scene.app.live_handles(), 6);
    drop(page);
    assert_eq!(told.ended(), [3]);
    drop(scene);
    let mut ended = told.ended();
    ended.sort_unstable();
    assert_eq!(ended, [1, 2, 4]);
    // Nothing is left to be done for those that the host still has.
    drop((one, kept));
    assert_eq!(told.ended(), NONE);
}

#[test]
fn an_app_ends_though_a_destructor_fails() {
    let scene = Scene::new();
    let counters = [scene.open(1), scene.open(13), scene.open(3)];
    scene.keep(scene.open(2));
    let told = scene.told.clone();
    drop(scene);
    // What comes after the failure is gone with the owner's store.
    assert_eq!(told.ended(), [1, 13]);
    drop(counters);
}

mod by_the_host {
    use super::*;

    #[test]
    fn on_another_thread_while_the_owner_is_busy() {
        let scene = Scene::new();
        let told = scene.told.clone();
        let counters: Vec<Val> = (101..=300).map(|n| scene.open(n)).collect();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..100).for_each(|_| drop(scene.open(0))));
            }
            for counter in counters {
                scope.spawn(move || drop(counter));
            }
        });
        let mut ended = told.ended();
        ended.sort_unstable();
        assert_eq!(ended[..200], [0; 200]);
        assert_eq!(ended[200..], (101..=300).collect::<Vec<u32>>());
        scene.all_ended();
    }

    #[test]
    fn in_a_host_function_that_a_plugin_calls() {
        let scene = Scene::new();
        // The owner is not on the chain: at once.
        scene.told.hold(scene.open(1));
        scene.app.call("t:t/poker#poke", &[]).unwrap();
        assert_eq!(scene.told.ended(), [1]);
        // It is: when it has been left.
        scene.told.hold(scene.open(2));
        assert_eq!(scene.work(), 1);
        assert_eq!(scene.told.ended(), [2]);
        // It is, with a destructor of its own.
        let three = scene.open(3);
        scene.told.hold(scene.open(4));
        drop(three);
        assert_eq!(scene.told.ended(), [3, 4]);
        scene.all_ended();
    }

    #[test]
    fn in_a_host_function_when_the_app_ends() {
        let scene = Scene::new();
        let told = scene.told.clone();
        let one = scene.open(1);
        told.hold(scene.open(2));
        drop(scene);
        assert_eq!(told.ended(), [1, 2]);
        drop(one);
    }

    #[test]
    fn after_the_app() {
        let scene = Scene::new();
        let told = scene.told.clone();
        let one = scene.open(1);
        drop(scene);
        assert_eq!(told.ended(), [1]);
        drop(one);
        assert_eq!(told.ended(), NONE);
    }
}
