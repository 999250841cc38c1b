//! Text that comes from outside, as it is shown: names of files, values of manifests, names in binaries, arguments,
//! and what guests and parsers say.
//!
//! Such text may hold characters that change what a terminal or an editor shows of the rest: escape sequences,
//! marks that turn the direction of writing, characters without width. All of it goes through this module, whatever
//! the command and the format, and every such character is written as its code, `\u{202e}`.
//!
//! ```
//! use plugweave::foreign::{harmless, shown};
//!
//! assert_eq!(shown("evil\u{1b}[2J\n.toml"), "evil\\u{1b}[2J\\n.toml");
//! assert_eq!(harmless("two\nlines, \u{202e}turned"), "two\nlines, \\u{202e}turned");
//! assert_eq!(shown("naïve 日本語 ☃"), "naïve 日本語 ☃");
//! ```
//!
//! Shown are letters, digits, signs, emoji and spaces, and up to four combining marks behind one of them. Not shown
//! are control characters (C0, DEL and C1), marks of direction, characters without width, marks without a letter to
//! stand on, separators of lines and paragraphs, blank letters, and what is private, unassigned or no character.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Write as _;

/// Most characters that are shown of a name or value.
const LONGEST_NAME: usize = 200;

/// Most characters that are shown of what a parser, a linker or a guest says, which may hold names of any length.
const LONGEST_MESSAGE: usize = 1000;

/// Most characters of a line of a page: somewhat more than the longest signature takes.
const LONGEST_LINE: usize = 5000;

/// Combining marks that may stand on one character. Scripts need three, and more of them run into the lines above.
const MOST_MARKS: usize = 4;

/// A name or value as messages show it: on one line, and cut behind 200 characters, which it says.
pub fn shown(text: &str) -> String {
    cut(text, LONGEST_NAME)
}

/// A path, or another text of the operating system, as [`shown`] does. A byte that is not UTF-8 is `\xff`.
pub fn shown_path(path: impl AsRef<OsStr>) -> String {
    let bytes = path.as_ref().as_encoded_bytes();
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    shown(&text)
}

/// What a parser, a linker or a guest says, as messages show it: on one line, and cut behind 1,000 characters.
pub fn told(text: &str) -> String {
    cut(text, LONGEST_MESSAGE)
}

/// So many characters of a text, on one line. Where that is not all of it, the end says how long the whole is.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let end = text.char_indices().nth(most).map(|(end, _)| end);
    let mut shown = escaped(&text[..end.unwrap_or(text.len())], &[], in_braces).into_owned();
    if end.is_some() {
        let _ = write!(shown, "… ({} bytes)", text.len());
    }
    shown
}

/// All of a text with its line breaks and tabs.
pub fn harmless(text: &str) -> Cow<'_, str> {
    escaped(text, &['\n', '\t'], in_braces)
}

/// All of a line with its tabs.
#[cfg(feature = "runtime")]
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escaped(text, &['\t'], in_braces)
}

/// All lines of a text for people, which holds foreign names. A line of more than 5,000 characters is cut, and says so.
pub fn page(text: &str) -> Cow<'_, str> {
    // No line has more characters than bytes.
    if text.lines().all(|line| line.len() <= LONGEST_LINE) {
        return harmless(text);
    }
    let line = |line: &str| match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}… ({} bytes)", harmless(&line[..end]), line.len()),
        None => harmless(line).into_owned(),
    };
    Cow::Owned(text.split('\n').map(line).collect::<Vec<_>>().join("\n"))
}

/// JSON as text, indented. In its strings such characters are escaped in JSON's own way, `\u202e`, so that a reader
/// gets the very text.
pub fn json(value: &serde_json::Value) -> String {
    // Outside of strings there is nothing to escape, and line breaks of strings are escaped already.
    escaped(&format!("{value:#}"), &['\n'], in_json).into_owned()
}

/// A text as a basic string of TOML that can be shown and means the very text; `None` where any string can.
pub(crate) fn toml(text: &str) -> Option<String> {
    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
    match escaped(&quoted, &[], in_toml) {
        Cow::Borrowed(_) => None,
        Cow::Owned(escaped) => Some(format!("\"{escaped}\"")),
    }
}

