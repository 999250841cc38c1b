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
mod output_stream;
mod outside;
mod passed;
mod preflight;
mod purpose;
mod restarts;
mod room;
mod root;
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

pub use codec::Typed;
pub use handle::Handle;
pub use host::Runtime;
pub use options::StartOptions;
pub use output::{CapturedOutput, OutputSink};
pub use output_stream::OutputStream;
pub use passed::{Answer, Answers, Argument, Arguments, HandleList};
pub use status::Status;
pub use value::{BoundToStore, Val};
