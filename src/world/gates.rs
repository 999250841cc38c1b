//! What WIT gates with `@unstable`: kept for a core module that has it, and told where it does not.

use std::collections::HashSet;

use wasmparser::types::TypesRef;
use wit_parser::{Function, InterfaceId, Mangling, Resolve, Stability, WorldId, WorldItem, WorldKey};

use super::{Gated, preview1};

/// The feature that an item is gated with.
pub(super) fn feature(stability: &Stability) -> Option<&str> {
    match stability {
        Stability::Unstable { feature, .. } => Some(feature),
        Stability::Unknown | Stability::Stable { .. } => None,
    }
}

/// The feature that a function of an interface is gated with: by itself, by its resource, or by all of the interface.
pub(super) fn feature_of<'a>(resolve: &'a Resolve, function: &'a Function, whole: Option<&'a str>) -> Option<&'a str> {
    let of_resource = || function.kind.resource().and_then(|resource| feature(&resolve.types[resource].stability));
    feature(&function.stability).or_else(of_resource).or(whole)
}

/// The names that a core module exports and imports.
struct Names<'a> {
    exports: HashSet<&'a str>,
    imports: HashSet<(&'a str, &'a str)>,
}

impl Names<'_> {
    /// Whether the module exports a function of a world, by either scheme of names.
    fn exports(&self, resolve: &Resolve, key: Option<&WorldKey>, function: &Function) -> bool {
        let (legacy, standard) = keys(resolve, key);
        [(legacy, Mangling::Legacy), (standard, Mangling::Standard32)].into_iter().any(|(interface, mangling)| {
            self.exports.contains(&*function.core_export_name(interface.as_deref(), mangling))
        })
    }

    /// Whether the module imports a function of an interface, by either scheme of names.
    fn imports(&self, resolve: &Resolve, key: &WorldKey, function: &str) -> bool {
        let (legacy, standard) = keys(resolve, Some(key));
        let standard = standard.map(|name| format!("cm32p2|{name}"));
        [legacy, standard].iter().flatten().any(|module| self.imports.contains(&(module.as_str(), function)))
    }
}

fn keys(resolve: &Resolve, key: Option<&WorldKey>) -> (Option<String>, Option<String>) {
    (key.map(|key| resolve.name_world_key(key)), key.map(|key| resolve.name_canonicalized_world_key(key)))
}

/// Takes out of a world what it exports under a gate and the module does not have; returns what that is. What it
/// imports can stay: of that a component has no more than it uses.
pub(super) fn leave_out(resolve: &mut Resolve, world: WorldId, module: &TypesRef<'_>) -> Vec<Gated> {
    let names = Names {
        exports: preview1::exports(module).map(|(name, _)| name).collect(),
        imports: preview1::imports(module).map(|(from, name, _)| (from, name)).collect(),
    };
    let mut left_out = Vec::new();
    for (key, item) in resolve.worlds[world].exports.clone() {
        match item {
            WorldItem::Function(function) => {
                let Some(feature) = feature(&function.stability) else { continue };
                if !names.exports(resolve, None, &function) {
                    left_out.push(Gated {
                        interface: None,
                        function: function.name.clone(),
                        feature: feature.to_owned(),
                    });
                    resolve.worlds[world].exports.shift_remove(&key);
                }
            }
            WorldItem::Interface { id, stability, .. } => {
                let whole = feature(&stability).or(feature(&resolve.interfaces[id].stability)).map(str::to_owned);
                let had_functions = !resolve.interfaces[id].functions.is_empty();
                left_out.extend(leave_out_functions(resolve, &key, id, whole.as_deref(), &names));
                let is_empty = had_functions && resolve.interfaces[id].functions.is_empty();
                if whole.is_some() && is_empty && !is_used(resolve, world, id) {
                    resolve.worlds[world].exports.shift_remove(&key);
                }
            }
            WorldItem::Type { .. } => {}
        }
    }
    left_out
}

fn leave_out_functions(
    resolve: &mut Resolve,
    key: &WorldKey,
    id: InterfaceId,
    whole: Option<&str>,
    names: &Names<'_>,
) -> Vec<Gated> {
    let interface = resolve.name_world_key(key);
    let gated = |function: &Function| {
        let feature = feature_of(resolve, function, whole)?;
        let is_there = names.exports(resolve, Some(key), function) || names.imports(resolve, key, &function.name);
        let function = function.name.clone();
        (!is_there).then(|| Gated { interface: Some(interface.clone()), function, feature: feature.to_owned() })
    };
    let left_out: Vec<Gated> = resolve.interfaces[id].functions.values().filter_map(gated).collect();
    for gated in &left_out {
        resolve.interfaces[id].functions.shift_remove(&gated.function);
    }
    left_out
}

/// Whether another export of the world uses types of an interface.
fn is_used(resolve: &Resolve, world: WorldId, id: InterfaceId) -> bool {
    let exports = resolve.worlds[world].exports.values();
    let others = exports.filter_map(|item| match item {
        WorldItem::Interface { id: other, .. } if *other != id => Some(*other),
        WorldItem::Interface { .. } | WorldItem::Function(_) | WorldItem::Type { .. } => None,
    });
    others.into_iter().any(|other| resolve.interface_direct_deps(other).any(|used| used == id))
}
