use std::time::Instant;

use wasmtime::component::Val;

use super::arguments::weight;
use super::slot::{Cell, Condition, Instance};
use super::turns::{Refusal, Turn};
use super::{Inner, current};
use crate::link::{
    CallError, CallErrorKind, CallFrame, Carried, Deadline, Flights, Frame, HOST_STACK_RESERVE, Handles, Holder, Live,
    MAX_WASM_STACK, Rep, Target, Ticks,
};
use crate::model::{Limits, PluginId};
use crate::plan::PluginIndex;

/// What a plugin is entered for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// A function is called.
    Call(Target),
    /// The function that `run` starts is called.
    Run(Target),
    /// It is started with the app.
    Start(PluginIndex),
    /// The host does something with its exports.
    Use(PluginIndex),
}

/// Why what a plugin was entered for did not come to its end.
pub(super) enum Ended {
    /// The plugin has failed, and cannot be trusted any more.
    Failed(wasmtime::Error),
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
            Self::Start(plugin) | Self::Use(plugin) => plugin,
        }
    }
}

impl Live for Inner {
    fn call(&self, caller: &Frame, target: Target, arguments: &[Val], results: &mut [Val]) -> Result<(), CallError> {
        self.weigh(caller, target, arguments)?;
        self.enter(caller, Purpose::Call(target), |instance| instance.call(target.function, arguments, results))
    }

    fn carry(
        &self,
        caller: &Frame,
        target: Target,
        arguments: &mut [Val],
        sent: &mut Flights,
    ) -> Result<Carried, CallError> {
        self.weigh(caller, target, arguments)?;
        self.carry_handles(caller, target, arguments, sent)
    }

    fn handles(&self) -> &Handles {
        &self.handles
    }

    fn name(&self, plugin: PluginIndex) -> &PluginId {
        self.id(plugin)
    }

    fn release(&self, caller: &Frame, rep: Rep) {
        if let Some(entry) = self.handles.remove(rep).filter(|entry| entry.holder != Holder::Gone) {
            self.destroy(caller, entry);
        }
    }
}

impl Inner {
    /// Enters a plugin: the one way in, for the host and for dispatchers.
    ///
    /// # Errors
    /// Whatever the plugin failed with, or why it was not entered.
    pub(super) fn enter<R>(
        &self,
        caller: &Frame,
        purpose: Purpose,
        act: impl FnOnce(&mut Instance) -> Result<R, Ended>,
    ) -> Result<R, CallError> {
        let entered = self.try_enter(caller, purpose, act);
        entered.map_err(|error| error.called(self.describe(caller, purpose)))
    }

    fn try_enter<R>(
        &self,
        caller: &Frame,
        purpose: Purpose,
        act: impl FnOnce(&mut Instance) -> Result<R, Ended>,
    ) -> Result<R, CallError> {
        let plugin = purpose.plugin();
        self.check_depth(caller, plugin)?;
        self.check_stack(plugin)?;
        let _turn = self.take_turn(caller, plugin)?;
        let slot = &self.slots[plugin.0];
        slot.set_caller(caller.plugin);
        let frame = self.frame(caller, purpose);
        let _noted = current::note(self.number, frame);
        let mut cell = slot.cell();
        let mut instance = self.bring_up(&mut cell, purpose, frame)?;
        self.prepare(&mut instance.store, frame);
        match act(&mut instance) {
            Ok(value) => {
                self.leave(&mut cell, instance, frame);
                Ok(value)
            }
            Err(Ended::Refused(cause)) => {
                self.leave(&mut cell, instance, frame);
                Err(cause)
            }
            // Whatever the error is: the store cannot be trusted any more.
            Err(Ended::Failed(error)) => {
                let cause = self.explain(&error, &instance.store, frame);
                let exits = matches!(purpose, Purpose::Run(_)) && cause.exit_code().is_some();
                let charged = self.began_in(&cause, plugin) && !exits;
                self.tear_down(&mut cell, instance, frame, cause.clone(), charged);
                Err(cause)
            }
        }
    }

