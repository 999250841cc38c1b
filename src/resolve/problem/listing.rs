use std::rc::Rc;

use crate::diagnostic::{Span, Spanned};
use crate::manifest::ImportEntry;
use crate::model::{ExternName, Resource};
use crate::world::Extern;

use super::super::few::Few;
use super::super::input::Plugin;

/// One side of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What it imports.
    Import,
    /// What it exports.
    Export,
}

/// What is wrong between a manifest and its binary.
pub enum ListingProblem<'a> {
    /// PW102 and PW103: two lines name one import or export.
    Twice {
        /// The plugin.
        plugin: &'a Plugin,
        /// The side.
        side: Side,
        /// The second line.
        name: &'a Spanned<ExternName>,
        /// The first one.
        first: &'a Span,
    },
    /// PW102 and PW103: a line names what the binary does not have.
    Absent {
        /// The plugin.
        plugin: &'a Plugin,
        /// The side.
        side: Side,
        /// The line.
        name: &'a Spanned<ExternName>,
        /// What the binary has on that side.
        there: Rc<Few<'a, ExternName>>,
        /// What was probably meant.
        meant: Meant<'a>,
    },
    /// PW102 and PW103: a line without a version, of which the binary has several.
    Ambiguous {
        /// The plugin.
        plugin: &'a Plugin,
        /// The side.
        side: Side,
        /// The line.
        name: &'a Spanned<ExternName>,
        /// The versions that the binary has.
        versions: Few<'a, ExternName>,
    },
    /// PW101: an import that the manifest would have to list.
    Unlisted {
        /// The plugin.
        plugin: &'a Plugin,
        /// Its import.
        import: &'a Extern,
    },
    /// PW101: an import that the runtime would have to offer.
    NotOffered {
        /// The plugin.
        plugin: &'a Plugin,
        /// Its import.
        import: &'a Extern,
        /// What the runtime offers instead.
        there: AtRuntime,
    },
    /// PW205: a resource that the runtime defines, named by an interface that plugins serve.
    OfRuntime {
        /// The plugin.
        plugin: &'a Plugin,
        /// Its import.
        import: &'a Extern,
        /// The line about it.
        entry: &'a ImportEntry,
        /// The resource.
        resource: &'a Resource,
        /// The interface of the runtime that defines it.
        interface: &'a ExternName,
    },
    /// PW205: a resource of a listed interface, named by one that the runtime serves.
    SharedWithRuntime {
        /// The plugin.
        plugin: &'a Plugin,
        /// What the runtime serves.
        import: &'a Extern,
        /// The resource, as that import names it.
        resource: &'a str,
        /// The listed interface.
        interface: &'a ExternName,
        /// The line about it.
        entry: &'a ImportEntry,
    },
}

/// What a line was probably meant to name.
pub enum Meant<'a> {
    /// It is on the binary's other side.
    OtherSide,
    /// This, of the same side.
    Near(&'a ExternName),
    /// That is not known.
    Unknown,
}

/// What the runtime offers in place of an interface that it lacks.
pub enum AtRuntime {
    /// These may have been meant.
    Near(Vec<String>),
    /// Nothing of the package, which is named here.
    NothingOf(String),
    /// Others.
    Others,
}
