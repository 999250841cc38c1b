use wasmtime::StoreContextMut;
use wasmtime::component::Val;

use super::{CallError, Flights, Handles, PluginState, Rep, Ticks};
use crate::model::PluginId;
use crate::plan::PluginIndex;

/// One root call and everything that it calls. Never zero, and no two of a process are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainId(pub u64);

/// When an entry must have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// The point of time.
    pub at: Ticks,
    /// The plugin that set it, which is the one to be charged.
    pub by: PluginIndex,
}

/// An entry into a plugin, as far as the plugins that are called from it need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// The chain of calls that it belongs to.
    pub chain: ChainId,
    /// The plugin; `None` for the host, from which the chain starts.
    pub plugin: Option<PluginIndex>,
    /// How many plugins are on the chain, this one included.
    pub depth: u32,
    /// When it must have ended.
    pub deadline: Option<Deadline>,
}

/// A function that a plugin exports: an index into [`LinkedPlugin::functions`](super::LinkedPlugin).
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
    pub frame: Frame,
    /// The store of that entry, lent until the call has returned, so that the plugin can be called back
    /// meanwhile. Nothing for calls of the host, and where a call is made on behalf of a plugin.
    pub store: Option<StoreContextMut<'a, PluginState>>,
}

impl<'a> Caller<'a> {
    /// A plugin, whose store is lent for the call.
    pub fn lending(store: StoreContextMut<'a, PluginState>) -> Self {
        Self { frame: store.data().frame, store: Some(store) }
    }
}

impl Caller<'_> {
    /// Somebody whose store is not lent.
    pub fn alone(frame: &Frame) -> Self {
        Self { frame: *frame, store: None }
    }
}

/// The live plugins, as dispatchers see them. The runtime implements it.
pub trait Live: Send + Sync {
    /// Calls a function of a plugin. `results` is as long as the function has results; `arguments` are of
    /// the right types, and come with their bytes in the canonical ABI (zero where they are always small).
    ///
    /// # Errors
    /// [`CallError`] when the provider fails, or refuses, or is gone.
    fn call(
        &self,
        caller: Caller<'_>,
        target: Target,
        arguments: (&[Val], u64),
        results: &mut [Val],
    ) -> Result<(), CallError>;

    /// Calls a function that passes handles. `sent` are those of the arguments, in whose places anything
    /// may stand; once the provider has them, only those are left in it that were lent.
    ///
    /// # Errors
    /// As [`Live::call`], and when a handle is stale or belongs to another plugin than it must.
    fn carry(
        &self,
        caller: Caller<'_>,
        target: Target,
        arguments: (&mut [Val], u64),
        sent: &mut Flights,
    ) -> Result<Carried, CallError>;

    /// The handles of the app.
    fn handles(&self) -> &Handles;

    /// The id of a plugin.
    fn name(&self, plugin: PluginIndex) -> &PluginId;

    /// Runs the destructor of a resource whose last handle is gone, in its owner: at once where that is
    /// idle, else when it is left. Never fails, and never waits for the owner; but the destructor may call others.
    fn release(&self, caller: Caller<'_>, rep: Rep);

    /// As [`Live::release`], for several at once: their destructors have one deadline for each owner.
    fn release_many(&self, caller: Caller<'_>, reps: Vec<Rep>);
}

/// The reply of a function that passes handles: its value, where it has one, and the handles in it.
#[derive(Debug)]
pub struct Carried {
    /// The value. Anything may stand in the places of handles.
    pub value: Option<Val>,
    /// The handles, which are on their way.
    pub handles: Flights,
}
