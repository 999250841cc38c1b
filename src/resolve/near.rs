//! Near misses: what was probably meant.

use crate::model::ExternName;
use crate::words::Effort;
use std::fmt;

/// How another name is near to the wanted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The same interface in another version.
    Version,
    /// An interface of the same name in another package.
    Package,
    /// A name that looks much the same.
    Name,
}

impl Relation {
    /// The nearer, the lower. Of versions, those of the same series come first.
    pub fn rank(self, wanted: &ExternName, other: &ExternName) -> usize {
        let major = |name: &ExternName| name.version().map(|version| version.major);
        match self {
            Self::Version if major(wanted) == major(other) => 0,
            Self::Version => 1,
            Self::Package => 2,
            Self::Name => 3,
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "in another version",
            Self::Package => "in another package",
            Self::Name => "under a similar name",
        })
    }
}

/// How another name is near to the wanted one, if it is.
pub fn relation(wanted: &ExternName, other: &ExternName, effort: &Effort) -> Option<Relation> {
    close_relation(wanted, other).or_else(|| similarity(wanted, other, effort))
}

/// The relations that are plain from the parts of the names.
pub fn close_relation(wanted: &ExternName, other: &ExternName) -> Option<Relation> {
    if wanted == other {
        None
    } else if wanted.base() == other.base() {
        Some(Relation::Version)
    } else if wanted.short() == other.short() {
        Some(Relation::Package)
    } else {
        None
    }
}

fn similarity(wanted: &ExternName, other: &ExternName, effort: &Effort) -> Option<Relation> {
    if wanted == other {
        return None;
    }
    let bound = match wanted.is_interface() && other.is_interface() {
        true => (wanted.base().len() / 8).max(2),
        false => 1,
    };
    effort.distance_within(wanted.base(), other.base(), bound).map(|_| Relation::Name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations() {
        let name = |text: &str| ExternName::parse(text).unwrap();
        let relation = |a: &str, b: &str| relation(&name(a), &name(b), &Effort::default());
        assert_eq!(relation("a:b/words@1.0.0", "a:b/words@2.0.0"), Some(Relation::Version));
        assert_eq!(relation("a:b/words@1.0.0", "x:y/words@1.0.0"), Some(Relation::Package));
        assert_eq!(relation("text:stats/words", "text:stats/word"), Some(Relation::Name));
        assert_eq!(relation("text:stats/words", "text:lint/rules"), None);
        assert_eq!(relation("run", "runs"), Some(Relation::Name));
    }
}
