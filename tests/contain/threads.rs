//! Threads that call plugins at the same time: each plugin has one call at a time, and nobody waits for ever.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use plugweave::manifest::{ImportTerms, ManifestBuilder};
use plugweave::model::Cardinality;
use plugweave::wasmtime::component::Linker;
use plugweave::{App, CallError, CallErrorKind, PluginId, PluginState, Val};

use crate::guests::{build, id, module, number};
use crate::process::alone;

const HOST: &str = "package t:host; interface gate { pass: func(steps: u32); }";

const WIT: &str = "
package t:t@1.0.0;
/// Passes the gate of the host, and takes so many steps more.
interface step { go: func(steps: u32) -> u32; }
interface asks { go: func(steps: u32) -> result<u32, string>; }
world single { import t:host/gate; export step; }
world plain { import t:host/gate; import step; export step; }
world catcher { import t:host/gate; import asks; export step; }
";

const GATE: &str = r#"(import "t:host/gate" "pass" (func $pass (param i32)))"#;

/// Counts its calls: what it answers. The gate is between reading the count and writing it.
const SINGLE: &str = r#"
    (global $count (mut i32) (i32.const 0))
    (func (export "t:t/step@1.0.0#go") (param i32) (result i32)
        (local $count i32)
        (local.set $count (global.get $count))
        (call $pass (local.get 0))
        (global.set $count (i32.add (local.get $count) (i32.const 1)))
        (global.get $count))"#;

/// Lets the next one take the steps that are left, and adds its own.
const PLAIN: &str = r#"
    (func (export "t:t/step@1.0.0#go") (param $steps i32) (result i32)
        (call $pass (local.get $steps))
        (if (i32.eqz (local.get $steps)) (then (return (i32.const 0))))
        (i32.add (i32.const 1) (call $next (i32.sub (local.get $steps) (i32.const 1)))))"#;

/// As the plain one, but answers 1000 for the steps that have failed.
const CATCHER: &str = r#"
    (func (export "t:t/step@1.0.0#go") (param $steps i32) (result i32)
        (call $pass (local.get $steps))
        (if (i32.eqz (local.get $steps)) (then (return (i32.const 0))))
        (call $next (i32.sub (local.get $steps) (i32.const 1)) (i32.const 512))
        (if (result i32) (i32.load8_u (i32.const 512))
            (then (i32.const 1000)) (else (i32.add (i32.const 1) (i32.load (i32.const 516))))))"#;

/// What happens at the gate, for a plugin that has so many steps left.
type Gate = Arc<dyn Fn(&PluginId, u32) + Send + Sync>;

fn builder(gate: Gate) -> plugweave::AppBuilder {
    let add = move |linker: &mut Linker<PluginState>, state: fn(&mut PluginState) -> &mut PluginId| {
        let gate = gate.clone();
        linker.instance("t:host/gate")?.func_wrap("pass", move |mut store, (steps,): (u32,)| {
            gate(state(store.data_mut()), steps);
            Ok(())
        })
    };
    let builder = App::builder().file("w/t.wit", WIT).file("w/deps/host/h.wit", HOST);
    builder.host_interface("t:host/gate", HOST, add, |plugin| plugin.id.clone()).unwrap()
}

fn manifest(place: usize, world: &str) -> ManifestBuilder {
    let manifest = ManifestBuilder::new(id(place)).wit("w").world(world);
    manifest.export("t:t/step@1.0.0").import("t:host/gate", Cardinality::ExactlyOne)
}

/// Plugins that have nothing to do with each other.
fn singles(count: usize, gate: impl Fn(&PluginId, u32) + Send + Sync + 'static) -> App {
    let plugins = (0..count).map(|place| manifest(place, "single"));
    build(plugins.fold(builder(Arc::new(gate)), |builder, plugin| builder.plugin(&plugin, module(GATE, SINGLE))))
}

