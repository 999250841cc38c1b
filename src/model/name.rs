use std::borrow::Cow;
use std::fmt;

use semver::Version;

/// The name of an import or export of a component.
///
/// Either an interface of a package (`text:stats/words@1.0.0`, the version may be missing) or a
/// plain name: a function or an inline interface that a world imports or exports directly
/// (`run`, `engine`, `[method]thing.get`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternName {
    base: String,
    version: Option<Version>,
}

/// Why a text is not the name of an import or export.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadExternName {
    /// Not of the form `namespace:package/interface`, `namespace:package/interface@version` or a plain name.
    #[error("expected `namespace:package/interface@version` or the plain name of a function or inline interface")]
    Form,
    /// What follows `@` is not a semantic version.
    #[error("`{text}` is not a semantic version: {reason}")]
    Version {
        /// What follows the `@`.
        text: String,
        /// What the version parser says.
        reason: String,
    },
}

impl ExternName {
    /// Parses a name. A part that is a keyword of WIT may have a `%` before it, as in WIT: `a:b/%list` is `a:b/list`.
    ///
    /// # Errors
    /// [`BadExternName`] when the text is neither an interface of a package nor a plain name.
    pub fn parse(text: &str) -> Result<Self, BadExternName> {
        let text = &*without_escapes(text);
        let (base, version) = match text.split_once('@') {
            Some((base, version)) => (base, Some(parse_version(version)?)),
            None => (text, None),
        };
        let well_formed = match base.split_once(':') {
            Some((namespace, rest)) => {
                // Nested namespaces and packages (`a:b:c/d/e`) are part of the grammar of names.
                let mut parts = rest.split(['/', ':']);
                rest.contains('/') && is_label(namespace) && parts.all(is_label)
            }
            None => version.is_none() && is_plain_name(base),
        };
        if !well_formed {
            return Err(BadExternName::Form);
        }
        Ok(Self { base: base.to_owned(), version })
    }

    /// The name without its version: `text:stats/words`, or `run`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The version of the package, where the name has one.
    pub fn version(&self) -> Option<&Version> {
        self.version.as_ref()
    }

    /// Whether this names an interface of a package, rather than a plain name of a world.
    pub fn is_interface(&self) -> bool {
        self.base.contains(':')
    }

    /// The namespace (`wasi` in `wasi:cli/run`), where this names an interface of a package.
    pub fn namespace(&self) -> Option<&str> {
        self.base.split_once(':').map(|(namespace, _)| namespace)
    }

    /// The last part of the name: `words` in `text:stats/words@1.0.0`, `run` in `run`.
    pub fn short(&self) -> &str {
        self.base.rsplit('/').next().unwrap_or(&self.base)
    }
}

fn parse_version(text: &str) -> Result<Version, BadExternName> {
    Version::parse(text).map_err(|error| BadExternName::Version { text: text.to_owned(), reason: error.to_string() })
}

/// The name without the marks that WIT writes before keywords.
pub(crate) fn without_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let (base, version) = text.split_once('@').map_or((text, None), |(base, version)| (base, Some(version)));
    let begins = |at: usize| base[..at].chars().next_back().is_none_or(|c| matches!(c, ':' | '/' | '.' | ']'));
    let base: String = base.char_indices().filter(|&(at, c)| c != '%' || !begins(at)).map(|(_, c)| c).collect();
    Cow::Owned(match version {
        Some(version) => format!("{base}@{version}"),
        None => base,
    })
}

fn is_label(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// A label, or one behind an annotation: `[method]thing.get`, `[constructor]thing`.
fn is_plain_name(text: &str) -> bool {
    let label = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((annotation, label)) if is_label(annotation) => label,
        Some(_) => return false,
        None => text,
    };
    label.split('.').all(is_label)
}

impl fmt::Display for ExternName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => f.pad(&format!("{}@{version}", self.base)),
            None => f.pad(&self.base),
        }
    }
}

impl serde::Serialize for ExternName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_survive_a_round_trip() {
        for name in [
            "text:stats/words@1.0.0",
            "text:stats/words",
            "wasi:config/store@0.2.0-rc.1",
            "run",
            "[method]thing.get",
            "[constructor]thing",
        ] {
            assert_eq!(ExternName::parse(name).map(|n| n.to_string()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn names_may_be_written_as_in_wit() {
        for (written, name) in [
            ("a:b/%list@1.0.0", "a:b/list@1.0.0"),
            ("%type:%use/%world", "type:use/world"),
            ("%list", "list"),
            ("[method]%record.%get", "[method]record.get"),
        ] {
            assert_eq!(ExternName::parse(written).map(|n| n.to_string()), Ok(name.to_owned()));
        }
        for bad in ["%", "a%b", "%%a", "a:b/c%", "a:b/c@%1.0.0"] {
            assert!(ExternName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bad_names_say_why() {
        for name in ["", "text:stats", "a:/b", "1a:b/c", "run@1.0.0", "a b", "[x", "[]x", "a:b/c/"] {
            assert_eq!(ExternName::parse(name), Err(BadExternName::Form), "{name}");
        }
        assert!(matches!(ExternName::parse("a:b/c@1.0"), Err(BadExternName::Version { .. })));
    }

    #[test]
    fn parts() {
        let name = ExternName::parse("text:stats/words@1.2.3").unwrap();
        assert_eq!((name.base(), name.short(), name.namespace()), ("text:stats/words", "words", Some("text")));
        assert!(name.is_interface());
        assert!(!ExternName::parse("run").unwrap().is_interface());
    }
}
