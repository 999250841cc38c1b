//! Types that an interface uses of another one without naming them, which WIT must name.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::component::Named;
use super::print_type::Scope;
use crate::model::{ExternName, Resource, Side, Type};

/// Who names each type first: the interface, or other import or export, and its name there.
pub(super) type First<'a> = HashMap<*const Type, (&'a ExternName, &'a str)>;

/// What has to be taken from another interface.
pub(super) struct Borrowed<'a> {
    /// The interface.
    pub(super) interface: &'a ExternName,
    /// The name there.
    pub(super) original: &'a str,
    /// The name here.
    pub(super) name: String,
}

/// Who names each type first.
pub(super) fn first(named: &[Named]) -> First<'_> {
    let mut first = HashMap::new();
    for item in named {
        for named in &item.types {
            first.entry(Arc::as_ptr(&named.ty)).or_insert((&item.read.name, named.name.as_str()));
        }
    }
    first
}

/// What is used of other interfaces without a name; it gets one in `scope`, different from those that are taken.
///
/// # Errors
/// Why that cannot be said in WIT: it is of the world itself, or of an inline interface.
pub(super) fn find<'a>(
    types: impl Iterator<Item = &'a Arc<Type>>,
    own: Option<&ExternName>,
    taken: HashSet<&'a str>,
    first: &First<'a>,
    scope: &mut Scope<'a>,
) -> Result<Vec<Borrowed<'a>>, String> {
    let mut search = Search { own, taken, first, scope, seen: HashSet::new(), found: Vec::new() };
    for ty in types {
        search.visit(ty)?;
    }
    Ok(search.found)
}

struct Search<'a, 'b> {
    own: Option<&'b ExternName>,
    taken: HashSet<&'a str>,
    first: &'b First<'a>,
    scope: &'b mut Scope<'a>,
    seen: HashSet<*const Type>,
    found: Vec<Borrowed<'a>>,
}

impl<'a> Search<'a, '_> {
    // Recursion is bounded: the validator refuses types that are more than 100 levels deep.
    fn visit(&mut self, ty: &'a Arc<Type>) -> Result<(), String> {
        let place = Arc::as_ptr(ty);
        if self.scope.types.contains_key(&place) || !self.seen.insert(place) {
            return Ok(());
        }
        match &**ty {
            Type::Own(resource) | Type::Borrow(resource) => self.resource(resource)?,
            // Only these cannot be written where they are used.
            Type::Record(_) | Type::Variant(_) | Type::Enum(_) | Type::Flags(_) => {
                let known = self.first.get(&place).copied();
                let (interface, original) =
                    known.filter(|(interface, _)| self.is_elsewhere(interface)).ok_or_else(|| {
                        let name = known.map_or_else(|| format!("`{ty}`"), |(_, name)| format!("`{name}`"));
                        self.refusal(&format!("the type {name}"), known.map(|(interface, _)| interface))
                    })?;
                let name = self.take(interface, original);
                self.scope.types.insert(place, Cow::Owned(name));
                return Ok(());
            }
            _ => {}
        }
        ty.children().into_iter().try_for_each(|child| self.visit(child))
    }

    fn resource(&mut self, resource: &'a Resource) -> Result<(), String> {
        if self.scope.resources.contains_key(resource) {
            return Ok(());
        }
        match &resource.interface {
            Some(interface) if self.is_elsewhere(interface) => {
                let name = self.take(interface, &resource.name);
                self.scope.resources.insert(resource, Cow::Owned(name));
                Ok(())
            }
            interface => Err(self.refusal(&format!("the resource `{}`", resource.name), interface.as_ref())),
        }
    }

    fn is_elsewhere(&self, interface: &ExternName) -> bool {
        interface.is_interface() && self.own != Some(interface)
    }

    fn take(&mut self, interface: &'a ExternName, original: &'a str) -> String {
        let is_free =
            |name: &str| !self.taken.contains(name) && self.found.iter().all(|borrowed| borrowed.name != name);
        let longer = format!("{original}-of-{}", interface.short());
        let even_longer = (0..).map(|times| format!("{longer}{}", "-too".repeat(times)));
        let name = std::iter::once(original.to_owned()).chain(even_longer).find(|name| is_free(name));
        let name = name.unwrap_or(longer);
        self.found.push(Borrowed { interface, original, name: name.clone() });
        name
    }

    fn refusal(&self, what: &str, of: Option<&ExternName>) -> String {
        let here = self.own.map_or("the world itself".to_owned(), |own| format!("`{own}`"));
        match of {
            Some(of) => format!("{here} uses {what} of `{of}`, which can be used nowhere else"),
            None => format!("{here} uses {what} of the world itself, which can be used nowhere else"),
        }
    }
}

/// Refuses resources whose origin WIT would take for another one.
///
/// # Errors
/// What cannot be said.
pub(super) fn check(named: &[Named]) -> Result<(), String> {
    let exported: HashSet<&ExternName> =
        named.iter().filter(|item| item.side == Side::Export).map(|item| &item.read.name).collect();
    for item in named {
        let name = &item.read.name;
        let of_types = item.types.iter().map(|named| &named.ty);
        let of_functions = item.read.functions.iter().flat_map(|function| function.ty.types());
        let handles = of_types.chain(of_functions).flat_map(|ty| ty.handles()).filter_map(|ty| ty.resource());
        for resource in item.read.resources.iter().map(|(_, resource)| resource).chain(handles) {
            let (what, of) = (&resource.name, resource.interface.as_ref());
            match of {
                Some(of) if item.side == Side::Export && resource.side == Side::Import && exported.contains(of) => {
                    return Err(format!(
                        "the export `{name}` uses the resource `{what}` of the imported `{of}`, and WIT would mean the exported one"
                    ));
                }
                Some(of) if !of.is_interface() && (of != name || resource.side != item.side) => {
                    return Err(format!("`{name}` uses the resource `{what}` of the inline interface `{of}`"));
                }
                None if item.read.kind == super::ExternKind::Interface => {
                    return Err(format!("`{name}` uses the resource `{what}` of the world itself"));
                }
                _ => {}
            }
        }
    }
    Ok(())
}
