use std::fmt::Write as _;

use super::{node, plugin_label, ports};
use crate::plan::{Plan, PluginIndex};

impl Plan {
    /// The wiring as a Mermaid flowchart: arrows lead from consumers to providers, dashed where
    /// the import is late. Ends with a line break.
    pub fn to_mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        for (index, plugin) in self.plugins.iter().enumerate() {
            let label = escaped(&plugin_label(plugin));
            let (open, close) = if self.is_entry(index) { ("([", "])") } else { ("[", "]") };
            let _ = writeln!(out, "    p{index}{open}\"{label}\"{close}");
        }
        if self.has_host() {
            out.push_str("    host{{\"host\"}}\n");
        }
        for (index, plugin) in self.plugins.iter().enumerate() {
            let from = node(super::Target::Plugin(PluginIndex(index)));
            for port in ports(plugin) {
                let line = if port.late { "-.->" } else { "-->" };
                for target in &port.targets {
                    let _ = writeln!(out, "    {from} {line}|\"{}\"| {}", escaped(&port.label), node(*target));
                }
            }
        }
        out
    }
}

/// Mermaid knows no escapes but its own entity codes.
fn escaped(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;")
}
