//! Checking an app: reading its manifests and binaries, and resolving them. Nothing is run.

mod binary;
mod explain;
mod parallel;

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::diagnostic::{Code, Diagnostic, FileId, Severity, Sources, Spanned};
use crate::files::{Files, ManifestFile, default_id};
use crate::manifest::path::join;
use crate::manifest::{self, AppFile, HostEntry, Manifest, parse_app, parse_manifest, settle};
use crate::model::PluginId;
use crate::plan::Plan;
use crate::resolve::{self, HostInterface, Plugin, resolve};
use crate::words::{list, shown};
use crate::world::{World, WorldError, componentize, read_component, read_interface};

pub use binary::{Binary, BinaryError, read_binary};
pub use explain::{CannotExplain, explain};

/// The name of the file that is about the whole app.
const APP_FILE: &str = "app.toml";

/// What checking an app gave.
#[derive(Debug)]
pub struct Checked {
    /// The texts that the diagnostics point into.
    pub sources: Sources,
    /// Every problem, in a stable order.
    pub diagnostics: Vec<Diagnostic>,
    /// The plan, when there is no error.
    pub plan: Option<Plan>,
    /// The components of the plan's plugins, in the order of the plan.
    pub binaries: Vec<Vec<u8>>,
}

/// Reads and resolves an app, and finds all its problems in one pass.
///
/// # Errors
/// A sentence for people when the app's folder itself cannot be read.
pub fn check(files: &dyn Files) -> Result<Checked, String> {
    read(files).map(Reading::finish)
}

/// Reads everything that an app consists of.
fn read(files: &dyn Files) -> Result<Reading, String> {
    let mut reading = Reading::default();
    let mut manifests = files.manifests()?;
    // The answer must not depend on the order in which the files come.
    manifests.sort_by(|a, b| a.path.cmp(&b.path));
    let (app_files, plugin_files): (Vec<_>, Vec<_>) = manifests.into_iter().partition(|file| file.path == APP_FILE);
    for file in app_files {
        reading.read_app_file(file);
    }
    let mut parsed = Vec::with_capacity(plugin_files.len());
    for file in plugin_files {
        parsed.extend(reading.read_manifest(file));
    }
    let plugins: Vec<(Plugin, bool)> =
        parsed.into_iter().map(|(manifest, broken)| reading.settle(manifest, broken)).collect();
    let binaries = parallel::map(&plugins, |(plugin, is_read)| {
        is_read.then(|| reading.read_binary(files, &plugin.manifest, &plugin.component))
    });
    for ((plugin, _), binary) in plugins.into_iter().zip(binaries) {
        reading.add_plugin(plugin, binary);
    }
    reading.read_host(files);
    Ok(reading)
}

#[derive(Default)]
struct Reading {
    app: resolve::App,
    diagnostics: Vec<Diagnostic>,
    binaries: HashMap<PluginId, Vec<u8>>,
}

impl Reading {
    fn read_app_file(&mut self, file: ManifestFile) {
        let Some((file, text)) = self.text(file) else {
            self.app.unknown_bindings = true;
            return;
        };
        let (app_file, diagnostics) = parse_app(file, &text);
        self.app.unknown_bindings = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        self.diagnostics.extend(diagnostics);
        self.app.file = app_file;
    }

    /// The manifest, and whether it has errors.
    fn read_manifest(&mut self, file: ManifestFile) -> Option<(Manifest, bool)> {
        let default_id = default_id(&file.path).to_owned();
        let Some((file, text)) = self.text(file) else {
            self.app.unknown_offers = true;
            self.app.unknown_ids = true;
            return None;
        };
        let (manifest, diagnostics) = parse_manifest(file, &text, &default_id);
        let broken = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        self.diagnostics.extend(diagnostics);
        // Of a file with errors of syntax nobody knows what else it would have offered.
        self.app.unknown_ids |= manifest.as_ref().is_none_or(|manifest| manifest.id_is_guessed);
        let is_clear = manifest.as_ref().is_some_and(|manifest| manifest.offers_are_clear);
        self.app.unknown_offers |= !is_clear || !manifest::is_syntactically_valid(&text);
        Some((manifest?, broken))
    }

