//! Imports without a provider: PW201, with what nearly serves them.

use std::collections::HashMap;

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::manifest::{BindEntry, ExportEntry};
use crate::model::{ExternName, PluginId};
use crate::world::ExternKind;

use super::exporters::Exporters;
use super::listing::{ListedExport, ListedImport};
use super::near::{Relation, close_relation, relation};
use super::providers::{import_span, target};
use super::{Scene, version};

/// PW201
pub fn no_provider(
    scene: &Scene<'_>,
    consumer: usize,
    import: &ListedImport<'_>,
    bound: Option<&BindEntry>,
) -> Diagnostic {
    let member = &scene.members[consumer];
    let wanted = target(import);
    let message =
        format!("no plugin serves `{wanted}`, which `{}` imports as `{}`", member.id(), import.entry.cardinality.value);
    let mut diagnostic =
        Diagnostic::error(Code::Pw201, message).label(member.plugin.manifest.file, import_span(import), "no provider");
    if let (Some(entry), Some(file)) = (bound, &scene.app.file) {
        return diagnostic
            .label(file.file, entry.providers.span.clone(), "bound to no plugin here")
            .help("name a provider in this list, or remove the line");
    }
    let misses = near_misses(scene, consumer, wanted, import.entry.from.is_some());
    let hint = misses.first().map(|miss| miss.hint.clone());
    for miss in misses.into_iter().take(5) {
        diagnostic = diagnostic.label(miss.file, miss.span, miss.text);
    }
    diagnostic.help(hint.unwrap_or_else(|| {
        format!("add a plugin that lists `\"{wanted}\" = {{}}` in its `[exports]`, or let the import be `at-most-one` or `any`")
    }))
}

/// Most missing imports for which similar names are looked for.
const MAX_SIMILAR: usize = 50;

/// Most plugins that are looked at for any further one.
const MAX_NEAR: usize = 20;

/// How names are compared.
type Relate<'a> = dyn Fn(&ExternName, &ExternName) -> Option<Relation> + 'a;

struct Miss {
    rank: usize,
    /// `None` for the host.
    plugin: Option<PluginId>,
    file: crate::diagnostic::FileId,
    span: Span,
    text: String,
    hint: String,
}

/// What nearly serves a name: disabled, private, listed but absent, another version or package.
fn near_misses(scene: &Scene<'_>, consumer: usize, wanted: &ExternName, has_from: bool) -> Vec<Miss> {
    let mut misses = Vec::new();
    let missing = scene.missing.replace(scene.missing.get() + 1);
    // Comparing names letter by letter is slow, and of use only where few are missing.
    let few = missing < MAX_SIMILAR;
    let relate = |wanted: &ExternName, other: &ExternName| match few {
        true => relation(wanted, other, &scene.effort),
        false => close_relation(wanted, other),
    };
    let plugins: Vec<&super::Plugin> = match few {
        true => scene.app.plugins.iter().collect(),
        false => scene.exporters.get_or_init(|| Exporters::new(scene)).near(scene, wanted, MAX_NEAR),
    };
    misses.extend(host_misses(scene, wanted, few, &relate));
    let own = scene.members[consumer].plugin;
    for plugin in plugins.into_iter().filter(|plugin| !std::ptr::eq(*plugin, own)) {
        let may_serve = |export: &ExportEntry| {
            let name = &export.name.value;
            name.base() == wanted.base() || relate(wanted, name).is_some()
        };
        if plugin.manifest.exports.iter().any(may_serve) {
            misses.extend(listed_misses(scene, plugin, wanted, has_from, &relate));
        }
        misses.extend(private_misses(scene, plugin, wanted));
    }
    if own.manifest.exports.iter().any(|export| version::serves(wanted, &export.name.value)) {
        misses.extend(
            listed_misses(scene, own, wanted, has_from, &relate).into_iter().filter(|miss| miss.rank < 3).map(|miss| {
                Miss {
                    text: format!("`{}` exports it itself, but never provides for itself", own.id()),
                    hint: format!("add another plugin that exports `{wanted}`"),
                    rank: usize::MAX,
                    ..miss
                }
            }),
        );
    }
    misses.sort_by(|a, b| (a.rank, &a.plugin).cmp(&(b.rank, &b.plugin)));
    misses
}

