//! The ends of resources: destructors run once, in the store of the owner, and never while it is on a chain
//! of calls.

use std::sync::atomic::Ordering;

use super::enter::Purpose;
use super::slot::{Cell, Condition, Instance};
use super::{Inner, current};
use crate::link::{CallError, Deadline, Entry, Frame, Holder};
use crate::plan::PluginIndex;

/// How often resources are released when an app ends that destructors have made.
const MOST_ROUNDS: usize = 100;

impl Inner {
    /// Runs the destructor of a resource that nobody has a handle of any more: at once where its owner is
    /// free, else when that is left. What comes of it is the owner's affair alone.
    pub(super) fn destroy(&self, caller: &Frame, entry: Entry) {
        let owner = entry.owner;
        self.slots[owner.0].unwanted().push_back(entry);
        self.unwanted.fetch_add(1, Ordering::SeqCst);
        self.destroy_in(caller, owner);
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
        let slot = &self.slots[plugin.0];
        if slot.unwanted().is_empty() || self.check_stack(plugin).is_err() {
            return;
        }
        let Some(_turn) = self.turns.try_take(plugin, caller.chain) else { return };
        slot.set_caller(caller.plugin);
        // Its own time, because the deadline of those that let go of a resource is not its concern.
        let frame = self.frame(&Frame { deadline: None, ..*caller }, Purpose::Use(plugin));
        let _noted = current::note(self.number, frame);
        let mut cell = slot.cell();
        match std::mem::replace(&mut cell.condition, Condition::Entered) {
            Condition::Up(instance) => self.leave(&mut cell, instance, frame),
            // Whatever it had is gone with its store.
            other => {
                cell.condition = other;
                self.forget_unwanted(plugin);
            }
        }
    }

    /// Puts an instance back into its cell, after running the destructors that have waited for that.
    pub(super) fn leave(&self, cell: &mut Cell, mut instance: Instance, frame: Frame) {
        let Some(plugin) = frame.plugin else { return cell.condition = Condition::Up(instance) };
        // Nearly always none waits anywhere, which is seen without a lock.
        if self.unwanted.load(Ordering::SeqCst) == 0 || self.slots[plugin.0].unwanted().is_empty() {
            return cell.condition = Condition::Up(instance);
        }
        // All of them together have the plugin's time, because a destructor can bring about another one.
        let frame = Frame { deadline: self.own_deadline(plugin), ..frame };
        while let Some(entry) = self.next_unwanted(plugin) {
            if entry.generation != instance.generation {
                continue;
            }
            self.prepare(&mut instance.store, frame);
            if let Err(error) = entry.handle.resource_drop(&mut instance.store) {
                let cause = self.explain(&error, &instance.store, frame);
                tracing::warn!(plugin = %self.id(plugin), "a destructor has failed: {cause}");
                let charged = self.began_in(&cause, plugin);
                return self.tear_down(cell, instance, frame, cause, charged);
            }
        }
        cell.condition = Condition::Up(instance);
    }

    /// Ends an instance that has failed. Resources of others that it had handles of are released.
    pub(super) fn tear_down(&self, cell: &mut Cell, instance: Instance, frame: Frame, cause: CallError, charged: bool) {
        drop(instance);
        cell.condition = Condition::Down { cause, charged };
        let Some(plugin) = frame.plugin else { return };
        self.forget_unwanted(plugin);
        self.release_held_by(plugin, frame);
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
                    self.destroy(frame, entry);
                }
            });
        }
        tracing::warn!("destructors make resources without end: {} are left behind", self.handles.live());
    }

    /// Releases what a plugin has handles of, whose store is gone.
    pub(super) fn release_held_by(&self, plugin: PluginIndex, frame: Frame) {
        for entry in self.handles.remove_held_by(Holder::Plugin(plugin)) {
            self.destroy(&frame, entry);
        }
    }

    fn own_deadline(&self, plugin: PluginIndex) -> Option<Deadline> {
        Some(self.deadline_in(self.assembly.plugin(plugin).timeout?, plugin))
    }

    fn next_unwanted(&self, plugin: PluginIndex) -> Option<Entry> {
        let entry = self.slots[plugin.0].unwanted().pop_front()?;
        self.unwanted.fetch_sub(1, Ordering::SeqCst);
        Some(entry)
    }

    fn forget_unwanted(&self, plugin: PluginIndex) {
        while self.next_unwanted(plugin).is_some() {}
    }
}
