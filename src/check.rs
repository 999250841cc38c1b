//! Checking an app: reading its manifests and binaries, and resolving them. Nothing is run.

mod advice;
mod binary;
mod explain;
mod host;
mod no_app;

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::diagnostic::{Code, Diagnostic, FileId, Severity, Sources, Spanned, Style, render_all};
use crate::files::{Files, ManifestFile, default_id};
use crate::manifest::path::join;
use crate::manifest::{self, HostEntry, Manifest, parse_app, parse_manifest, settle};
use crate::model::PluginId;
use crate::parallel;
use crate::plan::Plan;
use crate::resolve::{self, HostInterface, Plugin, resolve};
use crate::words::{shown, told};
use crate::world::{Gated, World, WorldError, componentize, gated, read_component};

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
    /// The components of the plan's plugins, in the order of the plan.
    pub binaries: Vec<Vec<u8>>,
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

/// As [`check`], for an app whose host offers interfaces. They take the place of what `[host]`
/// announces under the same names.
///
/// # Errors
/// A sentence for people when the app's folder itself cannot be read.
pub fn check_offering(files: &dyn Files, offers: &[HostOffer]) -> Result<Checked, String> {
    let mut reading = read(files, offers)?;
    reading.offer(offers);
    Ok(reading.finish())
}

