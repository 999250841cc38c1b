//! Calls from the host with values.

use wasmtime::component::Val as Raw;

use super::arguments::check_arguments;
use super::enter::Purpose;
use super::handle::told_mismatch;
use super::{Handle, Inner, Runtime, Val};
use crate::call::{
    CallError, CallErrorKind, Caller, Carried, Flight, Flights, Frame, Holder, Leaf, Live, Local, Rep, Target,
};
use crate::model::ExternName;

impl Runtime {
    /// Calls a function of a plugin.
    ///
    /// # Errors
    /// [`CallError`] when the arguments are not what the function takes, which costs the plugin
    /// nothing, or when the plugin fails or cannot be entered.
    pub fn call(&self, target: Target, arguments: &[Val]) -> Result<Option<Val>, CallError> {
        let inner = &*self.inner;
        let function = inner.assembly.function(target);
        let refuse = |cause: String| inner.bad_call(target, cause);
        inner.check_foreign(target)?;
        check_arguments(&function.ty, arguments).map_err(refuse)?;
        // Before they are copied.
        let weight = function.arguments.as_ref().map(|shape| shape.weigh_all(arguments)).unwrap_or_default();
        if let Some(cause) = inner.too_heavy(target.plugin, weight) {
            return Err(refuse(cause));
        }
        let mut handles = Vec::new();
        let mut raw: Vec<Raw> = arguments.iter().map(|argument| argument.to_raw(&mut handles)).collect();
        match &function.passing {
            None => inner.on_chain(|frame| inner.call_plain(frame, target, &raw)),
            Some(_) => {
                let mut lent = Lent::new(inner, target, &mut raw, &handles)?;
                inner.on_chain(|frame| inner.call_passing(frame, target, &mut raw, &mut lent))
            }
        }
    }
}

/// Handles of the host that a call uses, until it has returned.
pub(super) struct Lent<'a> {
    pub(super) flights: Flights,
    handles: Vec<(&'a Handle, bool)>,
}

impl<'a> Lent<'a> {
    /// Checks the handles for the places where they stand.
    ///
    /// # Errors
    /// When one of them cannot be there.
    pub(super) fn new(
        inner: &Inner,
        target: Target,
        arguments: &mut [Raw],
        handles: &[&'a Handle],
    ) -> Result<Self, CallError> {
        let mut lent = Self { flights: Flights::new(), handles: Vec::with_capacity(handles.len()) };
        let Some(passing) = &inner.assembly.function(target).passing else { return Ok(lent) };
        let mut given = handles.iter();
        passing.visit_arguments(arguments, |parameter, leaf, _| {
            let refuse = |cause: String| {
                inner.bad_call(target, format!("parameter `{parameter}` (`{}`): {cause}", leaf.written()))
            };
            let Some(handle) = given.next() else { return Err(refuse("a handle is missing".to_owned())) };
            inner.check_handle(handle, leaf).map_err(refuse)?;
            handle.begin(leaf.own).map_err(|cause| refuse(format!("`{handle}` cannot be passed: {cause}")))?;
            lent.handles.push((handle, leaf.own));
            lent.flights.push(Flight { rep: handle.rep(), own: leaf.own });
            Ok(())
        })?;
        Ok(lent)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        // An `own` that is left has not been delivered, and then none has been.
        let delivered = self.flights.iter().all(|flight| !flight.own);
        for (handle, own) in &self.handles {
            handle.end(*own && delivered);
        }
    }
}

impl Inner {
    fn call_plain(&self, frame: &Frame, target: Target, arguments: &[Raw]) -> Result<Option<Val>, CallError> {
        let answers = self.assembly.function(target).ty.result.is_some();
        let mut results = [Raw::Bool(false)];
        let expected = if answers { &mut results[..] } else { &mut [] };
        let caller = Caller::alone(frame);
        self.enter(caller, Purpose::Call(target), |store| self.call_by_value(store, target, arguments, expected))?;
        let [value] = results;
        if answers { self.given(target, value, &mut std::iter::empty()).map(Some) } else { Ok(None) }
    }

    fn call_passing(
        &self,
        frame: &Frame,
        target: Target,
        arguments: &mut [Raw],
        lent: &mut Lent<'_>,
    ) -> Result<Option<Val>, CallError> {
        let Carried { value, handles } = self.carry(Caller::alone(frame), target, (arguments, 0), &mut lent.flights)?;
        let handles: Vec<Handle> = handles.iter().filter_map(|flight| self.hold(flight.rep)).collect();
        value.map(|value| self.given(target, value, &mut handles.into_iter())).transpose()
    }

    fn given(&self, target: Target, value: Raw, handles: &mut impl Iterator<Item = Handle>) -> Result<Val, CallError> {
        Val::of_raw(value, handles)
            .ok_or_else(|| self.bad_call(target, "it returned a value that the host cannot hold".to_owned()))
    }

    /// Makes an entry on its way a handle of the host.
    pub(super) fn hold(&self, rep: Rep) -> Option<Handle> {
        let (resource, owner) = self.handles.read(rep, |entry| (entry.resource.clone(), entry.owner))?;
        self.handles.hand_to(rep, Holder::Host);
        Some(Handle::new(self.this.clone(), rep, resource, self.id(owner).clone()))
    }

    /// Releases what the host has let go of.
    pub(super) fn let_go(&self, rep: Rep) {
        self.on_chain(|frame| self.release(Caller::alone(frame), rep));
    }

    /// Whether a handle is of the type that a place has.
    fn check_handle(&self, handle: &Handle, leaf: &Leaf) -> Result<(), String> {
        if !handle.is_of(&self.this) {
            return Err(format!("`{handle}` belongs to another app"));
        }
        let (given, wanted) = (handle.ty(), &*leaf.resource);
        let fits = match leaf.local {
            Local::Native => given == wanted,
            Local::Wrapped(_) => {
                given.name == wanted.name && same_interface(given.interface.as_ref(), wanted.interface.as_ref())
            }
        };
        if fits {
            return Ok(());
        }
        Err(told_mismatch(wanted, given, handle.owner()))
    }

    /// Refuses a function that the host cannot call.
    pub(super) fn check_foreign(&self, target: Target) -> Result<(), CallError> {
        match &self.assembly.function(target).foreign {
            Some(foreign) => {
                Err(self
                    .bad_call(target, format!("it takes or returns a handle that cannot leave the plugin: {foreign}")))
            }
            None => Ok(()),
        }
    }

    pub(super) fn bad_call(&self, target: Target, cause: String) -> CallError {
        self.refused_call(CallErrorKind::BadArguments, target, cause)
    }

    /// A call of the host that is not even tried.
    pub(super) fn refused_call(&self, kind: CallErrorKind, target: Target, cause: String) -> CallError {
        self.refuse(kind, target.plugin, cause).called(self.describe(None, Purpose::Call(target)))
    }
}

/// Whether an interface is another one in some version of the same compatible series.
fn same_interface(one: Option<&ExternName>, other: Option<&ExternName>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is_compatible(other),
        (None, None) => true,
        _ => false,
    }
}
