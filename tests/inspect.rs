//! Every binary of the sample, the examples and the tests, as `plugweave inspect` shows it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use plugweave::check::{check, read_binary};
use plugweave::diagnostic::{Code, Sources};
use plugweave::files::{Files, Reach, ReadError};
use plugweave::folder::Folder;
use plugweave::manifest::parse_manifest;
use plugweave::resolve::{Draft, draft_manifest};
use plugweave::world::{Extern, WitSource, World, print_wit, read_interface};

/// A binary that can be read, with its path and the WIT that its manifest names.
struct Binary {
    path: String,
    wit: Option<String>,
    world_name: Option<String>,
    component: Vec<u8>,
    world: World,
}

impl Binary {
    fn read(root: &Folder, path: &str, wit: Option<String>, world_name: Option<String>) -> Option<Self> {
        let binary = read_binary(root, path, wit.as_deref(), world_name.as_deref()).ok()?;
        Some(Self { path: path.to_owned(), wit, world_name, component: binary.component, world: binary.world })
    }
}

fn root() -> Folder {
    Folder::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of some folders of the repository, relative to it.
fn paths() -> Vec<String> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { collect(&path, found) } else { found.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["manifests", "examples", "tests/cases", "tests/guests", "tests/tutorial"] {
        collect(&root.join(folder), &mut paths);
    }
    let mut paths: Vec<String> =
        paths.iter().filter_map(|path| Some(path.strip_prefix(root).unwrap().to_str()?.to_owned())).collect();
    paths.sort();
    paths
}

fn binaries() -> Vec<Binary> {
    let (root, paths) = (root(), paths());
    let is_binary = |path: &&String| path.ends_with(".wasm") || path.ends_with(".wat");
    let mut binaries: Vec<Binary> =
        paths.iter().filter(is_binary).filter_map(|path| Binary::read(&root, path, None, None)).collect();
    assert!(binaries.len() > 300, "only {} binaries can be read by themselves", binaries.len());
    // Core modules without WIT in them are read with that of their manifests.
    let modules = paths.iter().filter(|path| path.ends_with(".toml")).filter_map(|path| {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()?;
        let manifest = parse_manifest(Sources::default().add(path.clone(), text.clone()), &text, "plugin").0?;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let wit = format!("{folder}/{}", manifest.wit?.value);
        let component = format!("{folder}/{}", manifest.component.value);
        Binary::read(&root, &component, Some(wit), manifest.world.map(|world| world.value))
    });
    let before = binaries.len();
    binaries.extend(modules);
    assert!(binaries.len() - before > 150, "only {} modules can be read", binaries.len() - before);
    binaries
}

/// A drafted manifest at the root of the repository, and all that is there.
struct Drafted<'a>(&'a str, Folder);

impl Files for Drafted<'_> {
    fn manifests(&self) -> Result<Vec<String>, String> {
        Ok(vec!["plugin.toml".to_owned()])
    }

    fn manifest(&self, _: &str, _: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        Ok(self.0.as_bytes().to_vec())
    }

    fn read(&self, path: &str, reach: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        self.1.read(path, reach)
    }

    fn wit(&self, path: &str, reach: Reach<'_>) -> Result<WitSource, String> {
        self.1.wit(path, reach)
    }
}

/// The functions of an interface, as text.
fn signatures(item: &Extern) -> BTreeSet<String> {
    item.functions.iter().map(|function| format!("{}: {}", function.name, function.ty)).collect()
}

#[test]
fn the_printed_wit_says_what_the_binary_says() {
    for Binary { path, component, world, .. } in binaries() {
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
    for Binary { path, wit, world_name, world, .. } in binaries() {
        let draft = Draft { component: &path, wit: wit.as_deref(), world: world_name.as_deref() };
        let text = draft_manifest(&world, draft);
        let file = Sources::default().add("plugin.toml", text.clone());
        let (manifest, diagnostics) = parse_manifest(file, &text, "plugin");
        assert!(manifest.is_some() && diagnostics.is_empty(), "{path}: {diagnostics:?}\n{text}");
        let checked = check(&Drafted(&text, root())).unwrap();
        let others: Vec<_> = checked.diagnostics.iter().filter(|problem| problem.code != Code::Pw201).collect();
        // What no manifest can mend: an entry that is not what WASI says, a resource that the runtime does not have.
        let expected: &[Code] = match path.as_str() {
            path if path.contains("/run/wrong-type/") => &[Code::Pw203],
            path if path.ends_with("/unknown-resource.wat") => &[Code::Pw101],
            _ => &[],
        };
        assert!(others.iter().map(|problem| &problem.code).eq(expected), "{path}: {others:?}\n{text}");
    }
}
