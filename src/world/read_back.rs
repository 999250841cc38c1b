//! Printed WIT, read again: it must say what the binary says.

use std::collections::HashMap;

use wit_parser::{InterfaceId, Resolve, WorldItem, WorldKey};

use super::component::Named;
use super::wit_types::WitTypes;
use super::{Extern, ExternKind, Function, WitSource, wit};
use crate::model::{Fitting, FuncType, Resource, first_signature_difference, fits};

/// What the printed text says otherwise than the binary, if it does.
pub(super) fn difference(text: &str, named: &[Named]) -> Option<String> {
    let (resolve, package) = match wit::parse(&WitSource::from(text)) {
        Ok(parsed) => parsed,
        Err(error) => return Some(error.to_string()),
    };
    let types = match WitTypes::read(&resolve) {
        Ok(types) => types,
        Err(error) => return Some(error.to_string()),
    };
    let Some(world) = resolve.packages[package].worlds.values().next().map(|world| &resolve.worlds[*world]) else {
        return Some("it has no world".to_owned());
    };
    let interfaces = interfaces(&resolve);
    named.iter().find_map(|item| {
        let name = item.read.name.to_string();
        let items = [&world.imports, &world.exports];
        match item.read.kind {
            ExternKind::Interface => {
                let Some(id) = interfaces.get(&name) else { return Some(format!("`{name}` is not there")) };
                let functions: Vec<Function> =
                    resolve.interfaces[*id].functions.values().filter_map(|found| types.function(found).ok()).collect();
                let resource = |wanted: &str| types.resource(*resolve.interfaces[*id].types.get(wanted)?);
                interface_difference(&item.read, &functions, resource)
            }
            ExternKind::Function => {
                let found = items.into_iter().flat_map(|items| items.values()).filter_map(|item| match item {
                    WorldItem::Function(function) => types.function(function).ok(),
                    WorldItem::Interface { .. } | WorldItem::Type { .. } => None,
                });
                interface_difference(&item.read, &found.collect::<Vec<_>>(), |_| None)
            }
            ExternKind::Type => None,
        }
    })
}

/// The interfaces by the names that the binary has for them; inline ones by those in the world.
fn interfaces(resolve: &Resolve) -> HashMap<String, InterfaceId> {
    let mut found: HashMap<String, InterfaceId> =
        resolve.interfaces.iter().filter_map(|(id, _)| Some((resolve.id_of(id)?, id))).collect();
    for world in resolve.worlds.iter().map(|(_, world)| world) {
        for (key, item) in world.imports.iter().chain(&world.exports) {
            if let (WorldKey::Name(name), WorldItem::Interface { id, .. }) = (key, item) {
                found.insert(name.clone(), *id);
            }
        }
    }
    found
}

fn interface_difference<'a>(
    wanted: &Extern,
    functions: &[Function],
    resource: impl Fn(&str) -> Option<&'a Resource>,
) -> Option<String> {
    for function in &wanted.functions {
        let place = || format!("`{}` of `{}`", function.name, wanted.name);
        let mut found = functions.iter().filter(|found| found.name == function.name);
        match found.next() {
            None => return Some(format!("{} is not there", place())),
            Some(found) if !is_same(&function.ty, &found.ty) => {
                return Some(format!("{} is `{}` there, not `{}`", place(), found.ty, function.ty));
            }
            Some(_) => {}
        }
    }
    let is_lost = |(name, known): &&(String, Resource)| {
        resource(name).is_none_or(|found| !is_same_resource(known, found)) && wanted.kind == ExternKind::Interface
    };
    let lost = wanted.resources.iter().find(is_lost);
    lost.map(|(name, _)| format!("the resource `{name}` of `{}` is another one there", wanted.name))
}

/// Whether two functions are the same, resources by where they are defined.
fn is_same(binary: &FuncType, printed: &FuncType) -> bool {
    let fitting = Fitting { interfaces_match: &|mine, theirs| mine == theirs };
    let results = match (&binary.result, &printed.result) {
        (None, None) => true,
        (Some(mine), Some(theirs)) => fits(mine, theirs, &fitting),
        _ => false,
    };
    results && first_signature_difference(binary, printed, &fitting).is_none()
}

fn is_same_resource(binary: &Resource, printed: &Resource) -> bool {
    Fitting { interfaces_match: &|mine, theirs| mine == theirs }.same_resource(binary, printed)
}
