//! Code fences that never close, and code blocks that do not say their language.

wit_bindgen::generate!({
    path: ["../../../../wit/plugweave.wit", "../../../../wit/workbench"],
    world: "workbench:markdown/lint-rule",
});

use markdown::{CodeBlock, Document, Line};
use workbench::markdown::types::Issue;

/// The complaints about fences, from top to bottom.
fn check(text: &str) -> Vec<Issue> {
    let document = Document::read(text);
    let fenced = document.code.iter().filter(|block| block.fenced);
    fenced.filter_map(|block| complaint(block, &document.lines)).collect()
}

/// At most one complaint for each block: one that never closes has worse problems than its language.
fn complaint(block: &CodeBlock, lines: &[Line]) -> Option<Issue> {
    let (rule, message) = if !block.closed {
        ("unclosed-fence", "this fence has no closing one: the rest of the document is code")
    } else if block.language.is_empty() {
        ("fence-language", "this code block names no language (\"text\" if it has none)")
    } else {
        return None;
    };
    let line = &lines[block.line as usize - 1];
    let column = line.text[..line.content].chars().count() as u32 + 1;
    Some(Issue { line: block.line, column, rule: rule.to_string(), message: message.to_string() })
}

struct Fences;

impl exports::workbench::markdown::rule::Guest for Fences {
    fn check(document: String) -> Vec<Issue> {
        check(&document)
    }
}

export!(Fences);

#[cfg(test)]
mod tests;
