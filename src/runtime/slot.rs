use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_utils::atomic::AtomicCell;
use wasmtime::Store;

use crate::link::{CallError, Deadline, Entry, PluginState, Ticks};
use crate::model::RestartBudget;

/// The place of a plugin in a live app.
///
/// Only the chain that has the plugin's turn takes the instance and changes the cell, which it keeps locked for no
/// call. The rest may be read by anyone.
pub(super) struct Slot {
    /// The live instance, while nobody is in it. Nearly all calls find it here and need no lock.
    idle: AtomicCell<Option<Instance>>,
    cell: Mutex<Cell>,
    /// When the chain that is in it must have left it; [`NO_DEADLINE`] where that is open.
    due: AtomicU64,
    /// Its resources whose destructors wait until it is left.
    unwanted: Mutex<VecDeque<Entry>>,
}

/// What stands for no deadline.
const NO_DEADLINE: Ticks = Ticks::MAX;

/// Keeps a deadline noted until it is dropped.
pub(super) struct Due<'a>(&'a AtomicU64);

impl Drop for Due<'_> {
    fn drop(&mut self) {
        self.0.store(NO_DEADLINE, Ordering::Relaxed);
    }
}

/// A plugin and its past.
pub(super) struct Cell {
    pub(super) condition: Condition,
    pub(super) restarts: RestartLog,
    /// How often it has been instantiated. Handles of another generation are stale.
    pub(super) generation: u64,
}

/// How a plugin is.
pub(super) enum Condition {
    /// Its turn to start has not come yet.
    NotStarted,
    /// It is up: idle, or a chain is in it.
    Live,
    /// It is being started. When a chain finds that which has just got its turn, a panic of the host has
    /// unwound from there; so with the next one.
    Starting,
    /// It has failed and is started anew when it is needed.
    Down {
        /// Why it has failed.
        cause: CallError,
        /// Whether the next start counts against its budget.
        charged: bool,
        /// When it has failed.
        since: Instant,
    },
}

/// A live instance: its store, which knows its exports.
pub(super) struct Instance {
    pub(super) store: Store<PluginState>,
}

impl Condition {
    /// It has failed now.
    pub(super) fn down(cause: CallError, charged: bool) -> Self {
        Self::Down { cause, charged, since: Instant::now() }
    }
}

impl Slot {
    pub(super) fn new(restart: RestartBudget) -> Self {
        let restarts = RestartLog { budget: restart, recent: VecDeque::new() };
        Self {
            idle: AtomicCell::new(None),
            cell: Mutex::new(Cell { condition: Condition::NotStarted, restarts, generation: 0 }),
            due: AtomicU64::new(NO_DEADLINE),
            unwanted: Mutex::new(VecDeque::new()),
        }
    }

    /// The live instance, unless somebody is in it.
    pub(super) fn take(&self) -> Option<Instance> {
        self.idle.take()
    }

    /// Puts the live instance back, when it has been left.
    pub(super) fn put_back(&self, instance: Instance) {
        self.idle.store(Some(instance));
    }

    /// The cell, which nobody else uses while one has the plugin's turn. A panic leaves it in order.
    pub(super) fn cell(&self) -> MutexGuard<'_, Cell> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes when the chain that is in it must have left it, until what is returned is dropped.
    pub(super) fn note_due(&self, deadline: Option<Deadline>) -> Due<'_> {
        self.due.store(deadline.map_or(NO_DEADLINE, |deadline| deadline.at), Ordering::Relaxed);
        Due(&self.due)
    }

    /// For how long the chain that is in it should have left it.
    pub(super) fn overdue(&self, now: Ticks) -> Ticks {
        now.saturating_sub(self.due.load(Ordering::Relaxed))
    }

    /// Its resources whose destructors wait.
    pub(super) fn unwanted(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.unwanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the start was refused, not even tried: it is tried again when the plugin is needed.
    pub(super) fn note_refused_start(&self, cause: &CallError) {
        let mut cell = self.cell();
        if matches!(cell.condition, Condition::NotStarted) {
            cell.condition = Condition::down(cause.clone(), false);
        }
    }
}

/// The restarts of a plugin that still count.
pub(super) struct RestartLog {
    budget: RestartBudget,
    recent: VecDeque<Instant>,
}

/// How long the second restart is put off; each one after it twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// Longest time that a restart is put off.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl RestartLog {
    /// How long after its failure the plugin may be restarted; nothing where the budget is used up.
    ///
    /// The first restart is not put off at all. No pause is so long that the whole budget could not be
    /// used within its span.
    pub(super) fn pause(&mut self, now: Instant) -> Option<Duration> {
        let RestartBudget::AtMost { max, within } = self.budget else { return None };
        while self.recent.front().is_some_and(|then| now.saturating_duration_since(*then) >= within) {
            self.recent.pop_front();
        }
        let spent = u32::try_from(self.recent.len()).ok().filter(|spent| *spent < max)?;
        let Some(doubled) = spent.checked_sub(1) else { return Some(Duration::ZERO) };
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doubled));
        Some(pause.min(LONGEST_PAUSE).min(within / max))
    }

    /// Notes a restart.
    pub(super) fn note(&mut self, now: Instant) {
        self.recent.push_back(now);
    }

    /// Begins again with the whole budget.
    pub(super) fn forget(&mut self) {
        self.recent.clear();
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
        RestartLog { budget: RestartBudget::AtMost { max, within }, recent: VecDeque::new() }
    }

    #[test]
    fn instances_are_taken_without_a_lock() {
        assert!(AtomicCell::<Option<Instance>>::is_lock_free());
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
        let mut never = RestartLog { budget: RestartBudget::Never, recent: VecDeque::new() };
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
}
