use std::collections::HashMap;
use std::ptr;
use std::sync::Arc;

use wit_parser::{Handle, InterfaceId, Resolve, TypeDef, TypeDefKind, TypeId, TypeOwner, WorldItem, WorldKey};

use super::{Function, WorldError};
use crate::model::{Case, ExternName, Field, FuncType, Param, Resource, Side, Type};

/// How deep types may be nested: what a component may have.
const MAX_DEPTH: usize = 100;

/// The types of resolved WIT, as our own.
pub(super) struct WitTypes {
    types: HashMap<TypeId, Arc<Type>>,
    resources: HashMap<TypeId, Resource>,
    depths: HashMap<*const Type, usize>,
}

impl WitTypes {
    /// Converts all types. Nothing here recurses: a type stands after those that it is made of.
    pub(super) fn read(resolve: &Resolve) -> Result<Self, WorldError> {
        let mut types = Self { types: HashMap::new(), resources: HashMap::new(), depths: HashMap::new() };
        for (id, definition) in resolve.types.iter() {
            types.define(resolve, id, definition)?;
        }
        Ok(types)
    }

    /// The resource that this type is, if it is one.
    pub(super) fn resource(&self, id: TypeId) -> Option<&Resource> {
        self.resources.get(&id)
    }

    /// A function, under the name that a component has for it.
    pub(super) fn function(&self, function: &wit_parser::Function) -> Result<Function, WorldError> {
        let params = function
            .params
            .iter()
            .map(|param| Ok(Param { name: param.name.clone(), ty: self.value(param.ty)? }))
            .collect::<Result<_, WorldError>>()?;
        let ty = FuncType { is_async: function.kind.is_async(), params, result: self.optional(function.result)? };
        Ok(Function { name: function.name.clone(), ty })
    }

    fn define(&mut self, resolve: &Resolve, id: TypeId, definition: &TypeDef) -> Result<(), WorldError> {
        match &definition.kind {
            TypeDefKind::Resource => {
                let resource = resource(resolve, definition)?;
                // WIT writes `own<r>` as `r`.
                let own = self.share(Type::Own(resource.clone()))?;
                self.types.insert(id, own);
                self.resources.insert(id, resource);
            }
            TypeDefKind::Type(aliased) => {
                if let wit_parser::Type::Id(aliased) = aliased
                    && let Some(resource) = self.resources.get(aliased)
                {
                    self.resources.insert(id, resource.clone());
                }
                self.types.insert(id, self.value(*aliased)?);
            }
            kind => {
                let ty = self.definition(kind)?;
                let ty = self.share(ty)?;
                self.types.insert(id, ty);
            }
        }
        Ok(())
    }

    // No `_` arm: a new kind of type must not slip by.
    fn definition(&self, kind: &TypeDefKind) -> Result<Type, WorldError> {
        Ok(match kind {
            TypeDefKind::Record(record) => {
                let field =
                    |field: &wit_parser::Field| Ok(Field { name: field.name.clone(), ty: self.value(field.ty)? });
                Type::Record(record.fields.iter().map(field).collect::<Result<_, WorldError>>()?)
            }
            TypeDefKind::Variant(variant) => {
                let case = |case: &wit_parser::Case| Ok(Case { name: case.name.clone(), ty: self.optional(case.ty)? });
                Type::Variant(variant.cases.iter().map(case).collect::<Result<_, WorldError>>()?)
            }
            TypeDefKind::Flags(flags) => Type::Flags(flags.flags.iter().map(|flag| flag.name.clone()).collect()),
            TypeDefKind::Enum(cases) => Type::Enum(cases.cases.iter().map(|case| case.name.clone()).collect()),
            TypeDefKind::Tuple(tuple) => {
                Type::Tuple(tuple.types.iter().map(|ty| self.value(*ty)).collect::<Result<_, _>>()?)
            }
            TypeDefKind::Handle(Handle::Own(id)) => Type::Own(self.handled(*id)?),
            TypeDefKind::Handle(Handle::Borrow(id)) => Type::Borrow(self.handled(*id)?),
            TypeDefKind::Option(ty) => Type::Option(self.value(*ty)?),
            TypeDefKind::Result(result) => Type::Result(self.optional(result.ok)?, self.optional(result.err)?),
            TypeDefKind::List(ty) => Type::List(self.value(*ty)?),
            TypeDefKind::Map(key, value) => Type::Map(self.value(*key)?, self.value(*value)?),
            TypeDefKind::FixedLengthList(ty, length) => Type::FixedLengthList(self.value(*ty)?, *length),
            TypeDefKind::Future(ty) => Type::Future(self.optional(*ty)?),
            TypeDefKind::Stream(ty) => Type::Stream(self.optional(*ty)?),
            TypeDefKind::Resource | TypeDefKind::Type(_) | TypeDefKind::Unknown => return Err(unresolved()),
        })
    }

