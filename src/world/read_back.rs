//! Printed WIT, read again: it must say what the binary says.

use std::collections::HashMap;

use wit_parser::{IndexMap, InterfaceId, Resolve, WorldItem, WorldKey};

use super::component::Named;
use super::wit_types::WitTypes;
use super::{Extern, ExternKind, Function, WitSource, wit};
use crate::model::{Fitting, FuncType, Resource, Side, first_signature_difference, fits};

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
    let (imported, exported) = (functions(&world.imports), functions(&world.exports));
    named.iter().find_map(|item| {
        let name = item.read.name.to_string();
        match item.read.kind {
            ExternKind::Interface => {
                let Some(id) = interfaces.get(&name) else { return Some(format!("`{name}` is not there")) };
                let function = |wanted: &str| types.function(resolve.interfaces[*id].functions.get(wanted)?).ok();
                let resource = |wanted: &str| types.resource(*resolve.interfaces[*id].types.get(wanted)?);
                interface_difference(&item.read, function, resource)
            }
            ExternKind::Function => {
                let functions = match item.side {
                    Side::Import => &imported,
                    Side::Export => &exported,
                };
                let function = |wanted: &str| types.function(functions.get(wanted)?).ok();
                interface_difference(&item.read, function, |_| None)
            }
            ExternKind::Type => None,
        }
    })
}

/// The functions of one side of a world itself, by their names.
fn functions<'a>(items: &'a IndexMap<WorldKey, WorldItem>) -> HashMap<&'a str, &'a wit_parser::Function> {
    let function = |item: &'a WorldItem| match item {
        WorldItem::Function(function) => Some((function.name.as_str(), function)),
        WorldItem::Interface { .. } | WorldItem::Type { .. } => None,
    };
    items.values().filter_map(function).collect()
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
    function: impl Fn(&str) -> Option<Function>,
    resource: impl Fn(&str) -> Option<&'a Resource>,
) -> Option<String> {
    for known in &wanted.functions {
        let place = || format!("`{}` of `{}`", known.name, wanted.name);
        match function(&known.name) {
            None => return Some(format!("{} is not there", place())),
            Some(found) if !is_same(&known.ty, &found.ty) => {
                return Some(format!("{} is `{}` there, not `{}`", place(), found.ty, known.ty));
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
