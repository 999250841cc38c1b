use markdown::Document;

use super::{Heading, Issue, Link, LinkKind, Target, Targets};

/// What the rule says of a text, whose links and headings are given to it as the store tells them.
fn check(text: &str) -> Vec<Issue> {
    let document = Document::read(text);
    let heading =
        |markdown::Heading { level, text, anchor, line, column }| Heading { level, text, anchor, line, column };
    let target = |target| match target {
        markdown::Target::To(target) => Target::To(target),
        markdown::Target::Label(label) | markdown::Target::Shortcut(label) => match document.definition(&label) {
            Some(target) => Target::To(target.to_string()),
            None => Target::Undefined(label),
        },
    };
    let link = |link: &markdown::Link| Link {
        kind: if link.kind == markdown::LinkKind::Image { LinkKind::Image } else { LinkKind::Link },
        text: link.text.clone(),
        target: target(link.target.clone()),
        line: link.line,
        column: link.column,
    };
    let links: Vec<_> = document.links.iter().map(link).collect();
    let targets = Targets {
        anchors: document.anchors().into_iter().map(str::to_string).collect(),
        headings: document.headings.iter().cloned().map(heading).collect(),
    };
    super::check(&links, &targets)
}

fn found(text: &str) -> Vec<(u32, u32, String)> {
    check(text).into_iter().map(|issue| (issue.line, issue.column, issue.rule)).collect()
}

#[test]
fn links_that_lead_somewhere_pass() {
    assert_eq!(found("# A b\n[x](#a-b) [y](file.md#z) <https://a.test> ![z](z.png) [q][r]\n\n[r]: #a-b\n"), []);
}

#[test]
fn targets_are_asked_for() {
    assert_eq!(found("[x]() [y](#)\n"), [(1, 1, "empty-link".into()), (1, 7, "empty-link".into())]);
}

#[test]
fn anchors_must_exist() {
    assert_eq!(found("# A\n\n- [x](#b)\n"), [(3, 3, "broken-anchor".into())]);
    assert_eq!(found("<a id=\"b\"></a>[x](#b)\n"), []);
}

#[test]
fn the_anchor_that_was_meant_is_named() {
    let issues = check("# Getting started\n[x](#GettingStarted)\n");
    assert!(issues[0].message.ends_with("\"Getting started\" has #getting-started"), "{}", issues[0].message);
}

#[test]
fn labels_are_defined() {
    assert_eq!(found("[x][y] and [z]\n"), [(1, 1, "undefined-label".into())]);
}

#[test]
fn images_have_texts() {
    assert_eq!(found("[![](a.png)](b)\n"), [(1, 2, "image-text".into())]);
}
