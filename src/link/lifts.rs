//! How much wasmtime may charge for what a plugin passes to the functions that it imports. All of them share one
//! amount, because wasmtime charges before it is known which one is called.

use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentFunc, ComponentItem, Type as Foreign};

use crate::call::{Lifts, Shapes};
use crate::model::{Case, Field, FuncType, Param, Type};
use crate::plan::{ImportSource, PlannedPlugin};

/// What wasmtime may charge for the values that a plugin passes to functions of others, the host included.
pub(super) fn lifts(plugin: &PlannedPlugin, component: &Component, engine: &Engine, shapes: &mut Shapes) -> Lifts {
    let hostcall_bytes = plugin.limits.hostcall_bytes;
    let mut lifts = Lifts::none(hostcall_bytes);
    for import in &plugin.imports {
        match &import.source {
            ImportSource::Plugins(binding) => {
                for function in &binding.functions {
                    lifts = lifts.or(shapes.lifts_of_arguments(&function.ty, hostcall_bytes));
                }
            }
            // The host may take values as well as Rust types. Its own bytes are charged for those, no more.
            ImportSource::Host(_) => {
                for function in imported(component, engine, &import.name.to_string()) {
                    lifts = lifts.within(shapes.lifts_of_arguments(&function, hostcall_bytes));
                }
            }
            // What WASI takes never becomes a `Val`.
            ImportSource::Runtime | ImportSource::TypesOnly => {}
        }
    }
    lifts
}

/// The functions of an import. Their types are those of the host's WIT, which checking has seen to.
fn imported(component: &Component, engine: &Engine, name: &str) -> Vec<FuncType> {
    match component.component_type().get_import(engine, name).map(|import| import.ty) {
        Some(ComponentItem::ComponentFunc(function)) => vec![function_type(&function)],
        Some(ComponentItem::ComponentInstance(instance)) => instance
            .exports(engine)
            .filter_map(|(_, export)| match export.ty {
                ComponentItem::ComponentFunc(function) => Some(function_type(&function)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn function_type(function: &ComponentFunc) -> FuncType {
    let param = |(name, ty): (&str, Foreign)| Param { name: name.to_owned(), ty: value_type(&ty) };
    FuncType { is_async: function.async_(), params: function.params().map(param).collect(), result: None }
}

/// A type of wasmtime as one of ours. Handles are as light as numbers.
fn value_type(ty: &Foreign) -> Arc<Type> {
    let optional = |ty: Option<Foreign>| ty.as_ref().map(value_type);
    let names = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect();
    Arc::new(match ty {
        Foreign::Bool => Type::Bool,
        Foreign::S8 => Type::S8,
        Foreign::U8 => Type::U8,
        Foreign::S16 => Type::S16,
        Foreign::U16 => Type::U16,
        Foreign::S32 => Type::S32,
        Foreign::U32 | Foreign::Own(_) | Foreign::Borrow(_) => Type::U32,
        Foreign::S64 => Type::S64,
        Foreign::U64 => Type::U64,
        Foreign::Float32 => Type::F32,
        Foreign::Float64 => Type::F64,
        Foreign::Char => Type::Char,
        Foreign::String => Type::String,
        Foreign::ErrorContext => Type::ErrorContext,
        Foreign::List(list) => Type::List(value_type(&list.ty())),
        Foreign::FixedLengthList(list) => Type::FixedLengthList(value_type(&list.ty()), list.len()),
        Foreign::Map(map) => Type::Map(value_type(&map.key()), value_type(&map.value())),
        Foreign::Option(option) => Type::Option(value_type(&option.ty())),
        Foreign::Result(result) => Type::Result(optional(result.ok()), optional(result.err())),
        Foreign::Tuple(tuple) => Type::Tuple(tuple.types().map(|ty| value_type(&ty)).collect()),
        Foreign::Record(record) => {
            let field = |field: wasmtime::component::types::Field<'_>| Field {
                name: field.name.to_owned(),
                ty: value_type(&field.ty),
            };
            Type::Record(record.fields().map(field).collect())
        }
        Foreign::Variant(variant) => {
            let case =
                |case: wasmtime::component::types::Case<'_>| Case { name: case.name.to_owned(), ty: optional(case.ty) };
            Type::Variant(variant.cases().map(case).collect())
        }
        Foreign::Enum(ty) => Type::Enum(names(&mut ty.names())),
        Foreign::Flags(ty) => Type::Flags(names(&mut ty.names())),
        Foreign::Future(future) => Type::Future(optional(future.ty())),
        Foreign::Stream(stream) => Type::Stream(optional(stream.ty())),
    })
}
