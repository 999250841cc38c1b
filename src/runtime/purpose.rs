//! What a plugin is entered for, and how what is done there may end.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::call::{CallError, Target};
use crate::plan::PluginIndex;

/// What a plugin is entered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A function is called.
    Call(Target),
    /// The function that `run` starts is called.
    Run(Target),
    /// It is started with the app.
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

/// Why what a plugin was entered for did not come to its end.
pub(super) enum Ended {
    /// The plugin has failed, and cannot be trusted any more.
    Failed(wasmtime::Error),
    /// The host has panicked while it was in the plugin.
    Panicked(Box<dyn Any + Send>),
    /// It was not even called.
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
