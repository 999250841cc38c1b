//! Calls from the host with Rust types, handles among them.

use wasmtime::StoreContextMut;
use wasmtime::component::{TypedFunc, Val as Raw};

use super::delivery::{Delivered, deliver};
use super::{Codec, once, owner, typed};
use crate::call::{CallErrorKind, Flights, Frame, InFlight, InstanceId, Passing, PluginState, Target, take_result};
use crate::runtime::explain::refuse;
use crate::runtime::live_app::LiveApp;
use crate::runtime::passed::{Answers, Arguments};
use crate::runtime::purpose::Ended;

/// A call of a function with Rust types, handles among them.
pub(in crate::runtime) struct ByTypeWithHandles<'a, P, R> {
    app: &'a LiveApp,
    target: Target,
    /// The parameters, and what they are as far as handles go.
    params: Option<(P, Vec<Raw>)>,
    sent: &'a mut Flights,
    delivered: Delivered,
    /// The handles of the reply. What is left of them in the end is released.
    back: InFlight<'a>,
    answer: std::marker::PhantomData<R>,
}

impl<'a, P, R> ByTypeWithHandles<'a, P, R> {
    /// A call from the entry `caller`. `sketch` is what the parameters are as far as handles go, and `sent` are those.
    pub(in crate::runtime) fn new(
        app: &'a LiveApp,
        target: Target,
        (params, sketch): (P, Vec<Raw>),
        sent: &'a mut Flights,
        caller: &'a Frame,
    ) -> Self {
        let back = InFlight::new(app, caller);
        let delivered = Delivered::default();
        Self { app, target, params: Some((params, sketch)), sent, delivered, back, answer: std::marker::PhantomData }
    }
}

impl<P: Arguments, R: Answers> Codec for ByTypeWithHandles<'_, P, R> {
    type Passed = (TypedFunc<P::Raw, R::Raw>, P::Raw);
    type Returned = R::Raw;
    type Answer = (R::Raw, Flights);

    fn instance(&self, app: &LiveApp) -> Option<InstanceId> {
        owner(app, self.target, self.sent)
    }

    fn put_in(&mut self, app: &LiveApp, store: &mut StoreContextMut<'_, PluginState>) -> Result<Self::Passed, Ended> {
        let (params, mut sketch) = once(&mut self.params)?;
        let function = typed::<P::Raw, R::Raw>(app, store, self.target)?;
        self.delivered = deliver(app, store, (self.target, None), &mut sketch, self.sent)?;
        let odd = || {
            let cause = "the handles are not those of its type".to_owned();
            Ended::Refused(refuse(&app.assembly, CallErrorKind::BadArguments, self.target.plugin, cause))
        };
        Ok((function, params.lowered(sketch).ok_or_else(odd)?))
    }

    fn call(
        &mut self,
        mut store: StoreContextMut<'_, PluginState>,
        (function, params): Self::Passed,
    ) -> wasmtime::Result<Self::Returned> {
        self.delivered.make_room(&mut store);
        let done = function.call(&mut store, params);
        done.map_err(|error| self.delivered.explain(error, self.app.assembly.function(self.target)))
    }

    fn take_out(
        &mut self,
        app: &LiveApp,
        store: &mut StoreContextMut<'_, PluginState>,
        raw: R::Raw,
    ) -> Result<Self::Answer, Ended> {
        self.delivered.take_back(store)?;
        if let Some(passing) = &app.assembly.function(self.target).passing {
            take_result(store, passing, &mut R::sketch(&raw), &mut self.back)?;
        }
        Ok((raw, std::mem::take(&mut self.back.flights)))
    }
}

/// Checks that handles have the types of the host where the function has handles, and not those of
/// wasmtime, which belong to a store.
pub(in crate::runtime) fn check_places<P: Arguments, R: Answers>(app: &LiveApp, target: Target) -> Result<(), Ended> {
    let function = app.assembly.function(target);
    let passing = function.passing.as_ref();
    let odd = |at: usize| passing.is_some_and(|passing| passing.takes_handles(at)) != P::PASSES[at];
    let parameter = (0..P::PASSES.len()).find(|at| odd(*at)).map(|at| function.ty.params[at].name.as_str());
    let place = match parameter {
        Some(parameter) => format!("parameter `{parameter}`"),
        None if passing.is_some_and(Passing::answers_handles) != R::PASSES => "the result".to_owned(),
        None => return Ok(()),
    };
    let cause = format!("{place} passes handles, which are `Handle`s and `HandleList`s here");
    Err(Ended::Refused(refuse(&app.assembly, CallErrorKind::WrongType, target.plugin, cause)))
}
