//! The ends of resources: destructors run once, in the store of the owner, and never while it is on a chain
//! of calls.
//!
//! All that wait for an owner run in one *drain*, which has one deadline: the owner's own time, or that of the
//! chain of calls that it belongs to, where that is earlier. At its own deadline, or within a destructor, the owner is
//! torn down, and what waits for it goes with it. Otherwise what is left on a chain whose time is up, or comes up there,
//! waits until the call ends for the host.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use wasmtime::{AsContextMut, StoreContextMut};

use super::enter::{Ended, Failed, Purpose, catch};
use super::room::no_longer_out;
use super::slot::{Condition, Instance};
use super::{Inner, chain, current};
use crate::call::{CallError, Caller, Clock, Deadline, Entry, Frame, Holder, PluginState, Rep, log_own};
use crate::plan::PluginIndex;

/// How often it is looked whether destructors have brought about more of them.
const MOST_ROUNDS: usize = 100;

/// How long after the deadline of an ending app destructors of plugins run that have had no time yet, because
/// others have used it up. It is divided among all plugins.
const GRACE: Duration = Duration::from_millis(500);

impl Inner {
    /// Runs the destructor of a resource that no handle is left of: at once where its owner is free, else when
    /// that is left. What comes of it is the owner's affair alone.
    pub(super) fn destroy(&self, caller: Caller<'_>, entry: Entry) {
        let owner = entry.owner;
        self.queue(entry);
        Self::lending(caller, |frame| {
            self.drain_if_free(frame, owner);
        });
    }

    /// As [`Inner::destroy`], for several: those of one owner are one drain.
    pub(super) fn destroy_all(&self, caller: Caller<'_>, entries: Vec<Entry>) {
        let owners: BTreeSet<PluginIndex> = entries.iter().map(|entry| entry.owner).collect();
        entries.into_iter().for_each(|entry| self.queue(entry));
        Self::lending(caller, |frame| {
            for owner in owners {
                self.drain_if_free(frame, owner);
            }
        });
    }

    /// The entries behind handles that are gone, of which the resources must end.
    pub(super) fn unheld(&self, reps: impl IntoIterator<Item = Rep>) -> impl Iterator<Item = Entry> {
        reps.into_iter().filter_map(|rep| self.handles.remove(rep)).filter(|entry| entry.holder != Holder::Gone)
    }

    fn lending(caller: Caller<'_>, work: impl FnOnce(&Frame)) {
        let Caller { frame, store } = caller;
        match store {
            Some(store) => chain::lend(store, || work(&frame)),
            None => work(&frame),
        }
    }

    fn queue(&self, entry: Entry) {
        self.unwanted.fetch_add(1, Ordering::SeqCst);
        self.slots[entry.owner.0].unwanted().push_back(entry);
    }

    /// Runs the destructors that wait for plugins, where those are free now, at the end of a call.
    pub(super) fn settle(&self, caller: &Frame) {
        if self.unwanted.load(Ordering::SeqCst) == 0 {
            return;
        }
        let caller = Frame { deadline: Self::earlier(caller.deadline, self.drains_deadline()), ..*caller };
        for _ in 0..MOST_ROUNDS {
            // What is left waits for plugins that others are in, who see to it when they leave.
            let plugins = (0..self.slots.len()).map(PluginIndex);
            if plugins.filter(|plugin| self.drain_if_free(&caller, *plugin)).count() == 0 {
                return;
            }
        }
    }

    /// Runs the destructors that wait for a plugin, where nobody is in it; whether there was something to do.
    fn drain_if_free(&self, caller: &Frame, plugin: PluginIndex) -> bool {
        if self.slots[plugin.0].unwanted().is_empty() || self.check_stack(plugin).is_err() {
            return false;
        }
        match self.turns.try_take(plugin, caller.chain) {
            Some(_turn) => self.drain(caller, plugin),
            None => false,
        }
    }

