//! Checking an app: reading its manifests and binaries, and resolving them. Nothing is run.

mod advice;
mod binary;
mod components;
mod containment;
mod explain;
mod host;
mod no_app;
mod problem;
mod refused;
mod render;

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, FileId, Severity, Sources, Style, render_all};
use crate::files::{Files, ManifestSize, ReadError, default_id};
use crate::manifest::path::join;
use crate::manifest::{HostEntry, Manifest, ReadManifest, Unknown, parse_app, read_manifest, settle};
use crate::model::PluginId;
use crate::plan::Plan;
use crate::resolve::{self, HostInterface, Plugin, resolve_unsorted};

use components::{Loaded, Loader, Outcome};
use containment::Containment;
use no_app::Search;
use problem::Problem;

pub use binary::{Binary, BinaryError, read_binary};
pub use explain::{CannotExplain, explain};
pub use host::{BadOffer, HostOffer};

/// The name of the file that is about the whole app.
pub(crate) const APP_FILE: &str = "app.toml";

/// What checking an app gave.
#[derive(Debug)]
pub struct Checked {
    /// The texts that the diagnostics point into.
    pub sources: Sources,
    /// Every problem, in a stable order.
    pub diagnostics: Vec<Diagnostic>,
    /// The plan, when there is no error.
    pub plan: Option<Plan>,
    /// The components of the plan's plugins, in the order of the plan; none where [`check_only`] was asked. Plugins
    /// with one file share it.
    pub binaries: Vec<Arc<[u8]>>,
}

impl Checked {
    /// All problems as text for people, in the manner of rustc; empty when there are none.
    pub fn render(&self, style: Style) -> String {
        render_all(&self.diagnostics, &self.sources, style)
    }
}

/// Reads and resolves an app, and finds all its problems in one pass.
///
/// ```
/// use plugweave::check::check;
/// use plugweave::diagnostic::Style;
/// use plugweave::files::Memory;
///
/// let app = Memory::default()
///     .with("editor.toml", "plugin.component = 'editor.wat'\nexports.open = {}")
///     .with("editor.wat", "(component)");
/// let checked = check(&app)?;
/// assert!(checked.plan.is_none());
/// assert_eq!(checked.diagnostics[0].code.as_str(), "PW103");
/// assert!(checked.render(Style::Plain).contains(" --> editor.toml:2:9"));
/// # Ok::<(), String>(())
/// ```
///
/// [`Folder`](crate::folder::Folder) reads an app from disk.
///
/// # Errors
/// A sentence for people when the app's folder itself cannot be read.
pub fn check(files: &dyn Files) -> Result<Checked, String> {
    check_offering(files, &[])
}

/// As [`check`], without keeping the components: for those who want to know the problems and the plan, and not to
/// link it. Memory is bounded then by the largest file and the numbers of plugins and problems, whatever the app; and
/// problems are no more than what manifests and binaries say, because those of functions at providers are told up to
/// a number.
///
/// # Errors
/// A sentence for people when the app's folder itself cannot be read.
pub fn check_only(files: &dyn Files) -> Result<Checked, String> {
    Ok(read(files, &[], Keep::Nothing)?.finish())
}

/// As [`check`], for an app whose host offers interfaces. They take the place of what `[host]`
/// announces under the same names.
///
/// # Errors
/// A sentence for people when the app's folder itself cannot be read.
pub fn check_offering(files: &dyn Files, offers: &[HostOffer]) -> Result<Checked, String> {
    let mut reading = read(files, offers, Keep::Binaries)?;
    reading.offer(offers);
    Ok(reading.finish())
}

/// What is kept of the components.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Binaries,
    Nothing,
}

/// Reads everything that an app consists of.
fn read(files: &dyn Files, offers: &[HostOffer], keep: Keep) -> Result<Reading, String> {
    let mut reading = Reading::default();
    let mut manifests = files.manifests()?;
    // The answer must not depend on the order in which the files come.
    manifests.sort_unstable();
    let is_app_file = |path: &String| path.rsplit('/').next() == Some(APP_FILE);
    let (app_files, plugin_files): (Vec<_>, Vec<_>) = manifests.into_iter().partition(is_app_file);
    let mut size = ManifestSize::default();
    for path in &app_files {
        if path == APP_FILE {
            reading.read_app_file(files, path, &mut size);
        }
    }
    let mut search = Search::new(reading.app.file.is_none(), &reading);
    for path in app_files.iter().filter(|path| *path != APP_FILE) {
        reading.refuse_app_file(files, path, &mut size);
    }
    let (plugins, is_read) = reading.read_manifests(files, &plugin_files, &mut size, &mut search);
    if let Some(no_app) = search.told(files, &plugin_files) {
        return Ok(no_app);
    }
    let loader = Loader {
        files,
        sources: &reading.app.sources,
        containment: reading.containment,
        keeps_binaries: keep == Keep::Binaries,
    };
    let loaded = loader.load(&plugins, &is_read);
    for (plugin, loaded) in plugins.into_iter().zip(loaded) {
        reading.add_plugin(plugin, loaded);
    }
    reading.read_announced(files, offers);
    Ok(reading)
}

