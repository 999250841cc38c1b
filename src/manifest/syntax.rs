//! Syntax errors, and which other mistakes are worth telling beside them.
//!
//! The parser goes on after a syntax error and guesses what was meant. A mistake found in the
//! guess may be no mistake at all, so those that stand where the guess was made are left out.

use std::collections::BTreeSet;

use toml::de::Error;

use crate::diagnostic::{Code, Diagnostic, FileId, Span};

/// A mistake that is none of syntax, and whether it is that something is missing.
pub(super) struct Finding {
    pub(super) diagnostic: Diagnostic,
    pub(super) span: Span,
    pub(super) missing: bool,
}

/// Most syntax errors that are told of one file: whoever has so many has another kind of file.
const MAX_SYNTAX_ERRORS: usize = 20;

/// The syntax errors and the findings of one file, in the order of the file.
pub(super) fn merge(file: FileId, text: &str, errors: &[Error], findings: Vec<Finding>) -> Vec<Diagnostic> {
    if errors.is_empty() && findings.is_empty() {
        return Vec::new();
    }
    let lines = Lines::new(text);
    let mut errors: Vec<(Span, &Error)> = errors.iter().map(|error| (place(error, text), error)).collect();
    errors.sort_by_key(|(span, _)| span.start);
    let read_anyway = errors.iter().filter(|(_, error)| !is_duplicate(error));
    let guesses = Guesses::new(read_anyway.map(|(span, _)| lines.line(span.start)), &lines);
    // Further errors on a line are mostly the parser finding its way back.
    errors.dedup_by_key(|(span, _)| lines.line(span.start));
    errors.truncate(MAX_SYNTAX_ERRORS);
    let mut all: Vec<(usize, Diagnostic)> =
        errors.iter().map(|(span, error)| (span.start, diagnostic(file, error, span))).collect();
    for finding in findings {
        if !guesses.spoil(&finding, &lines) {
            all.push((finding.span.start, finding.diagnostic));
        }
    }
    all.sort_by_key(|(start, _)| *start);
    all.into_iter().map(|(_, diagnostic)| diagnostic).collect()
}

/// Where the parser guessed what was meant: lines, and the header lines of their sections.
struct Guesses {
    lines: BTreeSet<usize>,
    sections: BTreeSet<usize>,
}

impl Guesses {
    fn new(guessed: impl Iterator<Item = usize>, lines: &Lines) -> Self {
        let guessed: BTreeSet<usize> = guessed.collect();
        Self { sections: guessed.iter().map(|line| lines.section(*line)).collect(), lines: guessed }
    }

    /// Whether the finding may come from a guess: it is on the same line, it is in a section whose
    /// header was guessed, or it misses what may stand where the guess was made.
    fn spoil(&self, finding: &Finding, lines: &Lines) -> bool {
        if finding.missing && finding.span.is_empty() {
            return !self.lines.is_empty();
        }
        let line = lines.line(finding.span.start);
        let section = lines.section(line);
        self.lines.contains(&line)
            || self.lines.contains(&section)
            || (finding.missing && self.sections.contains(&section))
    }
}

/// The lines of a text, by number from 0.
struct Lines {
    /// Where each starts.
    starts: Vec<usize>,
    /// For each, the last line at or above it that looks like a `[header]`, else the first line.
    sections: Vec<usize>,
}

impl Lines {
    fn new(text: &str) -> Self {
        let (mut starts, mut sections, mut start, mut section) = (Vec::new(), Vec::new(), 0, 0);
        for (number, line) in text.split('\n').enumerate() {
            if line.trim_start_matches([' ', '\t', '\u{feff}']).starts_with('[') {
                section = number;
            }
            starts.push(start);
            sections.push(section);
            start += line.len() + 1;
        }
        Self { starts, sections }
    }

    /// The line of an offset.
    fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The line of the header above a line.
    fn section(&self, line: usize) -> usize {
        self.sections.get(line).copied().unwrap_or(0)
    }
}

/// The second of two equal keys is dropped, and nothing else is in doubt.
fn is_duplicate(error: &Error) -> bool {
    error.message().starts_with("duplicate key")
}

fn place(error: &Error, text: &str) -> Span {
    error.span().unwrap_or(text.len()..text.len())
}

