//! What the host does with a live app: calls by value and by type, work with exports, `run`, restarts.

use std::path::Path;
use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentNamedList, Instance as WasmInstance, Lift, Lower, Val as Raw};

use super::activation::Outcome;
use super::arguments::{TakeHandle, lower_all};
use super::codec::{ByType, ByTypeWithHandles, ByValue, Codec, Inspect, Typed, UseExports, check_places, typed};
use super::end::end;
use super::explain::{describe, refuse};
use super::folders::Folders;
use super::handle::Handle;
use super::lent::Lent;
use super::live_app::LiveApp;
use super::options::StartOptions;
use super::passed::{Answers, Arguments};
use super::preflight::too_many_bytes;
use super::purpose::Purpose;
use super::root::on_chain;
use super::route::{self, Call, perform};
use super::status::Status;
use super::value::Val;
use crate::call::{
    CallError, CallErrorKind, Caller, Flights, Frame, Holder, InstanceId, MOST_VALUE_MEMORY, PluginState, Rep, Sent,
    Target, Values, Weight, targets,
};
use crate::link::Assembly;
use crate::model::PluginId;
use crate::plan::PluginIndex;

/// The live plugins of an app. They end when it is dropped.
pub struct Runtime {
    pub(super) app: Arc<LiveApp>,
}

impl Runtime {
    /// Starts every plugin, in the order of the plan, and tells which have failed while starting.
    /// Those are tried again when they are needed, within their restart budget.
    pub fn start(assembly: Arc<Assembly>, options: StartOptions) -> (Self, Vec<(PluginId, CallError)>) {
        let folders = granted_folders(&assembly, &options.base);
        let app = LiveApp::new(assembly, options, folders);
        let failures = start_all(&app);
        (Self { app }, failures)
    }

    /// What the app is made from.
    pub fn assembly(&self) -> &Arc<Assembly> {
        &self.app.assembly
    }

    /// How many resources have handles outside the stores of their owners.
    pub fn live_handles(&self) -> usize {
        self.app.handles.live()
    }

    /// How a plugin is.
    pub fn status(&self, plugin: PluginIndex) -> Status {
        self.app.instances.status(plugin)
    }
}

impl Drop for Runtime {
    // Stores hold the runtime, which holds the stores. No call is in them now, because calls borrow `self`; but a
    // destructor may be, of a handle that another thread has let go of, or one that has brought about this.
    fn drop(&mut self) {
        end(&self.app);
    }
}

impl Runtime {
    /// Calls a function of a plugin.
    ///
    /// # Errors
    /// [`CallError`] when the arguments are not what the function takes, which costs the plugin
    /// nothing, or when the plugin fails or cannot be entered.
    pub fn call(&self, target: Target, arguments: &[Val]) -> Outcome<Option<Val>> {
        let app = &*self.app;
        let function = app.assembly.function(target);
        let refuse = |cause: String| bad_call(app, target, cause);
        check_foreign(app, target)?;
        // Before they are copied.
        let weight = function.arguments.as_ref().map(|shape| shape.weigh_all(arguments)).unwrap_or_default();
        if let Some(cause) = too_heavy(app, target.plugin, weight) {
            return Err(refuse(cause));
        }
        let mut lent = Lent::new(app.number);
        let mut raw = lower_all(&function.ty, arguments, &mut lent).map_err(refuse)?;
        let values = match &function.passing {
            None => Values::Plain(&raw),
            Some(_) => Values::WithHandles(&mut raw, &mut lent.flights),
        };
        // It has been weighed already.
        let sent = Sent { values, bytes: 0 };
        let returned = on_chain(app, |frame| {
            let mut codec = ByValue::new(app, target, sent, frame, None);
            enter(app, frame, Purpose::Call(target), &mut codec).map(|()| codec.returned())
        })?;
        let mut handles = hold_all(app, &returned.handles).into_iter();
        let odd = || bad_call(app, target, "it returned a value that the host cannot hold".to_owned());
        returned.value.map(|value| Val::of_raw(value, &mut handles).ok_or_else(odd)).transpose()
    }

    /// Checks that Rust types are those of a function.
    ///
    /// # Errors
    /// [`CallError`] when they are not, or when the plugin cannot be entered.
    pub fn typed<Params, Return>(&self, target: Target) -> Outcome<Typed<Params, Return>>
    where
        Params: ComponentNamedList + Lower + Send,
        Return: ComponentNamedList + Lift + Send,
    {
        let app = &*self.app;
        check_foreign(app, target)?;
        if app.assembly.function(target).passing.is_some() {
            let cause = "it passes handles: call it by values, or by `typed_with_handles`".to_owned();
            return Err(refused_call(app, CallErrorKind::WrongType, target, cause));
        }
        let check = |store: &mut StoreContextMut<'_, PluginState>| Typed::new(app, store, target);
        on_chain(app, |frame| enter(app, frame, Purpose::Call(target), &mut Inspect::new(check)))
    }

