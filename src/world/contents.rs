//! How large the first contents of a core module's memories and tables are, as the compiler lays them out.
//!
//! The compiler makes one image of each memory, of up to 16 MiB however little is in it, and one list of functions for
//! each table, of up to a million. A few bytes at the far end of each are enough for that.
//!
//! What it cannot lay out is code of one function that runs when an instance begins.

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

/// What it costs to compile what is done when an instance begins: to compute a global; to read or write an element, and
/// to begin with a list of them; to write a piece of data; to fill a table.
const GLOBAL: u64 = 40;
const LATE_ELEMENT: u64 = 30;
const LATE_ELEMENTS: u64 = 50;
const LATE_DATA: u64 = 100;
const LATE_TABLE: u64 = 300;

/// What the memories and tables of a core module hold from the start. Imported ones are filled when instances begin.
#[derive(Debug, Default)]
pub(super) struct Contents {
    memories: Vec<Option<Image>>,
    tables: Vec<Option<Table>>,
    /// Whether some element is written when instances begin, as all behind it are.
    has_late_elements: bool,
    /// How many pieces of data there are, and whether some is written when instances begin, as all are then.
    data: u64,
    has_late_data: bool,
}

/// A table that the module defines.
#[derive(Debug, Clone, Default)]
struct Table {
    initial: u64,
    /// The length of its list of functions.
    list: u64,
}

/// The image of one memory.
#[derive(Debug, Clone, Default)]
struct Image {
    /// How many bytes the memory has in the beginning.
    initial: u64,
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
        if self.is_made(extent) { extent } else { 0 }
    }

    fn is_made(&self, extent: u64) -> bool {
        extent < ALWAYS || extent < self.data.saturating_mul(2)
    }
}

impl Contents {
    /// How many bytes the compiler makes of all.
    pub(super) fn bytes(&self) -> u64 {
        let memories: u64 = self.memories.iter().flatten().map(Image::bytes).sum();
        memories + self.tables.iter().flatten().map(|table| table.list * ELEMENT).sum::<u64>()
    }

    /// What it costs that data are written when instances begin. All are when some must be.
    pub(super) fn late_data(&self) -> u64 {
        let is_far =
            |image: &Image| image.extent.as_ref().is_some_and(|extent| !image.is_made(extent.end - extent.start));
        let is_late = self.has_late_data || self.memories.iter().flatten().any(is_far);
        if is_late { self.data * LATE_DATA } else { 0 }
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
                for memory in section.clone().into_iter().flatten() {
                    let page = memory.page_size_log2.unwrap_or(16).min(16);
                    let initial = memory.initial.saturating_mul(1 << page);
                    self.memories.push(Some(Image { initial, ..Image::default() }));
                }
            }
            Payload::TableSection(section) => {
                for table in section.clone().into_iter().flatten() {
                    let has_value = matches!(table.init, TableInit::Expr(_));
                    let initial = table.ty.initial;
                    let list = if has_value && initial <= LARGEST_TABLE { initial } else { 0 };
                    self.tables.push(Some(Table { initial, list }));
                    scales.add(if has_value { LATE_TABLE } else { 0 })?;
                }
            }
            Payload::GlobalSection(section) => {
                for global in section.clone().into_iter().flatten() {
                    scales.add(computed(&global.init_expr))?;
                }
            }
            Payload::ElementSection(section) => {
                for element in section.clone().into_iter().flatten() {
                    scales.add(self.add_element(&element))?;
                }
            }
            Payload::DataSection(section) => {
                section.clone().into_iter().flatten().for_each(|data| self.add_data(&data));
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes in a list of elements, and returns what it costs when instances begin.
    fn add_element(&mut self, element: &Element<'_>) -> u64 {
        let (count, are_functions) = match &element.items {
            ElementItems::Functions(items) => (u64::from(items.count()), true),
            ElementItems::Expressions(_, items) => (u64::from(items.count()), false),
        };
        let late = LATE_ELEMENTS + LATE_ELEMENT * count;
        let (table_index, offset) = match &element.kind {
            ElementKind::Declared => return 0,
            ElementKind::Passive => return late,
            ElementKind::Active { table_index, offset_expr } => (table_index.unwrap_or(0), constant(offset_expr)),
        };
        let top = offset.map(|offset| offset.saturating_add(count));
        if let (Some(Some(table)), Some(top)) = (self.tables.get_mut(table_index as usize), top) {
            if top <= LARGEST_TABLE {
                table.list = table.list.max(top);
            }
            self.has_late_elements |= !are_functions || top > table.initial.min(LARGEST_TABLE);
        } else {
            self.has_late_elements = true;
        }
        if self.has_late_elements { late } else { 0 }
    }

    fn add_data(&mut self, data: &Data<'_>) {
        let DataKind::Active { memory_index, offset_expr } = &data.kind else { return };
        let (start, length) = (constant(offset_expr), data.data.len() as u64);
        self.data += 1;
        let (Some(Some(image)), Some(start)) = (self.memories.get_mut(*memory_index as usize), start) else {
            self.has_late_data = true;
            return;
        };
        self.has_late_data |= start.saturating_add(length) > image.initial;
        if length > 0 {
            image.add(start, length);
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

/// What it costs to compute the first value of a global: nothing for a constant.
fn computed(expression: &ConstExpr<'_>) -> u64 {
    let operators = || expression.get_operators_reader().into_iter().flatten();
    let is_constant = |operator: Operator<'_>| {
        matches!(
            operator,
            Operator::I32Const { .. }
                | Operator::I64Const { .. }
                | Operator::F32Const { .. }
                | Operator::F64Const { .. }
                | Operator::V128Const { .. }
                | Operator::RefNull { .. }
        )
    };
    let count = operators().count() as u64;
    if count <= 2 && operators().next().is_some_and(is_constant) { 0 } else { GLOBAL + count }
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
