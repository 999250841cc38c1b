//! Resolving: who serves whom, and whether it fits.
//!
//! [`resolve`] takes what the manifests and the binaries say and gives a [`Plan`], or *all* the
//! problems of the app in one pass. It depends neither on the file system nor on the order in
//! which plugins are handed in.

mod appfile;
mod assemble;
mod cross;
mod draft;
mod exporters;
mod fit;
mod graph;
mod listing;
mod missing;
mod names;
mod near;
mod offered;
mod providers;
mod shape;
mod tell;
mod version;
mod wasi;
mod why;

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, FileId, Severity, Sources, Spanned};
use crate::manifest::path::is_absolute;
use crate::manifest::{AppFile, BindEntry, Manifest, Settings};
use crate::model::{ExternName, PluginId};
use crate::plan::Plan;
use crate::words::{Effort, list};
use crate::world::{Extern, World};

use listing::{ListedImport, Listing};
use names::{Found, Names};

pub use draft::{Draft, draft_manifest};
pub use version::Mismatch;
pub(crate) use version::serves;
pub use wasi::{functions as functions_of_runtime, offered as offered_by_runtime};
pub use why::{Bound, Candidate, CannotExplain, Explained, Explanation, Place, Source, Terms, Verdict, explain};

/// Everything that is known of an app before it is resolved.
#[derive(Debug, Default)]
pub struct App {
    /// The texts that diagnostics point into.
    pub sources: Sources,
    /// `app.toml`, where there is one.
    pub file: Option<AppFile>,
    /// The plugins whose manifests could be read, the disabled ones too, in any order.
    pub plugins: Vec<Plugin>,
    /// The interfaces that the embedding application offers, with what their WIT says.
    pub host: Vec<HostInterface>,
    /// Whether some manifest was so broken that nobody knows what it would have offered: then a
    /// missing provider is no news.
    pub unknown_offers: bool,
    /// Whether some manifest was so broken that nobody knows its plugin's id: then an unknown id is
    /// no news.
    pub unknown_ids: bool,
    /// Whether `app.toml` is so broken that nobody knows what it would have bound.
    pub unknown_bindings: bool,
}

/// A plugin before it is resolved.
#[derive(Debug)]
pub struct Plugin {
    /// Its manifest.
    pub manifest: Manifest,
    /// The manifest together with the app's word over it.
    pub settings: Settings,
    /// Path of the binary, relative to the app's folder.
    pub component: String,
    /// What the binary says, shared by plugins with one binary; `None` when the plugin is disabled or broken.
    pub world: Option<Arc<World>>,
}

/// An interface that the embedding application offers, or will offer.
#[derive(Debug)]
pub struct HostInterface {
    /// The text that says so: `app.toml`, or the WIT that the application has handed in.
    pub file: FileId,
    /// Its name as it is written there.
    pub written: Spanned<ExternName>,
    /// What its WIT says; `None` when that is broken.
    pub interface: Option<Extern>,
}

impl HostInterface {
    /// Its name with the version that its WIT declares, which a line of `[host]` may leave out.
    fn name(&self) -> &ExternName {
        self.interface.as_ref().map_or(&self.written.value, |interface| &interface.name)
    }
}

impl Plugin {
    fn id(&self) -> &PluginId {
        &self.manifest.id.value
    }
}

/// A plugin that takes part: enabled, and its binary could be read.
struct Member<'a> {
    plugin: &'a Plugin,
    listing: Listing<'a>,
    /// The names of the listed imports, by their numbers.
    imports: Names<'a>,
    /// The names of the listed exports, for sentences.
    exports_told: OnceCell<String>,
    /// The numbers of the listed imports, by what their providers export, without its version.
    targets: OnceCell<HashMap<String, Vec<usize>>>,
}

impl<'a> Member<'a> {
    fn new(plugin: &'a Plugin, listing: Listing<'a>) -> Self {
        let imports = Names::new(listing.imports.iter().enumerate().map(|(number, it)| (number, &it.import.name)));
        Self { plugin, listing, imports, exports_told: OnceCell::new(), targets: OnceCell::new() }
    }

    fn id(&self) -> &'a PluginId {
        self.plugin.id()
    }

    /// The first import whose providers export an interface that is compatible with this one.
    fn by_target(&self, wanted: &ExternName) -> Option<&ListedImport<'a>> {
        let targets = self.targets.get_or_init(|| {
            let mut targets: HashMap<String, Vec<usize>> = HashMap::new();
            for (number, import) in self.listing.imports.iter().enumerate() {
                targets.entry(import.target.base().to_owned()).or_default().push(number);
            }
            targets
        });
        let imports = targets.get(wanted.base()).into_iter().flatten().map(|&number| &self.listing.imports[number]);
        imports.into_iter().find(|import| import.target.is_compatible(wanted))
    }

    fn exports_told(&self) -> &str {
        self.exports_told.get_or_init(|| list(self.listing.exports.iter().map(|listed| &listed.export.name)))
    }
}

/// The app while it is being resolved. Members are numbered by id, so that no answer depends on
/// the order in which plugins were handed in.
struct Scene<'a> {
    app: &'a App,
    members: Vec<Member<'a>>,
    /// The plugins that should take part but cannot: no follow-up errors from their absence.
    broken: Vec<&'a Plugin>,
    offers: providers::Offers,
    /// Every plugin by its id, the disabled and broken ones too; of one id, the first.
    plugins: HashMap<&'a PluginId, &'a Plugin>,
    /// The first line of `[bind]` about each import, by the numbers of the consumer and of its import.
    bindings: HashMap<(usize, usize), &'a BindEntry>,
    /// What the host offers, by interface without version.
    hosts: HashMap<&'a str, Vec<&'a HostInterface>>,
    /// The ids of all plugins, in order; none where no `app.toml` could name one.
    ids: Vec<&'a str>,
    /// What may still be spent on similar names.
    effort: Effort,
    /// How many answers the bound imports have so far: functions times providers.
    answers: Cell<usize>,
    /// Where near misses are looked for once many imports lack a provider.
    exporters: OnceCell<exporters::Exporters>,
    /// How many imports were found without a provider so far.
    missing: Cell<usize>,
}

