//! What functions cost that pass from one component in a file to another: the compiler makes code that takes their
//! values apart and puts them together again, for each pair of instances.

use std::collections::HashMap;

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentFuncTypeId, ComponentValType,
};
use wasmparser::types::TypesRef;
use wasmparser::{CanonicalFunction, ComponentCanonicalSectionReader};

use super::weight::{Over, Scales};

/// What one part of a value costs.
const PART: u64 = 25;

/// The validator refuses types of more parts than this; lists of fixed length have more only as this file counts.
const MAX_PARTS: u64 = 1_000_000;

/// The functions of a file that may need such code.
#[derive(Debug, Default)]
pub(super) struct Lowered {
    parts: HashMap<ComponentDefinedTypeId, u64>,
    functions: HashMap<ComponentFuncTypeId, u64>,
    most: u64,
}

impl Lowered {
    /// Looks at functions that core modules are given, or give, and weighs the parts of their types. This comes before
    /// the section is validated: what has no type is about to be refused.
    pub(super) fn add(
        &mut self,
        section: &ComponentCanonicalSectionReader<'_>,
        types: TypesRef<'_>,
        scales: &mut Scales,
    ) -> Result<(), Over> {
        // The functions that this section defines come after those that are known.
        let mut lifted = Vec::new();
        for function in section.clone().into_iter().flatten() {
            let parts = match function {
                CanonicalFunction::Lift { type_index, .. } => {
                    let parts = self.lift(types, type_index);
                    lifted.push(parts);
                    parts
                }
                CanonicalFunction::Lower { func_index, .. } => {
                    let known = types.component_function_count();
                    let parts = match func_index.checked_sub(known) {
                        None => self.function(types, types.component_function_at(func_index)),
                        Some(own) => lifted.get(own as usize).copied().unwrap_or_default(),
                    };
                    self.most = self.most.max(parts);
                    parts
                }
                _ => 0,
            };
            scales.add(parts.min(MAX_PARTS))?;
        }
        Ok(())
    }

    fn lift(&mut self, types: TypesRef<'_>, index: u32) -> u64 {
        if index >= types.component_type_count() {
            return 0;
        }
        match types.component_any_type_at(index) {
            ComponentAnyTypeId::Func(id) => self.function(types, id),
            _ => 0,
        }
    }

    /// What that many pieces of such code cost at most.
    pub(super) fn weight(&self, adapters: u64) -> u64 {
        adapters.saturating_mul(self.most.saturating_add(1)).saturating_mul(PART)
    }

    fn function(&mut self, types: TypesRef<'_>, id: ComponentFuncTypeId) -> u64 {
        if let Some(parts) = self.functions.get(&id) {
            return *parts;
        }
        let function = &types[id];
        let values = function.params.iter().map(|(_, ty)| *ty).chain(function.result);
        let parts = self.sum(types, values);
        self.functions.insert(id, parts);
        parts
    }

    fn sum(&mut self, types: TypesRef<'_>, values: impl IntoIterator<Item = ComponentValType>) -> u64 {
        values.into_iter().fold(0, |sum: u64, ty| sum.saturating_add(self.value(types, ty)))
    }

    // Recursion is bounded: the validator refuses types that are more than 127 levels deep.
    fn value(&mut self, types: TypesRef<'_>, ty: ComponentValType) -> u64 {
        let ComponentValType::Type(id) = ty else { return 1 };
        if let Some(parts) = self.parts.get(&id) {
            return *parts;
        }
        let within = match &types[id] {
            ComponentDefinedType::Record(record) => self.sum(types, record.fields.values().copied()),
            ComponentDefinedType::Tuple(tuple) => self.sum(types, tuple.types.iter().copied()),
            ComponentDefinedType::Variant(variant) => {
                let cases = variant.cases.values().filter_map(|case| case.ty);
                self.sum(types, cases).saturating_add(variant.cases.len() as u64)
            }
            ComponentDefinedType::Enum(names) | ComponentDefinedType::Flags(names) => names.len() as u64,
            ComponentDefinedType::Option { ty, .. } => self.value(types, *ty),
            ComponentDefinedType::Result { ok, err, .. } => self.sum(types, ok.iter().chain(err).copied()),
            ComponentDefinedType::List { element, .. } => self.value(types, *element),
            ComponentDefinedType::FixedLengthList { element, length, .. } => {
                self.value(types, *element).saturating_mul(u64::from(*length))
            }
            ComponentDefinedType::Map { key, value, .. } => self.sum(types, [*key, *value]),
            ComponentDefinedType::Future { ty, .. } | ComponentDefinedType::Stream { ty, .. } => self.sum(types, *ty),
            ComponentDefinedType::Primitive(_) | ComponentDefinedType::Own(_) | ComponentDefinedType::Borrow(_) => 0,
        };
        let parts = within.saturating_add(1);
        self.parts.insert(id, parts);
        parts
    }
}
