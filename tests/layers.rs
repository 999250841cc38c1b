//! Imports point one way: this test reads the `use crate::` edges of the sources and holds them
//! against the layers of `docs/architecture.md`. Inside the running half it also reads which file
//! uses which other, methods of shared structs included.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

#[path = "layers/bodies.rs"]
mod bodies;
#[path = "layers/groups.rs"]
mod groups;
#[path = "layers/planted.rs"]
mod planted;
#[path = "layers/uses.rs"]
mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use groups::Group;
use uses::Folder;

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

/// The files of `resolve`: each may use those before it. `mod.rs` of the layer itself is the last.
const RESOLVE: &[&str] = &[
    // What is resolved, and what names and types mean to each other.
    "input",
    "version",
    "few",
    "near",
    "names",
    "wasi",
    "shape",
    "mismatch",
    "listed",
    // What can be wrong, and the texts of it.
    "problem/listing",
    "problem/runtime",
    "problem/app_file",
    "problem/providers",
    "problem/functions",
    "problem",
    "render/signature",
    "render/parts",
    "render/listing",
    "render/runtime",
    "render/app_file",
    "render/providers",
    "render/functions",
    "render",
    // Manifests against binaries; then the app as a whole.
    "runtime",
    "listing",
    "member",
    "index",
    "exporters",
    "poison",
    "scene",
    "offers",
    // The checks of the app.
    "ids",
    "resource_rules",
    "findings",
    "type_check",
    "near_misses",
    "providers",
    "app_file",
    "graph",
    "planning",
    // What is made of the same parts.
    "draft",
    "why/explanation",
    "why/candidates",
    "why",
    "",
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

/// Who may use whom inside `src/call`: each group those before it. `mod.rs` only passes names on.
const CALL: &[Group<'_>] = &[
    &["mod.rs", "stack.rs", "host_states.rs", "targets.rs"],
    &["weight/mod.rs"],
    &["weight/tree.rs"],
    &["weight/shape.rs"],
    &["weight/lifting.rs"],
    &["clock.rs", "clock"],
    &["log.rs"],
    &["error.rs"],
    &["handles/passing.rs", "handles/walk.rs"],
    &["wasi/open_files.rs"],
    &["wasi/listing.rs"],
    // The data of a store leads to the app, which is called with the store; and WASI keeps its own there.
    &[
        "frame.rs",
        "handles/table.rs",
        "handles/mod.rs",
        "live.rs",
        "state.rs",
        "waits.rs",
        "wasi/mod.rs",
        "wasi/preopens.rs",
        "wiring.rs",
    ],
    &["wasi/files.rs"],
    &["wasi/sockets.rs"],
    &["handles/stores.rs"],
    &["reply.rs"],
    &["gathered.rs"],
    &["owner.rs"],
    &["dispatch.rs"],
];

/// Who may use whom inside `src/link`.
const LINK: &[Group<'_>] = &[
    &["mod.rs", "error.rs"],
    &["options.rs"],
    &["cache.rs"],
    &["pool.rs"],
    &["host.rs"],
    &["engine.rs"],
    &["engines.rs"],
    &["imports.rs"],
    &["lifts.rs"],
    &["compile/machine.rs"],
    &["compile/budget.rs"],
    &["compile/private.rs"],
    // A process that compiles is this program again.
    &["compile.rs", "compile/child.rs", "compile/process.rs"],
    &["assembly.rs"],
];

/// Who may use whom inside `src/runtime`.
const RUNTIME: &[Group<'_>] = &[
    &["mod.rs", "status.rs", "restarts.rs", "turns.rs", "drain_time.rs", "stream.rs", "output_stream.rs"],
    // What passes between the host and the app.
    &["blocking.rs"],
    &["outside.rs"],
    &["handle.rs"],
    &["value.rs"],
    &["arguments.rs"],
    &["passed.rs"],
    &["lent.rs"],
    &["log.rs"],
    &["output.rs"],
    &["options.rs"],
    &["wasi.rs"],
    &["folders"],
    // The owners of state.
    &["purpose.rs"],
    &["activations.rs"],
    &["explain.rs"],
    &["deadlines.rs"],
    &["admission.rs"],
    &["instances.rs"],
    &["destructors.rs"],
    &["live_app.rs"],
    // The steps of a call.
    &["preflight.rs"],
    &["room.rs"],
    // A codec is asked by the activation, which sets what may be lifted.
    &["activation.rs", "codec/mod.rs"],
    &["codec/delivery.rs"],
    &["codec/by_value.rs", "codec/by_type.rs", "codec/exports.rs"],
    &["codec/typed_handles.rs"],
    &["start.rs"],
    &["settle.rs"],
    &["route.rs"],
    // The ways in.
    &["live_calls.rs"],
    &["root.rs"],
    &["end.rs"],
    &["host.rs"],
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

/// The module of a file of `resolve`, as [`RESOLVE`] names it: nothing for the layer's own `mod.rs`.
fn module_of(file: &str) -> Option<&str> {
    let inside = file.strip_prefix("resolve/")?.strip_suffix(".rs")?;
    Some(inside.strip_suffix("mod").map_or(inside, |folder| folder.trim_end_matches('/')))
}

/// The paths that a module's code has behind `super::` and `crate::resolve::`, from `resolve` on.
fn paths(module: &str, code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let is_part = |before: &str| before.ends_with("::") || before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    for (at, _) in code.match_indices("super::").filter(|(at, _)| !is_part(&code[..*at])) {
        let (mut base, mut rest) = (module, &code[at..]);
        while let Some(behind) = rest.strip_prefix("super::") {
            (base, rest) = (base.rsplit_once('/').map_or("", |(outer, _)| outer), behind);
        }
        expand(base, rest, &mut found);
    }
    for (at, start) in code.match_indices("crate::resolve::") {
        expand("", &code[at + start.len()..], &mut found);
    }
    found
}

/// The paths at the beginning of a text, behind a base; returns what follows them.
fn expand<'a>(base: &str, text: &'a str, found: &mut Vec<String>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = expand(base, rest, found).trim_start();
            match rest.strip_prefix(',') {
                Some(next) if !next.trim_start().starts_with('}') => rest = next,
                Some(next) => return &next.trim_start()[1..],
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let path = if base.is_empty() { text[..end].to_owned() } else { format!("{base}/{}", &text[..end]) };
    match text[end..].strip_prefix("::") {
        Some(rest) => expand(&path, rest, found),
        None => {
            found.push(path);
            &text[end..]
        }
    }
}

/// The module that a path leads into: the longest that there is.
fn place(path: &str) -> usize {
    RESOLVE.iter().position(|module| *module == path).unwrap_or_else(|| {
        // The layer's own file is in the list, so that this ends.
        place(path.rsplit_once('/').map_or("", |(outer, _)| outer))
    })
}

#[test]
fn files_of_resolve_use_those_before_them() {
    let (mut wrong, mut seen, mut edges) = (Vec::new(), BTreeSet::new(), 0);
    for (file, text) in sources() {
        let Some(module) = module_of(&file) else { continue };
        seen.insert(module.to_owned());
        let Some(own) = RESOLVE.iter().position(|listed| *listed == module) else {
            wrong.push(format!("{file}: `{module}` has no place in RESOLVE"));
            continue;
        };
        for path in paths(module, &code(&text)) {
            edges += 1;
            if place(&path) >= own {
                wrong.push(format!("{file}: `{path}` is not before it"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(seen, RESOLVE.iter().map(|module| (*module).to_owned()).collect(), "a module without a file");
    assert!(edges > 200, "{edges} edges");
}

#[test]
fn paths_inside_a_layer_are_found_in_every_form() {
    let found = |module: &str, code: &str| paths(module, code).join(" ");
    assert_eq!(found("a", "use super::{b::{C, D}, e};\nuse super::f::G;"), "b/C b/D e f/G");
    assert_eq!(found("a/b", "use super::super::{c, d::E,};\nfn f() { super::g() }"), "c d/E a/g");
    assert_eq!(found("a/b", "pub(in crate::resolve) use crate::resolve::h::I;"), "h/I");
    assert_eq!(place("problem/functions/Pair"), place("problem/functions"));
    // What a folder's own file has is not in the files beside it.
    assert_eq!(place("problem/Problem"), place("problem"));
    assert_eq!(place("Scene"), RESOLVE.len() - 1);
    assert_eq!((module_of("resolve/why/mod.rs"), module_of("resolve/mod.rs")), (Some("why"), Some("")));
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

/// What is wrong inside a folder of `src`.
fn wrong_inside(name: &str, groups: &[Group<'_>]) -> Vec<String> {
    let sources = sources();
    let files = sources.iter().filter(|(file, _)| !is_test_file(file));
    let beneath = files.filter_map(|(file, text)| Some((file.strip_prefix(name)?.strip_prefix('/')?, text.as_str())));
    let folder = Folder::read(name, beneath);
    assert!(folder.files.len() > 1, "src/{name} is no folder of sources");
    groups::wrong(&folder, groups).into_iter().map(|wrong| format!("src/{name}: {wrong}")).collect()
}

#[test]
fn uses_inside_the_running_half_point_one_way() {
    let orders = [("call", CALL), ("link", LINK), ("runtime", RUNTIME)];
    let wrong: Vec<String> = orders.into_iter().flat_map(|(folder, order)| wrong_inside(folder, order)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
