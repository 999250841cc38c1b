//! Choosing providers: PW202, and the bindings of `app.toml`.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::rc::Rc;

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::manifest::BindEntry;
use crate::model::ExternName;

use super::cross::is_by_owner;
use super::listing::{ListedExport, ListedImport};
use super::missing::no_provider;
use super::names::Found;
use super::{HostInterface, Member, Scene, fit, version};
use crate::words::{LISTED, grouped, list, list_of};
use crate::world::ExternKind;

/// The listed exports of all members, by interface without version, so that an import finds its providers without
/// asking every plugin.
pub struct Offers {
    by_base: HashMap<String, Offered>,
    /// What was found already for a name.
    found: RefCell<HashMap<(ExternName, ExternKind), Rc<Serving>>>,
}

/// The listed exports of one interface.
#[derive(Default)]
struct Offered {
    /// As indices of member and export, by member.
    exports: Vec<(usize, usize)>,
    /// The versions in which it is listed, in order, without repetition.
    versions: Vec<ExternName>,
}

/// Every plugin that can serve a name.
#[derive(Default)]
struct Serving {
    /// As indices of member and export, in provider order.
    offers: Vec<(usize, usize)>,
    /// The members alone, in their order.
    members: Vec<usize>,
}

/// Most answers, functions times providers, of all imports of an app, and how many more for each plugin: the plan has
/// each.
const MAX_ANSWERS: usize = 250_000;
const FREE_ANSWERS: usize = 64;

/// Who serves one import, and how.
pub struct Link<'a> {
    /// The consumer.
    pub consumer: usize,
    /// The import.
    pub import: &'a ListedImport<'a>,
    /// Who serves it.
    pub served: Served<'a>,
    /// Every plugin that exports the interface, in provider order, where some function goes to the owner
    /// of a handle.
    pub owners: Vec<Offer<'a>>,
}

/// Who serves an import.
pub enum Served<'a> {
    /// The embedding application, by this interface.
    Host(&'a HostInterface),
    /// Plugins, in provider order, with the reply of each function.
    Plugins(Vec<Offer<'a>>, Vec<crate::plan::Reply>),
}

/// A plugin's export that serves an import.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// The provider.
    pub provider: usize,
    /// Its export.
    pub export: &'a ListedExport<'a>,
}