/// Reads everything that an app consists of.
fn read(files: &dyn Files, offers: &[HostOffer]) -> Result<Reading, String> {
    let mut reading = Reading::default();
    let mut manifests = files.manifests()?;
    // The answer must not depend on the order in which the files come.
    manifests.sort_by(|a, b| a.path.cmp(&b.path));
    let is_app_file = |file: &ManifestFile| file.path.rsplit('/').next() == Some(APP_FILE);
    let (app_files, plugin_files): (Vec<_>, Vec<_>) = manifests.into_iter().partition(is_app_file);
    for file in app_files {
        match file.path.as_str() {
            APP_FILE => reading.read_app_file(file),
            _ => reading.refuse_app_file(file),
        }
    }
    if reading.app.file.is_none()
        && let Some(diagnostic) = no_app::told(&plugin_files, &mut reading.app.sources)
    {
        reading.diagnostics.push(diagnostic);
        return Ok(reading);
    }
    let mut parsed = Vec::with_capacity(plugin_files.len());
    for file in plugin_files {
        parsed.extend(reading.read_manifest(file));
    }
    let plugins: Vec<(Plugin, bool)> =
        parsed.into_iter().map(|(manifest, broken)| reading.settle(manifest, broken)).collect();
    let binaries = parallel::map("plugweave-check", &plugins, |(plugin, is_read)| {
        is_read.then(|| reading.read_binary(files, &plugin.manifest, &plugin.component))
    });
    for ((plugin, _), binary) in plugins.into_iter().zip(binaries) {
        reading.add_plugin(plugin, binary);
    }
    reading.read_announced(files, offers);
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

    /// PW401: an app of several folders is told about by the first one only.
    fn refuse_app_file(&mut self, file: ManifestFile) {
        let message = format!("`{}` is in a further folder of the app", shown(&file.path));
        let Some((file, _)) = self.text(file) else { return };
        self.diagnostics.push(
            Diagnostic::error(Code::Pw401, message)
                .label(file, 0..0, "nobody reads this")
                .help("write what it says into the `app.toml` of the app's own folder, and remove it here"),
        );
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
                self.diagnostics.push(unreadable(file, valid..valid + 1, format!("`{}` is not UTF-8", shown(&path))));
                None
            }
            Err(reason) => {
                let file = self.app.sources.add(&path, "");
                self.diagnostics.push(unreadable(
                    file,
                    0..0,
                    format!("`{}` cannot be read: {}", shown(&path), told(&reason)),
                ));
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
            let help = advice::unreadable_binary(&at_component.value, &reason);
            let error = BinaryError::Unreadable { path: path.to_owned(), reason };
            problem(manifest, at_component, error.to_string(), "this file").help(help)
        })?;
        check_hash(manifest, &bytes)?;
        let wit = match &manifest.wit {
            None => None,
            Some(wit) => {
                let path = join(self.app.sources.path(manifest.file), &wit.value);
                let source = files.wit(&path).map_err(|reason| {
                    let error = BinaryError::UnreadableWit { path: path.clone(), reason };
                    problem(manifest, wit, error.to_string(), "this file or folder")
                        .help(advice::unreadable_wit(&wit.value))
                })?;
                Some(source)
            }
        };
        let world = manifest.world.as_ref().map(|world| world.value.as_str());
        let component = componentize(&bytes, wit.as_ref(), world).map_err(|error| bad_binary(manifest, path, error))?;
        let mut read = read_component(&component).map_err(|error| bad_binary(manifest, path, error))?;
        if let Some(wit) = &wit {
            let left_out = gated(&bytes, wit, world).map_err(|error| bad_binary(manifest, path, error))?;
            note_gated(&mut read, left_out);
        }
        Ok((read, component.into_owned()))
    }

    /// Reads what `[host]` announces, but for what the host offers already.
    fn read_announced(&mut self, files: &dyn Files, offers: &[HostOffer]) {
        let Some(app_file) = &self.app.file else { return };
        let open = |entry: &&HostEntry| !offers.iter().any(|offer| offer.fulfils(entry));
        for entry in app_file.host.iter().filter(open) {
            let (interface, problem) = match host::read_announced(files, app_file, entry) {
                Ok(interface) => (Some(interface), None),
                Err(diagnostic) => (None, Some(*diagnostic)),
            };
            self.diagnostics.extend(problem);
            self.app.host.push(HostInterface { file: app_file.file, written: entry.name.clone(), interface });
        }
    }

    fn offer(&mut self, offers: &[HostOffer]) {
        for offer in offers {
            let resolved = offer.resolved(&mut self.app.sources);
            self.app.host.push(resolved);
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

/// What to do about a binary of which the validator says this.
fn invalid_help(told: &str) -> &'static str {
    let says = |any: &[&str]| any.iter().any(|words| told.contains(words));
    if says(&["cm-implements"]) {
        "import the interface once, under its own name: the same interface under several names, by `implements`, \
         cannot be served"
    } else if says(&["kebab case", "conflicts with previous", "extern name"]) {
        "correct the name where the binary is made: words of lowercase letters and digits with `-` between them, of \
         which a function or type may also have words all in capitals (`get-url`, `get-URL`, not `getURL`), and no \
         two names that differ in capitals alone"
    } else if says(&["interface version"]) {
        "write the version with all its numbers, as in `@1.0.0`"
    } else if says(&["must be enabled", "not enabled", "not active", "not supported", "require the", "requires the"]) {
        "build it anew; threads, exceptions, garbage collection and `async` cannot be used"
    } else {
        "build it anew, with another release of its tools if it stays invalid"
    }
}

/// Keeps with each export of a plugin what its WIT gates there and it does not have.
fn note_gated(world: &mut World, left_out: Vec<Gated>) {
    for Gated { interface, function, feature } in left_out {
        let is_it = |name: &str| interface.as_deref() == Some(name);
        if let Some(export) = world.exports.iter_mut().find(|export| is_it(&export.name.to_string())) {
            export.gated.push((function, feature));
        }
    }
}

fn bad_binary(manifest: &Manifest, path: &str, error: WorldError) -> Diagnostic {
    let (place, label, help) = match (&error, &manifest.wit) {
        (WorldError::NoWorld { found, .. }, Some(wit)) if found.is_empty() => {
            (wit, "this WIT", "declare a world in it, which says what the plugin imports and exports")
        }
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
        (WorldError::BadText(_), _) => {
            (&manifest.component, "this text", "correct the text, or name the binary that it was to become")
        }
        (WorldError::OtherFile { remedy, .. }, _) => (&manifest.component, "this file", remedy.as_str()),
        (WorldError::NotWasm(_), _) => {
            (&manifest.component, "this file", "name a WebAssembly component or core module, as `.wasm` or `.wat`")
        }
        (WorldError::LargeText { .. }, _) => (
            &manifest.component,
            "this file",
            "name the binary that this is the text of, as `wasm-tools parse` makes it",
        ),
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
        (WorldError::Platform { instead, .. }, _) => (&manifest.component, "this core module", *instead),
        (WorldError::NoMemory, _) => {
            (&manifest.component, "this core module", "export its memory, as linkers do unless told otherwise")
        }
        (WorldError::Inexpressible { .. } | WorldError::Unsayable(_) | WorldError::TooLarge, _) => (
            &manifest.component,
            "this component",
            "build it so that it imports and exports interfaces, functions and types only",
        ),
        (WorldError::Invalid(told), _) => (&manifest.component, "this binary", invalid_help(told)),
        (WorldError::HugeValue(_), _) => {
            (&manifest.component, "this component", "pass large values as a `list` without a fixed length")
        }
        (WorldError::Intricate(_), _) => {
            (&manifest.component, "this component", "build it of fewer parts, or link them into one core module")
        }
        (WorldError::Costly(_), _) => (
            &manifest.component,
            &*format!("of the plugin `{}`", manifest.id.value),
            "divide it into smaller functions or several plugins; what tool chains make is far below the limit",
        ),
        (WorldError::Reexport(_), _) => (
            &manifest.component,
            "this component",
            "let it export a function of its own that calls the imported one, or leave the export out",
        ),
        (WorldError::Wit(_) | WorldError::NoInterface { .. } | WorldError::NoWorld { .. }, _) => {
            (&manifest.component, "this binary", "correct the WIT that is embedded in it")
        }
    };
    let help = help.to_owned();
    let error = BinaryError::Unusable { path: path.to_owned(), error };
    problem(manifest, place, error.to_string(), label).help(help)
}
