//! The resolver against an oracle: random small apps, of which a slow and obvious reading of the
//! contract says what has to come out.
//!
//! `PLUGWEAVE_ORACLE` sets how many apps are tried, `PLUGWEAVE_ORACLE_SEED` the first seed. A failing
//! app is made smaller and printed in full.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod binary;
mod compare;
mod contract;
mod files;
mod generate;
mod model;
mod names;
mod odd;
mod order;
#[path = "../support/random.rs"]
mod random;
mod replies;
mod shrink;
mod types;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use compare::Kind;
use model::App;
use random::number;

/// How many apps are tried where nobody says otherwise.
const APPS: u64 = 4_000;

/// Runs one app. A panic is a difference, too.
fn run(app: &App) -> Result<Kind, String> {
    catch_unwind(AssertUnwindSafe(|| compare::run(app))).unwrap_or_else(|_| Err("it panicked".to_owned()))
}

/// What went wrong, with the files of the smallest app for which it does.
fn told(seed: u64, app: &App) -> String {
    let smallest = shrink::shrink(app, |smaller| run(smaller).is_err());
    let difference = run(&smallest).err().unwrap_or_default();
    let files: String =
        files::write(&smallest).texts.iter().map(|(path, text)| format!("--- {path}\n{text}")).collect();
    let binaries = smallest.plugins.iter().map(|plugin| format!("--- {}.wasm\n{}\n", plugin.file, binary::wat(plugin)));
    format!("seed {seed}: {difference}\n\n{files}{}", binaries.collect::<String>())
}

/// Runs the apps of some seeds: how many resolve, their links, and what went wrong with the others.
fn run_seeds(seeds: impl Iterator<Item = u64>) -> (usize, usize, Vec<String>) {
    let (mut good, mut links, mut failures) = (0, 0, Vec::new());
    for seed in seeds {
        let app = generate::app(seed);
        match run(&app) {
            Ok(Kind::Good(count)) => (good, links) = (good + 1, links + count),
            Ok(Kind::Bad) => {}
            Err(_) if failures.len() < 3 => failures.push(told(seed, &app)),
            Err(difference) => failures.push(format!("seed {seed}: {difference}")),
        }
    }
    (good, links, failures)
}

#[test]
fn random_apps_resolve_as_the_contract_says() {
    let apps = number("PLUGWEAVE_ORACLE").unwrap_or(APPS);
    let first = number("PLUGWEAVE_ORACLE_SEED").unwrap_or(1);
    let threads = std::thread::available_parallelism().map_or(1, |number| number.get() as u64);
    let results: Vec<_> = std::thread::scope(|scope| {
        let start = |thread| scope.spawn(move || run_seeds((first + thread..first + apps).step_by(threads as usize)));
        let running: Vec<_> = (0..threads).map(start).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (mut good, mut links, mut failures) = (0, 0, Vec::new());
    for (some, more, mut failed) in results {
        (good, links) = (good + some, links + more);
        failures.append(&mut failed);
    }
    println!("{good} of {apps} apps resolve, with {links} links");
    assert!(
        failures.is_empty(),
        "{} of {apps} apps differ:\n{}",
        failures.len(),
        failures[..failures.len().min(6)].join("\n\n")
    );
    assert!(apps < 500 || (good as u64) * 10 > apps && links as u64 > apps / 2, "the apps are too odd to say much");
}

/// The generator is only worth something when every kind of problem comes up.
#[test]
fn every_kind_of_problem_comes_up() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut knots = 0;
    for seed in 0..3_000 {
        let expected = contract::expected(&generate::app(seed));
        expected.errors.iter().for_each(|(code, _)| *seen.entry(code.as_str()).or_default() += 1);
        knots += expected.knots.len();
    }
    println!("{seen:?}, {knots} cycles");
    // PW205 is about resources, which these apps do not have.
    assert_eq!(seen.len(), 11, "{seen:?}");
    assert!(knots > 50 && seen.values().all(|count| *count > 50), "{seen:?}");
}
