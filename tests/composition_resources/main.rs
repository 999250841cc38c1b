//! Resources against static composition: random plugins that hand each other handles, which must mean the
//! same in an app as in one component that `wac-graph` makes of the same components.
//!
//! The plugins of a case are chains and diamonds of two to five, each importing some of those before it.
//! They export resources of their own, and functions, methods and static functions with `own` and `borrow`
//! of these and of imported resources anywhere in options, lists, tuples, records, variants and results.
//! Some imports are there for their types alone. What a plugin does is random too, from a seed that it is
//! given: it calls, makes, keeps, lends, moves, gives back and drops. The host does so as well, with the
//! functions of any plugin. In some cases rules are broken: handles are used after they have gone, taken
//! for those of another resource, moved while lent, and borrows are kept or moved.
//!
//! After each step these must be the same: what was returned, all numbers that each plugin has seen, in
//! order, how many resources of each live, how many handles everybody keeps, and which destructors have
//! run, in order, with the values that they saw. The app must know as many handles as there are. When all
//! is dropped, nothing may be left. Where a step fails, it must fail by the same cause and in the same
//! plugin; nothing is compared further. Two things about failures cannot be compared:
//!
//! - Wasmtime notices kept borrows, and handles that are wrong in a result, in an adapter between two
//!   plugins, above the caller's code. Plugweave names the plugin that did it. So for the first no place
//!   is compared, and for the others the callee may stand for the caller.
//! - A destructor that fails is a trap of everything in a composition, and in Plugweave the owner's affair.
//!   So no destructor fails here: where rules are broken, they only count.
//!
//! There is no difference in when destructors run. Plugweave defers one whose owner is on the chain of
//! calls. But who can have a handle of the owner depends on it, and the owner on none of those, so that it
//! has been left whenever another plugin drops one. It may drop its own ones while it is entered, and that
//! runs the destructor at once in both.
//!
//! `PLUGWEAVE_COMPOSITIONS` sets how many random cases are tried, `PLUGWEAVE_COMPOSITIONS_SEED` the first
//! seed. A failing case is made smaller and printed.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod app;
mod case;
mod compare;
mod composed;
mod guest;
mod guest_handles;
mod guest_values;
mod host;
mod memory;
#[path = "../support/parallel.rs"]
mod parallel;
#[path = "../support/random.rs"]
mod random;
mod shape;
mod shrink;
mod types;

use std::panic::{AssertUnwindSafe, catch_unwind};

use case::Case;
use compare::Tally;
use parallel::{cores, on_threads};
use random::number;

/// How many cases are tried where nobody says otherwise.
const CASES: u64 = 60;

/// Runs one case. A panic is a difference, too.
fn run(case: &Case) -> Result<Tally, String> {
    catch_unwind(AssertUnwindSafe(|| compare::run(case))).unwrap_or_else(|_| Err("it panicked".to_owned()))
}

/// Runs the cases of some seeds, on all cores.
fn run_all(seeds: std::ops::Range<u64>) -> Vec<(u64, Result<Tally, String>)> {
    on_threads(cores(), seeds, |seed| (seed, run(&Case::random(seed))))
}

/// What differs, with a small case in which something does.
fn told(seed: u64, difference: &str) -> String {
    let smallest = shrink::shrink(&Case::random(seed), |smaller| run(smaller).is_err());
    let smaller = run(&smallest).err().unwrap_or_default();
    let imports = smallest.nodes.iter().enumerate().map(|(index, node)| format!("n{index}: {:?}\n", node.imports));
    format!(
        "seed {seed}: {difference}\nmade smaller: {smaller}\n\n{}{}steps: {:?}, faulty: {}\n\n\
         again: PLUGWEAVE_COMPOSITIONS=1 PLUGWEAVE_COMPOSITIONS_SEED={seed} cargo test --test composition_resources",
        smallest.wit(),
        imports.collect::<String>(),
        smallest.steps,
        smallest.faulty,
    )
}

#[test]
fn resources_mean_what_they_mean_in_compositions() {
    let cases = number("PLUGWEAVE_COMPOSITIONS").unwrap_or(CASES);
    let first = number("PLUGWEAVE_COMPOSITIONS_SEED").unwrap_or(1);
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    for (seed, result) in run_all(first..first + cases) {
        match result {
            Ok(more) => tally.add(&more),
            Err(difference) if failures.is_empty() => failures.push(told(seed, &difference)),
            Err(difference) => failures.push(format!("seed {seed}: {difference}")),
        }
    }
    println!("{} of {cases} cases are the same: {tally:?}", tally.cases);
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures[..failures.len().min(6)].join("\n\n"));
    if cases >= CASES {
        let enough = tally.steps as u64 > 5 * cases
            && tally.calls > 4 * cases
            && tally.destructors > 4 * cases
            && tally.places > 0
            && tally.traps.len() > 1;
        assert!(enough, "the cases are too odd to say much");
    }
}
