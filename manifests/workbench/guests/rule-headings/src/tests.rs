use markdown::Document;

use super::{Heading, check};

/// The headings of a text, as the store tells them.
fn headings(text: &str) -> Vec<Heading> {
    let heading =
        |markdown::Heading { level, text, anchor, line, column }| Heading { level, text, anchor, line, column };
    Document::read(text).headings.into_iter().map(heading).collect()
}

fn found(text: &str) -> Vec<(u32, String)> {
    check(&headings(text)).into_iter().map(|issue| (issue.line, issue.rule)).collect()
}

#[test]
fn a_proper_outline_passes() {
    assert_eq!(found("# A\n## B\n### C\n## D\n"), []);
}

#[test]
fn levels_do_not_jump_down() {
    assert_eq!(found("# A\n### B\n# C\n"), [(2, "heading-level".into())]);
}

#[test]
fn siblings_have_different_names() {
    assert_eq!(found("# A\n## Use\n# B\n## Use\n"), []);
    assert_eq!(found("# A\n## Use\n### x\n## Use\n"), [(4, "duplicate-heading".into())]);
}

#[test]
fn headings_have_texts() {
    assert_eq!(found("#\n"), [(1, "empty-heading".into())]);
}

#[test]
fn comments_in_code_are_no_headings() {
    assert_eq!(found("# A\n```sh\n### not one\n```\n"), []);
}
