//! The vocabulary that every stage shares: ids, names, types, cardinalities, limits, grants.
//!
//! Plain data without behaviour of any stage; depends on nothing else in the crate.

mod binding;
mod difference;
mod grants;
mod id;
mod limits;
mod name;
mod needs;
mod print;
mod signature;
mod types;
mod version;

pub use binding::{Cardinality, OnFailure};
pub use difference::{Difference, first_difference, first_signature_difference};
pub use grants::{Access, DirGrant, NetworkGrant, Stdio, WasiGrants};
pub use id::{BadPluginId, PluginId};
pub use limits::{Budget, Limits, RestartBudget};
#[cfg(feature = "runtime")]
pub(crate) use name::without_escapes;
pub use name::{BadExternName, ExternName};
pub use needs::EngineNeeds;
pub use print::{Marked, Step, print_marked};
pub use signature::{Fitting, ResourceMatch, fits, signature_fits};
pub use types::{Case, Field, FuncType, Param, Resource, Side, Type};
pub(crate) use version::{is_exact, same_series};