    /// The entry into a plugin, as those see it that it calls.
    pub(super) fn frame(&self, caller: &Frame, purpose: Purpose) -> Frame {
        let deadline = self.deadline(caller, purpose);
        Frame { chain: caller.chain, plugin: Some(purpose.plugin()), depth: caller.depth + 1, deadline }
    }

    /// Takes the instance out of the cell, starting it (again) where need be. It is put back after
    /// the call: what a panic leaves behind is an empty cell.
    fn bring_up(&self, cell: &mut Cell, purpose: Purpose, frame: Frame) -> Result<Instance, CallError> {
        let plugin = purpose.plugin();
        let failed = |cause: String| CallError::new(CallErrorKind::Failed, Some(self.id(plugin).clone()), cause);
        match std::mem::replace(&mut cell.condition, Condition::Entered) {
            Condition::Up(instance) => return Ok(instance),
            Condition::NotStarted if matches!(purpose, Purpose::Start(_)) => {}
            Condition::NotStarted => {
                cell.condition = Condition::NotStarted;
                return Err(self.not_started(plugin));
            }
            Condition::Down { charged: false, .. } => {}
            Condition::Down { cause, charged: true } => {
                if !cell.restarts.spend(Instant::now()) {
                    let told = format!("it has failed and {}; its last failure: {cause}", cell.restarts.describe());
                    cell.condition = Condition::Down { cause, charged: true };
                    return Err(failed(told));
                }
            }
            Condition::Entered => {
                self.release_held_by(plugin, frame);
                let cause = failed("the host panicked while it was in it".to_owned());
                if !cell.restarts.spend(Instant::now()) {
                    let told = format!("{}, and {}", cause.cause(), cell.restarts.describe());
                    cell.condition = Condition::Down { cause, charged: true };
                    return Err(failed(told));
                }
            }
        }
        let generation = cell.generation + 1;
        let started = |_: &Instance| {
            self.slots[plugin.0].set_started();
            cell.generation = generation;
        };
        self.instantiate(plugin, frame, generation).inspect(started).map_err(|cause| {
            // What it got from others while it started has nobody any more.
            self.release_held_by(plugin, frame);
            // What it does while it starts is its own doing, refusals included.
            let charged = cause.origin() == Some(self.id(plugin));
            cell.condition = Condition::Down { cause: cause.clone(), charged };
            if matches!(purpose, Purpose::Start(_)) { cause } else { cause.starting() }
        })
    }

    /// When an entry must have ended: at the earlier of the plugin's own time and the chain's.
    fn deadline(&self, caller: &Frame, purpose: Purpose) -> Option<Deadline> {
        let plugin = purpose.plugin();
        let linked = self.assembly.plugin(plugin);
        let timeout = if matches!(purpose, Purpose::Run(_)) { linked.run_timeout } else { linked.timeout };
        match (timeout.map(|timeout| self.deadline_in(timeout, plugin)), caller.deadline) {
            (Some(own), Some(chain)) if chain.at <= own.at => Some(chain),
            (None, chain) => chain,
            (own, _) => own,
        }
    }

    /// When a time ends that begins now.
    pub(super) fn deadline_in(&self, time: Ticks, by: PluginIndex) -> Deadline {
        // A tick more, because the present one has begun already.
        Deadline { at: self.assembly.clock().now() + time + 1, by }
    }

    /// Refuses arguments that the provider could not hold: the caller's excess must not cost it its
    /// state.
    fn weigh(&self, caller: &Frame, target: Target, arguments: &[Val]) -> Result<(), CallError> {
        if !self.assembly.function(target).takes_bulk || weight(arguments) <= self.most_bytes(target.plugin) {
            return Ok(());
        }
        let error = self.refuse(CallErrorKind::BadArguments, target.plugin, self.too_many_bytes(target.plugin));
        Err(error.called(self.describe(caller, Purpose::Call(target))))
    }

    /// The bytes that one call may hand to a plugin: more than its memory could never fit.
    pub(super) fn most_bytes(&self, plugin: PluginIndex) -> u64 {
        let limits = self.limits(plugin);
        limits.hostcall_bytes.min(limits.memory)
    }

