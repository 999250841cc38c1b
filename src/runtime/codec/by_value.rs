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

/// A call of a function with values.
pub(in crate::runtime) struct ByValue<'a> {
    app: &'a LiveApp,
    target: Target,
    values: Values<'a>,
    /// Who gets the handles of the reply: a plugin, or the host.
    holder: Option<PluginIndex>,
    delivered: Delivered,
    result: [Val; 1],
    /// The handles of the reply. What is left of them in the end is released.
    back: InFlight<'a>,
}

impl<'a> ByValue<'a> {
    /// A call from the entry `caller`.
    #[inline]
    pub(in crate::runtime) fn new(
        app: &'a LiveApp,
        target: Target,
        sent: Sent<'a>,
        caller: &'a Frame,
        holder: Option<PluginIndex>,
    ) -> Self {
        let (delivered, result) = (Delivered::default(), [Val::Bool(false)]);
        Self { app, target, values: sent.values, holder, delivered, result, back: InFlight::new(app, caller) }
    }
}

impl ByValue<'_> {
    /// What the call has returned, when it has.
    #[inline]
    pub(in crate::runtime) fn returned(&mut self) -> Returned {
        let has_result = self.app.assembly.function(self.target).ty.result.is_some();
        let [value] = &mut self.result;
        let value = std::mem::replace(value, Val::Bool(false));
        Returned { value: has_result.then_some(value), handles: std::mem::take(&mut self.back.flights) }
    }
}

impl Codec for ByValue<'_> {
    type Passed = Func;
    type Returned = ();
    type Answer = ();

    fn instance(&self, app: &LiveApp) -> Option<InstanceId> {
        match &self.values {
            Values::Plain(_) => None,
            Values::WithHandles(_, sent) => owner(app, self.target, sent),
        }
    }

    #[inline]
    fn put_in(&mut self, app: &LiveApp, store: &mut StoreContextMut<'_, PluginState>) -> Result<Func, Ended> {
        let function = function(app, store, self.target)?;
        if let Values::WithHandles(values, sent) = &mut self.values {
            self.delivered = deliver(app, store, (self.target, self.holder), values, sent)?;
        }
        allow_lifting(store, app.assembly.function(self.target).lifting);
        Ok(function)
    }

    #[inline]
    fn call(&mut self, mut store: StoreContextMut<'_, PluginState>, function: Func) -> wasmtime::Result<()> {
        let called = self.app.assembly.function(self.target);
        let arguments = match &self.values {
            Values::Plain(values) => *values,
            Values::WithHandles(values, _) => &**values,
        };
        let results = if called.ty.result.is_some() { &mut self.result[..] } else { &mut [] };
        self.delivered.make_room(&mut store);
        // This does post-return too since wasmtime 48.
        let done = function.call(&mut store, arguments, results);
        done.map_err(|error| self.delivered.explain(error, called))
    }

    #[inline]
    fn take_out(&mut self, app: &LiveApp, store: &mut StoreContextMut<'_, PluginState>, (): ()) -> Result<(), Ended> {
        let called = app.assembly.function(self.target);
        let [value] = &mut self.result;
        if called.ty.result.is_some() {
            check_weight(app, self.target, value)?;
        }
        self.delivered.take_back(store)?;
        if let Some(passing) = &called.passing {
            take_result(store, passing, value, &mut self.back)?;
        }
        Ok(())
    }
}

/// Fails the plugin where its result is more than it may pass.
fn check_weight(app: &LiveApp, target: Target, result: &Val) -> Result<(), Ended> {
    let Some(shape) = &app.assembly.function(target).result else { return Ok(()) };
    let (bytes, limit) = (shape.weigh(result).abi, app.assembly.limits(target.plugin).hostcall_bytes);
    if bytes <= limit {
        return Ok(());
    }
    let cause = format!("its result is {bytes} bytes, more than its limit of {limit} bytes (`hostcall-bytes`)");
    let failed = CallError::new(CallErrorKind::Trap, Some(app.assembly.id(target.plugin).clone()), cause);
    Err(Ended::Failed(Called::mark(failed.into())))
}
