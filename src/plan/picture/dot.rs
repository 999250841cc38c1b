use std::fmt::Write as _;

use super::{node, plugin_label, ports};
use crate::plan::{Plan, PluginIndex};

impl Plan {
    /// The wiring in the language of Graphviz. Ends with a line break.
    pub fn to_dot(&self) -> String {
        let mut out = String::from("digraph app {\n    rankdir=LR;\n    node [shape=box];\n");
        for (index, plugin) in self.plugins.iter().enumerate() {
            let shape = if self.is_entry(index) { ", peripheries=2" } else { "" };
            let _ = writeln!(out, "    p{index} [label={}{shape}];", quoted(&plugin_label(plugin)));
        }
        if self.has_host() {
            out.push_str("    host [label=\"host\", shape=hexagon];\n");
        }
        for (index, plugin) in self.plugins.iter().enumerate() {
            let from = node(super::Target::Plugin(PluginIndex(index)));
            for port in ports(plugin) {
                let style = if port.late { ", style=dashed" } else { "" };
                for target in &port.targets {
                    let _ = writeln!(out, "    {from} -> {} [label={}{style}];", node(*target), quoted(&port.label));
                }
            }
        }
        out.push_str("}\n");
        out
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
