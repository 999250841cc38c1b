//! How much memory the values of a type take where a component keeps them.
//!
//! The engine adds this up in 32 bits, and fails on an overflow: a fixed-length list in a small file is as long
//! as it likes.

use std::collections::{HashMap, HashSet};
use std::ptr;

use wasmparser::PrimitiveValType;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentFuncTypeId, ComponentInstanceTypeId,
    ComponentItem, ComponentTypeId, ComponentValType,
};
use wasmparser::types::{Types, TypesRef};

/// The most that a value may take, or the parameters of a function together. Far less than 2^32 bytes, for the sums
/// that the engine makes, and still more than any plugin passes in one piece that is not a list.
const MAX_SIZE: u64 = 256 << 20;

/// A value is too large, or what a function takes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooLarge {
    #[error("the values of one of its types take more than {} MiB each", MAX_SIZE >> 20)]
    Value,
    #[error("the parameters of one of its functions take more than {} MiB", MAX_SIZE >> 20)]
    Params,
}

/// Size and alignment in the canonical ABI, for memories of 64 bits: for those of 32 both are at most the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    size: u64,
    align: u64,
}

impl Layout {
    const EMPTY: Self = Self { size: 0, align: 1 };
    const HANDLE: Self = Self::scalar(4);
    /// A pointer and a length.
    const LIST: Self = Self { size: 16, align: 8 };

    const fn scalar(size: u64) -> Self {
        Self { size, align: size }
    }

    /// One after the other.
    fn sequence(fields: impl IntoIterator<Item = Self>) -> Self {
        let all = fields.into_iter().fold(Self::EMPTY, |all, field| Self {
            size: align(all.size, field.align).saturating_add(field.size),
            align: all.align.max(field.align),
        });
        Self { size: align(all.size, all.align), ..all }
    }

    /// One of several, with a number before it that tells which.
    fn choice(number: usize, cases: impl IntoIterator<Item = Self>) -> Self {
        let tag = Self::scalar(match number {
            0..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            _ => 4,
        });
        let largest = cases.into_iter().fold(Self::EMPTY, |largest, case| Self {
            size: largest.size.max(case.size),
            align: largest.align.max(case.align),
        });
        Self::sequence([tag, largest])
    }

    fn flags(number: usize) -> Self {
        match number {
            0 => Self::EMPTY,
            1..=8 => Self::scalar(1),
            9..=16 => Self::scalar(2),
            _ => Self { size: 4 * number.div_ceil(32) as u64, align: 4 },
        }
    }
}

fn align(size: u64, align: u64) -> u64 {
    size.checked_next_multiple_of(align).unwrap_or(u64::MAX)
}

/// Looks at the types of a file, at each definition once.
///
/// Definitions are known by their addresses, which are those in the validator: it must be alive.
#[derive(Default)]
pub(super) struct Sizes {
    layouts: HashMap<*const ComponentDefinedType, Layout>,
    /// Functions, instances and components that were looked at.
    seen: HashSet<usize>,
}

impl Sizes {
    /// Refuses types of this component, one of those in the file, that are too large.
    ///
    /// These are all that the engine can come across: what is imported, exported, lifted or lowered has a type that
    /// some component defines.
    pub(super) fn check(&mut self, types: &Types) -> Result<(), TooLarge> {
        let types = types.as_ref();
        (0..types.component_type_count()).try_for_each(|index| self.any(types, types.component_any_type_at(index)))
    }

    fn is_new<T>(&mut self, definition: &T) -> bool {
        self.seen.insert(ptr::from_ref(definition) as usize)
    }

    // Recursion is bounded: the validator refuses types that are more than 127 levels deep.
    fn any(&mut self, types: TypesRef<'_>, id: ComponentAnyTypeId) -> Result<(), TooLarge> {
        match id {
            ComponentAnyTypeId::Resource(_) => Ok(()),
            ComponentAnyTypeId::Defined(id) => self.value(types, ComponentValType::Type(id)).map(drop),
            ComponentAnyTypeId::Func(id) => self.function(types, id),
            ComponentAnyTypeId::Instance(id) => self.instance(types, id),
            ComponentAnyTypeId::Component(id) => self.component(types, id),
        }
    }

    fn function(&mut self, types: TypesRef<'_>, id: ComponentFuncTypeId) -> Result<(), TooLarge> {
        let function = &types[id];
        if self.is_new(function) {
            let params = self.sequence(types, function.params.iter().map(|(_, ty)| ty))?;
            self.values(types, function.result.iter())?;
            if params.size > MAX_SIZE {
                return Err(TooLarge::Params);
            }
        }
        Ok(())
    }

    fn instance(&mut self, types: TypesRef<'_>, id: ComponentInstanceTypeId) -> Result<(), TooLarge> {
        let instance = &types[id];
        if self.is_new(instance) { self.items(types, instance.exports.values()) } else { Ok(()) }
    }