    /// Runs the destructors that wait for a plugin, unless the caller's time is up; whether there was something to
    /// do. The chain has the plugin's turn, and is not in it.
    pub(super) fn drain(&self, caller: &Frame, plugin: PluginIndex) -> bool {
        // Nearly always none waits anywhere, which is seen without a lock.
        if self.unwanted.load(Ordering::SeqCst) == 0 || self.slots[plugin.0].unwanted().is_empty() {
            return false;
        }
        if self.is_past(caller.deadline) {
            return false;
        }
        let frame = self.frame(caller, Purpose::Destroy(plugin));
        if caller.plugin.is_some() {
            // A caller whose time is up must not cost the owner its state.
            let spares = frame.deadline.is_some_and(|deadline| deadline.by != plugin);
            self.drain_until(plugin, frame, spares);
            return true;
        }
        // What the host lets go of one after the other counts together.
        let time = &self.slots[plugin.0].drain_time;
        let spent = Clock::ticks(time.spent()).saturating_sub(1);
        let deadline = frame.deadline.map(|deadline| match self.drain_time(plugin).checked_sub(spent) {
            Some(0) | None => Deadline { at: 0, by: plugin },
            Some(left) => Self::sooner(self.deadline_in(left, plugin), deadline),
        });
        time.spend(|| self.drain_until(plugin, Frame { deadline, ..frame }, false));
        true
    }

    /// Runs the destructors that wait for a plugin until the frame's deadline. At it the plugin is torn down, or, where
    /// it is spared, the destructors that have not begun wait until the call ends for the host.
    fn drain_until(&self, plugin: PluginIndex, frame: Frame, spares: bool) {
        let slot = &self.slots[plugin.0];
        let Some(mut instance) = slot.take() else {
            // Whatever it had is gone with its store.
            return self.forget_unwanted(plugin, |_| true);
        };
        let noted = current::note(self.number, frame, Purpose::Destroy(plugin));
        let due = slot.note_due(frame.deadline);
        let generation = instance.store.data().generation;
        while !(spares && self.is_past(frame.deadline)) {
            let Some(entry) = self.next_unwanted(plugin) else { break };
            if entry.generation != generation {
                continue;
            }
            if let Err(failed) = self.destroy_one(&mut instance, frame, entry) {
                drop(due);
                let left = slot.unwanted().iter().filter(|entry| entry.generation == generation).count();
                let also =
                    if left > 0 { format!(", and {left} that waited are gone with the plugin") } else { String::new() };
                self.warn(plugin, format!("a destructor has failed{also}: {}", failed.cause));
                return self.tear_down(instance, frame);
            }
        }
        drop((due, noted));
        self.put_back(instance, frame);
    }

