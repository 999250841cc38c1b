//! The fragments that GitHub gives to headings.

use std::collections::BTreeMap;

/// Hands out one anchor per heading, numbering repeated ones.
#[derive(Default)]
pub struct Anchors {
    given: BTreeMap<String, u32>,
}

impl Anchors {
    /// The anchor of the next heading with this text.
    pub fn next(&mut self, text: &str) -> String {
        let slug = slug(text);
        match self.given.get_mut(&slug) {
            None => {
                self.given.insert(slug.clone(), 0);
                slug
            }
            Some(count) => {
                *count += 1;
                let numbered = format!("{slug}-{count}");
                self.given.insert(numbered.clone(), 0);
                numbered
            }
        }
    }
}

/// Lowercase letters, digits, hyphens and underscores; spaces become hyphens, the rest goes.
fn slug(text: &str) -> String {
    text.trim()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .flat_map(char::to_lowercase)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_goes_and_case_too() {
        assert_eq!(slug("What's new, in `v1.0`?"), "whats-new-in-v10");
        assert_eq!(slug("A & B"), "a--b");
        assert_eq!(slug("Über_uns"), "über_uns");
    }

    #[test]
    fn repeated_anchors_are_numbered() {
        let mut anchors = Anchors::default();
        let given = ["Use", "Use", "use", "Use-1"].map(|text| anchors.next(text));
        assert_eq!(given, ["use", "use-1", "use-2", "use-1-1"]);
    }
}
