use crate::diagnostic::{Code, Diagnostic, FileId, Spanned};

use super::super::problem::{AppFileProblem, RUN};

pub(super) fn diagnostic(problem: &AppFileProblem<'_>) -> Diagnostic {
    match problem {
        AppFileProblem::NoPlugin { file, id, there, near } => {
            let there = match there.is_empty() {
                true => "the app has no plugins".to_owned(),
                false => format!("the plugins are {there}"),
            };
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "correct the id, or remove the line".to_owned(),
            };
            at(*file, id, format!("there is no plugin `{}`", id.value), "no such plugin").note(there).help(help)
        }
        AppFileProblem::NoImport { file, entry, several, there, near } => {
            let (consumer, wanted) = (&entry.consumer.value, &entry.import.value);
            let (message, label) = match several {
                true => (format!("`{consumer}` imports several versions of `{wanted}`"), "which version?"),
                false => (format!("`{consumer}` has no import `{wanted}` to bind"), "no such import"),
            };
            let help = match near {
                Some(near) => format!("write the import's own name: `{near}`"),
                None => "write the import's own name, as the consumer's manifest lists it".to_owned(),
            };
            at(*file, &entry.import, message, label).note(format!("it imports {there}")).help(help)
        }
        AppFileProblem::BoundTwice { file, entry, first } => {
            let message = format!("`{}` of `{}` is bound twice", entry.import.value, entry.consumer.value);
            at(*file, &entry.import, message, "bound a second time")
                .label(*file, first.import.span.clone(), "first here")
                .help("remove one of the two lines")
        }
        AppFileProblem::ForItself { file, provider } => {
            let message = format!("`{}` cannot provide for itself", provider.value);
            at(*file, provider, message, "the consumer itself").help("name another plugin")
        }
        AppFileProblem::Disabled { file, provider, plugin } => {
            let (id, manifest) = (&provider.value, &plugin.manifest);
            at(*file, provider, format!("`{id}` is bound but disabled"), "disabled")
                .label(manifest.file, manifest.header.clone(), "this plugin")
                .help(format!("enable `{id}`, or bind another plugin"))
        }
        AppFileProblem::NotExported { file, provider, plugin, wanted, there, private } => {
            let (id, manifest) = (&provider.value, &plugin.manifest);
            let message = format!("`{id}` does not export `{wanted}`");
            let diagnostic = at(*file, provider, message, "does not export it").note(format!("it exports {there}"));
            let Some(private) = private else {
                return diagnostic.help("bind a plugin that exports the interface");
            };
            let header = manifest.exports_header.clone().unwrap_or_else(|| manifest.header.clone());
            let label = format!("its binary exports `{private}`, which is not listed here");
            diagnostic
                .label(manifest.file, header, label)
                .help(format!("add `\"{private}\" = {{}}` to the `[exports]` of `{id}`, or bind another plugin"))
        }
        AppFileProblem::NotByHost { file, place, wanted, there } => {
            Diagnostic::error(Code::Pw401, format!("the host does not offer `{wanted}`"))
                .label(*file, (*place).clone(), "bound to the host here")
                .note(format!("it offers {there}"))
                .help(format!("add `\"{wanted}\" = \"wit\"` to `[host]`, or bind a plugin"))
        }
        AppFileProblem::EntryDisabled { file, id } => {
            at(*file, id, format!("the entry `{}` is disabled", id.value), "disabled")
                .help(format!("enable `{}`, or name another plugin", id.value))
        }
        AppFileProblem::NothingToRun { file, id, there } => {
            at(*file, id, format!("the entry `{}` does not export `{RUN}`", id.value), "nothing to run")
                .note(format!("it exports {there}"))
                .help(format!("name a plugin whose binary exports `{RUN}`"))
        }
        AppFileProblem::CannotRun { plugin, export, place, wanted, found } => {
            let found = match found {
                Some(ty) => format!("it has `run: {ty}`"),
                None => "it has no function `run`".to_owned(),
            };
            Diagnostic::error(Code::Pw203, format!("`{export}` of `{}` cannot be run", plugin.id()))
                .label(plugin.manifest.file, (*place).clone(), format!("expected `run: {wanted}`"))
                .note(found)
                .help("build the plugin against `wasi:cli/run` as WASI defines it")
        }
    }
}

/// PW401 at a name in `app.toml`.
fn at<T>(file: FileId, name: &Spanned<T>, message: String, label: &str) -> Diagnostic {
    Diagnostic::error(Code::Pw401, message).label(file, name.span.clone(), label)
}
