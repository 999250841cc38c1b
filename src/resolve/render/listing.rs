use crate::diagnostic::{Code, Diagnostic};
use crate::model::ExternName;
use crate::words::list;
use crate::world::Extern;

use super::super::input::Plugin;
use super::super::problem::{AtRuntime, ListingProblem, Meant, Side};

impl Side {
    /// The verb for what a binary does, and the noun for what it has.
    fn word(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Export => "export",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Import => Self::Export,
            Self::Export => Self::Import,
        }
    }

    fn code(self) -> Code {
        match self {
            Self::Import => Code::Pw102,
            Self::Export => Code::Pw103,
        }
    }
}

pub(super) fn diagnostic(problem: &ListingProblem<'_>) -> Diagnostic {
    match problem {
        ListingProblem::Twice { plugin, side, name, first } => {
            let message = format!("`{}` names an {} that is listed already", name.value, side.word());
            Diagnostic::error(side.code(), message)
                .label(plugin.manifest.file, name.span.clone(), "listed a second time")
                .label(plugin.manifest.file, (*first).clone(), "first here")
                .help("remove one of the two lines")
        }
        ListingProblem::Absent { plugin, side, name, there, meant } => {
            let (what, id) = (side.word(), plugin.id());
            let message = format!("the binary of `{id}` does not {what} `{}`", name.value);
            Diagnostic::error(side.code(), message)
                .label(plugin.manifest.file, name.span.clone(), format!("no such {what} in `{}`", plugin.component))
                .note(format!("it {what}s {there}"))
                .help(absent_help(*side, meant))
        }
        ListingProblem::Ambiguous { plugin, side, name, versions } => {
            let what = side.word();
            let message = format!("the binary of `{}` {what}s several versions of `{}`", plugin.id(), name.value);
            Diagnostic::error(side.code(), message)
                .label(plugin.manifest.file, name.span.clone(), "which version?")
                .note(format!("it {what}s {versions}"))
                .help("write the version behind an `@`, one line for each version")
        }
        ListingProblem::Unlisted { plugin, import } => {
            let (id, name) = (plugin.id(), &import.name);
            let message = format!("the binary of `{id}` imports `{name}`, which its manifest does not list");
            not_listed(plugin, import, message)
                .help(format!("add `\"{name}\" = \"exactly-one\"` to `[imports]`, or another cardinality"))
        }
        ListingProblem::NotOffered { plugin, import, there } => {
            let (id, name) = (plugin.id(), &import.name);
            let message = format!("the binary of `{id}` imports `{name}`, which the runtime does not offer");
            let diagnostic = not_listed(plugin, import, message);
            let diagnostic = match there {
                AtRuntime::Near(near) => diagnostic.note(format!("the runtime offers {}", list(near))),
                AtRuntime::NothingOf(package) => diagnostic.note(format!("the runtime offers nothing of `{package}`")),
                AtRuntime::Others => diagnostic,
            };
            diagnostic.help(format!(
                "build the plugin against an interface that the runtime offers, or list `\"{name}\" = \"exactly-one\"` in `[imports]` and add a plugin that exports it"
            ))
        }
        ListingProblem::OfRuntime { plugin, import, entry, resource, interface } => {
            Diagnostic::error(Code::Pw205, names_resource(plugin, import, &resource.name, interface))
                .label(
                    plugin.manifest.file,
                    entry.name.span.clone(),
                    "a resource of the runtime cannot pass between plugins",
                )
                .help("pass plain data instead, such as the bytes that were read from a stream")
        }
        ListingProblem::SharedWithRuntime { plugin, import, resource, interface, entry } => {
            Diagnostic::error(Code::Pw205, names_resource(plugin, import, resource, interface))
                .label(plugin.manifest.file, entry.name.span.clone(), "listed, so that the runtime does not serve it")
                .note(format!("the runtime serves `{}`, with resources of its own", import.name))
                .help("leave both to the runtime, or list both and add plugins that export them")
        }
    }
}

fn absent_help(side: Side, meant: &Meant<'_>) -> String {
    match meant {
        Meant::OtherSide => {
            let other = side.other().word();
            format!("the binary {other}s it: move the line to `[{other}s]`")
        }
        Meant::Near(other) => format!("did you mean `{other}`?"),
        Meant::Unknown => {
            format!("remove the line, or build the plugin so that it {}s the interface", side.word())
        }
    }
}

/// PW101, without its help.
fn not_listed(plugin: &Plugin, import: &Extern, message: String) -> Diagnostic {
    let manifest = &plugin.manifest;
    let label = match &manifest.imports_header {
        Some(_) => format!("`{}` is not listed here", import.name),
        None => "there is no `[imports]` table".to_owned(),
    };
    let place = manifest.imports_header.clone().unwrap_or_else(|| manifest.header.clone());
    let functions = list(import.functions.iter().map(|function| &function.name));
    Diagnostic::error(Code::Pw101, message)
        .label(manifest.file, place, label)
        .note(format!("it imports {functions} from there"))
}

fn names_resource(plugin: &Plugin, import: &Extern, resource: &str, interface: &ExternName) -> String {
    let id = plugin.id();
    format!("the import `{}` of `{id}` names the resource `{resource}` of `{interface}`", import.name)
}
