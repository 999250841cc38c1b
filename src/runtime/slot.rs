use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crossbeam_utils::atomic::AtomicCell;
use wasmtime::Store;

use super::drain_time::DrainTime;
use super::restarts::RestartLog;
use crate::call::{CallError, Deadline, Entry, PluginState, Ticks};
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
    /// How long its destructors have run for the host.
    pub(super) drain_time: DrainTime,
}

/// What stands for no deadline.
const NO_DEADLINE: Ticks = Ticks::MAX;

/// Keeps a deadline noted until it is dropped.
pub(super) struct Due<'a> {
    place: &'a AtomicU64,
    before: Ticks,
}

impl Drop for Due<'_> {
    fn drop(&mut self) {
        self.place.store(self.before, Ordering::Relaxed);
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
        let restarts = RestartLog::new(restart);
        Self {
            idle: AtomicCell::new(None),
            cell: Mutex::new(Cell { condition: Condition::NotStarted, restarts, generation: 0 }),
            due: AtomicU64::new(NO_DEADLINE),
            unwanted: Mutex::new(VecDeque::new()),
            drain_time: DrainTime::default(),
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
        let due = deadline.map_or(NO_DEADLINE, |deadline| deadline.at);
        Due { place: &self.due, before: self.due.swap(due, Ordering::Relaxed) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_taken_without_a_lock() {
        assert!(AtomicCell::<Option<Instance>>::is_lock_free());
    }
}