/// Resolves an app.
///
/// The plan is there exactly when no diagnostic is an error. Diagnostics come in a stable order:
/// by file, place and code.
pub fn resolve(app: &App) -> (Option<Plan>, Vec<Diagnostic>) {
    let mut diagnostics = duplicate_ids(app);
    let scene = Scene::new(app, &mut diagnostics);
    appfile::check(&scene, &mut diagnostics);
    let links = providers::bind_all(&scene, &mut diagnostics);
    let start = assemble::start_order(&scene, &links, &mut diagnostics);
    let entry = appfile::entry(&scene, &mut diagnostics);
    sort(&mut diagnostics, &app.sources);
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let plan = match start {
        Some(start) if !failed => Some(assemble::plan(&scene, &links, &start, entry)),
        _ => None,
    };
    (plan, diagnostics)
}

impl<'a> Scene<'a> {
    fn new(app: &'a App, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut plugins: Vec<(&'a Plugin, &'a World)> =
            app.plugins.iter().filter_map(|plugin| Some((plugin, plugin.world.as_deref()?))).collect();
        plugins.sort_by(|(a, _), (b, _)| a.id().cmp(b.id()));
        let mut broken: Vec<&'a Plugin> =
            app.plugins.iter().filter(|plugin| plugin.settings.enabled && plugin.world.is_none()).collect();
        plugins.dedup_by(|(later, _), (first, _)| {
            let taken = later.id() == first.id();
            if taken {
                broken.push(later);
            }
            taken
        });
        let effort = Effort::default();
        let mut members = Vec::with_capacity(plugins.len());
        for (plugin, world) in plugins {
            members.push(Member::new(plugin, listing::read(plugin, world, &effort, diagnostics)));
        }
        let offers = providers::Offers::new(&members);
        offers.complete_targets(&mut members);
        let mut by_id = HashMap::with_capacity(app.plugins.len());
        for plugin in &app.plugins {
            by_id.entry(plugin.id()).or_insert(plugin);
        }
        let mut scene = Self {
            app,
            members,
            broken,
            offers,
            plugins: by_id,
            bindings: HashMap::new(),
            hosts: HashMap::new(),
            ids: Vec::new(),
            effort,
            answers: Cell::new(0),
            exporters: OnceCell::new(),
            missing: Cell::new(0),
        };
        if app.file.is_some() {
            scene.ids = app.plugins.iter().map(|plugin| plugin.id().as_str()).collect();
            scene.ids.sort_unstable();
        }
        for host in &app.host {
            scene.hosts.entry(host.name().base()).or_default().push(host);
        }
        for entry in app.file.iter().flat_map(|file| &file.bind) {
            let Some(consumer) = scene.member(&entry.consumer.value) else { continue };
            if let Found::One(import) = scene.members[consumer].imports.find(&entry.import.value) {
                scene.bindings.entry((consumer, import)).or_insert(entry);
            }
        }
        scene
    }

    /// The member with this id.
    fn member(&self, id: &PluginId) -> Option<usize> {
        self.members.binary_search_by(|member| member.id().cmp(id)).ok()
    }

    /// The plugin with this id, also a disabled or broken one.
    fn plugin(&self, id: &PluginId) -> Option<&'a Plugin> {
        self.plugins.get(id).copied()
    }
}

/// PW002: two plugins with one id.
fn duplicate_ids(app: &App) -> Vec<Diagnostic> {
    let mut plugins: Vec<&Plugin> = app.plugins.iter().filter(|plugin| !plugin.manifest.id_is_guessed).collect();
    // The app's own folder comes first: those of further folders have absolute paths.
    let key = |plugin: &Plugin| {
        let path = app.sources.path(plugin.manifest.file);
        (plugin.id().clone(), is_absolute(path), path)
    };
    plugins.sort_by_cached_key(|plugin| key(plugin));
    plugins.chunk_by(|a, b| a.id() == b.id()).filter_map(one_id).collect()
}

fn one_id(same: &[&Plugin]) -> Option<Diagnostic> {
    let [first, second, others @ ..] = same else { return None };
    let number = if others.is_empty() { "two" } else { "several" };
    let diagnostic = Diagnostic::error(Code::Pw002, format!("{number} plugins have the id `{}`", first.id()));
    let labels = [(second, "taken already"), (first, "first here")].into_iter();
    let diagnostic =
        labels.chain(others.iter().map(|other| (other, "and here"))).fold(diagnostic, |diagnostic, (plugin, text)| {
            let manifest = &plugin.manifest;
            let by_name = manifest.id.span == manifest.header;
            let text = if by_name { format!("{text}: the file's name is the id") } else { text.to_owned() };
            diagnostic.label(manifest.file, manifest.id.span.clone(), text)
        });
    Some(diagnostic.help("give one of them another `id` in its `[plugin]` table"))
}

/// A stable order: by file, place and code; of equals, in the order in which they were found.
pub fn sort(diagnostics: &mut [Diagnostic], sources: &Sources) {
    let key = |diagnostic: &Diagnostic| {
        let place = diagnostic.labels.first().map(|label| (sources.path(label.file), label.span.start));
        (place, diagnostic.code)
    };
    diagnostics.sort_by(|a, b| key(a).cmp(&key(b)));
}
