use crate::model::ExternName;
use crate::world::{Extern, ExternKind};

use super::super::input::Plugin;
use super::super::listed::{ListedExport, ListedImport};
use super::super::member::Member;
use super::super::near::relation;
use super::super::offers::{best_offer, binding};
use super::super::providers::{Link, Served};
use super::super::scene::Scene;
use super::super::version::mismatch;
use super::explanation::{Candidate, Verdict, place};

/// The question that each export is asked.
struct Question<'a> {
    scene: &'a Scene<'a>,
    consumer: usize,
    /// The interface that providers export.
    wanted: &'a ExternName,
    kind: ExternKind,
    /// The line of `[imports]`, where there is one.
    listed: Option<&'a ListedImport<'a>>,
    /// The providers and their exports, in provider order.
    serving: Vec<(usize, &'a Extern)>,
    /// Whether it is decided who serves.
    decided: bool,
}

/// The candidates for an import that its manifest lists.
pub(super) fn of_listed<'a>(
    scene: &'a Scene<'a>,
    consumer: usize,
    listed: &'a ListedImport<'a>,
    link: Option<&Link<'a>>,
) -> Vec<Candidate> {
    let serving = match link.map(|link| &link.served) {
        Some(Served::Plugins(offers, _)) => offers.iter().map(|offer| (offer.provider, offer.export.export)).collect(),
        Some(Served::Host(_)) | None => Vec::new(),
    };
    let (wanted, kind) = (&listed.target, listed.import.kind);
    Question { scene, consumer, wanted, kind, listed: Some(listed), serving, decided: link.is_some() }.candidates()
}

/// The candidates for an import that its manifest should list.
pub(super) fn of_unlisted<'a>(scene: &'a Scene<'a>, consumer: usize, import: &'a Extern) -> Vec<Candidate> {
    let (wanted, kind) = (&import.name, import.kind);
    Question { scene, consumer, wanted, kind, listed: None, serving: Vec::new(), decided: false }.candidates()
}

impl Question<'_> {
    /// All candidates in order. Similar interfaces are only looked for where there is no other candidate.
    fn candidates(&self) -> Vec<Candidate> {
        let mut plugins: Vec<&Plugin> = self.scene.app.plugins.iter().collect();
        plugins.sort_by_key(|plugin| plugin.id());
        let same = |name: &ExternName| name.base() == self.wanted.base();
        let similar = |name: &ExternName| relation(self.wanted, name, &self.scene.effort).is_some();
        let mut found: Vec<(Option<usize>, Candidate)> =
            plugins.iter().flat_map(|plugin| self.of_plugin(plugin, &same)).collect();
        if found.is_empty() {
            found = plugins.iter().flat_map(|plugin| self.of_plugin(plugin, &similar)).collect();
        }
        found.sort_by_key(|(position, _)| position.unwrap_or(usize::MAX));
        found.into_iter().map(|(_, candidate)| candidate).collect()
    }

    /// The exports of one plugin, the listed ones first, each with its place among the providers.
    fn of_plugin(&self, plugin: &Plugin, asked: &dyn Fn(&ExternName) -> bool) -> Vec<(Option<usize>, Candidate)> {
        let manifest = &plugin.manifest;
        let member = self.scene.member(plugin.id()).filter(|member| {
            // A second plugin of the same id takes no part.
            std::ptr::eq(self.scene.members[*member].plugin, plugin)
        });
        let mut found = Vec::new();
        for entry in manifest.exports.iter().filter(|entry| asked(&entry.name.value)) {
            let of_entry = |listed: &&ListedExport<'_>| std::ptr::eq(listed.entry, entry);
            let listed = member.and_then(|member| self.exports(member).iter().find(of_entry));
            let name = listed.map_or(&entry.name.value, |listed| &listed.export.name);
            let position = listed.zip(member).and_then(|(listed, member)| {
                let serves =
                    |(provider, export): &(usize, &Extern)| *provider == member && std::ptr::eq(*export, listed.export);
                self.serving.iter().position(serves)
            });
            let verdict = match position {
                Some(_) => Verdict::Serves,
                None => self.verdict(plugin, member, name, listed),
            };
            let own = plugin.settings.priorities.get(&entry.name.value).copied().unwrap_or(entry.priority);
            let place = place(&self.scene.app.sources, manifest.file, &entry.name.span);
            let (plugin, export) = (plugin.id().clone(), name.clone());
            found.push((position, Candidate { plugin, export, place, priority: own, verdict }));
        }
        let private = member.iter().flat_map(|&member| &self.scene.members[member].listing.private);
        for name in private.filter(|name| asked(name)) {
            let header = manifest.exports_header.as_ref().unwrap_or(&manifest.header);
            let verdict = self.outward(plugin, name).unwrap_or(Verdict::Private);
            let place = place(&self.scene.app.sources, manifest.file, header);
            let (plugin, export) = (plugin.id().clone(), (*name).clone());
            found.push((None, Candidate { plugin, export, place, priority: 0, verdict }));
        }
        found
    }

    fn exports(&self, member: usize) -> &[ListedExport<'_>] {
        let member: &Member<'_> = &self.scene.members[member];
        &member.listing.exports
    }

    /// Why a listed export does not serve.
    fn verdict(
        &self,
        plugin: &Plugin,
        member: Option<usize>,
        name: &ExternName,
        listed: Option<&ListedExport<'_>>,
    ) -> Verdict {
        if let Some(verdict) = self.outward(plugin, name) {
            return verdict;
        }
        let Some(member) = member else { return Verdict::Broken };
        let Some(listed) = listed else { return Verdict::NotInBinary };
        if listed.export.kind != self.kind {
            return Verdict::OtherKind;
        }
        let Some(import) = self.listed else { return Verdict::WouldServe };
        if let Some(bound) = binding(self.scene, self.consumer, import)
            && !bound.providers.value.iter().any(|provider| provider.value == *plugin.id())
        {
            return Verdict::NotBound;
        }
        let best = best_offer(self.scene, member, import);
        match best {
            Some(best) if !std::ptr::eq(best.export.export, listed.export) => Verdict::HigherVersion,
            _ if self.decided => Verdict::NotBound,
            _ => Verdict::WouldServe,
        }
    }

    /// What the name and the plugin alone rule out.
    fn outward(&self, plugin: &Plugin, name: &ExternName) -> Option<Verdict> {
        if name.base() != self.wanted.base() {
            return Some(Verdict::OtherInterface);
        }
        // A key without version means whichever version the binary has; of a broken one nobody knows.
        let known = name.version().is_some() || plugin.world.is_some();
        if let Some(mismatch) = mismatch(self.wanted, name).filter(|_| known) {
            return Some(Verdict::Version(mismatch));
        }
        if std::ptr::eq(self.scene.members[self.consumer].plugin, plugin) {
            return Some(Verdict::Itself);
        }
        (!plugin.settings.enabled).then_some(Verdict::Disabled)
    }
}
