use markdown::{Document, Kind};

use super::{Line, LineKind, check};

/// The lines of a text, as the store tells them, as far as this rule sees a difference.
fn lines(text: &str) -> Vec<Line> {
    let kind = |kind| match kind {
        Kind::Blank => LineKind::Blank,
        Kind::Text => LineKind::Text,
        Kind::Code => LineKind::Code,
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

fn found(text: &str) -> Vec<(u32, u32, String)> {
    check(text, &lines(text)).into_iter().map(|issue| (issue.line, issue.column, issue.rule)).collect()
}

#[test]
fn clean_text_passes() {
    assert_eq!(found(""), []);
    assert_eq!(found("# A\r\n\r\ntext\r\n"), []);
}

#[test]
fn trailing_space_is_found_unless_it_breaks_a_line() {
    assert_eq!(found("é \n"), [(1, 2, "trailing-space".into())]);
    assert_eq!(found("one  \ntwo\n"), []);
    assert_eq!(found("one  \n\ntwo\n"), [(1, 4, "trailing-space".into())]);
}

#[test]
fn tabs_are_found_once_a_line() {
    assert_eq!(found("a\tb\tc\n"), [(1, 2, "tab".into())]);
}

#[test]
fn rows_of_blank_lines_are_found_once() {
    assert_eq!(found("a\n\n\n\nb\n\nc\n"), [(3, 1, "blank-lines".into())]);
}

#[test]
fn the_last_line_ends() {
    assert_eq!(found("a"), [(1, 2, "final-newline".into())]);
}

#[test]
fn code_is_left_alone() {
    assert_eq!(found("```make\nall:\t\n\n\n\techo \n```\n"), []);
}
