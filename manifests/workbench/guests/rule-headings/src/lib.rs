//! The order of headings: no level is skipped, no two siblings share a name.

wit_bindgen::generate!({
    path: ["../../../../wit/plugweave.wit", "../../../../wit/workbench"],
    world: "workbench:markdown/lint-rule",
});

use workbench::markdown::documents::Document;
use workbench::markdown::types::{Heading, Issue};

/// The names of what this rule checks.
const CHECKS: [&str; 3] = ["empty-heading", "heading-level", "duplicate-heading"];

/// The complaints about headings, from top to bottom.
fn check(headings: &[Heading]) -> Vec<Issue> {
    (0..headings.len()).flat_map(|at| complaints(&headings[..at], &headings[at])).collect()
}

/// The complaints about one heading, given those above it.
fn complaints(above: &[Heading], heading: &Heading) -> Vec<Issue> {
    let found = [
        empty(heading).map(|message| ("empty-heading", message)),
        jump(above, heading).map(|message| ("heading-level", message)),
        duplicate(above, heading).map(|message| ("duplicate-heading", message)),
    ];
    let issue = |(rule, message): (&str, String)| Issue {
        line: heading.line,
        column: heading.column,
        rule: rule.to_string(),
        message,
    };
    found.into_iter().flatten().map(issue).collect()
}

fn empty(heading: &Heading) -> Option<String> {
    heading.text.is_empty().then(|| "this heading has no text".to_string())
}

/// A heading may be at most one level below the one before it.
fn jump(above: &[Heading], heading: &Heading) -> Option<String> {
    let before = above.last()?.level;
    let level = heading.level;
    (level > before + 1).then(|| format!("the level jumps from {before} to {level}"))
}

/// Headings under the same parent have different names.
fn duplicate(above: &[Heading], heading: &Heading) -> Option<String> {
    let siblings = above.iter().rev().take_while(|other| other.level >= heading.level);
    let twin = siblings
        .filter(|other| other.level == heading.level && !heading.text.is_empty())
        .find(|other| other.text == heading.text)?;
    Some(format!("\"{}\" is also the heading of line {}", heading.text, twin.line))
}

struct Headings;

impl exports::workbench::markdown::rule::Guest for Headings {
    fn checks() -> Vec<String> {
        CHECKS.map(String::from).into()
    }

    fn check(document: &Document) -> Vec<Issue> {
        check(&document.headings())
    }
}

export!(Headings);

#[cfg(test)]
mod tests;
