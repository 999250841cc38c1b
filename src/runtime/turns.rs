use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use crate::call::ChainId;
use crate::plan::PluginIndex;

/// Whose turn it is to be in which plugin.
///
/// A chain owns the plugins on it; others wait in turn, first come first served. A wait that would
/// close a ring (each chain of it holding a plugin that the next one waits for) is refused, so that
/// there is never a deadlock.
///
/// A free plugin is taken and given back without any lock. Everything else happens under one lock:
/// while it is held, a plugin that somebody waits for does not change hands.
pub(super) struct Turns {
    /// For each plugin, 0 while it is free, else its owner with [`WAITED_FOR`] in the lowest bit.
    owners: Vec<CachePadded<AtomicU64>>,
    granted: Vec<Condvar>,
    waits: Mutex<Waits>,
}

struct Waits {
    queues: Vec<VecDeque<ChainId>>,
    /// What each waiting chain waits for.
    targets: HashMap<ChainId, usize>,
}

const WAITED_FOR: u64 = 1;

/// How often a chain looks whether a plugin has become free, before it waits.
const SPINS: u32 = 200;

/// How often somebody who waits looks whether that is of any use.
const GLANCE: Duration = Duration::from_millis(500);

/// The right to be in a plugin, given back when dropped.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    plugin: usize,
    chain: ChainId,
}

/// Why a chain cannot have a plugin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It has it already.
    OnChain,
    /// Waiting would close a ring: the plugins that each wait in it is for, this one first.
    Ring(Vec<PluginIndex>),
    /// It has waited as long as it may.
    Late,
    /// Whoever is in the plugin should have left it long ago.
    Stuck,
}

impl Turns {
    pub(super) fn new(plugins: usize) -> Self {
        Self {
            owners: (0..plugins).map(|_| AtomicU64::new(0).into()).collect(),
            granted: (0..plugins).map(|_| Condvar::new()).collect(),
            waits: Mutex::new(Waits { queues: vec![VecDeque::new(); plugins], targets: HashMap::new() }),
        }
    }

    /// Takes a plugin, waiting for it as long as `patience` says at most, and only as long as whoever is in
    /// it is not stuck.
    #[inline]
    pub(super) fn take(
        &self,
        plugin: PluginIndex,
        chain: ChainId,
        patience: impl FnOnce() -> Option<Duration>,
        is_stuck: impl Fn() -> bool,
    ) -> Result<Turn<'_>, Refusal> {
        if let Some(turn) = self.try_take(plugin, chain) {
            return Ok(turn);
        }
        if let Some(turn) = self.take_soon(plugin, chain) {
            return Ok(turn);
        }
        self.wait(plugin.0, chain, patience(), is_stuck)?;
        Ok(Turn { turns: self, plugin: plugin.0, chain })
    }

    /// Takes a plugin that becomes free within moments. Most calls are shorter than it takes to put a thread to sleep
    /// and wake it. Whoever waits already comes first.
    fn take_soon(&self, plugin: PluginIndex, chain: ChainId) -> Option<Turn<'_>> {
        for _ in 0..SPINS {
            match self.owners[plugin.0].load(Ordering::Relaxed) {
                0 => {
                    if let Some(turn) = self.try_take(plugin, chain) {
                        return Some(turn);
                    }
                }
                word if word & WAITED_FOR != 0 || owner(word) == Some(chain) => return None,
                _ => std::hint::spin_loop(),
            }
        }
        None
    }

    /// Takes a plugin that is free at this moment.
    #[inline]
    pub(super) fn try_take(&self, plugin: PluginIndex, chain: ChainId) -> Option<Turn<'_>> {
        let slot = &self.owners[plugin.0];
        let taken = slot.compare_exchange(0, word(chain), Ordering::Acquire, Ordering::Relaxed);
        taken.is_ok().then(|| Turn { turns: self, plugin: plugin.0, chain })
    }

    fn wait(
        &self,
        plugin: usize,
        chain: ChainId,
        patience: Option<Duration>,
        is_stuck: impl Fn() -> bool,
    ) -> Result<(), Refusal> {
        let until = patience.and_then(|patience| Instant::now().checked_add(patience));
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        if self.take_or_mark(plugin, chain)? {
            return Ok(());
        }
        if let Some(ring) = self.ring(&waits, plugin, chain) {
            return Err(Refusal::Ring(ring));
        }
        waits.queues[plugin].push_back(chain);
        waits.targets.insert(chain, plugin);
        while owner(self.owners[plugin].load(Ordering::Acquire)) != Some(chain) {
            let left = until.map_or(GLANCE, |until| until.saturating_duration_since(Instant::now()));
            let refusal = if left.is_zero() { Some(Refusal::Late) } else { is_stuck().then_some(Refusal::Stuck) };
            if let Some(refusal) = refusal {
                waits.queues[plugin].retain(|waiting| *waiting != chain);
                waits.targets.remove(&chain);
                return Err(refusal);
            }
            let glance = left.min(GLANCE);
            waits = self.granted[plugin].wait_timeout(waits, glance).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// Takes the plugin if it has become free, or marks it as waited for. The lock must be held.
    fn take_or_mark(&self, plugin: usize, chain: ChainId) -> Result<bool, Refusal> {
        let slot = &self.owners[plugin];
        let mut current = slot.load(Ordering::Relaxed);
        loop {
            let (next, taken) = match owner(current) {
                None => (word(chain), true),
                Some(owner) if owner == chain => return Err(Refusal::OnChain),
                Some(_) => (current | WAITED_FOR, false),
            };
            match slot.compare_exchange_weak(current, next, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Ok(taken),
                Err(changed) => current = changed,
            }
        }
    }

    /// The ring that would close if the chain waited for the plugin. Follows who waits for whom:
    /// each chain waits for one plugin at most, and there is no ring yet.
    fn ring(&self, waits: &Waits, plugin: usize, chain: ChainId) -> Option<Vec<PluginIndex>> {
        let mut path = vec![PluginIndex(plugin)];
        let mut at = plugin;
        loop {
            let holder = owner(self.owners[at].load(Ordering::Relaxed))?;
            if holder == chain {
                return Some(path);
            }
            at = *waits.targets.get(&holder)?;
            path.push(PluginIndex(at));
        }
    }

    fn give_back(&self, plugin: usize, chain: ChainId) {
        let slot = &self.owners[plugin];
        if slot.compare_exchange(word(chain), 0, Ordering::Release, Ordering::Relaxed).is_ok() {
            return;
        }
        let mut waits: MutexGuard<'_, Waits> = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(next) = waits.queues[plugin].pop_front() else {
            // Whoever had waited has given up.
            return slot.store(0, Ordering::Release);
        };
        // From here on it does not wait, so that a ring is not seen where there is none.
        waits.targets.remove(&next);
        let mark = if waits.queues[plugin].is_empty() { 0 } else { WAITED_FOR };
        slot.store(word(next) | mark, Ordering::Release);
        self.granted[plugin].notify_all();
    }
}

