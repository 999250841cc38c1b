use crate::diagnostic::{Diagnostic, Sources};
use crate::files::Files;
use crate::manifest::has_plugin_table;

use super::Reading;
use super::containment::Containment;
use super::problem::Problem;

/// Finds out whether a folder is no app, from the files that are read anyway: of several none is a manifest.
pub(super) struct Search {
    /// What was read before the manifests; nothing once a manifest was seen.
    before: Option<Before>,
    /// How many files were seen.
    seen: usize,
    /// The text of the first file, and whether it may be quoted.
    first: Option<(String, bool)>,
}

/// What is left of a reading of which only `app.toml` counts.
struct Before {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
    containment: Containment,
}

impl Search {
    /// A folder with an `app.toml` that could be read is an app.
    pub(super) fn new(may_be_none: bool, reading: &Reading) -> Self {
        let before = || Before {
            sources: reading.app.sources.clone(),
            diagnostics: reading.diagnostics.clone(),
            containment: reading.containment,
        };
        Self { before: may_be_none.then(before), seen: 0, first: None }
    }

    /// What a file that cannot be read holds is unknown.
    pub(super) fn saw_unreadable(&mut self) {
        self.before = None;
    }

    /// Takes note of a file.
    pub(super) fn saw(&mut self, has_plugin_table: bool, text: String, is_inside: bool) {
        if has_plugin_table {
            self.before = None;
        } else if self.seen == 0 {
            self.first = Some((text, is_inside));
        }
        self.seen += 1;
    }

    /// PW001 where a folder is no app. That is told once, and not of each file. Files that were too much to be read with
    /// the others are read now, one at a time.
    pub(super) fn told(self, files: &dyn Files, paths: &[String]) -> Option<Reading> {
        let [first, _, ..] = paths else { return None };
        let Before { mut sources, diagnostics, containment } = self.before?;
        let (text, is_inside) = self.first?;
        let mut unseen = paths.iter().skip(self.seen);
        if !unseen.all(|path| unseen_text(files, path, containment).is_some_and(|text| !has_plugin_table(&text))) {
            return None;
        }
        let file = match is_inside {
            true => sources.add(first, text),
            false => sources.add_unquoted(first, String::new()),
        };
        let mut reading = Reading { diagnostics, containment, ..Reading::default() };
        reading.app.sources = sources;
        reading.report(&Problem::NoApp { file, paths });
        Some(reading)
    }
}

/// The text of a file that was not read yet.
fn unseen_text(files: &dyn Files, path: &str, containment: Containment) -> Option<String> {
    let (bytes, _) = containment.read_inside_first(path, |reach| files.manifest(path, reach));
    let bytes = bytes.ok()?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    str::from_utf8(text).ok().map(str::to_owned)
}
