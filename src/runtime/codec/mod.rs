//! How values cross between a caller and the store of the plugin that it calls.

mod by_type;
mod by_value;
mod delivery;
mod exports;
mod typed_handles;

use wasmtime::StoreContextMut;
use wasmtime::component::Func;

use super::live_app::LiveApp;
use super::purpose::Ended;
use crate::call::{CallError, CallErrorKind, Exports, Flight, InstanceId, PluginState, Target};

pub use by_type::Typed;
pub(super) use by_type::{ByType, typed};
pub(super) use by_value::ByValue;
pub(super) use exports::UseExports;
pub(super) use typed_handles::{ByTypeWithHandles, check_places};

/// How values cross at one entry into a plugin, in three steps. What the codec holds is left to the caller, whatever
/// comes of the entry.
pub(super) trait Codec {
    /// What is passed, once it is in the plugin's store.
    type Passed;
    /// What the guest's code has returned, still in the plugin's store.
    type Returned;
    /// What the caller gets.
    type Answer;

    /// The instance that the call needs, because handles of that one are passed.
    fn instance(&self, _: &LiveApp) -> Option<InstanceId> {
        None
    }

    /// Puts what is passed into the plugin's store.
    ///
    /// # Errors
    /// When the plugin cannot be called, or has failed already.
    fn put_in(&mut self, app: &LiveApp, store: &mut StoreContextMut<'_, PluginState>) -> Result<Self::Passed, Ended>;

    /// Runs the guest's code.
    ///
    /// # Errors
    /// When the plugin has failed.
    fn call(
        &mut self,
        store: StoreContextMut<'_, PluginState>,
        passed: Self::Passed,
    ) -> wasmtime::Result<Self::Returned>;

    /// Takes what was returned out of the plugin's store.
    ///
    /// # Errors
    /// When the plugin has failed.
    fn take_out(
        &mut self,
        app: &LiveApp,
        store: &mut StoreContextMut<'_, PluginState>,
        returned: Self::Returned,
    ) -> Result<Self::Answer, Ended>;
}

/// Looks at an instance without running its code.
pub(super) struct Inspect<F>(Option<F>);

impl<F> Inspect<F> {
    pub(super) fn new(look: F) -> Self {
        Self(Some(look))
    }
}

impl Inspect<fn(&mut StoreContextMut<'_, PluginState>) -> Result<(), Ended>> {
    /// Looks at nothing: the instance is only to be there.
    pub(super) fn nothing() -> Self {
        Self(Some(|_| Ok(())))
    }
}

impl<T, F> Codec for Inspect<F>
where
    F: FnOnce(&mut StoreContextMut<'_, PluginState>) -> Result<T, Ended>,
{
    type Passed = T;
    type Returned = T;
    type Answer = T;

    fn put_in(&mut self, _: &LiveApp, store: &mut StoreContextMut<'_, PluginState>) -> Result<T, Ended> {
        once(&mut self.0)?(store)
    }

    fn call(&mut self, _: StoreContextMut<'_, PluginState>, seen: T) -> wasmtime::Result<T> {
        Ok(seen)
    }

    fn take_out(&mut self, _: &LiveApp, _: &mut StoreContextMut<'_, PluginState>, seen: T) -> Result<T, Ended> {
        Ok(seen)
    }
}

/// The instance of a plugin that owns handles which are sent to it.
fn owner(app: &LiveApp, target: Target, sent: &[Flight]) -> Option<InstanceId> {
    let owner = |flight: &Flight| app.handles.read(flight.rep, |entry| entry.owner);
    sent.iter().filter_map(owner).find(|owner| owner.plugin == target.plugin)
}

/// What a codec has for one entry, and no other.
fn once<T>(held: &mut Option<T>) -> wasmtime::Result<T> {
    held.take().ok_or_else(|| wasmtime::format_err!("a codec serves one entry"))
}

/// A function of the instance in the store.
///
/// # Errors
/// As [`exports`].
#[inline]
fn function(app: &LiveApp, store: &StoreContextMut<'_, PluginState>, target: Target) -> Result<Func, Ended> {
    Ok(exports(app, store)?.functions[target.function.0])
}

/// What can be called in the store.
///
/// # Errors
/// While it is starting; but then nobody enters it.
#[inline]
fn exports<'a>(app: &LiveApp, store: &'a StoreContextMut<'_, PluginState>) -> Result<&'a Exports, Ended> {
    let state = store.data();
    state.exports.as_ref().ok_or_else(|| {
        let plugin = app.assembly.id(state.instance.plugin).clone();
        let cause = "it is still starting, and has no functions to call yet";
        Ended::Refused(CallError::new(CallErrorKind::NotStarted, Some(plugin), cause))
    })
}