/// A piece of a file as pictures of it show it: each character takes one place, so that columns stay. The pairs are the
/// offsets behind each replaced character, in the text and in what is shown.
pub(crate) fn in_place(text: &str) -> (Cow<'_, str>, Vec<(usize, usize)>) {
    let mut places = Vec::new();
    let mut judge = Judge::default();
    let mut shown = String::new();
    for (start, c) in text.char_indices() {
        if judge.shows(c, &['\n', '\t']) || text[start..].starts_with("\r\n") {
            shown.push(c);
            continue;
        }
        shown.push(match u32::from(c) {
            code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
            0x7f => '␡',
            _ => char::REPLACEMENT_CHARACTER,
        });
        places.push((start + c.len_utf8(), shown.len()));
    }
    if places.is_empty() { (Cow::Borrowed(text), places) } else { (Cow::Owned(shown), places) }
}

/// The text with what is not shown written as `escape` does, apart from what is `kept`.
fn escaped<'a>(text: &'a str, kept: &[char], escape: fn(&mut String, char)) -> Cow<'a, str> {
    let mut judge = Judge::default();
    let Some(first) = text.find(|c| !judge.shows(c, kept)) else { return Cow::Borrowed(text) };
    let mut shown = String::with_capacity(text.len() + 8);
    shown.push_str(&text[..first]);
    // The judge has seen the first one already, and its verdict stands.
    let mut rest = text[first..].chars();
    rest.next().into_iter().for_each(|c| escape(&mut shown, c));
    for c in rest {
        if judge.shows(c, kept) { shown.push(c) } else { escape(&mut shown, c) }
    }
    Cow::Owned(shown)
}

fn in_braces(out: &mut String, c: char) {
    match c {
        '\n' | '\r' | '\t' | '\0' => out.extend(c.escape_debug()),
        _ => out.extend(c.escape_unicode()),
    }
}

fn in_toml(out: &mut String, c: char) {
    let _ = match u32::from(c) {
        _ if matches!(c, '\n' | '\r' | '\t') => return out.extend(c.escape_debug()),
        code @ ..=0xffff => write!(out, "\\u{code:04X}"),
        code => write!(out, "\\U{code:08X}"),
    };
}

fn in_json(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}

/// Goes through a text, and says of each character whether it is shown.
#[derive(Default)]
struct Judge {
    /// Whether a combining mark would stand on a letter, digit or sign of the text.
    on_base: bool,
    /// Whether that is a sign, such as an emoji, of which a selector says how it is drawn.
    on_sign: bool,
    marks: usize,
}

impl Judge {
    fn shows(&mut self, c: char, kept: &[char]) -> bool {
        if let '\u{20}'..='\u{7e}' = c {
            // A mark on a quote or a bracket would change what the text around a name says.
            *self = Self { on_base: c.is_ascii_alphanumeric(), ..Self::default() };
            return true;
        }
        if is_selector(c) {
            return std::mem::take(&mut self.on_sign);
        }
        if is_mark(c) {
            self.marks += 1;
            return self.on_base && self.marks <= MOST_MARKS;
        }
        let shows = kept.contains(&c) || is_space(c) || (is_printable(c) && !is_blank(c));
        let on_base = shows && !c.is_whitespace();
        *self = Self { on_base, on_sign: on_base && !c.is_alphanumeric(), marks: 0 };
        shows
    }
}

/// Whether the standard library prints a character in `Debug`: no control, format, private or unassigned ones.
fn is_printable(c: char) -> bool {
    c.escape_debug().len() == 1
}

/// Whether a character is drawn over the one before it. The standard library prints those of a string, but not alone.
fn is_mark(c: char) -> bool {
    if is_unseen(c) {
        return false;
    }
    let mut behind = [0; 5];
    behind[0] = b'a';
    let length = 1 + c.encode_utf8(&mut behind[1..]).len();
    !is_printable(c) && str::from_utf8(&behind[..length]).is_ok_and(|text| text.escape_debug().count() == 2)
}

/// Spaces of any width, but nothing that ends a line.
fn is_space(c: char) -> bool {
    c.is_whitespace() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')
}

/// Letters and signs that are not seen: those that fill the places of a Hangul syllable, and Braille without dots.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}')
}

/// Whether a character says that the one before it is drawn as text or as an emoji.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe0e}' | '\u{fe0f}')
}

