//! Links that lead nowhere within the document, and images that say nothing.

wit_bindgen::generate!({
    path: ["../../../../wit/plugweave.wit", "../../../../wit/workbench"],
    world: "workbench:markdown/lint-rule",
});

use markdown::{Document, Link, LinkKind, Target};
use workbench::markdown::types::Issue;

/// The complaints about links, from top to bottom.
fn check(text: &str) -> Vec<Issue> {
    let document = Document::read(text);
    let mut issues: Vec<_> = document.links.iter().flat_map(|link| complaints(&document, link)).collect();
    issues.sort_by_key(|issue| (issue.line, issue.column));
    issues
}

fn complaints(document: &Document, link: &Link) -> Vec<Issue> {
    let no_text = (link.kind == LinkKind::Image && link.text.is_empty())
        .then(|| ("image-text", "this image has no text for those who cannot see it".to_string()));
    let issue = |(rule, message): (&str, String)| Issue {
        line: link.line,
        column: link.column,
        rule: rule.to_string(),
        message,
    };
    no_text.into_iter().chain(lost(document, link)).map(issue).collect()
}

/// Why a link leads nowhere.
fn lost(document: &Document, link: &Link) -> Option<(&'static str, String)> {
    let target = match &link.target {
        Target::To(target) => target,
        Target::Label(label) | Target::Shortcut(label) => match document.definition(label) {
            Some(target) => target,
            None => return Some(("undefined-label", format!("nothing defines the label [{label}]"))),
        },
    };
    let Some(anchor) = target.strip_prefix('#') else {
        return target.is_empty().then(|| ("empty-link", "this link has no target".to_string()));
    };
    if anchor.is_empty() {
        return Some(("empty-link", "this link has an empty anchor as its target".to_string()));
    }
    (!document.has_anchor(anchor)).then(|| ("broken-anchor", no_anchor(document, anchor)))
}

/// Names the anchor that was probably meant.
fn no_anchor(document: &Document, anchor: &str) -> String {
    let bare =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let meant = document.headings.iter().find(|heading| bare(&heading.anchor) == bare(anchor));
    match meant {
        Some(heading) => format!("no heading has the anchor #{anchor}; \"{}\" has #{}", heading.text, heading.anchor),
        None => format!("no heading has the anchor #{anchor}"),
    }
}

struct Links;

impl exports::workbench::markdown::rule::Guest for Links {
    fn check(document: String) -> Vec<Issue> {
        check(&document)
    }
}

export!(Links);

#[cfg(test)]
mod tests;
