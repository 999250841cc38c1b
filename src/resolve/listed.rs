//! What manifests list, together with what the binaries say of it.

use crate::diagnostic::Span;
use crate::manifest::{ExportEntry, ImportEntry};
use crate::model::ExternName;
use crate::world::{Extern, ExternKind, Function};

use super::input::Plugin;
use super::version;

/// What a manifest lists, in the order of the binary.
pub struct Listing<'a> {
    /// The listed exports.
    pub exports: Vec<ListedExport<'a>>,
    /// The imports that plugins or the host serve.
    pub imports: Vec<ListedImport<'a>>,
    /// The imports that the runtime serves.
    pub runtime: Vec<&'a Extern>,
    /// The imports without functions.
    pub types_only: Vec<&'a Extern>,
    /// The exports of the binary that the manifest does not list.
    pub private: Vec<&'a ExternName>,
}

/// An export that the manifest offers.
pub struct ListedExport<'a> {
    /// Its line.
    pub entry: &'a ExportEntry,
    /// What the binary says.
    pub export: &'a Extern,
    /// Its priority, the app's word included.
    pub priority: i64,
}

impl ListedExport<'_> {
    /// Whether this serves an import: of the same kind, under its name, in a version that fits. An
    /// interface serves no function, whatever their names.
    pub fn serves(&self, import: &ListedImport<'_>) -> bool {
        self.export.kind == import.import.kind && version::serves(&import.target, &self.export.name)
    }
}

/// An import that the manifest lists.
pub struct ListedImport<'a> {
    /// Its line.
    pub entry: &'a ImportEntry,
    /// What the binary says.
    pub import: &'a Extern,
    /// The interface that providers export: that of `from`, else the import's own.
    pub target: ExternName,
}

impl ListedImport<'_> {
    /// Where it is written.
    pub fn span(&self) -> Span {
        self.entry.name.span.clone()
    }

    /// The name that one of its functions has at a provider. A bare function goes by the name of the import, so that
    /// `from` renames it too.
    pub fn wanted_name<'f>(&self, function: &'f Function, export: &'f ExternName) -> &'f str {
        if self.import.kind == ExternKind::Function { export.base() } else { &function.name }
    }
}

/// An import together with the plugin that has it.
#[derive(Clone, Copy)]
pub struct ImportOf<'a> {
    /// The consumer.
    pub plugin: &'a Plugin,
    /// Its import.
    pub import: &'a ListedImport<'a>,
}

/// A plugin's export that serves an import.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// The number of the provider.
    pub provider: usize,
    /// The provider.
    pub plugin: &'a Plugin,
    /// Its export.
    pub export: &'a ListedExport<'a>,
}
