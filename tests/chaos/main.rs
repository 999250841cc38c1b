//! Plugins are strangers: in random apps they trap, loop, recurse, exhaust memory, flood handles, answer garbage,
//! keep borrows, fail while starting and sleep, at every depth, in every position among several, on one thread and
//! on eight, with cycles and without. A plain model says what each call gives, who starts anew and who keeps what
//! it has counted. Nothing hangs, nothing is left behind.
//!
//! `PLUGWEAVE_CHAOS` sets how many runs there are all in all, `PLUGWEAVE_CHAOS_SEED` the first seed. What differs is
//! told with its seed and, where nothing depends on the order of threads, with the fewest calls that show it.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod generate;
mod guest;
mod host;
mod layout;
mod model;
mod outcome;
#[path = "../support/parallel.rs"]
mod parallel;
mod play;
#[path = "../support/random.rs"]
mod random;
mod script;
mod tally;
mod threads;
mod topology;
mod watch;

use std::alloc::System;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use cap::Cap;

use generate::Plot;
use model::{ENDED_FURTHER_DOWN, STARTED_FURTHER_DOWN};
use outcome::{CALL_DEPTH, EXIT, FAILED, FUEL, NOT_STARTED, TRAP};
use parallel::{cores, on_threads};
use play::Case;
use random::number;
use tally::Tally;
use topology::Wanted;
use watch::Watched;

/// Counts what is allocated.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// The most that may be allocated more after a test than before. A leak in each run, or in each life, is more.
const MOST_LEFT: usize = 256 << 10;

/// How many runs there are where nobody says otherwise.
const RUNS: u64 = 10_000;

/// A kind of test: its name, its part of the runs in percent, how many of them a life has, and how many lives an app
/// has, which is compiled once.
struct Kind {
    name: &'static str,
    percent: u64,
    life: u64,
    lives: u64,
}

impl Kind {
    /// The seeds of its lives.
    fn seeds(&self) -> Range<u64> {
        let first = number("PLUGWEAVE_CHAOS_SEED").unwrap_or(1);
        let runs = number("PLUGWEAVE_CHAOS").unwrap_or(RUNS) * self.percent / 100;
        first..first + runs.div_ceil(self.life).max(1)
    }

    /// The command that tries the life of a seed again.
    fn again(&self, seed: u64) -> String {
        format!("PLUGWEAVE_CHAOS=1 PLUGWEAVE_CHAOS_SEED={seed} cargo test --test chaos {}", self.name)
    }

    /// Whether it is what everybody tries.
    fn is_usual(&self) -> bool {
        number("PLUGWEAVE_CHAOS_SEED").is_none() && number("PLUGWEAVE_CHAOS").unwrap_or(RUNS) >= RUNS
    }

    /// Lives all lives, on several threads, while no other test does anything. What is allocated in the end is
    /// about what was allocated in the beginning.
    fn live(
        &self,
        threads: usize,
        wanted: impl Fn(u64) -> Wanted + Sync,
        live: impl Fn(&Case, u64) -> Lived + Sync,
    ) -> Tally {
        static ALONE: Mutex<()> = Mutex::new(());
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        host::keep_wanted_panics_quiet();
        // What is made once and for all is there after that.
        let first = self.seeds().start;
        let _ = self.live_each(1, first..first + 1, &wanted, &live);
        let before = ALLOCATOR.allocated();
        let tally = self.live_each(threads, self.seeds(), &wanted, &live);
        let more = ALLOCATOR.allocated().saturating_sub(before);
        println!("{}: {tally}; {} KiB more are allocated in the end", self.name, more >> 10);
        assert!(more < MOST_LEFT, "{}: {more} bytes more are allocated than in the beginning", self.name);
        tally
    }

    /// Lives the lives of these seeds. Those of one app come one after the other.
    fn live_each(
        &self,
        threads: usize,
        seeds: Range<u64>,
        wanted: &(impl Fn(u64) -> Wanted + Sync),
        live: &(impl Fn(&Case, u64) -> Lived + Sync),
    ) -> Tally {
        let apps = seeds.start / self.lives..=(seeds.end - 1) / self.lives;
        let survive = |app: u64| {
            let case = Case::new(app, wanted(app));
            let seeds = (app * self.lives..(app + 1) * self.lives).filter(|seed| seeds.contains(seed));
            let survive = |seed| {
                let again = self.again(seed);
                let lived = alone(&again, || live(&case, seed));
                lived.map_err(|told| format!("seed {seed}: {told}\nagain: {again}"))
            };
            seeds.map(survive).collect::<Vec<_>>()
        };
        let results = on_threads(threads, apps, survive).into_iter().flatten();
        let (mut tally, mut failures) = (Tally::default(), Vec::new());
        for result in results {
            match result {
                Ok(more) => tally.add(&more),
                Err(failure) => failures.push(failure),
            }
        }
        let told = failures[..failures.len().min(4)].join("\n\n");
        assert!(failures.is_empty(), "{} lives differ:\n{told}", failures.len());
        tally
    }
}

