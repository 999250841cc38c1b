use std::time::{Duration, Instant};

use super::*;
use crate::link::testing::Ask;

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

#[test]
fn a_call_back_into_the_chain_is_refused() {
    let mut bench = Bench::default();
    bench.relay("a", 1, true, "");
    bench.relay("b", 0, false, "");
    let live = bench.start();
    let error = live.number("a", "go", 1).unwrap_err();
    assert_eq!(origin(&error), (CallErrorKind::Reentrant, "a"));
    assert!(error.cause().contains("host -> a -> b -> a"), "{error}");
    assert_eq!(error.chain().len(), 3);
    // Its own turn is free again.
    assert_eq!(live.number("b", "go", 1).unwrap_err().kind(), CallErrorKind::Reentrant);
}

#[test]
fn two_chains_that_would_wait_for_each_other_do_not_hang() {
    let mut bench = Bench::default();
    bench.relay("a", 1, true, DAWDLE);
    bench.relay("b", 0, false, DAWDLE);
    let live = bench.start();
    let begin = Instant::now();
    let mut kinds = Vec::new();
    while !kinds.contains(&CallErrorKind::Ring) && begin.elapsed() < Duration::from_secs(120) {
        std::thread::scope(|scope| {
            let calls = ["a", "b"].map(|plugin| scope.spawn(|| live.number(plugin, "go", 1).unwrap_err().kind()));
            kinds.extend(calls.map(|call| call.join().unwrap()));
        });
    }
    assert!(kinds.contains(&CallErrorKind::Ring), "{kinds:?}");
    assert!(kinds.iter().all(|kind| matches!(kind, CallErrorKind::Ring | CallErrorKind::Reentrant)), "{kinds:?}");
}

#[test]
fn an_app_ends_with_its_runtime_and_the_assembly_starts_another() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 99);
    let live = bench.start();
    assert_eq!(live.number("p", "add", 1).unwrap(), 2);
    let (weak, assembly) = (Arc::downgrade(&live.runtime.inner), live.runtime.assembly().clone());
    let (other, _) = Runtime::start(assembly, StartOptions::default());
    drop(live);
    assert!(weak.upgrade().is_none());
    let target = Target { plugin: PluginIndex(0), function: FunctionIndex(2) };
    assert_eq!(other.call(target, &[]).unwrap(), Some(Val::U32(0)));
}
