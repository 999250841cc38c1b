//! What has happened, so that it is seen that everything does.

use std::collections::BTreeMap;
use std::fmt;

use super::generate::{Place, Plot};
use super::topology::{DEPTH, WIDTH};

#[derive(Debug, Default)]
pub struct Tally {
    pub runs: u64,
    pub calls: u64,
    counts: BTreeMap<String, u64>,
}

impl Tally {
    pub fn note(&mut self, what: impl fmt::Display) {
        *self.counts.entry(what.to_string()).or_default() += 1;
    }

    pub fn note_many(&mut self, what: impl fmt::Display, count: u64) {
        *self.counts.entry(what.to_string()).or_default() += count;
    }

    pub fn note_plot(&mut self, plot: Plot, place: Place) {
        self.note(format!("{plot:?} at depth {}", place.depth));
        if let Some((position, width)) = place.fan {
            self.note(format!("{plot:?} as {position} of {width}"));
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.calls += other.calls;
        for (what, count) in &other.counts {
            *self.counts.entry(what.clone()).or_default() += count;
        }
    }

    /// That each thing goes wrong at every depth, and in every position among several.
    pub fn assert_all_places(&self, plots: &[Plot]) {
        let mut missing = Vec::new();
        for plot in plots.iter().filter(|plot| **plot != Plot::Nothing) {
            let depths = (plot.least_depth()..=DEPTH).map(|depth| format!("{plot:?} at depth {depth}"));
            let fans = (1..=WIDTH).flat_map(|width| (1..=width).map(move |position| (position, width)));
            // Those who can ask while they start are not everywhere.
            let fans = fans
                .filter(|_| *plot != Plot::StartAsking)
                .map(|(position, width)| format!("{plot:?} as {position} of {width}"));
            missing.extend(depths.chain(fans).filter(|what| !self.counts.contains_key(what)));
        }
        assert!(missing.is_empty(), "never happened: {missing:?}");
    }

    /// That each thing goes wrong on one thread and on several.
    pub fn assert_all_threads(&self, plots: &[Plot], most: usize) {
        for plot in plots.iter().filter(|plot| **plot != Plot::Nothing) {
            for count in 1..=most {
                self.assert_has(format!("{plot:?} on {count} threads"));
            }
        }
    }

    /// That something has happened.
    pub fn assert_has(&self, what: impl fmt::Display) {
        let what = what.to_string();
        assert!(self.counts.contains_key(&what), "never happened: {what}; only {self}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} runs, {} calls", self.runs, self.calls)?;
        let places = [" at depth ", " as ", " on "];
        for (what, count) in self.counts.iter().filter(|(what, _)| !places.iter().any(|place| what.contains(place))) {
            write!(f, ", {count} {what}")?;
        }
        Ok(())
    }
}
