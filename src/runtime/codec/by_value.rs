//! Calls by value, with handles among the values or without.

use wasmtime::StoreContextMut;
use wasmtime::component::{Func, Val};

use super::delivery::{Delivered, deliver};
use super::{Codec, function, owner};
use crate::call::{
    CallError, CallErrorKind, Called, Frame, InFlight, InstanceId, PluginState, Returned, Sent, Target, Values,
    take_result,
};
use crate::plan::PluginIndex;
use crate::runtime::activation::allow_lifting;
use crate::runtime::live_app::LiveApp;
use crate::runtime::purpose::Ended;
use crate::runtime::room::check_room;

/// A call of a function with values.
pub(in crate::runtime) struct ByValue<'a> {
    app: &'a LiveApp,
    target: Target,
    values: Values<'a>,
    /// Who gets the handles of the reply: a plugin, or the host.
    holder: Option<PluginIndex>,
    /// The handles of the reply. What is left of them in the end is released.
    back: InFlight<'a>,
}

impl<'a> ByValue<'a> {
    /// A call from the entry `caller`.
    pub(in crate::runtime) fn new(
        app: &'a LiveApp,
        target: Target,
        sent: Sent<'a>,
        caller: Frame,
        holder: Option<PluginIndex>,
    ) -> Self {
        Self { app, target, values: sent.values, holder, back: InFlight::new(app, caller) }
    }
}

impl Codec for ByValue<'_> {
    type Passed = (Func, Delivered);
    type Returned = (Option<Val>, Delivered);
    type Answer = Returned;

    fn instance(&self, app: &LiveApp) -> Option<InstanceId> {
        match &self.values {
            Values::Plain(_) => None,
            Values::WithHandles(_, sent) => owner(app, self.target, sent),
        }
    }

    fn put_in(&mut self, app: &LiveApp, store: &mut StoreContextMut<'_, PluginState>) -> Result<Self::Passed, Ended> {
        let function = function(app, store, self.target)?;
        let delivered = match &mut self.values {
            Values::Plain(_) => Delivered::default(),
            Values::WithHandles(values, sent) => {
                check_room(app, self.target, store.data().instance, self.holder, sent).map_err(Ended::Refused)?;
                deliver(app, store, self.target, values, sent)?
            }
        };
        allow_lifting(store, app.assembly.function(self.target).lifting);
        Ok((function, delivered))
    }

    fn call(
        &mut self,
        mut store: StoreContextMut<'_, PluginState>,
        (function, delivered): Self::Passed,
    ) -> wasmtime::Result<Self::Returned> {
        let called = self.app.assembly.function(self.target);
        let arguments = match &self.values {
            Values::Plain(values) => *values,
            Values::WithHandles(values, _) => &**values,
        };
        let mut result = [Val::Bool(false)];
        let results = if called.ty.result.is_some() { &mut result[..] } else { &mut [] };
        delivered.make_room(&mut store);
        // This does post-return too since wasmtime 48.
        let done = function.call(&mut store, arguments, results);
        done.map_err(|error| delivered.explain(error, called))?;
        let [value] = result;
        Ok((called.ty.result.is_some().then_some(value), delivered))
    }

    fn take_out(
        &mut self,
        app: &LiveApp,
        store: &mut StoreContextMut<'_, PluginState>,
        (mut value, delivered): Self::Returned,
    ) -> Result<Returned, Ended> {
        check_weight(app, self.target, value.as_ref())?;
        delivered.take_back(store)?;
        if let (Some(passing), Some(value)) = (&app.assembly.function(self.target).passing, &mut value) {
            take_result(store, passing, value, &mut self.back)?;
        }
        Ok(Returned { value, handles: std::mem::take(&mut self.back.flights) })
    }
}

/// Fails the plugin where its result is more than it may pass.
fn check_weight(app: &LiveApp, target: Target, result: Option<&Val>) -> Result<(), Ended> {
    let (Some(shape), Some(result)) = (&app.assembly.function(target).result, result) else { return Ok(()) };
    let (bytes, limit) = (shape.weigh(result).abi, app.assembly.limits(target.plugin).hostcall_bytes);
    if bytes <= limit {
        return Ok(());
    }
    let cause = format!("its result is {bytes} bytes, more than its limit of {limit} bytes (`hostcall-bytes`)");
    let failed = CallError::new(CallErrorKind::Trap, Some(app.assembly.id(target.plugin).clone()), cause);
    Err(Ended::Failed(Called::mark(failed.into())))
}
