use crate::model::Resource;
use crate::world::{Extern, Function};

use super::super::input::Plugin;
use super::super::mismatch::Mismatch;

/// What is wrong with an import of an interface that the runtime offers.
pub enum RuntimeProblem<'a> {
    /// PW101: functions that the runtime does not offer there.
    LacksFunctions {
        /// The plugin.
        plugin: &'a Plugin,
        /// Its import.
        import: &'a Extern,
        /// The functions.
        missing: Vec<&'a Function>,
        /// Functions that the runtime offers and that may have been meant.
        near: Vec<String>,
    },
    /// PW101: a resource that the runtime does not define there.
    LacksResource {
        /// The plugin.
        plugin: &'a Plugin,
        /// Its import.
        import: &'a Extern,
        /// The resource.
        resource: &'a str,
        /// Resources that the runtime defines and that may have been meant.
        near: Vec<String>,
    },
    /// PW203: a function of another type.
    Differs {
        /// The plugin.
        plugin: &'a Plugin,
        /// Its import.
        import: &'a Extern,
        /// The function.
        function: &'a Function,
        /// How it differs.
        mismatch: Box<Mismatch<'a>>,
    },
    /// PW203: a resource that the runtime defines there, and the plugin takes for another one.
    OtherResource {
        /// The plugin.
        plugin: &'a Plugin,
        /// Its import.
        import: &'a Extern,
        /// The name under which the runtime defines its own.
        name: &'a str,
        /// What the plugin takes it for.
        resource: &'a Resource,
    },
}
