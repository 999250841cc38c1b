//! Diagnostics: what is wrong with an app, where, and what to do about it.
//!
//! Finding a problem is kept apart from telling it: stages make [`Diagnostic`] values, `render`
//! turns them into text for people or JSON for machines.
//!
//! ```
//! use plugweave::diagnostic::{Severity, Sources, Style, render_all, to_json};
//! use plugweave::manifest::parse_manifest;
//!
//! let text = "[plugin]\ncomponent = \"words.wasm\"\n\n[export]\n";
//! let mut sources = Sources::default();
//! let file = sources.add("words.toml", text);
//! let (_, problems) = parse_manifest(file, text, "words");
//!
//! let [problem] = &problems[..] else { panic!() };
//! assert_eq!((problem.code.as_str(), problem.severity), ("PW001", Severity::Error));
//! assert_eq!(problem.message, "unknown key `export`");
//! assert_eq!(sources.path(problem.labels[0].file), "words.toml");
//! println!("{}", render_all(&problems, &sources, Style::Plain));
//! assert_eq!(to_json(&problems, &sources)[0]["labels"][0]["line"], 4);
//! ```

mod json;
mod render;
mod source;

use std::borrow::Cow;

use crate::words::{and_more, shortened};

pub use json::{to_json, write_json};
pub use render::{MOST_TOLD, Style, render, render_all, untold};
pub use source::{FileId, Position, Sources, Span, Spanned};

/// The kind of a problem. The codes are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[non_exhaustive]
#[serde(rename_all = "UPPERCASE")]
pub enum Code {
    /// The manifest is not valid TOML, or has an unknown key, a wrong type or a wrong value.
    Pw001,
    /// Two plugins have one id.
    Pw002,
    /// The component is missing, unreadable, not wasm, differs from its hash, or has a world that cannot be expressed.
    Pw003,
    /// The binary imports an interface that the manifest does not list, or a WASI one that the runtime lacks.
    Pw101,
    /// The manifest lists an import that the binary does not have.
    Pw102,
    /// The manifest lists an export that the binary does not have.
    Pw103,
    /// No provider.
    Pw201,
    /// Too many providers.
    Pw202,
    /// A function is missing at the provider, or its type does not fit.
    Pw203,
    /// A reply shape that the cardinality does not allow.
    Pw204,
    /// A resource or type that cannot cross plugins there.
    Pw205,
    /// An import cycle.
    Pw301,
    /// A limit, grant or binding of `app.toml` that is not allowed or names something unknown.
    Pw401,
}

impl Code {
    /// Every code, in ascending order.
    pub const ALL: [Self; 13] = [
        Self::Pw001,
        Self::Pw002,
        Self::Pw003,
        Self::Pw101,
        Self::Pw102,
        Self::Pw103,
        Self::Pw201,
        Self::Pw202,
        Self::Pw203,
        Self::Pw204,
        Self::Pw205,
        Self::Pw301,
        Self::Pw401,
    ];

    /// The code as it is printed: `PW001`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pw001 => "PW001",
            Self::Pw002 => "PW002",
            Self::Pw003 => "PW003",
            Self::Pw101 => "PW101",
            Self::Pw102 => "PW102",
            Self::Pw103 => "PW103",
            Self::Pw201 => "PW201",
            Self::Pw202 => "PW202",
            Self::Pw203 => "PW203",
            Self::Pw204 => "PW204",
            Self::Pw205 => "PW205",
            Self::Pw301 => "PW301",
            Self::Pw401 => "PW401",
        }
    }
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The app cannot be assembled.
    Error,
    /// The app works, but probably not as meant.
    Warning,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// One line, lowercase: what is wrong.
    pub message: String,
    /// Where. The first label is the primary one; others give context, possibly in other files.
    pub labels: Vec<Label>,
    /// How many places more there are, for which there was no room among the labels.
    pub further_places: usize,
    /// Facts that need more room than a label: signatures, paths of a cycle, lists of what was there.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: String,
}

/// A place in a file, and what is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The file.
    pub file: FileId,
    /// The bytes of the file that the label marks.
    pub span: Span,
    /// What is to say.
    pub text: String,
}

impl Diagnostic {
    /// An error of the given kind, without labels and help yet.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: shortened(message.into(), MESSAGE_BYTES),
            labels: Vec::new(),
            further_places: 0,
            notes: Vec::new(),
            help: String::new(),
        }
    }

    /// Adds a label. The first one added is the primary one; of many, the first are kept, and a note counts the rest.
    #[must_use]
    pub fn label(mut self, file: FileId, span: Span, text: impl Into<String>) -> Self {
        if self.labels.len() < LABELS {
            let text = self.fitting(text.into(), LABEL_BYTES);
            self.labels.push(Label { file, span, text });
        } else {
            self.further_places += 1;
        }
        self
    }

    /// Adds a note, of one or more lines.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        let note = self.fitting(note.into(), NOTE_BYTES);
        if !note.is_empty() {
            self.notes.push(note);
        }
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = shortened(help.into(), HELP_BYTES);
        self
    }

    /// The notes, and how many places are told by no label.
    pub(crate) fn told_notes(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let more = and_more(self.labels.len() + self.further_places, self.labels.len(), "place", "places");
        self.notes.iter().map(|note| Cow::Borrowed(note.as_str())).chain(more.map(Cow::Owned))
    }

    /// As much of a text as there is room for.
    fn fitting(&self, text: String, most: usize) -> String {
        let labels: usize = self.labels.iter().map(|label| label.text.len()).sum();
        let notes: usize = self.notes.iter().map(String::len).sum();
        let left = BYTES.saturating_sub(labels + notes);
        if left == 0 { String::new() } else { shortened(text, most.min(left)) }
    }
}

/// Most labels of a diagnostic.
const LABELS: usize = 16;

/// Bytes that the texts of a diagnostic may have: names in a binary may be as long as a file.
const MESSAGE_BYTES: usize = 2 << 10;
const LABEL_BYTES: usize = 1 << 10;
const NOTE_BYTES: usize = 6 << 10;
const HELP_BYTES: usize = 2 << 10;

/// Bytes that all labels and notes of a diagnostic may have together.
const BYTES: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_has_a_bound_whatever_is_put_into_it() {
        let (mut sources, long) = (Sources::default(), "é".repeat(100_000));
        let file = sources.add("a.toml", "x = 1");
        let mut diagnostic = Diagnostic::error(Code::Pw001, long.as_str()).help(long.as_str());
        for _ in 0..3_000 {
            diagnostic = diagnostic.label(file, 0..1, long.as_str()).note(long.as_str());
        }
        assert_eq!((diagnostic.labels.len(), diagnostic.further_places), (LABELS, 3_000 - LABELS));
        assert_eq!(diagnostic.told_notes().last().as_deref(), Some("and 2,984 more places"));
        assert!(to_json(&[diagnostic.clone()], &sources).to_string().len() < 16 << 10);
        assert!(render(&diagnostic, &sources, Style::Plain).len() < 32 << 10);
    }
}
