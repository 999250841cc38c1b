use std::collections::HashMap;
use std::ptr;
use std::sync::Arc;

use wasmparser::PrimitiveValType;
use wasmparser::component_types::{
    ComponentDefinedType, ComponentDefinedTypeId, ComponentFuncTypeId, ComponentValType, ResourceId,
};
use wasmparser::types::Types;

use crate::model::{Case, ExternName, Field, FuncType, Param, Resource, Side, Type};

/// How much text the names of one world may take together. Types and names are shared in the binary but not in
/// [`FuncType`] and [`Resource`], so that a small file could ask for a huge world.
const MAX_TEXT: usize = 64 << 20;

/// Why a type of a component has no counterpart in our own types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("it uses a resource type that no import or export names")]
    UnnamedResource,
    #[error("the names in its types take more than {} MiB", MAX_TEXT >> 20)]
    TooMuchText,
}

/// Where a resource type is defined.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    /// Its name there.
    pub(super) name: &'a str,
    /// The interface that defines it; `None` for the world itself.
    pub(super) interface: Option<&'a ExternName>,
    /// Whether that is an import or an export.
    pub(super) side: Side,
}

/// Turns the validator's types into our own.
pub(super) struct Converter<'a> {
    types: &'a Types,
    origins: HashMap<ResourceId, Origin<'a>>,
    // By the address of the definition: the ids of its aliases differ, the definition is one. It does not move
    // while `types` is borrowed.
    defined: HashMap<*const ComponentDefinedType, Arc<Type>>,
    handles: HashMap<(ResourceId, Handle), Arc<Type>>,
    text: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Handle {
    Own,
    Borrow,
}

impl<'a> Converter<'a> {
    /// A converter that knows these resource types.
    pub(super) fn new(types: &'a Types, origins: HashMap<ResourceId, Origin<'a>>) -> Self {
        Self { types, origins, defined: HashMap::new(), handles: HashMap::new(), text: 0 }
    }

    /// The resource with this identity.
    pub(super) fn resource(&mut self, id: ResourceId) -> Result<Resource, Refusal> {
        let Origin { name, interface, side } = *self.origins.get(&id).ok_or(Refusal::UnnamedResource)?;
        self.spend(name.len() + interface.map_or(0, |interface| interface.base().len()))?;
        Ok(Resource { name: name.to_owned(), interface: interface.cloned(), side })
    }

    /// A copy of a name.
    pub(super) fn text(&mut self, name: &str) -> Result<String, Refusal> {
        self.spend(name.len())?;
        Ok(name.to_owned())
    }

    /// A function's type.
    pub(super) fn function(&mut self, id: ComponentFuncTypeId) -> Result<FuncType, Refusal> {
        let types = self.types;
        let ty = &types[id];
        let mut params = Vec::with_capacity(ty.params.len());
        for (name, param) in &ty.params {
            params.push(Param { name: self.text(name)?, ty: self.value(*param)? });
        }
        Ok(FuncType { is_async: ty.async_, params, result: self.optional(ty.result)? })
    }

    // Recursion is bounded: the validator refuses types that are more than 100 levels deep.
    fn value(&mut self, ty: ComponentValType) -> Result<Arc<Type>, Refusal> {
        match ty {
            ComponentValType::Primitive(ty) => Ok(Arc::new(primitive(ty))),
            ComponentValType::Type(id) => self.defined(id),
        }
    }

    fn optional(&mut self, ty: Option<ComponentValType>) -> Result<Option<Arc<Type>>, Refusal> {
        ty.map(|ty| self.value(ty)).transpose()
    }

    /// A type definition. Whoever refers to the same definition gets the same `Arc`.
    pub(super) fn defined(&mut self, id: ComponentDefinedTypeId) -> Result<Arc<Type>, Refusal> {
        let types = self.types;
        let definition = &types[id];
        if let Some(known) = self.defined.get(&ptr::from_ref(definition)) {
            return Ok(known.clone());
        }
        let ty = match definition {
            ComponentDefinedType::Own(id) => self.handle(id.resource(), Handle::Own)?,
            ComponentDefinedType::Borrow(id) => self.handle(id.resource(), Handle::Borrow)?,
            definition => Arc::new(self.definition(definition)?),
        };
        self.defined.insert(ptr::from_ref(definition), ty.clone());
        Ok(ty)
    }

