//! When entries and drains must have ended.

use super::purpose::Purpose;
use crate::call::{Clock, Deadline, Frame, Ticks};
use crate::link::Assembly;
use crate::model::Limits;
use crate::plan::PluginIndex;

/// When an entry must have ended: at the earlier of the plugin's own time and the chain's.
#[inline]
pub(super) fn of_entry(assembly: &Assembly, caller: &Frame, purpose: Purpose) -> Option<Deadline> {
    let plugin = purpose.plugin();
    let linked = assembly.plugin(plugin);
    let timeout = match purpose {
        Purpose::Run(_) => linked.run_timeout,
        Purpose::Destroy(_) => Some(drain_time(assembly, plugin)),
        Purpose::Call(_) | Purpose::Start(_) | Purpose::Use(_) => linked.timeout,
    };
    match (timeout.map(|timeout| from_now(assembly, timeout, plugin)), caller.deadline) {
        (Some(own), Some(chain)) => Some(chain.sooner(own)),
        (own, chain) => own.or(chain),
    }
}

/// When a time ends that begins now.
#[inline]
pub(super) fn from_now(assembly: &Assembly, time: Ticks, by: PluginIndex) -> Deadline {
    // A tick more, because the present one has begun already.
    Deadline { at: assembly.clock().now() + time + 1, by }
}

/// How long a drain of a plugin's destructors may take: its own time once, however many there are. A plugin
/// without a time limit has the usual one, because a drain always ends.
pub(super) fn drain_time(assembly: &Assembly, plugin: PluginIndex) -> Ticks {
    assembly.plugin(plugin).timeout.unwrap_or_else(|| Clock::ticks(Limits::DEFAULT_TIMEOUT))
}

/// When drains of several plugins must have ended that begin now: after the longest time that one of them has.
pub(super) fn of_drains(assembly: &Assembly) -> Option<Deadline> {
    let plugins = (0..assembly.plan().plugins.len()).map(PluginIndex);
    let times = plugins.map(|plugin| (drain_time(assembly, plugin), plugin));
    let (time, plugin) = times.max_by_key(|(time, _)| *time)?;
    Some(from_now(assembly, time, plugin))
}

/// Whether a deadline has come.
pub(super) fn is_past(assembly: &Assembly, deadline: Option<Deadline>) -> bool {
    deadline.is_some_and(|deadline| deadline.at <= assembly.clock().now())
}
