//! Lines of plugins that each burn most of their stack end in an error, never in an abort.

use std::hint::black_box;
use std::ops::RangeInclusive;
use std::thread;

use plugweave::{App, CallError, CallErrorKind, Val};

use crate::guests::{go, id, line, most_frames, number, passing_line};
use crate::process::alone;

/// What a plugin may use of native stack, in KiB.
const ITS_STACK: usize = 512;

/// What must be left at least to enter one.
pub const NEEDED: usize = if cfg!(debug_assertions) { 992 } else { 640 };

/// Does something on a thread with so much stack, in KiB.
pub fn on_thread<T: Send>(kib: usize, work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(kib << 10);
        // The system may give it a larger one that it has at hand.
        thread.spawn_scoped(scope, || with_left(kib, work)).unwrap().join().unwrap()
    })
}

/// Does something where at most so much stack is left, in KiB.
pub fn with_left<T>(kib: usize, work: impl FnOnce() -> T) -> T {
    let frame = black_box([0_u8; 512]);
    if stacker::remaining_stack().unwrap() <= kib << 10 {
        return work();
    }
    let done = with_left(kib, work);
    black_box(frame);
    done
}

/// How many plugins were entered before the stack was used up. The error names each of them.
#[track_caller]
fn entered(error: &CallError) -> usize {
    assert_eq!(error.kind(), CallErrorKind::Stack, "{error}");
    let chain: Vec<&str> = error.chain().iter().map(|call| call.plugin.as_str()).collect();
    let places: Vec<String> = (0..chain.len()).map(id).collect();
    assert_eq!(chain, places);
    assert_eq!(error.origin().map(ToString::to_string), places.last().cloned());
    let told = error.to_string();
    assert!(told.contains("KiB of native stack left"), "{told}");
    chain.len() - 1
}

/// The frames that burn so many KiB, where the most burn them all.
fn burning(most: u32, kib: usize) -> u32 {
    most * u32::try_from(kib).unwrap() / u32::try_from(ITS_STACK).unwrap()
}

/// How many there must be at least and may be at most, where each burns so much of a thread, in KiB.
fn expected(thread: usize, burnt: usize) -> RangeInclusive<usize> {
    // What the host has in between is more in code that is not optimised.
    let more = thread.saturating_sub(NEEDED);
    more / (burnt + 96)..=more / (burnt - 16) + 1
}

#[test]
fn forty_plugins_that_burn_their_stacks_end_in_an_error_on_threads_of_any_size() {
    alone(|| {
        let most = most_frames();
        let app = line(40, None, |plugin| plugin);
        for kib in [1024, 2048, 8192] {
            for burnt in [440, ITS_STACK] {
                let frames = burning(most, burnt);
                // Whoever ends with another is not charged, so that this could go on for ever.
                let entered: Vec<usize> =
                    (0..5).map(|_| entered(&on_thread(kib, || go(&app, frames)).unwrap_err())).collect();
                eprintln!("measured: {entered:?} plugins that burn {burnt} KiB on a thread of {kib}");
                let expected = expected(kib, burnt);
                assert!(entered.iter().all(|entered| expected.contains(entered) && *entered > 0), "{entered:?}");
            }
        }
        // They all work still, where they do not burn anything.
        assert_eq!(on_thread(32 << 10, || go(&app, 0).unwrap()), 39);
    });
}

#[test]
fn a_thread_with_too_little_for_one_plugin_is_told_so() {
    alone(|| {
        let app = line(1, None, |plugin| plugin);
        assert_eq!(entered(&on_thread(NEEDED - 8, || go(&app, 0)).unwrap_err()), 0);
        assert_eq!(on_thread(NEEDED + 64, || go(&app, 0)).unwrap(), 0);
    });
}

#[test]
fn whoever_can_tell_its_failure_goes_on_with_it() {
    alone(|| {
        let frames = burning(most_frames(), 440);
        let app = line(40, Some(1), |plugin| plugin);
        for kib in [3072, 8192] {
            assert_eq!(on_thread(kib, || go(&app, frames)).unwrap(), 1001, "on {kib} KiB");
        }
        assert_eq!(on_thread(32 << 10, || go(&app, 0).unwrap()), 39);
    });
}

#[test]
fn handles_on_the_way_end_when_the_stack_does() {
    alone(|| {
        let frames = burning(most_frames(), 440);
        let app = passing_line(40);
        for function in ["lend", "give"] {
            for (kib, frames, goes_well) in [(2048, frames, false), (8192, frames, false), (32 << 10, 0, true)] {
                let outcome = on_thread(kib, || {
                    let counter = app.call("t:t/store#[constructor]counter", &[Val::U32(7)]).unwrap().unwrap();
                    app.call_plugin(&id(0), &format!("t:t/pass#{function}"), &[Val::U32(frames), counter])
                });
                match outcome {
                    Ok(answer) => assert!(goes_well && number(answer) == 39),
                    Err(error) => assert!(!goes_well && entered(&error) < 39, "{error}"),
                }
                assert_eq!(app.live_handles(), 0, "{function}");
                assert_eq!(app.call("t:t/store#live", &[]).unwrap(), Some(Val::U32(0)), "{function}");
            }
        }
    });
}

/// A call from async code is made on a thread of its own.
#[test]
fn calls_from_async_code_get_as_far_as_others() {
    alone(|| {
        let frames = burning(most_frames(), 440);
        let app = line(40, None, |plugin| plugin);
        let far = || entered(&go(&app, frames).unwrap_err());
        let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
        for kib in [1024, 8192, 16 << 10] {
            let here = on_thread(kib, far);
            let there = on_thread(kib, || runtime().block_on(async { far() }));
            eprintln!("measured: on {kib} KiB {here}, from async code {there}");
            assert!(there >= here && there >= *expected(8192, 440).start(), "on {kib} KiB: {there}, {here}");
        }
        let blocking = runtime().block_on(async { tokio::task::spawn_blocking(move || go(&app, frames)).await });
        let there = entered(&blocking.unwrap().unwrap_err());
        assert!(there >= *expected(8192, 440).start(), "{there}");
    });
}

#[test]
fn each_plugin_says_how_deep_it_may_be_entered() {
    alone(|| {
        let refused = |app: &App, depth: usize| {
            let error = on_thread(32 << 10, || go(app, 0)).unwrap_err();
            assert_eq!(error.kind(), CallErrorKind::CallDepth);
            let chain: Vec<&str> = error.chain().iter().map(|call| call.plugin.as_str()).collect();
            let places: Vec<String> = (0..=depth).map(id).collect();
            assert_eq!(chain, places);
            // Of a long chain both ends are told.
            let (first, last) = (&places[..places.len().min(4)], &places[places.len().saturating_sub(5)..]);
            let told = format!("its limit of {depth}: host -> {}", first.join(" -> "));
            assert!(error.cause().contains(&told) && error.cause().ends_with(&last.join(" -> ")), "{error}");
        };
        for depth in [1, 7, 39] {
            let limited = line(40, None, |plugin| plugin.call_depth(depth));
            refused(&limited, depth as usize);
            refused(&limited, depth as usize);
        }
        assert_eq!(on_thread(32 << 10, || go(&line(40, None, |plugin| plugin.call_depth(40)), 0)).unwrap(), 39);
        refused(&line(66, None, |plugin| plugin), 64);
        // The last one only.
        let app = line(3, None, |plugin| if plugin.id() == id(2) { plugin.call_depth(2) } else { plugin });
        refused(&app, 2);
        assert_eq!(app.call_plugin(&id(1), "t:t/step#go", &[Val::U32(0)]).map(number).unwrap(), 1);
    });
}
