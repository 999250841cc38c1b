//! What happens when an instance has been left: it is put back or torn down, and destructors run once, in the store
//! of the owner, never while it is on a chain of calls.
//!
//! A *drain* runs all destructors that wait for one owner, under one deadline: the owner's time or the chain's, whichever
//! ends first. If the owner's time ends it, or it ends within a destructor, the owner is torn down and its waiting
//! destructors are dropped. If the chain's time ends it between two destructors, the rest wait until the host's call
//! ends.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use wasmtime::StoreContextMut;

use super::activation::{Failed, begin, run};
use super::codec::Codec;
use super::instances::Instance;
use super::live_app::LiveApp;
use super::preflight::check_stack;
use super::purpose::{Ended, Purpose};
use super::room::no_longer_out;
use super::start::{end_store, warn};
use super::{blocking, deadlines};
use crate::call::{Caller, Clock, Deadline, Entry, Frame, Holder, InstanceId, PluginState, Rep};
use crate::plan::PluginIndex;

/// Rounds of draining, because destructors may queue more.
pub(super) const MOST_ROUNDS: usize = 100;

/// The frame of an entry from `caller`.
#[inline]
pub(super) fn entry(app: &LiveApp, caller: &Frame, purpose: Purpose, instance: InstanceId) -> Frame {
    entry_until(caller, instance, deadlines::of_entry(&app.assembly, caller, purpose))
}

fn entry_until(caller: &Frame, instance: InstanceId, deadline: Option<Deadline>) -> Frame {
    Frame { chain: caller.chain, instance: Some(instance), depth: caller.depth + 1, deadline }
}

/// Puts an instance back where the next call finds it.
#[inline]
pub(super) fn put_back(app: &LiveApp, instance: Instance, frame: Frame) {
    if app.is_ended.load(Ordering::Relaxed) {
        // The app was dropped from within.
        return tear_down(app, instance, frame);
    }
    let id = instance.id();
    app.instances.put_back(instance);
    if app.instances.is_old(id) {
        end_unneeded(app, id, frame);
    }
}

/// Ends an instance that has been replaced, where nobody has a handle of its resources any more.
fn end_unneeded(app: &LiveApp, id: InstanceId, frame: Frame) {
    let (held, _) = app.handles.held_of(id, None);
    if held == 0
        && app.destructors.waiting_for(id) == 0
        && let Some(instance) = app.instances.forget_old(id)
    {
        tear_down(app, instance, frame);
    }
}

/// Ends an idle instance: drops its store and its waiting destructors, and releases the resources of others that it
/// held, within the frame's deadline.
#[inline(never)]
pub(super) fn tear_down(app: &LiveApp, instance: Instance, frame: Frame) {
    let id = instance.id();
    app.instances.forget_old(id);
    end_store(app, instance);
    app.destructors.forget(id.plugin, |entry| entry.owner == id);
    release_held_by(app, id, frame);
}

/// Releases what an instance has handles of, whose store is gone.
pub(super) fn release_held_by(app: &LiveApp, instance: InstanceId, frame: Frame) {
    destroy(app, Caller::alone(&frame), app.handles.remove_held_by(Holder::Instance(instance)));
}

/// Releases resources that no handle is left of.
pub(super) fn release(app: &LiveApp, caller: Caller<'_>, reps: impl IntoIterator<Item = Rep>) {
    let removed = reps.into_iter().filter_map(|rep| app.handles.remove(rep));
    destroy(app, caller, removed.filter(|entry| entry.holder != Holder::Gone).collect());
}

/// Runs the destructors of resources: at once where their owners are free, else when those are left. Failures
/// are charged to the owners and never reach the caller. Those of one owner are one drain.
fn destroy(app: &LiveApp, caller: Caller<'_>, entries: Vec<Entry>) {
    if entries.is_empty() {
        return;
    }
    let owners: BTreeSet<PluginIndex> = entries.iter().map(|entry| entry.owner.plugin).collect();
    entries.into_iter().for_each(|entry| app.destructors.add(entry));
    let Caller { frame: caller, store } = caller;
    blocking::lending(store, || {
        for owner in owners {
            drain_if_free(app, caller, owner);
        }
    });
}

/// Runs the destructors that wait for plugins, where those are free now, at the end of a call of the host.
pub(super) fn drain_free(app: &LiveApp, caller: &Frame) {
    if app.destructors.is_empty() {
        return;
    }
    let deadline = caller.deadline.into_iter().chain(deadlines::of_drains(&app.assembly)).reduce(Deadline::sooner);
    let caller = Frame { deadline, ..*caller };
    for _ in 0..MOST_ROUNDS {
        // What is left waits for plugins that others are in, who see to it when they leave.
        let plugins = (0..app.assembly.plan().plugins.len()).map(PluginIndex);
        if plugins.filter(|plugin| drain_if_free(app, &caller, *plugin)).count() == 0 {
            return;
        }
    }
}