/// What a plugin lists that nearly serves a name. Names are those of the binary where it was read: a
/// key of the manifest may leave the version out.
fn listed_misses(
    scene: &Scene<'_>,
    plugin: &super::Plugin,
    wanted: &ExternName,
    has_from: bool,
    relate: &Relate<'_>,
) -> Vec<Miss> {
    let (manifest, id) = (&plugin.manifest, plugin.id());
    let listing = scene.member(id).map(|member| &scene.members[member].listing);
    let listed: HashMap<*const ExportEntry, &ListedExport<'_>> = listing
        .iter()
        .flat_map(|listing| &listing.exports)
        .map(|listed| (std::ptr::from_ref(listed.entry), listed))
        .collect();
    let mut misses = Vec::new();
    for export in &manifest.exports {
        let read = listed.get(&std::ptr::from_ref(export)).copied();
        let name = read.map_or(&export.name.value, |listed| &listed.export.name);
        let miss = |rank, text, hint| Miss {
            rank,
            plugin: Some(id.clone()),
            file: manifest.file,
            span: export.name.span.clone(),
            text,
            hint,
        };
        let vague = read.is_none() && name.version().is_none() && name.base() == wanted.base();
        if !plugin.settings.enabled && (vague || version::serves(wanted, name)) {
            let hint = format!("enable `{id}`, which exports it");
            misses.push(miss(0, format!("`{id}` exports it, but is disabled"), hint));
        } else if let Some(other) = read.filter(|_| version::serves(wanted, name)) {
            let kind = match other.export.kind {
                ExternKind::Interface => "an interface",
                ExternKind::Function | ExternKind::Type => "a function",
            };
            let hint = format!("import it as {kind}, or build `{id}` so that both are of one kind");
            misses.push(miss(1, format!("`{id}` exports it, but as {kind}"), hint));
        } else if version::serves(wanted, name) {
            let hint = format!("build `{id}` so that its binary exports `{name}`");
            misses.push(miss(1, format!("`{id}` lists it, but its binary does not export it"), hint));
        } else if let Some(relation) = relate(wanted, name) {
            misses.push(miss(
                3 + relation.rank(wanted, name),
                related(plugin, name, relation),
                hint(plugin, wanted, name, relation, has_from),
            ));
        }
    }
    misses
}

fn related(plugin: &super::Plugin, name: &ExternName, relation: Relation) -> String {
    let disabled = if plugin.settings.enabled { "" } else { ", but is disabled" };
    match relation {
        Relation::Version => format!("`{}` exports it in another version, `{name}`{disabled}", plugin.id()),
        Relation::Package | Relation::Name => format!("`{}` exports it {relation}{disabled}", plugin.id()),
    }
}

fn hint(plugin: &super::Plugin, wanted: &ExternName, name: &ExternName, relation: Relation, has_from: bool) -> String {
    let id = plugin.id();
    let fitting = match (relation, version::fitting(wanted)) {
        (Relation::Version, Some(fitting)) => format!(" (an import of `{wanted}` is served by {fitting})"),
        _ => String::new(),
    };
    if has_from {
        format!("`{id}` exports `{name}`{fitting}: name it in `from`, if it is what is meant")
    } else {
        format!(
            "`{id}` exports `{name}`: build one of the two against the other's interface{fitting}, or import it by `from`"
        )
    }
}

/// What the host offers in another version, or under a similar name.
fn host_misses(scene: &Scene<'_>, wanted: &ExternName, few: bool, relate: &Relate<'_>) -> Vec<Miss> {
    let miss = |host: &super::HostInterface| {
        let (name, relation) = (host.name(), relate(wanted, host.name())?);
        let fitting = match (relation, version::fitting(wanted)) {
            (Relation::Version, Some(fitting)) => format!(" (an import of `{wanted}` is served by {fitting})"),
            _ => String::new(),
        };
        Some(Miss {
            rank: 3 + relation.rank(wanted, name),
            plugin: None,
            file: host.file,
            span: host.written.span.clone(),
            text: match relation {
                Relation::Version => format!("the host offers it in another version, `{name}`"),
                Relation::Package | Relation::Name => format!("the host offers it {relation}"),
            },
            hint: format!(
                "the host offers `{name}`: build the plugin against that interface{fitting}, or name it in `from`"
            ),
        })
    };
    if few {
        return scene.app.host.iter().filter_map(miss).collect();
    }
    scene.hosts.get(wanted.base()).into_iter().flatten().copied().take(MAX_NEAR).filter_map(miss).collect()
}

fn private_misses(scene: &Scene<'_>, plugin: &super::Plugin, wanted: &ExternName) -> Vec<Miss> {
    let Some(member) = scene.member(plugin.id()) else { return Vec::new() };
    let manifest = &plugin.manifest;
    let span = manifest.exports_header.clone().unwrap_or_else(|| manifest.header.clone());
    let private = scene.members[member].listing.private.iter();
    private
        .filter(|name| version::serves(wanted, name))
        .map(|name| Miss {
            rank: 2,
            plugin: Some(plugin.id().clone()),
            file: manifest.file,
            span: span.clone(),
            text: format!("the binary of `{}` exports `{name}`, but it is not listed here", plugin.id()),
            hint: format!("add `\"{name}\" = {{}}` to the `[exports]` of `{}`", plugin.id()),
        })
        .collect()
}
