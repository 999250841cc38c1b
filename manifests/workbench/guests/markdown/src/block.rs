//! From lines to blocks: what each line is, and which lines belong together.

use crate::container::{self, Start};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Blank,
    /// Prose: a line of a paragraph, in a list or not.
    Text,
    /// A line of a heading's text, with the heading's level.
    Heading(u8),
    /// The line under a setext heading.
    Underline,
    /// A thematic break.
    Break,
    /// The first or last line of a fenced code block.
    Fence,
    /// A line within a code block, fenced or indented.
    Code,
    Table,
    /// A line of an HTML comment that stands alone.
    Comment,
    /// A line of the front matter, its marks included.
    FrontMatter,
    /// The definition of a link reference.
    Definition,
}

/// A line of the document.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// From 1.
    pub number: u32,
    pub text: &'a str,
    pub kind: Kind,
    /// Byte offset of the content, after quote marks, list markers and indentation.
    pub content: usize,
}

impl<'a> Line<'a> {
    /// The line without quote marks, list markers and the white space around it.
    pub fn content(&self) -> &'a str {
        self.text[self.content..].trim_end()
    }

    /// Where the content begins, in characters from 1.
    pub fn column(&self) -> u32 {
        self.text[..self.content].chars().count() as u32 + 1
    }
}

/// A code block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeBlock {
    /// The line that it begins at, from 1: the fence, if there is one.
    pub line: u32,
    /// The first word after the fence, up to a comma; empty when there is none.
    pub language: String,
    /// Lines of code, without the fences.
    pub lines: u32,
    pub fenced: bool,
    /// Whether the closing fence is there.
    pub closed: bool,
}

/// Lines that make one block of text, as indices into the lines.
#[derive(Clone, Debug)]
pub struct Block {
    pub kind: BlockKind,
    pub first: usize,
    /// The last line, included.
    pub last: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    Paragraph,
    Heading(u8),
    Table,
}

/// What must come to an end before a line can be something else.
enum State {
    Between,
    /// A paragraph, with the list depth and quotes that it began in.
    Paragraph {
        depth: usize,
        quotes: usize,
    },
    Table,
    Fence {
        mark: u8,
        length: usize,
    },
    IndentedCode,
    Comment,
    FrontMatter,
}

/// The lines of a document and the blocks that they make.
pub struct Blocks<'a> {
    pub lines: Vec<Line<'a>>,
    pub blocks: Vec<Block>,
    pub code: Vec<CodeBlock>,
    state: State,
    /// The content columns of the list items that are open.
    items: Vec<usize>,
}

impl<'a> Blocks<'a> {
    pub fn read(source: &'a str) -> Self {
        let mut blocks = Blocks {
            lines: Vec::new(),
            blocks: Vec::new(),
            code: Vec::new(),
            state: State::Between,
            items: Vec::new(),
        };
        for text in source.lines() {
            let (kind, content) = blocks.line(text);
            let number = blocks.lines.len() as u32 + 1;
            blocks.lines.push(Line { number, text, kind, content });
        }
        blocks
    }

    /// Reads one line, in whatever the lines before it have begun.
    fn line(&mut self, text: &str) -> (Kind, usize) {
        match self.state {
            State::FrontMatter => self.front_matter(text),
            State::Comment => self.comment(text),
            State::Fence { mark, length } => self.fenced(text, mark, length),
            _ if self.lines.is_empty() && text.trim_end() == "---" => {
                self.state = State::FrontMatter;
                (Kind::FrontMatter, 0)
            }
            _ => self.open(text),
        }
    }

    fn front_matter(&mut self, text: &str) -> (Kind, usize) {
        if matches!(text.trim_end(), "---" | "...") {
            self.state = State::Between;
        }
        (Kind::FrontMatter, 0)
    }

    fn comment(&mut self, text: &str) -> (Kind, usize) {
        if text.contains("-->") {
            self.state = State::Between;
        }
        (Kind::Comment, 0)
    }

    fn fenced(&mut self, text: &str, mark: u8, length: usize) -> (Kind, usize) {
        let start = container::start(text);
        let rest = text[start.offset..].trim_end();
        let closes = rest.len() >= length && rest.bytes().all(|byte| byte == mark);
        let block = self.code.last_mut().expect("a fence has begun a code block");
        if closes {
            block.closed = true;
            self.state = State::Between;
            (Kind::Fence, start.offset)
        } else {
            block.lines += 1;
            (Kind::Code, start.offset)
        }
    }

