//! From links to the plan: the order of the start, and PW301.

use std::collections::BTreeMap;

use crate::model::{EngineNeeds, OnFailure, Resource};
use crate::plan::{
    Binding, ImportSource, Plan, PlannedExport, PlannedFunction, PlannedImport, PlannedPlugin, PlannedResource,
    PluginIndex, Provider,
};
use crate::world::{Extern, ExternKind};

use super::app_file::EntryMember;
use super::graph::{self, Order};
use super::listed::{ListedImport, Listing, Offer};
use super::member::Member;
use super::offers::{import_of, serving_host};
use super::problem::Problem;
use super::providers::{Link, Served};
use super::resource_rules::is_own;
use super::scene::Scene;

/// The members in the order in which they start; none when imports form a cycle.
pub fn start_order<'a>(
    scene: &'a Scene<'a>,
    links: &[Link<'a>],
    problems: &mut Vec<Problem<'a>>,
) -> Option<Vec<usize>> {
    let needs = links
        .iter()
        .filter(|link| !link.import.entry.late)
        .flat_map(|link| offers(link).iter().map(|offer| (link.consumer, offer.provider)));
    match graph::order(scene.members.len(), needs) {
        Order::Start(order) => Some(order),
        Order::Cycles(cycles) => {
            problems.extend(cycles.iter().map(|cycle| cycle_of(scene, links, cycle)));
            None
        }
    }
}

fn offers<'a, 'l>(link: &'l Link<'a>) -> &'l [Offer<'a>] {
    match &link.served {
        Served::Plugins(offers, _) => offers,
        Served::Host(_) => &[],
    }
}

/// PW301, with the whole path.
fn cycle_of<'a>(scene: &'a Scene<'a>, links: &[Link<'a>], cycle: &[usize]) -> Problem<'a> {
    let step = |(position, &consumer): (usize, &usize)| {
        let next = cycle[(position + 1) % cycle.len()];
        let needs_next =
            |link: &&Link<'a>| !link.import.entry.late && offers(link).iter().any(|offer| offer.provider == next);
        // Links are in the order of their consumers.
        let first = links.partition_point(|link| link.consumer < consumer);
        let mut own = links[first..].iter().take_while(|link| link.consumer == consumer);
        let link = own.find(needs_next)?;
        Some((import_of(scene, consumer, link.import), scene.members[next].id()))
    };
    let steps = cycle.iter().enumerate().filter_map(step).collect();
    Problem::Cycle { plugins: cycle.iter().map(|&member| scene.members[member].id()).collect(), steps }
}

/// Puts the plan together.
pub fn plan(scene: &Scene<'_>, links: &[Link<'_>], start: &[usize], entry: Option<EntryMember<'_>>) -> Plan {
    let mut place = vec![PluginIndex(0); start.len()];
    for (index, &member) in start.iter().enumerate() {
        place[member] = PluginIndex(index);
    }
    let mut links_of: Vec<Vec<&Link<'_>>> = scene.members.iter().map(|_| Vec::new()).collect();
    for link in links {
        links_of[link.consumer].push(link);
    }
    let mut types = ResourceNumbers::default();
    let plugins = start
        .iter()
        .map(|&member| planned_plugin(scene, &scene.members[member], &links_of[member], &place, &mut types))
        .collect();
    let file = scene.app.file.as_ref();
    Plan {
        name: file.and_then(|file| file.name.as_ref()).map(|name| name.value.clone()),
        entry: entry.map(|entry| entry.planned(|member| place[member])),
        compile_time: file.and_then(|file| file.compile_time.as_ref()).map(|time| time.value),
        plugins,
    }
}

