//! What nearly serves an import without a provider.

use std::collections::HashMap;

use crate::manifest::ExportEntry;
use crate::model::{ExternName, PluginId};

use super::exporters::Exporters;
use super::input::{HostInterface, Plugin};
use super::listed::ListedExport;
use super::near::{Relation, close_relation, relation};
use super::problem::Miss;
use super::scene::Scene;
use super::version;

/// Most missing imports for which similar names are looked for.
const MAX_SIMILAR: usize = 50;

/// Most plugins that are looked at for any further one.
const MAX_NEAR: usize = 20;

/// Most that are told of one import.
const MAX_TOLD: usize = 5;

/// How names are compared.
type Relate<'a> = dyn Fn(&ExternName, &ExternName) -> Option<Relation> + 'a;

/// A near miss and how near it is: the lower, the nearer.
type Ranked<'a> = (usize, Miss<'a>);

/// What nearly serves a name, nearest first: disabled, private, listed but absent, another version or package.
pub fn near_misses<'a>(scene: &'a Scene<'a>, consumer: usize, wanted: &ExternName) -> Vec<Miss<'a>> {
    let mut misses = Vec::new();
    let missing = scene.missing.replace(scene.missing.get() + 1);
    // Comparing names letter by letter is slow, and of use only where few are missing.
    let few = missing < MAX_SIMILAR;
    let relate = |wanted: &ExternName, other: &ExternName| match few {
        true => relation(wanted, other, &scene.effort),
        false => close_relation(wanted, other),
    };
    let plugins: Vec<&Plugin> = match few {
        true => scene.app.plugins.iter().collect(),
        false => plugins_near(scene, wanted),
    };
    misses.extend(host_misses(scene, wanted, few, &relate));
    let own = scene.members[consumer].plugin;
    for plugin in plugins.into_iter().filter(|plugin| !std::ptr::eq(*plugin, own)) {
        let may_serve = |export: &ExportEntry| {
            let name = &export.name.value;
            name.base() == wanted.base() || relate(wanted, name).is_some()
        };
        if plugin.manifest.exports.iter().any(may_serve) {
            misses.extend(listed_misses(scene, plugin, wanted, &relate));
        }
        misses.extend(private_misses(scene, plugin, wanted));
    }
    if own.manifest.exports.iter().any(|export| version::serves(wanted, &export.name.value)) {
        misses.extend(listed_misses(scene, own, wanted, &relate).into_iter().filter_map(|(_, miss)| match miss {
            Miss::Disabled { plugin, entry }
            | Miss::OtherKind { plugin, entry, .. }
            | Miss::NotInBinary { plugin, entry } => Some((usize::MAX, Miss::Itself { plugin, entry })),
            _ => None,
        }));
    }
    misses.sort_by(|(rank, miss), (other_rank, other)| (rank, plugin(miss)).cmp(&(other_rank, plugin(other))));
    misses.into_iter().take(MAX_TOLD).map(|(_, miss)| miss).collect()
}

/// The plugin of a near miss; none for the host.
fn plugin<'a>(miss: &Miss<'a>) -> Option<&'a PluginId> {
    match miss {
        Miss::Disabled { plugin, .. }
        | Miss::OtherKind { plugin, .. }
        | Miss::NotInBinary { plugin, .. }
        | Miss::Private { plugin, .. }
        | Miss::Related { plugin, .. }
        | Miss::Itself { plugin, .. } => Some(plugin.id()),
        Miss::OfHost { .. } => None,
    }
}

/// The plugins that export something of the same name.
fn plugins_near<'a>(scene: &'a Scene<'a>, wanted: &ExternName) -> Vec<&'a Plugin> {
    let private = |plugin: &Plugin| {
        let member = scene.member(plugin.id()).map(|member| &scene.members[member]);
        member.map(|member| member.listing.private.as_slice()).unwrap_or_default()
    };
    let exporters = scene.exporters.get_or_init(|| Exporters::new(&scene.app.plugins, private));
    exporters.near(wanted, MAX_NEAR).into_iter().map(|index| &scene.app.plugins[index]).collect()
}

/// What a plugin lists that nearly serves a name. Names are those of the binary where it was read: a
/// key of the manifest may leave the version out.
fn listed_misses<'a>(
    scene: &'a Scene<'a>,
    plugin: &'a Plugin,
    wanted: &ExternName,
    relate: &Relate<'_>,
) -> Vec<Ranked<'a>> {
    let listing = scene.member(plugin.id()).map(|member| &scene.members[member].listing);
    let listed: HashMap<*const ExportEntry, &'a ListedExport<'a>> = listing
        .iter()
        .flat_map(|listing| &listing.exports)
        .map(|listed| (std::ptr::from_ref(listed.entry), listed))
        .collect();
    let miss = |entry: &'a ExportEntry| {
        let read = listed.get(&std::ptr::from_ref(entry)).copied();
        let name = read.map_or(&entry.name.value, |listed| &listed.export.name);
        let serves = version::serves(wanted, name);
        let vague = read.is_none() && name.version().is_none() && name.base() == wanted.base();
        if !plugin.settings.enabled && (vague || serves) {
            Some((0, Miss::Disabled { plugin, entry }))
        } else if let Some(other) = read.filter(|_| serves) {
            Some((1, Miss::OtherKind { plugin, entry, kind: other.export.kind }))
        } else if serves {
            Some((1, Miss::NotInBinary { plugin, entry }))
        } else {
            let relation = relate(wanted, name)?;
            Some((3 + relation.rank(wanted, name), Miss::Related { plugin, entry, name, relation }))
        }
    };
    plugin.manifest.exports.iter().filter_map(miss).collect()
}

/// What the host offers in another version, or under a similar name.
fn host_misses<'a>(scene: &Scene<'a>, wanted: &ExternName, few: bool, relate: &Relate<'_>) -> Vec<Ranked<'a>> {
    let miss = |host: &'a HostInterface| {
        let relation = relate(wanted, host.name())?;
        Some((3 + relation.rank(wanted, host.name()), Miss::OfHost { host, relation }))
    };
    if few {
        return scene.app.host.iter().filter_map(miss).collect();
    }
    scene.hosts.get(wanted.base()).into_iter().flatten().copied().take(MAX_NEAR).filter_map(miss).collect()
}

fn private_misses<'a>(scene: &Scene<'a>, plugin: &'a Plugin, wanted: &ExternName) -> Vec<Ranked<'a>> {
    let Some(member) = scene.member(plugin.id()) else { return Vec::new() };
    let private = scene.members[member].listing.private.iter();
    private.filter(|name| version::serves(wanted, name)).map(|name| (2, Miss::Private { plugin, name })).collect()
}