    fn value(&self, ty: wit_parser::Type) -> Result<Arc<Type>, WorldError> {
        Ok(Arc::new(match ty {
            wit_parser::Type::Bool => Type::Bool,
            wit_parser::Type::U8 => Type::U8,
            wit_parser::Type::U16 => Type::U16,
            wit_parser::Type::U32 => Type::U32,
            wit_parser::Type::U64 => Type::U64,
            wit_parser::Type::S8 => Type::S8,
            wit_parser::Type::S16 => Type::S16,
            wit_parser::Type::S32 => Type::S32,
            wit_parser::Type::S64 => Type::S64,
            wit_parser::Type::F32 => Type::F32,
            wit_parser::Type::F64 => Type::F64,
            wit_parser::Type::Char => Type::Char,
            wit_parser::Type::String => Type::String,
            wit_parser::Type::ErrorContext => Type::ErrorContext,
            wit_parser::Type::Id(id) => return self.types.get(&id).cloned().ok_or_else(unresolved),
        }))
    }

    fn optional(&self, ty: Option<wit_parser::Type>) -> Result<Option<Arc<Type>>, WorldError> {
        ty.map(|ty| self.value(ty)).transpose()
    }

    fn handled(&self, id: TypeId) -> Result<Resource, WorldError> {
        self.resources.get(&id).cloned().ok_or_else(unresolved)
    }

    /// Makes a type to be shared, unless it is too deep: types are printed, compared and dropped by recursion.
    fn share(&mut self, ty: Type) -> Result<Arc<Type>, WorldError> {
        // What is not in `depths` is a primitive type.
        let depth_of = |child: &&Arc<Type>| self.depths.get(&Arc::as_ptr(child)).copied().unwrap_or(1);
        let depth = 1 + ty.children().iter().map(depth_of).max().unwrap_or(0);
        if depth > MAX_DEPTH {
            return Err(WorldError::Wit(format!("types are nested more than {MAX_DEPTH} deep")));
        }
        let ty = Arc::new(ty);
        self.depths.insert(ptr::from_ref(&*ty), depth);
        Ok(ty)
    }
}

fn unresolved() -> WorldError {
    WorldError::Wit("a type that is used before it is resolved".to_owned())
}

/// The name that a world has for an interface of its own.
fn inline(resolve: &Resolve, wanted: InterfaceId) -> Option<String> {
    let mut items = resolve.worlds.iter().flat_map(|(_, world)| world.imports.iter().chain(&world.exports));
    items.find_map(|item| match item {
        (WorldKey::Name(name), WorldItem::Interface { id, .. }) if *id == wanted => Some(name.clone()),
        _ => None,
    })
}

fn resource(resolve: &Resolve, definition: &TypeDef) -> Result<Resource, WorldError> {
    let interface = match definition.owner {
        TypeOwner::Interface(id) => resolve.id_of(id).or_else(|| inline(resolve, id)),
        TypeOwner::World(_) | TypeOwner::None => None,
    };
    let interface = interface
        .map(|name| ExternName::parse(&name).map_err(|error| WorldError::Wit(format!("`{name}`: {error}"))))
        .transpose()?;
    let name = definition.name.clone().ok_or_else(unresolved)?;
    Ok(Resource { name, interface, side: Side::Import })
}
