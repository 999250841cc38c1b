//! Who calls whom: chains of calls and the entries on them.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::StoreContextMut;

use super::{PluginState, Ticks};
use crate::plan::PluginIndex;

/// One root call and everything that it calls. Never zero, and no two of a process are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainId(pub u64);

/// How many numbers of chains a thread takes at once, so that threads do not write to one place with each call.
const CHAINS: u64 = 1 << 16;

impl ChainId {
    /// The number of a new chain.
    pub fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        thread_local! {
            static OWN: Cell<std::ops::Range<u64>> = const { Cell::new(0..0) };
        }
        OWN.with(|own| {
            let mut left = own.take();
            let next = left.next().unwrap_or_else(|| {
                let first = LAST.fetch_add(CHAINS, Ordering::Relaxed) + 1;
                left = first + 1..first + CHAINS;
                first
            });
            own.set(left);
            Self(next)
        })
    }
}

/// When an entry must have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// The point of time.
    pub at: Ticks,
    /// The plugin that set it, which is the one to be charged.
    pub by: PluginIndex,
}

/// One instance of a plugin. Each start makes another one. What belongs to an instance is stale when that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InstanceId {
    /// The plugin.
    pub plugin: PluginIndex,
    /// The number of starts up to this one, failed ones included.
    pub generation: u64,
}

/// An entry into a plugin, as far as the plugins that are called from it need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// The chain of calls that it belongs to.
    pub chain: ChainId,
    /// The instance that is entered; `None` for the host, from which the chain starts.
    pub instance: Option<InstanceId>,
    /// How many plugins are on the chain, this one included.
    pub depth: u32,
    /// When it must have ended.
    pub deadline: Option<Deadline>,
}

impl Frame {
    /// The plugin that is entered; `None` for the host.
    pub fn plugin(&self) -> Option<PluginIndex> {
        self.instance.map(|instance| instance.plugin)
    }
}

impl Deadline {
    /// The earlier of two deadlines; of two at the same time the first.
    #[must_use]
    pub fn sooner(self, other: Self) -> Self {
        if self.at <= other.at { self } else { other }
    }
}

/// A function that a plugin exports: an index into those that linking has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FunctionIndex(pub usize);

/// A function of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    /// The plugin.
    pub plugin: PluginIndex,
    /// The function.
    pub function: FunctionIndex,
}

/// Who calls a plugin.
pub struct Caller<'a> {
    /// The entry that the call is made from.
    pub frame: &'a Frame,
    /// The store of that entry, lent until the call has returned, so that the plugin can be called back
    /// meanwhile. Nothing for calls of the host, and where a call is made on behalf of a plugin.
    pub store: Option<StoreContextMut<'a, PluginState>>,
}

impl<'a> Caller<'a> {
    /// A plugin, whose store is lent for the call.
    pub fn lending(frame: &'a Frame, store: StoreContextMut<'a, PluginState>) -> Self {
        Self { frame, store: Some(store) }
    }

    /// Somebody whose store is not lent.
    pub fn alone(frame: &'a Frame) -> Self {
        Self { frame, store: None }
    }
}
