//! Why calls have failed or were refused, in words.

use std::any::Any;

use wasmtime::{StoreContextMut, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::activations::Activations;
use super::purpose::Purpose;
use crate::call::{
    CallError, CallErrorKind, CallFrame, Called, Deadline, Frame, LiftBound, MOST_VALUE_MEMORY, PluginState, ends,
};
use crate::link::Assembly;
use crate::model::{FuncType, Limits, Type};
use crate::plan::{ImportSource, PluginIndex};
use crate::words::cut;

/// Longest name on a stack: binaries write what they like there, and each frame has one.
const MAX_NAME: usize = 1000;

/// Longest name of a module before it.
const MAX_MODULE: usize = 100;

/// What wasmtime says when it would charge more than it may. It has no type for it.
const EXHAUSTED: &str = "fuel allocated for hostcalls has been exhausted";

/// Most names that are told where one of several may be meant.
const MOST_NAMES: usize = 3;

/// An error that begins at a plugin.
pub(super) fn refuse(assembly: &Assembly, kind: CallErrorKind, plugin: PluginIndex, cause: String) -> CallError {
    CallError::new(kind, Some(assembly.id(plugin).clone()), cause)
}

/// A plugin is on the chain, and cannot be called from there, or started anew.
pub(super) fn reentrant(
    assembly: &Assembly,
    open: &Activations,
    caller: &Frame,
    (plugin, called): (PluginIndex, Option<PluginIndex>),
) -> CallError {
    let chain = described_chain(assembly, open, caller, called);
    let cause = format!("it is on the chain of calls already: {chain}");
    refuse(assembly, CallErrorKind::Reentrant, plugin, cause).telling_chain()
}

/// A plugin cannot be called before it has started.
pub(super) fn not_started(assembly: &Assembly, open: &Activations, caller: &Frame, plugin: PluginIndex) -> CallError {
    let cause = format!("it is still starting: {}", described_chain(assembly, open, caller, Some(plugin)));
    refuse(assembly, CallErrorKind::NotStarted, plugin, cause).telling_chain()
}

/// The host has panicked while it was in the plugin.
pub(super) fn panicked(assembly: &Assembly, plugin: PluginIndex, panic: &(dyn Any + Send)) -> CallError {
    let text = panic.downcast_ref::<&str>().copied();
    let message = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    refuse(assembly, CallErrorKind::HostPanic, plugin, format!("a function of the host panicked: {message}"))
}

/// The time of some plugin is up while `plugin` is entered or waited for.
pub(super) fn late(assembly: &Assembly, deadline: Option<Deadline>, plugin: PluginIndex) -> CallError {
    let by = deadline.map_or(plugin, |deadline| deadline.by);
    let timeout = assembly.limits(by).timeout.and_then(|timeout| timeout.amount());
    let timeout = timeout.unwrap_or(Limits::DEFAULT_TIMEOUT);
    let cause = if by == plugin {
        format!("its time of {timeout:?} was up")
    } else {
        format!("the time of plugin `{}`, {timeout:?}, was up", assembly.id(by))
    };
    CallError::new(CallErrorKind::Timeout, Some(assembly.id(by).clone()), cause)
}

/// Whether a plugin has failed by itself, and not because another one has.
pub(super) fn began_in(assembly: &Assembly, error: &CallError, plugin: PluginIndex) -> bool {
    !error.kind().is_refusal() && error.origin() == Some(assembly.id(plugin))
}

/// The chain down to a caller, and from there to the plugin that is called, as text.
pub(super) fn described_chain(
    assembly: &Assembly,
    open: &Activations,
    caller: &Frame,
    called: Option<PluginIndex>,
) -> String {
    let plugins = open.chain(caller).into_iter().map(|call| call.purpose.plugin());
    let mut chain = vec!["host"];
    chain.extend(plugins.chain(called).map(|plugin| assembly.id(plugin).as_str()));
    match ends(&chain) {
        (all, 0, _) => all.join(" -> "),
        (outer, middle, inner) => format!("{} -> … {middle} more … -> {}", outer.join(" -> "), inner.join(" -> ")),
    }
}

/// A failure with all calls of the chain down to the entry of this frame.
pub(super) fn with_whole_chain(assembly: &Assembly, open: &Activations, frame: &Frame, cause: CallError) -> CallError {
    let chain = open.chain(frame);
    chain.iter().rev().fold(cause, |cause, call| cause.called(describe(assembly, call.caller, call.purpose)))
}

/// The call, as errors tell it.
pub(super) fn describe(assembly: &Assembly, caller: Option<PluginIndex>, purpose: Purpose) -> CallFrame {
    let caller = caller.map(|plugin| assembly.id(plugin).clone());
    let plugin = assembly.id(purpose.plugin()).clone();
    match purpose {
        Purpose::Call(target) | Purpose::Run(target) => {
            let function = assembly.function(target);
            CallFrame { caller, plugin, interface: function.interface.clone(), function: function.name.clone() }
        }
        Purpose::Start(_) => CallFrame::start(caller, plugin),
        Purpose::Use(_) => CallFrame::exports(caller, plugin),
        Purpose::Destroy(_) => CallFrame::destructor(caller, plugin),
    }
}

/// Why a call into a plugin, or its start, has ended with an error.
pub(super) fn explain(
    assembly: &Assembly,
    error: &wasmtime::Error,
    store: &StoreContextMut<'_, PluginState>,
) -> CallError {
    // A plugin that it had called has failed: that error goes on as it is.
    if let Some(nested) = error.downcast_ref::<CallError>().filter(|_| error.is::<Called>()) {
        return nested.clone();
    }
    let (plugin, deadline) = (store.data().instance.plugin, store.data().frame.deadline);
    let backtrace = error.downcast_ref::<WasmBacktrace>().map(names).unwrap_or_default();
    let failed = |kind, cause: String| refuse(assembly, kind, plugin, cause);
    if let Some(I32Exit(code)) = error.downcast_ref() {
        let told = failed(CallErrorKind::Exit, format!("it exited with status {code}"));
        return told.with_backtrace(backtrace).with_exit_code(*code);
    }
    let told = match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => late(assembly, deadline, plugin),
        Some(Trap::OutOfFuel) => {
            let fuel = assembly.limits(plugin).fuel.amount().unwrap_or(u64::MAX);
            failed(CallErrorKind::Fuel, format!("its fuel of {fuel} was used up"))
        }
        _ => {
            let known = lifted_too_much(assembly, error, store.data()).or_else(|| assembly.told_full_pool(error));
            let mut cause = known.unwrap_or_else(|| in_terms_of_limits(assembly, &text(error), plugin));
            if let Some(refused) = store.data().limiter.refused {
                let limit = assembly.limits(plugin).memory;
                cause += &format!(" (it had asked for {refused} bytes of memory, and its limit is {limit})");
            }
            failed(CallErrorKind::Trap, cause)
        }
    };
    told.with_backtrace(backtrace)
}

