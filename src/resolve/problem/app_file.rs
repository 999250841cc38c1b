use std::rc::Rc;

use crate::diagnostic::{FileId, Span, Spanned};
use crate::manifest::BindEntry;
use crate::model::{ExternName, FuncType, PluginId};

use super::super::few::Few;
use super::super::input::Plugin;

/// The interface that `run` calls.
pub const RUN: &str = "wasi:cli/run";

/// What is wrong with a line of `app.toml`, or with the plugin that `run` starts.
pub enum AppFileProblem<'a> {
    /// PW401: there is no such plugin.
    NoPlugin {
        /// `app.toml`.
        file: FileId,
        /// The id.
        id: &'a Spanned<PluginId>,
        /// The plugins that there are.
        there: Rc<Few<'a, str>>,
        /// The one that was probably meant.
        near: Option<&'a str>,
    },
    /// PW401: the consumer has no such import.
    NoImport {
        /// `app.toml`.
        file: FileId,
        /// The line of `[bind]`.
        entry: &'a BindEntry,
        /// Whether there are several versions of it.
        several: bool,
        /// The imports that there are.
        there: Rc<Few<'a, ExternName>>,
        /// The one that was probably meant.
        near: Option<&'a ExternName>,
    },
    /// PW401: an import has two lines.
    BoundTwice {
        /// `app.toml`.
        file: FileId,
        /// The second line.
        entry: &'a BindEntry,
        /// The first one.
        first: &'a BindEntry,
    },
    /// PW401: a plugin is to provide for itself.
    ForItself {
        /// `app.toml`.
        file: FileId,
        /// The plugin.
        provider: &'a Spanned<PluginId>,
    },
    /// PW401: a provider is disabled.
    Disabled {
        /// `app.toml`.
        file: FileId,
        /// The id.
        provider: &'a Spanned<PluginId>,
        /// The plugin.
        plugin: &'a Plugin,
    },
    /// PW401: a provider does not export the interface.
    NotExported {
        /// `app.toml`.
        file: FileId,
        /// The id.
        provider: &'a Spanned<PluginId>,
        /// The plugin.
        plugin: &'a Plugin,
        /// The interface.
        wanted: &'a ExternName,
        /// What the plugin exports.
        there: Rc<Few<'a, ExternName>>,
        /// What its binary exports, and its manifest does not list.
        private: Option<&'a ExternName>,
    },
    /// PW401: the host does not offer the interface.
    NotByHost {
        /// `app.toml`.
        file: FileId,
        /// Where the import is bound to the host.
        place: &'a Span,
        /// The interface.
        wanted: &'a ExternName,
        /// What the host offers.
        there: Few<'a, ExternName>,
    },
    /// PW401: the entry is disabled.
    EntryDisabled {
        /// `app.toml`.
        file: FileId,
        /// The entry.
        id: &'a Spanned<PluginId>,
    },
    /// PW401: the entry exports nothing that could be run.
    NothingToRun {
        /// `app.toml`.
        file: FileId,
        /// The entry.
        id: &'a Spanned<PluginId>,
        /// What it exports.
        there: Rc<Few<'a, ExternName>>,
    },
    /// PW203: what looks like an entry is of another type.
    CannotRun {
        /// The entry.
        plugin: &'a Plugin,
        /// Its export.
        export: &'a ExternName,
        /// Where that is listed, or would be.
        place: &'a Span,
        /// The type that `run` must have.
        wanted: FuncType,
        /// The type that it has.
        found: Option<&'a FuncType>,
    },
}