    /// Takes a file in, as text. What cannot be read is PW001.
    fn text(&mut self, file: ManifestFile) -> Option<(FileId, String)> {
        let ManifestFile { path, bytes } = file;
        // A byte order mark is no character of the text, and must not count as a column.
        let bytes = bytes.map(|bytes| bytes.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(bytes));
        let unreadable = |file, span, message: String| {
            Diagnostic::error(Code::Pw001, message)
                .label(file, span, "cannot be read")
                .help("make the file readable, as TOML in UTF-8, or move it out of the app's folder")
        };
        match bytes.map(String::from_utf8) {
            Ok(Ok(text)) => Some((self.app.sources.add(path, text.clone()), text)),
            Ok(Err(error)) => {
                let valid = error.utf8_error().valid_up_to();
                let file = self.app.sources.add(&path, String::from_utf8_lossy(error.as_bytes()));
                self.diagnostics.push(unreadable(file, valid..valid + 1, format!("`{path}` is not UTF-8")));
                None
            }
            Err(reason) => {
                let file = self.app.sources.add(&path, "");
                self.diagnostics.push(unreadable(file, 0..0, format!("`{path}` cannot be read: {reason}")));
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
    fn add_plugin(&mut self, mut plugin: Plugin, binary: Option<Result<(World, Vec<u8>), Diagnostic>>) {
        match binary {
            Some(Ok((world, bytes))) => {
                plugin.world = Some(world);
                self.binaries.insert(plugin.manifest.id.value.clone(), bytes);
            }
            Some(Err(diagnostic)) => self.diagnostics.push(diagnostic),
            None => {}
        }
        self.app.plugins.push(plugin);
    }

    /// The component and its world, or PW003.
    fn read_binary(&self, files: &dyn Files, manifest: &Manifest, path: &str) -> Result<(World, Vec<u8>), Diagnostic> {
        let at_component = &manifest.component;
        let bytes = files.read(path).map_err(|reason| {
            let error = BinaryError::Unreadable { path: path.to_owned(), reason };
            problem(manifest, at_component, error.to_string(), "this file")
                .help("build the component, or correct the path, which is relative to the manifest")
        })?;
        check_hash(manifest, &bytes)?;
        let wit = match &manifest.wit {
            None => None,
            Some(wit) => {
                let path = join(self.app.sources.path(manifest.file), &wit.value);
                let source = files.wit(&path).map_err(|reason| {
                    let error = BinaryError::UnreadableWit { path: path.clone(), reason };
                    problem(manifest, wit, error.to_string(), "this file or folder")
                        .help("correct the path, which is relative to the manifest")
                })?;
                Some(source)
            }
        };
        let world = manifest.world.as_ref().map(|world| world.value.as_str());
        let component = componentize(&bytes, wit.as_ref(), world).map_err(|error| bad_binary(manifest, path, error))?;
        let read = read_component(&component).map_err(|error| bad_binary(manifest, path, error))?;
        Ok((read, component.into_owned()))
    }

    fn read_host(&mut self, files: &dyn Files) {
        let Some(app_file) = &self.app.file else { return };
        for entry in &app_file.host {
            let (interface, problem) = match read_host_interface(files, app_file, entry) {
                Ok(interface) => (Some(interface), None),
                Err(diagnostic) => (None, Some(*diagnostic)),
            };
            self.diagnostics.extend(problem);
            self.app.host.push(HostInterface { entry: entry.clone(), interface });
        }
    }

    fn finish(mut self) -> Checked {
        let (plan, diagnostics) = resolve(&self.app);
        self.diagnostics.extend(diagnostics);
        resolve::sort(&mut self.diagnostics, &self.app.sources);
        let failed = self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        let plan = plan.filter(|_| !failed);
        let plugins = plan.iter().flat_map(|plan| &plan.plugins);
        let binaries = plugins.filter_map(|plugin| self.binaries.remove(&plugin.id)).collect();
        Checked { sources: self.app.sources, diagnostics: self.diagnostics, plan, binaries }
    }
}

/// PW003 at a place of the `[plugin]` table.
fn problem<T>(manifest: &Manifest, place: &Spanned<T>, message: String, label: &str) -> Diagnostic {
    Diagnostic::error(Code::Pw003, message).label(manifest.file, place.span.clone(), label)
}

fn check_hash(manifest: &Manifest, bytes: &[u8]) -> Result<(), Diagnostic> {
    let Some(wanted) = &manifest.sha256 else { return Ok(()) };
    let found: [u8; 32] = Sha256::digest(bytes).into();
    if found == wanted.value {
        return Ok(());
    }
    let id = &manifest.id.value;
    let hex: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
    Err(problem(
        manifest,
        wanted,
        format!("the component of `{id}` is not the one that its manifest expects"),
        "expected this hash",
    )
    .note(format!("its SHA-256 is {hex}"))
    .help("restore the expected binary, or, if the new one is to be trusted, write its hash here"))
}

fn bad_binary(manifest: &Manifest, path: &str, error: WorldError) -> Diagnostic {
    let (place, label, help) = match (&error, &manifest.wit) {
        (WorldError::NoWorld { .. }, Some(wit)) => {
            (manifest.world.as_ref().unwrap_or(wit), "this world", "name one of the worlds by `world`")
        }
        (WorldError::Wit(_) | WorldError::NoInterface { .. }, Some(wit)) => {
            (wit, "this WIT", "correct the WIT, or name its world by `world`")
        }
        (WorldError::CoreWithoutWorld, _) => (
            &manifest.component,
            "a core module",
            "make it a component, embed its WIT, or say `wit = \"…\"` and `world = \"…\"` in `[plugin]`; \
             only a program, which exports `_start`, needs none",
        ),
        (WorldError::NotWasm(_), _) => {
            (&manifest.component, "this file", "name a WebAssembly component or core module, as `.wasm` or `.wat`")
        }
        (WorldError::Componentize(_), _) => (
            &manifest.component,
            "this core module",
            "build it for the world that its WIT describes, or correct `wit` and `world`",
        ),
        (WorldError::Import { .. }, _) => (
            &manifest.component,
            "this core module",
            "build it without that import, or for WASI preview 1 and a WIT that have it",
        ),
        (WorldError::NoMemory, _) => {
            (&manifest.component, "this core module", "export its memory, as linkers do unless told otherwise")
        }
        (WorldError::Inexpressible { .. } | WorldError::TooLarge, _) => (
            &manifest.component,
            "this component",
            "build it so that it imports and exports interfaces, functions and types only",
        ),
        (
            WorldError::Invalid(_) | WorldError::Wit(_) | WorldError::NoInterface { .. } | WorldError::NoWorld { .. },
            _,
        ) => (
            &manifest.component,
            "this component",
            "build it anew; components of WASI 0.2 without async functions can be run",
        ),
    };
    let error = BinaryError::Unusable { path: path.to_owned(), error };
    problem(manifest, place, error.to_string(), label).help(help)
}

fn read_host_interface(
    files: &dyn Files,
    app_file: &AppFile,
    entry: &HostEntry,
) -> Result<crate::world::Extern, Box<Diagnostic>> {
    let refuse = |place: crate::diagnostic::Span, message: String, label: &str, help: String| {
        Box::new(Diagnostic::error(Code::Pw401, message).label(app_file.file, place, label).help(help))
    };
    let name = &entry.name.value;
    let path = join(APP_FILE, &entry.wit.value);
    let source = files.wit(&path).map_err(|reason| {
        let message = format!("the WIT `{}` of the host's `{name}` cannot be read: {reason}", shown(&path));
        let help = "correct the path, which is relative to the app's folder".to_owned();
        refuse(entry.wit.span.clone(), message, "this file or folder", help)
    })?;
    read_interface(&source, name).map_err(|error| match error {
        WorldError::NoInterface { wanted, found } => {
            let message = format!("the WIT `{}` has no interface `{wanted}`", shown(&path));
            let help = match found.as_slice() {
                [] => "name a WIT file or folder that declares it".to_owned(),
                there => format!("name one that is there: {}", list(there)),
            };
            refuse(entry.name.span.clone(), message, "not there", help)
        }
        other => {
            let message = format!("the WIT `{}` of the host's `{name}` cannot be used: {other}", shown(&path));
            refuse(entry.wit.span.clone(), message, "this WIT", "correct the WIT".to_owned())
        }
    })
}
