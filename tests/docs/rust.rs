//! Blocks of Rust.

use std::fs;
use std::path::Path;

use crate::{Doc, docs, marker, root};

/// A fenced block of Rust.
struct Block<'a> {
    doc: &'a Doc,
    line: usize,
    /// What stands behind the fence.
    language: &'a str,
    /// The kind of the marker above it.
    marker: Option<&'a str>,
}

/// The blocks of Rust in a document. Excerpts are `rs`, so that they are not taken for programs.
fn blocks(doc: &Doc) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut above = None;
    for (index, line) in doc.text.lines().enumerate() {
        if let Some(language) = line.strip_prefix("```")
            && matches!(language.split(',').next(), Some("rust" | "rs"))
        {
            found.push(Block { doc, line: index + 1, language, marker: above });
        }
        above = marker(line).map(|(kind, _)| kind);
    }
    found
}

/// The documents whose programs rustdoc compiles, as the sources include them.
fn compiled() -> Vec<String> {
    let mut found = Vec::new();
    for source in ["src/lib.rs", "src/manifest/mod.rs"] {
        let folder = root().join(Path::new(source).parent().unwrap());
        let text = fs::read_to_string(root().join(source)).unwrap();
        for included in text.split("#[doc = include_str!(\"").skip(1) {
            let path = folder.join(included.split('"').next().unwrap()).canonicalize().unwrap();
            let path = path.strip_prefix(root().canonicalize().unwrap()).unwrap().to_owned();
            found.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
    found
}

#[test]
fn rust_is_compiled_or_taken_from_what_is() {
    let compiled = compiled();
    assert_eq!(compiled, ["README.md", "docs/shells.md", "docs/failures.md", "docs/manifest.md"]);
    let docs = docs();
    let is_sound = |block: &Block<'_>| match (block.language, block.marker) {
        // Of the repository, or compiled by whoever follows the tutorial.
        (_, Some("excerpt" | "file")) => block.language == "rs",
        ("rust", Some("write")) => true,
        ("rust" | "rust,no_run", None) => compiled.contains(&block.doc.path),
        _ => false,
    };
    let all: Vec<Block<'_>> = docs.iter().flat_map(blocks).collect();
    let wrong = all.iter().filter(|block| !is_sound(block));
    let wrong: Vec<String> = wrong.map(|it| format!("{}:{}: `{}`", it.doc.path, it.line, it.language)).collect();
    assert!(all.len() > 20 && wrong.is_empty(), "nobody compiles {wrong:?}");
}
