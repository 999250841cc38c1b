use std::sync::{Mutex, MutexGuard, PoisonError};

use slab::Slab;
use wasmtime::component::ResourceAny;

use crate::plan::PluginIndex;

/// What stands for a resource outside the store of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rep(pub u32);

/// Who has an entry's `own` handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A plugin.
    Plugin(PluginIndex),
    /// The embedding application.
    Host,
    /// Nobody: it is on its way.
    Flight,
    /// Nobody any more. The resource is gone; the entry stays until the store that could still name it
    /// is gone, too.
    Gone,
}

/// A resource that somebody other than its owner has a handle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The plugin in whose store it lives.
    pub owner: PluginIndex,
    /// Which of the owner's instances that was: handles of earlier ones are stale.
    pub generation: u64,
    /// The `own` handle in the owner's store.
    pub handle: ResourceAny,
    /// Who has the `own` handle that stands for it.
    pub holder: Holder,
}

/// The handles of an app. Whatever is done with one entry takes the same time, however many there are.
#[derive(Debug, Default)]
pub struct Handles(Mutex<Slab<Entry>>);

impl Handles {
    /// Adds an entry; nothing when there are too many for a number of 32 bits.
    pub fn insert(&self, entry: Entry) -> Option<Rep> {
        let mut entries = self.entries();
        let key = entries.vacant_key();
        let rep = u32::try_from(key).ok()?;
        entries.insert(entry);
        Some(Rep(rep))
    }

    /// An entry.
    pub fn get(&self, rep: Rep) -> Option<Entry> {
        self.entries().get(rep.key()).copied()
    }

    /// Removes an entry.
    pub fn remove(&self, rep: Rep) -> Option<Entry> {
        self.entries().try_remove(rep.key())
    }

    /// Hands the `own` handle of an entry to another holder.
    pub fn hand_to(&self, rep: Rep, holder: Holder) {
        if let Some(entry) = self.entries().get_mut(rep.key())
            && entry.holder != Holder::Gone
        {
            entry.holder = holder;
        }
    }

    /// Removes the entries that somebody holds.
    pub fn remove_held_by(&self, holder: Holder) -> Vec<Entry> {
        let mut removed = Vec::new();
        self.entries().retain(|_, entry| {
            let stays = entry.holder != holder;
            if !stays {
                removed.push(*entry);
            }
            stays
        });
        removed
    }

    /// Marks all entries as gone, and returns those that were not yet.
    pub fn bury(&self) -> Vec<Entry> {
        let mut buried = Vec::new();
        for (_, entry) in self.entries().iter_mut() {
            if entry.holder != Holder::Gone {
                buried.push(*entry);
                entry.holder = Holder::Gone;
            }
        }
        buried
    }

    /// How many resources have handles outside the stores of their owners.
    pub fn live(&self) -> usize {
        self.entries().iter().filter(|(_, entry)| entry.holder != Holder::Gone).count()
    }

    fn entries(&self) -> MutexGuard<'_, Slab<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rep {
    fn key(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}
