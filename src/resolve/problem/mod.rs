//! What can be wrong with an app, as values: which plugins and imports, which places, what was found instead.
//!
//! The checks make these; `render` alone has the texts. A value refers to the app and holds no list whose size depends
//! on it.

mod app_file;
mod functions;
mod listing;
mod providers;
mod runtime;

use crate::model::PluginId;

use super::input::Plugin;
use super::listed::ImportOf;

pub use app_file::{AppFileProblem, RUN};
pub use functions::{Crossing, FunctionProblem, HandleSite, Pair, ProvidedBy, Refusal};
pub use listing::{AtRuntime, ListingProblem, Meant, Side};
pub use providers::{Miss, ProviderProblem, Several};
pub use runtime::RuntimeProblem;

/// One thing that is wrong.
pub enum Problem<'a> {
    /// PW002: several plugins have one id, the first of them as it comes first.
    SameId(Vec<&'a Plugin>),
    /// A manifest does not list what its binary has.
    Listing(ListingProblem<'a>),
    /// The runtime does not offer what a binary imports from it.
    Runtime(RuntimeProblem<'a>),
    /// A line of `app.toml` names what is not there or cannot be.
    AppFile(AppFileProblem<'a>),
    /// An import has no provider, or too many.
    Provider(ProviderProblem<'a>),
    /// A function does not fit its provider.
    Function(FunctionProblem<'a>),
    /// PW301: plugins need each other to start.
    Cycle {
        /// The plugins, each of which needs the next, and the last the first.
        plugins: Vec<&'a PluginId>,
        /// The imports that make it so, and the plugin that each needs.
        steps: Vec<(ImportOf<'a>, &'a PluginId)>,
    },
}

macro_rules! is_a_problem {
    ($($kind:ident($part:ident)),*) => {
        $(impl<'a> From<$part<'a>> for Problem<'a> {
            fn from(problem: $part<'a>) -> Self {
                Self::$kind(problem)
            }
        })*
    };
}

is_a_problem!(
    Listing(ListingProblem),
    Runtime(RuntimeProblem),
    AppFile(AppFileProblem),
    Provider(ProviderProblem),
    Function(FunctionProblem)
);
