//! The interfaces that the resolver says the runtime offers, against those that it does offer.
//!
//! The interfaces that there may be are read from the WIT that `wasmtime-wasi` and
//! `wasmtime-wasi-config` are themselves generated from, as their sources are on this machine.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use plugweave::App;
use plugweave::model::ExternName;
use plugweave::resolve::{functions_of_runtime, offered_by_runtime};
use plugweave::world::print_wit;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Engine, StoreContextMut};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_config::{WasiConfig, WasiConfigVariables};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{InterfaceId, Resolve, TypeDefKind};

use crate::place::Place;

/// The version of `wasi:*` in the WIT of `wasmtime-wasi`.
const NEWEST: &str = "0.2.12";

/// The folders with the WIT.
fn wit_folders() -> Vec<PathBuf> {
    let output = |command: &mut Command| String::from_utf8(command.output().unwrap().stdout).unwrap();
    let host = output(Command::new("rustc").args(["--print", "host-tuple"]));
    // Of other platforms not everything has been downloaded.
    let arguments = ["metadata", "--format-version=1", "--offline", "--filter-platform", host.trim()];
    let metadata = output(Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")));
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let folder = |name: &str, wit: &str| {
        let packages = metadata["packages"].as_array().unwrap();
        let package = packages.iter().find(|package| package["name"] == name).unwrap();
        Path::new(package["manifest_path"].as_str().unwrap()).with_file_name(wit)
    };
    vec![folder("wasmtime-wasi", "src/p2/wit/deps"), folder("wasmtime-wasi-config", "wit/deps/config")]
}

/// The packages, with `wasi:*@0.2.12` in another version; on demand, what is not stable yet too.
fn packages(place: &Place, version: &str, all_features: bool) -> Resolve {
    for folder in wit_folders() {
        for file in fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap().replace(NEWEST, version);
            // Each package in a folder of its own.
            let name = if folder.ends_with("config") { "config" } else { path.file_stem().unwrap().to_str().unwrap() };
            let file = path.file_name().unwrap().to_str().unwrap();
            place.file(&format!("{version}/deps/{name}/{file}"), text);
        }
    }
    place.file(&format!("{version}/all.wit"), "package test:all;");
    let mut resolve = Resolve { all_features, ..Resolve::default() };
    resolve.push_dir(place.path(version)).unwrap();
    resolve
}

fn interfaces(resolve: &Resolve) -> Vec<(String, InterfaceId)> {
    let named = |(id, _): (InterfaceId, _)| Some((resolve.id_of(id)?, id));
    resolve.interfaces.iter().filter_map(named).collect()
}

/// `wasi:cli/exit@0.2.12` as the list has it: `wasi:cli/exit@0.2`.
fn series(name: &str, version: &str) -> String {
    name.strip_suffix(version).map_or(name.to_owned(), |base| format!("{base}0.2"))
}

struct State(WasiCtx, ResourceTable, WasiConfigVariables);

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.0, table: &mut self.1 }
    }
}

#[test]
fn is_what_wasmtime_defines() {
    let place = Place::new("offered");
    let resolve = packages(&place, NEWEST, true);
    let mut linker = Linker::<State>::new(&Engine::default());
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker).unwrap();
    wasmtime_wasi_config::add_to_linker(&mut linker, |state| WasiConfig::from(&state.2)).unwrap();
    // What is defined cannot be defined again.
    let mut is_defined = |name: &str| {
        let nothing = |_: StoreContextMut<'_, State>, (): ()| Ok(());
        linker.root().func_wrap(name, nothing).is_err()
    };
    let names = interfaces(&resolve).into_iter().map(|(name, _)| name);
    let (defined, others): (BTreeSet<String>, BTreeSet<String>) = names.partition(|name| is_defined(name));
    let defined: BTreeSet<String> = defined.iter().map(|name| series(name, NEWEST)).collect();
    assert_eq!(defined, offered_by_runtime().collect());
    // One is for guests to export, the other is not stable yet.
    assert_eq!(others, ["wasi:cli/run@0.2.12", "wasi:clocks/timezone@0.2.12"].map(str::to_owned).into());
}

