//! The resources that wait for their destructors, until their owners are left.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossbeam_utils::CachePadded;

use super::drain_time::DrainTime;
use crate::call::{Entry, InstanceId};
use crate::plan::PluginIndex;

/// What waits in an app, by the plugin that owns it.
pub(super) struct Destructors {
    queues: Vec<CachePadded<Queue>>,
    /// How many wait in all. Nearly always none does, which is seen without a lock.
    waiting: AtomicUsize,
}

#[derive(Default)]
struct Queue {
    entries: Mutex<VecDeque<Entry>>,
    /// How long the plugin's destructors have run for the host.
    time: DrainTime,
}

impl Destructors {
    pub(super) fn new(plugins: usize) -> Self {
        Self { queues: (0..plugins).map(|_| CachePadded::default()).collect(), waiting: AtomicUsize::new(0) }
    }

    /// Adds a resource that no handle is left of.
    pub(super) fn add(&self, entry: Entry) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.entries(entry.owner.plugin).push_back(entry);
    }

    /// The next resource of an instance, in the order in which they were added.
    pub(super) fn next(&self, instance: InstanceId) -> Option<Entry> {
        let mut entries = self.entries(instance.plugin);
        let at = entries.iter().position(|entry| entry.owner == instance)?;
        let entry = entries.remove(at)?;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        Some(entry)
    }

    /// Whether none waits in the whole app.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) == 0
    }

    /// How many wait for a plugin.
    #[inline]
    pub(super) fn waiting(&self, plugin: PluginIndex) -> usize {
        if self.is_empty() { 0 } else { self.entries(plugin).len() }
    }

    /// How many wait for an instance.
    pub(super) fn waiting_for(&self, instance: InstanceId) -> usize {
        self.entries(instance.plugin).iter().filter(|entry| entry.owner == instance).count()
    }

    /// Forgets the resources of a plugin that have gone with the stores that they lived in.
    pub(super) fn forget(&self, plugin: PluginIndex, is_gone: impl Fn(&Entry) -> bool) {
        let mut entries = self.entries(plugin);
        let before = entries.len();
        entries.retain(|entry| !is_gone(entry));
        self.waiting.fetch_sub(before - entries.len(), Ordering::SeqCst);
    }

    /// How long the plugin's destructors have run for the host.
    #[inline]
    pub(super) fn time(&self, plugin: PluginIndex) -> &DrainTime {
        &self.queues[plugin.0].time
    }

    fn entries(&self, plugin: PluginIndex) -> MutexGuard<'_, VecDeque<Entry>> {
        self.queues[plugin.0].entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
