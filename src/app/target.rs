use super::near;
use crate::link::{CallError, CallErrorKind};
use crate::model::ExternName;
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
            let interface = choose_version(plan, interface, only)?;
            find_function(plan, target, function, |export| !export.bare && export.name == interface)
        }
        None => find_function(plan, target, target, |export| export.bare && export.name.base() == target),
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
    let has_function = |export: &&PlannedExport| export.functions.iter().any(|(name, _)| name == target);
    if let Some(export) = exports().find(has_function) {
        return error(format!("{problem}; did you mean `{}#{target}`?", export.name));
    }
    unknown(target, "bare functions", bare_functions(plan).into_iter())
}

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
