//! Which dependencies there are, and that every build has the same ones.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use toml::Table;

use crate::read;
use crate::table::spans;

#[test]
fn every_dependency_has_a_reason() {
    let manifest: Table = read("Cargo.toml").unwrap().parse().unwrap();
    let tables = ["dependencies", "dev-dependencies"].map(|name| manifest[name].as_table().unwrap());
    let unix = manifest["target"]["cfg(unix)"]["dependencies"].as_table().unwrap();
    let decision = read("docs/decisions/0007-dependencies.md").unwrap();
    let named = spans(&decision);
    for dependency in tables.into_iter().chain([unix]).flat_map(Table::keys) {
        assert!(
            named.contains(&dependency.as_str()),
            "docs/decisions/0007-dependencies.md does not name `{dependency}`"
        );
    }
}

/// Each package of a build with its features. A package that is built for the machine that builds, too, may be
/// there with two sets.
fn features(edges: &str) -> BTreeMap<String, BTreeSet<String>> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "--format", "{p}\t{f}", "--edges", edges])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let mut packages = BTreeMap::<String, BTreeSet<String>>::new();
    for line in String::from_utf8(tree.stdout).unwrap().lines() {
        let Some((package, features)) = line.split_once('\t') else { continue };
        let features = features.trim_end_matches("(*)").trim_end().to_owned();
        packages.entry(package.to_owned()).or_default().insert(features);
    }
    packages
}

/// Otherwise cargo compiles that package, and all that use it, once for `cargo run` and once for `cargo test`.
#[test]
fn run_and_test_build_the_same_packages() {
    let (run, test) = (features("no-dev"), features("normal,build,dev"));
    assert!(run.keys().any(|package| package.starts_with("wasmtime v")), "{run:?}");
    let differing: Vec<_> = run.iter().filter(|(package, features)| test[*package] != **features).collect();
    assert!(differing.is_empty(), "`cargo test` builds these with other features than `cargo run`: {differing:#?}");
}
