use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::*;

/// A ticker that no other test uses.
fn ticker() -> &'static Ticker {
    Box::leak(Box::new(Ticker::new(4)))
}

fn clock(ticker: &'static Ticker) -> Clock {
    Clock::start_by(Some(ticker), &[Engine::default()]).unwrap()
}

/// Waits until it is so; a machine on which that takes a minute is no machine.
fn until(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(60), "it is never so");
        std::thread::sleep(TICK);
    }
}

#[test]
fn time_passes_only_while_something_runs() {
    let ticker = ticker();
    let clock = clock(ticker);
    assert!(ticker.has_thread() && ticker.awake() == 0);
    let running = clock.run();
    let begin = Instant::now();
    until(|| clock.now() >= 4);
    assert!(begin.elapsed() >= TICK * 3);
    drop(running);
    until(|| ticker.awake() == 0);
    let still = clock.now();
    std::thread::sleep(TICK * 10);
    assert_eq!(clock.now(), still);
    let _running = clock.run();
    until(|| clock.now() > still);
}

#[test]
fn an_idle_clock_stands_still_while_others_go() {
    let ticker = ticker();
    let (idle, one, other) = (clock(ticker), clock(ticker), clock(ticker));
    let running = (one.run(), other.run());
    until(|| one.now() >= 4 && other.now() >= 4);
    assert_eq!((idle.now(), ticker.awake()), (0, 2));
    drop(running.0);
    until(|| ticker.awake() == 1);
    let (still, going) = (one.now(), other.now());
    until(|| other.now() >= going + 4);
    assert_eq!((idle.now(), one.now()), (0, still));
}

#[test]
fn a_clock_goes_on_for_a_call_of_any_thread() {
    let clock = clock(ticker());
    // More threads than there are counts, and for longer than it goes on without any.
    for _ in 0..12 {
        let call = || {
            let running = clock.run();
            let begin = clock.now();
            until(|| clock.now() >= begin + 8);
            running
        };
        // Where it ends does not matter.
        let running = std::thread::scope(|scope| scope.spawn(call).join().unwrap());
        drop(running);
    }
    until(|| !clock.time.is_running());
}

#[test]
fn a_call_wakes_a_clock_that_falls_asleep_just_then() {
    // It falls asleep as soon as it may, and ticks follow each other at once, so that the two meet.
    let ticker: &Ticker = Box::leak(Box::new(Ticker::new(0)));
    let clock = clock(ticker);
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                ticker.tick_now();
                std::thread::yield_now();
            }
        });
        let calls = std::panic::AssertUnwindSafe(|| {
            for _ in 0..20_000 {
                let _running = clock.run();
                let (begin, called) = (clock.now(), Instant::now());
                while clock.now() == begin {
                    assert!(called.elapsed() < Duration::from_secs(20), "time stands still in a call");
                    std::thread::yield_now();
                }
            }
        });
        let called = std::panic::catch_unwind(calls);
        is_done.store(true, Ordering::Relaxed);
        called.unwrap();
    });
}

#[test]
fn no_tick_is_too_short() {
    let ticker = ticker();
    let clock = clock(ticker);
    let _running = clock.run();
    for _ in 0..5 {
        let (begin, from) = (Instant::now(), clock.now());
        // The thread comes late, which must not shorten what comes after.
        let late = ticker.hold_up(TICK * 4);
        until(|| clock.now() >= from + 4);
        // The first tick has begun before.
        assert!(begin.elapsed() >= late + TICK * 2, "{:?}", begin.elapsed());
    }
}

#[test]
fn the_thread_is_there_while_there_are_clocks() {
    let ticker = ticker();
    assert!(!ticker.has_thread());
    for _ in 0..3 {
        let (one, other) = (clock(ticker), clock(ticker));
        let running = other.run();
        drop(one);
        assert!(ticker.has_thread());
        let begin = other.now();
        until(|| other.now() > begin);
        drop(running);
        // It is awake still.
        drop(other);
        assert!(!ticker.has_thread() && ticker.awake() == 0);
    }
}

#[test]
fn without_deadlines_there_is_no_thread() {
    let clock = Clock::start_by(None, &[Engine::default()]).unwrap();
    drop(clock.run());
    assert_eq!((clock.now(), clock.left(3)), (0, TICK * 3));
}

#[test]
fn clocks_come_and_go_on_many_threads() {
    let ticker = ticker();
    let engine = [Engine::default()];
    std::thread::scope(|scope| {
        for number in 0..8 {
            let engine = &engine;
            scope.spawn(move || {
                for turn in 0..200 {
                    let clock = Clock::start_by(Some(ticker), engine).unwrap();
                    if (number + turn) % 3 == 0 {
                        drop(clock.run());
                    }
                    if (number + turn) % 50 == 0 {
                        let _running = clock.run();
                        until(|| clock.now() > 0);
                    }
                }
            });
        }
    });
    assert!(!ticker.has_thread() && ticker.awake() == 0);
    let clock = clock(ticker);
    let _running = clock.run();
    until(|| clock.now() > 0);
}

#[test]
fn a_clock_may_end_on_any_thread() {
    let ticker = ticker();
    let (outer, inner) = (clock(ticker), clock(ticker));
    let running = outer.run();
    std::thread::scope(|scope| {
        scope.spawn(move || drop(inner));
    });
    until(|| outer.now() > 0);
    drop(running);
    std::thread::spawn(move || drop(outer)).join().unwrap();
    assert!(!ticker.has_thread());
}

#[test]
fn spans_are_rounded_up() {
    assert_eq!(Clock::ticks(Duration::ZERO), 0);
    assert_eq!(Clock::ticks(Duration::from_nanos(1)), 1);
    assert_eq!(Clock::ticks(TICK * 3), 3);
    assert_eq!(Clock::ticks(Duration::MAX), u64::MAX / 4);
}
