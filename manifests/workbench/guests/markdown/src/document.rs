//! A document: its lines, and everything that was found in them.

use std::collections::BTreeSet;

use crate::anchor::Anchors;
use crate::block::{self, Block, BlockKind, Blocks, CodeBlock, Kind, Line};
use crate::inline::{self, Inline, LinkKind, Target};

/// A heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    pub level: u8,
    /// The text as a reader sees it.
    pub text: String,
    /// The fragment that leads to it.
    pub anchor: String,
    pub line: u32,
    pub column: u32,
}

/// A link, an image or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub kind: LinkKind,
    /// The text as a reader sees it; what an image shows when it is missing.
    pub text: String,
    pub target: Target,
    pub line: u32,
    pub column: u32,
}

/// A Markdown document, read.
#[derive(Debug, Default)]
pub struct Document<'a> {
    pub lines: Vec<Line<'a>>,
    pub headings: Vec<Heading>,
    pub links: Vec<Link>,
    pub code: Vec<CodeBlock>,
    pub paragraphs: u32,
    pub tables: u32,
    /// Words of the prose.
    pub words: u32,
    ids: BTreeSet<String>,
    definitions: Vec<(String, &'a str)>,
}

impl<'a> Document<'a> {
    /// Reads a document. Any text is one.
    pub fn read(source: &'a str) -> Self {
        let Blocks { lines, blocks, code, .. } = Blocks::read(source);
        let mut document = Document { lines, code, ..Document::default() };
        document.read_definitions();
        let mut anchors = Anchors::default();
        for block in &blocks {
            document.read_block(block, &mut anchors);
        }
        document.drop_mere_brackets();
        document
    }

    /// The fragments that lead somewhere in this document.
    pub fn anchors(&self) -> BTreeSet<&str> {
        let headings = self.headings.iter().map(|heading| &*heading.anchor);
        headings.chain(self.ids.iter().map(String::as_str)).collect()
    }

    /// Where a label's definition leads to.
    pub fn definition(&self, label: &str) -> Option<&'a str> {
        let label = normal(label);
        self.definitions.iter().find(|(defined, _)| *defined == label).map(|(_, target)| *target)
    }

    fn read_definitions(&mut self) {
        let definitions = self.lines.iter().filter(|line| line.kind == Kind::Definition);
        self.definitions = definitions
            .filter_map(|line| block::definition(line.content()))
            .map(|(label, target)| (normal(label), target))
            .collect();
    }

    fn read_block(&mut self, block: &Block, anchors: &mut Anchors) {
        let text = self.text_of(block);
        let inline = inline::read(&text);
        self.words += words(&inline.plain);
        match block.kind {
            BlockKind::Paragraph => self.paragraphs += 1,
            BlockKind::Table => self.tables += 1,
            BlockKind::Heading(level) => self.add_heading(level, block, &inline, anchors),
        }
        for link in inline.links {
            let (line, column) = self.position(block, link.offset);
            self.links.push(Link { kind: link.kind, text: link.text, target: link.target, line, column });
        }
        self.ids.extend(inline.ids);
    }

    fn add_heading(&mut self, level: u8, block: &Block, inline: &Inline, anchors: &mut Anchors) {
        let text = inline.plain.split_whitespace().collect::<Vec<_>>().join(" ");
        let first = &self.lines[block.first];
        let (line, column) = (first.number, column(first.text, first.content));
        // Not the joined text: GitHub keeps the gap that a dropped image leaves.
        let anchor = anchors.next(&inline.plain);
        self.headings.push(Heading { level, text, anchor, line, column });
    }

    /// The block's content, line by line.
    fn text_of(&self, block: &Block) -> String {
        let pieces: Vec<_> = self.lines[block.first..=block.last].iter().map(piece).collect();
        pieces.join("\n")
    }

    /// Line and column of a place in the block's text.
    fn position(&self, block: &Block, mut offset: usize) -> (u32, u32) {
        for line in &self.lines[block.first..=block.last] {
            let piece = piece(line);
            if offset <= piece.len() {
                let start = line.text.len() - line.text[line.content..].len() + line.content().find(piece).unwrap_or(0);
                return (line.number, column(line.text, start + offset));
            }
            offset -= piece.len() + 1;
        }
        (self.lines[block.last].number, 1)
    }

    /// Brackets around a label that nobody defines are just brackets.
    fn drop_mere_brackets(&mut self) {
        let links = std::mem::take(&mut self.links);
        self.links = links
            .into_iter()
            .filter(|link| match &link.target {
                Target::Shortcut(label) => self.definition(label).is_some(),
                Target::To(_) | Target::Label(_) => true,
            })
            .collect();
    }
}

/// What a line brings to the text of its block.
fn piece<'a>(line: &Line<'a>) -> &'a str {
    let content = line.content();
    match line.kind {
        Kind::Heading(_) if block::atx_level(content).is_some() => block::atx_text(content),
        _ => content,
    }
}

/// The column of a byte offset, in characters from 1.
fn column(text: &str, offset: usize) -> u32 {
    text[..offset].chars().count() as u32 + 1
}

/// Words with at least one letter or digit.
fn words(plain: &str) -> u32 {
    plain.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count() as u32
}

/// Labels match without regard to case and spacing.
fn normal(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_have_texts_anchors_and_places() {
        let document = Document::read("# The `x` ##\n\nTwo\nlines\n---\n\n# The x");
        let found: Vec<_> = document.headings.iter().map(|h| (h.level, &*h.text, &*h.anchor, h.line)).collect();
        assert_eq!(found, [(1, "The x", "the-x", 1), (2, "Two lines", "twolines", 3), (1, "The x", "the-x-1", 7)]);
        assert!(document.anchors().contains("the-x-1"));
    }

    #[test]
    fn links_know_their_place() {
        let document = Document::read("> - é [a](b)\n>   next [c](d)\n\n## see [e](f) ##");
        let places: Vec<_> = document.links.iter().map(|link| (link.line, link.column)).collect();
        assert_eq!(places, [(1, 7), (2, 10), (4, 8)]);
    }

    #[test]
    fn shortcuts_need_a_definition() {
        let document = Document::read("[one] and [two]\n\n[ONE]: target");
        assert_eq!(document.links.len(), 1);
        assert_eq!(document.definition("One"), Some("target"));
    }

    #[test]
    fn words_are_those_of_the_prose() {
        let document = Document::read("# A title\n\nSome *words* - [here](there.md).\n\n```\nnot these\n```\n");
        assert_eq!((document.words, document.paragraphs), (5, 1));
    }

    #[test]
    fn identifiers_of_tags_are_anchors() {
        assert!(Document::read("<h1 id=\"top\">x</h1>").anchors().contains("top"));
    }

    #[test]
    fn any_text_is_a_document() {
        for text in [
            "",
            "\n",
            "---",
            "```",
            "<!--",
            "\t- \t>",
            "|\n|-|",
            "#",
            "- - -\n===",
            ">\n>",
            "1.\n\n   ===",
            "\u{feff}#",
        ] {
            Document::read(text);
        }
    }
}