fn diagnostic(file: FileId, error: &Error, span: &Span) -> Diagnostic {
    let mut parts = error.message().splitn(2, ", expected ");
    let what = parts.next().unwrap_or_default();
    let label = match parts.next() {
        Some(expected) => format!("expected {expected}"),
        None if is_duplicate(error) => "this key is already there".to_owned(),
        None => "here".to_owned(),
    };
    let help = if is_duplicate(error) {
        "remove one of the two, or join them"
    } else if error.message().contains("escape") || error.message().contains("unicode") {
        "in `\"…\"` a backslash begins an escape: write paths with `/`, or text with backslashes in `'…'`"
    } else {
        "correct the TOML; strings need quotes, and so do keys with `:`, `/` or `@`"
    };
    Diagnostic::error(Code::Pw001, format!("invalid TOML: {what}")).label(file, span.clone(), label).help(help)
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::{Sources, Style, render};
    use crate::manifest::testing::manifest;
    use crate::manifest::{parse_app, parse_manifest};

    #[test]
    fn syntax_errors_are_told_beside_other_mistakes() {
        for (text, expected) in [
            (
                "[plugin]\ncomponent = a.wasm\nverison = '1'\n",
                vec!["2:13 invalid TOML: string values must be quoted", "3:1 unknown key `plugin.verison`"],
            ),
            (
                "[plugin]\ncomponent = \nid = \n[limits]\nmemroy = ''\n",
                vec![
                    "2:13 invalid TOML: string values must be quoted",
                    "3:6 invalid TOML: string values must be quoted",
                    "5:1 unknown key `limits.memroy`",
                ],
            ),
            (
                "[plugin]\ncomponent = 'a.wasm'\n[exports]\ntext:lint/rule@1.0.0 = {}\n",
                vec!["4:5 invalid TOML: invalid unquoted key"],
            ),
            (
                "[plugin\ncomponent = 'a.wasm'\n[limit]\n",
                vec!["1:8 invalid TOML: unclosed table", "3:2 unknown key `limit`"],
            ),
            (
                "[plugin]\ncomponent = 'a.wasm'\ncomponent = 'b.wasm'\n[plugin]\nx = 1",
                vec![
                    "3:1 invalid TOML: duplicate key",
                    "4:2 invalid TOML: duplicate key",
                    "5:1 unknown key `plugin.x`",
                ],
            ),
            ("[plugin]\ncomponent = 'a.wasm\nid = 'a'\n", vec!["2:20 invalid TOML: invalid literal string"]),
            (
                "[plugin]\ncomponent = '\'\'a.wasm\nid = 'a'\n",
                vec!["4:1 invalid TOML: invalid multi-line literal string"],
            ),
            (
                "[plugin]\ncomponent = 'a.wasm'\n[wasi]\nargs = [\n 'a'\n[limits]\nx = 1\n",
                vec![
                    "6:1 invalid TOML: missing comma between array elements",
                    "7:1 invalid TOML: missing comma between array elements",
                ],
            ),
            (
                "[plugin]\ncomponent = 'a.wasm'\nenabled = TRUE\n[limits]\nfuel = 01\n",
                vec!["3:11 invalid TOML: invalid boolean", "5:8 invalid TOML: unexpected leading zero"],
            ),
            ("\0", vec!["1:1 invalid TOML: invalid unquoted key"]),
            ("hello", vec!["1:6 invalid TOML: key with no value"]),
            ("{}", vec!["1:1 invalid TOML: invalid key-value pair"]),
        ] {
            assert_eq!(manifest(text).1, expected, "{text}");
        }
    }

    /// Texts made of pieces that mean something to TOML, in every order that a small generator comes to.
    #[test]
    fn no_text_makes_the_reader_panic() {
        const PIECES: [&str; 40] = [
            "[plugin]\n",
            "[[plugin]]\n",
            "[exports]\n",
            "[imports.run]\n",
            "[limits]\n",
            "[wasi]\n",
            "[[wasi.dirs]]\n",
            "[config]\n",
            "[bind.a]\n",
            "[plugins.a]\n",
            "[",
            "]",
            "{",
            "}",
            "=",
            ".",
            ",",
            "'",
            "\"",
            "\n",
            "\r\n",
            "\r",
            "\0",
            "\u{feff}",
            "é",
            "#",
            "component = 'a'\n",
            "id = ",
            "plugin",
            "run",
            "1979-05-27T07:32:00Z",
            "0x_f",
            "+1",
            "inf",
            "memory = '1 MiB'\n",
            "timeout",
            "restart = { max = 1, within",
            "args = ['a', ",
            "\\u12",
            "true",
        ];
        let mut state = 1_u64;
        for _ in 0..2_000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(PIECES[usize::try_from(state >> 33).unwrap_or_default() % PIECES.len()]);
            }
            let mut sources = Sources::default();
            let file = sources.add("a.toml", text.as_str());
            for diagnostic in parse_manifest(file, &text, "a").1.iter().chain(&parse_app(file, &text).1) {
                render(diagnostic, &sources, Style::Plain);
                assert!(!diagnostic.message.contains(['\n', '\r', '\0']), "{diagnostic:?}");
            }
        }
    }

    #[test]
    fn deep_nesting_is_an_error() {
        for text in
            ["[".repeat(100_000), format!("x = {}", "[".repeat(100_000)), "{a=".repeat(50_000), "a.".repeat(50_000)]
        {
            assert!(!manifest(&text).1.is_empty());
            assert!(!manifest(&format!("[plugin]\nid = {text}")).1.is_empty());
        }
    }
}
