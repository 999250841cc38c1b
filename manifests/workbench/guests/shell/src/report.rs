//! The report as text.

use crate::workbench::markdown::types::{Heading, Issue, Role, Statistics, Verdict};

/// Decorates a part of the report.
pub type Dress<'a> = &'a dyn Fn(Role, &str) -> String;

/// The name of a document: its first heading.
pub fn title(statistics: &Statistics) -> String {
    let named = statistics.outline.iter().find(|heading| !heading.text.is_empty());
    named.map_or_else(|| "(no title)".to_string(), |heading| heading.text.clone())
}

/// The whole report.
pub fn body(statistics: &Statistics, verdicts: &[Verdict], dress: Dress) -> String {
    let sections = [
        dress(Role::Title, &title(statistics)) + "\n",
        section("Statistics", &numbers(statistics), dress),
        section("Outline", &outline(&statistics.outline), dress),
        section("Lint", &lint(verdicts, dress), dress),
    ];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Whether every rule has answered and none has complained.
pub fn is_clean(verdicts: &[Verdict]) -> bool {
    verdicts.iter().all(|verdict| verdict.outcome.as_ref().is_ok_and(Vec::is_empty))
}

/// A section, or nothing when there is nothing in it.
fn section(name: &str, lines: &[String], dress: Dress) -> String {
    if lines.is_empty() {
        return String::new();
    }
    format!("{}\n{}\n", dress(Role::Section, name), lines.join("\n"))
}

fn numbers(statistics: &Statistics) -> Vec<String> {
    let mut lines = vec![
        format!(
            "{} in {}, {} to read",
            count(statistics.words.into(), "word"),
            count(statistics.paragraphs.into(), "paragraph"),
            duration(statistics.reading_seconds)
        ),
        format!(
            "{} ({} blank), {}, {}",
            count(statistics.lines.into(), "line"),
            grouped(statistics.blank_lines.into()),
            count(statistics.characters, "character"),
            count(statistics.bytes, "byte")
        ),
        format!(
            "{}, {}, {}, {}",
            count(statistics.outline.len() as u64, "heading"),
            count(statistics.links.into(), "link"),
            count(statistics.images.into(), "image"),
            count(statistics.tables.into(), "table")
        ),
    ];
    lines.extend(statistics.code.iter().map(|language| {
        let name = if language.name.is_empty() { "in no named language" } else { &language.name };
        let (blocks, code) = (count(language.blocks.into(), "block"), count(language.lines.into(), "line"));
        format!("code: {name}, {blocks} with {code}")
    }));
    lines.iter().map(|line| format!("  {line}")).collect()
}

/// The headings, indented by level, with their lines.
fn outline(headings: &[Heading]) -> Vec<String> {
    let width = headings.last().map_or(0, |heading| heading.line.to_string().len());
    let line = |heading: &Heading| {
        let indent = "  ".repeat(usize::from(heading.level).saturating_sub(1));
        format!("  {:>width$}  {indent}{}", heading.line, heading.text)
    };
    headings.iter().map(|heading| line(heading).trim_end().to_string()).collect()
}

fn lint(verdicts: &[Verdict], dress: Dress) -> Vec<String> {
    verdicts.iter().flat_map(|verdict| lint_of(verdict, dress)).collect()
}

/// What one plugin says: its conclusion, then its issues.
fn lint_of(verdict: &Verdict, dress: Dress) -> Vec<String> {
    let (role, conclusion, issues) = match &verdict.outcome {
        Ok(issues) if issues.is_empty() => (Role::Good, "no issues".to_string(), &[][..]),
        Ok(issues) => (Role::Bad, count(issues.len() as u64, "issue"), &issues[..]),
        Err(message) => (Role::Bad, format!("no answer: {message}"), &[][..]),
    };
    let conclusion = dress(role, &format!("{}: {conclusion}", verdict.plugin));
    std::iter::once(conclusion).chain(issue_lines(issues)).collect()
}

/// One line for each issue, in columns.
fn issue_lines(issues: &[Issue]) -> Vec<String> {
    let places: Vec<_> = issues.iter().map(|issue| format!("{}:{}", issue.line, issue.column)).collect();
    let place_width = places.iter().map(String::len).max().unwrap_or(0);
    let rule_width = issues.iter().map(|issue| issue.rule.chars().count()).max().unwrap_or(0);
    let line = |(issue, place): (&Issue, &String)| {
        format!("    {place:<place_width$}  {:<rule_width$}  {}", issue.rule, issue.message)
    };
    issues.iter().zip(&places).map(line).collect()
}

/// "1 word", "2 words".
fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whole minutes, rounded up, but seconds below one.
fn duration(seconds: u32) -> String {
    match seconds {
        0..60 => count(seconds.into(), "second"),
        _ => count(seconds.div_ceil(60).into(), "minute"),
    }
}

#[cfg(test)]
mod tests;