impl Drop for Turn<'_> {
    #[inline]
    fn drop(&mut self) {
        self.turns.give_back(self.plugin, self.chain);
    }
}

fn word(chain: ChainId) -> u64 {
    chain.0 << 1
}

fn owner(word: u64) -> Option<ChainId> {
    (word != 0).then_some(ChainId(word >> 1))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    const A: PluginIndex = PluginIndex(0);
    const B: PluginIndex = PluginIndex(1);

    fn take(turns: &Turns, plugin: PluginIndex, chain: u64) -> Result<Turn<'_>, Refusal> {
        turns.take(plugin, ChainId(chain), || Some(Duration::from_secs(60)), || false)
    }

    fn until(condition: impl Fn() -> bool) {
        let begin = Instant::now();
        while !condition() {
            assert!(begin.elapsed() < Duration::from_secs(60));
            std::thread::yield_now();
        }
    }

    fn waiting(turns: &Turns, chain: u64) -> bool {
        turns.waits.lock().unwrap().targets.contains_key(&ChainId(chain))
    }

    #[test]
    fn a_chain_cannot_take_what_it_has() {
        let turns = Turns::new(2);
        let turn = take(&turns, A, 1).unwrap();
        assert_eq!(take(&turns, A, 1).err(), Some(Refusal::OnChain));
        assert!(take(&turns, B, 1).is_ok());
        drop(turn);
        assert!(take(&turns, A, 1).is_ok());
    }

    #[test]
    fn patience_ends() {
        let turns = Turns::new(1);
        let turn = take(&turns, A, 1).unwrap();
        let late = turns.take(A, ChainId(2), || Some(Duration::from_millis(1)), || false);
        assert_eq!(late.err(), Some(Refusal::Late));
        assert_eq!(turns.take(A, ChainId(2), || None, || true).err(), Some(Refusal::Stuck));
        drop(turn);
        assert!(take(&turns, A, 3).is_ok());
    }

    #[test]
    fn turns_come_in_order() {
        let turns = Turns::new(1);
        let order = Mutex::new(Vec::new());
        let first = take(&turns, A, 1).unwrap();
        std::thread::scope(|scope| {
            for chain in 2..6 {
                let (turns, order) = (&turns, &order);
                scope.spawn(move || {
                    let _turn = take(turns, A, chain).unwrap();
                    order.lock().unwrap().push(chain);
                });
                until(|| waiting(turns, chain));
            }
            drop(first);
        });
        assert_eq!(order.into_inner().unwrap(), [2, 3, 4, 5]);
        assert_eq!(turns.owners[0].load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_ring_is_refused_and_the_other_goes_on() {
        let turns = Turns::new(2);
        let a = take(&turns, A, 1).unwrap();
        let b = take(&turns, B, 2).unwrap();
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let second = take(&turns, A, 2).map(drop);
                drop(b);
                second
            });
            until(|| waiting(&turns, 2));
            assert_eq!(take(&turns, B, 1).err(), Some(Refusal::Ring(vec![B, A])));
            drop(a);
            assert_eq!(other.join().unwrap(), Ok(()));
        });
        assert!(take(&turns, B, 3).is_ok());
    }

    #[test]
    fn many_threads_exclude_each_other() {
        let turns = Turns::new(1);
        let (inside, total) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (turns, inside, total) = (&turns, &inside, &total);
                scope.spawn(move || {
                    for call in 0..500 {
                        let _turn = take(turns, A, 1 + thread * 500 + call).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        total.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(total.into_inner(), 4000);
        assert!(turns.waits.into_inner().unwrap().targets.is_empty());
    }
}
