//! The wiring of an app as a picture: Graphviz `dot`, or Mermaid.

use std::fmt::Write as _;

use super::{Binding, ImportSource, Plan, PlannedImport, PlannedPlugin};
use crate::model::Cardinality;

/// A line of the picture: a consumer, what it imports, and one who serves it.
struct Arrow<'a> {
    consumer: &'a str,
    label: String,
    provider: Option<&'a str>,
    dashed: bool,
}

impl Plan {
    /// The wiring as a Mermaid flowchart: arrows lead from consumers to providers, dashed where
    /// the import is late. Ends with a line break.
    pub fn to_mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        for (index, plugin) in self.plugins.iter().enumerate() {
            let label = mermaid_text(&plugin_label(plugin));
            let (open, close) = if self.is_entry(index) { ("([", "])") } else { ("[", "]") };
            let _ = writeln!(out, "    p{index}{open}\"{label}\"{close}");
        }
        let arrows = self.arrows();
        if arrows.iter().any(|arrow| arrow.provider.is_none()) {
            out.push_str("    host{{\"host\"}}\n");
        }
        for arrow in arrows {
            let line = if arrow.dashed { "-.->" } else { "-->" };
            let (from, to) = (self.node(Some(arrow.consumer)), self.node(arrow.provider));
            let _ = writeln!(out, "    {from} {line}|\"{}\"| {to}", mermaid_text(&arrow.label));
        }
        out
    }

    /// The wiring in the language of Graphviz. Ends with a line break.
    pub fn to_dot(&self) -> String {
        let mut out = String::from("digraph app {\n    rankdir=LR;\n    node [shape=box];\n");
        for (index, plugin) in self.plugins.iter().enumerate() {
            let shape = if self.is_entry(index) { ", peripheries=2" } else { "" };
            let _ = writeln!(out, "    p{index} [label={}{shape}];", dot_text(&plugin_label(plugin)));
        }
        let arrows = self.arrows();
        if arrows.iter().any(|arrow| arrow.provider.is_none()) {
            out.push_str("    host [label=\"host\", shape=hexagon];\n");
        }
        for arrow in arrows {
            let style = if arrow.dashed { ", style=dashed" } else { "" };
            let (from, to) = (self.node(Some(arrow.consumer)), self.node(arrow.provider));
            let _ = writeln!(out, "    {from} -> {to} [label={}{style}];", dot_text(&arrow.label));
        }
        out.push_str("}\n");
        out
    }

    fn is_entry(&self, index: usize) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.plugin.0 == index)
    }

    fn node(&self, id: Option<&str>) -> String {
        match id.and_then(|id| self.index_of(id)) {
            Some(index) => format!("p{}", index.0),
            None => "host".to_owned(),
        }
    }

    fn arrows(&self) -> Vec<Arrow<'_>> {
        let imports = self.plugins.iter().flat_map(|plugin| plugin.imports.iter().map(move |import| (plugin, import)));
        imports.flat_map(|(plugin, import)| self.arrows_of(plugin, import)).collect()
    }

    fn arrows_of<'a>(&'a self, plugin: &'a PlannedPlugin, import: &'a PlannedImport) -> Vec<Arrow<'a>> {
        let consumer = plugin.id.as_str();
        let arrow = |label, provider, dashed| Arrow { consumer, label, provider, dashed };
        match &import.source {
            ImportSource::Runtime | ImportSource::TypesOnly => Vec::new(),
            ImportSource::Host => vec![arrow(import.name.short().to_owned(), None, false)],
            ImportSource::Plugins(binding) => binding
                .providers
                .iter()
                .map(|provider| {
                    arrow(import_label(import, binding), Some(self.plugin(provider.plugin).id.as_str()), binding.late)
                })
                .collect(),
        }
    }
}

fn plugin_label(plugin: &PlannedPlugin) -> String {
    match &plugin.version {
        Some(version) => format!("{} {version}", plugin.id),
        None => plugin.id.to_string(),
    }
}

/// The short name of the interface and the cardinality, unless that is the plain one.
fn import_label(import: &PlannedImport, binding: &Binding) -> String {
    match binding.cardinality {
        Cardinality::ExactlyOne => import.name.short().to_owned(),
        other => format!("{} ({other})", import.name.short()),
    }
}

/// Mermaid knows no escapes but its own entity codes.
fn mermaid_text(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;")
}

fn dot_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
