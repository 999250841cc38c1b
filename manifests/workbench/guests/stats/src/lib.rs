//! Counts what a document holds.

wit_bindgen::generate!({
    path: ["../../../../wit/plugweave.wit", "../../../../wit/workbench"],
    world: "workbench:markdown/statistician",
});

use markdown::{CodeBlock, Document, LinkKind};
use workbench::markdown::types::{CodeLanguage, Heading, Statistics};

/// How fast people read, in words a minute.
const PACE: u32 = 200;

/// A document in numbers.
fn measure(text: &str) -> Statistics {
    let document = Document::read(text);
    let images = document.links.iter().filter(|link| link.kind == LinkKind::Image).count();
    let blank = document.lines.iter().filter(|line| line.text.trim().is_empty()).count();
    Statistics {
        bytes: text.len() as u64,
        characters: text.chars().count() as u64,
        lines: document.lines.len() as u32,
        blank_lines: blank as u32,
        words: document.words,
        paragraphs: document.paragraphs,
        code: by_language(&document.code),
        links: (document.links.len() - images) as u32,
        images: images as u32,
        tables: document.tables,
        reading_seconds: (document.words * 60).div_ceil(PACE),
        outline: document.headings.into_iter().map(heading).collect(),
    }
}

fn heading(found: markdown::Heading) -> Heading {
    let markdown::Heading { level, text, anchor, line, column } = found;
    Heading { level, text, anchor, line, column }
}

/// Code blocks summed up by language, in the order of their first block.
fn by_language(blocks: &[CodeBlock]) -> Vec<CodeLanguage> {
    let mut languages: Vec<CodeLanguage> = Vec::new();
    for block in blocks {
        let known = languages.iter().position(|language| language.name == block.language);
        let at = known.unwrap_or_else(|| {
            languages.push(CodeLanguage { name: block.language.clone(), blocks: 0, lines: 0 });
            languages.len() - 1
        });
        languages[at].blocks += 1;
        languages[at].lines += block.lines;
    }
    languages
}

struct Stats;

impl exports::workbench::markdown::stats::Guest for Stats {
    fn measure(document: String) -> Statistics {
        measure(&document)
    }
}

export!(Stats);

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "# Title\n\nSome words, a [link](x) and ![alt](y.png).\n\n\
        ```rust\nfn main() {}\n```\n\n```\nplain\n```\n\n```rust\na\nb\n```\n\na|b\n-|-\n1|2\n";

    #[test]
    fn a_document_is_counted() {
        let statistics = measure(SAMPLE);
        assert_eq!((statistics.lines, statistics.blank_lines), (20, 5));
        assert_eq!((statistics.links, statistics.images, statistics.tables), (1, 1, 1));
        assert_eq!((statistics.paragraphs, statistics.outline.len()), (1, 1));
        let code: Vec<_> = statistics.code.iter().map(|c| (&*c.name, c.blocks, c.lines)).collect();
        assert_eq!(code, [("rust", 2, 3), ("", 1, 1)]);
    }

    #[test]
    fn characters_are_not_bytes() {
        let statistics = measure("é\n");
        assert_eq!((statistics.bytes, statistics.characters), (3, 2));
    }

    #[test]
    fn reading_takes_a_minute_for_200_words() {
        assert_eq!(measure(&"word ".repeat(200)).reading_seconds, 60);
        assert_eq!(measure("").reading_seconds, 0);
    }
}