#[derive(Default)]
struct Reading {
    app: resolve::App,
    containment: Containment,
    diagnostics: Vec<Diagnostic>,
    binaries: HashMap<PluginId, Arc<[u8]>>,
}

/// What was read of a manifest.
struct Bytes {
    /// What it holds, or why it cannot be read.
    read: Result<Vec<u8>, ReadError>,
    /// Whether that came from the app's folder.
    is_inside: bool,
}

impl Reading {
    /// The bytes of a manifest; `None` when all manifests together have too many.
    fn bytes(&self, files: &dyn Files, path: &str, size: &mut ManifestSize) -> Option<Bytes> {
        let (read, is_inside) = self.containment.read_inside_first(path, |reach| files.manifest(path, reach));
        let length = read.as_ref().map_or(0, Vec::len);
        size.add(u64::try_from(length).unwrap_or(u64::MAX)).then_some(Bytes { read, is_inside })
    }

    fn read_app_file(&mut self, files: &dyn Files, path: &str, size: &mut ManifestSize) {
        let bytes = self.bytes(files, path, size);
        let is_inside = bytes.as_ref().is_some_and(|bytes| bytes.is_inside);
        let text = bytes.and_then(|bytes| self.text(path, bytes));
        let Some((file, text)) = text else {
            self.app.unknown |= Unknown::APP_FILE;
            self.containment = Containment::Unknown;
            return;
        };
        let (app_file, diagnostics) = parse_app(file, &text);
        self.app.unknown |= app_file.as_ref().map_or(Unknown::APP_FILE, |file| file.unknown);
        self.diagnostics.extend(diagnostics);
        self.containment = Containment::of(app_file.as_ref());
        let contained = app_file.as_ref().and_then(|file| file.contained.clone());
        if let Some(place) = contained.filter(|_| !is_inside) {
            self.report(&Problem::ContainedOutside { file, place });
        }
        self.app.file = app_file;
    }

    /// PW401: an app of several folders is told about by the first one only.
    fn refuse_app_file(&mut self, files: &dyn Files, path: &str, size: &mut ManifestSize) {
        let bytes = self.bytes(files, path, size);
        let Some(bytes) = bytes else { return self.too_much(path, 0) };
        let Some((file, _)) = self.text(path, bytes) else { return };
        self.report(&Problem::FurtherAppFile { file, path });
    }

    /// The plugins of these manifests without their worlds, and whether each binary is to be read.
    fn read_manifests(
        &mut self,
        files: &dyn Files,
        paths: &[String],
        size: &mut ManifestSize,
        search: &mut Search,
    ) -> (Vec<Plugin>, Vec<bool>) {
        let mut plugins = Vec::with_capacity(paths.len());
        let mut is_read = Vec::with_capacity(paths.len());
        for (index, path) in paths.iter().enumerate() {
            let Some(bytes) = self.bytes(files, path, size) else {
                self.too_much(path, paths.len() - index - 1);
                break;
            };
            if let Some((manifest, broken)) = self.read_manifest(path, bytes, search) {
                let (plugin, wanted) = self.settle(manifest, broken);
                plugins.push(plugin);
                is_read.push(wanted);
            }
        }
        (plugins, is_read)
    }

    /// The manifest, and whether it has errors.
    fn read_manifest(&mut self, path: &str, bytes: Bytes, search: &mut Search) -> Option<(Manifest, bool)> {
        let is_inside = bytes.is_inside;
        let Some((file, text)) = self.text(path, bytes) else {
            search.saw_unreadable();
            self.app.unknown |= Unknown::MANIFEST;
            return None;
        };
        let ReadManifest { manifest, diagnostics, unknown, has_plugin_table } =
            read_manifest(file, &text, default_id(path));
        search.saw(has_plugin_table, text, is_inside);
        let broken = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        self.diagnostics.extend(diagnostics);
        self.app.unknown |= unknown;
        Some((manifest?, broken))
    }

