//! Words for messages: what was probably meant, and enumerations.

#[cfg(feature = "runtime")]
pub(crate) use crate::foreign::cut;
pub(crate) use crate::foreign::{shown, told};

/// Longer words are not compared: nobody mistypes them into a key, and comparing is quadratic.
const LONGEST: usize = 128;

/// The candidates that a mistyped word probably meant, nearest first, at most three.
pub(crate) fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let length = wanted.chars().count();
    if length > LONGEST {
        return Vec::new();
    }
    let allowed = (length / 3).max(1);
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= 2 * LONGEST)
        .map(|candidate| (distance(wanted, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.dedup();
    near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// The candidate that a mistyped word probably meant; of equally near ones the first.
pub(crate) fn closest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(wanted, candidates).first().copied()
}

/// The number of insertions, removals, replacements and swaps of neighbours that lead from one
/// word to the other, whatever their case.
pub(crate) fn distance(from: &str, to: &str) -> usize {
    strsim::damerau_levenshtein(&from.to_lowercase(), &to.to_lowercase())
}

/// Words in backticks, as they are [`shown`], joined for a sentence: `` `a`, `b` and `c` ``.
pub(crate) fn list<T: std::fmt::Display>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{}`", shown(&word.to_string()))).collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A number with its noun, which takes an `s` unless there is one: `1 plugin`, `2 plugins`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_words_are_suggested() {
        let keys = ["component", "version", "id"];
        assert_eq!(closest("componnent", keys), Some("component"));
        assert_eq!(closest("Version", keys), Some("version"));
        assert_eq!(closest("di", keys), Some("id"));
        assert_eq!(closest("colour", keys), None);
        assert_eq!(closest("", keys), None);
        assert_eq!(closest(&"x".repeat(1_000_000), keys), None);
        assert_eq!(nearest("car", ["cat", "cart", "dog", "bar", "far"]), ["cat", "cart", "bar"]);
    }

    #[test]
    fn lists_read_well() {
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list::<&str>([]), "nothing");
        assert_eq!(list(["a\u{1b}"]), "`a\\u{1b}`");
    }
}
