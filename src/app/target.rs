use super::near;
use crate::call::{CallError, CallErrorKind};
use crate::model::{ExternName, without_escapes};
use crate::plan::{Plan, PlannedExport, PluginIndex};
use crate::words::list;

/// The places where a function is exported: plugin, export of the plugin, function of the export.
pub(super) type Found = Vec<(PluginIndex, usize, usize)>;

/// Finds a function by `text:stats/words@1.0.0#count`, or by `run` where the world itself exports
/// it. In provider order, and never empty.
///
/// # Errors
/// [`CallError`] with what there is, when there is no such function or its version is not clear.
pub(super) fn find(plan: &Plan, target: &str, only: Option<PluginIndex>) -> Result<Found, CallError> {
    match target.split_once('#') {
        Some(("", function)) => Err(no_bare_function(plan, function, "the interface in front of `#` is missing")),
        Some((interface, function)) => {
            let function = &*without_escapes(function);
            let interface = choose_version(plan, interface, only)?;
            find_function(plan, target, function, |export| !export.bare && export.name == interface)
        }
        None => {
            let target = &*without_escapes(target);
            find_function(plan, target, target, |export| export.bare && export.name.base() == target)
        }
    }
}

fn find_function(
    plan: &Plan,
    target: &str,
    function: &str,
    wanted: impl Fn(&PlannedExport) -> bool,
) -> Result<Found, CallError> {
    let exporters = plan.exporters(&wanted);
    let place = |(plugin, found): &(PluginIndex, &PlannedExport)| {
        let function = found.functions.iter().position(|(name, _)| name == function)?;
        let export = plan.plugin(*plugin).exports.iter().position(|export| std::ptr::eq(export, *found))?;
        Some((*plugin, export, function))
    };
    let found: Found = exporters.iter().filter_map(place).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    if exporters.is_empty() {
        return Err(no_bare_function(plan, target, &format!("no plugin exports a bare function `{target}`")));
    }
    let names = exporters.iter().flat_map(|(_, export)| &export.functions).map(|(name, _)| name.as_str());
    let near = near::among("functions", function, names);
    Err(error(format!("nothing called `{function}` is exported in `{}`{near}", exporters[0].1.name)))
}

/// The name of the exported interface that is meant.
fn choose_version(plan: &Plan, text: &str, only: Option<PluginIndex>) -> Result<ExternName, CallError> {
    let asked = |index: usize| only.is_none_or(|only| only.0 == index);
    let plugins = || plan.plugins.iter().enumerate().filter(|(index, _)| asked(*index)).map(|(_, plugin)| plugin);
    let interfaces = || plugins().flat_map(|plugin| &plugin.exports).filter(|export| !export.bare);
    let wanted = ExternName::parse(text).map_err(|bad| error(format!("`{text}` names no interface: {bad}")))?;
    let mut same: Vec<&ExternName> = interfaces().map(|export| &export.name).collect();
    same.retain(|name| name.base() == wanted.base());
    same.sort_unstable();
    same.dedup();
    match same.as_slice() {
        names if names.contains(&&wanted) => Ok(wanted),
        [one] if wanted.version().is_none() || (wanted.is_wasi_0_2() && one.is_wasi_0_2()) => Ok((*one).clone()),
        [] => {
            let names: Vec<String> = interfaces().map(|export| export.name.to_string()).collect();
            Err(unknown(text, "interfaces", names.iter().map(String::as_str)))
        }
        names => {
            let there = list(names);
            Err(error(match wanted.version() {
                None => format!("`{text}` is exported in several versions; there is {there}"),
                Some(version) => {
                    format!("no plugin exports `{}` in version {version}; there is {there}", wanted.base())
                }
            }))
        }
    }
}

/// A name without an interface: mostly one of the two parts is missing.
fn no_bare_function(plan: &Plan, target: &str, problem: &str) -> CallError {
    let exports = || plan.plugins.iter().flat_map(|plugin| &plugin.exports).filter(|export| !export.bare);
    let wanted = ExternName::parse(target).ok();
    let is_meant = |export: &&PlannedExport| wanted.as_ref().is_some_and(|wanted| export.name.base() == wanted.base());
    if let Some(export) = exports().find(is_meant) {
        let names = list(export.functions.iter().map(|(name, _)| name));
        let example = export.functions.first().map(|(name, _)| format!(", e.g. `{}#{name}`", export.name));
        let example = example.unwrap_or_default();
        return error(format!("`{target}` is an interface; which of its functions? It has {names}{example}"));
    }
    if let Some(meant) = with_another_separator(plan, target) {
        return error(format!("`{target}` has no `#` between the interface and the function; {meant}"));
    }
    let has_function = |export: &&PlannedExport| export.functions.iter().any(|(name, _)| name == target);
    if let Some(export) = exports().find(has_function) {
        return error(format!("{problem}; did you mean `{}#{target}`?", export.name));
    }
    unknown(target, "bare functions", bare_functions(plan).into_iter())
}

/// What is meant by `a:b/c.f`, `a:b/c/f` or `a:b/c::f`.
fn with_another_separator(plan: &Plan, target: &str) -> Option<String> {
    let exports = || plan.plugins.iter().flat_map(|plugin| &plugin.exports).filter(|export| !export.bare);
    let places = target.rmatch_indices(['.', '/', ':']).map(|(at, _)| at).take(MOST_PLACES);
    let mut divided = places.flat_map(|at| {
        let (interface, function) = (target[..at].trim_end_matches(['.', ':', '/']), &target[at + 1..]);
        let is_meant = move |export: &&PlannedExport| {
            let name = &export.name;
            name.base() == interface || name.short() == interface || name.to_string() == interface
        };
        exports().filter(is_meant).map(move |export| (export, function))
    });
    let mut found = None;
    let exact = divided.find(|(export, function)| {
        found.get_or_insert(*export);
        export.functions.iter().any(|(name, _)| name == function)
    });
    match (exact, found) {
        (Some((export, function)), _) => Some(format!("did you mean `{}#{function}`?", export.name)),
        (None, Some(export)) => {
            let names = list(export.functions.iter().map(|(name, _)| name).take(MOST_NAMES));
            Some(format!("of `{}` there is {names}", export.name))
        }
        (None, None) => None,
    }
}

/// Most places of a name at which it may be meant to be divided.
const MOST_PLACES: usize = 8;

/// Most functions of an interface that are named.
const MOST_NAMES: usize = 20;

fn bare_functions(plan: &Plan) -> Vec<&str> {
    let exports = plan.plugins.iter().flat_map(|plugin| &plugin.exports).filter(|export| export.bare);
    exports.map(|export| export.name.base()).collect()
}

fn unknown<'a>(wanted: &str, what: &str, names: impl Iterator<Item = &'a str>) -> CallError {
    let near = near::among(what, wanted, names);
    error(format!("no plugin exports `{wanted}` for others{near}"))
}

fn error(cause: String) -> CallError {
    CallError::new(CallErrorKind::UnknownTarget, None, cause)
}
