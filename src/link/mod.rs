//! Linking: a plan compiled and linked, immutable and shareable.
//!
//! `link` obeys the plan; it never decides. It compiles the components, defines every import of
//! every plugin (by WASI or by a dispatcher that reaches plugins) and keeps each plugin as an
//! `InstancePre`, so that starting, restarting and starting many apps from one [`Assembly`] is
//! cheap. Dispatchers capture no live instance: they reach providers through [`Live`], which the
//! consumer's store data holds.

mod assembly;
mod clock;
mod compile;
mod dispatch;
mod engine;
mod error;
mod fault;
mod gathered;
mod handles;
mod host;
mod imports;
mod lifts;
mod live;
mod log;
mod reply;
mod route;
mod state;
#[cfg(test)]
pub(crate) mod testing;
mod waits;
mod wasi;
mod weight;

pub use assembly::{Assembly, ExportedFunction};
pub use clock::{Clock, Ticks};
pub use compile::compile_child_main;
pub use engine::{CALLED_BACK_STACK, HOST_STACK_RESERVE, MAX_WASM_STACK};
pub use error::{CompileExcess, LinkError};
pub use fault::{CallError, CallErrorKind, CallFrame, Called, ends};
pub use handles::{
    Entry, Flight, Flights, Handles, Holder, InFlight, Leaf, Local, NoLocal, Passing, Rep, put_result, take_arguments,
    take_result, wrap,
};
pub use host::{HostInterface, HostInterfaces, HostState, HostStates};
pub use live::{Caller, Carried, ChainId, Deadline, Frame, FunctionIndex, Live, Target};
pub use log::{LogSource, flush_log, log_own, told_dropped};
pub use state::{Exports, Limiter, PluginState, Wasi};
pub use wasi::{GrantedFolder, OpenFiles};
pub use weight::{LiftBound, Lifting, Lifts, MOST_VALUE_MEMORY, Shape, Shapes, Tree, View, Weight, own_memory};
