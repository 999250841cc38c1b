//! The live plugins, as those see them whom they call.

use arc_swap::ArcSwap;
use wasmtime::component::Val;

use super::{CallError, Caller, Flights, Handles, Rep, Target, Wiring};
use crate::model::PluginId;
use crate::plan::PluginIndex;

/// The arguments of a call by value.
pub struct Sent<'a> {
    /// The values, which are of the right types.
    pub values: Values<'a>,
    /// Their bytes in the canonical ABI; zero where they are always small.
    pub bytes: u64,
}

/// Values on their way to a plugin.
pub enum Values<'a> {
    /// Without handles.
    Plain(&'a [Val]),
    /// With handles: anything may stand in their places. Once the provider has them, only those that were lent are
    /// left among the flights.
    WithHandles(&'a mut [Val], &'a mut Flights),
}

/// What a call by value has returned.
#[derive(Debug)]
pub struct Returned {
    /// The value, where the function has a result. Anything may stand in the places of handles.
    pub value: Option<Val>,
    /// The handles, which are on their way.
    pub handles: Flights,
}

/// The live plugins, as dispatchers see them. The runtime implements it.
pub trait Live: Send + Sync {
    /// Calls a function of a plugin.
    ///
    /// # Errors
    /// [`CallError`] when the provider fails, or refuses, or is gone, and when a handle is stale or belongs to
    /// another plugin than it must.
    fn call(&self, caller: Caller<'_>, target: Target, sent: Sent<'_>) -> Result<Returned, CallError>;

    /// Who serves whom now.
    fn wiring(&self) -> &ArcSwap<Wiring>;

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
