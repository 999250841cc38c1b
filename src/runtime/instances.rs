//! The instances of the plugins: the one that serves, how the plugin is, and when it may be started.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;
use crossbeam_utils::atomic::AtomicCell;
use wasmtime::Store;

use super::explain::refuse;
use super::restarts::RestartLog;
use super::status::Status;
use crate::call::{CallError, CallErrorKind, InstanceId, PluginState};
use crate::link::Assembly;
use crate::model::RestartBudget;
use crate::plan::PluginIndex;

/// The instances of an app.
pub(super) struct Instances {
    assembly: Arc<Assembly>,
    slots: Vec<CachePadded<Slot>>,
}

/// The place of a plugin.
///
/// Only the chain that has the plugin's turn takes the instance and changes the cell, which it keeps locked for no
/// call. The rest may be read by anyone.
struct Slot {
    /// The serving instance, while idle. Nearly all calls find it here and need no lock.
    idle: AtomicCell<Option<Instance>>,
    cell: Mutex<Cell>,
    /// Whether there are old instances, which is seen without a lock.
    has_old: AtomicBool,
    old: Mutex<Vec<Old>>,
}

/// An instance that another one has replaced. It lives on for the handles of its resources.
struct Old {
    id: InstanceId,
    /// The instance, while idle.
    idle: Option<Instance>,
}

/// A plugin and its past.
struct Cell {
    condition: Condition,
    restarts: RestartLog,
    /// The number of starts, failed ones included. Handles go stale when the instance of their generation ends.
    generation: u64,
}

/// How a plugin is.
enum Condition {
    /// Its turn to start has not come yet.
    NotStarted,
    /// It is up: idle, or a chain is in it.
    Live,
    /// It is being started. A chain that has just got the turn finds an idle instance with this and with
    /// [`Condition::Live`], unless a panic of the host has unwound from the instance.
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

impl Instance {
    #[inline]
    pub(super) fn id(&self) -> InstanceId {
        self.store.data().instance
    }
}

/// Where the instance is that a call goes to.
pub(super) enum Place {
    /// Idle until now; taken out of its slot.
    Idle(Instance),
    /// It is on the chain that makes the call.
    OnChain(InstanceId),
    /// There is none. This one is to be started, and the plugin is marked as starting.
    Vacant(InstanceId),
}

/// The result of looking for an instance.
pub(super) enum Found {
    /// An instance, or the place for one.
    At(Place),
    /// No instance yet: wait this long, then look again.
    Pause(Duration),
}

/// Who looks for an instance.
pub(super) struct Seeker {
    /// Whether it has just got the plugin's turn; else the chain has it from before.
    pub(super) has_turn: bool,
    /// Whether it may start the plugin for the first time.
    pub(super) starts: bool,
    /// Time left to wait for a restart; `None` to start now, whatever the budget says.
    pub(super) left: Option<Duration>,
    /// The instance that it needs, because its handles are of that one. Any other will do where that is gone.
    pub(super) instance: Option<InstanceId>,
}

impl Place {
    #[inline]
    pub(super) fn instance(&self) -> InstanceId {
        match self {
            Self::Idle(instance) => instance.id(),
            Self::OnChain(instance) | Self::Vacant(instance) => *instance,
        }
    }
}

/// Why there is no instance to be entered.
pub(super) enum Unfit {
    /// It has not started, or is starting.
    NotStarted,
    /// It has failed, and cannot be started soon enough, or not at all.
    Down(CallError),
    /// A panic of the host has unwound from this instance. It is gone, and has just been marked as failed.
    Abandoned(InstanceId),
}

/// When a plugin may be started.
enum Ready {
    Now,
    /// After a pause.
    In(Duration),
    /// Not now, and why.
    Never(String),
}

impl Condition {
    /// It has failed now.
    fn down(cause: CallError, charged: bool) -> Self {
        Self::Down { cause, charged, since: Instant::now() }
    }
}

impl Cell {
    /// When the plugin may be started (again).
    fn readiness(&mut self, now: Instant) -> Ready {
        let Condition::Down { charged: true, since, .. } = self.condition else { return Ready::Now };
        match self.restarts.pause(now) {
            Some(pause) => {
                let rest = (since + pause).saturating_duration_since(now);
                if rest.is_zero() { Ready::Now } else { Ready::In(rest) }
            }
            None => Ready::Never(self.restarts.describe()),
        }
    }
}

impl Slot {
    fn new(restart: RestartBudget) -> Self {
        let restarts = RestartLog::new(restart);
        let cell = Cell { condition: Condition::NotStarted, restarts, generation: 0 };
        Self {
            idle: AtomicCell::new(None),
            cell: Mutex::new(cell),
            has_old: AtomicBool::new(false),
            old: Mutex::new(Vec::new()),
        }
    }

