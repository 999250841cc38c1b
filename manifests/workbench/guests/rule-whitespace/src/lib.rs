//! White space that nobody sees: at the ends of lines, as tabs, in rows of blank lines.

wit_bindgen::generate!({
    path: ["../../../../wit/plugweave.wit", "../../../../wit/workbench"],
    world: "workbench:markdown/lint-rule",
});

use workbench::markdown::documents::Document;
use workbench::markdown::types::{Issue, Line, LineKind};

/// The names of what this rule checks.
const CHECKS: [&str; 4] = ["trailing-space", "tab", "blank-lines", "final-newline"];

/// The complaints about white space, from top to bottom.
fn check(text: &str, lines: &[Line]) -> Vec<Issue> {
    let mut issues = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.kind != LineKind::Code) {
        issues.extend(trailing(line, lines.get(at + 1)));
        issues.extend(tab(line));
        issues.extend(blank_row(lines, at));
    }
    issues.extend(last_newline(text, lines));
    issues
}

fn issue(line: &Line, before: &str, rule: &str, message: String) -> Issue {
    Issue { line: line.number, column: before.chars().count() as u32 + 1, rule: rule.to_string(), message }
}

/// White space at the end; two spaces that break a line of a paragraph are meant.
fn trailing(line: &Line, next: Option<&Line>) -> Option<Issue> {
    let kept = line.text.trim_end();
    let tail = &line.text[kept.len()..];
    let is_hard_break =
        tail == "  " && line.kind == LineKind::Text && next.is_some_and(|next| next.kind == LineKind::Text);
    if tail.is_empty() || is_hard_break {
        return None;
    }
    let count = tail.chars().count();
    Some(issue(line, kept, "trailing-space", format!("{count} trailing white space character(s)")))
}

/// The first tab; those at the end are complained about already.
fn tab(line: &Line) -> Option<Issue> {
    let at = line.text.trim_end().find('\t')?;
    Some(issue(line, &line.text[..at], "tab", "a tab, whose width differs from reader to reader".to_string()))
}

/// The second blank line in a row, once for each row.
fn blank_row(lines: &[Line], at: usize) -> Option<Issue> {
    let is_blank = |at: usize| lines.get(at).is_some_and(|line| line.kind == LineKind::Blank);
    let is_second = at >= 1 && is_blank(at) && is_blank(at - 1) && (at == 1 || !is_blank(at - 2));
    if !is_second {
        return None;
    }
    let count = 1 + lines[at..].iter().take_while(|line| line.kind == LineKind::Blank).count();
    Some(issue(&lines[at], "", "blank-lines", format!("{count} blank lines in a row")))
}

fn last_newline(text: &str, lines: &[Line]) -> Option<Issue> {
    let last = lines.last().filter(|_| !text.ends_with('\n'))?;
    Some(issue(last, &last.text, "final-newline", "the last line does not end with a newline".to_string()))
}

struct Whitespace;

impl exports::workbench::markdown::rule::Guest for Whitespace {
    fn checks() -> Vec<String> {
        CHECKS.map(String::from).into()
    }

    fn check(document: &Document) -> Vec<Issue> {
        check(&document.text(), &document.lines())
    }
}

export!(Whitespace);

#[cfg(test)]
mod tests;
