//! Which of many grants covers another, without asking each.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

use crate::manifest::path::parts;
use crate::model::{Access, DirGrant, NetworkGrant};

/// A grant that others may lie within.
pub(super) trait Covered: Sized {
    /// The grants of a manifest, as they are asked.
    type Index<'a>
    where
        Self: 'a;

    /// Prepares grants to be asked.
    fn index(grants: &[Self]) -> Self::Index<'_>;

    /// Whether one of the grants covers this one.
    fn is_covered(&self, grants: &Self::Index<'_>) -> bool;
}

/// Grants that cover their equals only.
macro_rules! covers_its_equals {
    ($($grant:ty),*) => { $(
        impl Covered for $grant {
            type Index<'a> = HashSet<&'a Self>;

            fn index(grants: &[Self]) -> Self::Index<'_> {
                equals(grants)
            }

            fn is_covered(&self, grants: &Self::Index<'_>) -> bool {
                grants.contains(self)
            }
        }
    )* };
}

covers_its_equals!(String, (String, String), NetworkGrant);

fn equals<T: Hash + Eq>(grants: &[T]) -> HashSet<&T> {
    grants.iter().collect()
}

impl Covered for DirGrant {
    type Index<'a> = Folders<'a>;

    fn index(grants: &[Self]) -> Self::Index<'_> {
        let mut folders = Folders::default();
        for grant in grants {
            folders.add(&grant.host, grant.access);
        }
        folders
    }

    fn is_covered(&self, grants: &Self::Index<'_>) -> bool {
        grants.access(&self.host) >= Some(self.access)
    }
}

/// Folders with the access that is granted to each: a tree of the parts of their paths.
#[derive(Default)]
pub(super) struct Folders<'a> {
    /// The number of a folder, by that of the one above it and its name there. Those on top are below 0, which is none.
    below: HashMap<(usize, &'a str), usize>,
    /// The access that is granted to a folder by itself.
    granted: HashMap<usize, Access>,
    /// Of paths that only climb, how far, by their root.
    climbing: HashMap<Option<&'a str>, BTreeMap<usize, Access>>,
}

impl<'a> Folders<'a> {
    fn add(&mut self, path: &'a str, access: Access) {
        let (root, names) = parts(path);
        let higher = |known: &mut Access| *known = access.max(*known);
        if names.iter().all(|name| *name == "..") {
            self.climbing.entry(root).or_default().entry(names.len()).and_modify(higher).or_insert(access);
            return;
        }
        let mut folder = 0;
        for name in root.into_iter().chain(names) {
            let next = self.below.len() + 1;
            folder = *self.below.entry((folder, name)).or_insert(next);
        }
        self.granted.entry(folder).and_modify(higher).or_insert(access);
    }

    /// The widest access that is granted to a folder or to one that encloses it.
    fn access(&self, path: &str) -> Option<Access> {
        let (root, names) = parts(path);
        let climbs = names.iter().take_while(|name| **name == "..").count();
        // `../..` holds everything that does not climb higher than it does.
        let mut widest =
            self.climbing.get(&root).and_then(|climbing| climbing.range(climbs..).map(|(_, it)| *it).max());
        let mut folder = 0;
        for name in root.into_iter().chain(names) {
            let Some(next) = self.below.get(&(folder, name)) else { break };
            folder = *next;
            widest = widest.max(self.granted.get(&folder).copied());
        }
        widest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::path::encloses;

    #[test]
    fn many_folders_cover_what_one_of_them_covers() {
        let paths = [
            ".", "a", "a/b", "a/b/c", "ab", "b", "..", "../..", "../a", "../a/b", "../../a", "/", "/a", "/a/b", "C:/",
            "C:/a",
        ];
        let grant = |host: &str, access| DirGrant { host: host.to_owned(), guest: "/x".to_owned(), access };
        for first in paths {
            for second in paths {
                let grants = [grant(first, Access::Read), grant(second, Access::ReadWrite)];
                let index = DirGrant::index(&grants);
                for inner in paths {
                    for access in [Access::Read, Access::ReadWrite] {
                        let one = |outer: &DirGrant| encloses(&outer.host, inner) && access <= outer.access;
                        let found = grant(inner, access).is_covered(&index);
                        assert_eq!(found, grants.iter().any(one), "{inner} ({access:?}) in {first} and {second}");
                    }
                }
            }
        }
    }
}
