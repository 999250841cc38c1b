//! How the plugins are, and starting one anew by hand.

use std::time::Instant;

use super::begin::{Place, Ready};
use super::enter::Purpose;
use super::slot::Condition;
use super::turns::Turn;
use super::{Inner, Runtime, current};
use crate::call::{CallError, CallErrorKind, CallFrame, Frame};
use crate::plan::PluginIndex;

/// How a plugin is at this moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Status {
    /// It has not been started yet.
    NotStarted,
    /// It is up, or starting. A call may be in it.
    Up,
    /// It has failed, or has come to its end as a program. The next call starts it anew.
    Down {
        /// Why.
        cause: CallError,
    },
    /// It has failed, and its restart budget is used up: calls to it fail until some of that is past.
    Failed {
        /// Why it has failed last.
        cause: CallError,
    },
}

impl Runtime {
    /// How a plugin is.
    pub fn status(&self, plugin: PluginIndex) -> Status {
        let mut cell = self.inner.slots[plugin.0].cell();
        let ready = cell.readiness(Instant::now());
        match &cell.condition {
            Condition::NotStarted => Status::NotStarted,
            Condition::Live | Condition::Starting => Status::Up,
            Condition::Down { cause, .. } => match ready {
                Ready::Never(_) => Status::Failed { cause: cause.clone() },
                Ready::Now | Ready::In(_) => Status::Down { cause: cause.clone() },
            },
        }
    }

    /// Starts a plugin anew, whether it is up or not, and forgets how often that has been necessary.
    ///
    /// # Errors
    /// [`CallError`] when it cannot be entered, and when it fails while starting.
    pub fn restart(&self, plugin: PluginIndex) -> Result<(), CallError> {
        let inner = &*self.inner;
        inner.on_chain(|frame| inner.start_anew(frame, plugin))
    }
}

impl Inner {
    /// Ends a plugin and starts it, without letting anybody in between.
    fn start_anew(&self, caller: &Frame, plugin: PluginIndex) -> Result<(), CallError> {
        let purpose = Purpose::Start(plugin);
        let _turn = self.may_end(caller, plugin).map_err(|error| error.called(self.restart_of(caller, plugin)))?;
        let frame = self.frame(caller, purpose);
        let started = {
            let _noted = current::note(self.number, frame, purpose);
            self.end(plugin, Frame { deadline: caller.deadline, ..frame });
            // What it had is released, which may have brought it up already.
            let idle = self.slots[plugin.0].take();
            idle.map_or_else(|| self.find(purpose, frame), |instance| Ok(Place::Here(instance)))
        };
        let done = match started {
            Ok(Place::Here(instance)) => {
                self.put_back(instance, frame);
                Ok(())
            }
            Ok(Place::OnChain(_)) => Err(self.reentrant(plugin)),
            Err(error) => Err(error),
        };
        self.drain(caller, plugin);
        done.map_err(|error| error.called(self.describe(caller.plugin, purpose)))
    }

    /// The right to be in a plugin, where nobody on the chain is in it.
    fn may_end(&self, caller: &Frame, plugin: PluginIndex) -> Result<Turn<'_>, CallError> {
        self.check_stack(plugin)?;
        self.take_turn(caller, plugin)?.ok_or_else(|| self.reentrant(plugin))
    }

    /// Ends a plugin, as the host wishes.
    fn end(&self, plugin: PluginIndex, frame: Frame) {
        let slot = &self.slots[plugin.0];
        let cause = self.refuse(CallErrorKind::Failed, plugin, "the host has ended it".to_owned());
        let mut cell = slot.cell();
        cell.restarts.forget();
        cell.condition = Condition::down(cause, false);
        drop(cell);
        if let Some(instance) = slot.take() {
            self.tear_down(instance, frame);
        }
    }

    fn restart_of(&self, caller: &Frame, plugin: PluginIndex) -> CallFrame {
        CallFrame::restart(caller.plugin.map(|plugin| self.id(plugin).clone()), self.id(plugin).clone())
    }
}
