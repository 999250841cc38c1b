//! How the plugins are, and starting one anew by hand.

use std::time::Instant;

use super::begin::Ready;
use super::enter::Purpose;
use super::slot::Condition;
use super::{Inner, Runtime};
use crate::link::{CallError, CallErrorKind, Caller, Frame};
use crate::plan::PluginIndex;

/// How a plugin is at this moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Status {
    /// It has not been started yet.
    NotStarted,
    /// It is up, or starting. A call may be in it.
    Up,
    /// It has failed. The next call starts it anew.
    Down {
        /// Why it has failed.
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
        inner.on_chain(|frame| {
            let ended = inner.end(frame, plugin);
            ended.map_err(|error| error.called(inner.describe(frame.plugin, Purpose::Start(plugin))))?;
            inner.enter(Caller::alone(frame), Purpose::Start(plugin), |_| Ok(()))
        })
    }
}

impl Inner {
    /// Ends a plugin, as the host wishes.
    fn end(&self, caller: &Frame, plugin: PluginIndex) -> Result<(), CallError> {
        self.check_stack(plugin)?;
        let Some(_turn) = self.take_turn(caller, plugin)? else { return Err(self.reentrant(plugin)) };
        let cause = self.refuse(CallErrorKind::Failed, plugin, "the host has ended it".to_owned());
        let slot = &self.slots[plugin.0];
        let mut cell = slot.cell();
        cell.restarts.forget();
        cell.condition = Condition::down(cause, false);
        drop(cell);
        if let Some(instance) = slot.take() {
            self.tear_down(instance, self.frame(caller, Purpose::Start(plugin)));
        }
        Ok(())
    }
}