fn planned_plugin(
    scene: &Scene<'_>,
    member: &Member<'_>,
    links: &[&Link<'_>],
    place: &[PluginIndex],
    types: &mut ResourceNumbers,
) -> PlannedPlugin {
    let (plugin, listing) = (member.plugin, &member.listing);
    let mut imports: Vec<(&Extern, ImportSource, Option<&ListedImport<'_>>)> = Vec::new();
    imports.extend(listing.runtime.iter().map(|import| (*import, ImportSource::Runtime, None)));
    imports.extend(listing.types_only.iter().map(|import| (*import, types_source(scene, import), None)));
    imports.extend(links.iter().map(|link| (link.import.import, source(link, place), Some(link.import))));
    let world = plugin.world.iter().flat_map(|world| &world.imports).enumerate();
    let order: BTreeMap<*const Extern, usize> =
        world.map(|(index, import)| (std::ptr::from_ref(import), index)).collect();
    imports.sort_by_key(|(import, ..)| order.get(&std::ptr::from_ref(*import)).copied());
    PlannedPlugin {
        id: member.id().clone(),
        version: plugin.manifest.version.as_ref().map(|version| version.value.clone()),
        description: plugin.manifest.description.clone(),
        component: plugin.component.clone(),
        weight: plugin.world.as_ref().map_or(0, |world| world.weight),
        needs: plugin.world.as_ref().map_or_else(EngineNeeds::default, |world| world.needs),
        limits: plugin.settings.limits.clone(),
        wasi: plugin.settings.wasi.clone(),
        config: plugin.settings.config.clone(),
        exports: listing.exports.iter().map(|listed| planned_export(listed.export, listed.priority)).collect(),
        imports: imports
            .into_iter()
            .map(|(import, source, listed)| planned_import(import, source, listed, listing, types))
            .collect(),
    }
}

fn planned_export(export: &Extern, priority: i64) -> PlannedExport {
    PlannedExport {
        name: export.name.clone(),
        bare: export.kind == ExternKind::Function,
        priority,
        functions: export.functions.iter().map(|function| (function.name.clone(), function.ty.clone())).collect(),
    }
}

fn planned_import(
    import: &Extern,
    source: ImportSource,
    listed: Option<&ListedImport<'_>>,
    listing: &Listing<'_>,
    types: &mut ResourceNumbers,
) -> PlannedImport {
    let planned = |(name, resource): &(String, Resource)| PlannedResource {
        name: name.clone(),
        resource: resource.clone(),
        number: types.number(resource),
        decides: listed.is_some_and(|listed| is_own(listed, resource)),
    };
    let of_runtime = |resource: &Resource| {
        let interface = resource.interface.as_ref();
        interface.is_some_and(|interface| listing.runtime.iter().any(|import| import.name == *interface))
    };
    // The runtime and the host define the resources of what they serve, under whatever name they are used.
    let resources = match source {
        ImportSource::Runtime | ImportSource::Host(_) => Vec::new(),
        ImportSource::TypesOnly => {
            import.resources.iter().filter(|(_, resource)| !of_runtime(resource)).map(planned).collect()
        }
        ImportSource::Plugins(_) => import.resources.iter().map(planned).collect(),
    };
    PlannedImport { name: import.name.clone(), at_root: import.kind != ExternKind::Interface, source, resources }
}

/// Who defines the types of an import without functions. Resources of the host are its own.
fn types_source(scene: &Scene<'_>, import: &Extern) -> ImportSource {
    match serving_host(scene, &import.name) {
        Some(host) if !import.resources.is_empty() => ImportSource::Host(host.name().clone()),
        _ => ImportSource::TypesOnly,
    }
}

fn source(link: &Link<'_>, place: &[PluginIndex]) -> ImportSource {
    let (offers, replies) = match &link.served {
        Served::Host(host) => return ImportSource::Host(host.name().clone()),
        Served::Plugins(offers, replies) => (offers, replies),
    };
    let provider =
        |offer: &Offer<'_>| Provider { plugin: place[offer.provider], export: offer.export.export.name.clone() };
    let entry = link.import.entry;
    let functions = link.import.import.functions.iter().zip(replies);
    ImportSource::Plugins(Binding {
        cardinality: entry.cardinality.value,
        on_failure: entry.on_failure.as_ref().map_or(OnFailure::Trap, |policy| policy.value),
        late: entry.late,
        providers: offers.iter().map(provider).collect(),
        owners: link.owners.iter().map(provider).collect(),
        functions: functions
            .map(|(function, reply)| PlannedFunction {
                name: function.name.clone(),
                ty: function.ty.clone(),
                reply: reply.clone(),
            })
            .collect(),
    })
}

/// One number for each distinct resource type of the app.
#[derive(Default)]
struct ResourceNumbers(BTreeMap<Resource, u32>);

impl ResourceNumbers {
    fn number(&mut self, resource: &Resource) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(resource.clone()).or_insert(next)
    }
}
