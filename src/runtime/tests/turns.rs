use std::time::{Duration, Instant};

use super::*;
use crate::link::testing::Ask;
use crate::model::RestartBudget;

/// Keeps a plugin busy for some tens of milliseconds.
const DAWDLE: &str = "(local $i i32)
    (loop $again
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 30000000))))";

#[test]
fn a_diamond_shares_one_instance() {
    let mut bench = Bench::default();
    bench.provider("base", 1, 99);
    bench.asker("left", "add", "u32", Ask::one(0));
    bench.asker("right", "add", "u32", Ask::one(0));
    let live = bench.start();
    for plugin in ["left", "right", "left"] {
        assert_eq!(live.number(plugin, "go", 1).unwrap(), 2);
    }
    assert_eq!((live.count("base"), live.count("left"), live.generation(0)), (3, 2, 1));
}

#[test]
fn many_threads_take_their_turns() {
    let mut bench = Bench::default();
    bench.provider("base", 1, 99);
    bench.asker("hub", "add", "u32", Ask::one(0));
    let live = bench.start();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let live = &live;
            scope.spawn(move || {
                for _ in 0..200 {
                    let (plugin, function) = if thread % 2 == 0 { ("hub", "go") } else { ("base", "add") };
                    assert_eq!(live.number(plugin, function, 1).unwrap(), 2);
                }
            });
        }
    });
    assert_eq!((live.count("base"), live.count("hub")), (1600, 800));
}

/// Answers 100 at zero, else goes on with one less.
const COUNT_DOWN: &str = "
    (if (i32.eqz (local.get 0)) (then (return (i32.const 100))))
    (local.set 0 (i32.sub (local.get 0) (i32.const 1)))";

#[test]
fn a_chain_comes_back_to_a_plugin_that_is_on_it() {
    let mut bench = Bench::default();
    bench.relay("a", 1, true, COUNT_DOWN);
    bench.relay("b", 2, false, COUNT_DOWN);
    bench.relay("c", 0, false, COUNT_DOWN);
    let live = bench.start();
    for depth in 0..12 {
        assert_eq!(live.number("a", "go", depth).unwrap(), 100 + depth);
        assert_eq!(live.number("c", "go", depth).unwrap(), 100 + depth);
    }
    assert_eq!([0, 1, 2].map(|plugin| live.generation(plugin)), [1, 1, 1]);
}

#[test]
fn a_chain_that_comes_back_for_ever_is_refused_and_nobody_charged() {
    let mut bench = Bench::default();
    bench.relay("a", 1, true, "").limits.restart = RestartBudget::Never;
    bench.relay("b", 0, false, "").limits.restart = RestartBudget::Never;
    for plugin in &mut bench.plan.plugins {
        plugin.limits.call_depth = 5;
    }
    let live = bench.start();
    for _ in 0..3 {
        let error = live.number("a", "go", 1).unwrap_err();
        assert_eq!(origin(&error), (CallErrorKind::CallDepth, "b"));
        assert!(error.cause().contains("host -> a -> b -> a -> b -> a -> b"), "{error}");
        assert_eq!(error.chain().len(), 6);
    }
}

#[test]
fn two_chains_that_would_wait_for_each_other_do_not_hang() {
    let mut bench = Bench::default();
    let before = format!("{DAWDLE} {COUNT_DOWN}");
    bench.relay("a", 1, true, &before);
    bench.relay("b", 0, false, &before);
    let live = bench.start();
    let begin = Instant::now();
    let mut rings = 0;
    while rings == 0 && begin.elapsed() < Duration::from_secs(120) {
        std::thread::scope(|scope| {
            let calls = ["a", "b"].map(|plugin| scope.spawn(|| live.number(plugin, "go", 1)));
            for call in calls {
                match call.join().unwrap() {
                    Ok(answer) => assert_eq!(answer, 101),
                    Err(error) => {
                        assert_eq!(error.kind(), CallErrorKind::Ring, "{error}");
                        rings += 1;
                    }
                }
            }
        });
    }
    assert!(rings > 0);
}

#[test]
fn an_app_ends_with_its_runtime_and_the_assembly_starts_another() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 99);
    let live = bench.start();
    assert_eq!(live.number("p", "add", 1).unwrap(), 2);
    let (weak, assembly) = (Arc::downgrade(&live.runtime.app), live.runtime.assembly().clone());
    let (other, _) = Runtime::start(assembly, StartOptions::default());
    drop(live);
    assert!(weak.upgrade().is_none());
    let target = Target { plugin: PluginIndex(0), function: FunctionIndex(2) };
    assert_eq!(other.call(target, &[]).unwrap(), Some(Val::U32(0)));
}