    fn handle(&mut self, id: ResourceId, handle: Handle) -> Result<Arc<Type>, Refusal> {
        if let Some(known) = self.handles.get(&(id, handle)) {
            return Ok(known.clone());
        }
        let resource = self.resource(id)?;
        let ty = Arc::new(match handle {
            Handle::Own => Type::Own(resource),
            Handle::Borrow => Type::Borrow(resource),
        });
        self.handles.insert((id, handle), ty.clone());
        Ok(ty)
    }

    // No `_` arm: a new kind of type must not slip by.
    fn definition(&mut self, definition: &ComponentDefinedType) -> Result<Type, Refusal> {
        Ok(match definition {
            ComponentDefinedType::Primitive(ty) => primitive(*ty),
            ComponentDefinedType::Record(record) => {
                let mut fields = Vec::with_capacity(record.fields.len());
                for (name, ty) in &record.fields {
                    fields.push(Field { name: self.text(name)?, ty: self.value(*ty)? });
                }
                Type::Record(fields)
            }
            ComponentDefinedType::Variant(variant) => {
                let mut cases = Vec::with_capacity(variant.cases.len());
                for (name, case) in &variant.cases {
                    cases.push(Case { name: self.text(name)?, ty: self.optional(case.ty)? });
                }
                Type::Variant(cases)
            }
            ComponentDefinedType::List { element, .. } => Type::List(self.value(*element)?),
            ComponentDefinedType::Map { key, value, .. } => Type::Map(self.value(*key)?, self.value(*value)?),
            ComponentDefinedType::FixedLengthList { element, length, .. } => {
                Type::FixedLengthList(self.value(*element)?, *length)
            }
            ComponentDefinedType::Tuple(tuple) => {
                Type::Tuple(tuple.types.iter().map(|ty| self.value(*ty)).collect::<Result<_, _>>()?)
            }
            ComponentDefinedType::Flags(names) => {
                Type::Flags(names.iter().map(|name| self.text(name)).collect::<Result<_, _>>()?)
            }
            ComponentDefinedType::Enum(names) => {
                Type::Enum(names.iter().map(|name| self.text(name)).collect::<Result<_, _>>()?)
            }
            ComponentDefinedType::Option { ty, .. } => Type::Option(self.value(*ty)?),
            ComponentDefinedType::Result { ok, err, .. } => Type::Result(self.optional(*ok)?, self.optional(*err)?),
            ComponentDefinedType::Own(id) => Type::Own(self.resource(id.resource())?),
            ComponentDefinedType::Borrow(id) => Type::Borrow(self.resource(id.resource())?),
            ComponentDefinedType::Future { ty, .. } => Type::Future(self.optional(*ty)?),
            ComponentDefinedType::Stream { ty, .. } => Type::Stream(self.optional(*ty)?),
        })
    }

    fn spend(&mut self, length: usize) -> Result<(), Refusal> {
        self.text = self.text.saturating_add(length);
        if self.text > MAX_TEXT { Err(Refusal::TooMuchText) } else { Ok(()) }
    }
}

fn primitive(ty: PrimitiveValType) -> Type {
    match ty {
        PrimitiveValType::Bool => Type::Bool,
        PrimitiveValType::S8 => Type::S8,
        PrimitiveValType::U8 => Type::U8,
        PrimitiveValType::S16 => Type::S16,
        PrimitiveValType::U16 => Type::U16,
        PrimitiveValType::S32 => Type::S32,
        PrimitiveValType::U32 => Type::U32,
        PrimitiveValType::S64 => Type::S64,
        PrimitiveValType::U64 => Type::U64,
        PrimitiveValType::F32 => Type::F32,
        PrimitiveValType::F64 => Type::F64,
        PrimitiveValType::Char => Type::Char,
        PrimitiveValType::String => Type::String,
        PrimitiveValType::ErrorContext => Type::ErrorContext,
    }
}