    /// The instances that have been replaced. Only the chain that has the plugin's turn changes them.
    fn old(&self) -> MutexGuard<'_, Vec<Old>> {
        self.old.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cell. Only the holder of the turn changes it, and a panic leaves it in order.
    fn cell(&self) -> MutexGuard<'_, Cell> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instances {
    pub(super) fn new(assembly: Arc<Assembly>) -> Self {
        let slot = |restart| Slot::new(restart).into();
        let slots = assembly.plan().plugins.iter().map(|plugin| slot(plugin.limits.restart)).collect();
        Self { assembly, slots }
    }

    /// The instance that serves, unless somebody is in it.
    #[inline]
    pub(super) fn take(&self, plugin: PluginIndex) -> Option<Instance> {
        self.slots[plugin.0].idle.take()
    }

    /// The instances of a plugin that have been replaced, and live on.
    pub(super) fn old(&self, plugin: PluginIndex) -> Vec<InstanceId> {
        if !self.has_old(plugin) {
            return Vec::new();
        }
        self.slots[plugin.0].old().iter().map(|old| old.id).collect()
    }

    /// An instance that has been replaced, unless somebody is in it.
    pub(super) fn take_old(&self, instance: InstanceId) -> Option<Instance> {
        let mut all = self.slots[instance.plugin.0].old();
        all.iter_mut().find(|old| old.id == instance)?.idle.take()
    }

    /// Puts an instance back, when it has been left.
    #[inline]
    pub(super) fn put_back(&self, instance: Instance) {
        let (id, slot) = (instance.id(), &self.slots[instance.id().plugin.0]);
        if self.has_old(id.plugin)
            && let Some(old) = slot.old().iter_mut().find(|old| old.id == id)
        {
            old.idle = Some(instance);
            return;
        }
        slot.idle.store(Some(instance));
    }

    /// Whether a plugin has instances that have been replaced.
    #[inline]
    pub(super) fn has_old(&self, plugin: PluginIndex) -> bool {
        self.slots[plugin.0].has_old.load(Ordering::Relaxed)
    }

    /// Whether an instance has been replaced, and lives on.
    #[inline]
    pub(super) fn is_old(&self, instance: InstanceId) -> bool {
        self.has_old(instance.plugin) && self.slots[instance.plugin.0].old().iter().any(|old| old.id == instance)
    }

    /// Forgets an instance that has been replaced: it is at its end.
    pub(super) fn forget_old(&self, instance: InstanceId) -> Option<Instance> {
        if !self.has_old(instance.plugin) {
            return None;
        }
        let slot = &self.slots[instance.plugin.0];
        let mut all = slot.old();
        let at = all.iter().position(|old| old.id == instance)?;
        let old = all.swap_remove(at);
        slot.has_old.store(!all.is_empty(), Ordering::Relaxed);
        old.idle
    }

    /// The instance that comes after the present one, to be started beside it.
    #[cfg(test)]
    pub(super) fn next(&self, plugin: PluginIndex) -> InstanceId {
        InstanceId { plugin, generation: self.cell(plugin).generation + 1 }
    }

    /// Lets an instance serve in place of the present one, which lives on. The chain has the plugin's turn.
    #[cfg(test)]
    pub(super) fn supersede(&self, instance: Instance) {
        let (id, slot) = (instance.id(), &self.slots[instance.id().plugin.0]);
        let mut cell = slot.cell();
        let before = InstanceId { plugin: id.plugin, generation: cell.generation };
        if matches!(cell.condition, Condition::Live) {
            slot.old().push(Old { id: before, idle: slot.idle.take() });
            slot.has_old.store(true, Ordering::Relaxed);
        }
        cell.condition = Condition::Live;
        cell.generation = id.generation;
        slot.idle.store(Some(instance));
    }

    /// Finds the instance that a call goes to, for the chain that has the plugin's turn.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn find(&self, plugin: PluginIndex, seeker: &Seeker) -> Result<Found, Unfit> {
        if let Some(found) = seeker.instance.and_then(|instance| self.find_old(instance, seeker.has_turn)) {
            return found;
        }
        if let Some(instance) = self.take(plugin) {
            return Ok(Found::At(Place::Idle(instance)));
        }
        let cell = &mut *self.cell(plugin);
        let instance = InstanceId { plugin, generation: cell.generation };
        if matches!(cell.condition, Condition::Live | Condition::Starting) {
            if seeker.has_turn {
                // Only a panic leaves a slot behind that is live and has no instance.
                let cause = "the host panicked while it was in it".to_owned();
                let cause = refuse(&self.assembly, CallErrorKind::HostPanic, plugin, cause);
                cell.condition = Condition::down(cause, true);
                return Err(Unfit::Abandoned(instance));
            }
            return match cell.condition {
                Condition::Live => Ok(Found::At(Place::OnChain(instance))),
                _ => Err(Unfit::NotStarted),
            };
        }
        self.find_vacant(plugin, cell, seeker)
    }

