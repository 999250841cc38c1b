use crate::diagnostic::{FileId, Span, Spanned};
use crate::manifest::ExportEntry;
use crate::model::ExternName;
use crate::world::ExternKind;

use super::super::few::Few;
use super::super::input::{HostInterface, Plugin};
use super::super::listed::{ImportOf, Offer};
use super::super::near::Relation;

/// What is wrong with the providers of an import.
pub enum ProviderProblem<'a> {
    /// PW201: there is none, though a line of `[bind]` is about the import.
    NoneBound {
        /// The import.
        of: ImportOf<'a>,
        /// `app.toml`, and the list of providers there.
        list: (FileId, &'a Span),
    },
    /// PW201: there is none.
    None {
        /// The import.
        of: ImportOf<'a>,
        /// What nearly serves it, nearest first.
        misses: Vec<Miss<'a>>,
    },
    /// PW201: `from` names no version, and there are several.
    Vague {
        /// The import.
        of: ImportOf<'a>,
        /// Its `from`.
        from: &'a Spanned<ExternName>,
        /// The versions that plugins export.
        versions: Few<'a, ExternName>,
    },
    /// PW202: there are several, and the import takes one.
    TooMany {
        /// The import.
        of: ImportOf<'a>,
        /// The providers.
        offers: Several<'a>,
    },
    /// PW202: several are bound to an import that takes one.
    TooManyBound {
        /// The import.
        of: ImportOf<'a>,
        /// How many.
        count: usize,
        /// `app.toml`, and the list of providers there.
        list: (FileId, &'a Span),
    },
    /// PW202: the host and plugins serve it.
    HostAndPlugins {
        /// The import.
        of: ImportOf<'a>,
        /// What the host offers.
        host: &'a HostInterface,
        /// The plugins.
        offers: Several<'a>,
    },
    /// PW202: with this import the app has too many providers.
    TooManyAnswers {
        /// The import.
        of: ImportOf<'a>,
        /// Most answers of an app.
        most: usize,
        /// How many more there may be for each plugin.
        free: usize,
    },
}

/// The first of some offers, as many as a message lists, and how many there are in all.
pub struct Several<'a> {
    /// The first.
    pub first: Vec<Offer<'a>>,
    /// How many there are.
    pub all: usize,
}

/// What nearly serves an import.
pub enum Miss<'a> {
    /// An export of a plugin that is disabled.
    Disabled {
        /// The plugin.
        plugin: &'a Plugin,
        /// The line of its manifest.
        entry: &'a ExportEntry,
    },
    /// An export of another kind.
    OtherKind {
        /// The plugin.
        plugin: &'a Plugin,
        /// The line of its manifest.
        entry: &'a ExportEntry,
        /// Its kind.
        kind: ExternKind,
    },
    /// A line of a manifest that the binary does not keep.
    NotInBinary {
        /// The plugin.
        plugin: &'a Plugin,
        /// The line of its manifest.
        entry: &'a ExportEntry,
    },
    /// An export that the manifest does not list.
    Private {
        /// The plugin.
        plugin: &'a Plugin,
        /// The export.
        name: &'a ExternName,
    },
    /// An export of another name.
    Related {
        /// The plugin.
        plugin: &'a Plugin,
        /// The line of its manifest.
        entry: &'a ExportEntry,
        /// The export, as the binary names it.
        name: &'a ExternName,
        /// How the names are related.
        relation: Relation,
    },
    /// An interface of the host of another name.
    OfHost {
        /// The interface.
        host: &'a HostInterface,
        /// How the names are related.
        relation: Relation,
    },
    /// An export of the consumer itself.
    Itself {
        /// The consumer.
        plugin: &'a Plugin,
        /// The line of its manifest.
        entry: &'a ExportEntry,
    },
}
