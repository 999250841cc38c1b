//! The plan: the resolver's answer as plain data.
//!
//! It says which plugins take part and in which order they start, which providers each import has,
//! and how the answers of the providers become the one value that the consumer's signature asks
//! for. `link` obeys it; it can be printed, serialised and compared.

mod picture;
mod print;
mod reply;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{Cardinality, EngineNeeds, ExternName, FuncType, Limits, OnFailure, PluginId, Resource, WasiGrants};

pub use reply::{Answer, ErrorForm, Fallible, Reply};

/// A whole app, resolved.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The app's name, where `app.toml` gives one.
    pub name: Option<String>,
    /// The plugin that `run` starts, where there is one.
    pub entry: Option<Entry>,
    /// The CPU time for compiling one plugin, where `app.toml` says.
    pub compile_time: Option<Duration>,
    /// The enabled plugins in the order in which they start: providers before their consumers.
    pub plugins: Vec<PlannedPlugin>,
}

/// What `run` starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The plugin, as an index into [`Plan::plugins`].
    pub plugin: PluginIndex,
    /// The name under which it exports `wasi:cli/run`.
    pub export: ExternName,
}

/// A plugin of a plan: an index into [`Plan::plugins`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginIndex(pub usize);

/// One enabled plugin.
#[derive(Debug, Clone)]
pub struct PlannedPlugin {
    /// Its id.
    pub id: PluginId,
    /// Its version, where the manifest gives one.
    pub version: Option<semver::Version>,
    /// What it is for, where the manifest says.
    pub description: Option<String>,
    /// Path of its binary, relative to the app's folder.
    pub component: String,
    /// What it takes to compile its binary, in units of roughly one operator.
    pub weight: u64,
    /// What its binary needs of the engine that runs it.
    pub needs: EngineNeeds,
    /// What it may use.
    pub limits: Limits,
    /// What it is granted of WASI.
    pub wasi: WasiGrants,
    /// What `wasi:config/store` tells it.
    pub config: BTreeMap<String, String>,
    /// The exports that it offers, in the order of the binary.
    pub exports: Vec<PlannedExport>,
    /// The imports that need linking, in the order of the binary.
    pub imports: Vec<PlannedImport>,
}

/// An export that a plugin offers.
#[derive(Debug, Clone)]
pub struct PlannedExport {
    /// Its name in the binary.
    pub name: ExternName,
    /// Whether it is a function of the world itself rather than an interface.
    pub bare: bool,
    /// Its place among other providers of the same interface; higher comes first.
    pub priority: i64,
    /// Its functions with their types.
    pub functions: Vec<(String, FuncType)>,
}

/// An import of a plugin.
#[derive(Debug, Clone)]
pub struct PlannedImport {
    /// Its name in the binary.
    pub name: ExternName,
    /// Whether it is a function or type of the world itself rather than an interface.
    pub at_root: bool,
    /// Who serves it.
    pub source: ImportSource,
    /// The resource types that it names and that linking defines.
    pub resources: Vec<PlannedResource>,
}

/// A resource type that an import names and that linking defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedResource {
    /// The name that it has in the import.
    pub name: String,
    /// The type, as the plugin knows it.
    pub resource: Resource,
    /// The number of the type in its plugin: equal numbers are one type.
    pub number: u32,
    /// Whether the interface that providers export defines it, so that a handle of it decides where a
    /// call goes.
    pub decides: bool,
}

/// Who serves an import.
#[derive(Debug, Clone)]
pub enum ImportSource {
    /// The runtime itself: `wasi:*`.
    Runtime,
    /// The embedding application, by its interface of this name.
    Host(ExternName),
    /// Nobody: it has no functions, only types.
    TypesOnly,
    /// Plugins.
    Plugins(Binding),
}

/// How plugins serve an import.
#[derive(Debug, Clone)]
pub struct Binding {
    /// How many providers there may be.
    pub cardinality: Cardinality,
    /// What happens when a provider fails and the reply has no place for it.
    pub on_failure: OnFailure,
    /// Whether the import does not order the start.
    pub late: bool,
    /// The providers, in provider order.
    pub providers: Vec<Provider>,
    /// Every other plugin that exports the interface, bound or not, in provider order, where some
    /// function goes to the owner of a handle: see [`Reply::ByOwner`].
    pub owners: Vec<Provider>,
    /// The functions that the consumer imports.
    pub functions: Vec<PlannedFunction>,
}

/// A provider of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The plugin.
    pub plugin: PluginIndex,
    /// The name of its export that serves the import.
    pub export: ExternName,
}

/// A function of an import.
#[derive(Debug, Clone)]
pub struct PlannedFunction {
    /// Its name in the binary.
    pub name: String,
    /// Its type as the consumer declares it.
    pub ty: FuncType,
    /// How the answers become one value.
    pub reply: Reply,
}

impl Plan {
    /// A plugin of this plan.
    ///
    /// # Panics
    /// When the index belongs to another, larger plan.
    pub fn plugin(&self, index: PluginIndex) -> &PlannedPlugin {
        &self.plugins[index.0]
    }

    /// The index of the plugin with this id.
    pub fn index_of(&self, id: &str) -> Option<PluginIndex> {
        self.plugins.iter().position(|plugin| plugin.id.as_str() == id).map(PluginIndex)
    }

    /// The number of links: pairs of an import and one bound provider plugin.
    pub fn links(&self) -> usize {
        self.plugins.iter().flat_map(|plugin| &plugin.imports).map(PlannedImport::providers).map(<[_]>::len).sum()
    }

    /// The plugins that offer an export that `wanted` accepts, in provider order: priority from
    /// high to low, then id.
    pub fn exporters(&self, wanted: impl Fn(&PlannedExport) -> bool) -> Vec<(PluginIndex, &PlannedExport)> {
        let mut found: Vec<(PluginIndex, &PlannedExport)> = self
            .plugins
            .iter()
            .enumerate()
            .flat_map(|(index, plugin)| plugin.exports.iter().map(move |export| (PluginIndex(index), export)))
            .filter(|(_, export)| wanted(export))
            .collect();
        found.sort_by(|(a, x), (b, y)| {
            (std::cmp::Reverse(x.priority), &self.plugin(*a).id)
                .cmp(&(std::cmp::Reverse(y.priority), &self.plugin(*b).id))
        });
        found
    }
}

impl PlannedImport {
    /// The providers, none unless plugins serve the import.
    pub fn providers(&self) -> &[Provider] {
        match &self.source {
            ImportSource::Plugins(binding) => &binding.providers,
            ImportSource::Runtime | ImportSource::Host(_) | ImportSource::TypesOnly => &[],
        }
    }
}
