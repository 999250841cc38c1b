//! Words for messages: what was probably meant, and enumerations.

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

/// Most characters that are shown of a name or value.
const SHOWN: usize = 200;

/// Most characters that are shown of what a parser or a linker says, which may hold names of any length.
const TOLD: usize = 1000;

/// A name or value as messages show it: on one line and not too long.
pub(crate) fn shown(text: &str) -> String {
    cut(text, SHOWN)
}

/// What somebody else says of a binary, as messages show it: on one line and not too long.
pub(crate) fn told(text: &str) -> String {
    cut(text, TOLD)
}

/// So many characters of a text, harmless, on one line.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let mut characters = text.chars();
    let mut shown = String::new();
    for c in characters.by_ref().take(most) {
        if harms(c) || c == '\t' { shown.extend(c.escape_debug()) } else { shown.push(c) }
    }
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// Whether a character could change how a terminal shows the rest of the line: control characters but the tab,
/// those that end a line, and those that turn the direction of writing.
pub(crate) fn harms(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Words in backticks, joined for a sentence: `` `a`, `b` and `c` ``.
pub(crate) fn list<T: std::fmt::Display>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
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
    }

    #[test]
    fn what_is_shown_is_on_one_line_and_not_too_long() {
        assert_eq!(shown("a\nb\tc\u{1b}[31m\u{202e}d\u{2028}"), "a\\nb\\tc\\u{1b}[31m\\u{202e}d\\u{2028}");
        assert_eq!(shown(&"é".repeat(1000)).chars().count(), SHOWN + 1);
    }
}