impl Offers {
    /// Collects what the members list.
    pub fn new(members: &[Member<'_>]) -> Self {
        let mut by_base: HashMap<String, Offered> = HashMap::new();
        for (member, Member { listing, .. }) in members.iter().enumerate() {
            for (export, listed) in listing.exports.iter().enumerate() {
                by_base.entry(listed.export.name.base().to_owned()).or_default().exports.push((member, export));
            }
        }
        for Offered { exports, versions } in by_base.values_mut() {
            let mut names: Vec<&ExternName> =
                exports.iter().map(|&(member, export)| &members[member].listing.exports[export].export.name).collect();
            names.sort();
            names.dedup();
            *versions = names.into_iter().cloned().collect();
        }
        Self { by_base, found: RefCell::default() }
    }

    /// The versions in which an interface is listed, in order, without repetition.
    fn versions(&self, name: &ExternName) -> &[ExternName] {
        self.by_base.get(name.base()).map(|offered| offered.versions.as_slice()).unwrap_or_default()
    }

    /// Lets each `from` without a version mean the only version that is there, as in other keys.
    pub fn complete_targets(&self, members: &mut [Member<'_>]) {
        for import in members.iter_mut().flat_map(|member| &mut member.listing.imports) {
            if let [only] = self.versions(&import.target)
                && import.entry.from.is_some()
                && import.target.version().is_none()
            {
                import.target = only.clone();
            }
        }
    }

    /// Every listed export of this interface, whatever its version, as indices of member and export, by member.
    fn of(&self, name: &ExternName) -> &[(usize, usize)] {
        self.by_base.get(name.base()).map(|offered| offered.exports.as_slice()).unwrap_or_default()
    }

    /// Every plugin that can serve an import, the consumer included, in provider order.
    fn serving(&self, scene: &Scene<'_>, import: &ListedImport<'_>) -> Rc<Serving> {
        let key = (target(import).clone(), import.import.kind);
        let known = self.found.borrow().get(&key).cloned();
        known.unwrap_or_else(|| {
            let serving = Rc::new(self.find_serving(scene, import));
            self.found.borrow_mut().insert(key, serving.clone());
            serving
        })
    }

    fn find_serving(&self, scene: &Scene<'_>, import: &ListedImport<'_>) -> Serving {
        let export = |(member, export): (usize, usize)| &scene.members[member].listing.exports[export];
        let fitting = self.of(target(import)).iter().copied().filter(|&offer| export(offer).serves(import));
        let mut offers: Vec<(usize, usize)> = fitting.collect();
        // One offer for each plugin, the highest version; members are numbered by id.
        offers.sort_by_key(|&offer| (offer.0, Reverse(export(offer).export.name.version())));
        offers.dedup_by_key(|offer| offer.0);
        let members = offers.iter().map(|offer| offer.0).collect();
        offers.sort_by_key(|&offer| (Reverse(export(offer).priority), offer.0));
        Serving { offers, members }
    }
}

/// The plugins that can serve an import, in provider order. A plugin never provides for itself.
struct Candidates<'a> {
    scene: &'a Scene<'a>,
    serving: Rc<Serving>,
    consumer: usize,
}

impl<'a> Candidates<'a> {
    fn of(scene: &'a Scene<'a>, consumer: usize, import: &ListedImport<'_>) -> Self {
        Self { scene, serving: scene.offers.serving(scene, import), consumer }
    }

    fn len(&self) -> usize {
        let itself = self.serving.members.binary_search(&self.consumer).is_ok();
        self.serving.members.len() - usize::from(itself)
    }

    fn offers(&self) -> impl Iterator<Item = Offer<'a>> + '_ {
        let others = self.serving.offers.iter().filter(|offer| offer.0 != self.consumer);
        let scene = self.scene;
        others.map(|&(provider, export)| Offer { provider, export: &scene.members[provider].listing.exports[export] })
    }

    /// As many of them as messages list.
    fn first(&self) -> Vec<Offer<'a>> {
        self.offers().take(LISTED).collect()
    }
}

/// The interface that providers of an import export: its own, or that of `from`.
pub fn target<'a>(import: &'a ListedImport<'_>) -> &'a ExternName {
    &import.target
}

/// Binds every import of every member and checks that the types fit.
pub fn bind_all<'a>(scene: &'a Scene<'a>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Link<'a>> {
    let mut links = Vec::new();
    for (consumer, member) in scene.members.iter().enumerate() {
        for import in &member.listing.imports {
            links.extend(bind(scene, consumer, import, diagnostics));
        }
    }
    links
}

/// Binds one import and checks that the types fit.
pub fn bind<'a>(
    scene: &'a Scene<'a>,
    consumer: usize,
    import: &'a ListedImport<'a>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Link<'a>> {
    diagnostics.extend(fit::skip_of_one(&scene.members[consumer], import));
    match choose(scene, consumer, import, diagnostics)? {
        Chosen::Host(host) => {
            fit::check_host(scene, consumer, import, host, diagnostics);
            Some(Link { consumer, import, served: Served::Host(host), owners: Vec::new() })
        }
        Chosen::Plugins(offers) => {
            let owners = owners(scene, consumer, import);
            if !is_within_answers(scene, import, offers.len() + owners.len()) {
                diagnostics.extend(too_many_answers(scene, consumer, import));
                return None;
            }
            let replies = fit::check_plugins(scene, consumer, import, &offers, &owners, diagnostics);
            Some(Link { consumer, import, served: Served::Plugins(offers, replies), owners })
        }
    }
}

