//! Handles of resources between plugins.
//!
//! A resource lives in the store of the plugin that owns it. Everywhere else a handle is a resource of
//! the host, whose representation is an entry of one [table](Handles). On its way from one store to
//! another a handle is such an entry too: values are carried with [`Flight`]s beside them, one for each
//! place that a [walk](walk::Walk) finds.

mod passing;
mod stores;
mod table;
mod walk;

pub use passing::{Local, NoLocal, Passing};
pub use stores::{Deciding, InFlight, put_result, take_arguments, take_result, wrap};
pub use table::{Entry, Handles, Holder, Rep};
pub use walk::Leaf;

/// A handle that is in no store: an entry of the table, and whether ownership goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flight {
    /// The entry.
    pub rep: Rep,
    /// Whether it is an `own`; else it is lent for the time of the call.
    pub own: bool,
}

/// The handles in a plugin's values, in the order in which [`Passing`] visits them.
pub type Flights = Vec<Flight>;
