//! Resources against static composition.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod app;
mod case;
mod compare;
mod composed;
mod guest;
mod host;
#[path = "../support/random.rs"]
mod random;
mod types;

use std::panic::{AssertUnwindSafe, catch_unwind};

use case::Case;
use compare::Tally;

/// How many cases are tried where nobody says otherwise.
const CASES: u64 = 100;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn run(case: &Case) -> Result<Tally, String> {
    catch_unwind(AssertUnwindSafe(|| compare::run(case))).unwrap_or_else(|_| Err("it panicked".to_owned()))
}

#[test]
fn resources_mean_what_they_mean_in_compositions() {
    let cases = number("PLUGWEAVE_COMPOSITIONS").unwrap_or(CASES);
    let first = number("PLUGWEAVE_COMPOSITIONS_SEED").unwrap_or(1);
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    for seed in first..first + cases {
        let case = Case::random(seed);
        match run(&case) {
            Ok(more) => tally.add(&more),
            Err(difference) => failures.push(format!("seed {seed}: {difference}")),
        }
    }
    println!("{tally:?}");
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures[..failures.len().min(6)].join("\n\n"));
}
