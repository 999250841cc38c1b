//! Why a plugin is not entered, and how errors tell it.

use std::any::Any;

use super::enter::Purpose;
use super::turns::{Refusal, Turn};
use super::{Inner, current};
use crate::call::{
    CALLED_BACK_STACK, CallError, CallErrorKind, CallFrame, Deadline, Frame, HOST_STACK_RESERVE, PluginState, ends,
};
use crate::model::{Limits, PluginId};
use crate::plan::PluginIndex;

impl Inner {
    pub(super) fn check_depth(&self, caller: &Frame, plugin: PluginIndex) -> Result<(), CallError> {
        let limit = self.limits(plugin).call_depth;
        if caller.depth < limit {
            return Ok(());
        }
        let chain = self.told_chain();
        let cause = format!("the chain of calls is deeper than its limit of {limit}: {chain} -> {}", self.id(plugin));
        Err(self.refuse(CallErrorKind::CallDepth, plugin, cause).telling_chain())
    }

    /// Each plugin that is entered gets its whole stack below the present stack pointer, so that a
    /// line of them could run off the thread's: which would be the end of the process.
    pub(super) fn check_stack(&self, plugin: PluginIndex) -> Result<(), CallError> {
        match stacker::remaining_stack() {
            Some(left) if left < self.assembly.wasm_stack() + HOST_STACK_RESERVE => {
                let cause = format!("the thread has only {} KiB of native stack left", left >> 10);
                Err(self.refuse(CallErrorKind::Stack, plugin, cause))
            }
            _ => Ok(()),
        }
    }

    /// The time of the chain may be up already, as after a long host function. It would be up in the plugin too, and
    /// cost it its state, though it has done nothing.
    pub(super) fn check_time(&self, caller: &Frame, plugin: PluginIndex) -> Result<(), CallError> {
        match caller.deadline {
            Some(deadline) if deadline.at <= self.assembly.clock().now() => Err(self.late(caller.deadline, plugin)),
            _ => Ok(()),
        }
    }

    /// A plugin that is called back goes on with the stack that it was entered with: wasmtime gives it no other.
    pub(super) fn check_own_stack(&self, state: &PluginState) -> Result<(), CallError> {
        let (Some(plugin), Some(then), Some(now)) = (state.frame.plugin, state.stack, stacker::remaining_stack())
        else {
            return Ok(());
        };
        let whole = self.assembly.wasm_stack();
        let left = whole.saturating_sub(then.saturating_sub(now));
        if left >= CALLED_BACK_STACK.min(whole / 4) {
            return Ok(());
        }
        let cause =
            format!("only {} KiB of its own stack are left to be called back: {}", left >> 10, self.told_chain());
        Err(self.refuse(CallErrorKind::Stack, plugin, cause).telling_chain())
    }

