use std::collections::HashMap;
use std::sync::Arc;

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ResourceId};
use wasmparser::names::{ComponentName, ComponentNameKind};
use wasmparser::types::Types;
use wasmparser::{Parser, Payload};

use super::convert::{Converter, Origin, Refusal};
use super::features::features;
use super::validate::{Validated, invalid, validate};
use super::{Extern, ExternKind, Function, World, WorldError, inline};
use crate::model::{ExternName, Side, Type};

/// Whether the bytes begin like a component in binary form.
pub(crate) fn is_component(bytes: &[u8]) -> bool {
    Parser::is_component(bytes)
}

/// Reads the world of a component, validating the component on the way. Nothing is compiled.
///
/// # Errors
/// [`WorldError::NotWasm`] for other bytes, [`WorldError::CoreWithoutWorld`] for a core module (see
/// [`componentize`](super::componentize)), [`WorldError::Invalid`], [`WorldError::HugeValue`],
/// [`WorldError::Intricate`], [`WorldError::Costly`] and [`WorldError::Reexport`] for what the engine would refuse to load, and
/// [`WorldError::Inexpressible`] for an import or export that is no interface, function or type.
pub fn read_component(bytes: &[u8]) -> Result<World, WorldError> {
    if Parser::is_core_wasm(bytes) {
        return Err(WorldError::CoreWithoutWorld);
    }
    if !Parser::is_component(bytes) {
        return Err(WorldError::NotWasm("it does not begin like a component".to_owned()));
    }
    let Validated { types, mut scales, lowered, needs, turn: _turn, .. } = validate(bytes)?;
    let items = items(bytes, &types)?;
    let mut converter = Converter::new(&types, origins(&items, &types));
    let mut world = World { needs, ..World::default() };
    for item in &items {
        let read = read_extern(item, &types, &mut converter)?;
        match item.side {
            Side::Import => world.imports.push(read),
            Side::Export => world.exports.push(read),
        }
    }
    let adapters = inline::check(bytes, &types)?;
    scales.add(lowered.weight(adapters)).map_err(|over| WorldError::Costly(over.of(None)))?;
    world.weight = scales.sum();
    Ok(world)
}

/// An import or export together with the types that it names, which a [`World`] leaves out.
pub(super) struct Named {
    /// Whether it is an import or an export.
    pub(super) side: Side,
    /// What a [`World`] has.
    pub(super) read: Extern,
    /// The types that it names, resources left out, in the order of the binary.
    pub(super) types: Vec<NamedType>,
}

/// A type that an import or export names.
pub(super) struct NamedType {
    /// Its name here.
    pub(super) name: String,
    /// The type. Within one component, uses of one definition share one `Arc`.
    pub(super) ty: Arc<Type>,
    /// The import or export that names the same type before this one, if there is one: its place, imports counted first, and
    /// the name of the type there.
    pub(super) origin: Option<(usize, String)>,
}

/// Reads the imports and then the exports of a component with the names of their types.
///
/// # Errors
/// As of [`read_component`].
pub(super) fn read_named(bytes: &[u8]) -> Result<Vec<Named>, WorldError> {
    let Validated { types, turn: _turn, .. } = validate(bytes)?;
    let items = items(bytes, &types)?;
    let mut converter = Converter::new(&types, origins(&items, &types));
    let mut known = HashMap::new();
    let read = |(index, item): (usize, &Item<'_>)| {
        let read = read_extern(item, &types, &mut converter)?;
        Ok(Named { side: item.side, read, types: named_types((index, item), &types, &mut converter, &mut known)? })
    };
    items.iter().enumerate().map(read).collect()
}

fn named_types(
    (index, item): (usize, &Item<'_>),
    types: &Types,
    converter: &mut Converter<'_>,
    known: &mut HashMap<ComponentAnyTypeId, (usize, String)>,
) -> Result<Vec<NamedType>, WorldError> {
    let named: Vec<(&str, ComponentEntityType)> = match item.ty {
        ComponentEntityType::Instance(instance) => {
            types[instance].exports.iter().map(|(name, export)| (name.as_str(), export.ty)).collect()
        }
        ty => vec![(item.text, ty)],
    };
    let mut found = Vec::new();
    for (name, ty) in named {
        let ComponentEntityType::Type { referenced, created } = ty else { continue };
        let ComponentAnyTypeId::Defined(id) = created else { continue };
        let mut aliases = std::iter::successors(Some(referenced), |id| types.as_ref().peel_alias(*id));
        let origin = aliases.find_map(|id| known.get(&id)).cloned();
        known.insert(created, origin.clone().unwrap_or_else(|| (index, name.to_owned())));
        let ty = converter.defined(id).map_err(|refusal| item.refuse(refusal))?;
        found.push(NamedType { name: name.to_owned(), ty, origin });
    }
    Ok(found)
}

/// An import or export of the component itself.
struct Item<'a> {
    side: Side,
    text: &'a str,
    name: ExternName,
    ty: ComponentEntityType,
}

