//! Every binary of the sample and of the cases, as `plugweave inspect` shows it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use plugweave::check::{check, read_binary};
use plugweave::diagnostic::{Code, Sources};
use plugweave::files::Memory;
use plugweave::folder::Folder;
use plugweave::manifest::parse_manifest;
use plugweave::resolve::{Draft, draft_manifest};
use plugweave::world::{Extern, WitSource, World, print_wit, read_interface};

/// A binary that can be read, with its path.
struct Binary {
    path: String,
    component: Vec<u8>,
    world: World,
}

fn binaries() -> Vec<Binary> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "wasm" || extension == "wat") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(&root.join("manifests"), &mut paths);
    collect(&root.join("tests/cases"), &mut paths);
    paths.sort();
    let read = |path: &PathBuf| {
        let path = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        // A module without embedded WIT says so in a case of its own.
        let binary = read_binary(&Folder::new(root), &path, None, None).ok()?;
        Some(Binary { path, component: binary.component, world: binary.world })
    };
    let binaries: Vec<Binary> = paths.iter().filter_map(read).collect();
    assert!(binaries.len() > 100, "only {} binaries can be read", binaries.len());
    binaries
}

/// The functions of an interface, as text.
fn signatures(item: &Extern) -> BTreeSet<String> {
    item.functions.iter().map(|function| format!("{}: {}", function.name, function.ty)).collect()
}

#[test]
fn the_printed_wit_says_what_the_binary_says() {
    for Binary { path, component, world } in binaries() {
        let text = print_wit(&component).unwrap();
        let source = WitSource { main: vec![("printed.wit".to_owned(), text.clone())], deps: Vec::new() };
        for item in world.imports.iter().chain(&world.exports).filter(|item| item.name.is_interface()) {
            let read = read_interface(&source, &item.name).unwrap_or_else(|error| panic!("{path}: {error}\n{text}"));
            // An interface that is imported and exported has the functions of both.
            assert!(signatures(&read).is_superset(&signatures(item)), "{path}: {}\n{text}", item.name);
        }
        let mut resolve = wit_parser::Resolve::default();
        let package =
            resolve.push_str("printed.wit", &text).unwrap_or_else(|error| panic!("{path}: {error:?}\n{text}"));
        let root = resolve.select_world(&[package], Some("root")).unwrap();
        let root = &resolve.worlds[root];
        let names = |items: &[Extern]| -> BTreeSet<String> {
            // Methods of a resource of the world itself stand in the resource, and exported types with the imports.
            items
                .iter()
                .filter(|item| item.kind != plugweave::world::ExternKind::Type)
                .map(|item| item.name.to_string())
                .collect()
        };
        let printed = |items: &mut dyn Iterator<Item = &wit_parser::WorldKey>| -> BTreeSet<String> {
            items.map(|key| resolve.name_world_key(key)).collect()
        };
        assert!(printed(&mut root.imports.keys()).is_superset(&names(&world.imports)), "{path}\n{text}");
        assert_eq!(printed(&mut root.exports.keys()), names(&world.exports), "{path}\n{text}");
    }
}

#[test]
fn a_drafted_manifest_is_accepted_apart_from_missing_providers() {
    for Binary { path, component, world } in binaries() {
        let text = draft_manifest(&world, Draft { component: "plugin.wasm", wit: None, world: None });
        let file = Sources::default().add("plugin.toml", text.clone());
        let (manifest, diagnostics) = parse_manifest(file, &text, "plugin");
        assert!(manifest.is_some() && diagnostics.is_empty(), "{path}: {diagnostics:?}\n{text}");
        let files = Memory::default().with("plugin.toml", text.clone()).with("plugin.wasm", component);
        let checked = check(&files).unwrap();
        let others: Vec<_> = checked.diagnostics.iter().filter(|problem| problem.code != Code::Pw201).collect();
        assert!(others.is_empty(), "{path}: {others:?}\n{text}");
    }
}
