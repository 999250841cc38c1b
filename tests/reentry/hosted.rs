//! Apps with a host interface that does whatever a test wants, and whose states tell when they end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use plugweave::manifest::{ImportTerms, ManifestBuilder};
use plugweave::model::Cardinality;
use plugweave::wasmtime::component::Linker;
use plugweave::{App, AppBuilder, PluginId, PluginState};

use super::*;

pub const HOST: &str = "package t:host; interface gate { pass: func(what: u32); }";

pub const HOSTED: &str = "
package t:t@1.0.0;
interface works { work: func(what: u32) -> u32; count: func() -> u32; }
interface asks { work: func(what: u32) -> result<u32, string>; }
interface relays { relay: func(what: u32) -> u32; count: func() -> u32; }
interface store { resource counter; open: func() -> counter; count: func() -> u32; live: func() -> u32; }
interface desk { use store.{counter}; take: func(at: counter) -> u32; }
interface desks { use store.{counter}; take: func(at: counter) -> result<u32, string>; }
interface calls { called: func() -> u32; }
interface tells { called: func() -> result<u32, string>; }
world fragile { import t:host/gate; import store; export works; }
world careful { import asks; export relays; }
world owner { import t:host/gate; export store; }
world single { import t:host/gate; export works; }
world caller { import store; import desks; export calls; export works; }
world keeper { import store; export calls; export works; }
world taker { import store; export desk; }
world nosy { import calls; export store; }
world patient { import tells; export store; }
";

/// What functions of the host do: given the plugin and the argument.
type Gate = Arc<dyn Fn(&PluginId, u32) + Send + Sync>;

/// What is seen of the states of the host.
#[derive(Default)]
pub struct Seen {
    /// How many states have ended.
    pub ended: AtomicUsize,
    /// Whether the next one panics at its end.
    pub panics: AtomicBool,
}

pub struct State {
    plugin: PluginId,
    seen: Arc<Seen>,
}

impl Drop for State {
    fn drop(&mut self) {
        self.seen.ended.fetch_add(1, Ordering::SeqCst);
        if self.seen.panics.swap(false, Ordering::SeqCst) {
            panic!("the state of {} panics at its end", self.plugin);
        }
    }
}

pub fn builder(seen: &Arc<Seen>, gate: impl Fn(&PluginId, u32) + Send + Sync + 'static) -> AppBuilder {
    let gate: Gate = Arc::new(gate);
    let add = move |linker: &mut Linker<PluginState>, state: fn(&mut PluginState) -> &mut State| {
        let gate = gate.clone();
        linker.instance("t:host/gate")?.func_wrap("pass", move |mut store, (what,): (u32,)| {
            let plugin = state(store.data_mut()).plugin.clone();
            gate(&plugin, what);
            Ok(())
        })
    };
    let seen = seen.clone();
    let state = move |plugin: &plugweave::plan::PlannedPlugin| State { plugin: plugin.id.clone(), seen: seen.clone() };
    let builder = App::builder().file("w/t.wit", HOSTED).file("w/deps/host/h.wit", HOST);
    builder.host_interface("t:host/gate", HOST, add, state).unwrap()
}

pub fn build(builder: AppBuilder) -> App {
    let app = builder.build().unwrap_or_else(|error| panic!("{error}"));
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

pub fn manifest(id: &str, world: &str, export: &str) -> ManifestBuilder {
    ManifestBuilder::new(id).wit("w").world(world).export(format!("t:t/{export}@1.0.0"))
}

pub fn gated(manifest: ManifestBuilder) -> ManifestBuilder {
    manifest.import("t:host/gate", Cardinality::ExactlyOne)
}

pub const GATE: &str = r#"(import "t:host/gate" "pass" (func $pass (param i32)))"#;

/// Counts what it has opened, and what of that is left. `dtor` comes first in its destructor, and `count`
/// before it answers what it has opened.
pub fn owner_with(imports: &str, dtor: &str, count: &str) -> String {
    core_module(
        &format!(
            r#"{imports} (import "[export]t:t/store@1.0.0" "[resource-new]counter" (func $new (param i32) (result i32)))"#
        ),
        1,
        &format!(
            r#"(global $live (mut i32) (i32.const 0))
            (func (export "t:t/store@1.0.0#open") (result i32)
                (call $count)
                (global.set $live (i32.add (global.get $live) (i32.const 1)))
                (call $new (i32.const 7)))
            (func (export "t:t/store@1.0.0#[dtor]counter") (param i32)
                {dtor}
                (global.set $live (i32.sub (global.get $live) (i32.const 1))))
            (func (export "t:t/store@1.0.0#count") (result i32) {count} (global.get $calls))
            (func (export "t:t/store@1.0.0#live") (result i32) (global.get $live))"#
        ),
    )
}

pub fn owner() -> (ManifestBuilder, String) {
    (gated(manifest("owner", "owner", "store")), owner_with(GATE, "", ""))
}

pub const OPEN: &str = r#"(import "t:t/store@1.0.0" "open" (func $open (result i32)))"#;

/// `work(0)` answers how often it has been called, `work(n)` opens so many counters and traps.
pub fn fragile() -> (ManifestBuilder, String) {
    let manifest = gated(manifest("fragile", "fragile", "works")).import("t:t/store", Cardinality::ExactlyOne);
    let core = core_module(
        &format!("{GATE} {OPEN}"),
        1,
        r#"(func (export "t:t/works@1.0.0#count") (result i32) (global.get $calls))
        (func (export "t:t/works@1.0.0#work") (param $what i32) (result i32)
            (call $count)
            (if (i32.eqz (local.get $what)) (then (return (global.get $calls))))
            (loop $again
                (drop (call $open))
                (local.set $what (i32.sub (local.get $what) (i32.const 1)))
                (br_if $again (local.get $what)))
            unreachable)"#,
    );
    (manifest, core)
}

/// `work(0)` answers how often it has been called, `work(1)` traps, everything else passes the gate.
pub fn single(id: &str) -> (ManifestBuilder, String) {
    let core = core_module(
        GATE,
        1,
        r#"(func (export "t:t/works@1.0.0#count") (result i32) (global.get $calls))
        (func (export "t:t/works@1.0.0#work") (param $what i32) (result i32)
            (call $count)
            (if (i32.eq (local.get $what) (i32.const 1)) (then unreachable))
            (if (local.get $what) (then (call $pass (local.get $what)) (call $look-at-the-time)))
            (global.get $calls))
        (func $look-at-the-time)"#,
    );
    (gated(manifest(id, "single", "works")), core)
}

/// Asks who works, and answers 1000 and its own count where that has failed.
pub fn careful() -> (ManifestBuilder, String) {
    let terms = ImportTerms::new(Cardinality::ExactlyOne).from("t:t/works@1.0.0");
    let core = core_module(
        r#"(import "t:t/asks@1.0.0" "work" (func $ask (param i32 i32)))"#,
        1,
        r#"(func (export "t:t/relays@1.0.0#count") (result i32) (global.get $calls))
        (func (export "t:t/relays@1.0.0#relay") (param $what i32) (result i32)
            (call $count)
            (call $ask (local.get $what) (i32.const 512))
            (call $look-at-the-time)
            (if (result i32) (i32.load8_u (i32.const 512))
                (then (i32.add (i32.const 1000) (global.get $calls)))
                (else (i32.load (i32.const 516)))))
        ;; Takes some time.
        (func $look-at-the-time (local $i i32)
            (loop $again
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $i) (i32.const 1000)))))"#,
    );
    (manifest("careful", "careful", "relays").import("t:t/asks", terms), core)
}
