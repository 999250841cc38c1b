use crate::diagnostic::{Code, Diagnostic};
use crate::words::{list, shown};
use crate::world::Extern;

use super::super::input::Plugin;
use super::super::problem::RuntimeProblem;
use super::signature;

pub(super) fn diagnostic(problem: &RuntimeProblem<'_>) -> Diagnostic {
    match problem {
        RuntimeProblem::LacksFunctions { plugin, import, missing, near } => {
            let missing = list(missing.iter().map(|function| shown(&function.name)));
            lacking(plugin, import, &missing, near)
        }
        RuntimeProblem::LacksResource { plugin, import, resource, near } => {
            lacking(plugin, import, &format!("the resource `{}`", shown(resource)), near)
        }
        RuntimeProblem::Differs { plugin, import, function, mismatch } => {
            let (id, name) = (plugin.id(), &function.name);
            let message =
                format!("`{}` of `{}` at the runtime does not fit what `{id}` imports", shown(name), import.name);
            here(plugin, import, Code::Pw203, message)
                .note(signature::marked(&format!("`{id}` declares"), name, &mismatch.declared))
                .note(signature::marked("the runtime provides", name, &mismatch.provided))
                .note(signature::first_difference(&mismatch.difference))
                .help(remedy(import))
        }
        RuntimeProblem::OtherResource { plugin, import, name, resource } => {
            let (id, name) = (plugin.id(), shown(name));
            let message = format!(
                "the resource `{name}` of `{}` at the runtime is another one than `{id}` imports there",
                import.name
            );
            let of = match &resource.interface {
                Some(interface) => format!("`{interface}`"),
                None => "the world itself".to_owned(),
            };
            here(plugin, import, Code::Pw203, message)
                .note(format!("`{id}` declares that `{name}` is the resource `{}` of {of}", shown(&resource.name)))
                .note(format!("the runtime provides `{name}` as a resource of its own"))
                .help(remedy(import))
        }
    }
}

fn lacking(plugin: &Plugin, import: &Extern, what: &str, near: &[String]) -> Diagnostic {
    let (id, name) = (plugin.id(), &import.name);
    let message = format!("the binary of `{id}` imports {what} from `{name}`, which the runtime does not offer there");
    let diagnostic = here(plugin, import, Code::Pw101, message);
    let diagnostic =
        if near.is_empty() { diagnostic } else { diagnostic.note(format!("the runtime offers {}", list(near))) };
    diagnostic.help(remedy(import))
}

/// What to do about an import that the runtime does not serve. Without functions no plugin can serve it either.
fn remedy(import: &Extern) -> String {
    let rebuild = "build the plugin against WASI 0.2 as the runtime offers it";
    if import.functions.is_empty() {
        return rebuild.to_owned();
    }
    format!(
        "{rebuild}, or list `\"{}\" = \"exactly-one\"` in `[imports]` and add a plugin that exports it",
        import.name
    )
}

/// A problem of an import that the manifest leaves to the runtime.
fn here(plugin: &Plugin, import: &Extern, code: Code, message: String) -> Diagnostic {
    let manifest = &plugin.manifest;
    let place = manifest.imports_header.clone().unwrap_or_else(|| manifest.header.clone());
    Diagnostic::error(code, message).label(
        manifest.file,
        place,
        format!("here `{}` is left to the runtime", import.name),
    )
}