impl<'a> Item<'a> {
    fn new(side: Side, text: &'a str, ty: ComponentEntityType) -> Result<Self, WorldError> {
        let kind = ComponentName::new_with_features(text, 0, features()).map_err(invalid)?;
        let instead = match kind.kind() {
            ComponentNameKind::Label(_)
            | ComponentNameKind::Constructor(_)
            | ComponentNameKind::Method(_)
            | ComponentNameKind::Static(_)
            | ComponentNameKind::Interface(_) => None,
            ComponentNameKind::Dependency(_) => Some("a dependency"),
            ComponentNameKind::Url(_) => Some("a URL"),
            ComponentNameKind::Hash(_) => Some("a hash"),
        };
        if let Some(instead) = instead {
            return Err(inexpressible(side, text, format!("the name is {instead}, not that of an interface")));
        }
        let name = ExternName::parse(text).map_err(|error| inexpressible(side, text, error))?;
        Ok(Self { side, text, name, ty })
    }

    fn refuse(&self, reason: impl ToString) -> WorldError {
        inexpressible(self.side, self.text, reason)
    }
}

fn inexpressible(side: Side, name: &str, reason: impl ToString) -> WorldError {
    let side = match side {
        Side::Import => "import",
        Side::Export => "export",
    };
    WorldError::Inexpressible { side, name: name.to_owned(), reason: reason.to_string() }
}

/// The imports, then the exports, each in the order of the binary.
fn items<'a>(bytes: &'a [u8], types: &Types) -> Result<Vec<Item<'a>>, WorldError> {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut parser = Parser::new(0);
    parser.set_features(features());
    // Sections of nested components and modules come in between.
    let mut depth = 0_usize;
    for payload in parser.parse_all(bytes) {
        match payload.map_err(invalid)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let name = import.map_err(invalid)?.name.name;
                    if let Some(item) = types.as_ref().component_item_for_import(name) {
                        imports.push(Item::new(Side::Import, name, item.ty)?);
                    }
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let name = export.map_err(invalid)?.name.name;
                    if let Some(item) = types.as_ref().component_item_for_export(name) {
                        exports.push(Item::new(Side::Export, name, item.ty)?);
                    }
                }
            }
            _ => {}
        }
    }
    imports.append(&mut exports);
    Ok(imports)
}

/// Every resource type that the imports and exports name, as the first of them names it.
///
/// The first is the one that defines it: what is used must have been imported or exported before.
fn origins<'a>(items: &'a [Item<'_>], types: &'a Types) -> HashMap<ResourceId, Origin<'a>> {
    let mut origins = HashMap::new();
    for item in items {
        let mut define = |name: &'a str, interface: Option<&'a ExternName>, ty: ComponentEntityType| {
            if let ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } = ty {
                origins.entry(id.resource()).or_insert(Origin { name, interface, side: item.side });
            }
        };
        if let ComponentEntityType::Instance(instance) = item.ty {
            for (name, export) in &types[instance].exports {
                define(name, Some(&item.name), export.ty);
            }
        } else {
            define(item.text, None, item.ty);
        }
    }
    origins
}

fn read_extern(item: &Item<'_>, types: &Types, converter: &mut Converter<'_>) -> Result<Extern, WorldError> {
    let kind = match item.ty {
        ComponentEntityType::Instance(_) => ExternKind::Interface,
        ComponentEntityType::Func(_) => ExternKind::Function,
        ComponentEntityType::Type { .. } => ExternKind::Type,
        ComponentEntityType::Module(_) => return Err(item.refuse("it is a core module")),
        ComponentEntityType::Component(_) => return Err(item.refuse("it is a component")),
        ComponentEntityType::Value(_) => return Err(item.refuse("it is a value")),
    };
    let is = match kind {
        ExternKind::Interface => None,
        ExternKind::Function => Some("a function"),
        ExternKind::Type => Some("a type"),
    };
    if let Some(is) = is.filter(|_| item.name.is_interface()) {
        return Err(item.refuse(format!("it is {is}, under the name of an interface")));
    }
    let mut read =
        Extern { name: item.name.clone(), kind, functions: Vec::new(), resources: Vec::new(), gated: Vec::new() };
    if let ComponentEntityType::Instance(instance) = item.ty {
        for (name, export) in &types[instance].exports {
            read_part(item, name, export.ty, converter, &mut read)?;
        }
    } else {
        read_part(item, item.text, item.ty, converter, &mut read)?;
    }
    Ok(read)
}

/// Adds what an interface exports under `name`, or a function or type of the world itself.
fn read_part(
    item: &Item<'_>,
    name: &str,
    ty: ComponentEntityType,
    converter: &mut Converter<'_>,
    read: &mut Extern,
) -> Result<(), WorldError> {
    let unknown = |refusal: Refusal| item.refuse(refusal);
    let contains = |what: &str| Err(item.refuse(format!("it contains {what}, `{name}`")));
    match ty {
        ComponentEntityType::Func(id) => {
            let ty = converter.function(id).map_err(unknown)?;
            read.functions.push(Function { name: converter.text(name).map_err(unknown)?, ty });
        }
        ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } => {
            let resource = converter.resource(id.resource()).map_err(unknown)?;
            read.resources.push((converter.text(name).map_err(unknown)?, resource));
        }
        ComponentEntityType::Type { .. } => {}
        ComponentEntityType::Instance(_) => return contains("another instance"),
        ComponentEntityType::Module(_) => return contains("a core module"),
        ComponentEntityType::Component(_) => return contains("a component"),
        ComponentEntityType::Value(_) => return contains("a value"),
    }
    Ok(())
}