/// Plugins that each ask the next one, and the last one the first.
fn ring(count: usize, catches: bool, gate: impl Fn(&PluginId, u32) + Send + Sync + 'static) -> App {
    let (world, name, core, result) = match catches {
        false => ("plain", "t:t/step@1.0.0", PLAIN, "(param i32) (result i32)"),
        true => ("catcher", "t:t/asks@1.0.0", CATCHER, "(param i32 i32)"),
    };
    let imports = format!(r#"{GATE} (import "{name}" "go" (func $next {result}))"#);
    let mut builder = builder(Arc::new(gate));
    let mut bindings = String::new();
    for place in 0..count {
        let terms = ImportTerms::new(Cardinality::ExactlyOne).from("t:t/step@1.0.0").late();
        bindings += &format!("bind.{} = {{ '{name}' = ['{}'] }}\n", id(place), id((place + 1) % count));
        builder = builder.plugin(&manifest(place, world).import(name, terms), module(&imports, core));
    }
    build(builder.file("app.toml", bindings))
}

fn go(app: &App, place: usize, steps: u32) -> Result<u32, CallError> {
    app.call_plugin(&id(place), "t:t/step#go", &[Val::U32(steps)]).map(number)
}

#[test]
fn a_plugin_has_one_call_at_a_time() {
    alone(|| {
        const CALLS: usize = 300;
        let inside: Arc<[AtomicUsize; 2]> = Arc::default();
        let seen = inside.clone();
        let app = singles(2, move |plugin, _| {
            let inside = &seen[usize::from(plugin.as_str() == id(1))];
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
            thread::yield_now();
            inside.fetch_sub(1, Ordering::SeqCst);
        });
        let answers = Mutex::new([BTreeSet::new(), BTreeSet::new()]);
        thread::scope(|scope| {
            for thread in 0..8 {
                let (app, answers) = (&app, &answers);
                scope.spawn(move || {
                    for call in 0..CALLS {
                        let place = (thread + call) % 2;
                        let answer = go(app, place, 0).unwrap();
                        assert!(answers.lock().unwrap()[place].insert(answer), "{answer} twice");
                    }
                });
            }
        });
        // None is lost, and none is counted twice.
        for answers in answers.into_inner().unwrap() {
            assert!(answers.into_iter().eq(1..=4 * CALLS as u32));
        }
    });
}

#[test]
fn plugins_that_are_not_involved_run_at_the_same_time() {
    alone(|| {
        // Each waits in the host until all are there.
        let gate = Barrier::new(4);
        let app = singles(4, move |_, _| {
            gate.wait();
        });
        for round in 1..=20 {
            thread::scope(|scope| {
                for place in 0..4 {
                    let app = &app;
                    scope.spawn(move || assert_eq!(go(app, place, 0).unwrap(), round));
                }
            });
        }
    });
}

#[test]
fn nobody_has_to_wait_much_longer_than_others() {
    alone(|| {
        const THREADS: usize = 8;
        // While one is in the host, others have the time to come.
        let app = singles(1, |_, _| thread::yield_now());
        let (ready, start) = (Barrier::new(THREADS), Mutex::new(None));
        let counts: Vec<usize> = thread::scope(|scope| {
            let count = || {
                ready.wait();
                let start = *start.lock().unwrap().get_or_insert_with(Instant::now);
                let mut count = 0;
                while start.elapsed() < Duration::from_secs(3) {
                    go(&app, 0, 0).unwrap();
                    count += 1;
                }
                count
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        eprintln!("measured: {counts:?} calls");
        let (total, least) = (counts.iter().sum::<usize>(), counts.iter().min().copied().unwrap());
        assert!(total >= 100 * THREADS && least * THREADS * 4 >= total, "{counts:?}");
    });
}

/// Chains that each begin at another plugin of a ring, and all hold theirs when they ask for the next one.
fn close_ring(count: usize, catches: bool) {
    let gate = Barrier::new(count);
    let app = ring(count, catches, move |_, steps| {
        if steps == 1 {
            gate.wait();
        }
    });
    for _ in 0..20 {
        let outcomes: Vec<Result<u32, CallError>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..count)
                .map(|place| {
                    scope.spawn({
                        let app = &app;
                        move || go(app, place, 1)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let is_refused = |outcome: &Result<u32, CallError>| outcome.as_ref().map_or(true, |steps| *steps == 1000);
        let refused: Vec<usize> = (0..count).filter(|place| is_refused(&outcomes[*place])).collect();
        let [refused] = refused[..] else { panic!("{outcomes:?}") };
        for (place, outcome) in outcomes.iter().enumerate().filter(|(place, _)| *place != refused) {
            assert_eq!(outcome.as_ref().unwrap(), &1, "{place}");
        }
        let Err(error) = &outcomes[refused] else {
            assert!(catches);
            continue;
        };
        assert!(!catches);
        assert_eq!(error.kind(), CallErrorKind::Ring);
        let next = (refused + 1) % count;
        assert_eq!(error.origin().map(PluginId::as_str), Some(id(next).as_str()));
        let ring: Vec<String> = (0..count).map(|step| id((next + step) % count)).collect();
        let told = format!("waiting for it would never end: calls wait in a ring for {}", ring.join(", "));
        assert_eq!(error.cause(), told);
        let chain: Vec<&str> = error.chain().iter().map(|call| call.plugin.as_str()).collect();
        assert_eq!(chain, [id(refused), id(next)]);
    }
    // Nothing is left behind: each can go its way, and nobody was charged.
    for place in 0..count {
        assert_eq!(go(&app, place, 0).unwrap(), 0);
    }
}

#[test]
fn one_of_the_chains_that_would_wait_for_each_other_is_refused() {
    alone(|| {
        for count in [2, 3] {
            close_ring(count, false);
        }
    });
}

#[test]
fn who_is_refused_in_a_ring_may_go_on_with_that() {
    alone(|| {
        for count in [2, 3] {
            close_ring(count, true);
        }
    });
}
