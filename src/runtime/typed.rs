//! Calls from the host with Rust types in place of values.

use wasmtime::component::{ComponentNamedList, Instance as WasmInstance, Lift, Lower, TypedFunc};
use wasmtime::{AsContextMut, StoreContextMut, Trap, WasmBacktrace};

use super::enter::{Ended, Purpose, exports, function};
use super::{Inner, Runtime};
use crate::call::{CallError, CallErrorKind, Called, Caller, PluginState, Target};
use crate::plan::PluginIndex;

/// A function of a plugin whose Rust types have been checked.
///
/// It is covariant in its types, so that later calls may pass references that live shorter.
pub struct Typed<Params, Return> {
    target: Target,
    /// The instance in which the types were checked. The instances after it have the same types, but
    /// wasmtime wants to see for itself.
    generation: u64,
    function: TypedFunc<Params, Return>,
}

impl Runtime {
    /// Checks that Rust types are those of a function.
    ///
    /// # Errors
    /// [`CallError`] when they are not, or when the plugin cannot be entered.
    pub fn typed<Params, Return>(&self, target: Target) -> Result<Typed<Params, Return>, CallError>
    where
        Params: ComponentNamedList + Lower + Send,
        Return: ComponentNamedList + Lift + Send,
    {
        let inner = &*self.inner;
        inner.check_typed(target)?;
        let check = |store: StoreContextMut<'_, PluginState>| {
            let function = inner.typed(&store, target)?;
            Ok(Typed { target, generation: store.data().generation, function })
        };
        inner.on_chain(|frame| inner.enter(Caller::alone(frame), Purpose::Call(target), check))
    }

    /// Calls a function.
    ///
    /// # Errors
    /// [`CallError`] when the plugin fails or cannot be entered.
    pub fn call_typed<Params, Return>(&self, typed: &Typed<Params, Return>, params: Params) -> Result<Return, CallError>
    where
        Params: ComponentNamedList + Lower + Send,
        Return: ComponentNamedList + Lift + Send,
    {
        let Typed { target, generation, function } = *typed;
        let inner = &*self.inner;
        let call = |mut store: StoreContextMut<'_, PluginState>| {
            let is_same = store.data().generation == generation;
            let function = if is_same { function } else { inner.typed(&store, target)? };
            Ok(function.call(&mut store, params)?)
        };
        inner.on_chain(|frame| inner.enter(Caller::alone(frame), Purpose::Call(target), call))
    }

    /// Lets the host do something with the exports of a plugin.
    ///
    /// # Errors
    /// [`CallError`] when the plugin cannot be entered, when `bind` finds that the exports are not
    /// what it wants, and when `act` fails: then the plugin has failed.
    pub fn with_exports<B, R: Send>(
        &self,
        plugin: PluginIndex,
        bind: impl FnOnce(u64, StoreContextMut<'_, PluginState>, &WasmInstance) -> wasmtime::Result<B> + Send,
        act: impl FnOnce(B, StoreContextMut<'_, PluginState>) -> wasmtime::Result<R> + Send,
    ) -> Result<R, CallError> {
        let inner = &*self.inner;
        let purpose = Purpose::Use(plugin);
        let act = |mut store: StoreContextMut<'_, PluginState>| {
            let instance = exports(&store)?.instance;
            let bound = bind(store.data().generation, store.as_context_mut(), &instance);
            let bound = bound.map_err(|error| inner.not_bound(plugin, error))?;
            Ok(act(bound, store)?)
        };
        inner.on_chain(|frame| inner.enter(Caller::alone(frame), purpose, act))
    }
}

impl Inner {
    /// Refuses a function whose handles have no Rust type.
    fn check_typed(&self, target: Target) -> Result<(), CallError> {
        self.check_foreign(target)?;
        match &self.assembly.function(target).passing {
            Some(_) => {
                let cause = "it passes handles: call it by values, or by `typed_with_handles`".to_owned();
                Err(self.refused_call(CallErrorKind::WrongType, target, cause))
            }
            None => Ok(()),
        }
    }

    pub(super) fn typed<Params, Return>(
        &self,
        store: &StoreContextMut<'_, PluginState>,
        target: Target,
    ) -> Result<TypedFunc<Params, Return>, Ended>
    where
        Params: ComponentNamedList + Lower,
        Return: ComponentNamedList + Lift,
    {
        let typed = function(store, target)?.typed::<Params, Return>(store);
        typed.map_err(|error| {
            let function = self.assembly.function(target);
            let (params, result) = (std::any::type_name::<Params>(), std::any::type_name::<Return>());
            let cause = format!(
                "it is `{}: {}`, which the Rust types {params} and {result} do not fit: {error:#}",
                function.name, function.ty
            );
            self.wrong_type(target.plugin, cause)
        })
    }

    /// Why exports cannot be bound: they do not fit, unless the plugin has been called for it and has failed.
    fn not_bound(&self, plugin: PluginIndex, error: wasmtime::Error) -> Ended {
        if error.is::<Trap>() || error.is::<WasmBacktrace>() || error.is::<Called>() {
            return Ended::Failed(error);
        }
        self.wrong_type(plugin, format!("{error:#}"))
    }

    pub(super) fn wrong_type(&self, plugin: PluginIndex, cause: String) -> Ended {
        Ended::Refused(self.refuse(CallErrorKind::WrongType, plugin, cause))
    }
}