    /// Calls a function.
    ///
    /// # Errors
    /// [`CallError`] when the plugin fails or cannot be entered.
    pub fn call_typed<Params, Return>(&self, typed: &Typed<Params, Return>, params: Params) -> Outcome<Return>
    where
        Params: ComponentNamedList + Lower + Send,
        Return: ComponentNamedList + Lift + Send,
    {
        let (app, purpose) = (&*self.app, Purpose::Call(typed.target));
        on_chain(app, |frame| enter(app, frame, purpose, &mut ByType::new(typed, params)))
    }

    /// Checks that Rust types are those of a function that passes handles.
    ///
    /// # Errors
    /// [`CallError`] when they are not, or when the plugin cannot be entered.
    pub fn check_typed_handles<P: Arguments, R: Answers>(&self, target: Target) -> Outcome<()> {
        let app = &*self.app;
        check_foreign(app, target)?;
        let check = |store: &mut StoreContextMut<'_, PluginState>| {
            typed::<P::Raw, R::Raw>(app, store, target)?;
            check_places::<P, R>(app, target)
        };
        on_chain(app, |frame| enter(app, frame, Purpose::Call(target), &mut Inspect::new(check)))
    }

    /// Calls a function that passes handles.
    ///
    /// # Errors
    /// [`CallError`] when a handle cannot be passed, and when the plugin fails or cannot be entered.
    pub fn call_typed_handles<P: Arguments, R: Answers>(&self, target: Target, params: P) -> Outcome<R> {
        let app = &*self.app;
        // The handles are lent out of clones, because the parameters are used up by the call.
        let mut handles = Vec::new();
        let mut sketch = params.sketch(&mut handles);
        let handles: Vec<Handle> = handles.into_iter().cloned().collect();
        let mut lent = Lent::new(app.number);
        lend_sketched(app, target, &mut sketch, &handles, &mut lent)?;
        let flights = &mut lent.flights;
        let (raw, back) = on_chain(app, |frame| {
            let mut codec = ByTypeWithHandles::<P, R>::new(app, target, (params, sketch), flights, frame);
            enter(app, frame, Purpose::Call(target), &mut codec)
        })?;
        R::lifted(raw, &mut hold_all(app, &back).into_iter())
            .ok_or_else(|| bad_call(app, target, "it returned handles that are not those of its type".to_owned()))
    }

    /// Lets the host do something with the exports of a plugin.
    ///
    /// # Errors
    /// [`CallError`] when the plugin cannot be entered, when `bind` finds that the exports are not
    /// what it wants, and when `act` fails: then the plugin has failed.
    pub fn with_exports<B, R: Send>(
        &self,
        plugin: PluginIndex,
        bind: impl FnOnce(InstanceId, StoreContextMut<'_, PluginState>, &WasmInstance) -> wasmtime::Result<B> + Send,
        act: impl FnOnce(B, StoreContextMut<'_, PluginState>) -> wasmtime::Result<R> + Send,
    ) -> Outcome<R> {
        let (app, purpose) = (&*self.app, Purpose::Use(plugin));
        on_chain(app, |frame| enter(app, frame, purpose, &mut UseExports::new(bind, act)))
    }

    /// Runs the entry's `wasi:cli/run` and returns the status that it ends with.
    ///
    /// # Errors
    /// [`CallError`] when there is no entry, or when it fails.
    pub fn run(&self) -> Outcome<i32> {
        let app = &*self.app;
        let Some(entry) = app.assembly.entry() else {
            return Err(CallError::new(CallErrorKind::UnknownTarget, None, no_entry(app)));
        };
        let ran = on_chain(app, |frame| {
            let sent = Sent { values: Values::Plain(&[]), bytes: 0 };
            let mut codec = ByValue::new(app, entry, sent, frame, None);
            enter(app, frame, Purpose::Run(entry), &mut codec).map(|()| codec.returned())
        });
        match ran {
            Ok(returned) => Ok(i32::from(returned.value != Some(Raw::Result(Ok(None))))),
            // Its own exit is how a program ends; that of a plugin that it has called is a failure.
            Err(error) => match (error.exit_code(), error.chain()) {
                (Some(code), [_]) => Ok(code),
                _ => Err(error),
            },
        }
    }

    /// Starts a plugin anew, whether it is up or not, and forgets how often that has been necessary.
    ///
    /// # Errors
    /// [`CallError`] when it cannot be entered, and when it fails while starting.
    pub fn restart(&self, plugin: PluginIndex) -> Outcome<()> {
        let app = &*self.app;
        on_chain(app, |frame| route::restart(app, frame, plugin))
    }
}

/// Starts every plugin, in the order of the plan, and tells which have failed while starting.
pub(super) fn start_all(app: &LiveApp) -> Vec<(PluginId, CallError)> {
    let mut failures = Vec::new();
    for plugin in (0..app.assembly.plan().plugins.len()).map(PluginIndex) {
        if let Err(error) = on_chain(app, |frame| enter(app, frame, Purpose::Start(plugin), &mut Inspect::nothing())) {
            app.instances.note_refused_start(plugin, &error);
            let id = app.assembly.id(plugin);
            tracing::debug!(target: targets::RUNTIME, plugin = %id, "{error}");
            failures.push((id.clone(), error));
        }
    }
    failures
}

/// Calls a plugin from an entry whose store is not lent: the host has none, and cannot reach that of a plugin that has
/// called it.
#[inline]
fn enter<C: Codec>(app: &LiveApp, frame: &Frame, purpose: Purpose, codec: &mut C) -> Outcome<C::Answer> {
    perform(app, Call { caller: Caller::alone(frame), purpose }, codec)
}

/// Begins the use of handles that stand in the parameters of a call with Rust types.
fn lend_sketched<'a>(
    app: &LiveApp,
    target: Target,
    sketch: &mut [Raw],
    handles: &'a [Handle],
    lent: &mut Lent<'a>,
) -> Outcome<()> {
    let Some(passing) = &app.assembly.function(target).passing else { return Ok(()) };
    let mut given = handles.iter();
    passing.visit_arguments(sketch, |parameter, leaf, _| {
        let taken = match given.next() {
            Some(handle) => lent.take(handle, leaf.own, &leaf.resource),
            None => Err("a handle is missing".to_owned()),
        };
        let told = |cause| format!("parameter `{parameter}` (`{}`): {cause}", leaf.written());
        taken.map_err(|cause| bad_call(app, target, told(cause)))
    })
}

