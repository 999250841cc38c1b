//! What holds for one entry into a plugin: its deadline, its fuel.

use wasmtime::StoreContextMut;

use super::Inner;
use super::enter::Purpose;
use crate::call::{Clock, Deadline, Frame, PluginState, Ticks};
use crate::model::{Budget, Limits};
use crate::plan::PluginIndex;

/// A deadline so far away that it never comes. Half of what there is, because it is added to the
/// present.
const NEVER: u64 = u64::MAX / 2;

impl Inner {
    /// The entry into a plugin, as those see it that it calls.
    pub(super) fn frame(&self, caller: &Frame, purpose: Purpose) -> Frame {
        let deadline = self.deadline(caller, purpose);
        Frame { chain: caller.chain, plugin: Some(purpose.plugin()), depth: caller.depth + 1, deadline }
    }

    /// Sets what holds for one entry. Deadlines are absolute, so that even an idle plugin would trap
    /// on an old one.
    pub(super) fn prepare(&self, store: &mut StoreContextMut<'_, PluginState>, frame: Frame) {
        let state = store.data_mut();
        state.frame = frame;
        state.limiter.refused = None;
        if let Some(plugin) = frame.plugin {
            self.allow_lifting(store, self.assembly.plugin(plugin).lifting);
        }
        if self.assembly.has_timeouts() {
            let now = self.assembly.clock().now();
            store.set_epoch_deadline(frame.deadline.map_or(NEVER, |deadline| deadline.at.saturating_sub(now)));
        }
        if self.assembly.has_fuel() {
            let fuel = frame.plugin.map_or(Budget::Unlimited, |plugin| self.limits(plugin).fuel);
            // The only error is that fuel is not counted.
            let _ = store.set_fuel(fuel.amount().unwrap_or(u64::MAX));
        }
    }

    /// When an entry must have ended: at the earlier of the plugin's own time and the chain's.
    fn deadline(&self, caller: &Frame, purpose: Purpose) -> Option<Deadline> {
        let plugin = purpose.plugin();
        let linked = self.assembly.plugin(plugin);
        let timeout = match purpose {
            Purpose::Run(_) => linked.run_timeout,
            Purpose::Destroy(_) => Some(self.drain_time(plugin)),
            Purpose::Call(_) | Purpose::Start(_) | Purpose::Use(_) => linked.timeout,
        };
        match (timeout.map(|timeout| self.deadline_in(timeout, plugin)), caller.deadline) {
            (Some(own), Some(chain)) if chain.at <= own.at => Some(chain),
            (None, chain) => chain,
            (own, _) => own,
        }
    }

    /// When a time ends that begins now.
    pub(super) fn deadline_in(&self, time: Ticks, by: PluginIndex) -> Deadline {
        // A tick more, because the present one has begun already.
        Deadline { at: self.assembly.clock().now() + time + 1, by }
    }

    /// How long a drain of a plugin's destructors may take: its own time once, however many there are. A plugin
    /// without a time limit has the usual one, because a drain always ends.
    pub(super) fn drain_time(&self, plugin: PluginIndex) -> Ticks {
        self.assembly.plugin(plugin).timeout.unwrap_or_else(|| Clock::ticks(Limits::DEFAULT_TIMEOUT))
    }

    /// When drains of several plugins must have ended that begin now: after the longest time that one of them has.
    pub(super) fn drains_deadline(&self) -> Option<Deadline> {
        let plugins = (0..self.slots.len()).map(PluginIndex);
        let (time, plugin) = plugins.map(|plugin| (self.drain_time(plugin), plugin)).max_by_key(|(time, _)| *time)?;
        Some(self.deadline_in(time, plugin))
    }

    /// Whether a deadline has come.
    pub(super) fn is_past(&self, deadline: Option<Deadline>) -> bool {
        deadline.is_some_and(|deadline| deadline.at <= self.assembly.clock().now())
    }

    /// The earlier of two deadlines.
    pub(super) fn earlier(one: Option<Deadline>, other: Option<Deadline>) -> Option<Deadline> {
        one.into_iter().chain(other).reduce(Self::sooner)
    }

    pub(super) fn sooner(one: Deadline, other: Deadline) -> Deadline {
        if one.at <= other.at { one } else { other }
    }
}