    fn destroy_one(&self, instance: &mut Instance, frame: Frame, entry: Entry) -> Result<(), Failed> {
        let plugin = entry.owner;
        let mut store = instance.store.as_context_mut();
        store.data_mut().stack = stacker::remaining_stack();
        self.prepare(&mut store, frame);
        let late = self.is_past(frame.deadline);
        let destroy = |mut store: StoreContextMut<'_, PluginState>| match late {
            true => Err(Ended::Failed(wasmtime::Trap::Interrupt.into())),
            false => {
                no_longer_out(&mut store, 1);
                Ok(entry.handle.resource_drop(&mut store)?)
            }
        };
        self.act(&mut store, Purpose::Destroy(plugin), destroy).map(drop)
    }

    /// Puts an instance back where the next call finds it.
    pub(super) fn put_back(&self, instance: Instance, frame: Frame) {
        match frame.plugin {
            // The app was dropped from within.
            Some(_) if self.is_ended.load(Ordering::Relaxed) => self.tear_down(instance, frame),
            Some(plugin) => self.slots[plugin.0].put_back(instance),
            None => self.end_store(instance),
        }
    }

    /// Notes that an instance has failed. It may still be on the chain; its cell has another one then, as soon
    /// as it is needed.
    pub(super) fn note_failure(&self, plugin: PluginIndex, generation: u64, cause: CallError, charged: bool) {
        let mut cell = self.slots[plugin.0].cell();
        if cell.generation == generation {
            cell.condition = Condition::down(cause, charged);
        }
    }

    /// Ends an instance that has failed and that nobody is in any more. Resources of others that it had handles
    /// of are released, within the frame's deadline.
    pub(super) fn tear_down(&self, instance: Instance, frame: Frame) {
        let generation = instance.store.data().generation;
        self.end_store(instance);
        let Some(plugin) = frame.plugin else { return };
        self.forget_unwanted(plugin, |entry| entry.generation == generation);
        self.release_held_by(plugin, generation, frame);
    }

    /// Runs the destructors of all resources that anybody has a handle of, because the app ends. Stores that
    /// could still name them stay, so that their entries do, too.
    ///
    /// All of it has one deadline, after which owners that are not through are torn down.
    pub(super) fn release_all(&self) {
        let is_empty = || self.handles.live() == 0 && self.unwanted.load(Ordering::SeqCst) == 0;
        if is_empty() {
            return;
        }
        self.on_chain(|frame| {
            let Some(end) = self.drains_deadline() else { return };
            // Destructors can make resources; one that does so without end is not waited for.
            for _ in 0..MOST_ROUNDS {
                if is_empty() {
                    return;
                }
                self.handles.bury().into_iter().for_each(|entry| self.queue(entry));
                for plugin in (0..self.slots.len()).map(PluginIndex) {
                    self.drain_at_end(frame, plugin, end);
                }
            }
        });
        let left = self.handles.live();
        if left > 0 {
            tracing::warn!("destructors make resources without end: {left} are left behind");
        }
    }

    fn drain_at_end(&self, caller: &Frame, plugin: PluginIndex, end: Deadline) {
        if self.slots[plugin.0].unwanted().is_empty() || self.check_stack(plugin).is_err() {
            return;
        }
        let Some(_turn) = self.turns.try_take(plugin, caller.chain) else { return };
        let (now, grace) = (self.assembly.clock().now(), Clock::ticks(GRACE));
        // Others may have used up all the time: that is not this plugin's fault.
        let share = grace / u64::try_from(self.slots.len()).unwrap_or(u64::MAX);
        let at = end.at.max((now + share).min(end.at + grace));
        let caller = Frame { deadline: Some(Deadline { at, ..end }), ..*caller };
        self.drain_until(plugin, self.frame(&caller, Purpose::Destroy(plugin)), false);
    }

    /// Releases what an instance has handles of, whose store is gone.
    pub(super) fn release_held_by(&self, plugin: PluginIndex, generation: u64, frame: Frame) {
        self.destroy_all(Caller::alone(&frame), self.handles.remove_held_by(Holder::Plugin(plugin, generation)));
    }

    /// Drops a store, and with it what the host keeps there, which may panic.
    pub(super) fn end_store(&self, instance: Instance) {
        let plugin = instance.store.data().frame.plugin;
        if let Err(Ended::Panicked(panic)) = catch(|| {
            drop(instance);
            Ok(())
        }) && let Some(plugin) = plugin
        {
            let cause = self.told_panic(plugin, &*panic);
            self.warn(plugin, format!("the host's state of a plugin did not end well: {cause}"));
        }
    }

    fn warn(&self, plugin: PluginIndex, told: String) {
        let plugin = self.id(plugin).clone();
        log_own(told.len(), move || tracing::warn!(%plugin, "{told}"));
    }

    /// How many resources of a plugin wait for their destructors.
    pub(super) fn waiting(&self, plugin: PluginIndex) -> usize {
        match self.unwanted.load(Ordering::SeqCst) {
            0 => 0,
            _ => self.slots[plugin.0].unwanted().len(),
        }
    }

    fn next_unwanted(&self, plugin: PluginIndex) -> Option<Entry> {
        let entry = self.slots[plugin.0].unwanted().pop_front()?;
        self.unwanted.fetch_sub(1, Ordering::SeqCst);
        Some(entry)
    }

    /// Forgets resources that have gone with the store that they lived in.
    fn forget_unwanted(&self, plugin: PluginIndex, is_gone: impl Fn(&Entry) -> bool) {
        let mut unwanted = self.slots[plugin.0].unwanted();
        let before = unwanted.len();
        unwanted.retain(|entry| !is_gone(entry));
        self.unwanted.fetch_sub(before - unwanted.len(), Ordering::SeqCst);
    }
}
