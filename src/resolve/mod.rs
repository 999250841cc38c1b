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

use crate::diagnostic::{Code, Diagnostic, FileId, Severity, Sources, Spanned};
use crate::manifest::path::is_absolute;
use crate::manifest::{AppFile, BindEntry, Manifest, Settings};
use crate::model::{ExternName, PluginId};
use crate::plan::Plan;
use crate::world::{Extern, World};

use listing::Listing;

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
    /// What the binary says; `None` when the plugin is disabled or broken.
    pub world: Option<World>,
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
}

impl Member<'_> {
    fn id(&self) -> &PluginId {
        self.plugin.id()
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
    /// The lines of `[bind]` by their consumer, in the order of the file.
    bindings: HashMap<&'a PluginId, Vec<&'a BindEntry>>,
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
            app.plugins.iter().filter_map(|plugin| Some((plugin, plugin.world.as_ref()?))).collect();
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
        let mut members = Vec::with_capacity(plugins.len());
        for (plugin, world) in plugins {
            members.push(Member { plugin, listing: listing::read(plugin, world, diagnostics) });
        }
        let offers = providers::Offers::new(&members);
        offers.complete_targets(&mut members);
        let mut by_id = HashMap::with_capacity(app.plugins.len());
        for plugin in &app.plugins {
            by_id.entry(plugin.id()).or_insert(plugin);
        }
        let mut bindings: HashMap<&PluginId, Vec<&BindEntry>> = HashMap::new();
        for entry in app.file.iter().flat_map(|file| &file.bind) {
            bindings.entry(&entry.consumer.value).or_default().push(entry);
        }
        Self {
            app,
            members,
            broken,
            offers,
            plugins: by_id,
            bindings,
            exporters: OnceCell::new(),
            missing: Cell::new(0),
        }
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
        let place = diagnostic.labels.first().map(|label| (sources.path(label.file).to_owned(), label.span.start));
        (place, diagnostic.code)
    };
    diagnostics.sort_by_cached_key(key);
}