/// What wasmtime says of a limit, in the words of the manifest. It has no type for these errors.
pub(super) fn in_terms_of_limits(assembly: &Assembly, cause: &str, plugin: PluginIndex) -> String {
    let limits = assembly.limits(plugin);
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
        return "a host interface that it imports has `async` functions, and plugins can call only others".to_owned();
    }
    cause.to_owned()
}

/// Why wasmtime has stopped in the middle of making values, if that is what an error says.
fn lifted_too_much(assembly: &Assembly, error: &wasmtime::Error, state: &PluginState) -> Option<String> {
    if !error.chain().any(|part| part.to_string().contains(EXHAUSTED)) {
        return None;
    }
    let plugin = state.instance.plugin;
    // Only what is passed in the middle of a call has a guest on the stack.
    let (passed, are, take) = match error.is::<WasmBacktrace>() {
        true => (format!("the arguments that it passed to {}", bulky_imports(assembly, plugin)), "are", "take"),
        false => ("its result".to_owned(), "is", "takes"),
    };
    Some(match state.lifting.bound {
        LiftBound::HostcallBytes => {
            let limit = assembly.limits(plugin).hostcall_bytes;
            format!("{passed} {are} more than its limit of {limit} bytes (`hostcall-bytes`)")
        }
        LiftBound::Memory => format!(
            "{passed} {take} more than {MOST_VALUE_MEMORY} bytes of the host's memory as values, the most that one \
             call may have: pass less at a time"
        ),
    })
}

/// The functions to which a plugin may have passed too much.
fn bulky_imports(assembly: &Assembly, plugin: PluginIndex) -> String {
    let mut names = Vec::new();
    for import in &assembly.plan().plugin(plugin).imports {
        match &import.source {
            ImportSource::Plugins(binding) => {
                let bulky = binding.functions.iter().filter(|function| takes_bulk(&function.ty));
                names.extend(bulky.map(|function| match import.at_root {
                    true => format!("`{}`", function.name),
                    false => format!("`{}#{}`", import.name, function.name),
                }));
            }
            ImportSource::Host(_) | ImportSource::Runtime => names.push(format!("`{}`", import.name)),
            ImportSource::TypesOnly => {}
        }
    }
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    if more > 0 {
        names.push(format!("one of {more} others"));
    }
    names.join(" or ")
}

/// Whether arguments of a function can be large.
fn takes_bulk(ty: &FuncType) -> bool {
    let bulk = |ty: &Type| matches!(ty, Type::String | Type::List(_) | Type::Map(..) | Type::FixedLengthList(..));
    ty.params.iter().any(|param| param.ty.find(&bulk).is_some())
}

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
fn text(error: &wasmtime::Error) -> String {
    let parts = error.chain().map(ToString::to_string);
    let parts: Vec<String> =
        parts.filter(|part| !part.starts_with("error while executing at wasm backtrace")).collect();
    parts.join(": ")
}
