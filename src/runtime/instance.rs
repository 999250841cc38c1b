use wasmtime::component::{Func, Instance as WasmInstance};
use wasmtime::{AsContextMut, Store, StoreContextMut, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::Inner;
use super::enter::{Ended, catch};
use super::slot::Instance;
use super::wasi::{self, Grants};
use crate::call::{CallError, CallErrorKind, Called, Exports, Frame, Limiter, PluginState, Wasi};
use crate::plan::PluginIndex;
use crate::words::cut;

impl Inner {
    /// Makes a new instance of a plugin.
    ///
    /// # Errors
    /// Why it does not come up.
    pub(super) fn instantiate(
        &self,
        plugin: PluginIndex,
        frame: Frame,
        generation: u64,
    ) -> Result<Instance, CallError> {
        let linked = self.assembly.plugin(plugin);
        let failed = |cause: String| CallError::new(CallErrorKind::Failed, Some(self.id(plugin).clone()), cause);
        let limits = self.limits(plugin);
        let state = PluginState {
            frame,
            generation,
            stack: None,
            exports: None,
            failed: None,
            live: self.this.upgrade().ok_or_else(|| failed("the app has ended".to_owned()))?,
            clock: self.assembly.clock().clone(),
            lifting: linked.lifting,
            limiter: Limiter::new(limits),
            hosts: self.assembly.hosts().states(self.assembly.plan().plugin(plugin)),
            wasi: linked.uses_runtime.then(|| self.grants(plugin)).transpose().map_err(failed)?.map(Box::new),
        };
        let store = Store::try_new(self.assembly.engine_of(plugin), state);
        let mut store = store.map_err(|error| failed(format!("there is no store for it: {error:#}")))?;
        store.limiter(|state| &mut state.limiter);
        store.set_max_component_handles(usize::try_from(limits.handles).unwrap_or(usize::MAX));
        self.prepare(&mut store.as_context_mut(), frame);
        // Caught here, because what the host keeps in the store may panic as well when that is dropped.
        let started = catch(|| {
            let instance = linked.pre.instantiate(&mut store)?;
            Ok(Exports { instance, functions: self.functions(plugin, &mut store, instance)? })
        });
        let cause = match started {
            Ok(exports) => {
                store.data_mut().exports = Some(exports);
                return Ok(Instance { store });
            }
            Err(Ended::Failed(error)) => self.explain(&error, &store.as_context_mut()),
            Err(Ended::Panicked(panic)) => self.told_panic(plugin, &*panic),
            Err(Ended::Refused(cause)) => cause,
        };
        self.end_store(Instance { store });
        Err(cause)
    }

    fn functions(
        &self,
        plugin: PluginIndex,
        store: &mut Store<PluginState>,
        instance: WasmInstance,
    ) -> wasmtime::Result<Vec<Func>> {
        let functions = self.assembly.plugin(plugin).functions.iter();
        let found = functions.map(|function| {
            let func = instance.get_func(&mut *store, function.index);
            func.ok_or_else(|| wasmtime::format_err!("there is no function `{}`", function.name))
        });
        found.collect()
    }

    fn grants(&self, plugin: PluginIndex) -> Result<Wasi, String> {
        let planned = self.assembly.plan().plugin(plugin);
        let is_entry = self.assembly.entry().is_some_and(|entry| entry.plugin == plugin);
        let args = self.options.entry_args.as_deref().filter(|_| is_entry);
        Ok(wasi::open(Grants {
            id: &planned.id,
            wasi: &planned.wasi,
            config: &planned.config,
            folders: self.folders.of(plugin)?,
            open_files: planned.limits.open_files,
            args,
            output: self.options.output.as_ref(),
        }))
    }

    /// What wasmtime says of a limit, in the words of the manifest. It has no type for these errors.
    pub(super) fn told_limit(&self, cause: &str, plugin: PluginIndex) -> String {
        let limits = self.limits(plugin);
        let count = |what: &str| cause.split_once(&format!("{what} count too high at ")).map(|(_, count)| count);
        if let Some(count) = count("instance") {
            return format!("it has {count} core instances, and its limit is {} (`instances`)", limits.instances);
        }
        if let Some(count) = count("table") {
            return format!("it has {count} core tables, and its limit is {} (`tables`)", limits.tables);
        }
        if cause.contains("store handle limit exceeded") {
            return format!("it has no room for another handle, its limit is {} (`handles`)", limits.handles);
        }
        if cause.contains("requires that `*_async` functions are used") {
            return "a host interface that it imports has `async` functions, and plugins can call only others"
                .to_owned();
        }
        cause.to_owned()
    }

    /// Why a call into a plugin, or its start, has ended with an error.
    pub(super) fn explain(&self, error: &wasmtime::Error, store: &StoreContextMut<'_, PluginState>) -> CallError {
        // A plugin that it had called has failed: that error goes on as it is.
        if let Some(nested) = error.downcast_ref::<CallError>().filter(|_| error.is::<Called>()) {
            return nested.clone();
        }
        let frame = store.data().frame;
        let plugin = frame.plugin.unwrap_or(PluginIndex(0));
        let backtrace = error.downcast_ref::<WasmBacktrace>().map(names).unwrap_or_default();
        let failed = |kind, cause: String| CallError::new(kind, Some(self.id(plugin).clone()), cause);
        if let Some(I32Exit(code)) = error.downcast_ref() {
            let told = failed(CallErrorKind::Exit, format!("it exited with status {code}"));
            return told.with_backtrace(backtrace).with_exit_code(*code);
        }
        let told = match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => self.late(frame.deadline, plugin),
            Some(Trap::OutOfFuel) => {
                let fuel = self.limits(plugin).fuel.amount().unwrap_or(u64::MAX);
                failed(CallErrorKind::Fuel, format!("its fuel of {fuel} was used up"))
            }
            _ => {
                let lifting = self.told_lifting(error, store.data());
                let known = lifting.or_else(|| self.assembly.told_full_pool(error));
                let mut cause = known.unwrap_or_else(|| self.told_limit(&describe(error), plugin));
                if let Some(refused) = store.data().limiter.refused {
                    let limit = self.limits(plugin).memory;
                    cause += &format!(" (it had asked for {refused} bytes of memory, and its limit is {limit})");
                }
                failed(CallErrorKind::Trap, cause)
            }
        };
        told.with_backtrace(backtrace)
    }
}

