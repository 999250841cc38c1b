//! Imports point one way: this test reads the `use crate::` edges of the sources and holds them
//! against the layers of `docs/architecture.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each layer with the layers that it may use, in the order in which an app passes through them.
const LAYERS: &[(&str, &[&str])] = &[
    ("foreign", &[]),
    ("words", &["foreign"]),
    ("parallel", &[]),
    ("model", &[]),
    ("diagnostic", &["foreign", "words"]),
    ("manifest", &["foreign", "words", "model", "diagnostic"]),
    ("world", &["words", "model"]),
    ("plan", &["foreign", "words", "model"]),
    ("resolve", &["words", "model", "diagnostic", "manifest", "world", "plan"]),
    ("files", &["world"]),
    ("check", &["words", "parallel", "model", "diagnostic", "manifest", "world", "plan", "resolve", "files"]),
    ("folder", &["files", "world"]),
    ("call", &["foreign", "model", "plan"]),
    ("link", &["foreign", "parallel", "model", "plan", "call"]),
    ("runtime", &["foreign", "words", "model", "plan", "call", "link"]),
    (
        "app",
        &[
            "foreign",
            "words",
            "model",
            "diagnostic",
            "manifest",
            "world",
            "plan",
            "files",
            "check",
            "folder",
            "call",
            "link",
            "runtime",
        ],
    ),
];

/// Words that only the named files or folders may say.
const KEPT_IN: &[(&str, &[&str])] = &[
    ("petgraph", &["resolve/graph.rs"]),
    ("std::fs", &["folder.rs", "folder", "link/compile/machine.rs", "link/compile/private.rs"]),
    ("wasmtime::", &["call", "link", "runtime", "app", "lib.rs"]),
    ("wasmtime_wasi", &["call", "runtime"]),
    ("tokio", &["call/waits.rs", "runtime/stream.rs", "runtime/outside.rs"]),
    ("clap", &["cli", "main.rs"]),
    ("anyhow", &["cli", "main.rs"]),
    ("println!", &["cli", "main.rs"]),
    ("io::stdout", &["cli", "main.rs", "link/compile/child.rs"]),
];

fn sources() -> Vec<(String, String)> {
    fn collect(folder: &Path, root: &Path, found: &mut Vec<(String, String)>) {
        let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                collect(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found
}

/// `manifest/limits.rs` and `manifest.rs` belong to the layer `manifest`.
fn layer(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The code of a file: no comments, and nothing from its tests on.
fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let lines = before_tests.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

fn is_test_file(file: &str) -> bool {
    file.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "testing.rs"))
}

/// The layers that a file's code names behind `crate::`, also in groups.
fn edges(code: &str) -> BTreeSet<String> {
    let names = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
        text[..end].to_owned()
    };
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split('}').next().unwrap();
                found.extend(group.split(',').map(|part| names(part.trim())));
            }
            None => {
                found.insert(names(rest));
            }
        }
    }
    found
}

#[test]
fn imports_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (file, text) in sources() {
        let from = layer(&file);
        if matches!(from, "lib" | "main" | "cli") || is_test_file(&file) {
            continue;
        }
        seen.insert(from.to_owned());
        let Some(may_use) = allowed.get(from) else {
            wrong.push(format!("{file}: `{from}` is no layer; add it to LAYERS and docs/architecture.md"));
            continue;
        };
        for to in edges(&code(&text)) {
            if to != from && !may_use.contains(&to.as_str()) {
                wrong.push(format!("{file}: `{from}` must not use `{to}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let named: BTreeSet<String> = LAYERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(seen, named, "a layer without sources");
}

#[test]
fn the_list_of_layers_is_in_order() {
    for (index, (name, may_use)) in LAYERS.iter().enumerate() {
        for used in *may_use {
            let place = LAYERS.iter().position(|(other, _)| other == used);
            assert!(place.is_some_and(|place| place < index), "`{name}` uses `{used}`, which is not below it");
        }
    }
}

#[test]
fn some_words_stay_in_their_files() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        if is_test_file(&file) {
            continue;
        }
        let code = code(&text);
        for (word, places) in KEPT_IN {
            let at_home = places.iter().any(|place| file == *place || file.starts_with(&format!("{place}/")));
            if code.contains(word) && !at_home {
                wrong.push(format!("{file}: only {places:?} may say `{word}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn edges_are_found_in_every_form() {
    let found = edges("use crate::model::{A, B};\nuse crate::{plan, world::X};\nfn f() { crate::link::g() }");
    let expected: BTreeSet<String> = ["link", "model", "plan", "world"].map(str::to_owned).into();
    assert_eq!(found, expected);
    assert!(edges(&code("// crate::cli\n")).is_empty());
}
