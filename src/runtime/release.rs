//! The ends of resources: destructors run once, in the store of the owner, and never while it is on a chain
//! of calls.

use std::sync::atomic::Ordering;

use wasmtime::{AsContextMut, StoreContextMut};

use super::enter::{Ended, Failed, Purpose, catch};
use super::slot::{Condition, Instance};
use super::{Inner, chain, current};
use crate::link::{CallError, Caller, Entry, Frame, Holder, PluginState};
use crate::plan::PluginIndex;

/// How often resources are released when an app ends that destructors have made.
const MOST_ROUNDS: usize = 100;

impl Inner {
    /// Runs the destructor of a resource that nobody has a handle of any more: at once where its owner is
    /// free, else when that is left. What comes of it is the owner's affair alone.
    pub(super) fn destroy(&self, caller: Caller<'_>, entry: Entry) {
        let owner = entry.owner;
        self.unwanted.fetch_add(1, Ordering::SeqCst);
        self.slots[owner.0].unwanted().push_back(entry);
        match caller.store {
            Some(store) => chain::lend(store, || self.destroy_in(&caller.frame, owner)),
            None => self.destroy_in(&caller.frame, owner),
        }
    }

    /// Runs the destructors that wait for plugins, where those are free now.
    pub(super) fn settle(&self, caller: &Frame) {
        loop {
            let before = self.unwanted.load(Ordering::SeqCst);
            if before == 0 {
                return;
            }
            for plugin in (0..self.slots.len()).map(PluginIndex) {
                self.destroy_in(caller, plugin);
            }
            // What is left waits for plugins that others are in, who see to it when they leave.
            if self.unwanted.load(Ordering::SeqCst) >= before {
                return;
            }
        }
    }

    fn destroy_in(&self, caller: &Frame, plugin: PluginIndex) {
        if self.slots[plugin.0].unwanted().is_empty() || self.check_stack(plugin).is_err() {
            return;
        }
        if let Some(_turn) = self.turns.try_take(plugin, caller.chain) {
            self.drain(plugin, self.frame(caller, Purpose::Destroy(plugin)));
        }
    }

    /// Runs the destructors that wait for a plugin. The chain has its turn, and is not in it.
    pub(super) fn drain(&self, plugin: PluginIndex, frame: Frame) {
        // Nearly always none waits anywhere, which is seen without a lock.
        if self.unwanted.load(Ordering::SeqCst) == 0 || self.slots[plugin.0].unwanted().is_empty() {
            return;
        }
        let Some(mut instance) = self.slots[plugin.0].take() else {
            // Whatever it had is gone with its store.
            return self.forget_unwanted(plugin, |_| true);
        };
        let _noted = current::note(self.number, frame, Purpose::Destroy(plugin));
        let generation = instance.store.data().generation;
        let waiting = self.slots[plugin.0].unwanted().len();
        let (mut run, mut shared) = (0, None);
        while let Some(entry) = self.next_unwanted(plugin) {
            if entry.generation != generation {
                continue;
            }
            // Each has the plugin's own time: the deadline of those that let go of it is not its concern. But those
            // that come up meanwhile have that together, because they may go on bringing each other about.
            let deadline = if run < waiting {
                self.own_deadline(plugin)
            } else {
                *shared.get_or_insert_with(|| self.own_deadline(plugin))
            };
            run += 1;
            if let Err(failed) = self.destroy_one(&mut instance, Frame { deadline, ..frame }, entry) {
                tracing::warn!(plugin = %self.id(plugin), "a destructor has failed: {}", failed.cause);
                return self.tear_down(instance, frame);
            }
        }
        self.put_back(instance, frame);
    }

    fn destroy_one(&self, instance: &mut Instance, frame: Frame, entry: Entry) -> Result<(), Failed> {
        let plugin = entry.owner;
        let mut store = instance.store.as_context_mut();
        store.data_mut().stack = stacker::remaining_stack();
        self.prepare(&mut store, frame);
        let _due = self.slots[plugin.0].note_due(frame.deadline);
        let destroy = |mut store: StoreContextMut<'_, PluginState>| Ok(entry.handle.resource_drop(&mut store)?);
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
    /// of are released.
    pub(super) fn tear_down(&self, instance: Instance, frame: Frame) {
        let generation = instance.store.data().generation;
        self.end_store(instance);
        let Some(plugin) = frame.plugin else { return };
        self.forget_unwanted(plugin, |entry| entry.generation == generation);
        self.release_held_by(plugin, generation, frame);
    }

    /// Runs the destructors of all resources that anybody has a handle of, because the app ends. Stores that
    /// could still name them stay, so that their entries do, too.
    pub(super) fn release_all(&self) {
        let is_empty = || self.handles.live() == 0 && self.unwanted.load(Ordering::SeqCst) == 0;
        // Destructors can make resources; somebody who does so without end is not waited for.
        for _ in 0..MOST_ROUNDS {
            if is_empty() {
                return;
            }
            self.on_chain(|frame| {
                for entry in self.handles.bury() {
                    self.destroy(Caller::alone(frame), entry);
                }
            });
        }
        let left = self.handles.live();
        if left > 0 {
            tracing::warn!("destructors make resources without end: {left} are left behind");
        }
    }

    /// Releases what an instance has handles of, whose store is gone.
    pub(super) fn release_held_by(&self, plugin: PluginIndex, generation: u64, frame: Frame) {
        for entry in self.handles.remove_held_by(Holder::Plugin(plugin, generation)) {
            self.destroy(Caller::alone(&frame), entry);
        }
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
            tracing::warn!(plugin = %self.id(plugin), "the host's state of a plugin did not end well: {cause}");
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
