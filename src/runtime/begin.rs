//! Finding the instance that a call goes to, starting it (again) where need be.

use std::time::{Duration, Instant};

use super::Inner;
use super::enter::{Ended, Purpose, catch};
use super::slot::{Cell, Condition, Instance};
use crate::link::{CallError, CallErrorKind, Frame};
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
    /// Finds the instance of a plugin, whose turn the chain has. `is_first` says that the chain has it only
    /// now.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn find(&self, purpose: Purpose, frame: Frame, is_first: bool) -> Result<Place, CallError> {
        let plugin = purpose.plugin();
        if let Some(instance) = self.slots[plugin.0].take() {
            return Ok(Place::Here(instance));
        }
        let mut cell = self.slots[plugin.0].cell();
        match &cell.condition {
            Condition::Live if !is_first => return Ok(Place::OnChain(cell.generation)),
            Condition::NotStarted if !matches!(purpose, Purpose::Start(_)) => return Err(self.not_started(plugin)),
            Condition::Starting if !is_first => return Err(self.not_started(plugin)),
            Condition::NotStarted | Condition::Down { .. } => {}
            // Somebody has panicked who was in it: only that leaves such a cell behind.
            Condition::Live | Condition::Starting => {
                let cause = "the host panicked while it was in it".to_owned();
                cell.condition = Condition::down(self.refuse(CallErrorKind::HostPanic, plugin, cause), true);
                let generation = cell.generation;
                drop(cell);
                self.release_held_by(plugin, generation, frame);
                return self.find(purpose, frame, is_first);
            }
        }
        let ready = cell.readiness(Instant::now());
        let charged = matches!(cell.condition, Condition::Down { charged: true, .. });
        // Only this chain looks into the cell until it has been started, but others may ask how the plugin is.
        drop(cell);
        self.wait_until(ready, plugin, frame)?;
        let mut cell = self.slots[plugin.0].cell();
        if charged {
            cell.restarts.note(Instant::now());
        }
        cell.condition = Condition::Starting;
        cell.generation += 1;
        let generation = cell.generation;
        drop(cell);
        self.start_one(purpose, frame, generation).map(Place::Here)
    }

    /// Waits until a plugin may be started. Who else wants it waits for its turn meanwhile.
    ///
    /// # Errors
    /// When it may not.
    fn wait_until(&self, ready: Ready, plugin: PluginIndex, frame: Frame) -> Result<(), CallError> {
        let refuse = |why: String| {
            let told = format!("it has failed and {why}{}", self.last_failure(plugin));
            Err(self.refuse(CallErrorKind::Failed, plugin, told))
        };
        match ready {
            Ready::Now => Ok(()),
            Ready::Never(why) => refuse(why),
            Ready::In(rest) => {
                let left = frame.deadline.map_or(Duration::MAX, |deadline| self.assembly.clock().left(deadline.at));
                if rest > left {
                    return refuse(format!("is started anew in {rest:.0?}, when this call must have ended"));
                }
                std::thread::sleep(rest);
                Ok(())
            }
        }
    }

    fn last_failure(&self, plugin: PluginIndex) -> String {
        match &self.slots[plugin.0].cell().condition {
            Condition::Down { cause, .. } => format!("; its last failure: {cause}"),
            _ => String::new(),
        }
    }

    fn start_one(&self, purpose: Purpose, frame: Frame, generation: u64) -> Result<Instance, CallError> {
        let plugin = purpose.plugin();
        let started = catch(|| self.instantiate(plugin, frame, generation).map_err(Ended::Refused));
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