/// Runs the destructors that wait for a plugin, where nobody is in it; whether there was something to do.
fn drain_if_free(app: &LiveApp, caller: &Frame, plugin: PluginIndex) -> bool {
    if app.destructors.waiting(plugin) == 0 || check_stack(&app.assembly, plugin).is_err() {
        return false;
    }
    match app.admission.try_turn(plugin, caller.chain) {
        Some(_turn) => drain(app, caller, plugin),
        None => false,
    }
}

/// Runs the destructors that wait for a plugin, unless the caller's time is up; whether there was something to
/// do. The chain has the plugin's turn, and is not in it.
pub(super) fn drain(app: &LiveApp, caller: &Frame, plugin: PluginIndex) -> bool {
    let assembly = &*app.assembly;
    if app.destructors.waiting(plugin) == 0 || deadlines::is_past(assembly, caller.deadline) {
        return false;
    }
    let deadline = deadlines::of_entry(assembly, caller, Purpose::Destroy(plugin));
    if caller.instance.is_some() {
        // A caller whose time is up must not cost the owner its state.
        let spares = deadline.is_some_and(|deadline| deadline.by != plugin);
        drain_until(app, caller, plugin, deadline, spares);
        return true;
    }
    // What the host lets go of one after the other counts together.
    let time = app.destructors.time(plugin);
    let spent = Clock::ticks(time.spent()).saturating_sub(1);
    let deadline = deadline.map(|deadline| match deadlines::drain_time(assembly, plugin).checked_sub(spent) {
        Some(0) | None => Deadline { at: 0, by: plugin },
        Some(left) => deadlines::from_now(assembly, left, plugin).sooner(deadline),
    });
    time.spend(|| drain_until(app, caller, plugin, deadline, false));
    true
}

/// Runs the destructors that wait for a plugin until the deadline. At it the instance whose destructors they are is torn
/// down, or, where it is spared, the destructors that have not begun wait until the call ends for the host.
pub(super) fn drain_until(
    app: &LiveApp,
    caller: &Frame,
    plugin: PluginIndex,
    deadline: Option<Deadline>,
    spares: bool,
) {
    let (serving, old) = (app.instances.take(plugin), app.instances.old(plugin));
    let lives = |id: InstanceId| serving.as_ref().is_some_and(|serving| serving.id() == id) || old.contains(&id);
    // Whatever others had is gone with their stores.
    app.destructors.forget(plugin, |entry| !lives(entry.owner));
    let _noted = app.activations.note(caller, Purpose::Destroy(plugin));
    let drain_one = |instance: Instance| {
        let frame = entry_until(caller, instance.id(), deadline);
        let _shown = blocking::show(app.number, &frame);
        drain_instance(app, instance, frame, spares);
    };
    serving.into_iter().for_each(drain_one);
    // One at a time: a destructor may call back into another old instance.
    old.into_iter().filter_map(|id| app.instances.take_old(id)).for_each(drain_one);
}

fn drain_instance(app: &LiveApp, mut instance: Instance, frame: Frame, spares: bool) {
    let id = instance.id();
    while !(spares && deadlines::is_past(&app.assembly, frame.deadline)) {
        let Some(entry) = app.destructors.next(id) else { break };
        if let Err(failed) = destroy_one(app, &mut instance, frame, entry) {
            let left = app.destructors.waiting_for(id);
            let also =
                if left > 0 { format!(", and {left} that waited are gone with the plugin") } else { String::new() };
            warn(app, id.plugin, format!("a destructor has failed{also}: {}", failed.cause));
            return tear_down(app, instance, frame);
        }
    }
    put_back(app, instance, frame);
}

fn destroy_one(app: &LiveApp, instance: &mut Instance, frame: Frame, entry: Entry) -> Result<(), Failed> {
    let late = deadlines::is_past(&app.assembly, frame.deadline);
    let mut activation = begin(app, instance, Purpose::Destroy(entry.owner.plugin), &frame);
    run(app, &mut activation, &mut Destroy { entry, late }).map(drop)
}

/// Runs the destructor of a resource.
struct Destroy {
    entry: Entry,
    /// Whether there is no time left for it.
    late: bool,
}

impl Codec for Destroy {
    type Passed = ();
    type Returned = ();
    type Answer = ();

    fn put_in(&mut self, _: &LiveApp, store: &mut StoreContextMut<'_, PluginState>) -> Result<(), Ended> {
        if self.late {
            return Err(Ended::Failed(wasmtime::Trap::Interrupt.into()));
        }
        no_longer_out(store, 1);
        Ok(())
    }

    fn call(&mut self, store: StoreContextMut<'_, PluginState>, (): ()) -> wasmtime::Result<()> {
        self.entry.handle.resource_drop(store)
    }

    fn take_out(&mut self, _: &LiveApp, _: &mut StoreContextMut<'_, PluginState>, (): ()) -> Result<(), Ended> {
        Ok(())
    }
}
