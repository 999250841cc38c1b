//! How large the first contents of a core module's memories and tables are, as the compiler lays them out.
//!
//! The compiler makes one image of each memory, of up to 16 MiB however little is in it, and one list of functions for
//! each table, of up to a million. A few bytes at the far end of each are enough for that.

use std::ops::Range;

use wasmparser::types::TypesRef;
use wasmparser::{
    CompositeInnerType, ConstExpr, Data, DataKind, Element, ElementItems, ElementKind, Operator, Payload, TableInit,
    TypeRef, Validator,
};

use super::weight::{Over, Scales};

/// Below this an image is made whatever it holds.
const ALWAYS: u64 = 16 << 20;

/// A table with more elements is filled when instances begin.
const LARGEST_TABLE: u64 = 1 << 20;

/// What the list of a table takes for each element.
const ELEMENT: u64 = 4;

/// What the memories and tables of a core module hold from the start. Imported ones are filled when instances begin.
#[derive(Debug, Default)]
pub(super) struct Contents {
    memories: Vec<Option<Image>>,
    tables: Vec<Option<u64>>,
}

/// The image of one memory.
#[derive(Debug, Clone, Default)]
struct Image {
    extent: Option<Range<u64>>,
    data: u64,
}

impl Image {
    fn add(&mut self, start: u64, length: u64) {
        let end = start.saturating_add(length);
        let before = self.extent.take().unwrap_or(start..end);
        self.extent = Some(before.start.min(start)..before.end.max(end));
        self.data += length;
    }

    /// What the compiler makes of it. More than twice its data is filled in when instances begin.
    fn bytes(&self) -> u64 {
        let extent = self.extent.as_ref().map_or(0, |extent| extent.end - extent.start);
        if extent < ALWAYS || extent < self.data.saturating_mul(2) { extent } else { 0 }
    }
}

impl Contents {
    /// How many bytes the compiler makes of all.
    pub(super) fn bytes(&self) -> u64 {
        let memories: u64 = self.memories.iter().flatten().map(Image::bytes).sum();
        memories + self.tables.iter().flatten().map(|elements| elements * ELEMENT).sum::<u64>()
    }

    /// Takes in a section of the module, which is valid, and weighs what it declares.
    pub(super) fn add(
        &mut self,
        payload: &Payload<'_>,
        validator: &Validator,
        scales: &mut Scales,
    ) -> Result<(), Over> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports().flatten() {
                    match import.ty {
                        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => scales.add_function(values(validator, ty))?,
                        TypeRef::Table(_) => self.tables.push(None),
                        TypeRef::Memory(_) => self.memories.push(None),
                        TypeRef::Global(_) | TypeRef::Tag(_) => {}
                    }
                }
            }
            Payload::TypeSection(section) => {
                for group in section.clone().into_iter().flatten() {
                    for ty in group.types() {
                        if let CompositeInnerType::Func(ty) = &ty.composite_type.inner {
                            scales.add_type((ty.params().len() + ty.results().len()) as u64)?;
                        }
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section.clone().into_iter().flatten() {
                    scales.add_function(values(validator, ty))?;
                }
            }
            Payload::MemorySection(section) => {
                self.memories.extend((0..section.count()).map(|_| Some(Image::default())));
            }
            Payload::TableSection(section) => {
                for table in section.clone().into_iter().flatten() {
                    let is_filled = matches!(table.init, TableInit::Expr(_)) && table.ty.initial <= LARGEST_TABLE;
                    self.tables.push(Some(if is_filled { table.ty.initial } else { 0 }));
                }
            }
            Payload::ElementSection(section) => {
                section.clone().into_iter().flatten().for_each(|element| self.add_element(&element));
            }
            Payload::DataSection(section) => {
                section.clone().into_iter().flatten().for_each(|data| self.add_data(&data));
            }
            _ => {}
        }
        Ok(())
    }

    fn add_element(&mut self, element: &Element<'_>) {
        let ElementKind::Active { table_index, offset_expr } = &element.kind else { return };
        let Some(Some(table)) = self.tables.get_mut(table_index.unwrap_or(0) as usize) else { return };
        let count = match &element.items {
            ElementItems::Functions(items) => items.count(),
            ElementItems::Expressions(_, items) => items.count(),
        };
        let top = constant(offset_expr).map_or(0, |offset| offset.saturating_add(u64::from(count)));
        if top <= LARGEST_TABLE {
            *table = (*table).max(top);
        }
    }

    fn add_data(&mut self, data: &Data<'_>) {
        let DataKind::Active { memory_index, offset_expr } = &data.kind else { return };
        let Some(Some(image)) = self.memories.get_mut(*memory_index as usize) else { return };
        if let (Some(start), false) = (constant(offset_expr), data.data.is_empty()) {
            image.add(start, data.data.len() as u64);
        }
    }
}

/// The parameters and results of a function type of the module that is being validated.
fn values(validator: &Validator, ty: u32) -> u64 {
    let count = |types: TypesRef<'_>| {
        let ty = types.get(types.core_type_at_in_module(ty))?;
        let ty = ty.unwrap_func();
        Some(ty.params().len() + ty.results().len())
    };
    validator.types(0).and_then(count).unwrap_or_default() as u64
}

/// The offset that an expression says by itself, without a global.
fn constant(expression: &ConstExpr<'_>) -> Option<u64> {
    let mut operators = expression.get_operators_reader();
    let offset = match operators.read().ok()? {
        Operator::I32Const { value } => u64::from(value.cast_unsigned()),
        Operator::I64Const { value } => value.cast_unsigned(),
        _ => return None,
    };
    matches!(operators.read(), Ok(Operator::End)).then_some(offset)
}
