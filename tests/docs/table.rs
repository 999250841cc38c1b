//! Tables of Markdown.

/// A table: what its columns are called, and its rows.
pub struct Table<'a> {
    header: Vec<&'a str>,
    rows: Vec<Vec<&'a str>>,
}

impl<'a> Table<'a> {
    /// Reads the rows of a table, that of the header and the line below it first.
    pub fn parse(text: &'a str) -> Self {
        let cells = |row: &'a str| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
        let mut rows = text.lines();
        let header = rows.next().map(cells).unwrap_or_default();
        Self { header, rows: rows.skip(1).map(cells).collect() }
    }

    /// The cells of a column, from the top; nothing where there is no such column.
    pub fn column(&self, name: &str) -> Option<Vec<&'a str>> {
        let index = self.header.iter().position(|header| *header == name)?;
        Some(self.rows.iter().map(|row| row.get(index).copied().unwrap_or_default()).collect())
    }
}

/// The code spans of a text, those in links left out.
pub fn spans(text: &str) -> Vec<&str> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '[']) {
        let behind = &rest[at + 1..];
        let end = if rest[at..].starts_with('`') {
            behind.split_once('`').map(|(span, rest)| {
                spans.push(span);
                rest
            })
        } else {
            behind.split_once("](").and_then(|(_, rest)| rest.split_once(')')).map(|(_, rest)| rest)
        };
        rest = end.unwrap_or_default();
    }
    spans
}
