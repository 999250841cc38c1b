//! Finding the instance that a call goes to, starting it (again) where need be.

use std::time::{Duration, Instant};

use super::Inner;
use super::enter::{Ended, Purpose, catch};
use super::slot::{Cell, Condition, Instance};
use super::turns::Turn;
use crate::call::{CallError, CallErrorKind, Frame};
use crate::plan::PluginIndex;

/// Where the instance is that a call goes to.
pub(super) enum Place {
    /// Nobody was in it. It has been taken out of its slot.
    Here(Instance),
    /// It is on the chain that makes the call: the instance of this generation.
    OnChain(u64),
}

/// When a plugin may be started.
pub(super) enum Ready {
    Now,
    /// After a pause.
    In(Duration),
    /// Not now, and why.
    Never(String),
}

impl Cell {
    /// When the plugin may be started (again).
    pub(super) fn readiness(&mut self, now: Instant) -> Ready {
        let Condition::Down { charged: true, since, .. } = self.condition else { return Ready::Now };
        match self.restarts.pause(now) {
            Some(pause) => {
                let rest = (since + pause).saturating_duration_since(now);
                if rest.is_zero() { Ready::Now } else { Ready::In(rest) }
            }
            None => Ready::Never(self.restarts.describe()),
        }
    }
}

impl Inner {
    /// The right to be in a plugin (nothing where the chain has it already), and its instance unless that is on
    /// the chain or has to be started first. Waits for both: for the plugin's turn, and for the end of a pause.
    ///
    /// # Errors
    /// When there is no sense in waiting.
    pub(super) fn take_when_ready(
        &self,
        caller: &Frame,
        plugin: PluginIndex,
    ) -> Result<(Option<Turn<'_>>, Option<Instance>), CallError> {
        let slot = &self.slots[plugin.0];
        loop {
            let turn = self.take_turn(caller, plugin)?;
            self.check_time(caller, plugin)?;
            if let Some(instance) = slot.take() {
                return Ok((turn, Some(instance)));
            }
            if turn.is_some() {
                self.note_panic(caller, plugin);
            }
            let ready = slot.cell().readiness(Instant::now());
            let rest = match ready {
                Ready::Now => return Ok((turn, None)),
                Ready::In(rest) => rest,
                Ready::Never(why) => return Err(self.still_down(plugin, &why)),
            };
            let left = caller.deadline.map_or(Duration::MAX, |deadline| self.assembly.clock().left(deadline.at));
            if rest > left {
                let why = format!("is started anew in {rest:.0?}, when this call must have ended");
                return Err(self.still_down(plugin, &why));
            }
            // Without the turn, so that others who have less time see for themselves.
            drop(turn);
            std::thread::sleep(rest);
        }
    }

    /// Finds the instance of a plugin that nobody has left idle, or starts one. The chain has its turn.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn find(&self, purpose: Purpose, frame: Frame) -> Result<Place, CallError> {
        let plugin = purpose.plugin();
        let mut cell = self.slots[plugin.0].cell();
        match &cell.condition {
            Condition::Live => return Ok(Place::OnChain(cell.generation)),
            Condition::Starting => return Err(self.not_started(plugin)),
            Condition::NotStarted if !matches!(purpose, Purpose::Start(_)) => return Err(self.not_started(plugin)),
            Condition::NotStarted | Condition::Down { charged: false, .. } => {}
            Condition::Down { charged: true, .. } => cell.restarts.note(Instant::now()),
        }
        cell.condition = Condition::Starting;
        cell.generation += 1;
        let generation = cell.generation;
        drop(cell);
        self.start_one(purpose, frame, generation).map(Place::Here)
    }

    /// Notes that somebody has panicked who was in a plugin that the chain has just got: only that leaves a slot
    /// behind that is live and has no instance.
    fn note_panic(&self, caller: &Frame, plugin: PluginIndex) {
        let mut cell = self.slots[plugin.0].cell();
        if !matches!(cell.condition, Condition::Live | Condition::Starting) {
            return;
        }
        let cause = "the host panicked while it was in it".to_owned();
        cell.condition = Condition::down(self.refuse(CallErrorKind::HostPanic, plugin, cause), true);
        let generation = cell.generation;
        drop(cell);
        self.release_held_by(plugin, generation, self.frame(caller, Purpose::Destroy(plugin)));
    }

    fn still_down(&self, plugin: PluginIndex, why: &str) -> CallError {
        let last = match &self.slots[plugin.0].cell().condition {
            Condition::Down { cause, .. } => format!("; its last failure: {cause}"),
            _ => String::new(),
        };
        self.refuse(CallErrorKind::Failed, plugin, format!("it has failed and {why}{last}"))
    }

    fn start_one(&self, purpose: Purpose, frame: Frame, generation: u64) -> Result<Instance, CallError> {
        let plugin = purpose.plugin();
        let due = self.slots[plugin.0].note_due(frame.deadline);
        let started = catch(|| self.instantiate(plugin, frame, generation).map_err(Ended::Refused));
        drop(due);
        let cause = match started {
            Ok(instance) => {
                self.slots[plugin.0].cell().condition = Condition::Live;
                return Ok(instance);
            }
            Err(Ended::Refused(cause)) => cause,
            Err(Ended::Panicked(panic)) => self.told_panic(plugin, &*panic),
            Err(Ended::Failed(error)) => self.refuse(CallErrorKind::Failed, plugin, format!("{error:#}")),
        };
        // What it got from others while it started has nobody any more.
        self.release_held_by(plugin, generation, frame);
        // What it does while it starts is its own doing, refusals included.
        let charged = cause.origin() == Some(self.id(plugin));
        self.slots[plugin.0].cell().condition = Condition::down(cause.clone(), charged);
        Err(if matches!(purpose, Purpose::Start(_)) { cause } else { cause.starting() })
    }
}
