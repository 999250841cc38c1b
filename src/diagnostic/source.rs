use std::sync::OnceLock;

/// A file that diagnostics can point into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(usize);

/// A range of bytes in a file.
pub type Span = std::ops::Range<usize>;

/// A value together with the place in its file that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value and its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A place in a file, as people count: from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// The texts of the files of one app, under their paths relative to the app's folder.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

#[derive(Debug, Clone)]
struct Source {
    path: String,
    text: String,
    is_quoted: bool,
    /// Where its lines begin, so that many places can be told of a long file. Most files have none to tell.
    lines: OnceLock<Vec<usize>>,
    /// How many characters there are before every so many bytes, so that columns can be told of a long line.
    characters: OnceLock<Vec<usize>>,
}

/// Bytes between two counts of characters.
const STRIDE: usize = 1024;

impl Source {
    fn lines(&self) -> &[usize] {
        let newlines = || self.text.match_indices('\n').map(|(newline, _)| newline + 1);
        self.lines.get_or_init(|| std::iter::once(0).chain(newlines()).collect())
    }

    /// How many characters begin before a byte.
    fn characters_before(&self, offset: usize) -> usize {
        let begins = |bytes: &[u8]| bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count();
        let count = |before: &mut usize, stride: &[u8]| {
            let here = *before;
            *before += begins(stride);
            Some(here)
        };
        let bytes = self.text.as_bytes();
        let counts = self.characters.get_or_init(|| bytes.chunks(STRIDE).scan(0, count).collect());
        let stride = offset / STRIDE;
        let before = counts.get(stride).copied().unwrap_or_else(|| begins(bytes));
        before + begins(bytes.get(stride * STRIDE..offset).unwrap_or_default())
    }
}

impl Sources {
    /// Adds a file and returns its id.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        self.push(path.into(), text.into(), true)
    }

    /// Adds a file whose lines are not to be shown: places in it are told by their numbers only.
    pub fn add_unquoted(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        self.push(path.into(), text.into(), false)
    }

    fn push(&mut self, path: String, text: String, is_quoted: bool) -> FileId {
        self.files.push(Source { path, text, is_quoted, lines: OnceLock::new(), characters: OnceLock::new() });
        FileId(self.files.len() - 1)
    }

    /// Whether lines of a file may be shown.
    pub(super) fn is_quoted(&self, file: FileId) -> bool {
        self.files[file.0].is_quoted
    }

    /// The path of a file, relative to the app's folder, with `/` between its parts.
    pub fn path(&self, file: FileId) -> &str {
        &self.files[file.0].path
    }

    /// The text of a file.
    pub fn text(&self, file: FileId) -> &str {
        &self.files[file.0].text
    }

    /// Line and column of a byte offset. An offset past the end is the end.
    pub fn position(&self, file: FileId, offset: usize) -> Position {
        let text = self.text(file);
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let (line, start) = self.line(file, offset);
        let source = &self.files[file.0];
        Position { line, column: source.characters_before(offset) - source.characters_before(start) + 1 }
    }

    /// The line that a byte is on, counted from 1, and where it begins.
    fn line(&self, file: FileId, offset: usize) -> (usize, usize) {
        let lines = self.files[file.0].lines();
        let line = lines.partition_point(|start| *start <= offset);
        (line, lines[line - 1])
    }

    /// The lines that a span is on: the number of the first, counted from 1, and their bytes.
    pub(super) fn lines(&self, file: FileId, span: &Span) -> (usize, Span) {
        let (text, lines) = (self.text(file), self.files[file.0].lines());
        let (line, start) = self.line(file, span.start);
        let (last, _) = self.line(file, span.end);
        (line, start..lines.get(last).copied().unwrap_or(text.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let mut sources = Sources::default();
        let file = sources.add("a.toml", "é = 1\nüü = 2\n");
        let at = |needle: &str| sources.position(file, sources.text(file).find(needle).unwrap());
        assert_eq!(at("é"), Position { line: 1, column: 1 });
        assert_eq!(at("= 1"), Position { line: 1, column: 3 });
        assert_eq!(at("= 2"), Position { line: 2, column: 4 });
        assert_eq!(sources.position(file, 999), Position { line: 3, column: 1 });
    }

    #[test]
    fn columns_of_a_long_line_are_the_same_as_counted() {
        let text = format!("x\n{}", "aé€😀".repeat(1_000));
        let mut sources = Sources::default();
        let file = sources.add("a.toml", text.as_str());
        for (column, (offset, _)) in text[2..].char_indices().enumerate() {
            assert_eq!(sources.position(file, offset + 2), Position { line: 2, column: column + 1 });
        }
        assert_eq!(sources.position(file, usize::MAX), Position { line: 2, column: 4_001 });
    }
}