#[test]
fn has_the_functions_of_the_wit() {
    let place = Place::new("functions");
    let resolve = packages(&place, NEWEST, false);
    let offered: BTreeSet<String> = offered_by_runtime().collect();
    for (name, id) in interfaces(&resolve) {
        let of_wit: BTreeSet<&str> = resolve.interfaces[id].functions.keys().map(String::as_str).collect();
        let listed = functions_of_runtime(&ExternName::parse(&name).unwrap());
        assert_eq!(listed.is_some(), offered.contains(&series(&name, NEWEST)), "{name}");
        if let Some(listed) = listed {
            assert_eq!(listed.collect::<BTreeSet<&str>>(), of_wit, "{name}");
        }
    }
}

/// A module that imports every function of these interfaces.
fn module(resolve: &Resolve, interfaces: &[(String, InterfaceId)]) -> String {
    let mut text = String::from("(module\n");
    for (name, id) in interfaces {
        let interface = &resolve.interfaces[*id];
        for (function, of) in &interface.functions {
            let signature = resolve.wasm_signature(AbiVariant::GuestImport, of);
            let (params, results) = (types(&signature.params), types(&signature.results));
            let types = format!("(param {params}) (result {results})");
            writeln!(text, "(import \"{name}\" \"{function}\" (func {types}))").unwrap();
        }
        for (resource, ty) in &interface.types {
            if resolve.types[*ty].kind == TypeDefKind::Resource {
                writeln!(text, "(import \"{name}\" \"[resource-drop]{resource}\" (func (param i32)))").unwrap();
            }
        }
    }
    text + "(memory (export \"memory\") 1)
        (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) unreachable))"
}

fn types(types: &[WasmType]) -> String {
    let name = |ty: &WasmType| match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32 ",
        WasmType::I64 | WasmType::PointerOrI64 => "i64 ",
        WasmType::F32 => "f32 ",
        WasmType::F64 => "f64 ",
    };
    types.iter().map(name).collect()
}

/// A component that imports every function of everything that is offered.
fn greedy(place: &Place, version: &str) -> Vec<u8> {
    let mut resolve = packages(place, version, false);
    let mut interfaces = interfaces(&resolve);
    interfaces.retain(|(name, _)| series(name, version) != "wasi:cli/run@0.2");
    let imports: String = interfaces.iter().map(|(name, _)| format!("import {name};\n")).collect();
    let package = resolve.push_str("greedy.wit", &format!("package test:greedy; world greedy {{ {imports} }}"));
    let world = resolve.select_world(&[package.unwrap()], Some("greedy")).unwrap();
    let mut module = wat::parse_str(module(&resolve, &interfaces)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}

/// The types that the resolver holds imports of WASI against are those of the component that the next test links.
/// `BLESS=1` writes them anew.
#[test]
fn has_the_types_of_what_links() {
    let printed = print_wit(&greedy(&Place::new("types"), NEWEST)).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/resolve/wasi.wit");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &printed).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), printed, "{}", path.display());
}

#[test]
fn links_with_all_its_functions_in_any_patch_version() {
    let place = Place::new("greedy");
    for version in ["0.2.0", NEWEST, "0.2.99"] {
        let name = format!("p{}", version.replace('.', "-"));
        place.file(&format!("app/{name}.wasm"), greedy(&place, version));
        place.file(&format!("app/{name}.toml"), format!("[plugin]\ncomponent = '{name}.wasm'\n"));
    }
    let app = App::open(place.path("app")).unwrap();
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    let served = |plugin: &plugweave::plan::PlannedPlugin| plugin.imports.len();
    let counts: Vec<usize> = app.plan().plugins.iter().map(served).collect();
    assert_eq!(counts, [offered_by_runtime().count(); 3]);
}
