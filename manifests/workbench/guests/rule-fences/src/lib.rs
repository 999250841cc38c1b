//! Code fences that never close, and code blocks that do not say their language.

wit_bindgen::generate!({
    path: ["../../../../wit/plugweave.wit", "../../../../wit/workbench"],
    world: "workbench:markdown/lint-rule",
});

use workbench::markdown::documents::Document;
use workbench::markdown::types::{CodeBlock, Issue};

/// The names of what this rule checks.
const CHECKS: [&str; 2] = ["unclosed-fence", "fence-language"];

/// The complaints about fences, from top to bottom.
fn check(code: &[CodeBlock]) -> Vec<Issue> {
    code.iter().filter(|block| block.fenced).filter_map(complaint).collect()
}

/// At most one complaint for each block: one that never closes has worse problems than its language.
fn complaint(block: &CodeBlock) -> Option<Issue> {
    let (rule, message) = if !block.closed {
        ("unclosed-fence", "this fence has no closing one: the rest of the document is code")
    } else if block.language.is_empty() {
        ("fence-language", "this code block names no language (\"text\" if it has none)")
    } else {
        return None;
    };
    Some(Issue { line: block.line, column: block.column, rule: rule.to_string(), message: message.to_string() })
}

struct Fences;

impl exports::workbench::markdown::rule::Guest for Fences {
    fn checks() -> Vec<String> {
        CHECKS.map(String::from).into()
    }

    fn check(document: &Document) -> Vec<Issue> {
        check(&document.code())
    }
}

export!(Fences);

#[cfg(test)]
mod tests;
