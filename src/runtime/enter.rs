use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use wasmtime::component::{Func, Val};
use wasmtime::{AsContextMut, StoreContextMut};

use super::begin::Place;
use super::chain::{self, Key};
use super::slot::Instance;
use super::{Inner, current};
use crate::call::{
    CallError, CallErrorKind, Caller, Carried, Exports, Flights, Frame, Handles, Live, PluginState, Rep, Target,
};
use crate::model::PluginId;
use crate::plan::PluginIndex;

/// What a plugin is entered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A function is called.
    Call(Target),
    /// The function that `run` starts is called.
    Run(Target),
    /// It is started with the app.
    Start(PluginIndex),
    /// The host does something with its exports.
    Use(PluginIndex),
    /// Destructors of its resources run.
    Destroy(PluginIndex),
}

/// Why what a plugin was entered for did not come to its end.
pub(super) enum Ended {
    /// The plugin has failed, and cannot be trusted any more.
    Failed(wasmtime::Error),
    /// The host has panicked while it was in the plugin.
    Panicked(Box<dyn Any + Send>),
    /// It was not even called.
    Refused(CallError),
}

impl From<wasmtime::Error> for Ended {
    fn from(error: wasmtime::Error) -> Self {
        Self::Failed(error)
    }
}

impl Purpose {
    pub(super) fn plugin(self) -> PluginIndex {
        match self {
            Self::Call(target) | Self::Run(target) => target.plugin,
            Self::Start(plugin) | Self::Use(plugin) | Self::Destroy(plugin) => plugin,
        }
    }
}

impl Live for Inner {
    fn call(
        &self,
        caller: Caller<'_>,
        target: Target,
        (arguments, bytes): (&[Val], u64),
        results: &mut [Val],
    ) -> Result<(), CallError> {
        self.check_bytes(&caller.frame, target, bytes)?;
        self.enter(caller, Purpose::Call(target), |store| self.call_by_value(store, target, arguments, results))
    }

    fn carry(
        &self,
        caller: Caller<'_>,
        target: Target,
        (arguments, bytes): (&mut [Val], u64),
        sent: &mut Flights,
    ) -> Result<Carried, CallError> {
        self.check_bytes(&caller.frame, target, bytes)?;
        self.carry_handles(caller, target, arguments, sent)
    }

    fn handles(&self) -> &Handles {
        &self.handles
    }

    fn name(&self, plugin: PluginIndex) -> &PluginId {
        self.id(plugin)
    }

    fn release(&self, caller: Caller<'_>, rep: Rep) {
        if let Some(entry) = self.unheld([rep]).next() {
            self.destroy(caller, entry);
        }
    }

    fn release_many(&self, caller: Caller<'_>, reps: Vec<Rep>) {
        self.destroy_all(caller, self.unheld(reps).collect());
    }
}

