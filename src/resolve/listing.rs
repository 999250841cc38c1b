//! Holding a manifest against its binary: PW101, PW102, PW103.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::diagnostic::Spanned;
use crate::manifest::ImportEntry;
use crate::model::{ExternName, Resource, Type};
use crate::words::Effort;
use crate::world::{Extern, ExternKind, World};

use super::few::Few;
use super::input::Plugin;
use super::listed::{ListedExport, ListedImport, Listing};
use super::names::{Found, Names};
use super::near::{Relation, relation};
use super::problem::{AtRuntime, ListingProblem, Meant, Problem, Side};
use super::{runtime, wasi};

/// Holds a plugin's manifest against its world.
pub fn read<'a>(plugin: &'a Plugin, world: &'a World, effort: &Effort, problems: &mut Vec<Problem<'a>>) -> Listing<'a> {
    let reading = Reading { plugin, world, effort, has: Sides::new(world) };
    let exports = reading.exports(problems);
    let (imports, vague) = reading.imports(problems);
    let listed: HashSet<&ExternName> = exports.iter().map(|listed| &listed.export.name).collect();
    let private = world.exports.iter().map(|export| &export.name).filter(|name| !listed.contains(name)).collect();
    let mut listing = Listing { exports, imports: Vec::new(), runtime: Vec::new(), types_only: Vec::new(), private };
    let bases: HashSet<&str> = plugin.manifest.imports.iter().map(|entry| entry.name.value.base()).collect();
    for (index, import) in world.imports.iter().enumerate() {
        let listed = imports.get(&index).copied();
        if import.functions.is_empty() {
            if wasi::offers(&import.name) {
                problems.extend(runtime::check(plugin, import).into_iter().map(Problem::from));
                listing.runtime.push(import);
            } else {
                listing.types_only.push(import);
            }
        } else if let Some(entry) = listed {
            problems.extend(runtime_resource(plugin, import, entry, &bases).map(Problem::from));
            let target = entry.from.as_ref().map_or(&import.name, |from| &from.value).clone();
            listing.imports.push(ListedImport { entry, import, target });
        } else if wasi::offers(&import.name) {
            problems.extend(runtime::check(plugin, import).into_iter().map(Problem::from));
            listing.runtime.push(import);
        } else if !vague.contains(&import.name) {
            problems.push(unlisted_import(plugin, import).into());
        }
    }
    problems.extend(shared_with_runtime(plugin, &listing).map(Problem::from));
    listing
}

/// The names of a world's imports and exports.
struct Sides<'a> {
    imports: Names<'a>,
    exports: Names<'a>,
    /// Those that have functions, which a key is probably meant to name.
    callable_imports: Names<'a>,
    callable_exports: Names<'a>,
}

impl<'a> Sides<'a> {
    fn new(world: &'a World) -> Self {
        let names = |externs: &'a [Extern], counts: fn(&Extern) -> bool| {
            let counted = externs.iter().enumerate().filter(|(_, item)| counts(item));
            Names::new(counted.map(|(index, item)| (index, &item.name)))
        };
        let has_functions = |item: &Extern| !item.functions.is_empty();
        Self {
            imports: names(&world.imports, |_| true),
            exports: names(&world.exports, |item| item.kind != ExternKind::Type),
            callable_imports: names(&world.imports, has_functions),
            callable_exports: names(&world.exports, has_functions),
        }
    }
}

/// The lines of a manifest by the index of the import that each names.
type ByImport<'a> = HashMap<usize, &'a ImportEntry>;

struct Reading<'a, 'b> {
    plugin: &'a Plugin,
    world: &'a World,
    effort: &'b Effort,
    has: Sides<'a>,
}

