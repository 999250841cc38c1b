//! Who owns what, in random apps: random plugins make, ask, lend, give, fetch and drop handles of each
//! other's resources, and fail. A plain model of ownership says what each step gives, how many resources each
//! plugin has after it, and how many handles there are.
//!
//! `PLUGWEAVE_OWNERSHIP` sets how many steps each test does, `PLUGWEAVE_OWNERSHIP_SEED` the first seed. What
//! differs is told with its seed, and, where nothing depends on the order of threads, with the fewest steps
//! that show it.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod graph;
mod guest;
mod layout;
mod model;
#[path = "../support/parallel.rs"]
mod parallel;
mod play;
#[path = "../support/random.rs"]
mod random;
mod run;
mod shrink;
mod step;
mod tally;
mod threads;

use std::panic::{AssertUnwindSafe, catch_unwind};

use parallel::{cores, on_threads};
use play::Case;
use random::number;
use tally::Tally;

/// How many steps each test does where nobody says otherwise.
const STEPS: u64 = 5000;

/// How many steps an app lives.
const LIFE: u64 = 500;

/// The seeds of the apps of a test.
fn seeds() -> std::ops::Range<u64> {
    let first = number("PLUGWEAVE_OWNERSHIP_SEED").unwrap_or(1);
    first..first + number("PLUGWEAVE_OWNERSHIP").unwrap_or(STEPS).div_ceil(LIFE)
}

/// Does something for each seed, on several threads, and puts together what came of it.
fn for_each_seed(threads: usize, work: impl Fn(u64) -> Result<Tally, String> + Sync) -> Tally {
    let survive = |seed| {
        let done = catch_unwind(AssertUnwindSafe(|| work(seed)));
        done.unwrap_or_else(|_| Err("it panicked".to_owned())).map_err(|cause| {
            format!(
                "seed {seed}: {cause}\nagain: PLUGWEAVE_OWNERSHIP=1 PLUGWEAVE_OWNERSHIP_SEED={seed} cargo test --test \
                 ownership"
            )
        })
    };
    let results = on_threads(threads, seeds(), survive);
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    for result in results {
        match result {
            Ok(more) => tally.add(&more),
            Err(failure) => failures.push(failure),
        }
    }
    assert!(failures.is_empty(), "{} apps differ:\n{}", failures.len(), failures[..failures.len().min(4)].join("\n\n"));
    tally
}

#[test]
fn apps_do_what_the_model_says() {
    let tally = for_each_seed(cores(), |seed| {
        let case = Case::new(seed);
        case.random(seed, LIFE).map_err(|failure| shrink::told(&case, &failure))
    });
    println!("alone: {tally}");
    if seeds() == (1..1 + STEPS / LIFE) {
        tally.assert_everything_happens();
    }
}

#[test]
fn threads_do_not_disturb_each_other() {
    let tally = for_each_seed(1, |seed| threads::in_harmony(seed, LIFE));
    println!("in harmony: {tally}");
}

#[test]
fn whatever_threads_do_ends_at_nothing() {
    let tally = for_each_seed(1, |seed| threads::in_strife(seed, LIFE));
    println!("in strife: {tally}");
}