    fn component(&mut self, types: TypesRef<'_>, id: ComponentTypeId) -> Result<(), TooLarge> {
        let component = &types[id];
        if !self.is_new(component) {
            return Ok(());
        }
        self.items(types, component.imports.values())?;
        self.items(types, component.exports.values())
    }

    fn items<'a>(
        &mut self,
        types: TypesRef<'_>,
        items: impl Iterator<Item = &'a ComponentItem>,
    ) -> Result<(), TooLarge> {
        for item in items {
            match item.ty {
                ComponentEntityType::Module(_) => {}
                ComponentEntityType::Func(id) => self.function(types, id)?,
                ComponentEntityType::Value(ty) => self.value(types, ty).map(drop)?,
                ComponentEntityType::Type { created, .. } => self.any(types, created)?,
                ComponentEntityType::Instance(id) => self.instance(types, id)?,
                ComponentEntityType::Component(id) => self.component(types, id)?,
            }
        }
        Ok(())
    }

    fn value(&mut self, types: TypesRef<'_>, ty: ComponentValType) -> Result<Layout, TooLarge> {
        let definition = match ty {
            ComponentValType::Primitive(ty) => return Ok(primitive(ty)),
            ComponentValType::Type(id) => &types[id],
        };
        if let Some(known) = self.layouts.get(&ptr::from_ref(definition)) {
            return Ok(*known);
        }
        let layout = self.definition(types, definition)?;
        if layout.size > MAX_SIZE {
            return Err(TooLarge::Value);
        }
        self.layouts.insert(ptr::from_ref(definition), layout);
        Ok(layout)
    }

    fn values<'a>(
        &mut self,
        types: TypesRef<'_>,
        values: impl Iterator<Item = &'a ComponentValType>,
    ) -> Result<Vec<Layout>, TooLarge> {
        values.map(|ty| self.value(types, *ty)).collect()
    }

    fn sequence<'a>(
        &mut self,
        types: TypesRef<'_>,
        values: impl Iterator<Item = &'a ComponentValType>,
    ) -> Result<Layout, TooLarge> {
        Ok(Layout::sequence(self.values(types, values)?))
    }

    // No `_` arm: a new kind of type must not slip by.
    fn definition(&mut self, types: TypesRef<'_>, definition: &ComponentDefinedType) -> Result<Layout, TooLarge> {
        match definition {
            ComponentDefinedType::Primitive(ty) => Ok(primitive(*ty)),
            ComponentDefinedType::Record(record) => self.sequence(types, record.fields.values()),
            ComponentDefinedType::Tuple(tuple) => self.sequence(types, tuple.types.iter()),
            ComponentDefinedType::Variant(variant) => {
                let cases = self.values(types, variant.cases.values().filter_map(|case| case.ty.as_ref()))?;
                Ok(Layout::choice(variant.cases.len(), cases))
            }
            ComponentDefinedType::Enum(names) => Ok(Layout::choice(names.len(), [])),
            ComponentDefinedType::Option { ty, .. } => Ok(Layout::choice(2, [self.value(types, *ty)?])),
            ComponentDefinedType::Result { ok, err, .. } => {
                Ok(Layout::choice(2, self.values(types, ok.iter().chain(err))?))
            }
            ComponentDefinedType::Flags(names) => Ok(Layout::flags(names.len())),
            ComponentDefinedType::FixedLengthList { element, length, .. } => {
                let element = self.value(types, *element)?;
                Ok(Layout { size: element.size.saturating_mul(u64::from(*length)), ..element })
            }
            ComponentDefinedType::List { element, .. } => self.value(types, *element).map(|_| Layout::LIST),
            ComponentDefinedType::Map { key, value, .. } => {
                // In memory it is a list of pairs.
                let pair = self.sequence(types, [key, value].into_iter())?;
                if pair.size > MAX_SIZE { Err(TooLarge::Value) } else { Ok(Layout::LIST) }
            }
            ComponentDefinedType::Own(_) | ComponentDefinedType::Borrow(_) => Ok(Layout::HANDLE),
            ComponentDefinedType::Future { ty, .. } | ComponentDefinedType::Stream { ty, .. } => {
                self.values(types, ty.iter()).map(|_| Layout::HANDLE)
            }
        }
    }
}

fn primitive(ty: PrimitiveValType) -> Layout {
    match ty {
        PrimitiveValType::Bool | PrimitiveValType::S8 | PrimitiveValType::U8 => Layout::scalar(1),
        PrimitiveValType::S16 | PrimitiveValType::U16 => Layout::scalar(2),
        PrimitiveValType::S32 | PrimitiveValType::U32 | PrimitiveValType::F32 | PrimitiveValType::Char => {
            Layout::scalar(4)
        }
        PrimitiveValType::S64 | PrimitiveValType::U64 | PrimitiveValType::F64 => Layout::scalar(8),
        PrimitiveValType::String => Layout::LIST,
        PrimitiveValType::ErrorContext => Layout::HANDLE,
    }
}