type Lived = Result<Tally, String>;

/// Lives a life on a thread of its own. Its name is the command that tries it again: it is told even when a stack
/// overflows, which ends the process.
fn alone(name: &str, live: impl FnOnce() -> Lived + Send) -> Lived {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(name.to_owned()).stack_size(ROOM);
        thread.spawn_scoped(scope, live).unwrap().join().unwrap_or_else(|_| Err("it panicked".to_owned()))
    })
}

/// The native stack of threads: room for chains in which nodes are called again and again.
const ROOM: usize = 16 << 20;

#[test]
fn apps_do_what_the_model_says() {
    let kind = Kind { name: "apps_do_what_the_model_says", percent: 66, life: 40, lives: 8 };
    let plots = Plot::all(false);
    let wanted = |app: u64| Wanted {
        cyclic: app.is_multiple_of(2),
        slow: false,
        frugal: app % 5 == 3,
        shared: false,
        wild: false,
    };
    let tally = kind.live(cores(), wanted, |case, seed| {
        let watched = Watched::new();
        case.live(seed, kind.life, &plots, &watched).map_err(|difference| case.shrunk(difference, &watched))
    });
    if kind.is_usual() {
        tally.assert_all_places(&plots);
        let around = [ENDED_FURTHER_DOWN, STARTED_FURTHER_DOWN];
        for event in [TRAP, FUEL, EXIT, FAILED, NOT_STARTED, CALL_DEPTH].into_iter().chain(around) {
            tally.assert_has(format!("times {event}"));
        }
    }
}

#[test]
fn time_runs_out() {
    let kind = Kind { name: "time_runs_out", percent: 6, life: 10, lives: 2 };
    let plots = Plot::all(true);
    let wanted =
        |app: u64| Wanted { cyclic: app.is_multiple_of(2), slow: true, frugal: false, shared: false, wild: false };
    let tally = kind.live(3 * cores(), wanted, |case, seed| {
        let watched = Watched::new();
        // The machine may be busy with something else, so that healthy ones are late, too. It is not each time.
        let live = || case.live(seed, kind.life, &plots, &watched).map_err(|difference| difference.told);
        let mut lived = live();
        let mut again = 0;
        while lived.is_err() && again < 5 {
            lived = live();
            again += 1;
        }
        lived.map(|mut tally| {
            (0..again).for_each(|_| tally.note("lives again, because somebody was late"));
            tally
        })
    });
    if kind.is_usual() {
        tally.assert_all_places(&plots);
    }
}

#[test]
fn threads_do_not_disturb_each_other() {
    let kind = Kind { name: "threads_do_not_disturb_each_other", percent: 20, life: 40, lives: 8 };
    let wanted =
        |app: u64| Wanted { cyclic: app.is_multiple_of(2), slow: false, frugal: false, shared: true, wild: false };
    let tally = kind.live(1, wanted, |case, seed| threads::in_harmony(case, seed, kind.life));
    if kind.is_usual() {
        tally.assert_has("plugins that never failed");
        tally.assert_all_threads(&threads::plots_in_harmony(), threads::THREADS);
        for count in 1..=threads::THREADS {
            tally.assert_has(format!("lives with {count} threads"));
            tally.assert_has(format!("lives with {count} threads and cycles"));
        }
    }
}

#[test]
fn whatever_threads_do_ends_at_nothing() {
    let kind = Kind { name: "whatever_threads_do_ends_at_nothing", percent: 8, life: 40, lives: 8 };
    let wanted = |app: u64| Wanted {
        cyclic: app.is_multiple_of(2),
        slow: app % 3 == 1,
        frugal: false,
        shared: true,
        wild: true,
    };
    kind.live(1, wanted, |case, seed| {
        // Who waits for time to run out does so often enough in fewer runs.
        let runs = if case.topology.slow { kind.life / 4 } else { kind.life };
        threads::in_strife(case, seed, runs)
    });
}
