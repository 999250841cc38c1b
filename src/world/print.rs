//! A component's world as WIT.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::borrowed::{self, Borrowed, First};
use super::component::{Named, NamedType, read_named};
use super::print_type::{Out, Part, Scope, escaped};
use super::{ExternKind, WorldError, read_back};
use crate::model::{ExternName, FuncType, Param, Resource, Side, Type};

/// The package that the printed world is in.
const PACKAGE: &str = "root:component";

/// What a component imports and exports, as the text of a WIT package: the world `root` of
/// `root:component`, and below it the interfaces' own packages. Types have the names that the
/// binary gives them.
///
/// An interface that is both imported and exported, and not with the same functions, is printed
/// once, with the functions of both. A type that an interface uses of another one without naming it
/// is taken over by name.
///
/// # Errors
/// As of [`read_component`](super::read_component), [`WorldError::TooLarge`] for too long
/// a text, and [`WorldError::Unsayable`] for a world that no WIT can say. What is printed has been
/// read back: it says what the binary says.
pub fn print_wit(component: &[u8]) -> Result<String, WorldError> {
    let named = read_named(component)?;
    borrowed::check(&named).map_err(WorldError::Unsayable)?;
    let mut printer = Printer { named: &named, first: borrowed::first(&named), refused: None, out: Out::default() };
    if printer.package().is_err() {
        return Err(printer.refused.map_or(WorldError::TooLarge, WorldError::Unsayable));
    }
    let text = printer.out.into_text();
    read_back::difference(&text, &named).map_or(Ok(text), |difference| Err(WorldError::Unsayable(difference)))
}

struct Printer<'a> {
    named: &'a [Named],
    /// Who names each type first.
    first: First<'a>,
    /// Why the world cannot be said in WIT, once that has come out.
    refused: Option<String>,
    out: Out,
}

/// What stands in an interface, or directly in the world; each name once.
#[derive(Default)]
struct Body<'a> {
    types: Vec<&'a NamedType>,
    resources: Vec<(&'a str, &'a Resource)>,
    functions: Vec<(&'a str, &'a FuncType)>,
    /// What is used of other interfaces without a name here.
    borrowed: Vec<Borrowed<'a>>,
    scope: Scope<'a>,
}

impl<'a> Body<'a> {
    fn new(items: impl Iterator<Item = &'a Named>) -> Self {
        let mut body = Self::default();
        let mut seen = HashSet::new();
        for item in items {
            for named in &item.types {
                body.scope.types.entry(Arc::as_ptr(&named.ty)).or_insert(Cow::Borrowed(&named.name));
                if seen.insert(&named.name) {
                    body.types.push(named);
                }
            }
            for (name, resource) in &item.read.resources {
                body.scope.resources.entry(resource).or_insert(Cow::Borrowed(name));
                if seen.insert(name) {
                    body.resources.push((name, resource));
                }
            }
            for function in &item.read.functions {
                if seen.insert(&function.name) {
                    body.functions.push((&function.name, &function.ty));
                }
            }
        }
        body
    }
}