impl Inner {
    /// Enters a plugin: the one way in, for the host and for dispatchers.
    ///
    /// # Errors
    /// Whatever the plugin failed with, or why it was not entered.
    pub(super) fn enter<R>(
        &self,
        caller: Caller<'_>,
        purpose: Purpose,
        act: impl FnOnce(StoreContextMut<'_, PluginState>) -> Result<R, Ended>,
    ) -> Result<R, CallError> {
        let Caller { frame, store } = caller;
        let entered = self.try_enter(&frame, store, purpose, act);
        entered.map_err(|error| error.called(self.describe(frame.plugin, purpose)))
    }

    fn try_enter<R>(
        &self,
        caller: &Frame,
        lent: Option<StoreContextMut<'_, PluginState>>,
        purpose: Purpose,
        act: impl FnOnce(StoreContextMut<'_, PluginState>) -> Result<R, Ended>,
    ) -> Result<R, CallError> {
        let plugin = purpose.plugin();
        self.check_depth(caller, plugin)?;
        self.check_stack(plugin)?;
        // The turn is nothing where the plugin is on this chain already.
        let (turn, idle) = self.take_when_ready(caller, plugin)?;
        let frame = self.frame(caller, purpose);
        let may_return = lent.is_some();
        let enter = || {
            let _noted = current::note(self.number, frame, purpose);
            let place = idle.map_or_else(|| self.find(purpose, frame), |instance| Ok(Place::Here(instance)));
            match place? {
                Place::Here(instance) => {
                    self.slots[plugin.0].drain_time.forget();
                    self.enter_here(instance, purpose, (caller, frame), act)
                }
                Place::OnChain(generation) if may_return => self.enter_again(generation, purpose, frame, act),
                Place::OnChain(_) => Err(self.reentrant(plugin)),
            }
        };
        let enter_and_leave = || {
            let entered = enter();
            if turn.is_some() {
                self.drain(caller, plugin);
            }
            entered
        };
        match lent {
            Some(store) => chain::lend(store, enter_and_leave),
            None => enter_and_leave(),
        }
    }

    /// Enters an instance that nobody is in.
    fn enter_here<R>(
        &self,
        mut instance: Instance,
        purpose: Purpose,
        (caller, frame): (&Frame, Frame),
        act: impl FnOnce(StoreContextMut<'_, PluginState>) -> Result<R, Ended>,
    ) -> Result<R, CallError> {
        let mut store = instance.store.as_context_mut();
        store.data_mut().stack = stacker::remaining_stack();
        self.prepare(&mut store, frame);
        let due = self.slots[purpose.plugin().0].note_due(frame.deadline);
        let acted = self.act(&mut store, purpose, act);
        drop(due);
        match acted {
            Ok(done) => {
                self.put_back(instance, frame);
                done
            }
            Err(failed) => {
                // Its own time is no concern of those whose resources it had.
                self.tear_down(instance, Frame { deadline: caller.deadline, ..frame });
                Err(failed.cause_or_panic())
            }
        }
    }

    /// Enters an instance that calls others, on the same chain. What holds for its open entry holds again
    /// afterwards.
    fn enter_again<R>(
        &self,
        generation: u64,
        purpose: Purpose,
        frame: Frame,
        act: impl FnOnce(StoreContextMut<'_, PluginState>) -> Result<R, Ended>,
    ) -> Result<R, CallError> {
        let plugin = purpose.plugin();
        let key = Key { chain: frame.chain, plugin, generation };
        let entered = chain::borrow(key, |mut store| {
            if let Err(refusal) = self.check_own_stack(store.data()) {
                return Ok(Err(refusal));
            }
            let (outer, lifting) = (store.data().frame, store.data().lifting);
            let fuel = store.get_fuel().ok();
            self.prepare(&mut store, frame);
            let acted = self.act(&mut store, purpose, act);
            if let Err(failed) = &acted {
                let told = failed.cause.clone();
                store.data_mut().failed.get_or_insert_with(|| self.with_whole_chain(told));
            }
            self.prepare(&mut store, outer);
            self.allow_lifting(&mut store, lifting);
            if let Some(fuel) = fuel {
                // The only error is that fuel is not counted.
                let _ = store.set_fuel(fuel);
            }
            acted
        });
        match entered {
            Some(Ok(done)) => done,
            Some(Err(failed)) => Err(failed.cause_or_panic()),
            None => Err(self.reentrant(plugin)),
        }
    }

    /// Does what a plugin is entered for.
    ///
    /// # Errors
    /// When the plugin has failed: what it had is lost, and its cell knows why.
    pub(super) fn act<R>(
        &self,
        store: &mut StoreContextMut<'_, PluginState>,
        purpose: Purpose,
        act: impl FnOnce(StoreContextMut<'_, PluginState>) -> Result<R, Ended>,
    ) -> Result<Result<R, CallError>, Failed> {
        let acted = catch(|| act(store.as_context_mut()));
        // What the host does with exports is its own code: so is the panic.
        let own = |panic: Box<dyn Any + Send>| matches!(purpose, Purpose::Use(_)).then_some(panic);
        // Whatever has become of this entry: one further down the chain has ended the instance.
        if let Some(cause) = store.data().ended() {
            let panic = if let Err(Ended::Panicked(panic)) = acted { own(panic) } else { None };
            return Err(Failed { cause, panic });
        }
        let failed = match acted {
            Ok(value) => return Ok(Ok(value)),
            Err(Ended::Refused(cause)) => return Ok(Err(cause)),
            // Whatever the error is: the store cannot be trusted any more.
            Err(Ended::Failed(error)) => Failed { cause: self.explain(&error, store), panic: None },
            Err(Ended::Panicked(panic)) => {
                Failed { cause: self.told_panic(purpose.plugin(), &*panic), panic: own(panic) }
            }
        };
        // Its own exit is how a program ends.
        let exits = matches!(purpose, Purpose::Run(_)) && failed.cause.exit_code().is_some();
        let charged = self.began_in(&failed.cause, purpose.plugin()) && !exits && failed.panic.is_none();
        self.note_failure(purpose.plugin(), store.data().generation, failed.cause.clone(), charged);
        Err(failed)
    }
}

/// A plugin that has failed.
pub(super) struct Failed {
    pub(super) cause: CallError,
    /// A panic that is the caller's own.
    panic: Option<Box<dyn Any + Send>>,
}

impl Failed {
    /// # Panics
    /// With the caller's own panic.
    fn cause_or_panic(self) -> CallError {
        match self.panic {
            Some(panic) => resume_unwind(panic),
            None => self.cause,
        }
    }
}

/// A function of the instance in the store.
///
/// # Errors
/// As [`exports`].
pub(super) fn function(store: &StoreContextMut<'_, PluginState>, target: Target) -> Result<Func, Ended> {
    Ok(exports(store)?.functions[target.function.0])
}

/// What can be called in the store.
///
/// # Errors
/// While it is starting; but then nobody enters it.
pub(super) fn exports<'a>(store: &'a StoreContextMut<'_, PluginState>) -> Result<&'a Exports, Ended> {
    let state = store.data();
    state.exports.as_ref().ok_or_else(|| {
        let plugin = state.frame.plugin.map(|plugin| state.live.name(plugin).clone());
        let cause = "it is still starting, and has no functions to call yet";
        Ended::Refused(CallError::new(CallErrorKind::NotStarted, plugin, cause))
    })
}

/// Does something in which functions of the host may panic: stores that a panic has unwound through are
/// not used again.
pub(super) fn catch<R>(act: impl FnOnce() -> Result<R, Ended>) -> Result<R, Ended> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| Err(Ended::Panicked(panic)))
}
