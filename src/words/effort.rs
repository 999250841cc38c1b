//! How much is spent on finding out what was meant: a file with thousands of wrong names must not be compared with
//! thousands of right ones letter by letter.

use std::cell::Cell;

use super::{LONGEST, distance};

/// Steps of comparing letters that one question after what was meant may take in all; some tenths of a second.
const STEPS: u64 = 10_000_000;

/// What may still be spent on comparing names.
#[derive(Debug)]
pub(crate) struct Effort(Cell<u64>);

impl Default for Effort {
    fn default() -> Self {
        Self(Cell::new(STEPS))
    }
}

impl Effort {
    /// An effort for one of many things of a kind: a share of the whole.
    pub(crate) fn share() -> Self {
        Self(Cell::new(STEPS / 20))
    }

    /// Whether nothing is left.
    pub(crate) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }

    /// Whether there is so much left; then it is spent.
    fn spend(&self, steps: u64) -> bool {
        let left = self.0.get().checked_sub(steps);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }

    /// The distance of two words, where it is at most so much, they are not too long to be compared, and something is
    /// left of the effort.
    pub(crate) fn distance_within(&self, from: &str, to: &str, most: usize) -> Option<usize> {
        let (length, other) = (from.len(), to.len());
        // Most words are told apart by their lengths. A character has up to four bytes.
        if length > 4 * LONGEST || other > 4 * LONGEST || length.abs_diff(other) > 4 * most || !self.spend(1) {
            return None;
        }
        let (length, other) = (from.chars().count(), to.chars().count());
        if length > LONGEST || other > LONGEST || length.abs_diff(other) > most {
            return None;
        }
        let cells = u64::try_from(length.saturating_mul(other)).unwrap_or(u64::MAX);
        self.spend(cells).then(|| distance(from, to)).filter(|distance| *distance <= most)
    }

    /// The candidates that a mistyped word probably meant, nearest first, at most three.
    pub(crate) fn nearest<'a>(&self, wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let length = wanted.chars().count();
        if length > LONGEST {
            return Vec::new();
        }
        let allowed = (length / 3).max(1);
        let mut near: Vec<(usize, &str)> = candidates
            .into_iter()
            .take_while(|_| !self.is_spent())
            .filter_map(|candidate| Some((self.distance_within(wanted, candidate, allowed)?, candidate)))
            .collect();
        near.sort_by_key(|(distance, _)| *distance);
        near.dedup();
        near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
    }

    /// The candidate that a mistyped word probably meant; of equally near ones the first.
    pub(crate) fn closest<'a>(&self, wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        self.nearest(wanted, candidates).first().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_until_the_effort_is_spent() {
        let effort = Effort::default();
        assert_eq!(effort.distance_within("words", "wrods", 2), Some(1));
        assert_eq!(effort.distance_within("words", "unlike", 2), None);
        assert_eq!(effort.distance_within(&"x".repeat(1_000_000), &"x".repeat(1_000_000), 2), None);
        let names: Vec<String> = (0..100_000).map(|number| format!("a-name-of-length-{number}")).collect();
        let asked = (0..1_000).filter(|number| {
            let wanted = format!("a-nam-of-length-{number}");
            effort.closest(&wanted, names.iter().map(String::as_str)).is_some()
        });
        assert!((1..100).contains(&asked.count()));
        assert_eq!(effort.closest("words", ["wrods"]), None);
        assert_eq!(Effort::default().closest("words", ["wrods"]), Some("wrods"));
    }
}
