//! What `plugweave why` explains agrees with the plan, for every import of the sample and of the cases.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use plugweave::check::{check, explain};
use plugweave::folder::Folder;
use plugweave::plan::{ImportSource, Plan, PlannedImport};
use plugweave::resolve::{Explanation, Source, Verdict};

/// The folders that may be apps: the sample, and the folders of the cases.
fn folders() -> Vec<PathBuf> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        found.push(folder.to_owned());
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = Vec::new();
    collect(&root.join("manifests"), &mut folders);
    collect(&root.join("tests/cases"), &mut folders);
    folders.sort();
    folders
}

/// Who serves, in order, and the replies.
fn explained(it: &Explanation) -> (Vec<String>, Vec<Option<&str>>) {
    let serving = it.candidates.iter().filter(|candidate| candidate.verdict == Verdict::Serves);
    let serving = serving.map(|candidate| format!("{} {}", candidate.plugin, candidate.export)).collect();
    (serving, it.functions.iter().map(|function| function.reply.as_deref()).collect())
}

fn assert_agrees(plan: &Plan, import: &PlannedImport, it: &Explanation, place: &str) {
    let source = match (&import.source, &it.source) {
        (ImportSource::Runtime, Source::Runtime)
        | (ImportSource::Host(_), Source::Host(_))
        | (ImportSource::TypesOnly, Source::TypesOnly)
        | (ImportSource::Plugins(_), Source::Plugins) => true,
        (_, _) => false,
    };
    assert!(source, "{place}: {it:?}");
    assert!(it.problems.is_empty(), "{place}: {it:?}");
    let planned: Vec<String> = import
        .providers()
        .iter()
        .map(|provider| format!("{} {}", plan.plugin(provider.plugin).id, provider.export))
        .collect();
    let (serving, replies) = explained(it);
    assert_eq!(serving, planned, "{place}");
    let of_plugins = matches!(import.source, ImportSource::Plugins(_));
    assert!(replies.iter().all(|reply| reply.is_some() == of_plugins), "{place}: {it:?}");
}

#[test]
fn explanations_agree_with_the_plan() {
    let (mut planned, mut explained) = (0, 0);
    for folder in folders() {
        let files = Folder::new(&folder);
        let checked = check(&files).unwrap();
        let Some(plan) = &checked.plan else { continue };
        for plugin in &plan.plugins {
            for import in &plugin.imports {
                planned += 1;
                let name = import.name.to_string();
                let place = format!("{}: {} {name}", folder.display(), plugin.id);
                match explain(&files, plugin.id.as_str(), &name) {
                    Ok(it) => assert_agrees(plan, import, &it, &place),
                    Err(error) => unreachable!("{place}: {error}"),
                }
                explained += 1;
            }
        }
    }
    assert!(planned > 100 && planned == explained, "{planned} imports");
}

#[test]
fn an_import_that_is_not_bound_has_a_reason() {
    for folder in folders() {
        let files = Folder::new(&folder);
        let checked = check(&files).unwrap();
        if checked.plan.is_some() {
            continue;
        }
        // What is asked for is guessed from the manifests; what they do not name is refused in words.
        for (plugin, name) in imports_in(&folder) {
            let Ok(it) = explain(&files, &plugin, &name) else { continue };
            let serving = it.candidates.iter().filter(|candidate| candidate.verdict == Verdict::Serves).count();
            if it.source == Source::Undecided {
                assert_eq!(serving, 0, "{}: {it:?}", folder.display());
                assert!(it.functions.iter().all(|function| function.reply.is_none()), "{it:?}");
            }
            // A problem of the import is a problem of the app.
            for problem in &it.problems {
                let told = checked.diagnostics.iter().any(|known| known.message == problem.message);
                assert!(told, "{}: {}", folder.display(), problem.message);
            }
        }
    }
}

/// The plugins of a folder and the names that stand in quotes in their manifests.
fn imports_in(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let id = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            let names = text.split('"').skip(1).step_by(2).filter(|name| name.contains('/'));
            found.extend(names.map(|name| (id.clone(), name.to_owned())));
        }
    }
    found
}