    /// Finds an instance that has been replaced.
    fn find_old(&self, instance: InstanceId, has_turn: bool) -> Option<Result<Found, Unfit>> {
        if !self.has_old(instance.plugin) {
            return None;
        }
        let idle = self.slots[instance.plugin.0].old().iter_mut().find(|old| old.id == instance)?.idle.take();
        Some(match idle {
            Some(idle) => Ok(Found::At(Place::Idle(idle))),
            None if has_turn => {
                self.forget_old(instance);
                Err(Unfit::Abandoned(instance))
            }
            None => Ok(Found::At(Place::OnChain(instance))),
        })
    }

    /// Marks a plugin as starting, where it may be started now.
    fn find_vacant(&self, plugin: PluginIndex, cell: &mut Cell, seeker: &Seeker) -> Result<Found, Unfit> {
        let now = Instant::now();
        if let Some(left) = seeker.left {
            match cell.readiness(now) {
                Ready::Now => {}
                Ready::In(rest) if rest <= left => return Ok(Found::Pause(rest)),
                Ready::In(rest) => {
                    let why = format!("is started anew in {rest:.0?}, when this call must have ended");
                    return Err(Unfit::Down(self.still_down(plugin, cell, &why)));
                }
                Ready::Never(why) => return Err(Unfit::Down(self.still_down(plugin, cell, &why))),
            }
        }
        match &cell.condition {
            Condition::NotStarted if !seeker.starts => return Err(Unfit::NotStarted),
            Condition::Down { charged: true, .. } => cell.restarts.note(now),
            _ => {}
        }
        cell.condition = Condition::Starting;
        cell.generation += 1;
        Ok(Found::At(Place::Vacant(InstanceId { plugin, generation: cell.generation })))
    }

    /// Notes that a plugin is up.
    pub(super) fn note_start(&self, plugin: PluginIndex) {
        self.cell(plugin).condition = Condition::Live;
    }

    /// Notes that an instance has failed. It may still be on the chain; its cell has another one then, as soon
    /// as it is needed.
    pub(super) fn note_failure(&self, instance: InstanceId, cause: CallError, charged: bool) {
        let mut cell = self.cell(instance.plugin);
        if cell.generation == instance.generation {
            cell.condition = Condition::down(cause, charged);
        }
    }

    /// Where the start was refused, not even tried: it is tried again when the plugin is needed.
    pub(super) fn note_refused_start(&self, plugin: PluginIndex, cause: &CallError) {
        let mut cell = self.cell(plugin);
        if matches!(cell.condition, Condition::NotStarted) {
            cell.condition = Condition::down(cause.clone(), false);
        }
    }

    /// Ends a plugin as the host wishes, with its restart budget as at the beginning. The instance is still to be
    /// torn down.
    pub(super) fn end(&self, plugin: PluginIndex) -> Option<Instance> {
        let cause = refuse(&self.assembly, CallErrorKind::Failed, plugin, "the host has ended it".to_owned());
        let mut cell = self.cell(plugin);
        cell.restarts.forget();
        cell.condition = Condition::down(cause, false);
        drop(cell);
        self.take(plugin)
    }

    /// Ends a plugin with its app.
    pub(super) fn close(&self, plugin: PluginIndex) -> Vec<Instance> {
        self.cell(plugin).condition = Condition::NotStarted;
        let old = self.old(plugin).into_iter().filter_map(|id| self.take_old(id));
        self.take(plugin).into_iter().chain(old).collect()
    }

    /// How a plugin is.
    pub(super) fn status(&self, plugin: PluginIndex) -> Status {
        let mut cell = self.cell(plugin);
        let ready = cell.readiness(Instant::now());
        match &cell.condition {
            Condition::NotStarted => Status::NotStarted,
            Condition::Live | Condition::Starting => Status::Up,
            Condition::Down { cause, .. } => match ready {
                Ready::Never(_) => Status::Failed { cause: cause.clone() },
                Ready::Now | Ready::In(_) => Status::Down { cause: cause.clone() },
            },
        }
    }

    #[cfg(test)]
    pub(super) fn generation(&self, plugin: PluginIndex) -> u64 {
        self.cell(plugin).generation
    }

    fn still_down(&self, plugin: PluginIndex, cell: &Cell, why: &str) -> CallError {
        let last = match &cell.condition {
            Condition::Down { cause, .. } => format!("; its last failure: {cause}"),
            _ => String::new(),
        };
        refuse(&self.assembly, CallErrorKind::Failed, plugin, format!("it has failed and {why}{last}"))
    }

    fn cell(&self, plugin: PluginIndex) -> MutexGuard<'_, Cell> {
        self.slots[plugin.0].cell()
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
