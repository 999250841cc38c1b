//! How much work it is to resolve WIT, counted before it is done.
//!
//! `wit-parser` follows the interfaces that others `use` by recursion, and when worlds are put together it does so
//! once for each way that leads to an interface: ten interfaces that each use ten types of the one before are ten
//! thousand million steps. And each world that includes another one copies all of it.

use std::collections::{BTreeMap, HashMap};

use wit_parser::{
    AstItem, InterfaceId, LiveTypes, PackageName, Resolve, Type, TypeDef, TypeDefKind, TypeId, TypeOwner,
    UnresolvedPackage, World, WorldId, WorldItem,
};

use super::WorldError;

/// How many interfaces may use each other in a row. Real ones do so five or ten deep, and the stack of a thread
/// bears some thousand.
const MAX_CHAIN: usize = 500;

/// How many steps there may be, of ways from worlds to the interfaces that they need. The largest worlds of WASI have
/// some hundred.
const MAX_STEPS: u64 = 1_000_000;

/// Comparisons of a name with those that an `include` renames, which cost as much as a step.
const COMPARISONS: u64 = 64;

/// How many types the exported interfaces of a world may use of others, all together. Each of them gets its own copy,
/// of some hundred bytes. A world that exports all of WASI 0.2 has some hundred.
const MAX_COPIES: u64 = 100_000;

/// Bytes of names that cost as much as a copy. Of types with one name the encoder makes the names different by
/// appending to the name before: of `n` that is in the order of `n` to the third.
const NAMED_BYTES: u64 = 1000;

/// Refuses packages that would take too long to resolve together. Says nothing of what is wrong with them otherwise.
pub(super) fn check_packages<'a>(
    packages: impl Iterator<Item = &'a UnresolvedPackage> + Clone,
) -> Result<(), WorldError> {
    let names = Names::new(packages.clone());
    let mut interfaces = Graph::default();
    let mut worlds: Vec<WorldParts> = Vec::new();
    for (index, package) in packages.enumerate() {
        let interface = |id: InterfaceId| names.interface(index, id);
        for (id, declared) in package.interfaces.iter() {
            let used = declared.types.values().filter_map(|ty| used(package, *ty)).map(interface);
            interfaces.set(interface(id), used.collect());
        }
        for (id, world) in package.worlds.iter() {
            let place = names.world(index, id);
            worlds.resize_with(worlds.len().max(place + 1), WorldParts::default);
            // Of a world of another package there is nothing here but its name.
            if !world.imports.is_empty() || !world.exports.is_empty() || !world.includes.is_empty() {
                worlds[place] = parts(world, |id| names.world(index, id), |ty| used(package, ty), interface);
            }
        }
    }
    check(&interfaces, &worlds)
}

/// Refuses resolved WIT that would take too long to be put together with other.
pub(super) fn check_resolved(resolve: &Resolve) -> Result<(), WorldError> {
    let mut interfaces = Graph::default();
    for (id, _) in resolve.interfaces.iter() {
        interfaces.set(id.index(), resolve.interface_direct_deps(id).map(|used| used.index()).collect());
    }
    let dependency = |ty| resolve.type_interface_dep(ty);
    let world = |(_, world)| parts(world, |id| id.index(), dependency, |id| id.index());
    check(&interfaces, &resolve.worlds.iter().map(world).collect::<Vec<_>>())
}

/// Refuses a world whose exported interfaces would take too long to encode.
pub(super) fn check_exports(resolve: &Resolve, world: WorldId) -> Result<(), WorldError> {
    let mut copies = 0_u64;
    for item in resolve.worlds[world].exports.values() {
        let WorldItem::Interface { id, .. } = item else { continue };
        let mut types = LiveTypes::default();
        types.add_interface(resolve, *id);
        let mut same: HashMap<&str, u64> = HashMap::new();
        for ty in types.iter().map(|ty| &resolve.types[ty]) {
            let Some(name) = ty.name.as_deref().filter(|_| ty.owner != TypeOwner::Interface(*id)) else { continue };
            *same.entry(name).or_default() += 1;
        }
        let cost = |number: &u64| number.saturating_add(number.saturating_pow(3) / NAMED_BYTES);
        copies = same.values().map(cost).fold(copies, u64::saturating_add);
        if copies > MAX_COPIES {
            return Err(WorldError::Wit(format!(
                "its world takes more than {MAX_COPIES} copies of types to encode: exported interfaces that use very \
                 many types of others, or very many of one name"
            )));
        }
    }
    Ok(())
}

/// The interface that a type is used from, if it is an alias of one of another interface.
fn used(package: &UnresolvedPackage, ty: TypeId) -> Option<InterfaceId> {
    let TypeDef { kind: TypeDefKind::Type(Type::Id(aliased)), owner, .. } = package.types.get(ty)? else { return None };
    match package.types.get(*aliased)?.owner {
        TypeOwner::Interface(id) if *owner != TypeOwner::Interface(id) => Some(id),
        TypeOwner::Interface(_) | TypeOwner::World(_) | TypeOwner::None => None,
    }
}

/// One number for each interface and world, the same from each package that names it.
struct Names {
    interfaces: Vec<Vec<usize>>,
    worlds: Vec<Vec<usize>>,
}

