//! Links that lead nowhere within the document, and images that say nothing.

wit_bindgen::generate!({
    path: ["../../../../wit/plugweave.wit", "../../../../wit/workbench"],
    world: "workbench:markdown/lint-rule",
});

use std::collections::BTreeSet;

use workbench::markdown::documents::Document;
use workbench::markdown::types::{Heading, Issue, Link, LinkKind, Target};

/// The names of what this rule checks.
const CHECKS: [&str; 4] = ["image-text", "undefined-label", "empty-link", "broken-anchor"];

/// What links can lead to within a document.
struct Targets {
    anchors: BTreeSet<String>,
    headings: Vec<Heading>,
}

/// The complaints about links, from top to bottom.
fn check(links: &[Link], targets: &Targets) -> Vec<Issue> {
    links.iter().flat_map(|link| complaints(link, targets)).collect()
}

fn complaints(link: &Link, targets: &Targets) -> Vec<Issue> {
    let no_text = (link.kind == LinkKind::Image && link.text.is_empty())
        .then(|| ("image-text", "this image has no text for those who cannot see it".to_string()));
    let issue = |(rule, message): (&str, String)| Issue {
        line: link.line,
        column: link.column,
        rule: rule.to_string(),
        message,
    };
    no_text.into_iter().chain(lost(link, targets)).map(issue).collect()
}

/// Why a link leads nowhere.
fn lost(link: &Link, targets: &Targets) -> Option<(&'static str, String)> {
    let target = match &link.target {
        Target::To(target) => target,
        Target::Undefined(label) => {
            return Some(("undefined-label", format!("nothing defines the label [{label}]")));
        }
    };
    let Some(anchor) = target.strip_prefix('#') else {
        return target.is_empty().then(|| ("empty-link", "this link has no target".to_string()));
    };
    if anchor.is_empty() {
        return Some(("empty-link", "this link has an empty anchor as its target".to_string()));
    }
    (!targets.anchors.contains(anchor)).then(|| ("broken-anchor", no_anchor(&targets.headings, anchor)))
}

/// Names the anchor that was probably meant.
fn no_anchor(headings: &[Heading], anchor: &str) -> String {
    let bare =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let meant = headings.iter().find(|heading| bare(&heading.anchor) == bare(anchor));
    match meant {
        Some(heading) => format!("no heading has the anchor #{anchor}; \"{}\" has #{}", heading.text, heading.anchor),
        None => format!("no heading has the anchor #{anchor}"),
    }
}

struct Links;

impl exports::workbench::markdown::rule::Guest for Links {
    fn checks() -> Vec<String> {
        CHECKS.map(String::from).into()
    }

    fn check(document: &Document) -> Vec<Issue> {
        let targets = Targets { anchors: document.anchors().into_iter().collect(), headings: document.headings() };
        check(&document.links(), &targets)
    }
}

export!(Links);

#[cfg(test)]
mod tests;
