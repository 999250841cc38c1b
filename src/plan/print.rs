//! The plan as text for people and as JSON for machines.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Binding, ImportSource, Plan, PlannedExport, PlannedFunction, PlannedImport, PlannedPlugin, Provider};
use crate::foreign::page;
use crate::model::{Budget, RestartBudget};
use crate::words::{counted, shown};

/// Version of the JSON form: raised whenever a field changes its meaning or goes away.
const JSON_VERSION: u32 = 1;

impl Plan {
    /// The plan as text: plugins in the order of their start, and for each import who serves it
    /// and how the answers become one value. Ends with a line break.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_text(&mut text);
        page(&text).into_owned()
    }

    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        let name = shown(self.name.as_deref().unwrap_or("app"));
        let entry = self.entry.as_ref().map(|entry| format!(", entry {}", self.plugin(entry.plugin).id));
        let (plugins, links) = (self.plugins.len(), self.links());
        let (plugins, links) = (counted(plugins, "plugin"), counted(links, "link"));
        writeln!(out, "{name}: {plugins}, {links}{}", entry.unwrap_or_default())?;
        for (index, plugin) in self.plugins.iter().enumerate() {
            self.write_plugin(out, index + 1, plugin)?;
        }
        Ok(())
    }

    fn write_plugin(&self, out: &mut String, number: usize, plugin: &PlannedPlugin) -> std::fmt::Result {
        let version = plugin.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        writeln!(out, "\n{number}. {}{version} ({})", plugin.id, shown(&plugin.component))?;
        if let Some(description) = &plugin.description {
            writeln!(out, "   {}", shown(description))?;
        }
        for export in &plugin.exports {
            let priority = if export.priority == 0 { String::new() } else { format!(", priority {}", export.priority) };
            writeln!(out, "   exports {}{priority}", export.name)?;
        }
        for import in &plugin.imports {
            self.write_import(out, import)?;
        }
        Ok(())
    }

    fn write_import(&self, out: &mut String, import: &PlannedImport) -> std::fmt::Result {
        let binding = match &import.source {
            ImportSource::Runtime => return writeln!(out, "   imports {} from the runtime", import.name),
            ImportSource::Host(_) => return writeln!(out, "   imports {} from the host", import.name),
            ImportSource::TypesOnly => return writeln!(out, "   imports {} for its types", import.name),
            ImportSource::Plugins(binding) => binding,
        };
        let late = if binding.late { ", late" } else { "" };
        writeln!(
            out,
            "   imports {} ({}{late}) from {}",
            import.name,
            binding.cardinality,
            self.provider_list(binding)
        )?;
        for function in &binding.functions {
            let formula = function.reply.formula(self.answers_nothing(binding, function));
            writeln!(out, "     {}: {formula}", function.name)?;
        }
        Ok(())
    }

    /// Whether the providers' own result is nothing.
    fn answers_nothing(&self, binding: &Binding, function: &PlannedFunction) -> bool {
        binding.providers.first().is_some_and(|provider| {
            let export = self.plugin(provider.plugin).exports.iter().find(|export| export.name == provider.export);
            let mut functions = export.iter().flat_map(|export| &export.functions);
            functions.any(|(name, ty)| *name == function.name && ty.result.is_none())
        })
    }

    fn provider_list(&self, binding: &Binding) -> String {
        let ids: Vec<&str> =
            binding.providers.iter().map(|provider| self.plugin(provider.plugin).id.as_str()).collect();
        if ids.is_empty() { "nobody".to_owned() } else { ids.join(", ") }
    }

    /// The plan as JSON. `"format"` is the version of this form.
    pub fn to_json(&self) -> Value {
        json!({
            "format": JSON_VERSION,
            "name": self.name,
            "entry": self.entry.as_ref().map(|entry| json!({
                "plugin": self.plugin(entry.plugin).id,
                "export": entry.export,
            })),
            "compile-time": self.compile_time.map(|time| time.as_secs_f64()),
            "links": self.links(),
            "plugins": self.plugins.iter().map(|plugin| self.plugin_to_json(plugin)).collect::<Vec<_>>(),
        })
    }

    fn plugin_to_json(&self, plugin: &PlannedPlugin) -> Value {
        json!({
            "id": plugin.id,
            "version": plugin.version.as_ref().map(ToString::to_string),
            "description": plugin.description,
            "component": plugin.component,
            "limits": limits_to_json(plugin),
            "wasi": plugin.wasi,
            "config": plugin.config,
            "exports": plugin.exports.iter().map(export_to_json).collect::<Vec<_>>(),
            "imports": plugin.imports.iter().map(|import| self.import_to_json(import)).collect::<Vec<_>>(),
        })
    }

    fn import_to_json(&self, import: &PlannedImport) -> Value {
        let binding = match &import.source {
            ImportSource::Runtime => return json!({ "name": import.name, "from": "runtime" }),
            ImportSource::Host(_) => return json!({ "name": import.name, "from": "host" }),
            ImportSource::TypesOnly => return json!({ "name": import.name, "from": "types-only" }),
            ImportSource::Plugins(binding) => binding,
        };
        let listed = |providers: &[Provider]| -> Vec<Value> {
            let provider =
                |provider: &Provider| json!({ "plugin": self.plugin(provider.plugin).id, "export": provider.export });
            providers.iter().map(provider).collect()
        };
        let functions = binding.functions.iter().map(|function| {
            json!({
                "name": function.name,
                "type": function.ty.to_string(),
                "reply": function.reply.formula(self.answers_nothing(binding, function)),
            })
        });
        json!({
            "name": import.name,
            "from": "plugins",
            "cardinality": binding.cardinality,
            "on-failure": binding.on_failure,
            "late": binding.late,
            "providers": listed(&binding.providers),
            "owners": listed(&binding.owners),
            "functions": functions.collect::<Vec<_>>(),
        })
    }
}

fn limits_to_json(plugin: &PlannedPlugin) -> Value {
    let limits = &plugin.limits;
    let timeout = match limits.timeout {
        None => json!("default"),
        Some(Budget::Unlimited) => json!("never"),
        Some(Budget::AtMost(duration)) => json!(duration.as_secs_f64()),
    };
    json!({
        "memory": limits.memory,
        "timeout": timeout,
        "fuel": limits.fuel.amount(),
        "call-depth": limits.call_depth,
        "handles": limits.handles,
        "tables": limits.tables,
        "instances": limits.instances,
        "open-files": limits.open_files,
        "hostcall-bytes": limits.hostcall_bytes,
        "restart": match limits.restart {
            RestartBudget::Never => json!("never"),
            RestartBudget::AtMost { max, within } => json!({ "max": max, "within": within.as_secs_f64() }),
        },
    })
}

fn export_to_json(export: &PlannedExport) -> Value {
    let functions = export.functions.iter().map(|(name, ty)| json!({ "name": name, "type": ty.to_string() }));
    json!({ "name": export.name, "priority": export.priority, "functions": functions.collect::<Vec<_>>() })
}
