//! Calls from the host with Rust types, handles among them.

use wasmtime::StoreContextMut;
use wasmtime::component::Val as Raw;

use super::enter::{Ended, Purpose};
use super::host_calls::Lent;
use super::passed::{Answers, Arguments};
use super::{Handle, Inner, Runtime};
use crate::call::{CallError, Caller, Flights, Frame, InFlight, Passing, PluginState, Target, take_result};

impl Runtime {
    /// Checks that Rust types are those of a function.
    ///
    /// # Errors
    /// [`CallError`] when they are not, or when the plugin cannot be entered.
    pub fn check_typed_handles<P: Arguments, R: Answers>(&self, target: Target) -> Result<(), CallError> {
        let inner = &*self.inner;
        inner.check_foreign(target)?;
        let check = |store: StoreContextMut<'_, PluginState>| {
            inner.typed::<P::Raw, R::Raw>(&store, target)?;
            inner.check_places::<P, R>(target)
        };
        inner.on_chain(|frame| inner.enter(Caller::alone(frame), Purpose::Call(target), check))
    }

    /// Calls a function.
    ///
    /// # Errors
    /// [`CallError`] when a handle cannot be passed, and when the plugin fails or cannot be entered.
    pub fn call_typed_handles<P: Arguments, R: Answers>(&self, target: Target, params: P) -> Result<R, CallError> {
        let inner = &*self.inner;
        // The handles are lent out of clones, because the parameters are used up by the call.
        let mut handles = Vec::new();
        let mut sketch = params.sketch(&mut handles);
        let handles: Vec<Handle> = handles.into_iter().cloned().collect();
        let handles: Vec<&Handle> = handles.iter().collect();
        let mut lent = Lent::new(inner, target, &mut sketch, &handles)?;
        inner.on_chain(|frame| inner.call_sketched(frame, target, params, sketch, &mut lent.flights))
    }
}

impl Inner {
    /// Checks that handles have the types of the host where the function has handles, and not those of
    /// wasmtime, which belong to a store.
    fn check_places<P: Arguments, R: Answers>(&self, target: Target) -> Result<(), Ended> {
        let function = self.assembly.function(target);
        let passing = function.passing.as_ref();
        let odd = |at: usize| passing.is_some_and(|passing| passing.takes_handles(at)) != P::PASSES[at];
        let parameter = (0..P::PASSES.len()).find(|at| odd(*at)).map(|at| function.ty.params[at].name.as_str());
        let place = match parameter {
            Some(parameter) => format!("parameter `{parameter}`"),
            None if passing.is_some_and(Passing::answers_handles) != R::PASSES => "the result".to_owned(),
            None => return Ok(()),
        };
        let cause = format!("{place} passes handles, which are `Handle`s and `HandleList`s here");
        Err(self.wrong_type(target.plugin, cause))
    }

    fn call_sketched<P: Arguments, R: Answers>(
        &self,
        frame: &Frame,
        target: Target,
        params: P,
        mut sketch: Vec<Raw>,
        sent: &mut Flights,
    ) -> Result<R, CallError> {
        let callee = self.assembly.function(target);
        let mut back = InFlight::new(self, *frame);
        let raw = self.enter(Caller::alone(frame), Purpose::Call(target), |mut store| {
            let function = self.typed::<P::Raw, R::Raw>(&store, target)?;
            let odd = || Ended::Refused(self.bad_call(target, "the handles are not those of its type".to_owned()));
            self.check_room(target, store.data().generation, None, sent).map_err(Ended::Refused)?;
            let delivered = self.deliver(&mut store, target, &mut sketch, sent)?;
            let params = params.lowered(sketch).ok_or_else(odd)?;
            let raw = delivered.lend(&mut store, callee, |mut store| Ok(function.call(&mut store, params)?))?;
            if let Some(passing) = &callee.passing {
                take_result(&mut store, passing, target.plugin, &mut R::sketch(&raw), &mut back)?;
            }
            Ok(raw)
        })?;
        let handles: Vec<Handle> =
            std::mem::take(&mut back.flights).iter().filter_map(|flight| self.hold(flight.rep)).collect();
        R::lifted(raw, &mut handles.into_iter())
            .ok_or_else(|| self.bad_call(target, "it returned handles that are not those of its type".to_owned()))
    }
}
