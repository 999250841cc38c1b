//! Dispatch against static composition: random functions, plugins and calls, which must mean the same
//! in an app as in one component that `wac-graph` makes of the same components.
//!
//! `PLUGWEAVE_COMPOSITIONS` sets how many random cases are tried, `PLUGWEAVE_COMPOSITIONS_SEED` the
//! first seed. A failing case is made smaller and printed in full.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod app;
mod case;
mod change;
mod compare;
mod composed;
mod guest;
mod layout;
#[path = "../support/parallel.rs"]
mod parallel;
#[path = "../support/random.rs"]
mod random;
mod shrink;
mod spill;
mod types;
mod values;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use case::{Case, Fault};
use change::Change;
use compare::Tally;
use parallel::{cores, on_threads};
use random::number;

/// How many cases are tried where nobody says otherwise.
const CASES: u64 = 120;

/// How many changes for each case: they are quickly checked.
const CHANGES: u64 = 6;

/// How many cases, and the first seed.
fn cases() -> (u64, u64) {
    (number("PLUGWEAVE_COMPOSITIONS").unwrap_or(CASES), number("PLUGWEAVE_COMPOSITIONS_SEED").unwrap_or(1))
}

/// Runs one case. A panic is a difference, too.
fn run(case: &Case) -> Result<Tally, String> {
    catch_unwind(AssertUnwindSafe(|| compare::run(case))).unwrap_or_else(|_| Err("it panicked".to_owned()))
}

/// What differs, with the smallest case in which something does.
fn told(seed: u64, case: &Case, difference: &str) -> String {
    let smallest = shrink::shrink(case, |smaller| run(smaller).is_err());
    let smaller = run(&smallest).err().unwrap_or_default();
    let nodes = smallest.nodes.iter().enumerate().map(|(index, node)| format!("n{index}: {node:?}\n"));
    format!(
        "seed {seed}: {difference}\nmade smaller: {smaller}\n\n{}\n{}functions: {:?}\n\n\
         again: PLUGWEAVE_COMPOSITIONS=1 PLUGWEAVE_COMPOSITIONS_SEED={seed} cargo test --test composition",
        guest::wit(&smallest),
        nodes.collect::<String>(),
        smallest.functions,
    )
}

/// Whether at least the usual cases are tried, of which it is known that everything happens in them.
fn is_usual() -> bool {
    let (cases, first) = cases();
    first == 1 && cases >= CASES
}

#[test]
fn apps_mean_what_compositions_mean() {
    let (cases, first) = cases();
    let results = on_threads(cores(), first..first + cases, |seed| (seed, run(&Case::random(seed))));
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    for (seed, result) in results {
        match result {
            Ok(more) => tally.add(more),
            Err(difference) if failures.len() < 2 => failures.push(told(seed, &Case::random(seed), &difference)),
            Err(difference) => failures.push(format!("seed {seed}: {difference}")),
        }
    }
    let Tally { cases: same, answered, failed, faults } = tally;
    println!("{same} of {cases} cases are the same: {answered} calls answered and {failed} failed; {faults:?}");
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures[..failures.len().min(6)].join("\n\n"));
    if is_usual() {
        let failing = Fault::ALL.iter().filter(|fault| faults.get(fault).is_some_and(|(_, failed)| *failed > 0));
        assert_eq!(failing.count(), Fault::ALL.len(), "something never goes wrong");
        assert!(answered as u64 > 5 * cases && failed as u64 > cases, "the cases are too odd to say much");
    }
}

#[test]
fn what_does_not_fit_is_refused_by_both() {
    let (cases, first) = cases();
    let results = on_threads(cores(), first..first + CHANGES * cases, |seed| {
        let change = Change::ALL[usize::try_from(seed).unwrap() % Change::ALL.len()];
        let run = catch_unwind(|| compare::run_changed(seed, change));
        (change, run.unwrap_or_else(|_| Err(format!("seed {seed}, {change:?}: it panicked"))))
    });
    let (mut tried, mut calls, mut failures) = (BTreeMap::<Change, usize>::new(), 0, Vec::new());
    for (change, result) in results {
        match result {
            Ok(Some(tally)) => {
                *tried.entry(change).or_default() += 1;
                calls += tally.answered + tally.failed;
            }
            Ok(None) => {}
            Err(difference) => failures.push(difference),
        }
    }
    println!("{} changes, {tried:?}; {calls} calls of what still fits", tried.values().sum::<usize>());
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures[..failures.len().min(6)].join("\n\n"));
    assert!(!is_usual() || tried.len() == Change::ALL.len(), "some change is never made");
}