/// Longest name on a stack: binaries write what they like there, and each frame has one.
const MAX_NAME: usize = 1000;

/// Longest name of a module before it.
const MAX_MODULE: usize = 100;

/// The functions on a guest's stack, innermost first.
fn names(backtrace: &WasmBacktrace) -> Vec<String> {
    let name = |frame: &wasmtime::FrameInfo| {
        let function = match frame.func_name() {
            // Without the hash of the compilation, which tells nobody anything.
            Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
            None => format!("function {}", frame.func_index()),
        };
        let function = cut(&function, MAX_NAME);
        let line = line(frame).unwrap_or_default();
        match frame.module().name() {
            Some(module) => format!("{}!{function}{line}", cut(module, MAX_MODULE)),
            None => format!("{function}{line}"),
        }
    };
    backtrace.frames().iter().map(name).collect()
}

/// Where a function is in its source, as far as the binary says and the engine reads it. Code that is inlined there
/// comes before it.
fn line(frame: &wasmtime::FrameInfo) -> Option<String> {
    let symbol = frame.symbols().iter().find(|symbol| symbol.file().is_some())?;
    let place = [symbol.line(), symbol.column()];
    let place: String = place.iter().map_while(|number| number.map(|number| format!(":{number}"))).collect();
    Some(format!(" at {}{place}", cut(symbol.file()?, MAX_NAME)))
}

/// What wasmtime says, without the backtrace, which is told apart.
fn describe(error: &wasmtime::Error) -> String {
    let parts = error.chain().map(ToString::to_string);
    let parts: Vec<String> =
        parts.filter(|part| !part.starts_with("error while executing at wasm backtrace")).collect();
    parts.join(": ")
}
