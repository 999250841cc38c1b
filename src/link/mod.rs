//! Linking: a plan compiled and linked, immutable and shareable.
//!
//! `link` obeys the plan; it never decides. It compiles the components, defines every import of
//! every plugin (by WASI or by a dispatcher that reaches plugins) and keeps each plugin as an
//! `InstancePre`, so that starting, restarting and starting many apps from one [`Assembly`] is
//! cheap. What happens during a call is in [`call`](crate::call).

mod assembly;
mod cache;
mod compile;
mod engine;
mod engines;
mod error;
mod host;
mod imports;
mod lifts;
mod options;
mod pool;
#[cfg(test)]
pub(crate) mod testing;

pub use assembly::{Assembly, ExportedFunction};
pub use compile::compile_child_main;
#[cfg(test)]
pub(crate) use engine::EngineSettings;
pub use error::{CompileExcess, LinkError};
pub use host::{HostInterface, HostInterfaces, HostState};
pub use options::{CodeCache, EngineOptions, Optimisation};
