//! What happens during a call: frames, errors, dispatch, replies, handles, what values weigh, and the clock.
//!
//! Dispatchers capture no live instance: they reach providers through [`Live`], which the consumer's
//! store data holds.

mod clock;
mod dispatch;
mod error;
mod frame;
mod gathered;
mod handles;
mod host_states;
mod live;
mod log;
mod owner;
mod reply;
mod stack;
mod state;
pub mod targets;
mod waits;
mod wasi;
mod weight;
mod wiring;

pub use clock::{Clock, Ticks};
pub use dispatch::Dispatcher;
pub use error::{CallError, CallErrorKind, CallFrame, Called, ends};
pub use frame::{Caller, ChainId, Deadline, Frame, FunctionIndex, InstanceId, Target};
pub use handles::{
    Entry, Flight, Flights, Handles, Holder, InFlight, Leaf, Local, NoLocal, Passing, Rep, put_result, take_arguments,
    take_result, wrap,
};
pub use host_states::HostStates;
pub use live::{Live, Returned, Sent, Values};
pub use log::{LogSource, flush_log, log_own, told_dropped};
pub use stack::{CALLED_BACK_STACK, HOST_STACK_RESERVE};
pub use state::{Exports, Limiter, MAX_MEMORIES, PluginState, Wasi};
pub use wasi::{GrantedFolder, OpenFiles, add_wasi_to_linker};
pub use weight::{LiftBound, Lifting, Lifts, MOST_VALUE_MEMORY, Shape, Shapes, Tree, View, Weight, own_memory};
pub use wiring::{ImportedFunction, Provider, Wiring};
