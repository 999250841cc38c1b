//! What a world takes of memory.

use std::collections::HashSet;
use std::mem::size_of;
use std::sync::Arc;

use super::{Extern, Function, World};
use crate::model::{Case, ExternName, Field, Param, Resource, Type};

/// What an allocation takes besides what it holds.
const ALLOCATION: usize = 16;

impl World {
    /// The bytes of memory that it takes, about.
    pub(crate) fn memory(&self) -> usize {
        let mut seen = HashSet::new();
        self.imports.iter().chain(&self.exports).map(|item| external(item, &mut seen)).sum()
    }
}

/// The types that were counted: uses of one definition share it.
type Seen = HashSet<*const Type>;

fn external(item: &Extern, seen: &mut Seen) -> usize {
    let functions: usize = item.functions.iter().map(|function| function_memory(function, seen)).sum();
    let named = |(text, resource): &(String, Resource)| name(text) + size_of::<Resource>() + of_resource(resource);
    let resources: usize = item.resources.iter().map(named).sum();
    let gated: usize = item.gated.iter().map(|(function, feature)| name(function) + name(feature)).sum();
    size_of::<Extern>() + extern_name(&item.name) + functions + resources + gated
}

fn function_memory(function: &Function, seen: &mut Seen) -> usize {
    let params = &function.ty.params;
    let named: usize = params.iter().map(|param| size_of::<Param>() + ALLOCATION + param.name.len()).sum();
    let types: usize = function.ty.types().map(|ty| type_memory(ty, seen)).sum();
    size_of::<Function>() + 2 * ALLOCATION + function.name.len() + named + types
}

/// A type and all below it that was not counted before.
fn type_memory(ty: &Arc<Type>, seen: &mut Seen) -> usize {
    let mut memory = 0;
    let mut left = vec![ty];
    while let Some(ty) = left.pop() {
        if seen.insert(Arc::as_ptr(ty)) {
            memory += size_of::<Type>() + 2 * ALLOCATION + content(ty);
            left.extend(ty.children());
        }
    }
    memory
}

fn content(ty: &Type) -> usize {
    let of_names = |names: &[String]| names.iter().map(|text| name(text)).sum();
    match ty {
        Type::Record(fields) => fields.iter().map(|field| size_of::<Field>() + ALLOCATION + field.name.len()).sum(),
        Type::Variant(cases) => cases.iter().map(|case| size_of::<Case>() + ALLOCATION + case.name.len()).sum(),
        Type::Tuple(types) => types.len() * size_of::<Arc<Type>>(),
        Type::Flags(names) | Type::Enum(names) => of_names(names),
        Type::Own(resource) | Type::Borrow(resource) => of_resource(resource),
        Type::Bool
        | Type::S8
        | Type::U8
        | Type::S16
        | Type::U16
        | Type::S32
        | Type::U32
        | Type::S64
        | Type::U64
        | Type::F32
        | Type::F64
        | Type::Char
        | Type::String
        | Type::ErrorContext
        | Type::List(_)
        | Type::FixedLengthList(..)
        | Type::Map(..)
        | Type::Option(_)
        | Type::Result(..)
        | Type::Future(_)
        | Type::Stream(_) => 0,
    }
}

fn of_resource(resource: &Resource) -> usize {
    name(&resource.name) + resource.interface.as_ref().map_or(0, extern_name)
}

fn extern_name(name: &ExternName) -> usize {
    ALLOCATION + name.base().len()
}

fn name(text: &str) -> usize {
    size_of::<String>() + ALLOCATION + text.len()
}
