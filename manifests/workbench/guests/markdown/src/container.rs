//! What stands before a line's own content: quote marks, list markers, indentation.

/// How far a tab reaches.
const TAB: usize = 4;

/// Where the content of a line begins, once quote marks and indentation are read.
#[derive(Clone, Copy)]
pub struct Start {
    /// Byte offset of the first character that is no indentation.
    pub offset: usize,
    /// Columns of indentation, after the quote marks.
    pub indent: usize,
    /// How many quotes the line is in.
    pub quotes: usize,
}

/// Reads quote marks and indentation.
pub fn start(line: &str) -> Start {
    let mut offset = 0;
    let mut quotes = 0;
    loop {
        let (indent, length) = indentation(&line[offset..]);
        if indent > 3 || !line[offset + length..].starts_with('>') {
            return Start { offset: offset + length, indent, quotes };
        }
        quotes += 1;
        offset += length + 1;
        if line[offset..].starts_with(' ') {
            offset += 1;
        }
    }
}

/// Columns and bytes of the white space that a text begins with.
pub fn indentation(text: &str) -> (usize, usize) {
    let mut columns = 0;
    for (at, c) in text.char_indices() {
        match c {
            ' ' => columns += 1,
            '\t' => columns += TAB - columns % TAB,
            _ => return (columns, at),
        }
    }
    (columns, text.len())
}

/// The length of the list marker that a text begins with, without the space after it.
pub fn list_marker(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let length = match text.as_bytes().get(digits)? {
        b'-' | b'+' | b'*' if digits == 0 => 1,
        b'.' | b')' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    let rest = &text[length..];
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_indentation_are_skipped() {
        let start = start("> >   text");
        assert_eq!((start.offset, start.indent, start.quotes), (6, 2, 2));
    }

    #[test]
    fn list_markers_need_a_space() {
        assert_eq!(list_marker("- a"), Some(1));
        assert_eq!(list_marker("12. a"), Some(3));
        assert_eq!(list_marker("-a"), None);
        assert_eq!(list_marker("1234567890. a"), None);
        assert_eq!(list_marker("*"), Some(1));
    }
}