    /// A line that is in no fence, comment or front matter.
    fn open(&mut self, text: &str) -> (Kind, usize) {
        let start = container::start(text);
        if text[start.offset..].is_empty() {
            if !matches!(self.state, State::IndentedCode) {
                self.state = State::Between;
            }
            return (Kind::Blank, start.offset);
        }
        while self.items.last().is_some_and(|&column| start.indent < column) {
            self.items.pop();
        }
        let indent = start.indent - self.items.last().copied().unwrap_or(0);
        if let Some(kind) = self.underline(&text[start.offset..], indent, start) {
            return (kind, start.offset);
        }
        if indent > 3 && !matches!(self.state, State::Paragraph { .. } | State::Table) {
            return (self.indented_code(), start.offset);
        }
        let offset = self.enter_items(text, start);
        (self.leaf(&text[offset..], start.quotes), offset)
    }

    /// A setext underline, which turns the paragraph above it into a heading.
    fn underline(&mut self, rest: &str, indent: usize, start: Start) -> Option<Kind> {
        let State::Paragraph { depth, quotes } = self.state else { return None };
        let rest = rest.trim_end();
        let level = match rest.bytes().next()? {
            mark @ (b'=' | b'-') if rest.bytes().all(|byte| byte == mark) => 1 + u8::from(mark == b'-'),
            _ => return None,
        };
        if indent > 3 || depth != self.items.len() || quotes != start.quotes {
            return None;
        }
        let block = self.blocks.last_mut().expect("a paragraph has begun a block");
        block.kind = BlockKind::Heading(level);
        for line in &mut self.lines[block.first..=block.last] {
            line.kind = Kind::Heading(level);
        }
        self.state = State::Between;
        Some(Kind::Underline)
    }

    fn indented_code(&mut self) -> Kind {
        if matches!(self.state, State::IndentedCode) {
            // Blank lines between belong to the block.
            let block = self.code.last_mut().expect("an indented line has begun a code block");
            block.lines = self.lines.len() as u32 + 2 - block.line;
        } else {
            self.state = State::IndentedCode;
            let line = self.lines.len() as u32 + 1;
            self.code.push(CodeBlock { line, language: String::new(), lines: 1, fenced: false, closed: true });
        }
        Kind::Code
    }

    /// Opens the list items that begin on this line; returns where the content begins.
    fn enter_items(&mut self, text: &str, start: Start) -> usize {
        let (mut offset, mut column) = (start.offset, start.indent);
        while let Some(marker) = container::list_marker(&text[offset..]).filter(|_| !is_break(&text[offset..])) {
            let (gap, length) = container::indentation(&text[offset + marker..]);
            // More than four columns are indented code within the item.
            let (gap, length) = if gap > 4 { (1, 1) } else { (gap, length) };
            column += marker + gap.max(1);
            offset += marker + length;
            self.items.push(column);
            self.state = State::Between;
        }
        offset
    }

    /// What a line is, by its content.
    fn leaf(&mut self, rest: &str, quotes: usize) -> Kind {
        if is_break(rest) {
            self.state = State::Between;
            return Kind::Break;
        }
        if let Some((mark, length)) = fence(rest) {
            let language = rest[length..].trim_start().split([' ', '\t', ',']).next().unwrap_or_default().to_string();
            let line = self.lines.len() as u32 + 1;
            self.code.push(CodeBlock { line, language, lines: 0, fenced: true, closed: false });
            self.state = State::Fence { mark, length };
            return Kind::Fence;
        }
        if let Some(level) = atx_level(rest) {
            self.state = State::Between;
            self.begin(BlockKind::Heading(level));
            return Kind::Heading(level);
        }
        if let Some(comment) = rest.strip_prefix("<!--") {
            match comment.split_once("-->") {
                None => self.state = State::Comment,
                Some((_, after)) if after.trim().is_empty() => self.state = State::Between,
                Some(_) => return self.text(rest, quotes),
            }
            return Kind::Comment;
        }
        self.text(rest, quotes)
    }