/// Whoever may own a handle that decides where a call goes: any other plugin that exports the interface.
fn owners<'a>(scene: &'a Scene<'a>, consumer: usize, import: &ListedImport<'_>) -> Vec<Offer<'a>> {
    if !import.import.functions.iter().any(|function| is_by_owner(import, function)) {
        return Vec::new();
    }
    Candidates::of(scene, consumer, import).offers().collect()
}

/// Counts the answers of an import, with so many providers and owners; whether they are still within what an app may
/// have.
fn is_within_answers(scene: &Scene<'_>, import: &ListedImport<'_>, providers: usize) -> bool {
    let most = MAX_ANSWERS.saturating_add(scene.members.len().saturating_mul(FREE_ANSWERS));
    let answers = providers.saturating_mul(import.import.functions.len().max(1));
    let before = scene.answers.get();
    scene.answers.set(before.saturating_add(answers));
    before.saturating_add(answers) <= most
}

/// PW202, once for an app.
fn too_many_answers(scene: &Scene<'_>, consumer: usize, import: &ListedImport<'_>) -> Option<Diagnostic> {
    if scene.answers.replace(usize::MAX) == usize::MAX {
        return None;
    }
    let member = &scene.members[consumer];
    let message = "the imports of the app have too many providers together";
    Some(
        Diagnostic::error(Code::Pw202, message)
            .label(member.plugin.manifest.file, import_span(import), "with this one there are too many")
            .note(format!(
                "there may be {} answers, functions times providers, and {FREE_ANSWERS} more for each plugin",
                grouped(MAX_ANSWERS)
            ))
            .help("bind fewer providers in the `[bind]` table of `app.toml`, or divide the app"),
    )
}

enum Chosen<'a> {
    Host(&'a HostInterface),
    Plugins(Vec<Offer<'a>>),
}

fn choose<'a>(
    scene: &'a Scene<'a>,
    consumer: usize,
    import: &'a ListedImport<'a>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Chosen<'a>> {
    if let Some(diagnostic) = vague_from(scene, consumer, import) {
        diagnostics.push(diagnostic);
        return None;
    }
    let host = serving_host(scene, target(import));
    let bound = binding(scene, consumer, import);
    let cardinality = import.entry.cardinality.value;
    let offers = match bound {
        Some(entry) => {
            if entry.host.is_some() {
                // A host that does not offer the interface is reported with the binding.
                return host.map(Chosen::Host);
            }
            bound_offers(scene, consumer, import, entry)?
        }
        None => {
            let candidates = Candidates::of(scene, consumer, import);
            let count = candidates.len();
            match (host, count) {
                (Some(host), 0) => return Some(Chosen::Host(host)),
                (Some(_), _) if scene.app.unknown_bindings => return None,
                (Some(host), _) => {
                    diagnostics.push(host_and_plugins(scene, consumer, import, host, &candidates));
                    return None;
                }
                (None, 2..) if !cardinality.allows_many() => {
                    if !scene.app.unknown_bindings {
                        diagnostics.push(too_many(scene, consumer, import, &candidates.first(), count, None));
                    }
                    return None;
                }
                // Too many to be linked: it is told of the import that there are.
                (None, _) if scene.answers.get() == usize::MAX => return None,
                (None, _) => candidates.offers().collect(),
            }
        }
    };
    if offers.is_empty() && !cardinality.allows_none() {
        // Who is bound to nobody would find none among broken plugins either.
        let is_news = bound.is_some() || !may_be_broken(scene, consumer, import);
        if !scene.app.unknown_bindings && is_news {
            diagnostics.push(no_provider(scene, consumer, import, bound));
        }
        return None;
    }
    if offers.len() > 1 && !cardinality.allows_many() {
        if !scene.app.unknown_bindings {
            diagnostics.push(too_many(scene, consumer, import, &offers, offers.len(), bound));
        }
        return None;
    }
    Some(Chosen::Plugins(offers))
}

