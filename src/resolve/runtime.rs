//! Holding what a plugin imports from the runtime against what that offers: PW101 and PW203.

use crate::model::{ExternName, Fitting, Resource};
use crate::words::nearest;
use crate::world::{Extern, Function};

use super::input::Plugin;
use super::mismatch::{Mismatch, plain_mismatch};
use super::problem::RuntimeProblem;
use super::wasi;

/// What is wrong with an import of an interface that the runtime offers; nothing for any other import.
///
/// The runtime links exactly what fits here: its own functions have one type each, and it knows its own resources only.
pub fn check<'a>(plugin: &'a Plugin, import: &'a Extern) -> Vec<RuntimeProblem<'a>> {
    let Some(offered) = wasi::interface(&import.name) else { return Vec::new() };
    let (missing, there): (Vec<&Function>, Vec<&Function>) =
        import.functions.iter().partition(|function| offered.function(&function.name).is_none());
    let mut problems: Vec<RuntimeProblem<'a>> =
        missing_functions(plugin, import, missing, offered).into_iter().collect();
    problems.extend(there.into_iter().filter_map(|function| wrong_type(plugin, import, function, offered)));
    // A function with a resource that is another one says more than the resource alone.
    if problems.is_empty() {
        problems.extend(missing_resource(plugin, import, offered));
        problems.extend(other_resource(plugin, import, offered));
    }
    problems
}

/// Whether the runtime serves an import as it stands.
pub fn serves(import: &Extern) -> bool {
    wasi::interface(&import.name).is_some_and(|offered| {
        let is_served = |function: &Function| {
            offered.function(&function.name).is_some_and(|there| difference(function, there).is_none())
        };
        let unfit = unknown_resource(import, offered).is_some() || confused_resource(import, offered).is_some();
        import.functions.iter().all(is_served) && !unfit
    })
}

fn difference<'a>(declared: &'a Function, offered: &'a Function) -> Option<Mismatch<'a>> {
    let matches = |mine: &ExternName, theirs: &ExternName| mine.is_compatible(theirs);
    plain_mismatch(&declared.ty, &offered.ty, &Fitting { interfaces_match: &matches })
}

/// PW203
fn wrong_type<'a>(
    plugin: &'a Plugin,
    import: &'a Extern,
    function: &'a Function,
    offered: &'a Extern,
) -> Option<RuntimeProblem<'a>> {
    let mismatch = Box::new(difference(function, offered.function(&function.name)?)?);
    Some(RuntimeProblem::Differs { plugin, import, function, mismatch })
}

/// PW101: functions of an interface that the runtime offers without them.
fn missing_functions<'a>(
    plugin: &'a Plugin,
    import: &'a Extern,
    missing: Vec<&'a Function>,
    offered: &Extern,
) -> Option<RuntimeProblem<'a>> {
    if missing.is_empty() {
        return None;
    }
    let there: Vec<&str> = offered.functions.iter().map(|function| function.name.as_str()).collect();
    let mut near: Vec<String> = missing.iter().flat_map(|function| near_functions(&function.name, &there)).collect();
    near.sort();
    near.dedup();
    Some(RuntimeProblem::LacksFunctions { plugin, import, missing, near })
}

/// PW101: a resource of an interface that the runtime offers without it.
fn missing_resource<'a>(plugin: &'a Plugin, import: &'a Extern, offered: &Extern) -> Option<RuntimeProblem<'a>> {
    let resource = unknown_resource(import, offered)?;
    let there: Vec<&str> = offered.resources.iter().map(|(name, _)| name.as_str()).collect();
    let near: Vec<String> = nearest(resource, there).into_iter().map(str::to_owned).collect();
    Some(RuntimeProblem::LacksResource { plugin, import, resource, near })
}

/// PW203: a resource that the runtime defines there, and the plugin takes for another one.
fn other_resource<'a>(plugin: &'a Plugin, import: &'a Extern, offered: &Extern) -> Option<RuntimeProblem<'a>> {
    let (name, resource) = confused_resource(import, offered)?;
    Some(RuntimeProblem::OtherResource { plugin, import, name, resource })
}

/// A name under which the runtime defines a resource, and the import has another one.
fn confused_resource<'a>(import: &'a Extern, offered: &Extern) -> Option<(&'a str, &'a Resource)> {
    let fitting = Fitting { interfaces_match: &|mine, theirs| mine.is_compatible(theirs) };
    let is_other = |(name, resource): &&(String, Resource)| {
        offered.resources.iter().any(|(other, defined)| {
            let is_defined = defined.interface.as_ref() == Some(&offered.name);
            other == name && is_defined && !fitting.same_resource(resource, defined)
        })
    };
    import.resources.iter().find(is_other).map(|(name, resource)| (name.as_str(), resource))
}

/// The resource that an import declares as its own, and the runtime does not define there.
fn unknown_resource<'a>(import: &'a Extern, offered: &Extern) -> Option<&'a str> {
    let is_own = |resource: &Resource| resource.interface.as_ref() == Some(&import.name);
    let is_defined = |name: &str| {
        let defined = offered.resources.iter().find(|(other, _)| other == name);
        defined.is_some_and(|(_, resource)| resource.interface.as_ref() == Some(&offered.name))
    };
    let mut unknown = import
        .resources
        .iter()
        .filter(|(name, resource)| is_own(resource) && resource.name == *name && !is_defined(name));
    unknown.next().map(|(name, _)| name.as_str())
}

/// The functions of the same resource, or of none, that a missing one was probably meant to be.
fn near_functions(missing: &str, offered: &[&str]) -> Vec<String> {
    let split = |name: &'_ str| name.find('.').map_or(0, |dot| dot + 1);
    let (resource, word) = missing.split_at(split(missing));
    let same = offered.iter().filter_map(|other| other.strip_prefix(resource)).filter(|other| split(other) == 0);
    nearest(word, same).into_iter().map(|near| format!("{resource}{near}")).collect()
}