    /// The right to be in a plugin; nothing where the chain has it already.
    pub(super) fn take_turn(&self, caller: &Frame, plugin: PluginIndex) -> Result<Option<Turn<'_>>, CallError> {
        let patience = || caller.deadline.map(|deadline| self.assembly.clock().left(deadline.at));
        let is_stuck = || self.slots[plugin.0].overdue(self.assembly.clock().now()) > self.stuck_after;
        match self.turns.take(plugin, caller.chain, patience, is_stuck) {
            Ok(turn) => Ok(Some(turn)),
            Err(Refusal::OnChain) => Ok(None),
            Err(Refusal::Ring(ring)) => {
                let ring: Vec<&str> = ring.iter().map(|plugin| self.id(*plugin).as_str()).collect();
                let cause = format!("waiting for it would never end: calls wait in a ring for {}", ring.join(", "));
                Err(self.refuse(CallErrorKind::Ring, plugin, cause))
            }
            Err(Refusal::Late) => Err(self.late(caller.deadline, plugin)),
            Err(Refusal::Stuck) => {
                let cause = "it is stuck in a function of the host: a call that is in it should have ended long ago";
                Err(self.refuse(CallErrorKind::Timeout, plugin, cause.to_owned()))
            }
        }
    }

    /// A plugin is on the chain, and cannot be called from there.
    pub(super) fn reentrant(&self, plugin: PluginIndex) -> CallError {
        let cause = format!("it is on the chain of calls already: {}", self.told_chain());
        self.refuse(CallErrorKind::Reentrant, plugin, cause).telling_chain()
    }

    /// The host has panicked while it was in the plugin.
    pub(super) fn told_panic(&self, plugin: PluginIndex, panic: &(dyn Any + Send)) -> CallError {
        let text = panic.downcast_ref::<&str>().copied();
        let message = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        self.refuse(CallErrorKind::HostPanic, plugin, format!("a function of the host panicked: {message}"))
    }

    pub(super) fn not_started(&self, plugin: PluginIndex) -> CallError {
        let cause = format!("it is still starting: {}", self.told_chain());
        self.refuse(CallErrorKind::NotStarted, plugin, cause).telling_chain()
    }

    pub(super) fn refuse(&self, kind: CallErrorKind, plugin: PluginIndex, cause: String) -> CallError {
        CallError::new(kind, Some(self.id(plugin).clone()), cause)
    }

    /// The time of some plugin is up while `plugin` is entered or waited for.
    pub(super) fn late(&self, deadline: Option<Deadline>, plugin: PluginIndex) -> CallError {
        let by = deadline.map_or(plugin, |deadline| deadline.by);
        let timeout = self.limits(by).timeout.and_then(|timeout| timeout.amount());
        let timeout = timeout.unwrap_or(Limits::DEFAULT_TIMEOUT);
        let cause = if by == plugin {
            format!("its time of {timeout:?} was up")
        } else {
            format!("the time of plugin `{}`, {timeout:?}, was up", self.id(by))
        };
        CallError::new(CallErrorKind::Timeout, Some(self.id(by).clone()), cause)
    }

    pub(super) fn id(&self, plugin: PluginIndex) -> &PluginId {
        &self.assembly.plan().plugin(plugin).id
    }

    pub(super) fn limits(&self, plugin: PluginIndex) -> &Limits {
        &self.assembly.plan().plugin(plugin).limits
    }

    pub(super) fn began_in(&self, error: &CallError, plugin: PluginIndex) -> bool {
        !error.kind().is_refusal() && error.origin() == Some(self.id(plugin))
    }

    /// The chain that this thread is on, as text.
    fn told_chain(&self) -> String {
        let mut chain = vec!["host"];
        chain.extend(current::chain(self.number).iter().map(|(frame, purpose)| {
            let plugin = frame.plugin.unwrap_or(purpose.plugin());
            self.id(plugin).as_str()
        }));
        match ends(&chain) {
            (all, 0, _) => all.join(" -> "),
            (outer, middle, inner) => format!("{} -> … {middle} more … -> {}", outer.join(" -> "), inner.join(" -> ")),
        }
    }

    /// A failure with all calls of this thread's chain, down to the present one.
    pub(super) fn with_whole_chain(&self, cause: CallError) -> CallError {
        let chain = current::chain(self.number);
        let callers = chain.iter().map(|(frame, _)| frame.plugin);
        let callers: Vec<_> = std::iter::once(None).chain(callers).collect();
        let calls = chain.iter().zip(callers).rev();
        calls.fold(cause, |cause, ((_, purpose), caller)| cause.called(self.describe(caller, *purpose)))
    }

    /// The call, as errors tell it.
    pub(super) fn describe(&self, caller: Option<PluginIndex>, purpose: Purpose) -> CallFrame {
        let caller = caller.map(|plugin| self.id(plugin).clone());
        let plugin = self.id(purpose.plugin()).clone();
        match purpose {
            Purpose::Call(target) | Purpose::Run(target) => {
                let function = self.assembly.function(target);
                CallFrame { caller, plugin, interface: function.interface.clone(), function: function.name.clone() }
            }
            Purpose::Start(_) => CallFrame::start(caller, plugin),
            Purpose::Use(_) => CallFrame::exports(caller, plugin),
            Purpose::Destroy(_) => CallFrame::destructor(caller, plugin),
        }
    }
}
