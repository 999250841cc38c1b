use std::fmt;
use std::sync::Arc;

/// The id of a plugin: `[a-z0-9]` then `[a-z0-9._-]*`, unique in its app, never `host`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginId(Arc<str>);

/// Why a text is not a plugin id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPluginId {
    /// The text is empty.
    #[error("a plugin id must not be empty")]
    Empty,
    /// A character is not allowed where it stands.
    #[error("`{found}` is not allowed {place} of a plugin id")]
    Character {
        /// The offending character.
        found: char,
        /// "at the start" or "in the rest".
        place: &'static str,
    },
    /// `host` is the name of the embedding application.
    #[error("`host` is the name of the embedding application")]
    Reserved,
}

impl PluginId {
    /// Parses an id.
    ///
    /// # Errors
    /// [`BadPluginId`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, BadPluginId> {
        let allowed_first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let mut characters = text.chars();
        let first = characters.next().ok_or(BadPluginId::Empty)?;
        if !allowed_first(first) {
            return Err(BadPluginId::Character { found: first, place: "at the start" });
        }
        if let Some(found) = characters.find(|&c| !allowed_first(c) && !matches!(c, '.' | '_' | '-')) {
            return Err(BadPluginId::Character { found, place: "in the rest" });
        }
        if text == "host" {
            return Err(BadPluginId::Reserved);
        }
        Ok(Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl serde::Serialize for PluginId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_rule() {
        for good in ["a", "0", "text-stats", "a.b_c-9"] {
            assert_eq!(PluginId::parse(good).map(|id| id.to_string()), Ok(good.to_owned()));
        }
        assert_eq!(PluginId::parse(""), Err(BadPluginId::Empty));
        assert_eq!(PluginId::parse("host"), Err(BadPluginId::Reserved));
        assert_eq!(PluginId::parse("-a"), Err(BadPluginId::Character { found: '-', place: "at the start" }));
        assert_eq!(PluginId::parse("aB"), Err(BadPluginId::Character { found: 'B', place: "in the rest" }));
    }
}
