//! Manifests and the app file: TOML text to checked values with the places they stand at.
//!
//! Every mistake in a file is reported, not just the first; see [`parse_manifest`] and [`parse_app`].
//! [`ManifestBuilder`] writes manifests in code. `docs/manifest.md` is the reference of all keys.

mod app;
mod build;
mod limits;
pub(crate) mod path;
mod plugin;
mod reader;
mod settle;
mod syntax;
#[cfg(test)]
mod testing;
mod unknown;
mod value;
mod wasi;
pub(crate) mod write;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::diagnostic::{FileId, Span, Spanned};
use crate::model::{
    Budget, Cardinality, DirGrant, ExternName, NetworkGrant, OnFailure, PluginId, RestartBudget, Stdio,
};

pub use app::parse_app;
pub use build::{ImportTerms, ManifestBuilder};
pub use plugin::parse_manifest;
pub use settle::{Settings, settle};
pub use unknown::Unknown;

pub(crate) use plugin::{ReadManifest, read_manifest};

/// Whether the text is TOML at all, so that everything that it says could be read.
pub fn is_syntactically_valid(text: &str) -> bool {
    !reader::is_too_intricate(text) && toml::de::DeTable::parse(text).is_ok()
}

/// Whether the text, as far as it is TOML, has a table or key `plugin`, which only manifests of plugins have; of one that
/// is too intricate to be parsed, whether it could have.
pub(crate) fn has_plugin_table(text: &str) -> bool {
    match reader::is_too_intricate(text) {
        true => text.contains("plugin"),
        false => toml::de::DeTable::parse_recoverable(text).0.get_ref().contains_key("plugin"),
    }
}

/// One plugin's manifest.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The file it was read from.
    pub file: FileId,
    /// The id. Where the manifest does not say, it is the default and the span is that of `[plugin]`.
    /// Where it is not an id, this is the nearest one, so that the broken plugin has a name.
    pub id: Spanned<PluginId>,
    /// What mistakes leave unknown: the id, where it is such a nearest one, which nobody has written, and the exports,
    /// where one could be hidden.
    pub unknown: Unknown,
    /// Path of the binary, relative to the manifest's own folder, as written. Empty where it is missing.
    pub component: Spanned<String>,
    /// The plugin's own version.
    pub version: Option<Spanned<semver::Version>>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it takes part. The span, where the key is written, is that of the value.
    pub enabled: bool,
    /// Where `enabled` is written, if it is.
    pub enabled_span: Option<Span>,
    /// The only binary that is accepted.
    pub sha256: Option<Spanned<[u8; 32]>>,
    /// WIT for a core module without embedded WIT: folder or file, relative to the manifest's folder, as written.
    pub wit: Option<Spanned<String>>,
    /// The world in that WIT.
    pub world: Option<Spanned<String>>,
    /// `[exports]`, in the order of the file.
    pub exports: Vec<ExportEntry>,
    /// `[imports]`, in the order of the file.
    pub imports: Vec<ImportEntry>,
    /// `[limits]`: only what is written.
    pub limits: LimitEntries,
    /// `[wasi]`: only what is written.
    pub wasi: WasiEntries,
    /// `[config]`, with the place of each value.
    pub config: BTreeMap<String, Spanned<String>>,
    /// Where the `[plugin]` header stands: the place to point at when something is missing.
    pub header: Span,
    /// Where the `[imports]` header stands, if it does.
    pub imports_header: Option<Span>,
    /// Where the `[exports]` header stands, if it does.
    pub exports_header: Option<Span>,
}

/// A line of `[exports]`.
#[derive(Debug, Clone)]
pub struct ExportEntry {
    /// The key.
    pub name: Spanned<ExternName>,
    /// Higher comes first.
    pub priority: i64,
}

/// A line of `[imports]`.
#[derive(Debug, Clone)]
pub struct ImportEntry {
    /// The key.
    pub name: Spanned<ExternName>,
    /// How many providers may be bound.
    pub cardinality: Spanned<Cardinality>,
    /// The interface that providers export, where it is not the import's own.
    pub from: Option<Spanned<ExternName>>,
    /// What happens when a provider fails; the span is that of the value, where it is written.
    pub on_failure: Option<Spanned<OnFailure>>,
    /// Whether the import does not order the start.
    pub late: bool,
}