    /// Why arguments are too large.
    pub(super) fn too_many_bytes(&self, plugin: PluginIndex) -> String {
        let limits = self.limits(plugin);
        let (key, limit) = if limits.hostcall_bytes <= limits.memory {
            ("hostcall-bytes", limits.hostcall_bytes)
        } else {
            ("memory", limits.memory)
        };
        format!("the arguments are more than the plugin may be given in one call (`{key}` = {limit})")
    }

    fn check_depth(&self, caller: &Frame, plugin: PluginIndex) -> Result<(), CallError> {
        let limit = self.limits(plugin).call_depth;
        if caller.depth < limit {
            return Ok(());
        }
        let chain = self.told_chain(caller.plugin);
        let cause = format!("the chain of calls is deeper than its limit of {limit}: {chain} -> {}", self.id(plugin));
        Err(self.refuse(CallErrorKind::CallDepth, plugin, cause))
    }

    /// Each plugin that is entered gets its whole stack below the present stack pointer, so that a
    /// line of them could run off the thread's: which would be the end of the process.
    pub(super) fn check_stack(&self, plugin: PluginIndex) -> Result<(), CallError> {
        match stacker::remaining_stack() {
            Some(left) if left < MAX_WASM_STACK + HOST_STACK_RESERVE => {
                let cause = format!("the thread has only {} KiB of native stack left", left >> 10);
                Err(self.refuse(CallErrorKind::Stack, plugin, cause))
            }
            _ => Ok(()),
        }
    }

    fn take_turn(&self, caller: &Frame, plugin: PluginIndex) -> Result<Turn<'_>, CallError> {
        let patience = || caller.deadline.map(|deadline| self.assembly.clock().left(deadline.at));
        let refusal = match self.turns.take(plugin, caller.chain, patience) {
            Ok(turn) => return Ok(turn),
            Err(refusal) => refusal,
        };
        Err(match (refusal, caller.deadline) {
            (Refusal::OnChain, _) if !self.slots[plugin.0].started() => self.not_started(plugin),
            (Refusal::OnChain, _) => {
                let chain = self.told_chain(caller.plugin);
                let cause = format!("it is on the chain of calls already: {chain} -> {}", self.id(plugin));
                self.refuse(CallErrorKind::Reentrant, plugin, cause)
            }
            (Refusal::Ring(ring), _) => {
                let ring: Vec<&str> = ring.iter().map(|plugin| self.id(*plugin).as_str()).collect();
                let cause = format!("waiting for it would never end: calls wait in a ring for {}", ring.join(", "));
                self.refuse(CallErrorKind::Ring, plugin, cause)
            }
            (Refusal::Late, deadline) => self.late(deadline, plugin),
        })
    }

    fn not_started(&self, plugin: PluginIndex) -> CallError {
        self.refuse(CallErrorKind::NotStarted, plugin, "it is still starting".to_owned())
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

    /// The chain that ends with `last`, as text.
    fn told_chain(&self, last: Option<PluginIndex>) -> String {
        let mut chain = Vec::new();
        let mut at = last;
        while let Some(plugin) = at {
            chain.push(self.id(plugin).as_str());
            at = self.slots[plugin.0].caller();
        }
        chain.push("host");
        chain.reverse();
        chain.join(" -> ")
    }

    fn caller(&self, caller: &Frame) -> Option<PluginId> {
        caller.plugin.map(|plugin| self.id(plugin).clone())
    }

    /// The call, as errors tell it.
    pub(super) fn describe(&self, caller: &Frame, purpose: Purpose) -> CallFrame {
        let (interface, function) = match purpose {
            Purpose::Call(target) | Purpose::Run(target) => {
                let function = self.assembly.function(target);
                (function.interface.clone(), function.name.clone())
            }
            Purpose::Start(plugin) => return CallFrame::start(self.caller(caller), self.id(plugin).clone()),
            Purpose::Use(plugin) => return CallFrame::exports(self.caller(caller), self.id(plugin).clone()),
        };
        let caller = self.caller(caller);
        CallFrame { caller, plugin: self.id(purpose.plugin()).clone(), interface, function }
    }
}