/// Whether the host serves a listed import.
pub fn is_host_served(scene: &Scene<'_>, consumer: usize, import: &ListedImport<'_>) -> bool {
    match binding(scene, consumer, import) {
        Some(entry) => entry.host.is_some(),
        None => serving_host(scene, target(import)).is_some() && Candidates::of(scene, consumer, import).len() == 0,
    }
}

/// The interface of the host that serves a name: in the highest version that fits.
pub fn serving_host<'a>(scene: &Scene<'a>, wanted: &ExternName) -> Option<&'a HostInterface> {
    let named = scene.hosts.get(wanted.base()).into_iter().flatten().copied();
    let fitting = named.filter(|host| version::serves(wanted, host.name()));
    fitting.max_by(|a, b| a.name().version().cmp(&b.name().version()))
}

/// A `from` without a version, where there are several: whichever is meant, none may silently be
/// left out.
fn vague_from(scene: &Scene<'_>, consumer: usize, import: &ListedImport<'_>) -> Option<Diagnostic> {
    let from = import.entry.from.as_ref().filter(|_| is_vague(scene, import))?;
    let versions = scene.offers.versions(&import.target);
    let member = &scene.members[consumer];
    Some(
        Diagnostic::error(
            Code::Pw201,
            format!("several versions of `{}` are exported, and `from` names none", from.value),
        )
        .label(member.plugin.manifest.file, from.span.clone(), "which version?")
        .note(format!("plugins export {}", list(versions)))
        .help("write the version behind an `@`"),
    )
}

/// Whether the interface that providers should export is not clear.
pub fn is_vague(scene: &Scene<'_>, import: &ListedImport<'_>) -> bool {
    if import.entry.from.is_none() || import.target.version().is_some() {
        return false;
    }
    let versions = scene.offers.versions(&import.target);
    !versions.is_empty() && versions.binary_search(&import.target).is_err()
}

/// The line of `[bind]` about this import, if there is one: the first, should there be several.
pub fn binding<'a>(scene: &Scene<'a>, consumer: usize, import: &ListedImport<'_>) -> Option<&'a BindEntry> {
    match scene.members[consumer].imports.find(&import.import.name) {
        Found::One(number) => scene.bindings.get(&(consumer, number)).copied(),
        Found::None | Found::Several(_) => None,
    }
}

/// The import of a consumer that a line of `[bind]` names.
pub fn bound_import<'a>(member: &'a Member<'a>, name: &ExternName) -> Option<&'a ListedImport<'a>> {
    match member.imports.find(name) {
        Found::One(number) => member.listing.imports.get(number),
        Found::None | Found::Several(_) => None,
    }
}

/// The offers of exactly the listed providers, in the listed order; `None` when one of them
/// cannot serve, which [`super::appfile`] reports.
fn bound_offers<'a>(
    scene: &'a Scene<'a>,
    consumer: usize,
    import: &ListedImport<'_>,
    entry: &BindEntry,
) -> Option<Vec<Offer<'a>>> {
    entry
        .providers
        .value
        .iter()
        .map(|id| best_offer(scene, scene.member(&id.value).filter(|provider| *provider != consumer)?, import))
        .collect()
}

/// A member's export that serves an import, in the highest version.
pub fn best_offer<'a>(scene: &'a Scene<'a>, provider: usize, import: &ListedImport<'_>) -> Option<Offer<'a>> {
    let offers = scene.offers.of(target(import));
    let own = &offers[offers.partition_point(|offer| offer.0 < provider)..];
    own.iter()
        .take_while(|offer| offer.0 == provider)
        .map(|&(_, export)| &scene.members[provider].listing.exports[export])
        .filter(|listed| listed.serves(import))
        .max_by(|a, b| a.export.name.version().cmp(&b.export.name.version()))
        .map(|export| Offer { provider, export })
}

