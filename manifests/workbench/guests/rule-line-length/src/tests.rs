use markdown::{Document, Kind};

use super::{Line, LineKind, check_configured, limit};

/// The lines of a text, as the store tells them, as far as this rule sees a difference.
fn lines(text: &str) -> Vec<Line> {
    let kind = |kind| match kind {
        Kind::Text => LineKind::Text,
        Kind::Code => LineKind::Code,
        Kind::Fence => LineKind::Fence,
        Kind::Table => LineKind::Table,
        Kind::Definition => LineKind::Definition,
        _ => LineKind::Comment,
    };
    let line = |line: &markdown::Line| Line {
        number: line.number,
        text: line.text.to_string(),
        kind: kind(line.kind),
        content: line.content as u32,
    };
    Document::read(text).lines.iter().map(line).collect()
}

fn check(text: &str, max: usize) -> Vec<super::Issue> {
    super::check(&lines(text), max)
}

#[test]
fn characters_count_not_bytes() {
    assert!(check("éééé\n", 4).is_empty());
    let issues = check("ok\nééééé\n", 4);
    assert_eq!((issues[0].line, issues[0].column, &*issues[0].message), (2, 5, "5 characters, 4 are allowed"));
}

#[test]
fn what_cannot_be_shorter_is_left_alone() {
    let text = "```text\nlong code\n```\n\n- https://a.test/long\n\n|head|er|\n|----|--|\n\n[a]: https://a.test\n";
    assert!(check(text, 8).is_empty());
}

#[test]
fn the_limit_is_configured() {
    assert_eq!(limit(None), Ok(100));
    assert_eq!(limit(Some(" 80 ")), Ok(80));
    assert!(limit(Some("0")).is_err());
    assert!(limit(Some("wide")).is_err());
}

#[test]
fn a_bad_limit_is_told_and_the_default_used() {
    let issues = check_configured(&lines(&"x".repeat(101)), Ok(Some("wide".into())));
    let rules: Vec<_> = issues.iter().map(|issue| &*issue.rule).collect();
    assert_eq!(rules, ["configuration", "line-length"]);
    assert_eq!(check_configured(&[], Err("gone".into())).len(), 1);
}
