//! Choosing providers: PW202, and the bindings of `app.toml`.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::manifest::BindEntry;
use crate::model::ExternName;

use super::cross::is_by_owner;
use super::listing::{Found, ListedExport, ListedImport, find_by};
use super::missing::no_provider;
use super::{HostInterface, Member, Scene, fit, version};
use crate::words::list;

/// The listed exports of all members, by interface without version: as indices of member and
/// export, so that an import finds its providers without asking every plugin.
pub struct Offers(BTreeMap<String, Vec<(usize, usize)>>);

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
        let mut offers: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
        for (member, Member { listing, .. }) in members.iter().enumerate() {
            for (export, listed) in listing.exports.iter().enumerate() {
                offers.entry(listed.export.name.base().to_owned()).or_default().push((member, export));
            }
        }
        Self(offers)
    }

    /// The versions in which an interface is listed, without repetition.
    fn versions<'a>(&self, members: &'a [Member<'_>], name: &ExternName) -> Vec<&'a ExternName> {
        let found = self.0.get(name.base()).map(Vec::as_slice).unwrap_or_default();
        let mut names: Vec<&ExternName> =
            found.iter().map(|&(member, export)| &members[member].listing.exports[export].export.name).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Lets each `from` without a version mean the only version that is there, as in other keys.
    pub fn complete_targets(&self, members: &mut [Member<'_>]) {
        let meant = |members: &[Member<'_>], target: &ExternName| match self.versions(members, target).as_slice() {
            [only] if target.version().is_none() => Some((*only).clone()),
            _ => None,
        };
        for member in 0..members.len() {
            for import in 0..members[member].listing.imports.len() {
                let listed = &members[member].listing.imports[import];
                if listed.entry.from.is_some()
                    && let Some(only) = meant(members, &listed.target)
                {
                    members[member].listing.imports[import].target = only;
                }
            }
        }
    }

    /// Every listed export of this interface, whatever its version.
    fn of<'a>(&self, scene: &'a Scene<'a>, name: &ExternName) -> impl Iterator<Item = Offer<'a>> {
        let found = self.0.get(name.base()).map(Vec::as_slice).unwrap_or_default();
        found
            .iter()
            .map(|&(provider, export)| Offer { provider, export: &scene.members[provider].listing.exports[export] })
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
    candidates(scene, consumer, import)
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
    let offers = match bound {
        Some(entry) => {
            if entry.host.is_some() {
                // A host that does not offer the interface is reported with the binding.
                return host.map(Chosen::Host);
            }
            bound_offers(scene, consumer, import, entry)?
        }
        None => {
            let offers = candidates(scene, consumer, import);
            match (host, offers.as_slice()) {
                (Some(host), []) => return Some(Chosen::Host(host)),
                (Some(_), _) if scene.app.unknown_bindings => return None,
                (Some(host), _) => {
                    diagnostics.push(host_and_plugins(scene, consumer, import, host, &offers));
                    return None;
                }
                (None, _) => offers,
            }
        }
    };
    let cardinality = import.entry.cardinality.value;
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
            diagnostics.push(too_many(scene, consumer, import, &offers, bound));
        }
        return None;
    }
    Some(Chosen::Plugins(offers))
}

/// Whether the host serves a listed import.
pub fn is_host_served(scene: &Scene<'_>, consumer: usize, import: &ListedImport<'_>) -> bool {
    match binding(scene, consumer, import) {
        Some(entry) => entry.host.is_some(),
        None => serving_host(scene, target(import)).is_some() && candidates(scene, consumer, import).is_empty(),
    }
}

/// The interface of the host that serves a name: in the highest version that fits.
pub fn serving_host<'a>(scene: &Scene<'a>, wanted: &ExternName) -> Option<&'a HostInterface> {
    let fitting = scene.app.host.iter().filter(|host| version::serves(wanted, host.name()));
    fitting.max_by(|a, b| a.name().version().cmp(&b.name().version()))
}

/// A `from` without a version, where there are several: whichever is meant, none may silently be
/// left out.
fn vague_from(scene: &Scene<'_>, consumer: usize, import: &ListedImport<'_>) -> Option<Diagnostic> {
    let from = import.entry.from.as_ref().filter(|_| is_vague(scene, import))?;
    let versions = scene.offers.versions(&scene.members, &import.target);
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
    let versions = scene.offers.versions(&scene.members, &import.target);
    !versions.is_empty() && !versions.contains(&&import.target)
}

