//! The wiring of an app as a picture: Graphviz `dot`, Mermaid, or SVG.

mod dot;
mod layout;
mod mermaid;
mod svg;

use super::{Binding, ImportSource, Plan, PlannedImport, PlannedPlugin, PluginIndex};
use crate::model::Cardinality;
use crate::words::shown;

/// An import as a picture shows it: arrows lead from it to those who serve it.
struct Port {
    /// The short name of the interface, and the cardinality unless that is the plain one.
    label: String,
    /// Who serves it, in provider order.
    targets: Vec<Target>,
    /// Whether the import is late: its arrows are dashed.
    late: bool,
}

/// Who serves an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Plugin(PluginIndex),
    Host,
}

impl Plan {
    fn is_entry(&self, index: usize) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.plugin.0 == index)
    }

    /// Whether the host serves some import.
    fn has_host(&self) -> bool {
        let mut imports = self.plugins.iter().flat_map(|plugin| &plugin.imports);
        imports.any(|import| matches!(import.source, ImportSource::Host(_)))
    }
}

/// The imports of a plugin that others serve, in the order of the binary.
fn ports(plugin: &PlannedPlugin) -> impl Iterator<Item = Port> {
    plugin.imports.iter().filter_map(|import| match &import.source {
        ImportSource::Runtime | ImportSource::TypesOnly => None,
        ImportSource::Host(_) => Some(Port { label: short(import), targets: vec![Target::Host], late: false }),
        ImportSource::Plugins(binding) => Some(Port {
            label: import_label(import, binding),
            targets: binding.providers.iter().map(|provider| Target::Plugin(provider.plugin)).collect(),
            late: binding.late,
        }),
    })
}

/// What Mermaid and Graphviz call a plugin or the host.
fn node(target: Target) -> String {
    match target {
        Target::Plugin(index) => format!("p{}", index.0),
        Target::Host => "host".to_owned(),
    }
}

fn plugin_label(plugin: &PlannedPlugin) -> String {
    let id = shown(plugin.id.as_str());
    match &plugin.version {
        Some(version) => format!("{id} {}", shown(&version.to_string())),
        None => id,
    }
}

/// The short name of an interface.
fn short(import: &PlannedImport) -> String {
    shown(import.name.short())
}

fn import_label(import: &PlannedImport, binding: &Binding) -> String {
    match binding.cardinality {
        Cardinality::ExactlyOne => short(import),
        other => format!("{} ({other})", short(import)),
    }
}
