//! When a call may be in its plugin: whose turn it is, and how long others wait for theirs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_utils::CachePadded;

use super::explain::{late, refuse};
use super::turns::{Refusal, Turn, Turns};
use crate::call::{CallError, CallErrorKind, ChainId, Clock, Deadline, Frame, Ticks};
use crate::link::Assembly;
use crate::plan::PluginIndex;

/// Who is in which plugin, and until when.
pub(super) struct Admission {
    assembly: Arc<Assembly>,
    turns: Turns,
    /// For each plugin, when the chain that is in it must have left it; [`NO_DEADLINE`] where that is open.
    due: Vec<CachePadded<AtomicU64>>,
    /// How long a plugin may be overdue until those who wait for it give up.
    stuck_after: Ticks,
}

/// What stands for no deadline.
const NO_DEADLINE: Ticks = Ticks::MAX;

/// A plugin is interrupted when its time is up, and comes back within a moment even on a loaded machine, unless
/// it is in the host.
const STUCK_AFTER: Duration = Duration::from_secs(5);

/// Keeps a deadline noted until it is dropped.
pub(super) struct Due<'a> {
    place: &'a AtomicU64,
    before: Ticks,
}

impl Drop for Due<'_> {
    #[inline]
    fn drop(&mut self) {
        self.place.store(self.before, Ordering::Relaxed);
    }
}

impl Admission {
    pub(super) fn new(assembly: Arc<Assembly>) -> Self {
        let plugins = assembly.plan().plugins.len();
        let due = (0..plugins).map(|_| AtomicU64::new(NO_DEADLINE).into()).collect();
        Self { assembly, turns: Turns::new(plugins), due, stuck_after: Clock::ticks(STUCK_AFTER) }
    }

    /// The right to be in a plugin, waited for; nothing where the chain has it already.
    ///
    /// # Errors
    /// The call is refused: `ring`, late, or stuck.
    #[inline]
    pub(super) fn take_turn(&self, caller: &Frame, plugin: PluginIndex) -> Result<Option<Turn<'_>>, CallError> {
        let assembly = &*self.assembly;
        let patience = || caller.deadline.map(|deadline| assembly.clock().left(deadline.at));
        match self.turns.take(plugin, caller.chain, patience, || self.is_stuck(plugin)) {
            Ok(turn) => Ok(Some(turn)),
            Err(Refusal::OnChain) => Ok(None),
            Err(Refusal::Ring(ring)) => {
                let ring: Vec<&str> = ring.iter().map(|plugin| assembly.id(*plugin).as_str()).collect();
                let cause = format!("waiting for it would never end: calls wait in a ring for {}", ring.join(", "));
                Err(refuse(assembly, CallErrorKind::Ring, plugin, cause))
            }
            Err(Refusal::Late) => Err(late(assembly, caller.deadline, plugin)),
            Err(Refusal::Stuck) => {
                let cause = "it is stuck in a function of the host: a call that is in it should have ended long ago";
                Err(refuse(assembly, CallErrorKind::Timeout, plugin, cause.to_owned()))
            }
        }
    }

    /// The right to be in a plugin that is free at this moment.
    pub(super) fn try_turn(&self, plugin: PluginIndex, chain: ChainId) -> Option<Turn<'_>> {
        self.turns.try_take(plugin, chain)
    }

    /// Waits for a plugin's turn when the app ends; `None` on refusal.
    pub(super) fn last_turn(&self, plugin: PluginIndex, chain: ChainId) -> Option<Turn<'_>> {
        self.turns.take(plugin, chain, || None, || false).ok()
    }

    /// Notes when the chain that is in a plugin must have left it, until what is returned is dropped. Only the chain
    /// that has the plugin's turn does so; others only read it.
    #[inline]
    pub(super) fn note_due(&self, plugin: PluginIndex, deadline: Option<Deadline>) -> Due<'_> {
        let place = &*self.due[plugin.0];
        let before = place.load(Ordering::Relaxed);
        place.store(deadline.map_or(NO_DEADLINE, |deadline| deadline.at), Ordering::Relaxed);
        Due { place, before }
    }

    fn is_stuck(&self, plugin: PluginIndex) -> bool {
        let overdue = self.assembly.clock().now().saturating_sub(self.due[plugin.0].load(Ordering::Relaxed));
        overdue > self.stuck_after
    }
}
