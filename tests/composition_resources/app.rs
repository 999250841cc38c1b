//! A case as an app: the same components, each a plugin.

use plugweave::check::{Checked, check};
use plugweave::files::Memory;
use plugweave::world::componentize;
use plugweave::{App, CallError, StartOptions, Val};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::case::Case;
use super::guest::core_module;

/// The components of a case.
pub fn components(case: &Case) -> Vec<Vec<u8>> {
    let wit = case.wit();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("t.wit", &wit).unwrap_or_else(|error| panic!("{error:#}\n{wit}"));
    (0..case.nodes.len())
        .map(|node| {
            let world = resolve.select_world(&[package], Some(&format!("n{node}"))).unwrap();
            let text = core_module(case, node);
            let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
            componentize(&module, None, None).unwrap_or_else(|error| panic!("{error}\n{wit}\n{text}")).into_owned()
        })
        .collect()
}

/// The manifest of a plugin. What it imports for types alone need not be listed.
fn manifest(case: &Case, node: usize) -> String {
    let imports: String = case.nodes[node]
        .imports
        .iter()
        .filter(|import| import.functions)
        .map(|import| format!("\"t:t/s{}@1.0.0\" = \"exactly-one\"\n", import.node))
        .collect();
    format!(
        "[plugin]\ncomponent = \"n{node}.wasm\"\n\
         [exports]\n\"t:t/s{node}@1.0.0\" = {{}}\n\"t:t/control@1.0.0\" = {{}}\n[imports]\n{imports}"
    )
}

/// Checks the components as an app.
pub fn checked(case: &Case, components: &[Vec<u8>]) -> Checked {
    let mut files = Memory::default();
    for (node, component) in components.iter().enumerate() {
        files =
            files.with(format!("n{node}.wasm"), component.clone()).with(format!("n{node}.toml"), manifest(case, node));
    }
    check(&files).unwrap()
}

/// The live app of a case.
pub fn start(checked: Checked) -> App {
    let app = App::of_checked(checked, StartOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

/// Calls what controls a plugin.
pub fn control(app: &App, node: usize, function: &str, arguments: &[Val]) -> Result<Option<Val>, CallError> {
    app.call_plugin(&format!("n{node}"), &format!("t:t/control@1.0.0#{function}"), arguments)
}
