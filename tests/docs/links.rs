//! Links, and names of files.

use std::fs;
use std::path::Path;

use crate::{docs, root};

#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    for doc in docs() {
        let folder = Path::new(&doc.path).parent().unwrap();
        for target in links(&doc.text).into_iter().filter(|target| !target.contains("://")) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let full = if path.is_empty() { root().join(&doc.path) } else { root().join(folder).join(path) };
            let found = if anchor.is_empty() {
                full.exists()
            } else {
                fs::read_to_string(&full).is_ok_and(|text| anchors(&text).iter().any(|known| known == anchor))
            };
            if !found {
                wrong.push(format!("{}: `{target}` leads nowhere", doc.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The table of contents leads to every page, directly or by the tables of folders.
#[test]
fn every_page_is_in_the_table_of_contents() {
    let docs = docs();
    let links_of = |path: &str| {
        let doc = docs.iter().find(|doc| doc.path == path).unwrap();
        let folder = Path::new(path).parent().unwrap();
        let paths = links(&doc.text).into_iter().filter_map(|target| target.split('#').next());
        paths.map(|target| folder.join(target)).collect::<Vec<_>>()
    };
    let contents = [links_of("docs/README.md"), links_of("docs/decisions/README.md")].concat();
    let is_reached = |path: &str| path.ends_with("README.md") || contents.iter().any(|link| link == Path::new(path));
    let pages = docs.iter().filter(|doc| doc.path.starts_with("docs/"));
    let missing: Vec<&str> = pages.map(|doc| doc.path.as_str()).filter(|path| !is_reached(path)).collect();
    assert!(missing.is_empty(), "not in docs/README.md: {missing:?}");
    assert!(contents.contains(&Path::new("docs/decisions/README.md").to_owned()));
}

#[test]
fn files_that_are_named_exist() {
    let mut wrong = Vec::new();
    // The tutorial names files that its reader writes.
    for doc in docs().iter().filter(|doc| doc.path != "docs/tutorial.md") {
        for line in prose(&doc.text) {
            // `src/a/b.rs`, `c.rs` names two files of one folder.
            let mut folder = root().join("src");
            for name in line.split('`').skip(1).step_by(2).filter(|name| is_file_name(name)) {
                let places = [root().join(name), root().join("src").join(name), folder.join(name)];
                match places.iter().find(|place| place.exists()) {
                    Some(place) => folder = place.parent().unwrap().to_owned(),
                    None => wrong.push(format!("{}: `{name}` does not exist", doc.path)),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a code span names a file of the sources, and not many by a pattern.
fn is_file_name(span: &str) -> bool {
    let is_path = ["src/", "tests/", "docs/", "manifests/", "wit/"].iter().any(|folder| span.starts_with(folder));
    (is_path || span.ends_with(".rs")) && !["*", "NAME", "NNN", " "].iter().any(|part| span.contains(part))
}

/// The lines of a text that are not in a fenced block.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    })
}

/// The targets of the links of a text, those in code spans left out.
fn links(text: &str) -> Vec<&str> {
    let no_code = prose(text).flat_map(|line| line.split('`').step_by(2));
    no_code.flat_map(|part| part.split("](").skip(1)).filter_map(|rest| rest.split(')').next()).collect()
}

/// The anchors of the headings of a text.
fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let keep = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let anchor = |heading: &str| {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        text.chars().filter(keep).map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}