impl<'a> Printer<'a> {
    /// What stands in an interface or the world, with a name for everything that it uses.
    fn content(
        &mut self,
        own: Option<&ExternName>,
        items: impl Iterator<Item = &'a Named>,
    ) -> Result<Body<'a>, fmt::Error> {
        let mut body = Body::new(items);
        // What is taken from elsewhere as a whole is not written out here.
        let is_taken = |named: &&&NamedType| {
            let origin = named.origin.as_ref().map(|(item, _)| &self.named[*item].read.name);
            origin.is_some_and(|interface| interface.is_interface() && Some(interface) != own)
        };
        let types = body.types.iter().filter(|named| !is_taken(named)).flat_map(|named| named.ty.children());
        let types = types.chain(body.functions.iter().flat_map(|(_, ty)| ty.types()));
        let taken = body.types.iter().map(|named| named.name.as_str());
        let taken = taken.chain(body.resources.iter().map(|(name, _)| *name));
        let taken = taken.chain(body.functions.iter().map(|(name, _)| *name)).collect();
        match borrowed::find(types, own, taken, &self.first, &mut body.scope) {
            Ok(borrowed) => body.borrowed = borrowed,
            Err(reason) => {
                self.refused = Some(reason);
                return Err(fmt::Error);
            }
        }
        Ok(body)
    }

    fn package(&mut self) -> fmt::Result {
        writeln!(self.out, "package {PACKAGE};")?;
        let packages = packages(self.named);
        // An interface of the package itself stands beside the world.
        for (_, interfaces) in packages.iter().filter(|(package, _)| package == PACKAGE) {
            self.interfaces(0, interfaces)?;
        }
        self.out.write_str("\n")?;
        self.world()?;
        for (package, interfaces) in packages.iter().filter(|(package, _)| package != PACKAGE) {
            write!(self.out, "\npackage {package} {{")?;
            self.interfaces(1, interfaces)?;
            self.out.write_str("}\n")?;
        }
        Ok(())
    }

    fn interfaces(&mut self, depth: usize, names: &[&'a ExternName]) -> fmt::Result {
        for &name in names {
            self.out.write_str("\n")?;
            self.out.open(depth, &format!("interface {} {{", escaped(name.short())))?;
            let body = self.content(Some(name), self.named.iter().filter(|item| item.read.name == *name))?;
            self.body(depth + 1, Some(name), &body)?;
            self.out.line(depth, "}")?;
        }
        Ok(())
    }

    fn world(&mut self) -> fmt::Result {
        self.out.open(0, "world root {")?;
        let at_root = self.named.iter().filter(|item| item.read.kind != ExternKind::Interface);
        let body = self.content(None, at_root)?;
        self.types(1, None, &body)?;
        for side in [Side::Import, Side::Export] {
            for item in self.named.iter().filter(|item| item.side == side) {
                self.world_item(item, &body.scope)?;
            }
        }
        self.out.write_str("}\n")
    }

    fn world_item(&mut self, item: &'a Named, scope: &Scope<'_>) -> fmt::Result {
        let name = &item.read.name;
        let (verb, part) = match item.side {
            Side::Import => ("import", Part::Import),
            Side::Export => ("export", Part::Export),
        };
        match item.read.kind {
            ExternKind::Type => Ok(()),
            ExternKind::Interface if name.is_interface() => {
                self.out.part(1, part)?;
                writeln!(self.out, "{verb} {};", path(name, None))
            }
            ExternKind::Interface => {
                self.out.part(1, Part::Block)?;
                self.out.open(0, &format!("{verb} {}: interface {{", escaped(name.base())))?;
                let body = self.content(Some(name), std::iter::once(item))?;
                self.body(2, Some(name), &body)?;
                self.out.close(1)
            }
            ExternKind::Function => {
                for function in item.read.functions.iter().filter(|function| method(&function.name).is_none()) {
                    self.out.part(1, part)?;
                    write!(self.out, "{verb} {}: ", escaped(&function.name))?;
                    self.signature(&function.ty, scope)?;
                }
                Ok(())
            }
        }
    }

    /// The content of an interface.
    fn body(&mut self, depth: usize, own: Option<&ExternName>, body: &Body<'_>) -> fmt::Result {
        self.types(depth, own, body)?;
        for (name, ty) in body.functions.iter().filter(|(name, _)| method(name).is_none()) {
            self.out.part(depth, Part::Function)?;
            write!(self.out, "{}: ", escaped(name))?;
            self.signature(ty, &body.scope)?;
        }
        Ok(())
    }

    /// What an interface, or the world, takes from others and the types that it defines.
    fn types(&mut self, depth: usize, own: Option<&ExternName>, body: &Body<'_>) -> fmt::Result {
        let mut defined = Vec::new();
        for &named in &body.types {
            let origin = named.origin.as_ref().map(|(item, original)| (&self.named[*item].read.name, original));
            // Of the world itself, and of an interface without a package, nothing can be used elsewhere.
            match origin.filter(|(interface, _)| interface.is_interface() && Some(*interface) != own) {
                Some((interface, original)) => self.take(depth, own, interface, original, &named.name)?,
                None => defined.push(named),
            }
        }
        let mut resources = Vec::new();
        for borrowed in &body.borrowed {
            self.take(depth, own, borrowed.interface, borrowed.original, &borrowed.name)?;
        }
        for &(name, resource) in &body.resources {
            let interface = resource.interface.as_ref().filter(|origin| origin.is_interface() && Some(*origin) != own);
            match interface {
                Some(interface) => self.take(depth, own, interface, &resource.name, name)?,
                None => resources.push((name, resource)),
            }
        }
        for (name, resource) in resources {
            self.resource(depth, name, resource, body)?;
        }
        for NamedType { name, ty, .. } in defined {
            match body.scope.types.get(&Arc::as_ptr(ty)) {
                Some(first) if **first != **name => {
                    self.out.part(depth, Part::Type)?;
                    writeln!(self.out, "type {} = {};", escaped(name), escaped(first))?;
                }
                _ => self.out.definition(depth, name, ty, &body.scope)?,
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        depth: usize,
        own: Option<&ExternName>,
        interface: &ExternName,
        original: &str,
        name: &str,
    ) -> fmt::Result {
        let renamed = if original == name { String::new() } else { format!(" as {}", escaped(name)) };
        let path = path(interface, own);
        self.out.part(depth, Part::Use)?;
        writeln!(self.out, "use {path}.{{{}{renamed}}};", escaped(original))
    }

    fn resource<'b>(&mut self, depth: usize, name: &str, resource: &Resource, body: &Body<'b>) -> fmt::Result {
        if let Some(first) = body.scope.resources.get(resource).filter(|first| ***first != *name) {
            self.out.part(depth, Part::Type)?;
            return writeln!(self.out, "type {} = {};", escaped(name), escaped(first));
        }
        let own = |&(function, ty): &(&'b str, &'b FuncType)| {
            method(function).filter(|method| method.resource == name).map(|method| (method, ty))
        };
        let methods: Vec<_> = body.functions.iter().filter_map(own).collect();
        if methods.is_empty() {
            self.out.part(depth, Part::Type)?;
            return writeln!(self.out, "resource {};", escaped(name));
        }
        self.out.part(depth, Part::Block)?;
        self.out.open(0, &format!("resource {} {{", escaped(name)))?;
        for (method, ty) in methods {
            self.out.part(depth + 1, Part::Function)?;
            match method.kind {
                MethodKind::Constructor => {
                    // That it returns its resource goes without saying.
                    let plain = ty.result.as_ref().is_some_and(|ty| matches!(&**ty, Type::Own(own) if own == resource));
                    let result = if plain { None } else { ty.result.as_ref() };
                    self.out.write_str("constructor")?;
                    self.out.params(&ty.params, result, &body.scope)?;
                    self.out.write_str(";\n")?;
                }
                MethodKind::Static => {
                    write!(self.out, "{}: static ", escaped(method.name))?;
                    self.signature(ty, &body.scope)?;
                }
                MethodKind::Method => {
                    write!(self.out, "{}: ", escaped(method.name))?;
                    self.signature_of(ty, ty.params.get(1..).unwrap_or_default(), &body.scope)?;
                }
            }
        }
        self.out.close(depth)
    }

    fn signature(&mut self, ty: &FuncType, scope: &Scope<'_>) -> fmt::Result {
        self.signature_of(ty, &ty.params, scope)
    }

    fn signature_of(&mut self, ty: &FuncType, params: &[Param], scope: &Scope<'_>) -> fmt::Result {
        self.out.write_str(if ty.is_async { "async func" } else { "func" })?;
        self.out.params(params, ty.result.as_ref(), scope)?;
        self.out.write_str(";\n")
    }
}

/// A function that belongs to a resource.
struct Method<'a> {
    kind: MethodKind,
    resource: &'a str,
    name: &'a str,
}

