//! What a plugin may do in the end: its manifest, and the app's word over it.

mod cover;
mod limits;
mod wasi;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{AppFile, Manifest, PluginOverride, Trust};
use crate::diagnostic::{Code, Diagnostic, FileId, Sources, Span, Spanned};
use crate::model::{ExternName, Limits, WasiGrants};
use crate::words::{Effort, list};

/// What holds for a plugin once its manifest and `app.toml` have spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether it takes part.
    pub enabled: bool,
    /// What it may use.
    pub limits: Limits,
    /// What it is granted; the `host` of a directory is relative to the app's folder, or absolute.
    pub wasi: WasiGrants,
    /// What `wasi:config/store` tells it.
    pub config: BTreeMap<String, String>,
    /// The priority of each export that the manifest lists, under the manifest's name for it.
    pub priorities: BTreeMap<ExternName, i64>,
}

/// Combines a manifest with `[plugins.ID]` and `trust` of `app.toml`.
///
/// `enabled` and priorities are the app's where it says so; its `config` is added and overrides.
/// Limits and grants it may only narrow: for each key that it writes, the value, or each entry of
/// the list, must be covered by the manifest's, and then stands in its place. An environment
/// variable is covered by the same name with the same value. With `trust = "app"`, grants that it
/// does not repeat are withheld. What is not covered is PW401 and does not get into the result.
///
/// Whether the ids in `app.toml` are those of plugins is not checked here.
pub fn settle(manifest: &Manifest, sources: &Sources, app: Option<&AppFile>) -> (Settings, Vec<Diagnostic>) {
    let word = app.and_then(|app| {
        let plugin = app.plugin(&manifest.id.value)?;
        Some(Word { file: app.file, plugin })
    });
    let mut settling = Settling { manifest, word, diagnostics: Vec::new() };
    let trust = app.map(|app| app.trust).unwrap_or_default();
    let settings = Settings {
        enabled: word.and_then(|word| word.plugin.enabled.as_ref()).map_or(manifest.enabled, |enabled| enabled.value),
        limits: limits::limits(&mut settling),
        wasi: wasi::wasi(&mut settling, sources, trust),
        config: config(manifest, word),
        priorities: settling.priorities(),
    };
    (settings, settling.diagnostics)
}

/// `[plugins.ID]` and the file in which it stands.
#[derive(Clone, Copy)]
struct Word<'a> {
    file: FileId,
    plugin: &'a PluginOverride,
}

struct Settling<'a> {
    manifest: &'a Manifest,
    word: Option<Word<'a>>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Settling<'a> {
    /// Starts a diagnostic about `plugins.ID.{key}` in `app.toml`.
    fn problem(&self, file: FileId, key: &str, what: &str, span: &Span, label: String) -> Diagnostic {
        let message = format!("`plugins.{}.{key}` {what}", self.manifest.id.value);
        Diagnostic::error(Code::Pw401, message).label(file, span.clone(), label)
    }

    fn priorities(&mut self) -> BTreeMap<ExternName, i64> {
        let exports = &self.manifest.exports;
        let mut priorities: BTreeMap<ExternName, i64> =
            exports.iter().map(|export| (export.name.value.clone(), export.priority)).collect();
        let Some(Word { file, plugin }) = self.word else {
            return priorities;
        };
        let names = ExportNames::new(self.manifest);
        let mut said: BTreeMap<&ExternName, Span> = BTreeMap::new();
        for (name, priority) in &plugin.priority {
            match self.listed_export(&names, file, name) {
                Ok(export) => match said.insert(export, name.span.clone()) {
                    None => {
                        priorities.insert(export.clone(), priority.value);
                    }
                    Some(first) => {
                        let (what, label) = ("names an export again", format!("`{export}`, again"));
                        let problem = self
                            .problem(file, "priority", what, &name.span, label)
                            .label(file, first, "named here first")
                            .help("remove one of the two");
                        self.diagnostics.push(problem);
                    }
                },
                Err(problem) => self.diagnostics.push(problem),
            }
        }
        priorities
    }

    /// The manifest's export that a key of `priority` names.
    fn listed_export(
        &self,
        names: &ExportNames<'a>,
        file: FileId,
        name: &Spanned<ExternName>,
    ) -> Result<&'a ExternName, Diagnostic> {
        let wanted = &name.value;
        let same_base = names.by_base.get(wanted.base()).map(Vec::as_slice).unwrap_or_default();
        if let Some(exact) = names.exact.get(wanted) {
            return Ok(exact);
        }
        // Either side may leave the version out.
        let fits = |export: &&&ExternName| export.version().is_none() || wanted.version().is_none();
        let mut fitting = same_base.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(export), None) => Ok(export),
            (None, _) => {
                let help = match names.effort.closest(&wanted.to_string(), names.texts.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None if names.texts.is_empty() => "remove it: the manifest lists no exports".to_owned(),
                    None => format!("write one of the exports that the manifest lists: {}", list(&names.texts)),
                };
                Err(self.name_problem(file, name, "names an export that the manifest does not list").help(help))
            }
            (Some(_), Some(_)) => {
                let help = format!("add the version: {}", list(same_base.iter().filter(fits)));
                Err(self.name_problem(file, name, "names several exports of the manifest").help(help))
            }
        }
    }

    fn name_problem(&self, file: FileId, name: &Spanned<ExternName>, what: &str) -> Diagnostic {
        let place = self.manifest.exports_header.as_ref().unwrap_or(&self.manifest.header);
        self.problem(file, "priority", what, &name.span, format!("`{}`", name.value)).label(
            self.manifest.file,
            place.clone(),
            "the exports are listed here",
        )
    }
}

/// The names of a manifest's exports, so that none is found by going through all.
struct ExportNames<'a> {
    exact: HashSet<&'a ExternName>,
    by_base: HashMap<&'a str, Vec<&'a ExternName>>,
    texts: Vec<String>,
    effort: Effort,
}

impl<'a> ExportNames<'a> {
    fn new(manifest: &'a Manifest) -> Self {
        let names = || manifest.exports.iter().map(|export| &export.name.value);
        let mut by_base: HashMap<&str, Vec<&ExternName>> = HashMap::new();
        for name in names() {
            by_base.entry(name.base()).or_default().push(name);
        }
        Self {
            exact: names().collect(),
            by_base,
            texts: names().map(ToString::to_string).collect(),
            effort: Effort::share(),
        }
    }
}

fn config(manifest: &Manifest, word: Option<Word<'_>>) -> BTreeMap<String, String> {
    let added = word.into_iter().flat_map(|word| &word.plugin.config);
    manifest.config.iter().chain(added).map(|(key, value)| (key.clone(), value.value.clone())).collect()
}

#[cfg(test)]
mod tests;