/// `[limits]`, or `limits` of `[plugins.ID]` in `app.toml`: only what is written.
#[derive(Debug, Clone, Default)]
pub struct LimitEntries {
    /// Bytes.
    pub memory: Option<Spanned<u64>>,
    /// Per entry.
    pub timeout: Option<Spanned<Budget<Duration>>>,
    /// Instructions per entry.
    pub fuel: Option<Spanned<Budget<u64>>>,
    /// Depth in a chain.
    pub call_depth: Option<Spanned<u32>>,
    /// Live handles.
    pub handles: Option<Spanned<u32>>,
    /// Core tables.
    pub tables: Option<Spanned<u32>>,
    /// Core instances.
    pub instances: Option<Spanned<u32>>,
    /// Open files, folders and sockets.
    pub open_files: Option<Spanned<u32>>,
    /// Bytes copied by one call.
    pub hostcall_bytes: Option<Spanned<u64>>,
    /// Restarts.
    pub restart: Option<Spanned<RestartBudget>>,
}

/// `[wasi]`, or `wasi` of `[plugins.ID]` in `app.toml`: only what is written.
#[derive(Debug, Clone, Default)]
pub struct WasiEntries {
    /// Arguments.
    pub args: Option<Spanned<Vec<Spanned<String>>>>,
    /// Environment.
    pub env: Option<Spanned<BTreeMap<String, Spanned<String>>>>,
    /// Standard input.
    pub stdin: Option<Spanned<Stdio>>,
    /// Standard output.
    pub stdout: Option<Spanned<Stdio>>,
    /// Standard error.
    pub stderr: Option<Spanned<Stdio>>,
    /// Directories, `host` as written.
    pub dirs: Option<Spanned<Vec<Spanned<DirGrant>>>>,
    /// Network.
    pub network: Option<Spanned<Vec<Spanned<NetworkGrant>>>>,
}

/// `app.toml`.
#[derive(Debug, Clone)]
pub struct AppFile {
    /// The file it was read from.
    pub file: FileId,
    /// `app.name`.
    pub name: Option<Spanned<String>>,
    /// `app.entry`: the plugin that `run` starts.
    pub entry: Option<Spanned<PluginId>>,
    /// `app.trust`.
    pub trust: Trust,
    /// `app.compile-time`: CPU time for compiling one plugin.
    pub compile_time: Option<Spanned<Duration>>,
    /// Where `app.contained` is `true`, if it is: then nothing outside the app's folder is read.
    pub contained: Option<Span>,
    /// What mistakes leave unknown: the bindings, and what the file says of `app.contained`, where it could be hidden.
    pub unknown: Unknown,
    /// `[bind]`, in the order of the file.
    pub bind: Vec<BindEntry>,
    /// `[host]`, in the order of the file.
    pub host: Vec<HostEntry>,
    /// `[plugins.ID]`, in the order of the file.
    pub plugins: Vec<PluginOverride>,
    /// Where the word over each plugin is among `plugins`.
    by_id: HashMap<PluginId, usize>,
}

impl AppFile {
    /// The app's word over a plugin.
    pub fn plugin(&self, id: &PluginId) -> Option<&PluginOverride> {
        self.plugins.get(*self.by_id.get(id)?)
    }
}

/// Whose word counts for what a plugin may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// A plugin gets what its manifest grants.
    #[default]
    Manifest,
    /// A plugin gets only what `[plugins.ID]` repeats.
    App,
}

/// The providers of one import of one consumer.
#[derive(Debug, Clone)]
pub struct BindEntry {
    /// The consumer.
    pub consumer: Spanned<PluginId>,
    /// The import's own name.
    pub import: Spanned<ExternName>,
    /// The providers, in order; the outer span is that of the whole list. Empty where `host` is set.
    pub providers: Spanned<Vec<Spanned<PluginId>>>,
    /// Where the list is `["host"]`: the embedding application serves the import, and no plugin does.
    pub host: Option<Span>,
}

/// An interface that the shell will offer.
#[derive(Debug, Clone)]
pub struct HostEntry {
    /// The interface.
    pub name: Spanned<ExternName>,
    /// WIT that declares it: folder or file, relative to the app's folder, as written.
    pub wit: Spanned<String>,
}

/// The app's word over one plugin's manifest.
#[derive(Debug, Clone)]
pub struct PluginOverride {
    /// The plugin.
    pub id: Spanned<PluginId>,
    /// Whether it takes part.
    pub enabled: Option<Spanned<bool>>,
    /// Narrower limits.
    pub limits: LimitEntries,
    /// Narrower grants.
    pub wasi: WasiEntries,
    /// Configuration to add or override.
    pub config: BTreeMap<String, Spanned<String>>,
    /// Other priorities, by export.
    pub priority: Vec<(Spanned<ExternName>, Spanned<i64>)>,
}

/// The Rust examples of the reference compile, and hold.
#[cfg(doctest)]
#[doc = include_str!("../../docs/manifest.md")]
struct Reference;
