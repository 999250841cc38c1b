//! From the reader's view of a document to that of the interface.

use markdown::Document as Read;

use crate::Document;
use crate::workbench::markdown::types::{CodeBlock, Heading, Line, LineKind, Link, LinkKind, Target};

/// Reads a text. Any text is a document.
pub fn document(text: String) -> Document {
    let read = Read::read(&text);
    let mut links: Vec<_> = read.links.iter().map(|found| link(&read, found)).collect();
    links.sort_by_key(|link| (link.line, link.column));
    Document {
        lines: read.lines.iter().map(line).collect(),
        headings: read.headings.iter().map(heading).collect(),
        links,
        code: read.code.iter().map(|block| code_block(&read, block)).collect(),
        anchors: read.anchors().into_iter().map(str::to_string).collect(),
        text,
    }
}

fn line(line: &markdown::Line) -> Line {
    use markdown::Kind;
    let kind = match line.kind {
        Kind::Blank => LineKind::Blank,
        Kind::Text => LineKind::Text,
        Kind::Heading(_) => LineKind::Heading,
        Kind::Underline => LineKind::Underline,
        Kind::Break => LineKind::Break,
        Kind::Fence => LineKind::Fence,
        Kind::Code => LineKind::Code,
        Kind::Table => LineKind::Table,
        Kind::Comment => LineKind::Comment,
        Kind::FrontMatter => LineKind::FrontMatter,
        Kind::Definition => LineKind::Definition,
    };
    Line { number: line.number, text: line.text.to_string(), kind, content: line.content as u32 }
}

fn heading(heading: &markdown::Heading) -> Heading {
    let markdown::Heading { level, text, anchor, line, column } = heading.clone();
    Heading { level, text, anchor, line, column }
}

fn link(document: &Read, link: &markdown::Link) -> Link {
    let kind = match link.kind {
        markdown::LinkKind::Link => LinkKind::Link,
        markdown::LinkKind::Image => LinkKind::Image,
        markdown::LinkKind::Address => LinkKind::Address,
    };
    let target = match &link.target {
        markdown::Target::To(target) => Target::To(target.clone()),
        markdown::Target::Label(label) | markdown::Target::Shortcut(label) => match document.definition(label) {
            Some(target) => Target::To(target.to_string()),
            None => Target::Undefined(label.clone()),
        },
    };
    Link { kind, text: link.text.clone(), target, line: link.line, column: link.column }
}

fn code_block(document: &Read, block: &markdown::CodeBlock) -> CodeBlock {
    let column = document.lines.get(block.line as usize - 1).map_or(1, markdown::Line::column);
    let markdown::CodeBlock { line, language, lines, fenced, closed } = block.clone();
    CodeBlock { line, column, language, lines, fenced, closed }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Document {
        document(text.to_string())
    }

    #[test]
    fn labels_are_looked_up() {
        let targets: Vec<_> = read("[a][x] [b][y]\n\n[x]: there\n").links.into_iter().map(|link| link.target).collect();
        assert!(matches!(&targets[..], [Target::To(to), Target::Undefined(label)] if to == "there" && label == "y"));
    }

    #[test]
    fn links_are_listed_from_top_to_bottom() {
        let columns: Vec<_> = read("[![](a.png)](b) ![](c)\n").links.iter().map(|link| link.column).collect();
        assert_eq!(columns, [1, 2, 17]);
    }

    #[test]
    fn code_begins_where_its_fence_does() {
        let read = read("- a\n\n  ```text\n  x\n  ```\n");
        assert_eq!(read.code.iter().map(|block| (block.line, block.column)).collect::<Vec<_>>(), [(3, 3)]);
    }

    #[test]
    fn anchors_are_those_of_headings_and_tags() {
        assert_eq!(read("# A b\n\n<a id=\"c\"></a>x\n").anchors, ["a-b", "c"]);
    }

    #[test]
    fn the_text_and_its_lines_are_kept() {
        let read = read("> é\n\nb");
        let lines: Vec<_> = read.lines.iter().map(|line| (line.number, &*line.text, line.content)).collect();
        assert_eq!((&*read.text, &lines[..]), ("> é\n\nb", &[(1, "> é", 2), (2, "", 0), (3, "b", 0)][..]));
    }
}
