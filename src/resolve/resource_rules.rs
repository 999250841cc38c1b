//! Which handles can cross plugins, and where calls with them go: PW205.

use crate::model::{FuncType, PluginId, Resource, Side, Type};
use crate::world::Function;

use super::listed::{ImportOf, ListedImport, Offer};
use super::offers::{is_host_served, serving_host};
use super::problem::{Crossing, FunctionProblem, HandleSite, Refusal};
use super::scene::Scene;

/// Most functions of an import that are told to pass handles that cannot cross: a diagnostic has no room for more.
pub const MAX_CROSSING: usize = 512;

/// Whether it makes a resource.
pub fn is_constructor(function: &Function) -> bool {
    function.name.starts_with("[constructor]")
}

/// Whether a function takes a handle of a resource that its own interface defines, as every method does:
/// then each call goes to the plugin that owns it. Under `from`, its interface is also the other one.
pub fn is_by_owner(import: &ListedImport<'_>, function: &Function) -> bool {
    parameters(&function.ty).any(|(_, handle)| handle.resource().is_some_and(|resource| is_own(import, resource)))
}

/// Whether the interface of an import, or that of its `from`, defines a resource.
pub fn is_own(import: &ListedImport<'_>, resource: &Resource) -> bool {
    resource
        .interface
        .as_ref()
        .is_some_and(|interface| *interface == import.import.name || interface.is_compatible(&import.target))
}

/// Why a function with handles cannot be served, if it cannot.
pub fn refused<'a>(
    scene: &'a Scene<'a>,
    consumer: usize,
    import: &ListedImport<'a>,
    function: &'a Function,
    providers: &[Offer<'a>],
) -> Option<Crossing<'a>> {
    if let Some((parameter, handle)) = handles(&function.ty).find(|(_, handle)| is_foreign(scene, consumer, handle)) {
        return Some(crossing(Refusal::Foreign, function, parameter, handle, None));
    }
    let foreign = |offer: &Offer<'a>| {
        let export = offer.export.export;
        let offered = export.function(import.wanted_name(function, &export.name))?;
        let (parameter, handle) = handles(&offered.ty).find(|(_, handle)| is_foreign(scene, offer.provider, handle))?;
        Some(crossing(Refusal::Foreign, offered, parameter, handle, Some(offer.plugin.id())))
    };
    if let Some(crossing) = providers.iter().find_map(foreign) {
        return Some(crossing);
    }
    if is_by_owner(import, function) || !import.entry.cardinality.value.allows_many() {
        return None;
    }
    let mut owned = parameters(&function.ty).filter(|(_, handle)| matches!(handle, Type::Own(_)));
    owned.next().map(|(parameter, handle)| crossing(Refusal::ToMany, function, Some(parameter), handle, None))
}

/// Why a function that the host serves cannot be linked: it passes a handle of a resource that linking
/// defines for plugins, and the host's functions have types of their own.
pub fn refused_by_host<'a>(scene: &Scene<'_>, consumer: usize, function: &'a Function) -> Option<Crossing<'a>> {
    let (parameter, handle) = handles(&function.ty).find(|(_, handle)| !is_foreign(scene, consumer, handle))?;
    Some(crossing(Refusal::ToHost, function, parameter, handle, None))
}

/// PW205, once for an import.
pub fn problem<'a>(of: ImportOf<'a>, crossing: Vec<Crossing<'a>>) -> Option<FunctionProblem<'a>> {
    let mut crossing = crossing.into_iter();
    let first = crossing.next()?;
    Some(FunctionProblem::Crossing { of, first, others: crossing.collect() })
}

fn crossing<'a>(
    refusal: Refusal,
    function: &'a Function,
    parameter: Option<&'a str>,
    handle: &'a Type,
    at: Option<&'a PluginId>,
) -> Crossing<'a> {
    Crossing { refusal, site: HandleSite { function, parameter, handle, at } }
}

/// The handles in the parameters, one of each type for each parameter, with its name.
fn parameters(ty: &FuncType) -> impl Iterator<Item = (&str, &Type)> {
    ty.params.iter().flat_map(|param| param.ty.handles().into_iter().map(move |handle| (param.name.as_str(), handle)))
}

/// All handles of a function: those in parameters with their names, and those in the result.
fn handles(ty: &FuncType) -> impl Iterator<Item = (Option<&str>, &Type)> {
    let result = ty.result.iter().flat_map(|ty| ty.handles());
    parameters(ty).map(|(name, handle)| (Some(name), handle)).chain(result.map(|handle| (None, handle)))
}

/// Whether the runtime or the embedding application defines the resource of a handle, for this plugin.
fn is_foreign(scene: &Scene<'_>, member: usize, handle: &Type) -> bool {
    let Some(resource) = handle.resource().filter(|resource| resource.side == Side::Import) else {
        // Streams, futures and error contexts have no other side.
        return handle.resource().is_none();
    };
    let Some(interface) = &resource.interface else { return false };
    let listing = &scene.members[member].listing;
    let of_host = |import: &ListedImport<'_>| import.import.name == *interface && is_host_served(scene, member, import);
    listing.runtime.iter().any(|import| import.name == *interface)
        || listing.imports.iter().any(of_host)
        || listing
            .types_only
            .iter()
            .any(|import| import.name == *interface && serving_host(scene, &import.name).is_some())
}
