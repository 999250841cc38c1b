use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::component::ResourceAny;

use crate::model::Resource;
use crate::plan::PluginIndex;

/// What stands for a resource outside the store of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rep(pub u32);

/// Who has an entry's `own` handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A plugin, in that of its instances.
    Plugin(PluginIndex, u64),
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
    /// The plugin in whose store it lives.
    pub owner: PluginIndex,
    /// Which of the owner's instances that was: handles of earlier ones are stale.
    pub generation: u64,
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
    /// The number of the newest entry. None is used again before all others have been, so that what an old
    /// handle names is gone and never another resource.
    last: u32,
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
                place.insert(entry);
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
        self.table().entries.remove(&rep.0)
    }

    /// Hands the `own` handle of an entry to another holder.
    pub fn hand_to(&self, rep: Rep, holder: Holder) {
        if let Some(entry) = self.table().entries.get_mut(&rep.0)
            && entry.holder != Holder::Gone
        {
            entry.holder = holder;
        }
    }

    /// Removes the entries that somebody holds.
    pub fn remove_held_by(&self, holder: Holder) -> Vec<Entry> {
        let held = self.table().entries.extract_if(|_, entry| entry.holder == holder).collect::<Vec<_>>();
        in_order(held)
    }

    /// Marks all entries as gone, and returns those that were not yet.
    pub fn bury(&self) -> Vec<Entry> {
        let mut buried = Vec::new();
        for (rep, entry) in &mut self.table().entries {
            if entry.holder != Holder::Gone {
                entry.holder = Holder::Gone;
                buried.push((*rep, entry.clone()));
            }
        }
        in_order(buried)
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
fn in_order(mut entries: Vec<(u32, Entry)>) -> Vec<Entry> {
    entries.sort_by_key(|(rep, _)| *rep);
    entries.into_iter().map(|(_, entry)| entry).collect()
}
