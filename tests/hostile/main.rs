//! Broken input end to end: manifests, components and WIT changed byte by byte give diagnostics or a
//! working app, never a panic, a hang, an abort, or more than 512 MiB.
//!
//! Some changes are random: `PLUGWEAVE_MUTATIONS` sets how many apps each test tries, and
//! `PLUGWEAVE_MUTATIONS_SEED` the first seed. Of some small files, every byte is tried.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod binaries;
#[path = "../support/bombs.rs"]
mod bombs;
mod files;
mod folders;
#[path = "../support/folders.rs"]
mod folders_of_kinds;
mod mutate;
#[path = "../support/random.rs"]
mod random;
mod watch;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use plugweave::check::check;
use plugweave::{App, StartOptions, Val};

use files::{BINARIES, Files, memory};
use random::{Random, number};

/// How many apps each test changes at random where nobody says otherwise.
const MUTATIONS: u64 = 1000;

/// Whether all is to be tried, and not only as much as anybody has time for.
fn is_long() -> bool {
    number("PLUGWEAVE_MUTATIONS").is_some_and(|mutations| mutations >= 10 * MUTATIONS)
}

/// What became of the cases of a test.
#[derive(Default)]
struct Tally {
    tried: usize,
    accepted: usize,
    started: usize,
    refused: String,
}

impl Tally {
    /// Checks an app and, when all is well, runs it.
    fn survive(&mut self, name: &str, files: &Files) {
        static CASES: AtomicU64 = AtomicU64::new(0);
        watch::watched(CASES.fetch_add(1, Ordering::Relaxed), name, || {
            let checked = watch::measured(name, || check(&memory(files)).unwrap());
            self.tried += 1;
            if checked.plan.is_none() {
                assert!(!checked.diagnostics.is_empty(), "refused without a word");
            }
            for diagnostic in &checked.diagnostics {
                assert!(!diagnostic.help.is_empty(), "no help: {diagnostic:?}");
                assert!(!diagnostic.labels.is_empty(), "no place: {diagnostic:?}");
                let text =
                    plugweave::diagnostic::render(diagnostic, &checked.sources, plugweave::diagnostic::Style::Plain);
                assert!(text.starts_with("error["), "{text}");
            }
            self.accepted += usize::from(checked.plan.is_some());
            if checked.plan.iter().flat_map(|plan| &plan.plugins).any(|plugin| plugin.weight >= HEAVY) {
                return;
            }
            let app = match App::of_checked(checked, StartOptions::default()) {
                Ok(app) => app,
                Err(error) => return self.refused = error.to_string(),
            };
            self.started += 1;
            // Whatever it answers, it answers.
            for (target, arguments) in [
                ("t:t/gist@1.0.0#of", vec![Val::String("some words".into())]),
                ("run", Vec::new()),
                ("twice", vec![Val::U32(3)]),
            ] {
                let _ = app.call_all(target, &arguments);
            }
            let _ = app.run();
        });
    }

    fn tell(&self, test: &str) {
        let Self { tried, accepted, started, .. } = self;
        println!("{test}: {accepted} of {tried} changed apps were accepted, and {started} ran; {}", watch::told());
    }
}

/// Mutates one of these files of an app at a time.
fn mutate_files(test: &str, files: &Files, which: &Range<usize>) {
    let mut tally = Tally::default();
    tally.survive(test, files);
    assert_eq!(tally.started, 1, "the app itself is fine, but: {}", tally.refused);
    let first = number("PLUGWEAVE_MUTATIONS_SEED").unwrap_or(1);
    for seed in first..first + number("PLUGWEAVE_MUTATIONS").unwrap_or(MUTATIONS) {
        let mut random = Random::new(seed);
        let mut files = files.clone();
        let file = which.start + random.below(which.len());
        mutate::mutate(&mut files[file].1, &mut random);
        tally.survive(&format!("{test}, seed {seed} ({})", files[file].0), &files);
    }
    tally.tell(test);
}

#[test]
fn mutated_binaries() {
    mutate_files("mutated_binaries", &files::app(), &(0..BINARIES));
}

#[test]
fn mutated_texts() {
    let files = files::app();
    mutate_files("mutated_texts", &files, &(BINARIES..files.len()));
}

#[test]
fn mutated_programs() {
    mutate_files("mutated_programs", &files::program(), &(0..1));
}

/// Changes every byte of some files, in every way or in one of `out_of`.
fn change_every_byte(test: &str, files: &Files, out_of: usize) {
    let mut tally = Tally::default();
    tally.survive(test, files);
    assert_eq!(tally.started, 1, "the app itself is fine, but: {}", tally.refused);
    for (file, (path, bytes)) in files.iter().enumerate() {
        for (change, bytes) in mutate::every_change(bytes).step_by(out_of) {
            let mut files = files.clone();
            files[file].1 = bytes;
            tally.survive(&format!("{test}, {path}: {change}"), &files);
        }
    }
    tally.tell(test);
}

#[test]
fn every_byte_of_a_component() {
    change_every_byte("every_byte_of_a_component", &files::tiny(), 1);
}

#[test]
fn every_byte_of_a_core_module() {
    change_every_byte("every_byte_of_a_core_module", &files::tiny_core(), if is_long() { 1 } else { 11 });
}

#[test]
fn prefixes() {
    let mut tally = Tally::default();
    for files in [files::app(), files::program()] {
        for file in 0..files.len() {
            for end in (0..files[file].1.len()).step_by(if is_long() { 1 } else { 7 }) {
                let mut files = files.clone();
                files[file].1.truncate(end);
                tally.survive(&format!("prefixes, {end} bytes of {}", files[file].0), &files);
            }
        }
    }
    tally.tell("prefixes");
}

/// What plugins may weigh that are compiled here. Heavier ones are compiled by a process of its own where the program
/// asks for that, which a test does not.
const HEAVY: u64 = 1_000_000;

/// Binaries made at random, a fifth as many as apps are changed by other tests.
#[test]
fn made_binaries() {
    let mut tally = Tally::default();
    let first = number("PLUGWEAVE_MUTATIONS_SEED").unwrap_or(1);
    for seed in first..first + number("PLUGWEAVE_MUTATIONS").unwrap_or(MUTATIONS) / 5 {
        let files = binaries::app(&mut Random::new(seed));
        tally.survive(&format!("made_binaries, seed {seed}"), &files);
    }
    assert!(tally.started > 0 && tally.accepted < tally.tried, "all were of one sort: {}", tally.refused);
    tally.tell("made_binaries");
}