    /// PW001: this manifest and those behind it are not read.
    fn too_much(&mut self, path: &str, others: usize) {
        let file = self.app.sources.add(path, "");
        self.report(&Problem::TooMuch { file, path, others });
        self.app.unknown |= Unknown::MANIFEST;
    }

    fn report(&mut self, problem: &Problem<'_>) {
        self.diagnostics.push(render::diagnostic(problem));
    }

    /// Takes a file in, as text. What cannot be read is PW001.
    fn text(&mut self, path: &str, bytes: Bytes) -> Option<(FileId, String)> {
        let Bytes { read, is_inside: is_quoted } = bytes;
        let mut bytes = match read {
            Ok(bytes) => bytes,
            Err(reason) if self.containment.hides(&reason) => return None,
            Err(reason) => {
                let file = self.app.sources.add(path, "");
                self.report(&Problem::Unreadable { file, path, reason: &reason });
                return None;
            }
        };
        // A byte order mark is no character of the text, and must not count as a column.
        if bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        // A link may lead to a file that only the user may read, and what is printed may be seen by others: lines are
        // quoted of files in the folder only.
        let sources = &mut self.app.sources;
        let mut add = |text: String| match is_quoted {
            true => sources.add(path, text),
            false => sources.add_unquoted(path, text),
        };
        match String::from_utf8(bytes) {
            Ok(text) => Some((add(text.clone()), text)),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let file = add(String::from_utf8_lossy(error.as_bytes()).into_owned());
                self.report(&Problem::NotUtf8 { file, path, at });
                None
            }
        }
    }

    /// The plugin without its world, and whether its binary is to be read.
    fn settle(&mut self, manifest: Manifest, broken: bool) -> (Plugin, bool) {
        let (settings, diagnostics) = settle(&manifest, &self.app.sources, self.app.file.as_ref());
        self.diagnostics.extend(diagnostics);
        let component = join(self.app.sources.path(manifest.file), &manifest.component.value);
        let is_read = settings.enabled && !broken;
        (Plugin { manifest, settings, component, world: None }, is_read)
    }

    /// Takes a plugin in, with what its binary gave if that was read.
    fn add_plugin(&mut self, mut plugin: Plugin, loaded: Option<Outcome>) {
        match loaded {
            Some(Ok(Loaded { world, binary })) => {
                plugin.world = Some(world);
                self.binaries.extend(binary.map(|binary| (plugin.manifest.id.value.clone(), binary)));
            }
            Some(Err(problem)) => self.report(&Problem::Binary(&plugin, &problem)),
            None => {}
        }
        self.app.plugins.push(plugin);
    }

    /// Reads what `[host]` announces, but for what the host offers already.
    fn read_announced(&mut self, files: &dyn Files, offers: &[HostOffer]) {
        let Some(app_file) = &self.app.file else { return };
        let open = |entry: &&HostEntry| !offers.iter().any(|offer| offer.fulfils(entry));
        let mut entries: Vec<&HostEntry> = app_file.host.iter().filter(open).collect();
        // Lines of one WIT stand together, so that it is read once; they are told by their places all the same.
        entries.sort_by(|a, b| a.wit.value.cmp(&b.wit.value));
        let mut announced = host::Announced::new(files, app_file, self.containment);
        for entry in entries {
            let read = announced.read(entry);
            if let Err(Some(problem)) = &read {
                let problem = Problem::Host { file: app_file.file, entry, problem };
                self.diagnostics.push(render::diagnostic(&problem));
            }
            let (file, written) = (app_file.file, entry.name.clone());
            self.app.host.push(HostInterface { file, written, interface: read.ok() });
        }
        self.app.host.sort_by_key(|host| host.written.span.start);
    }

    fn offer(&mut self, offers: &[HostOffer]) {
        for offer in offers {
            let resolved = offer.resolved(&mut self.app.sources);
            self.app.host.push(resolved);
        }
    }

    fn finish(mut self) -> Checked {
        let (plan, diagnostics) = resolve_unsorted(&self.app);
        self.diagnostics.extend(diagnostics);
        resolve::sort(&mut self.diagnostics, &self.app.sources);
        let failed = self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        let plan = plan.filter(|_| !failed);
        let plugins = plan.iter().flat_map(|plan| &plan.plugins);
        let binaries = plugins.filter_map(|plugin| self.binaries.remove(&plugin.id)).collect();
        Checked { sources: self.app.sources, diagnostics: self.diagnostics, plan, binaries }
    }
}

#[cfg(test)]
mod tests;