/// Combining marks that are not seen, so that two names with and without them look the same: the joiner of
/// graphemes, vowels of Khmer that are not written, and selectors of variants.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{34f}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_harmless(text: &str) -> bool {
        escaped(text, &[], in_braces) == text
    }

    #[test]
    fn what_could_change_the_rest_is_written_as_its_code() {
        for (text, expected) in [
            ("a\nb\tc\r\0", "a\\nb\\tc\\r\\0"),
            ("\u{1b}[31m\u{9b}31m\u{7f}", "\\u{1b}[31m\\u{9b}31m\\u{7f}"),
            ("\u{202a}\u{202e}\u{2066}\u{2069}", "\\u{202a}\\u{202e}\\u{2066}\\u{2069}"),
            ("\u{200e}\u{200f}\u{61c}", "\\u{200e}\\u{200f}\\u{61c}"),
            ("a\u{200b}b\u{200d}c\u{feff}\u{ad}", "a\\u{200b}b\\u{200d}c\\u{feff}\\u{ad}"),
            ("\u{2028}\u{2029}\u{85}", "\\u{2028}\\u{2029}\\u{85}"),
            ("\u{e000}\u{10fffd}\u{fffe}\u{378}\u{e0041}", "\\u{e000}\\u{10fffd}\\u{fffe}\\u{378}\\u{e0041}"),
            ("a\u{34f}b\u{fe00}\u{fe0f}\u{e0100}", "a\\u{34f}b\\u{fe00}\\u{fe0f}\\u{e0100}"),
            ("\u{2603}\u{fe0f}\u{fe0f}", "\u{2603}\u{fe0f}\\u{fe0f}"),
            ("\u{17b4}\u{180b}\u{180f}\u{2800}", "\\u{17b4}\\u{180b}\\u{180f}\\u{2800}"),
            ("\u{3164}\u{ffa0}\u{115f}", "\\u{3164}\\u{ffa0}\\u{115f}"),
            ("\u{301}a", "\\u{301}a"),
            ("= \u{338}=\u{338}", "= \\u{338}=\\u{338}"),
        ] {
            assert_eq!(shown(text), expected);
            assert!(!is_harmless(text) && is_harmless(expected));
        }
    }

    #[test]
    fn what_people_write_is_shown_as_it_is() {
        for text in [
            "naïve",
            "e\u{301}tude",
            "日本語\u{3000}です",
            "नमस्ते",
            "שָׁלוֹם",
            "ภาษาไทยที่",
            "1\u{a0}234 €",
            "☃️ 🎉 👍🏽",
            "C:\\a 'b' \"c\"",
        ] {
            assert_eq!(shown(text), text);
            assert!(is_harmless(text), "{text}");
        }
    }

    #[test]
    fn marks_do_not_pile_up() {
        let text = format!("a{}b", "\u{301}".repeat(6));
        assert_eq!(shown(&text), format!("a{}\\u{{301}}\\u{{301}}b", "\u{301}".repeat(4)));
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(shown(&"é".repeat(200)), "é".repeat(200));
        assert_eq!(shown(&"é".repeat(1 << 20)), format!("{}… (2097152 bytes)", "é".repeat(200)));
        assert_eq!(told(&"x".repeat(1001)), format!("{}… (1001 bytes)", "x".repeat(1000)));
        let long = "x".repeat(6000);
        assert_eq!(page(&format!("a\n{long}\nb\n")), format!("a\n{}… (6000 bytes)\nb\n", "x".repeat(5000)));
        assert_eq!(page("a\u{1b}\n\tb\n"), "a\\u{1b}\n\tb\n");
    }

    #[test]
    fn json_gives_back_the_very_text() {
        let text = "\u{1b}\u{9b}\u{202e}\u{200b}\u{301}\u{e0041}\u{7f}\n\"\\é";
        let json = json(&serde_json::json!({ text: [text] }));
        assert!(is_harmless(&json.replace('\n', "")), "{json}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), serde_json::json!({ text: [text] }));
        assert!(json.contains("\\u001b\\u009b\\u202e\\u200b\\u0301\\udb40\\udc41\\u007f\\n\\\"\\\\é"), "{json}");
    }

    #[test]
    fn toml_gives_back_the_very_text() {
        let text = "\u{301}\u{9b}\u{202e}\u{e0041}\n'\"\\é";
        let toml = toml(text).unwrap();
        assert!(is_harmless(&toml), "{toml}");
        assert_eq!(toml::Table::from_iter([("a".to_owned(), text.into())]), format!("a = {toml}").parse().unwrap());
        assert_eq!(super::toml("'é' \\"), None);
    }

    #[test]
    fn a_picture_keeps_its_columns() {
        let text = "a\u{1b}\u{9b}é\u{202e}b\r\n\tc";
        let (shown, places) = in_place(text);
        assert_eq!(shown, "a␛\u{fffd}é\u{fffd}b\r\n\tc");
        assert_eq!(shown.chars().count(), text.chars().count());
        assert_eq!(places, [(2, 4), (4, 7), (9, 12)]);
        assert!(in_place("plain\n").1.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_told() {
        use std::os::unix::ffi::OsStrExt as _;
        assert_eq!(shown_path(OsStr::from_bytes(b"caf\xe9/\x1b\xff")), "caf\\xe9/\\u{1b}\\xff");
    }
}