/// Opens the folders that plugins are granted, before any of them runs. Those that use nothing of WASI cannot get at
/// theirs.
fn granted_folders(assembly: &Assembly, base: &Path) -> Folders {
    // What is missing is opened later, when the process may be in another folder.
    let base = std::path::absolute(base.join(".")).unwrap_or_else(|_| base.to_owned());
    let granted = assembly.plan().plugins.iter().enumerate().map(|(index, plugin)| {
        let dirs = plugin.wasi.dirs.as_slice();
        (&plugin.id, if assembly.plugin(PluginIndex(index)).uses_runtime { dirs } else { &[] })
    });
    Folders::open(&base, granted)
}

/// Makes entries on their way handles of the host.
fn hold_all(app: &LiveApp, flights: &Flights) -> Vec<Handle> {
    flights.iter().filter_map(|flight| hold(app, flight.rep)).collect()
}

fn hold(app: &LiveApp, rep: Rep) -> Option<Handle> {
    let (resource, owner) = app.handles.read(rep, |entry| (entry.resource.clone(), entry.owner.plugin))?;
    app.handles.hand_to(rep, Holder::Host);
    Some(Handle::new((app.number, app.this.clone()), rep, resource, app.assembly.id(owner).clone()))
}

/// Why the host may not pass its arguments.
fn too_heavy(app: &LiveApp, plugin: PluginIndex, weight: Weight) -> Option<String> {
    let memory = || {
        (weight.memory > MOST_VALUE_MEMORY).then(|| {
            format!(
                "the arguments take {} bytes of the host's memory as values, and one call may have \
                 {MOST_VALUE_MEMORY}: pass less at a time, or Rust types",
                weight.memory
            )
        })
    };
    too_many_bytes(&app.assembly, plugin, weight.abi).or_else(memory)
}

/// Refuses a function that the host cannot call.
fn check_foreign(app: &LiveApp, target: Target) -> Outcome<()> {
    match &app.assembly.function(target).foreign {
        Some(foreign) => {
            let cause = format!("it takes or returns a handle that cannot leave the plugin: {foreign}");
            Err(bad_call(app, target, cause))
        }
        None => Ok(()),
    }
}

fn bad_call(app: &LiveApp, target: Target, cause: String) -> CallError {
    refused_call(app, CallErrorKind::BadArguments, target, cause)
}

/// A call of the host that is not even tried.
fn refused_call(app: &LiveApp, kind: CallErrorKind, target: Target, cause: String) -> CallError {
    let error = refuse(&app.assembly, kind, target.plugin, cause);
    error.called(describe(&app.assembly, None, Purpose::Call(target)))
}

fn no_entry(app: &LiveApp) -> String {
    let exporters = app.assembly.plan().exporters(|export| export.name.base() == "wasi:cli/run");
    let mut ids: Vec<String> = exporters.iter().map(|(plugin, _)| format!("`{}`", app.assembly.id(*plugin))).collect();
    // One plugin may export several versions.
    ids.dedup();
    let Some(last) = ids.pop() else {
        return "there is nothing to run: no plugin lists `wasi:cli/run` in its `[exports]`, and `entry` in app.toml names none".to_owned();
    };
    let first = ids.join(", ");
    format!("several plugins export `wasi:cli/run`: {first} and {last}; choose one of them by `entry` in app.toml")
}
