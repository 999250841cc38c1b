//! What is looked at before a plugin is entered, so that a call which cannot end well costs it nothing.

use super::activations::Activations;
use super::explain::{described_chain, late, refuse};
use crate::call::{CALLED_BACK_STACK, CallError, CallErrorKind, Frame, HOST_STACK_RESERVE, PluginState};
use crate::link::Assembly;
use crate::plan::PluginIndex;

/// Refuses a call that would make its chain too long.
#[inline]
pub(super) fn check_depth(
    assembly: &Assembly,
    open: &Activations,
    caller: &Frame,
    plugin: PluginIndex,
) -> Result<(), CallError> {
    let limit = assembly.limits(plugin).call_depth;
    if caller.depth < limit {
        return Ok(());
    }
    let chain = described_chain(assembly, open, caller, None);
    let cause = format!("the chain of calls is deeper than its limit of {limit}: {chain} -> {}", assembly.id(plugin));
    Err(refuse(assembly, CallErrorKind::CallDepth, plugin, cause).telling_chain())
}

/// Each plugin that is entered takes its whole stack from the thread. A chain of plugins could overflow it, which aborts
/// the process.
#[inline]
pub(super) fn check_stack(assembly: &Assembly, plugin: PluginIndex) -> Result<(), CallError> {
    match stacker::remaining_stack() {
        Some(left) if left < assembly.wasm_stack() + HOST_STACK_RESERVE => {
            let cause = format!("the thread has only {} KiB of native stack left", left >> 10);
            Err(refuse(assembly, CallErrorKind::Stack, plugin, cause))
        }
        _ => Ok(()),
    }
}

/// A plugin that is called back goes on with the stack that it was entered with: wasmtime gives it no other.
pub(super) fn check_own_stack(
    assembly: &Assembly,
    open: &Activations,
    caller: &Frame,
    state: &PluginState,
) -> Result<(), CallError> {
    let (Some(then), Some(now)) = (state.stack, stacker::remaining_stack()) else { return Ok(()) };
    let whole = assembly.wasm_stack();
    let left = whole.saturating_sub(then.saturating_sub(now));
    if left >= CALLED_BACK_STACK.min(whole / 4) {
        return Ok(());
    }
    let plugin = state.instance.plugin;
    let chain = described_chain(assembly, open, caller, Some(plugin));
    let cause = format!("only {} KiB of its own stack are left to be called back: {chain}", left >> 10);
    Err(refuse(assembly, CallErrorKind::Stack, plugin, cause).telling_chain())
}

/// The chain's time may be up already, as after a long host function. Entering would only trap the plugin and lose its
/// state.
#[inline]
pub(super) fn check_time(assembly: &Assembly, caller: &Frame, plugin: PluginIndex) -> Result<(), CallError> {
    match caller.deadline {
        Some(deadline) if deadline.at <= assembly.clock().now() => Err(late(assembly, caller.deadline, plugin)),
        _ => Ok(()),
    }
}

/// Refuses arguments that a plugin may not be given: the caller's excess must not cost it its state.
pub(super) fn check_bytes(assembly: &Assembly, plugin: PluginIndex, bytes: u64) -> Result<(), CallError> {
    match too_many_bytes(assembly, plugin, bytes) {
        Some(cause) => Err(refuse(assembly, CallErrorKind::BadArguments, plugin, cause)),
        None => Ok(()),
    }
}

/// Why arguments are more than a plugin may be given: more than its memory could never fit.
pub(super) fn too_many_bytes(assembly: &Assembly, plugin: PluginIndex, bytes: u64) -> Option<String> {
    let limits = assembly.limits(plugin);
    let (key, limit) = if limits.hostcall_bytes <= limits.memory {
        ("hostcall-bytes", limits.hostcall_bytes)
    } else {
        ("memory", limits.memory)
    };
    let told = || {
        format!("the arguments are {bytes} bytes, more than the plugin may be given in one call (`{key}` = {limit})")
    };
    (bytes > limit).then(told)
}
