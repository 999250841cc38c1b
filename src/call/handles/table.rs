use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::component::ResourceAny;

use crate::call::InstanceId;
use crate::model::Resource;
use crate::plan::PluginIndex;

/// What stands for a resource outside the store of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rep(pub u32);

/// Who has an entry's `own` handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// An instance of a plugin.
    Instance(InstanceId),
    /// The embedding application.
    Host,
    /// Nobody: it is on its way.
    Flight,
    /// Nobody any more. The resource is gone; the entry stays until the store that could still name it
    /// is gone, too.
    Gone,
}

/// A resource that somebody other than its owner has a handle of.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The instance in whose store it lives.
    pub owner: InstanceId,
    /// The `own` handle in the owner's store.
    pub handle: ResourceAny,
    /// Its type, as the owner exports it.
    pub resource: Arc<Resource>,
    /// Who has the `own` handle that stands for it.
    pub holder: Holder,
}

/// The handles of an app. Whatever is done with one entry takes the same time, however many there are.
#[derive(Debug, Default)]
pub struct Handles(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    entries: HashMap<u32, Entry>,
    /// How many resources of each instance others have handles of.
    held: HashMap<InstanceId, Held>,
    /// The number of the newest entry. None is used again before all others have been, so that what an old
    /// handle names is gone and never another resource.
    last: u32,
}

/// How many resources of one instance others have handles of.
#[derive(Debug, Default)]
struct Held {
    /// All of them, those on their way too.
    total: usize,
    /// Those that one plugin holds, or the embedding application under `None`.
    by: HashMap<Option<PluginIndex>, usize>,
}

impl Held {
    fn give(&mut self, holder: Holder) {
        if let Some(holder) = holder.counted() {
            *self.by.entry(holder).or_default() += 1;
        }
    }

    fn take(&mut self, holder: Holder) {
        if let Some(count) = holder.counted().and_then(|holder| self.by.get_mut(&holder)) {
            *count = count.saturating_sub(1);
        }
    }
}

impl Holder {
    /// Whom what it holds counts for, where that is anybody.
    fn counted(self) -> Option<Option<PluginIndex>> {
        match self {
            Self::Instance(instance) => Some(Some(instance.plugin)),
            Self::Host => Some(None),
            Self::Flight | Self::Gone => None,
        }
    }
}

impl Table {
    fn count(&mut self, entry: &Entry) {
        if entry.holder == Holder::Gone {
            return;
        }
        let held = self.held.entry(entry.owner).or_default();
        held.total += 1;
        held.give(entry.holder);
    }

    fn uncount(&mut self, entry: &Entry) {
        let Some(held) = self.held.get_mut(&entry.owner).filter(|_| entry.holder != Holder::Gone) else { return };
        held.total = held.total.saturating_sub(1);
        held.take(entry.holder);
        if held.total == 0 {
            self.held.remove(&entry.owner);
        }
    }

    fn take(&mut self, reps: &[u32]) -> Vec<Entry> {
        let taken: Vec<Entry> = reps.iter().filter_map(|rep| self.entries.remove(rep)).collect();
        taken.iter().for_each(|entry| self.uncount(entry));
        taken
    }
}

impl Handles {
    /// Adds an entry; nothing when all numbers are taken.
    pub fn insert(&self, entry: Entry) -> Option<Rep> {
        let table = &mut *self.table();
        if u32::try_from(table.entries.len()).is_err() {
            return None;
        }
        loop {
            table.last = table.last.wrapping_add(1);
            if let std::collections::hash_map::Entry::Vacant(place) = table.entries.entry(table.last) {
                place.insert(entry.clone());
                table.count(&entry);
                return Some(Rep(table.last));
            }
        }
    }

    /// Something of an entry.
    pub fn read<T>(&self, rep: Rep, look: impl FnOnce(&Entry) -> T) -> Option<T> {
        self.table().entries.get(&rep.0).map(look)
    }

    /// Removes an entry.
    pub fn remove(&self, rep: Rep) -> Option<Entry> {
        let table = &mut *self.table();
        let entry = table.entries.remove(&rep.0)?;
        table.uncount(&entry);
        Some(entry)
    }

    /// Hands the `own` handle of an entry to another holder.
    pub fn hand_to(&self, rep: Rep, holder: Holder) {
        let table = &mut *self.table();
        if let Some(entry) = table.entries.get_mut(&rep.0)
            && entry.holder != Holder::Gone
        {
            let before = entry.holder;
            entry.holder = holder;
            if let Some(held) = table.held.get_mut(&entry.owner) {
                held.take(before);
                held.give(holder);
            }
        }
    }

    /// How many resources of an instance others have handles of: in all, and this plugin, or the embedding
    /// application.
    pub fn held_of(&self, owner: InstanceId, holder: Option<PluginIndex>) -> (usize, usize) {
        let table = self.table();
        let held = table.held.get(&owner);
        held.map_or((0, 0), |held| (held.total, held.by.get(&holder).copied().unwrap_or_default()))
    }

    /// Removes the entries that somebody holds.
    pub fn remove_held_by(&self, holder: Holder) -> Vec<Entry> {
        let table = &mut *self.table();
        let held = table.entries.iter().filter(|(_, entry)| entry.holder == holder).map(|(rep, _)| *rep);
        let held = in_order(held.collect());
        table.take(&held)
    }

    /// Marks all entries as gone, and returns those that were not yet.
    pub fn bury(&self) -> Vec<Entry> {
        let table = &mut *self.table();
        let held = table.entries.iter().filter(|(_, entry)| entry.holder != Holder::Gone).map(|(rep, _)| *rep);
        let mut buried = Vec::new();
        for rep in in_order(held.collect()) {
            if let Some(entry) = table.entries.get_mut(&rep) {
                entry.holder = Holder::Gone;
                buried.push(entry.clone());
            }
        }
        table.held.clear();
        buried
    }

    /// How many resources have handles outside the stores of their owners.
    pub fn live(&self) -> usize {
        self.table().entries.values().filter(|entry| entry.holder != Holder::Gone).count()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Oldest first, so that what happens to many does not depend on chance.
fn in_order(mut reps: Vec<u32>) -> Vec<u32> {
    reps.sort_unstable();
    reps
}