    /// A line of a paragraph, a table, or a definition.
    fn text(&mut self, rest: &str, quotes: usize) -> Kind {
        match self.state {
            State::Table => {
                self.extend();
                Kind::Table
            }
            State::Paragraph { .. } if is_delimiter_row(rest) && self.last_line_has_bar() => {
                self.begin_table();
                Kind::Table
            }
            State::Paragraph { .. } => {
                self.extend();
                Kind::Text
            }
            _ if definition(rest).is_some() => {
                self.state = State::Between;
                Kind::Definition
            }
            _ => {
                self.begin(BlockKind::Paragraph);
                self.state = State::Paragraph { depth: self.items.len(), quotes };
                Kind::Text
            }
        }
    }

    /// Begins a block at the line being read.
    fn begin(&mut self, kind: BlockKind) {
        let at = self.lines.len();
        self.blocks.push(Block { kind, first: at, last: at });
    }

    /// Takes the line being read into the last block.
    fn extend(&mut self) {
        let at = self.lines.len();
        self.blocks.last_mut().expect("a block has begun").last = at;
    }

    fn last_line_has_bar(&self) -> bool {
        self.lines.last().is_some_and(|line| line.content().contains('|'))
    }

    /// Makes a table of the paragraph's last line, its head, and the line being read.
    fn begin_table(&mut self) {
        let head = self.lines.len() - 1;
        let paragraph = self.blocks.last_mut().expect("a paragraph has begun a block");
        if paragraph.first == head {
            self.blocks.pop();
        } else {
            paragraph.last = head - 1;
        }
        self.lines[head].kind = Kind::Table;
        self.blocks.push(Block { kind: BlockKind::Table, first: head, last: head + 1 });
        self.state = State::Table;
    }
}

/// Three or more of `-`, `*` or `_`, and nothing else but spaces.
fn is_break(text: &str) -> bool {
    let mut marks = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let Some(mark @ (b'-' | b'*' | b'_')) = marks.next() else { return false };
    let mut count = 1;
    marks.all(|byte| {
        count += 1;
        byte == mark
    }) && count >= 3
}

/// The mark and the length of the fence that a text begins with.
fn fence(text: &str) -> Option<(u8, usize)> {
    let mark = text.bytes().next().filter(|byte| matches!(byte, b'`' | b'~'))?;
    let length = text.bytes().take_while(|&byte| byte == mark).count();
    let is_inline_code = mark == b'`' && text[length..].contains('`');
    (length >= 3 && !is_inline_code).then_some((mark, length))
}

pub fn atx_level(text: &str) -> Option<u8> {
    let level = text.bytes().take_while(|&byte| byte == b'#').count();
    let rest = &text[level..];
    ((1..=6).contains(&level) && (rest.is_empty() || rest.starts_with([' ', '\t']))).then_some(level as u8)
}

/// The text of an ATX heading: without the marks before it and after it.
pub fn atx_text(content: &str) -> &str {
    let text = content.trim_start_matches('#').trim();
    let bare = text.trim_end_matches('#');
    if bare.is_empty() || bare.ends_with([' ', '\t']) { bare.trim_end() } else { text }
}

/// The line between the head of a table and its body.
fn is_delimiter_row(text: &str) -> bool {
    let text = text.trim();
    text.contains('|')
        && text.trim_matches('|').split('|').all(|cell| {
            let cell = cell.trim();
            let cell = cell.strip_prefix(':').unwrap_or(cell);
            let cell = cell.strip_suffix(':').unwrap_or(cell);
            !cell.is_empty() && cell.bytes().all(|byte| byte == b'-')
        })
}

/// The label and the destination of a link reference definition.
pub fn definition(text: &str) -> Option<(&str, &str)> {
    let (label, rest) = text.strip_prefix('[')?.split_once("]:")?;
    if label.trim().is_empty() || label.starts_with('^') || label.contains(['[', ']']) {
        return None;
    }
    let target = rest.trim().split([' ', '\t']).next().unwrap_or_default();
    let bare = target.strip_prefix('<').and_then(|target| target.strip_suffix('>')).unwrap_or(target);
    (!target.is_empty()).then_some((label, bare))
}

#[cfg(test)]
mod tests;
