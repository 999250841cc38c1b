//! WASI preview 1, on top of the interfaces of WASI 0.2 that the runtime offers.

mod exit;

use std::collections::HashMap;
use std::sync::OnceLock;

use wasi_preview1_component_adapter_provider as provider;
use wasmparser::types::{CoreTypeId, EntityType, TypesRef};
use wasmparser::{CompositeInnerType, FuncType, Validator};
use wit_component::metadata::Bindgen;
use wit_parser::WorldKey;

use super::WorldError;
use super::features::features;

pub(super) use exit::with_exit_codes;

/// The module that programs for preview 1 import its functions from.
pub(super) const MODULE: &str = provider::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME;

/// The same of the preview before it. Some of its functions have other parameters, so no adapter can stand for both.
const PREVIEW_0: &str = "wasi_unstable";

/// The module that an adapter is put together with. Only adapters import from it.
const MAIN_MODULE: &str = "__main_module__";

/// The function that a command exports: its whole program.
const START: &str = "_start";

/// What `_start` becomes.
const RUN: &str = "wasi:cli/run";

/// What an adapter finds the memory of the module by, in either scheme of names.
const MEMORIES: [&str; 2] = ["memory", "cm32p2_memory"];

/// Whether a core module is a command: a program that is run, not a library that is called.
pub(super) fn is_command(module: &TypesRef<'_>) -> bool {
    let no_types = |id| function(module, id).is_some_and(|ty| ty.params().is_empty() && ty.results().is_empty());
    exports(module).any(|(name, ty)| name == START && matches!(ty, EntityType::Func(id) if no_types(id)))
}

/// The adapter that a core module needs, if any. That of commands makes them export `wasi:cli/run`, unless their
/// WIT says that they do so themselves.
///
/// # Errors
/// [`WorldError::NoMemory`] for a module that has no memory for the adapter to work in.
pub(super) fn adapter(module: &TypesRef<'_>, wit: &Bindgen) -> Result<Option<&'static [u8]>, WorldError> {
    let adapter = if is_command(module) && !exports_run(wit) {
        provider::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER
    } else if imports(module).any(|(from, ..)| from == MODULE) {
        provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER
    } else {
        return Ok(None);
    };
    let is_memory = |ty| matches!(ty, EntityType::Memory(memory) if !memory.memory64);
    let has_memory = exports(module).any(|(name, ty)| MEMORIES.contains(&name) && is_memory(ty));
    if has_memory { Ok(Some(adapter)) } else { Err(WorldError::NoMemory) }
}

/// Whether a module's WIT has it export `wasi:cli/run`, of whichever version.
fn exports_run(wit: &Bindgen) -> bool {
    let is_run = |interface| wit.resolve.id_of(interface).is_some_and(|name| name.split('@').next() == Some(RUN));
    let exports = wit.resolve.worlds.get(wit.world).into_iter().flat_map(|world| world.exports.keys());
    exports
        .filter_map(|key| match key {
            WorldKey::Interface(interface) => Some(*interface),
            WorldKey::Name(_) => None,
        })
        .any(is_run)
}

/// Refuses the imports that nothing can serve whatever the WIT of the module declares.
pub(super) fn check_imports(module: &TypesRef<'_>) -> Result<(), WorldError> {
    for (from, name, ty) in imports(module) {
        let refuse = |reason: String| Err(refusal(from, name, reason));
        let EntityType::Func(id) = ty else {
            return refuse(format!("it is {}, and a plugin can import functions only", kind(ty)));
        };
        match from {
            "env" if name == "memory" => return refuse("only an adapter may import that".to_owned()),
            MAIN_MODULE => return refuse("only an adapter may import from there".to_owned()),
            PREVIEW_0 => return refuse(format!("that is WASI before preview 1, which is `{MODULE}`")),
            MODULE => match (functions().get(name), function(module, id)) {
                (None, _) => return refuse("WASI preview 1 has no such function".to_owned()),
                (Some(there), Some(here)) if there != here => {
                    return refuse(format!("WASI preview 1 has it as `{}`, not `{}`", shown(there), shown(here)));
                }
                _ => {}
            },
            _ => {}
        }
    }
    Ok(())
}

/// The import that an error of the encoder, with its causes, is about.
pub(super) fn refused_import(module: &TypesRef<'_>, error: &[String]) -> Option<WorldError> {
    imports(module).find_map(|(from, name, _)| {
        let problem = format!("failed to resolve import `{from}::{name}`");
        let causes = error.iter().skip_while(|message| **message != problem).skip(1);
        let reason = causes.map(String::as_str).collect::<Vec<_>>().join(": ");
        match reason.as_str() {
            "" => None,
            reason if reason.starts_with(NO_INTERFACE) => {
                Some(refusal(from, name, "neither its WIT nor WASI preview 1 has it".to_owned()))
            }
            _ => Some(refusal(from, name, reason)),
        }
    })
}

/// What the encoder says of an import from an interface that no WIT declares.
const NO_INTERFACE: &str = "module requires an import interface named ";

fn refusal(module: &str, name: &str, reason: String) -> WorldError {
    WorldError::Import { module: module.to_owned(), name: name.to_owned(), reason }
}

/// The functions of preview 1, as the adapters have them.
fn functions() -> &'static HashMap<String, FuncType> {
    static FUNCTIONS: OnceLock<HashMap<String, FuncType>> = OnceLock::new();
    FUNCTIONS.get_or_init(|| {
        let adapter = provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER;
        // The adapter is part of the program; a test sees to it that it can be read.
        let Ok(adapter) = Validator::new_with_features(features()).validate_all(adapter) else {
            return HashMap::new();
        };
        let adapter = adapter.as_ref();
        let functions = exports(&adapter).filter_map(|(name, ty)| match ty {
            EntityType::Func(id) => Some((name.to_owned(), function(&adapter, id)?.clone())),
            _ => None,
        });
        functions.collect()
    })
}

pub(super) fn imports<'a>(module: &'a TypesRef<'_>) -> impl Iterator<Item = (&'a str, &'a str, EntityType)> {
    module.core_imports().into_iter().flatten()
}

pub(super) fn exports<'a>(module: &'a TypesRef<'_>) -> impl Iterator<Item = (&'a str, EntityType)> {
    module.core_exports().into_iter().flatten()
}

fn function<'a>(module: &'a TypesRef<'_>, id: CoreTypeId) -> Option<&'a FuncType> {
    match &module[id].composite_type.inner {
        CompositeInnerType::Func(ty) => Some(ty),
        CompositeInnerType::Array(_) | CompositeInnerType::Struct(_) | CompositeInnerType::Cont(_) => None,
    }
}

fn kind(ty: EntityType) -> &'static str {
    match ty {
        EntityType::Func(_) | EntityType::FuncExact(_) => "a function",
        EntityType::Table(_) => "a table",
        EntityType::Memory(_) => "a memory",
        EntityType::Global(_) => "a global",
        EntityType::Tag(_) => "a tag",
    }
}

/// A core function's type, as `(i32, i64) -> i32`.
fn shown(ty: &FuncType) -> String {
    let list = |types: &[wasmparser::ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match ty.results() {
        [] => format!("({})", list(ty.params())),
        [one] => format!("({}) -> {one}", list(ty.params())),
        several => format!("({}) -> ({})", list(ty.params()), list(several)),
    }
}
