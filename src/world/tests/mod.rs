//! Tests of the whole layer: text in, world out.

mod components;
mod cores;
mod engine;
mod hostile;
mod interfaces;
mod printing;

use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, WorldItem, WorldKey};

use super::*;

/// The world of a component in text form.
fn world_of(text: &str) -> Result<World, WorldError> {
    read_component(&wat::parse_str(text).expect("the test's own text"))
}

/// A world on lines, to be compared at a glance.
///
/// `import a:b/c { f: func(x: u32); r = import a:b/c#r }`: functions, then resources, each with its origin.
fn show(world: &World) -> Vec<String> {
    let line = |side: &str, ext: &Extern| {
        let functions = ext.functions.iter().map(|function| format!("{}: {}", function.name, function.ty));
        let resources = ext.resources.iter().map(|(name, resource)| format!("{name} = {}", show_resource(resource)));
        let parts: Vec<_> = functions.chain(resources).collect();
        let kind = match ext.kind {
            ExternKind::Interface => "",
            ExternKind::Function => " func",
            ExternKind::Type => " type",
        };
        format!("{side}{kind} {} {{ {} }}", ext.name, parts.join("; "))
    };
    let imports = world.imports.iter().map(|ext| line("import", ext));
    imports.chain(world.exports.iter().map(|ext| line("export", ext))).collect()
}

fn show_resource(resource: &Resource) -> String {
    let side = match resource.side {
        crate::model::Side::Import => "import",
        crate::model::Side::Export => "export",
    };
    let interface = resource.interface.as_ref().map_or("world".to_owned(), ToString::to_string);
    format!("{side} {interface}#{}", resource.name)
}

fn name(text: &str) -> ExternName {
    ExternName::parse(text).expect("the test's own name")
}

/// WIT text in one file.
fn wit(text: &str) -> WitSource {
    WitSource { main: vec![("test.wit".to_owned(), text.to_owned())], deps: Vec::new() }
}

/// A core module in text form that has every import and export of the only world in `source`, as stubs.
fn stub_module(source: &WitSource) -> String {
    let (resolve, package) = wit::parse(source).expect("the test's own WIT");
    let world = &resolve.worlds[resolve.select_world(&[package], None).expect("one world")];
    let mut imports = String::new();
    let mut exports = String::new();
    for (key, function) in functions(&resolve, &world.imports) {
        let module = key.map_or("$root".to_owned(), |key| resolve.name_world_key(key));
        let signature = signature(&resolve, AbiVariant::GuestImport, function);
        imports += &format!("(import \"{module}\" \"{}\" (func {signature}))\n", function.name);
    }
    for (key, function) in functions(&resolve, &world.exports) {
        let key = key.map(|key| resolve.name_world_key(key));
        let name = function.legacy_core_export_name(key.as_deref());
        let signature = signature(&resolve, AbiVariant::GuestExport, function);
        exports += &format!("(func (export \"{name}\") {signature} unreachable)\n");
    }
    let realloc = "(func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) unreachable)";
    format!("(module\n{imports}(memory (export \"memory\") 1)\n{realloc}\n{exports})")
}

fn functions<'a>(
    resolve: &'a Resolve,
    items: impl IntoIterator<Item = (&'a WorldKey, &'a WorldItem)>,
) -> Vec<(Option<&'a WorldKey>, &'a wit_parser::Function)> {
    let mut all = Vec::new();
    for (key, item) in items {
        match item {
            WorldItem::Interface { id, .. } => {
                all.extend(resolve.interfaces[*id].functions.values().map(|function| (Some(key), function)));
            }
            WorldItem::Function(function) => all.push((None, function)),
            WorldItem::Type { .. } => {}
        }
    }
    all
}

fn signature(resolve: &Resolve, variant: AbiVariant, function: &wit_parser::Function) -> String {
    let signature = resolve.wasm_signature(variant, function);
    let list = |types: &[WasmType]| types.iter().map(|ty| format!(" {}", core_type(*ty))).collect::<String>();
    format!("(param{}) (result{})", list(&signature.params), list(&signature.results))
}

fn core_type(ty: WasmType) -> &'static str {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
    }
}

/// The world of a component that is made of stubs for the only world in `text`.
fn world_of_wit(text: &str) -> World {
    let source = wit(text);
    let module = stub_module(&source);
    let component = componentize(module.as_bytes(), Some(&source), None).expect("componentize");
    read_component(&component).expect("read_component")
}