enum MethodKind {
    Constructor,
    Method,
    Static,
}

/// What a function's name says of its resource, if it has one.
fn method(name: &str) -> Option<Method<'_>> {
    let (kind, rest) = name.strip_prefix('[')?.split_once(']')?;
    let kind = match kind {
        "constructor" => return Some(Method { kind: MethodKind::Constructor, resource: rest, name: "" }),
        "method" => MethodKind::Method,
        "static" => MethodKind::Static,
        _ => return None,
    };
    let (resource, name) = rest.split_once('.')?;
    Some(Method { kind, resource, name })
}

/// The packages of the interfaces, each with its interfaces, in the order in which they are met.
fn packages(named: &[Named]) -> Vec<(String, Vec<&ExternName>)> {
    let mut packages: Vec<(String, Vec<&ExternName>)> = Vec::new();
    let interfaces = named.iter().map(|item| &item.read.name).filter(|name| name.is_interface());
    for name in interfaces {
        let package = package(name);
        match packages.iter_mut().find(|(other, _)| *other == package) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => packages.push((package, vec![name])),
        }
    }
    packages
}

/// `text:stats@1.0.0` of `text:stats/words@1.0.0`.
fn package(name: &ExternName) -> String {
    let base = name.base().rsplit_once('/').map_or(name.base(), |(package, _)| package);
    let base: Vec<String> = base.split(':').map(escaped).collect();
    let version = name.version().map(|version| format!("@{version}")).unwrap_or_default();
    format!("{}{version}", base.join(":"))
}

/// An interface, as another one of the same package or of elsewhere names it.
fn path(name: &ExternName, from: Option<&ExternName>) -> String {
    let package = package(name);
    let short = escaped(name.short());
    if package == PACKAGE || from.is_some_and(|from| self::package(from) == package) {
        return short;
    }
    match package.split_once('@') {
        Some((base, version)) => format!("{base}/{short}@{version}"),
        None => format!("{package}/{short}"),
    }
}
