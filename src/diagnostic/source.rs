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
    /// Where its lines begin, so that many places can be told of a long file.
    lines: Vec<usize>,
}

impl Sources {
    /// Adds a file and returns its id.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let (path, text) = (path.into(), text.into());
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(newline, _)| newline + 1)).collect();
        self.files.push(Source { path, text, lines });
        FileId(self.files.len() - 1)
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
        Position { line, column: text[start..offset].chars().count() + 1 }
    }

    /// The line that a byte is on, counted from 1, and where it begins.
    fn line(&self, file: FileId, offset: usize) -> (usize, usize) {
        let lines = &self.files[file.0].lines;
        let line = lines.partition_point(|start| *start <= offset);
        (line, lines[line - 1])
    }

    /// The lines that a span is on: the number of the first, counted from 1, and their bytes.
    pub(super) fn lines(&self, file: FileId, span: &Span) -> (usize, Span) {
        let Source { text, lines, .. } = &self.files[file.0];
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
}
