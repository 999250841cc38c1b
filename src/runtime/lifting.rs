//! Calls by value, and how much values may be: refused before a plugin is entered, limited while wasmtime makes them,
//! and weighed when it has.

use wasmtime::component::Val;
use wasmtime::{StoreContextMut, WasmBacktrace};

use super::Inner;
use super::enter::{Ended, Purpose, function};
use crate::call::{
    CallError, CallErrorKind, Called, Frame, LiftBound, Lifting, MOST_VALUE_MEMORY, PluginState, Target, Weight,
};
use crate::model::{FuncType, Type};
use crate::plan::{ImportSource, PluginIndex};

/// What wasmtime says when it would charge more than it may. It has no type for it.
const EXHAUSTED: &str = "fuel allocated for hostcalls has been exhausted";

/// Most names that are told where one of several may be meant.
const MOST_NAMES: usize = 3;

impl Inner {
    /// Calls a function with values. Whatever the error is, the plugin has failed.
    pub(super) fn call_by_value(
        &self,
        mut store: StoreContextMut<'_, PluginState>,
        target: Target,
        arguments: &[Val],
        results: &mut [Val],
    ) -> Result<(), Ended> {
        let called = self.assembly.function(target);
        self.allow_lifting(&mut store, called.lifting);
        // This does post-return too since wasmtime 48.
        function(&store, target)?.call(&mut store, arguments, results)?;
        let (Some(shape), Some(result)) = (&called.result, results.first()) else { return Ok(()) };
        let (bytes, limit) = (shape.weigh(result).abi, self.limits(target.plugin).hostcall_bytes);
        if bytes <= limit {
            return Ok(());
        }
        let cause = format!("its result is {bytes} bytes, more than its limit of {limit} bytes (`hostcall-bytes`)");
        let failed = CallError::new(CallErrorKind::Trap, Some(self.id(target.plugin).clone()), cause);
        Err(Ended::Failed(Called::mark(failed.into())))
    }

    /// Sets how much wasmtime may charge for one crossing.
    pub(super) fn allow_lifting(&self, store: &mut StoreContextMut<'_, PluginState>, lifting: Lifting) {
        store.data_mut().lifting = lifting;
        store.set_hostcall_fuel(usize::try_from(lifting.fuel).unwrap_or(usize::MAX));
    }

    /// Refuses arguments that a plugin may not be given: the caller's excess must not cost it its state.
    pub(super) fn check_bytes(&self, caller: &Frame, target: Target, bytes: u64) -> Result<(), CallError> {
        match self.too_many_bytes(target.plugin, bytes) {
            Some(cause) => {
                let error = self.refuse(CallErrorKind::BadArguments, target.plugin, cause);
                Err(error.called(self.describe(caller.plugin, Purpose::Call(target))))
            }
            None => Ok(()),
        }
    }

    /// Why the host may not pass its arguments.
    pub(super) fn too_heavy(&self, plugin: PluginIndex, weight: Weight) -> Option<String> {
        let memory = || {
            (weight.memory > MOST_VALUE_MEMORY).then(|| {
                format!(
                    "the arguments take {} bytes of the host's memory as values, and one call may have \
                     {MOST_VALUE_MEMORY}: pass less at a time, or Rust types",
                    weight.memory
                )
            })
        };
        self.too_many_bytes(plugin, weight.abi).or_else(memory)
    }

    /// Why arguments are more than a plugin may be given: more than its memory could never fit.
    fn too_many_bytes(&self, plugin: PluginIndex, bytes: u64) -> Option<String> {
        let limits = self.limits(plugin);
        let (key, limit) = if limits.hostcall_bytes <= limits.memory {
            ("hostcall-bytes", limits.hostcall_bytes)
        } else {
            ("memory", limits.memory)
        };
        let told = || {
            format!(
                "the arguments are {bytes} bytes, more than the plugin may be given in one call (`{key}` = {limit})"
            )
        };
        (bytes > limit).then(told)
    }

    /// Why wasmtime has stopped in the middle of making values, if that is what an error says.
    pub(super) fn told_lifting(&self, error: &wasmtime::Error, state: &PluginState) -> Option<String> {
        if !error.chain().any(|part| part.to_string().contains(EXHAUSTED)) {
            return None;
        }
        let plugin = state.frame.plugin?;
        // Only what is passed in the middle of a call has a guest on the stack.
        let (passed, are, take) = match error.is::<WasmBacktrace>() {
            true => (format!("the arguments that it passed to {}", self.told_imports(plugin)), "are", "take"),
            false => ("its result".to_owned(), "is", "takes"),
        };
        Some(match state.lifting.bound {
            LiftBound::HostcallBytes => {
                let limit = self.limits(plugin).hostcall_bytes;
                format!("{passed} {are} more than its limit of {limit} bytes (`hostcall-bytes`)")
            }
            LiftBound::Memory => format!(
                "{passed} {take} more than {MOST_VALUE_MEMORY} bytes of the host's memory as values, the most that one \
                 call may have: pass less at a time"
            ),
        })
    }

    /// The functions to which a plugin may have passed too much.
    fn told_imports(&self, plugin: PluginIndex) -> String {
        let mut names = Vec::new();
        for import in &self.assembly.plan().plugin(plugin).imports {
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
}

/// Whether arguments of a function can be large.
fn takes_bulk(ty: &FuncType) -> bool {
    let bulk = |ty: &Type| matches!(ty, Type::String | Type::List(_) | Type::Map(..) | Type::FixedLengthList(..));
    ty.params.iter().any(|param| param.ty.find(&bulk).is_some())
}
