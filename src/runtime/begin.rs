//! Finding the instance that a call goes to, starting it (again) where need be.

use std::time::{Duration, Instant};

use super::Inner;
use super::enter::{Ended, Purpose, catch};
use super::slot::{Cell, Condition, Instance};
use crate::link::{CallError, CallErrorKind, Frame};
use crate::plan::PluginIndex;

/// Where the instance is that a call goes to.
pub(super) enum Place {
    /// Nobody was in it. It is out of its cell now.
    Here(Instance),
    /// It is on the chain that makes the call: the instance of this generation.
    OnChain(u64),
}

impl Inner {
    /// Finds the instance of a plugin, whose turn the chain has. `is_first` says that the chain has it only
    /// now.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn find(&self, purpose: Purpose, frame: Frame, is_first: bool) -> Result<Place, CallError> {
        let plugin = purpose.plugin();
        let mut cell = self.slots[plugin.0].cell();
        match std::mem::replace(&mut cell.condition, Condition::Entered) {
            Condition::Up(instance) => return Ok(Place::Here(instance)),
            Condition::Entered if !is_first => return Ok(Place::OnChain(cell.generation)),
            Condition::NotStarted if matches!(purpose, Purpose::Start(_)) => {}
            down @ Condition::Down { .. } => cell.condition = down,
            Condition::NotStarted => {
                cell.condition = Condition::NotStarted;
                return Err(self.not_started(plugin));
            }
            Condition::Starting if !is_first => {
                cell.condition = Condition::Starting;
                return Err(self.not_started(plugin));
            }
            // Somebody has panicked who was in it: only that leaves such a cell behind.
            Condition::Entered | Condition::Starting => {
                let cause = "the host panicked while it was in it".to_owned();
                cell.condition = Condition::down(self.refuse(CallErrorKind::HostPanic, plugin, cause), true);
                let generation = cell.generation;
                drop(cell);
                self.release_held_by(plugin, generation, frame);
                return self.find(purpose, frame, is_first);
            }
        }
        self.may_start(&mut cell, plugin, frame)?;
        cell.condition = Condition::Starting;
        cell.generation += 1;
        let generation = cell.generation;
        drop(cell);
        self.start_one(purpose, frame, generation).map(Place::Here)
    }

    /// Waits until a plugin may be started again.
    ///
    /// # Errors
    /// When it may not.
    fn may_start(&self, cell: &mut Cell, plugin: PluginIndex, frame: Frame) -> Result<(), CallError> {
        let Condition::Down { cause, charged: true, since } = &cell.condition else { return Ok(()) };
        let refuse = |why: String| {
            let told = format!("it has failed and {why}; its last failure: {cause}");
            CallError::new(CallErrorKind::Failed, Some(self.id(plugin).clone()), told)
        };
        let now = Instant::now();
        let Some(pause) = cell.restarts.pause(now) else { return Err(refuse(cell.restarts.describe())) };
        let rest = (*since + pause).saturating_duration_since(now);
        let left = frame.deadline.map_or(Duration::MAX, |deadline| self.assembly.clock().left(deadline.at));
        if rest > left {
            return Err(refuse(format!("is started anew in {rest:?}, which is later than this call must have ended")));
        }
        // Who else wants the plugin waits for its turn meanwhile.
        std::thread::sleep(rest);
        cell.restarts.note(Instant::now());
        Ok(())
    }

    fn start_one(&self, purpose: Purpose, frame: Frame, generation: u64) -> Result<Instance, CallError> {
        let plugin = purpose.plugin();
        let started = catch(|| self.instantiate(plugin, frame, generation).map_err(Ended::Refused));
        let cause = match started {
            Ok(instance) => {
                self.slots[plugin.0].cell().condition = Condition::Entered;
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
