//! Who may serve an import: other plugins by what they export, the host, and what `[bind]` says of it.

use std::rc::Rc;

use crate::manifest::BindEntry;
use crate::model::ExternName;
use crate::words::LISTED;

use super::index::Serving;
use super::input::HostInterface;
use super::listed::{ImportOf, ListedImport, Offer};
use super::names::Found;
use super::problem::Several;
use super::scene::Scene;
use super::version;

/// The plugins that can serve an import, in provider order. A plugin never provides for itself.
pub struct Candidates<'a> {
    scene: &'a Scene<'a>,
    serving: Rc<Serving>,
    consumer: usize,
}

impl<'a> Candidates<'a> {
    /// Those of an import.
    pub fn of(scene: &'a Scene<'a>, consumer: usize, import: &ListedImport<'_>) -> Self {
        Self { scene, serving: scene.index.serving(&scene.members, import), consumer }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        let itself = self.serving.members.binary_search(&self.consumer).is_ok();
        self.serving.members.len() - usize::from(itself)
    }

    /// All of them.
    pub fn offers(&self) -> impl Iterator<Item = Offer<'a>> + '_ {
        let others = self.serving.offers.iter().filter(|offer| offer.0 != self.consumer);
        others.map(|&(provider, export)| offer(self.scene, provider, export))
    }

    /// As many of them as messages list.
    pub fn several(&self) -> Several<'a> {
        Several { first: self.offers().take(LISTED).collect(), all: self.len() }
    }
}

fn offer<'a>(scene: &'a Scene<'a>, provider: usize, export: usize) -> Offer<'a> {
    let member = &scene.members[provider];
    Offer { provider, plugin: member.plugin, export: &member.listing.exports[export] }
}

/// As many of some offers as messages list.
pub fn several<'a>(offers: &[Offer<'a>]) -> Several<'a> {
    Several { first: offers.iter().take(LISTED).copied().collect(), all: offers.len() }
}

/// An import of a member.
pub fn import_of<'a>(scene: &Scene<'a>, consumer: usize, import: &'a ListedImport<'a>) -> ImportOf<'a> {
    ImportOf { plugin: scene.members[consumer].plugin, import }
}

/// A member's export that serves an import, in the highest version.
pub fn best_offer<'a>(scene: &'a Scene<'a>, provider: usize, import: &ListedImport<'_>) -> Option<Offer<'a>> {
    let offers = scene.index.of(&import.target);
    let own = &offers[offers.partition_point(|offer| offer.0 < provider)..];
    own.iter()
        .take_while(|offer| offer.0 == provider)
        .map(|&(_, export)| offer(scene, provider, export))
        .filter(|offer| offer.export.serves(import))
        .max_by(|a, b| a.export.export.name.version().cmp(&b.export.export.name.version()))
}

/// The line of `[bind]` about this import, if there is one: the first, should there be several.
pub fn binding<'a>(scene: &Scene<'a>, consumer: usize, import: &ListedImport<'_>) -> Option<&'a BindEntry> {
    match scene.members[consumer].imports.find(&import.import.name) {
        Found::One(number) => scene.bindings.get(&(consumer, number)).copied(),
        Found::None | Found::Several(_) => None,
    }
}

/// The interface of the host that serves a name: in the highest version that fits.
pub fn serving_host<'a>(scene: &Scene<'a>, wanted: &ExternName) -> Option<&'a HostInterface> {
    let named = scene.hosts.get(wanted.base()).into_iter().flatten().copied();
    let fitting = named.filter(|host| version::serves(wanted, host.name()));
    fitting.max_by(|a, b| a.name().version().cmp(&b.name().version()))
}

/// Whether the host serves a listed import.
pub fn is_host_served(scene: &Scene<'_>, consumer: usize, import: &ListedImport<'_>) -> bool {
    match binding(scene, consumer, import) {
        Some(entry) => entry.host.is_some(),
        None => serving_host(scene, &import.target).is_some() && Candidates::of(scene, consumer, import).len() == 0,
    }
}

/// Whether the interface that providers should export is not clear.
pub fn is_vague(scene: &Scene<'_>, import: &ListedImport<'_>) -> bool {
    if import.entry.from.is_none() || import.target.version().is_some() {
        return false;
    }
    let versions = scene.index.versions(&import.target);
    !versions.is_empty() && versions.binary_search(&import.target).is_err()
}