impl Names {
    fn new<'a>(packages: impl Iterator<Item = &'a UnresolvedPackage>) -> Self {
        let mut names = Self { interfaces: Vec::new(), worlds: Vec::new() };
        let (mut interfaces, mut worlds) = (Numbers::default(), Numbers::default());
        for package in packages {
            let mut foreign: HashMap<usize, (&PackageName, &str)> = HashMap::new();
            let mut foreign_worlds: HashMap<usize, (&PackageName, &str)> = HashMap::new();
            for (of, items) in &package.foreign_deps {
                for (name, (item, _)) in items {
                    match item {
                        AstItem::Interface(id) => foreign.insert(id.index(), (of, name)),
                        AstItem::World(id) => foreign_worlds.insert(id.index(), (of, name)),
                    };
                }
            }
            let own = package.interfaces.iter().map(|(id, interface)| {
                let name = interface.name.as_deref().map(|name| (&package.name, name));
                interfaces.of(foreign.get(&id.index()).copied().or(name))
            });
            names.interfaces.push(own.collect());
            let own = package.worlds.iter().map(|(id, world)| {
                worlds.of(foreign_worlds.get(&id.index()).copied().or(Some((&package.name, &world.name))))
            });
            names.worlds.push(own.collect());
        }
        names
    }

    fn interface(&self, package: usize, id: InterfaceId) -> usize {
        self.interfaces[package][id.index()]
    }

    fn world(&self, package: usize, id: WorldId) -> usize {
        self.worlds[package][id.index()]
    }
}

#[derive(Default)]
struct Numbers<'a> {
    known: BTreeMap<(&'a PackageName, &'a str), usize>,
    next: usize,
}

impl<'a> Numbers<'a> {
    /// The number of a name; without a name always a new one.
    fn of(&mut self, name: Option<(&'a PackageName, &'a str)>) -> usize {
        let next = self.next;
        let number = name.map_or(next, |name| *self.known.entry(name).or_insert(next));
        self.next += usize::from(number == next);
        number
    }
}

/// What a world consists of.
#[derive(Default)]
struct WorldParts {
    /// Functions and types of its own.
    others: u64,
    /// The interfaces that it imports and exports, and those that its types are from.
    interfaces: Vec<usize>,
    /// The worlds that it includes, each with the number of names that are replaced.
    includes: Vec<(usize, u64)>,
}

fn parts(
    world: &World,
    number: impl Fn(WorldId) -> usize,
    used: impl Fn(TypeId) -> Option<InterfaceId>,
    interface: impl Fn(InterfaceId) -> usize,
) -> WorldParts {
    let mut parts = WorldParts::default();
    for item in world.imports.values().chain(world.exports.values()) {
        let needed = match item {
            WorldItem::Interface { id, .. } => Some(*id),
            WorldItem::Type { id, .. } => used(*id),
            WorldItem::Function(_) => None,
        };
        parts.others += u64::from(needed.is_none());
        parts.interfaces.extend(needed.map(&interface));
    }
    let includes = world.includes.iter().map(|include| (number(include.id), include.names.len() as u64));
    parts.includes.extend(includes);
    parts
}

fn check(interfaces: &Graph, worlds: &[WorldParts]) -> Result<(), WorldError> {
    let mut ways: Vec<u64> = vec![0; interfaces.0.len()];
    let mut depths: Vec<usize> = vec![0; interfaces.0.len()];
    for interface in interfaces.order() {
        let used = &interfaces.0[interface];
        ways[interface] = used.iter().fold(1, |sum, used| ways[*used].saturating_add(sum));
        depths[interface] = 1 + used.iter().map(|used| depths[*used]).max().unwrap_or(0);
        if depths[interface] > MAX_CHAIN {
            return Err(WorldError::Wit(format!("more than {MAX_CHAIN} interfaces use each other in a row")));
        }
    }
    let included = Graph(worlds.iter().map(|world| world.includes.iter().map(|(id, _)| *id).collect()).collect());
    let mut sizes: Vec<u64> = vec![0; worlds.len()];
    let mut steps = 0_u64;
    for index in included.order() {
        let world = &worlds[index];
        let own = world.interfaces.iter().fold(world.others, |sum, id| ways[*id].saturating_add(sum));
        let copied = world.includes.iter().fold(0_u64, |sum, (id, names)| {
            let size = sizes[*id];
            sum.saturating_add(size).saturating_add(size.saturating_mul(*names) / COMPARISONS)
        });
        sizes[index] = own.saturating_add(copied);
        steps = steps.saturating_add(sizes[index]);
        if steps > MAX_STEPS {
            return Err(WorldError::Wit(format!(
                "its worlds take more than {MAX_STEPS} steps to resolve: interfaces that use each other by very many \
                 ways, or worlds that include each other"
            )));
        }
    }
    Ok(())
}

/// Which node needs which others, each as many times as it does.
#[derive(Default)]
struct Graph(Vec<Vec<usize>>);

impl Graph {
    fn set(&mut self, from: usize, to: Vec<usize>) {
        let all = to.iter().copied().chain([from]).max().unwrap_or(from) + 1;
        self.0.resize_with(self.0.len().max(all), Vec::new);
        // A package knows nothing of what an interface of another one uses.
        if !to.is_empty() {
            self.0[from] = to;
        }
    }

    /// Everything in an order in which each comes behind those that it needs; cycles, which the parser refuses, are
    /// left out. Without recursion.
    fn order(&self) -> Vec<usize> {
        let mut left: Vec<usize> = self.0.iter().map(Vec::len).collect();
        let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); self.0.len()];
        for (from, to) in self.0.iter().enumerate() {
            to.iter().for_each(|to| needed_by[*to].push(from));
        }
        let mut order: Vec<usize> = (0..self.0.len()).filter(|node| left[*node] == 0).collect();
        let mut next = 0;
        while let Some(node) = order.get(next).copied() {
            next += 1;
            for from in std::mem::take(&mut needed_by[node]) {
                left[from] -= 1;
                if left[from] == 0 {
                    order.push(from);
                }
            }
        }
        order
    }
}
