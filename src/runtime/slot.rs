use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use wasmtime::Store;
use wasmtime::component::{Func, Instance as WasmInstance, Val};

use super::enter::Ended;
use crate::link::{CallError, Entry, FunctionIndex, PluginState};
use crate::model::RestartBudget;
use crate::plan::PluginIndex;

/// The place of a plugin in a live app.
///
/// Only the chain that has the plugin's turn looks into the cell. The rest may be read by anyone.
pub(super) struct Slot {
    cell: Mutex<Cell>,
    /// Whether it has ever been up: a plugin on the chain that has not is still starting.
    started: AtomicBool,
    /// Who called, while it is on a chain: 0 for the host, else the index of the plugin plus one.
    caller: AtomicUsize,
    /// Its resources whose destructors wait until it is left.
    unwanted: Mutex<VecDeque<Entry>>,
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
    /// It is up.
    Up(Instance),
    /// Somebody is in it; found by the next one only if a panic of the host has unwound from there.
    Entered,
    /// It has failed and is started anew when it is needed.
    Down {
        /// Why it has failed.
        cause: CallError,
        /// Whether the next start counts against its budget.
        charged: bool,
    },
}

/// A live instance and its exports.
pub(super) struct Instance {
    pub(super) store: Store<PluginState>,
    pub(super) instance: WasmInstance,
    /// In the order of [`LinkedPlugin::functions`](crate::link::LinkedPlugin).
    pub(super) functions: Vec<Func>,
    /// Which of the plugin's instances it is: what belongs to another one is stale.
    pub(super) generation: u64,
}

impl Instance {
    /// Calls a function with values. Whatever the error is, the plugin has failed.
    pub(super) fn call(
        &mut self,
        function: FunctionIndex,
        arguments: &[Val],
        results: &mut [Val],
    ) -> Result<(), Ended> {
        // This does post-return too since wasmtime 48.
        Ok(self.functions[function.0].call(&mut self.store, arguments, results)?)
    }
}

impl Slot {
    pub(super) fn new(restart: RestartBudget) -> Self {
        let restarts = RestartLog { budget: restart, recent: VecDeque::new() };
        Self {
            cell: Mutex::new(Cell { condition: Condition::NotStarted, restarts, generation: 0 }),
            started: AtomicBool::new(false),
            caller: AtomicUsize::new(0),
            unwanted: Mutex::new(VecDeque::new()),
        }
    }

    /// The cell, which nobody else uses while one has the plugin's turn. A panic leaves it in order.
    pub(super) fn cell(&self) -> MutexGuard<'_, Cell> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its resources whose destructors wait.
    pub(super) fn unwanted(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.unwanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the start was refused, not even tried: it is tried again when the plugin is needed.
    pub(super) fn note_refused_start(&self, cause: &CallError) {
        let mut cell = self.cell();
        if matches!(cell.condition, Condition::NotStarted) {
            cell.condition = Condition::Down { cause: cause.clone(), charged: false };
        }
    }

    pub(super) fn set_caller(&self, caller: Option<PluginIndex>) {
        self.caller.store(caller.map_or(0, |plugin| plugin.0 + 1), Ordering::Relaxed);
    }

    pub(super) fn caller(&self) -> Option<PluginIndex> {
        self.caller.load(Ordering::Relaxed).checked_sub(1).map(PluginIndex)
    }

    pub(super) fn set_started(&self) {
        self.started.store(true, Ordering::Relaxed);
    }

    pub(super) fn started(&self) -> bool {
        self.started.load(Ordering::Relaxed)
    }
}

/// The restarts of a plugin that still count.
pub(super) struct RestartLog {
    budget: RestartBudget,
    recent: VecDeque<Instant>,
}

impl RestartLog {
    /// Notes a restart, where the budget still has one.
    pub(super) fn spend(&mut self, now: Instant) -> bool {
        let RestartBudget::AtMost { max, within } = self.budget else { return false };
        while self.recent.front().is_some_and(|then| now.saturating_duration_since(*then) >= within) {
            self.recent.pop_front();
        }
        let left = u32::try_from(self.recent.len()).is_ok_and(|spent| spent < max);
        if left {
            self.recent.push_back(now);
        }
        left
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
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_budget_counts_within_its_span() {
        let within = Duration::from_secs(60);
        let mut log = RestartLog { budget: RestartBudget::AtMost { max: 2, within }, recent: VecDeque::new() };
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert!(log.spend(at(0)) && log.spend(at(10)));
        assert!(!log.spend(at(59)));
        assert!(log.spend(at(60)));
        assert!(!log.spend(at(69)) && log.spend(at(70)));
        let mut never = RestartLog { budget: RestartBudget::Never, recent: VecDeque::new() };
        assert!(!never.spend(begin));
    }
}