/// The line of `[bind]` about this import, if there is one: the first, should there be several.
pub fn binding<'a>(scene: &Scene<'a>, consumer: usize, import: &ListedImport<'_>) -> Option<&'a BindEntry> {
    let member = &scene.members[consumer];
    scene.bindings.get(member.id())?.iter().copied().find(|entry| {
        matches!(bound_import(member, &entry.import.value), Some(bound) if std::ptr::eq(bound.import, import.import))
    })
}

/// The import of a consumer that a line of `[bind]` names.
pub fn bound_import<'a>(member: &'a Member<'a>, name: &ExternName) -> Option<&'a ListedImport<'a>> {
    match find_by(member.listing.imports.iter(), name, |import| &import.import.name) {
        Found::One(import) => Some(import),
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
    let exports = scene.members[provider].listing.exports.iter();
    exports
        .filter(|listed| listed.serves(import))
        .max_by(|a, b| a.export.name.version().cmp(&b.export.name.version()))
        .map(|export| Offer { provider, export })
}

/// All plugins that can serve an import, in provider order. A plugin never provides for itself.
fn candidates<'a>(scene: &'a Scene<'a>, consumer: usize, import: &ListedImport<'_>) -> Vec<Offer<'a>> {
    let mut offers: Vec<Offer<'a>> = scene
        .offers
        .of(scene, target(import))
        .filter(|offer| offer.provider != consumer && offer.export.serves(import))
        .collect();
    // One offer for each plugin, the highest version; members are numbered by id.
    offers.sort_by_key(|offer| (offer.provider, Reverse(offer.export.export.name.version())));
    offers.dedup_by_key(|offer| offer.provider);
    offers.sort_by_key(|offer| (Reverse(offer.export.priority), offer.provider));
    offers
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
    bound: Option<&BindEntry>,
) -> Diagnostic {
    let member = &scene.members[consumer];
    let wanted = target(import);
    let cardinality = import.entry.cardinality.value;
    let message =
        format!("{} plugins serve `{wanted}`, which `{}` imports as `{cardinality}`", offers.len(), member.id());
    let mut diagnostic = Diagnostic::error(Code::Pw202, message).label(
        member.plugin.manifest.file,
        import_span(import),
        format!("`{cardinality}` takes one"),
    );
    if let (Some(entry), Some(file)) = (bound, &scene.app.file) {
        diagnostic = diagnostic.label(file.file, entry.providers.span.clone(), "bound to several here");
        return diagnostic.help("leave one provider in this list");
    }
    diagnostic = label_offers(scene, diagnostic, offers);
    diagnostic.help(bind_help(scene, consumer, import, offers))
}

fn host_and_plugins(
    scene: &Scene<'_>,
    consumer: usize,
    import: &ListedImport<'_>,
    host: &HostInterface,
    offers: &[Offer<'_>],
) -> Diagnostic {
    let member = &scene.members[consumer];
    let message = format!("both the host and plugins serve `{}` for `{}`", target(import), member.id());
    let mut diagnostic =
        Diagnostic::error(Code::Pw202, message).label(member.plugin.manifest.file, import_span(import), "served twice");
    diagnostic = diagnostic.label(host.file, host.written.span.clone(), "the host offers it");
    diagnostic = label_offers(scene, diagnostic, offers);
    diagnostic.help(format!("{}; `[\"host\"]` binds the host", bind_help(scene, consumer, import, offers)))
}

pub fn label_offers(scene: &Scene<'_>, mut diagnostic: Diagnostic, offers: &[Offer<'_>]) -> Diagnostic {
    for offer in offers.iter().take(8) {
        let provider = &scene.members[offer.provider];
        let text = format!("`{}` exports it", provider.id());
        diagnostic = diagnostic.label(provider.plugin.manifest.file, offer.export.entry.name.span.clone(), text);
    }
    if offers.len() > 8 {
        let ids = offers.iter().map(|offer| scene.members[offer.provider].id());
        diagnostic = diagnostic.note(format!("the providers are {}", list(ids)));
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
