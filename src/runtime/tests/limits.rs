use std::time::{Duration, Instant};

use wasmtime::ResourceLimiter;

use super::*;
use crate::call::Limiter;
use crate::link::testing::{Ask, Logged};
use crate::model::{Budget, Limits};

#[test]
fn a_spinning_plugin_is_interrupted() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7).limits.timeout = Some(Budget::AtMost(Duration::from_millis(200)));
    let live = bench.start();
    let begin = Instant::now();
    let error = live.call("p", "spin", &[]).unwrap_err();
    assert_eq!(origin(&error), (CallErrorKind::Timeout, "p"));
    assert!(error.cause().contains("200ms") && !error.backtrace().is_empty(), "{error}");
    assert!((Duration::from_millis(200)..Duration::from_secs(20)).contains(&begin.elapsed()));
    // A deadline of long ago does not count for the next entry.
    assert_eq!(live.number("p", "add", 1).unwrap(), 2);
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!((live.number("p", "add", 1).unwrap(), live.count("p")), (2, 2));
}

#[test]
fn the_time_of_the_chain_counts_for_the_provider_and_charges_the_consumer() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7).limits.restart = crate::model::RestartBudget::Never;
    let hub = bench.asker("hub", "spin-for", "u32", Ask::one(0));
    hub.limits.timeout = Some(Budget::AtMost(Duration::from_millis(100)));
    // The provider under the name that the consumer uses: it spins.
    bench.binaries[0] = crate::link::testing::component(
        "interface p { spin-for: func(x: u32) -> u32; } world w { export p; }",
        r#"(module (func (export "t:t/p#spin-for") (param i32) (result i32)
            (block $done (br_if $done (i32.eqz (local.get 0))) (loop $again (br $again)))
            (i32.const 5)))"#,
    );
    let signature = crate::link::testing::func(&[("x", crate::model::Type::U32)], Some(crate::model::Type::U32));
    bench.plan.plugins[0].exports[0].functions = vec![("spin-for".into(), signature)];
    let live = bench.start();
    let error = live.number("hub", "go", 1).unwrap_err();
    assert_eq!(origin(&error), (CallErrorKind::Timeout, "hub"));
    assert!(error.to_string().contains("the time of plugin `hub`, 100ms, was up"), "{error}");
    // The provider may never be restarted for a fault of its own, and this was none.
    assert_eq!(live.number("hub", "go", 0).unwrap(), 5);
    assert_eq!((live.generation(0), live.generation(1)), (2, 2));
}

#[test]
fn memory_stays_within_its_limit() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7).limits.memory = 4 * 65536;
    bench.provider("small", 1, 7).limits.memory = 65536;
    let live = bench.start();
    let grow = |pages| live.call("p", "grow", &[Val::U32(pages)]).unwrap();
    assert_eq!(grow(1), Some(Val::S32(2)));
    assert_eq!(grow(2), Some(Val::S32(-1)));
    assert_eq!(grow(1), Some(Val::S32(3)));
    assert_eq!(grow(1), Some(Val::S32(-1)));
    assert_eq!((live.generation(0), live.failures.len()), (1, 1));
    assert!(live.failures[0].1.to_string().contains("its limit is 65536"), "{}", live.failures[0].1);
    // More than could ever fit is refused before it gets there.
    let error = live.call("p", "echo", &[text(&"x".repeat(5 * 65536))]).unwrap_err();
    assert_eq!(error.kind(), CallErrorKind::BadArguments);
}

#[test]
fn fuel_is_counted_for_each_entry() {
    let mut bench = Bench::default();
    let limits = &mut bench.provider("p", 1, 7).limits;
    limits.fuel = Budget::AtMost(1_000_000);
    limits.timeout = Some(Budget::Unlimited);
    bench.provider("free", 1, 7);
    let live = bench.start();
    let error = live.call("p", "spin", &[]).unwrap_err();
    assert_eq!(origin(&error), (CallErrorKind::Fuel, "p"));
    for _ in 0..100 {
        assert_eq!(live.number("p", "add", 1).unwrap() + live.number("free", "add", 1).unwrap(), 4);
    }
}

/// A line of relays with the plugin at its end first, and the instructions that each runs before it
/// calls the next one.
fn line(length: usize, before: &str) -> Live {
    let mut bench = Bench::default();
    bench.end("p0");
    for index in 1..length {
        bench.relay(&format!("p{index}"), index - 1, false, before);
    }
    bench.start()
}

#[test]
fn a_line_ends_at_the_depth_limit() {
    std::thread::Builder::new()
        .stack_size(16 << 20)
        .spawn(|| {
            let live = line(66, "");
            assert_eq!(live.number("p63", "go", 1).unwrap(), 65);
            let error = live.number("p64", "go", 1).unwrap_err();
            assert_eq!(origin(&error), (CallErrorKind::CallDepth, "p0"));
            assert!(error.cause().contains("limit of 64: host -> p64 -> p63"), "{error}");
            assert_eq!(error.chain().len(), 65);
            assert_eq!(live.number("p63", "go", 1).unwrap(), 65);
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn a_line_of_stack_hungry_plugins_ends_in_an_error() {
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(|| {
            // Each uses most of its 512 KiB before it calls the next one.
            let live = line(20, "(return (call $burn (i32.const 6000) (local.get 0)))");
            let error = live.number("p19", "go", 1).unwrap_err();
            assert_eq!(error.kind(), CallErrorKind::Stack, "{error}");
            assert!(error.chain().len() < 10);
            assert!(live.number("p1", "go", 1).is_ok());
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn memory_that_the_system_refuses_is_told_also_to_those_who_want_nothing_else() {
    let logged = Logged::under("plugweave::link::state");
    let mut limiter = Limiter::new(&Limits::default());
    limiter.memory_grow_failed(wasmtime::format_err!("there is none")).unwrap();
    assert_eq!(logged.lines(), ["warning: a linear memory could not grow: there is none"]);
}
