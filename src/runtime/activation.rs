//! One entry into an instance: setup before the guest's code runs, evaluation after it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use wasmtime::{AsContextMut, StoreContextMut};

use super::admission::Due;
use super::codec::Codec;
use super::explain::{began_in, explain, panicked, with_whole_chain};
use super::instances::Instance;
use super::live_app::LiveApp;
use super::preflight::check_own_stack;
use super::purpose::{Ended, Purpose, catch};
use crate::call::{CallError, Frame, Lifting, PluginState};
use crate::link::Assembly;
use crate::model::Budget;

/// A deadline so far away that it never comes. Half of what there is, because it is added to the
/// present.
const NEVER: u64 = u64::MAX / 2;

/// The result of a call.
pub(super) type Outcome<R> = Result<R, CallError>;

/// One entry into an instance.
pub(super) struct Activation<'a> {
    store: StoreContextMut<'a, PluginState>,
    purpose: Purpose,
    _due: Option<Due<'a>>,
}

/// Settings of an open entry, saved while a call comes back into the instance.
pub(super) struct Outer {
    frame: Frame,
    lifting: Lifting,
    fuel: Option<u64>,
}

/// An instance that has failed.
pub(super) struct Failed {
    pub(super) cause: CallError,
    /// A panic that is the caller's own.
    panic: Option<Box<dyn Any + Send>>,
}

/// Begins an entry into an instance that nobody is in.
#[inline]
pub(super) fn begin<'a>(
    app: &'a LiveApp,
    instance: &'a mut Instance,
    purpose: Purpose,
    frame: &Frame,
) -> Activation<'a> {
    let mut store = instance.store.as_context_mut();
    store.data_mut().stack = stacker::remaining_stack();
    prepare(&app.assembly, &mut store, frame);
    let due = app.admission.note_due(purpose.plugin(), frame.deadline);
    Activation { store, purpose, _due: Some(due) }
}

/// Begins an entry into an instance that calls others, on the same chain, and whose store has been lent.
///
/// # Errors
/// When too little is left of the stack that it was entered with.
pub(super) fn begin_again<'a>(
    app: &LiveApp,
    mut store: StoreContextMut<'a, PluginState>,
    purpose: Purpose,
    (caller, frame): (&Frame, &Frame),
) -> Outcome<(Activation<'a>, Outer)> {
    check_own_stack(&app.assembly, &app.activations, caller, store.data())?;
    let (state, fuel) = (store.data(), store.get_fuel().ok());
    let outer = Outer { frame: state.frame, lifting: state.lifting, fuel };
    prepare(&app.assembly, &mut store, frame);
    Ok((Activation { store, purpose, _due: None }, outer))
}

/// Runs the guest's code, on this stack. This is the one place where it is entered.
///
/// # Errors
/// When the instance has failed: what it had is lost.
#[inline]
pub(super) fn run<C: Codec>(
    app: &LiveApp,
    activation: &mut Activation<'_>,
    codec: &mut C,
) -> Result<Outcome<C::Answer>, Failed> {
    let store = &mut activation.store;
    let done = catch(|| {
        let passed = codec.put_in(app, store)?;
        let returned = codec.call(store.as_context_mut(), passed)?;
        codec.take_out(app, store, returned)
    });
    finish(app, activation, done)
}

/// Restores the outer entry's settings. A failure also fails the outer entry.
pub(super) fn finish_again<R>(
    app: &LiveApp,
    activation: &mut Activation<'_>,
    outer: &Outer,
    outcome: &Result<Outcome<R>, Failed>,
) {
    let (assembly, store) = (&*app.assembly, &mut activation.store);
    if let Err(failed) = outcome {
        let (frame, cause) = (store.data().frame, failed.cause.clone());
        let whole = || with_whole_chain(assembly, &app.activations, &frame, cause);
        store.data_mut().failed.get_or_insert_with(whole);
    }
    prepare(assembly, store, &outer.frame);
    allow_lifting(store, outer.lifting);
    if let Some(fuel) = outer.fuel {
        // The only error is that fuel is not counted.
        let _ = store.set_fuel(fuel);
    }
}

/// Evaluates an entry, and notes a failure of the instance.
///
/// # Errors
/// When the instance has failed.
#[inline]
fn finish<R>(app: &LiveApp, activation: &Activation<'_>, done: Result<R, Ended>) -> Result<Outcome<R>, Failed> {
    let (assembly, Activation { store, purpose, .. }) = (&*app.assembly, activation);
    let instance = store.data().instance;
    // What the host does with exports is its own code: so is the panic.
    let own = |panic: Box<dyn Any + Send>| matches!(purpose, Purpose::Use(_)).then_some(panic);
    // A call further down the chain has ended this instance already, and noted it.
    if let Some(cause) = store.data().ended() {
        let panic = if let Err(Ended::Panicked(panic)) = done { own(panic) } else { None };
        return Err(Failed { cause, panic });
    }
    let by_panic = |panic: Box<dyn Any + Send>| (panicked(assembly, instance.plugin, &*panic), own(panic));
    let (cause, panic) = match done {
        Ok(value) => return Ok(Ok(value)),
        Err(Ended::Refused(cause)) => return Ok(Err(cause)),
        // After any error the store is unusable. Formatting the error may run code of the host.
        Err(Ended::Failed(error)) => catch_unwind(AssertUnwindSafe(|| explain(assembly, &error, store)))
            .map_or_else(by_panic, |cause| (cause, None)),
        Err(Ended::Panicked(panic)) => by_panic(panic),
    };
    // Its own exit is how a program ends.
    let exits = matches!(purpose, Purpose::Run(_)) && cause.exit_code().is_some();
    let charged = began_in(assembly, &cause, instance.plugin) && !exits && panic.is_none();
    // A failed start is noted after its handles have been released.
    if !matches!(purpose, Purpose::Start(_)) {
        app.instances.note_failure(instance, cause.clone(), charged);
    }
    Err(Failed { cause, panic })
}

impl Failed {
    /// # Panics
    /// With the caller's own panic.
    pub(super) fn cause_or_panic(self) -> CallError {
        match self.panic {
            Some(panic) => resume_unwind(panic),
            None => self.cause,
        }
    }
}

/// Sets what holds for one entry. Deadlines are absolute, so that even an idle plugin would trap
/// on an old one.
#[inline]
fn prepare(assembly: &Assembly, store: &mut StoreContextMut<'_, PluginState>, frame: &Frame) {
    let state = store.data_mut();
    state.frame = *frame;
    state.limiter.refused = None;
    let plugin = state.instance.plugin;
    allow_lifting(store, assembly.plugin(plugin).lifting);
    if assembly.has_timeouts() {
        let now = assembly.clock().now();
        store.set_epoch_deadline(frame.deadline.map_or(NEVER, |deadline| deadline.at.saturating_sub(now)));
    }
    if assembly.has_fuel() {
        let fuel: Budget<u64> = assembly.limits(plugin).fuel;
        // The only error is that fuel is not counted.
        let _ = store.set_fuel(fuel.amount().unwrap_or(u64::MAX));
    }
}

/// Sets how much wasmtime may charge for one crossing.
#[inline]
pub(super) fn allow_lifting(store: &mut StoreContextMut<'_, PluginState>, lifting: Lifting) {
    store.data_mut().lifting = lifting;
    store.set_hostcall_fuel(usize::try_from(lifting.fuel).unwrap_or(usize::MAX));
}
