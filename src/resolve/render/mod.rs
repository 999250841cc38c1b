//! The texts of problems: what is said of each, where, and what to do about it.

mod app_file;
mod functions;
mod listing;
mod parts;
mod providers;
mod runtime;
mod signature;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::PluginId;
use crate::words::list;

use super::input::Plugin;
use super::listed::ImportOf;
use super::problem::Problem;

/// A problem as it is told.
pub fn diagnostic(problem: &Problem<'_>) -> Diagnostic {
    match problem {
        Problem::SameId(plugins) => same_id(plugins),
        Problem::Listing(problem) => listing::diagnostic(problem),
        Problem::Runtime(problem) => runtime::diagnostic(problem),
        Problem::AppFile(problem) => app_file::diagnostic(problem),
        Problem::Provider(problem) => providers::diagnostic(problem),
        Problem::Function(problem) => functions::diagnostic(problem),
        Problem::Cycle { plugins, steps } => cycle(plugins, steps),
    }
}

fn same_id(plugins: &[&Plugin]) -> Diagnostic {
    let number = if plugins.len() == 2 { "two" } else { "several" };
    let id = plugins.first().map(|plugin| plugin.id().as_str()).unwrap_or_default();
    // The second one is where the mistake is.
    let (first, second) = (plugins.iter().take(1), plugins.iter().skip(1).take(1));
    let labels = second.map(|plugin| (plugin, "taken already")).chain(first.map(|plugin| (plugin, "first here")));
    let labels = labels.chain(plugins.iter().skip(2).map(|plugin| (plugin, "and here")));
    let diagnostic = Diagnostic::error(Code::Pw002, format!("{number} plugins have the id `{id}`"));
    let diagnostic = labels.fold(diagnostic, |diagnostic, (plugin, text)| {
        let manifest = &plugin.manifest;
        let by_name = manifest.id.span == manifest.header;
        let text = if by_name { format!("{text}: the file's name is the id") } else { text.to_owned() };
        diagnostic.label(manifest.file, manifest.id.span.clone(), text)
    });
    diagnostic.help("give one of them another `id` in its `[plugin]` table")
}

fn cycle(plugins: &[&PluginId], steps: &[(ImportOf<'_>, &PluginId)]) -> Diagnostic {
    let message = format!("the plugins {} need each other to start", list(plugins));
    let mut diagnostic = Diagnostic::error(Code::Pw301, message);
    for (of, provider) in steps {
        let text = format!("`{}` needs `{provider}`", of.plugin.id());
        diagnostic = diagnostic.label(of.plugin.manifest.file, of.import.span(), text);
    }
    let path: Vec<String> =
        steps.iter().map(|(of, _)| format!("`{}` -> ({}) -> ", of.plugin.id(), of.import.import.name)).collect();
    let first = plugins.first().map(|id| format!("`{id}`")).unwrap_or_default();
    diagnostic
        .note(format!("the whole path: {}{first}", path.concat()))
        .help("add `late = true` to an import on the path that is not called while its plugin starts")
}
