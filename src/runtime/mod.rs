//! Running: live plugins, one store each, entered one chain of calls at a time.
//!
//! A plugin that fails is torn down and started anew within its restart budget, when it is next
//! needed. Every way in, for the host as for the dispatchers of other plugins, takes one
//! [route].

mod activation;
mod activations;
mod admission;
mod arguments;
mod blocking;
mod codec;
mod deadlines;
mod destructors;
mod drain_time;
mod end;
mod explain;
mod folders;
mod handle;
mod host;
mod instances;
mod lent;
mod live_app;
mod live_calls;
mod log;
mod options;
mod output;
mod outside;
mod passed;
mod preflight;
mod purpose;
mod restarts;
mod room;
mod route;
mod settle;
mod start;
mod status;
mod stream;
mod turns;
mod value;
mod wasi;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use crate::call::CallError;
use crate::link::Assembly;
use crate::model::PluginId;
use crate::plan::PluginIndex;

pub use codec::Typed;
use folders::Folders;
pub use handle::Handle;
use live_app::LiveApp;
pub use options::StartOptions;
pub use output::{CapturedOutput, OutputSink, OutputStream};
pub use passed::{Answer, Answers, Argument, Arguments, HandleList};
pub use status::Status;
pub use value::{BoundToStore, Val};

/// The live plugins of an app. They end when it is dropped.
pub struct Runtime {
    app: Arc<LiveApp>,
}

impl Runtime {
    /// Starts every plugin, in the order of the plan, and tells which have failed while starting.
    /// Those are tried again when they are needed, within their restart budget.
    pub fn start(assembly: Arc<Assembly>, options: StartOptions) -> (Self, Vec<(PluginId, CallError)>) {
        let folders = granted_folders(&assembly, &options.base);
        let app = LiveApp::new(assembly, options, folders);
        let failures = host::start_all(&app);
        (Self { app }, failures)
    }

    /// What the app is made from.
    pub fn assembly(&self) -> &Arc<Assembly> {
        &self.app.assembly
    }

    /// How many resources have handles outside the stores of their owners.
    pub fn live_handles(&self) -> usize {
        self.app.handles.live()
    }

    /// How a plugin is.
    pub fn status(&self, plugin: PluginIndex) -> Status {
        self.app.instances.status(plugin)
    }
}

impl Drop for Runtime {
    // Stores hold the runtime, which holds the stores. No call is in them now, because calls borrow `self`; but a
    // destructor may be, of a handle that another thread has let go of, or one that has brought about this.
    fn drop(&mut self) {
        end::end(&self.app);
    }
}

/// Opens the folders that plugins are granted, before any of them runs. Those that use nothing of WASI cannot get at
/// theirs.
fn granted_folders(assembly: &Assembly, base: &Path) -> Folders {
    // What is missing is opened later, when the process may be in another folder.
    let base = std::path::absolute(base.join(".")).unwrap_or_else(|_| base.to_owned());
    let granted = assembly.plan().plugins.iter().enumerate().map(|(index, plugin)| {
        let dirs = plugin.wasi.dirs.as_slice();
        (&plugin.id, if assembly.plugin(PluginIndex(index)).uses_runtime { dirs } else { &[] })
    });
    Folders::open(&base, granted)
}
