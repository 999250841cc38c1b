//! Which handles can cross plugins, and where calls with them go: PW205.

use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Cardinality, FuncType, Resource, Side, Type};
use crate::world::Function;

use super::listing::ListedImport;
use super::providers::{Offer, import_span, is_host_served, target};
use super::{Member, Scene, fit};

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
        .is_some_and(|interface| *interface == import.import.name || interface.is_compatible(target(import)))
}

/// Why a function with handles cannot be served, if it cannot.
pub fn refused(
    scene: &Scene<'_>,
    consumer: usize,
    import: &ListedImport<'_>,
    function: &Function,
    providers: &[Offer<'_>],
) -> Option<Refusal> {
    if let Some((place, handle)) = handles(&function.ty).find(|(_, handle)| is_foreign(scene, consumer, handle)) {
        return Some(Refusal::Foreign(told(function, place, handle)));
    }
    let foreign = |offer: &Offer<'_>| {
        let export = offer.export.export;
        let offered = export.function(fit::wanted_name(import, function, &export.name))?;
        let (place, handle) = handles(&offered.ty).find(|(_, handle)| is_foreign(scene, offer.provider, handle))?;
        Some(format!("{}, at `{}`", told(offered, place, handle), scene.members[offer.provider].id()))
    };
    if let Some(told) = providers.iter().find_map(foreign) {
        return Some(Refusal::Foreign(told));
    }
    if is_by_owner(import, function) || !import.entry.cardinality.value.allows_many() {
        return None;
    }
    let mut owned = parameters(&function.ty).filter(|(_, handle)| matches!(handle, Type::Own(_)));
    owned.next().map(|(place, handle)| Refusal::ToMany(told(function, Some(place), handle)))
}

/// Why a function that the host serves cannot be linked: it passes a handle of a resource that linking
/// defines for plugins, and the host's functions have types of their own.
pub fn refused_by_host(scene: &Scene<'_>, consumer: usize, function: &Function) -> Option<Refusal> {
    let (place, handle) = handles(&function.ty).find(|(_, handle)| !is_foreign(scene, consumer, handle))?;
    Some(Refusal::ToHost(told(function, place, handle)))
}

/// Why a handle cannot cross.
pub enum Refusal {
    /// It is one of the runtime or of the embedding application.
    Foreign(String),
    /// Ownership would go to several plugins at once.
    ToMany(String),
    /// It is one of plugins, and would go to the embedding application.
    ToHost(String),
}

/// PW205
pub fn diagnostic(member: &Member<'_>, import: &ListedImport<'_>, refusals: &[Refusal]) -> Option<Diagnostic> {
    let (first, rest) = refusals.split_first()?;
    let (place, label, help) = match first {
        Refusal::Foreign(place) => (
            place,
            "a resource of the host cannot pass between plugins",
            "pass plain data instead, such as the bytes that were read from a stream".to_owned(),
        ),
        Refusal::ToMany(place) => (
            place,
            "`own` can go to one plugin only",
            format!("take it as `borrow`, or write `{}`", Cardinality::ExactlyOne),
        ),
        Refusal::ToHost(place) => (
            place,
            "a resource of plugins cannot pass to the host here",
            "let the host serve the interface that defines the resource too, or pass plain data instead".to_owned(),
        ),
    };
    let message = format!("a resource cannot cross plugins in `{}`: {place}", import.import.name);
    let mut diagnostic =
        Diagnostic::error(Code::Pw205, message).label(member.plugin.manifest.file, import_span(import), label);
    for refusal in rest {
        let (Refusal::Foreign(place) | Refusal::ToMany(place) | Refusal::ToHost(place)) = refusal;
        diagnostic = diagnostic.note(place.as_str());
    }
    Some(diagnostic.help(help))
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

fn told(function: &Function, parameter: Option<&str>, handle: &Type) -> String {
    match parameter {
        Some(parameter) => format!("`{}` takes `{handle}` in its parameter `{parameter}`", function.name),
        None => format!("`{}` returns `{handle}`", function.name),
    }
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
            .any(|import| import.name == *interface && super::providers::serving_host(scene, &import.name).is_some())
}
