//! A case as an app: the same components, each a plugin.

use plugweave::check::{Checked, check};
use plugweave::files::Memory;
use plugweave::world::componentize;
use plugweave::{App, StartOptions};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::case::Case;
use super::guest::{core_module, interface, wit};
use super::layout::Encoding;

/// The components of a case.
pub fn components(case: &Case) -> Vec<Vec<u8>> {
    (0..case.nodes.len()).map(|node| component(case, node)).collect()
}

/// The component of one plugin.
pub fn component(case: &Case, node: usize) -> Vec<u8> {
    let wit = wit(case);
    let mut resolve = Resolve::default();
    let package = resolve.push_str("t.wit", &wit).unwrap_or_else(|error| panic!("{error:#}\n{wit}"));
    let world = resolve.select_world(&[package], Some(&format!("n{node}"))).unwrap();
    let encoding = match case.nodes[node].encoding {
        Encoding::Utf8 => StringEncoding::UTF8,
        Encoding::Utf16 => StringEncoding::UTF16,
        Encoding::Latin1OrUtf16 => StringEncoding::CompactUTF16,
    };
    let text = core_module(case, node);
    let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
    componentize(&module, None, None).unwrap_or_else(|error| panic!("{error}\n{wit}\n{text}")).into_owned()
}

/// The manifest of a plugin.
fn manifest(case: &Case, node: usize) -> String {
    let service = interface(&case.interface(node));
    let imports: String = case
        .imports(node)
        .iter()
        .map(|source| format!("\"{}\" = \"exactly-one\"\n", interface(&case.interface(*source))))
        .collect();
    format!(
        "[plugin]\ncomponent = \"n{node}.wasm\"\n\
         [exports]\n\"{service}\" = {{}}\n\"{}\" = {{}}\n\
         [imports]\n{imports}\
         [limits]\nrestart = {{ max = 1000000, within = \"1s\" }}\n",
        interface("control")
    )
}

/// Checks the components as an app.
pub fn checked(case: &Case, components: &[Vec<u8>]) -> Checked {
    let mut files = Memory::default();
    let mut bind = "[bind]\n".to_owned();
    for (node, component) in components.iter().enumerate() {
        files =
            files.with(format!("n{node}.wasm"), component.clone()).with(format!("n{node}.toml"), manifest(case, node));
        for source in case.imports(node) {
            bind += &format!("n{node}.\"{}\" = [\"n{source}\"]\n", interface(&case.interface(source)));
        }
    }
    check(&files.with("app.toml", bind)).unwrap()
}

/// The live app of a case.
pub fn start(checked: Checked) -> App {
    let app = App::of_checked(checked, StartOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}
