//! Starting an instance of a plugin, in a store of its own.

use wasmtime::component::{Func, Instance as WasmInstance, InstancePre};
use wasmtime::{AsContextMut, Store, StoreContextMut};

use super::activation::{Outcome, begin, run};
use super::codec::Codec;
use super::explain::{panicked, refuse};
use super::instances::Instance;
use super::live_app::LiveApp;
use super::purpose::{Ended, Purpose, catch};
use super::wasi::{self, Grants};
use crate::call::{CallError, CallErrorKind, Exports, Frame, InstanceId, Limiter, PluginState, Wasi, log_own, targets};
use crate::plan::PluginIndex;

/// Starts the instance that the frame names.
///
/// # Errors
/// Why it does not come up. It is not noted yet.
pub(super) fn start(app: &LiveApp, id: InstanceId, frame: &Frame) -> Outcome<Instance> {
    // Makers of host states are the host's own code, which may panic, and may hang.
    let _due = app.admission.note_due(id.plugin, frame.deadline);
    let made = catch(|| new_store(app, id, *frame).map_err(Ended::Refused));
    let mut instance = match made {
        Ok(store) => Instance { store },
        Err(Ended::Refused(cause)) => return Err(cause),
        Err(Ended::Panicked(panic)) => return Err(panicked(&app.assembly, id.plugin, &*panic)),
        Err(Ended::Failed(error)) => {
            return Err(refuse(&app.assembly, CallErrorKind::Failed, id.plugin, format!("{error:#}")));
        }
    };
    let mut activation = begin(app, &mut instance, Purpose::Start(id.plugin), frame);
    let started = run(app, &mut activation, &mut Instantiate(&app.assembly.plugin(id.plugin).pre));
    drop(activation);
    match started.map_err(|failed| failed.cause).flatten() {
        Ok(()) => Ok(instance),
        Err(cause) => {
            end_store(app, instance);
            Err(cause)
        }
    }
}

/// Drops a store, and with it what the host keeps there, which may panic.
pub(super) fn end_store(app: &LiveApp, instance: Instance) {
    let plugin = instance.id().plugin;
    if let Err(Ended::Panicked(panic)) = catch(|| {
        drop(instance);
        Ok(())
    }) {
        let cause = panicked(&app.assembly, plugin, &*panic);
        warn(app, plugin, format!("the host's state of a plugin did not end well: {cause}"));
    }
}

/// Logs what has gone wrong beside a call.
pub(super) fn warn(app: &LiveApp, plugin: PluginIndex, told: String) {
    let plugin = app.assembly.id(plugin).clone();
    log_own(told.len(), move || tracing::warn!(target: targets::RELEASE, %plugin, "{told}"));
}

/// Instantiates the component of a plugin, which runs its start functions.
struct Instantiate<'a>(&'a InstancePre<PluginState>);

impl Codec for Instantiate<'_> {
    type Passed = ();
    type Returned = WasmInstance;
    type Answer = ();

    fn put_in(&mut self, _: &LiveApp, _: &mut StoreContextMut<'_, PluginState>) -> Result<(), Ended> {
        Ok(())
    }

    fn call(&mut self, mut store: StoreContextMut<'_, PluginState>, (): ()) -> wasmtime::Result<WasmInstance> {
        self.0.instantiate(&mut store)
    }

    fn take_out(
        &mut self,
        app: &LiveApp,
        store: &mut StoreContextMut<'_, PluginState>,
        instance: WasmInstance,
    ) -> Result<(), Ended> {
        let functions = functions(app, store, instance)?;
        store.data_mut().exports = Some(Exports { instance, functions });
        Ok(())
    }
}

fn functions(
    app: &LiveApp,
    store: &mut StoreContextMut<'_, PluginState>,
    instance: WasmInstance,
) -> wasmtime::Result<Vec<Func>> {
    let plugin = store.data().instance.plugin;
    let found = app.assembly.plugin(plugin).functions.iter().map(|function| {
        let func = instance.get_func(store.as_context_mut(), function.index);
        func.ok_or_else(|| wasmtime::format_err!("there is no function `{}`", function.name))
    });
    found.collect()
}

fn new_store(app: &LiveApp, id: InstanceId, frame: Frame) -> Result<Store<PluginState>, CallError> {
    let (assembly, plugin) = (&*app.assembly, id.plugin);
    let linked = assembly.plugin(plugin);
    let failed = |cause: String| refuse(assembly, CallErrorKind::Failed, plugin, cause);
    let limits = assembly.limits(plugin);
    let state = PluginState {
        frame,
        instance: id,
        stack: None,
        exports: None,
        failed: None,
        live: app.this.upgrade().ok_or_else(|| failed("the app has ended".to_owned()))?,
        clock: assembly.clock().clone(),
        lifting: linked.lifting,
        limiter: Limiter::new(limits),
        hosts: assembly.hosts().states(assembly.plan().plugin(plugin)),
        wasi: linked.uses_runtime.then(|| grants(app, plugin)).transpose().map_err(failed)?.map(Box::new),
    };
    let store = Store::try_new(assembly.engine_of(plugin), state);
    let mut store = store.map_err(|error| failed(format!("there is no store for it: {error:#}")))?;
    store.limiter(|state| &mut state.limiter);
    store.set_max_component_handles(usize::try_from(limits.handles).unwrap_or(usize::MAX));
    Ok(store)
}

fn grants(app: &LiveApp, plugin: PluginIndex) -> Result<Wasi, String> {
    let planned = app.assembly.plan().plugin(plugin);
    let is_entry = app.assembly.entry().is_some_and(|entry| entry.plugin == plugin);
    let args = app.options.entry_args.as_deref().filter(|_| is_entry);
    Ok(wasi::open(Grants {
        id: &planned.id,
        wasi: &planned.wasi,
        config: &planned.config,
        folders: app.folders.of(plugin)?,
        open_files: planned.limits.open_files,
        args,
        output: app.options.output.as_ref(),
    }))
}
