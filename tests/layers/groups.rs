//! An order of the files of a folder, held against what they use.

use std::collections::{BTreeMap, BTreeSet};

use super::uses::{Folder, Use};

/// Files, or folders of files, that may use one another and the groups before theirs.
pub type Group<'a> = &'a [&'a str];

/// A type whose methods are in more files than this has no owner.
pub const MOST_FILES_OF_A_TYPE: usize = 3;

/// What is wrong with a folder.
pub fn wrong(folder: &Folder, groups: &[Group<'_>]) -> Vec<String> {
    let uses: Vec<Use> = folder.uses().into_iter().collect();
    let mut wrong = Vec::new();
    let mut places = BTreeMap::new();
    for file in folder.files.iter().map(|file| file.name.as_str()) {
        match place(groups, file) {
            Some(place) => _ = places.insert(file, place),
            None => wrong.push(format!("{file}: is in no group; it {}", neighbours(file, &uses))),
        }
    }
    for used in &uses {
        let later = |file: &String| places.get(file.as_str()) > places.get(used.from.as_str());
        if used.to.iter().all(later) && places.contains_key(used.from.as_str()) {
            let to: Vec<&str> = used.to.iter().map(String::as_str).collect();
            let comes = if to.len() == 1 { "comes" } else { "come" };
            let to = to.join(" or ");
            wrong.push(format!("{}: must not use `{}` of {to}, which {comes} later", used.from, used.what));
        }
    }
    for (ty, files) in folder.spread().filter(|(_, files)| files.len() > MOST_FILES_OF_A_TYPE) {
        wrong.push(format!("`{ty}` has methods in {} files: {}", files.len(), files.join(", ")));
    }
    for named in groups.iter().copied().flatten().filter(|named| !places.keys().any(|file| is_in(file, named))) {
        wrong.push(format!("`{named}` is in a group, but there is no such file"));
    }
    wrong
}

fn place(groups: &[Group<'_>], file: &str) -> Option<usize> {
    groups.iter().position(|group| group.iter().any(|named| is_in(file, named)))
}

/// `weight` is all files beneath that folder.
fn is_in(file: &str, named: &str) -> bool {
    file.strip_prefix(named).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What helps to find a group for a file.
fn neighbours(file: &str, uses: &[Use]) -> String {
    let list = |files: BTreeSet<&str>| match files.is_empty() {
        true => "none".to_owned(),
        false => files.into_iter().collect::<Vec<_>>().join(", "),
    };
    let used = uses.iter().filter(|used| used.from == file).flat_map(|used| &used.to);
    let by = uses.iter().filter(|used| used.to.contains(file)).map(|used| used.from.as_str());
    format!("uses {}, and is used by {}", list(used.map(String::as_str).collect()), list(by.collect()))
}
