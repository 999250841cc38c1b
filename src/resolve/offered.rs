//! Holding what a plugin imports from the runtime against what that offers: PW101 and PW203.

use crate::diagnostic::{Code, Diagnostic};
use crate::model::{ExternName, Fitting, Resource};
use crate::words::{list, nearest, shown};
use crate::world::{Extern, Function};

use super::{Plugin, tell, wasi};

/// What is wrong with an import of an interface that the runtime offers; nothing for any other import.
///
/// The runtime links exactly what fits here: its own functions have one type each, and it knows its own resources only.
pub fn check(plugin: &Plugin, import: &Extern) -> Vec<Diagnostic> {
    let Some(offered) = wasi::interface(&import.name) else { return Vec::new() };
    let (missing, there): (Vec<&Function>, Vec<&Function>) =
        import.functions.iter().partition(|function| offered.function(&function.name).is_none());
    let mut problems: Vec<Diagnostic> = missing_functions(plugin, import, &missing, offered).into_iter().collect();
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
            offered.function(&function.name).is_some_and(|there| difference(import, function, there).is_none())
        };
        let unfit = unknown_resource(import, offered).is_some() || confused_resource(import, offered).is_some();
        import.functions.iter().all(is_served) && !unfit
    })
}

fn difference(import: &Extern, declared: &Function, offered: &Function) -> Option<tell::Mismatch> {
    let matches = |mine: &ExternName, theirs: &ExternName| mine.is_compatible(theirs);
    tell::plain_mismatch(&declared.ty, &offered.ty, &Fitting { interfaces_match: &matches }, remedy(import))
}

/// PW203
fn wrong_type(plugin: &Plugin, import: &Extern, function: &Function, offered: &Extern) -> Option<Diagnostic> {
    let told = difference(import, function, offered.function(&function.name)?)?;
    let (id, name) = (plugin.id(), &function.name);
    let message = format!("`{}` of `{}` at the runtime does not fit what `{id}` imports", shown(name), import.name);
    Some(
        here(plugin, import, Code::Pw203, message)
            .note(tell::signature(&format!("`{id}` declares"), name, &told.declared))
            .note(tell::signature("the runtime provides", name, &told.provided))
            .note(format!("the first difference: {}", told.difference))
            .help(told.help),
    )
}

/// PW101: functions of an interface that the runtime offers without them.
fn missing_functions(plugin: &Plugin, import: &Extern, missing: &[&Function], offered: &Extern) -> Option<Diagnostic> {
    if missing.is_empty() {
        return None;
    }
    let there: Vec<&str> = offered.functions.iter().map(|function| function.name.as_str()).collect();
    let missing: Vec<&str> = missing.iter().map(|function| function.name.as_str()).collect();
    let mut near: Vec<String> = missing.iter().flat_map(|name| near_functions(name, &there)).collect();
    near.sort();
    near.dedup();
    Some(lacking(plugin, import, &list(missing.iter().map(|name| shown(name))), &near))
}

/// PW101: a resource of an interface that the runtime offers without it.
fn missing_resource(plugin: &Plugin, import: &Extern, offered: &Extern) -> Option<Diagnostic> {
    let name = unknown_resource(import, offered)?;
    let there: Vec<&str> = offered.resources.iter().map(|(name, _)| name.as_str()).collect();
    let near: Vec<String> = nearest(name, there).into_iter().map(str::to_owned).collect();
    Some(lacking(plugin, import, &format!("the resource `{}`", shown(name)), &near))
}

/// PW203: a resource that the runtime defines there, and the plugin takes for another one.
fn other_resource(plugin: &Plugin, import: &Extern, offered: &Extern) -> Option<Diagnostic> {
    let (name, resource) = confused_resource(import, offered)?;
    let (id, name) = (plugin.id(), shown(name));
    let message =
        format!("the resource `{name}` of `{}` at the runtime is another one than `{id}` imports there", import.name);
    let of = match &resource.interface {
        Some(interface) => format!("`{interface}`"),
        None => "the world itself".to_owned(),
    };
    Some(
        here(plugin, import, Code::Pw203, message)
            .note(format!("`{id}` declares that `{name}` is the resource `{}` of {of}", shown(&resource.name)))
            .note(format!("the runtime provides `{name}` as a resource of its own"))
            .help(remedy(import)),
    )
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

fn lacking(plugin: &Plugin, import: &Extern, what: &str, near: &[String]) -> Diagnostic {
    let (id, name) = (plugin.id(), &import.name);
    let message = format!("the binary of `{id}` imports {what} from `{name}`, which the runtime does not offer there");
    let diagnostic = here(plugin, import, Code::Pw101, message);
    let diagnostic =
        if near.is_empty() { diagnostic } else { diagnostic.note(format!("the runtime offers {}", list(near))) };
    diagnostic.help(remedy(import))
}

/// What to do about an import that the runtime does not serve. Without functions no plugin can serve it either.
fn remedy(import: &Extern) -> String {
    let rebuild = "build the plugin against WASI 0.2 as the runtime offers it";
    if import.functions.is_empty() {
        return rebuild.to_owned();
    }
    format!(
        "{rebuild}, or list `\"{}\" = \"exactly-one\"` in `[imports]` and add a plugin that exports it",
        import.name
    )
}

/// A problem of an import that the manifest leaves to the runtime.
fn here(plugin: &Plugin, import: &Extern, code: Code, message: String) -> Diagnostic {
    let manifest = &plugin.manifest;
    let place = manifest.imports_header.clone().unwrap_or_else(|| manifest.header.clone());
    Diagnostic::error(code, message).label(
        manifest.file,
        place,
        format!("here `{}` is left to the runtime", import.name),
    )
}

/// The functions of the same resource, or of none, that a missing one was probably meant to be.
fn near_functions(missing: &str, offered: &[&str]) -> Vec<String> {
    let split = |name: &'_ str| name.find('.').map_or(0, |dot| dot + 1);
    let (resource, word) = missing.split_at(split(missing));
    let same = offered.iter().filter_map(|other| other.strip_prefix(resource)).filter(|other| split(other) == 0);
    nearest(word, same).into_iter().map(|near| format!("{resource}{near}")).collect()
}
