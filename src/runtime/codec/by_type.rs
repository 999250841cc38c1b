//! Calls from the host with Rust types in place of values.

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentNamedList, Lift, Lower, TypedFunc};

use super::{Codec, function, once};
use crate::call::{CallErrorKind, InstanceId, PluginState, Target};
use crate::runtime::explain::refuse;
use crate::runtime::live_app::LiveApp;
use crate::runtime::purpose::Ended;

/// A function of a plugin whose Rust types have been checked.
///
/// It is covariant in its types, so that later calls may pass references that live shorter.
pub struct Typed<Params, Return> {
    pub(in crate::runtime) target: Target,
    /// The instance in which the types were checked. The instances after it have the same types, but
    /// wasmtime wants to see for itself.
    instance: InstanceId,
    function: TypedFunc<Params, Return>,
}

/// A call of a function with Rust types.
pub(in crate::runtime) struct ByType<'a, Params, Return> {
    typed: &'a Typed<Params, Return>,
    params: Option<Params>,
}

impl<Params, Return> Typed<Params, Return>
where
    Params: ComponentNamedList + Lower,
    Return: ComponentNamedList + Lift,
{
    /// Checks the Rust types of a function in an instance.
    ///
    /// # Errors
    /// When they are not those of the function.
    pub(in crate::runtime) fn new(
        app: &LiveApp,
        store: &StoreContextMut<'_, PluginState>,
        target: Target,
    ) -> Result<Self, Ended> {
        Ok(Self { target, instance: store.data().instance, function: typed(app, store, target)? })
    }
}

impl<'a, Params, Return> ByType<'a, Params, Return> {
    pub(in crate::runtime) fn new(typed: &'a Typed<Params, Return>, params: Params) -> Self {
        Self { typed, params: Some(params) }
    }
}

impl<Params, Return> Codec for ByType<'_, Params, Return>
where
    Params: ComponentNamedList + Lower,
    Return: ComponentNamedList + Lift,
{
    type Passed = (TypedFunc<Params, Return>, Params);
    type Returned = Return;
    type Answer = Return;

    fn put_in(&mut self, app: &LiveApp, store: &mut StoreContextMut<'_, PluginState>) -> Result<Self::Passed, Ended> {
        let Typed { target, instance, function } = *self.typed;
        let is_same = store.data().instance == instance;
        let function = if is_same { function } else { typed(app, store, target)? };
        Ok((function, once(&mut self.params)?))
    }

    fn call(
        &mut self,
        store: StoreContextMut<'_, PluginState>,
        (function, params): Self::Passed,
    ) -> wasmtime::Result<Return> {
        function.call(store, params)
    }

    fn take_out(
        &mut self,
        _: &LiveApp,
        _: &mut StoreContextMut<'_, PluginState>,
        returned: Return,
    ) -> Result<Return, Ended> {
        Ok(returned)
    }
}

/// A function of the instance in the store, with Rust types.
///
/// # Errors
/// When they are not those of the function.
pub(in crate::runtime) fn typed<Params, Return>(
    app: &LiveApp,
    store: &StoreContextMut<'_, PluginState>,
    target: Target,
) -> Result<TypedFunc<Params, Return>, Ended>
where
    Params: ComponentNamedList + Lower,
    Return: ComponentNamedList + Lift,
{
    let typed = function(app, store, target)?.typed::<Params, Return>(store);
    typed.map_err(|error| {
        let function = app.assembly.function(target);
        let (params, result) = (std::any::type_name::<Params>(), std::any::type_name::<Return>());
        let cause = format!(
            "it is `{}: {}`, which the Rust types {params} and {result} do not fit: {error:#}",
            function.name, function.ty
        );
        Ended::Refused(refuse(&app.assembly, CallErrorKind::WrongType, target.plugin, cause))
    })
}
