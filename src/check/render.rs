//! The texts of what is wrong with the files of an app.

use crate::diagnostic::{Code, Diagnostic, FileId};
use crate::files::{ManifestSize, ReadError};
use crate::manifest::HostEntry;
use crate::manifest::path::join;
use crate::words::{list, shown, told};

use super::problem::{HostProblem, Problem};
use super::{APP_FILE, refused};

/// What to do about a manifest that is no text.
const NO_TEXT: &str = "make the file readable, as TOML in UTF-8, or move it out of the app's folder";

/// Most files that are named.
const NAMED: usize = 5;

/// A problem as it is told.
pub(super) fn diagnostic(problem: &Problem<'_>) -> Diagnostic {
    match problem {
        Problem::Unreadable { file, path, reason } => {
            let help = match reason {
                ReadError::Outside => "put the manifest itself into the app's folder, in place of a link",
                ReadError::TooLarge { .. } | ReadError::Other(_) => NO_TEXT,
            };
            unreadable(*file, path, &reason.to_string()).help(help)
        }
        Problem::TooMuch { file, path, others } => unreadable(*file, path, &ManifestSize::told(*others))
            .help("remove some of what the manifests say, or divide the app"),
        Problem::NotUtf8 { file, path, at } => {
            Diagnostic::error(Code::Pw001, format!("`{}` is not UTF-8", shown(path)))
                .label(*file, *at..at + 1, "cannot be read")
                .help(NO_TEXT)
        }
        Problem::NoApp { file, paths } => no_app(*file, paths),
        Problem::FurtherAppFile { file, path } => {
            Diagnostic::error(Code::Pw401, format!("`{}` is in a further folder of the app", shown(path)))
                .label(*file, 0..0, "not read")
                .help("write what it says into the `app.toml` of the app's own folder, and remove it here")
        }
        Problem::ContainedOutside { file, place } => {
            let message = "`app.contained` cannot hold: `app.toml` itself lies outside the app's folder";
            Diagnostic::error(Code::Pw401, message)
                .label(*file, place.clone(), "nothing outside is to be read")
                .help("put `app.toml` itself into the app's folder, in place of a link")
        }
        Problem::Binary(plugin, problem) => refused::diagnostic(plugin, problem),
        Problem::Host { file, entry, problem } => host(*file, entry, problem),
    }
}

fn unreadable(file: FileId, path: &str, reason: &str) -> Diagnostic {
    Diagnostic::error(Code::Pw001, format!("`{}` cannot be read: {}", shown(path), told(reason))).label(
        file,
        0..0,
        "cannot be read",
    )
}

fn no_app(file: FileId, paths: &[String]) -> Diagnostic {
    let message = format!("this folder is no app: of its {} TOML files none has a table `[plugin]`", paths.len());
    let named = list(paths.iter().take(NAMED));
    let more = paths.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    Diagnostic::error(Code::Pw001, message)
        .label(file, 0..0, "not the manifest of a plugin")
        .note(format!("the files are {named}{more}"))
        .help("name the folder that holds the manifests; each begins with `[plugin]`, and other TOML is kept elsewhere")
}

fn host(file: FileId, entry: &HostEntry, problem: &HostProblem) -> Diagnostic {
    let path = join(APP_FILE, &entry.wit.value);
    let (path, name) = (shown(&path), &entry.name.value);
    let refuse = |message: String| Diagnostic::error(Code::Pw401, message);
    match problem {
        HostProblem::Unreadable(reason) => {
            refuse(format!("the WIT `{path}` of the host's `{name}` cannot be read: {}", told(reason)))
                .label(file, entry.wit.span.clone(), "this file or folder")
                .help("correct the path, which is relative to the app's folder")
        }
        HostProblem::NoInterface { wanted, there } => {
            let help = match there.as_str() {
                "nothing" => "name a WIT file or folder that declares it".to_owned(),
                there => format!("name one that is there: {there}"),
            };
            refuse(format!("the WIT `{path}` has no interface `{wanted}`"))
                .label(file, entry.name.span.clone(), "not there")
                .help(help)
        }
        HostProblem::Unusable(error) => {
            refuse(format!("the WIT `{path}` of the host's `{name}` cannot be used: {error}"))
                .label(file, entry.wit.span.clone(), "this WIT")
                .help("correct the WIT")
        }
    }
}
