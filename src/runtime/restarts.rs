//! How often a plugin has been started anew, and when it may be again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::model::RestartBudget;

/// The restarts of a plugin that still count.
pub(super) struct RestartLog {
    budget: RestartBudget,
    /// Oldest first: since when, and how many. Those that follow each other closely are one entry, so that a
    /// budget of millions takes no more memory than one of a thousand.
    recent: VecDeque<(Instant, u32)>,
    spent: u32,
}

/// How many parts a budget's span has: restarts within one part pass with its first.
const PARTS: u32 = 1000;

/// How long the second restart is put off; each one after it twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// Longest time that a restart is put off.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl RestartLog {
    /// No restarts yet.
    pub(super) fn new(budget: RestartBudget) -> Self {
        Self { budget, recent: VecDeque::new(), spent: 0 }
    }

    /// How long after its failure the plugin may be restarted; nothing where the budget is used up.
    ///
    /// The first restart is not put off at all. No pause is so long that the whole budget could not be
    /// used within its span.
    pub(super) fn pause(&mut self, now: Instant) -> Option<Duration> {
        let RestartBudget::AtMost { max, within } = self.budget else { return None };
        while let Some((_, past)) = self.recent.pop_front_if(|(then, _)| now.saturating_duration_since(*then) >= within)
        {
            self.spent -= past;
        }
        if self.spent >= max {
            return None;
        }
        let Some(doubled) = self.spent.checked_sub(1) else { return Some(Duration::ZERO) };
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doubled));
        Some(pause.min(LONGEST_PAUSE).min(within / max))
    }

    /// Notes a restart.
    pub(super) fn note(&mut self, now: Instant) {
        let RestartBudget::AtMost { within, .. } = self.budget else { return };
        match self.recent.back_mut() {
            Some((then, count)) if now.saturating_duration_since(*then) < within / PARTS => *count += 1,
            _ => self.recent.push_back((now, 1)),
        }
        self.spent += 1;
    }

    /// Begins again with the whole budget.
    pub(super) fn forget(&mut self) {
        self.recent.clear();
        self.spent = 0;
    }

    /// The budget, as one says it.
    pub(super) fn describe(&self) -> String {
        match self.budget {
            RestartBudget::Never => "it is never restarted".to_owned(),
            RestartBudget::AtMost { max, within } => format!("its {max} restart(s) within {within:?} are used up"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(max: u32, within: Duration) -> RestartLog {
        RestartLog::new(RestartBudget::AtMost { max, within })
    }

    #[test]
    fn the_budget_counts_within_its_span() {
        let mut log = log(2, Duration::from_secs(60));
        let begin = Instant::now();
        let mut spend = |seconds| {
            let now = begin + Duration::from_secs(seconds);
            log.pause(now).inspect(|_| log.note(now)).is_some()
        };
        assert!(spend(0) && spend(10));
        assert!(!spend(59));
        assert!(spend(60));
        assert!(!spend(69) && spend(70));
        let mut never = RestartLog::new(RestartBudget::Never);
        assert_eq!(never.pause(begin), None);
    }

    #[test]
    fn pauses_double_up_to_their_share_of_the_span() {
        let now = Instant::now();
        let pauses = |max, within, count| -> Vec<u128> {
            let mut log = log(max, Duration::from_millis(within));
            let next = |_| log.pause(now).inspect(|_| log.note(now)).map(|pause| pause.as_millis());
            (0..count).map_while(next).collect()
        };
        assert_eq!(pauses(3, 60_000, 9), [0, 10, 20]);
        assert_eq!(pauses(100, 3_600_000, 10), [0, 10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        assert_eq!(pauses(100, 2_000, 4), [0, 10, 20, 20]);
        assert_eq!(pauses(u32::MAX, 1, 3), [0, 0, 0]);
    }

    #[test]
    fn a_large_budget_takes_little_memory() {
        let mut log = log(u32::MAX, Duration::from_secs(1));
        let begin = Instant::now();
        for restart in 0..100_000_u32 {
            let now = begin + Duration::from_micros(30) * restart;
            assert!(log.pause(now).is_some());
            log.note(now);
        }
        // Those of the last second: a part more or less.
        assert!((33_300..33_400).contains(&log.spent), "{}", log.spent);
        assert!(log.recent.len() <= 1001, "{}", log.recent.len());
        log.forget();
        assert_eq!(log.pause(begin), Some(Duration::ZERO));
    }
}
