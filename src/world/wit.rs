use wit_parser::{InterfaceId, PackageId, Resolve, SourceMap, UnresolvedPackageGroup};

use super::turn::Turn;
use super::wit_types::WitTypes;
use super::{Extern, ExternKind, WitSource, WorldError, gates, guard, uses, wit_size};
use crate::model::ExternName;

/// How much WIT text is read. The parser counts in 32 bits, and an interface is a few kilobytes.
const MAX_TEXT: usize = 64 << 20;

/// How many packages there may be. They are sorted by recursion.
const MAX_PACKAGES: usize = 1000;

/// Reads an interface from WIT text, as a component that imports it would see it.
///
/// `name` may leave the version out when the text has only one version of the interface; the answer carries the
/// full name.
///
/// # Errors
/// [`WorldError::Wit`] when the text does not parse or resolve, [`WorldError::NoInterface`] when it has no such
/// interface.
pub fn read_interface(source: &WitSource, name: &ExternName) -> Result<Extern, WorldError> {
    let _turn = Turn::wait(wit_size::is_large(source)?);
    let (resolve, _) = parse(source)?;
    let (name, id) = find(&resolve, name)?;
    convert(&resolve, &WitTypes::read(&resolve)?, name, id)
}

/// Reads every interface of a package that WIT text declares, as a component that imports it would see it.
///
/// # Errors
/// [`WorldError::Wit`] when the text does not parse or resolve.
pub(crate) fn read_interfaces(source: &WitSource) -> Result<Vec<Extern>, WorldError> {
    let _turn = Turn::wait(wit_size::is_large(source)?);
    let (resolve, _) = parse(source)?;
    let types = WitTypes::read(&resolve)?;
    named(&resolve).map(|(name, id)| convert(&resolve, &types, name, id)).collect()
}

fn convert(resolve: &Resolve, types: &WitTypes, name: ExternName, id: InterfaceId) -> Result<Extern, WorldError> {
    let interface = &resolve.interfaces[id];
    let whole = gates::feature(&interface.stability);
    let (mut functions, mut gated) = (Vec::new(), Vec::new());
    for function in interface.functions.values() {
        match gates::feature_of(resolve, function, whole) {
            // The WIT does not say whether the host has it.
            Some(feature) => gated.push((function.name.clone(), feature.to_owned())),
            None => functions.push(types.function(function)?),
        }
    }
    let resources =
        interface.types.iter().filter_map(|(name, id)| Some((name.clone(), types.resource(*id)?.clone()))).collect();
    Ok(Extern { name, kind: ExternKind::Interface, functions, resources, gated })
}

/// The interfaces that belong to a package, by their names.
fn named(resolve: &Resolve) -> impl Iterator<Item = (ExternName, InterfaceId)> {
    resolve.interfaces.iter().filter_map(|(id, _)| Some((ExternName::parse(&resolve.id_of(id)?).ok()?, id)))
}

/// Parses WIT text and everything that it depends on. The file system is not touched.
pub(super) fn parse(source: &WitSource) -> Result<(Resolve, PackageId), WorldError> {
    let files = || source.main.iter().chain(source.deps.iter().flatten());
    if files().map(|(_, text)| text.len() + 1).sum::<usize>() > MAX_TEXT {
        return Err(WorldError::Wit(format!("more than {} MiB of text", MAX_TEXT >> 20)));
    }
    guard::catch(|| {
        let main = parse_package(&source.main)?;
        let deps = source.deps.iter().map(|files| parse_package(files)).collect::<Result<Vec<_>, _>>()?;
        if deps.iter().chain([&main]).map(|group| 1 + group.nested.len()).sum::<usize>() > MAX_PACKAGES {
            return Err(WorldError::Wit(format!("more than {MAX_PACKAGES} packages")));
        }
        let packages = deps.iter().chain([&main]).flat_map(|group| group.nested.iter().chain([&group.main]));
        uses::check_packages(packages)?;
        // What is gated is kept where it is used, and told where it is not.
        let mut resolve = Resolve { all_features: true, ..Resolve::default() };
        let package = resolve.push_groups(main, deps).map_err(|error| bad(&error.render(&resolve.source_map)))?;
        Ok((resolve, package))
    })
    .unwrap_or_else(|| Err(WorldError::Wit("the parser gave up on it".to_owned())))
}

/// What the parser says, on one line: it draws a picture of several, with the place in its midst.
pub(super) fn bad(told: &str) -> WorldError {
    let mut place = None;
    let mut sentences = Vec::new();
    for line in told.lines().map(str::trim) {
        let of_picture = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().starts_with('|');
        match line.strip_prefix("--> ") {
            Some(found) => place = place.or(Some(found)),
            None if of_picture || line.is_empty() => {}
            None => sentences.push(line),
        }
    }
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    let (first, rest) = sentences.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
    let rest = if rest.is_empty() { String::new() } else { format!(" {}", rest.join(", ")) };
    WorldError::Wit(format!("{place}{first}{rest}"))
}

fn parse_package(files: &[(String, String)]) -> Result<UnresolvedPackageGroup, WorldError> {
    let mut map = SourceMap::default();
    for (path, text) in files {
        map.push_str(path, text.as_str());
    }
    map.parse().map_err(|(map, error)| bad(&error.render(&map)))
}

/// The interface of this name: the same base and version, or the same base where the name has no version and the
/// text has one version only.
fn find(resolve: &Resolve, wanted: &ExternName) -> Result<(ExternName, InterfaceId), WorldError> {
    if let Some(exact) = named(resolve).find(|(name, _)| name == wanted) {
        return Ok(exact);
    }
    let mut same_base = named(resolve).filter(|(name, _)| wanted.version().is_none() && name.base() == wanted.base());
    match (same_base.next(), same_base.next()) {
        (Some(only), None) => Ok(only),
        _ => {
            let mut found: Vec<_> = named(resolve).map(|(name, _)| name).collect();
            found.sort();
            let found = found.iter().map(ExternName::to_string).collect();
            Err(WorldError::NoInterface { wanted: wanted.to_string(), found })
        }
    }
}
