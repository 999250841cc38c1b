//! Why a plugin is entered, and how an entry may end early.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::call::{CallError, Target};
use crate::plan::PluginIndex;

/// Why a plugin is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A function is called.
    Call(Target),
    /// The function that `run` starts is called.
    Run(Target),
    /// It is started: with the app, or by the host.
    Start(PluginIndex),
    /// The host does something with its exports.
    Use(PluginIndex),
    /// Destructors of its resources run.
    Destroy(PluginIndex),
}

impl Purpose {
    pub(super) fn plugin(self) -> PluginIndex {
        match self {
            Self::Call(target) | Self::Run(target) => target.plugin,
            Self::Start(plugin) | Self::Use(plugin) | Self::Destroy(plugin) => plugin,
        }
    }
}

/// Why an entry ended early.
pub(super) enum Ended {
    /// The plugin has failed, and cannot be trusted any more.
    Failed(wasmtime::Error),
    /// The host has panicked while it was in the plugin.
    Panicked(Box<dyn Any + Send>),
    /// The call was refused; the instance is unharmed.
    Refused(CallError),
}

impl From<wasmtime::Error> for Ended {
    fn from(error: wasmtime::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<CallError> for Ended {
    fn from(refusal: CallError) -> Self {
        Self::Refused(refusal)
    }
}

/// Does something in which functions of the host may panic: stores that a panic has unwound through are
/// not used again.
pub(super) fn catch<R>(act: impl FnOnce() -> Result<R, Ended>) -> Result<R, Ended> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| Err(Ended::Panicked(panic)))
}
