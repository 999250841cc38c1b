//! Words for messages: what was probably meant, and enumerations.

mod effort;

#[cfg(feature = "runtime")]
pub(crate) use crate::foreign::cut;
pub(crate) use crate::foreign::{shown, told};
pub(crate) use effort::Effort;

/// Longer words are not compared: they are no mistyped keys, and comparing is quadratic.
const LONGEST: usize = 128;

/// The candidates that a mistyped word probably meant, nearest first, at most three.
pub(crate) fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    Effort::default().nearest(wanted, candidates)
}

/// The candidate that a mistyped word probably meant; of equally near ones the first.
pub(crate) fn closest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    Effort::default().closest(wanted, candidates)
}

/// The number of insertions, removals, replacements and swaps of neighbours that lead from one
/// word to the other, whatever their case.
fn distance(from: &str, to: &str) -> usize {
    strsim::damerau_levenshtein(&from.to_lowercase(), &to.to_lowercase())
}

/// A number with its noun, which takes an `s` unless there is one: `1 plugin`, `2 plugins`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Most words that are listed; of more, how many they are is told.
pub(crate) const LISTED: usize = 20;

/// Words in backticks, joined for a sentence: `` `a`, `b` and `c` ``. Of many, `` `a`, `b` and 3,480 more ``.
pub(crate) fn list<T: std::fmt::Display>(words: impl IntoIterator<Item = T>) -> String {
    let mut words = words.into_iter();
    let first = words.by_ref().take(LISTED).map(|word| format!("`{}`", shown(&word.to_string()))).collect();
    joined(first, words.count())
}

/// As [`list`], of words of which there are so many in all, and at least the first that are listed are given.
pub(crate) fn list_of<T: std::fmt::Display>(words: impl IntoIterator<Item = T>, all: usize) -> String {
    let first: Vec<String> =
        words.into_iter().take(LISTED).map(|word| format!("`{}`", shown(&word.to_string()))).collect();
    let more = all.saturating_sub(first.len());
    joined(first, more)
}

/// The first [`LISTED`] phrases joined for a sentence, as [`list`] does it, as they are.
pub(crate) fn listed<T>(things: impl IntoIterator<Item = T>, phrase: impl Fn(T) -> String) -> String {
    let mut things = things.into_iter();
    let first = things.by_ref().take(LISTED).map(phrase).collect();
    joined(first, things.count())
}

fn joined(first: Vec<String>, more: usize) -> String {
    match (first.as_slice(), more) {
        ([], _) => "nothing".to_owned(),
        ([one], 0) => one.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (first, more) => format!("{} and {} more", first.join(", "), grouped(more)),
    }
}

/// How many of a list are shown, and the sentence about the others: `and 3,480 more places`. Nothing when all are.
pub(crate) fn and_more(all: usize, shown: usize, one: &str, many: &str) -> Option<String> {
    match all.saturating_sub(shown) {
        0 => None,
        1 => Some(format!("and 1 more {one}")),
        more => Some(format!("and {} more {many}", grouped(more))),
    }
}

/// A number with a comma between each three digits.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// As much of a text as has so many bytes, with `…` behind it when that is not all.
pub(crate) fn shortened(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
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
        let many = list(0..LISTED + 3480);
        assert!(many.starts_with("`0`, `1`, ") && many.ends_with("`18`, `19` and 3,480 more"), "{many}");
        assert_eq!(list([&"x".repeat(1_000_000)]).len(), 200 + "``… (1000000 bytes)".len());
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(and_more(3, 3, "place", "places"), None);
        assert_eq!(and_more(3_003, 3, "place", "places").as_deref(), Some("and 3,000 more places"));
        assert_eq!(shortened("aéb".to_owned(), 2), "a…");
        assert_eq!(shortened("aé".to_owned(), 3), "aé");
    }
}