impl<'a> Reading<'a, '_> {
    fn exports(&self, problems: &mut Vec<Problem<'a>>) -> Vec<ListedExport<'a>> {
        let (plugin, world) = (self.plugin, self.world);
        let mut listed: BTreeMap<usize, ListedExport<'a>> = BTreeMap::new();
        for entry in &plugin.manifest.exports {
            match self.has.exports.find(&entry.name.value) {
                Found::One(index) => {
                    if let Some(first) = listed.get(&index) {
                        let (side, first) = (Side::Export, &first.entry.name.span);
                        problems.push(ListingProblem::Twice { plugin, side, name: &entry.name, first }.into());
                        continue;
                    }
                    let priority = plugin.settings.priorities.get(&entry.name.value).copied();
                    let priority = priority.unwrap_or(entry.priority);
                    listed.insert(index, ListedExport { entry, export: &world.exports[index], priority });
                }
                Found::None => {
                    let is_import = self.has.imports.contains(&entry.name.value);
                    problems.push(self.absent(Side::Export, &entry.name, is_import).into());
                }
                Found::Several(names) => {
                    problems.push(ambiguous(plugin, Side::Export, &entry.name, &names).into());
                }
            }
        }
        listed.into_values().collect()
    }

    /// The listed imports; and those that a key without version names among others, which are listed,
    /// if only vaguely: that they are missing would be no news.
    fn imports(&self, problems: &mut Vec<Problem<'a>>) -> (ByImport<'a>, HashSet<&'a ExternName>) {
        let plugin = self.plugin;
        let mut listed = ByImport::new();
        let mut vague = HashSet::new();
        for entry in &plugin.manifest.imports {
            match self.has.imports.find(&entry.name.value) {
                Found::One(index) => match listed.get(&index) {
                    Some(first) => {
                        let (side, first) = (Side::Import, &first.name.span);
                        problems.push(ListingProblem::Twice { plugin, side, name: &entry.name, first }.into());
                    }
                    None => drop(listed.insert(index, entry)),
                },
                Found::None => {
                    let is_export = self.has.exports.contains(&entry.name.value);
                    problems.push(self.absent(Side::Import, &entry.name, is_export).into());
                }
                Found::Several(names) => {
                    problems.push(ambiguous(plugin, Side::Import, &entry.name, &names).into());
                    vague.extend(names);
                }
            }
        }
        (listed, vague)
    }

    fn absent(&self, side: Side, name: &'a Spanned<ExternName>, is_on_other_side: bool) -> ListingProblem<'a> {
        let there = match side {
            Side::Import => &self.has.callable_imports,
            Side::Export => &self.has.callable_exports,
        };
        let meant = match is_on_other_side {
            true => Meant::OtherSide,
            false => there.nearest(&name.value, self.effort).map_or(Meant::Unknown, |(other, _)| Meant::Near(other)),
        };
        ListingProblem::Absent { plugin: self.plugin, side, name, there: there.few(), meant }
    }
}

/// PW101: an import that the manifest would have to list, or the runtime to offer.
pub fn unlisted_import<'a>(plugin: &'a Plugin, import: &'a Extern) -> ListingProblem<'a> {
    let name = &import.name;
    if !matches!(name.namespace(), Some("wasi" | "plugweave")) {
        return ListingProblem::Unlisted { plugin, import };
    }
    let effort = Effort::share();
    let near: Vec<String> = wasi::offered()
        .filter(|offered| {
            let base = ExternName::parse(offered.split('@').next().unwrap_or(offered));
            base.is_ok_and(|base| near_wasi(name, &base, &effort))
        })
        .collect();
    let package = |name: &str| name.split('/').next().map(str::to_owned);
    let of_package = |offered: String| package(&offered) == package(name.base());
    let there = if !near.is_empty() {
        AtRuntime::Near(near)
    } else if name.namespace() == Some("wasi") && !wasi::offered().any(of_package) {
        AtRuntime::NothingOf(package(name.base()).unwrap_or_default())
    } else {
        AtRuntime::Others
    };
    ListingProblem::NotOffered { plugin, import, there }
}

/// PW205: a resource that the runtime defines, named by an interface that plugins serve.
fn runtime_resource<'a>(
    plugin: &'a Plugin,
    import: &'a Extern,
    entry: &'a ImportEntry,
    listed: &HashSet<&str>,
) -> Option<ListingProblem<'a>> {
    let is_listed = |interface: &ExternName| listed.contains(interface.base());
    let of_runtime = |resource: &Resource| {
        resource.interface.as_ref().is_some_and(|interface| wasi::offers(interface) && !is_listed(interface))
    };
    // Functions that pass such handles are told one by one.
    let is_passed = |ty: &Type| ty.resource().is_some_and(of_runtime);
    if import.functions.iter().flat_map(|function| function.ty.types()).any(|ty| ty.find(&is_passed).is_some()) {
        return None;
    }
    let (_, resource) = import.resources.iter().find(|(_, resource)| of_runtime(resource))?;
    let interface = resource.interface.as_ref()?;
    Some(ListingProblem::OfRuntime { plugin, import, entry, resource, interface })
}

/// PW205: a resource of a listed interface, named by one that the runtime serves: it knows its own only.
fn shared_with_runtime<'a>(plugin: &'a Plugin, listing: &Listing<'a>) -> Option<ListingProblem<'a>> {
    let by_name: HashMap<&ExternName, (&'a ImportEntry, &'a Extern)> =
        listing.imports.iter().rev().map(|listed| (&listed.import.name, (listed.entry, listed.import))).collect();
    let of = |import: &'a Extern| {
        let listed = |resource: &Resource| by_name.get(resource.interface.as_ref()?).copied();
        import.resources.iter().find_map(|(_, resource)| Some((resource.name.as_str(), listed(resource)?)))
    };
    let (import, (resource, (entry, of_plugins))) =
        listing.runtime.iter().find_map(|import| Some((*import, of(import)?)))?;
    Some(ListingProblem::SharedWithRuntime { plugin, import, resource, interface: &of_plugins.name, entry })
}

/// Whether what the runtime offers could be meant. An interface of the same name in another package of WASI is
/// another interface: that of `wasi:http/types` has nothing to do with that of `wasi:filesystem/types`.
fn near_wasi(wanted: &ExternName, offered: &ExternName, effort: &Effort) -> bool {
    let near = || matches!(relation(wanted, offered, effort), Some(Relation::Version | Relation::Name));
    wanted.base() == offered.base() || near()
}

fn ambiguous<'a>(
    plugin: &'a Plugin,
    side: Side,
    name: &'a Spanned<ExternName>,
    names: &[&'a ExternName],
) -> ListingProblem<'a> {
    ListingProblem::Ambiguous { plugin, side, name, versions: Few::of(names.iter().copied()) }
}