/// Whether a plugin with an error of its own may have been meant as the provider.
pub fn may_be_broken(scene: &Scene<'_>, consumer: usize, import: &ListedImport<'_>) -> bool {
    let (consumer, name) = (scene.members[consumer].plugin, target(import));
    let any_version = import.entry.from.as_ref().is_some_and(|from| from.value.version().is_none());
    scene.app.unknown_offers
        || scene.broken.iter().filter(|plugin| plugin.id() != consumer.id()).any(|plugin| {
            plugin.manifest.exports.iter().any(|export| {
                let listed = &export.name.value;
                let may_fit = listed.version().is_none() || any_version;
                version::serves(name, listed) || (may_fit && listed.base() == name.base())
            })
        })
}

/// PW202
fn too_many(
    scene: &Scene<'_>,
    consumer: usize,
    import: &ListedImport<'_>,
    offers: &[Offer<'_>],
    count: usize,
    bound: Option<&BindEntry>,
) -> Diagnostic {
    let member = &scene.members[consumer];
    let wanted = target(import);
    let cardinality = import.entry.cardinality.value;
    let message = format!("{count} plugins serve `{wanted}`, which `{}` imports as `{cardinality}`", member.id());
    let mut diagnostic = Diagnostic::error(Code::Pw202, message).label(
        member.plugin.manifest.file,
        import_span(import),
        format!("`{cardinality}` takes one"),
    );
    if let (Some(entry), Some(file)) = (bound, &scene.app.file) {
        diagnostic = diagnostic.label(file.file, entry.providers.span.clone(), "bound to several here");
        return diagnostic.help("leave one provider in this list");
    }
    diagnostic = label_offers(scene, diagnostic, offers, count);
    diagnostic.help(bind_help(scene, consumer, import, offers))
}

fn host_and_plugins(
    scene: &Scene<'_>,
    consumer: usize,
    import: &ListedImport<'_>,
    host: &HostInterface,
    candidates: &Candidates<'_>,
) -> Diagnostic {
    let offers = candidates.first();
    let member = &scene.members[consumer];
    let message = format!("both the host and plugins serve `{}` for `{}`", target(import), member.id());
    let mut diagnostic =
        Diagnostic::error(Code::Pw202, message).label(member.plugin.manifest.file, import_span(import), "served twice");
    diagnostic = diagnostic.label(host.file, host.written.span.clone(), "the host offers it");
    diagnostic = label_offers(scene, diagnostic, &offers, candidates.len());
    diagnostic.help(format!("{}; `[\"host\"]` binds the host", bind_help(scene, consumer, import, &offers)))
}

/// Labels the first of some offers, of which there are so many in all.
pub fn label_offers(scene: &Scene<'_>, mut diagnostic: Diagnostic, offers: &[Offer<'_>], count: usize) -> Diagnostic {
    for offer in offers.iter().take(8) {
        let provider = &scene.members[offer.provider];
        let text = format!("`{}` exports it", provider.id());
        diagnostic = diagnostic.label(provider.plugin.manifest.file, offer.export.entry.name.span.clone(), text);
    }
    if count > 8 {
        let ids = offers.iter().map(|offer| scene.members[offer.provider].id());
        diagnostic = diagnostic.note(format!("the providers are {}", list_of(ids, count)));
    }
    diagnostic
}

fn bind_help(scene: &Scene<'_>, consumer: usize, import: &ListedImport<'_>, offers: &[Offer<'_>]) -> String {
    let first = offers.first().map_or("…", |offer| scene.members[offer.provider].id().as_str());
    format!(
        "choose one in the `[bind]` table of `app.toml`: `\"{}\" = {{ \"{}\" = [\"{first}\"] }}`",
        scene.members[consumer].id(),
        import.import.name
    )
}

/// Where an import is written.
pub fn import_span(import: &ListedImport<'_>) -> Span {
    import.entry.name.span.clone()
}
