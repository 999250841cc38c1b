//! Lines that are longer than the limit: `max` in the `[config]` of the manifest.

wit_bindgen::generate!({
    path: ["../../../../wit/plugweave.wit", "../../../../wit/workbench"],
    world: "workbench:markdown/configurable-lint-rule",
    generate_all,
});

use workbench::markdown::documents::Document;
use workbench::markdown::types::{Issue, Line, LineKind};

/// The names of what this rule checks.
const CHECKS: [&str; 2] = ["line-length", "configuration"];

/// The limit when the configuration has none, in characters.
const DEFAULT: usize = 100;

/// The lines that are too long, from top to bottom.
fn check(lines: &[Line], max: usize) -> Vec<Issue> {
    lines.iter().filter(|line| counts(line)).filter_map(|line| too_long(line, max)).collect()
}

/// Whether a line could be shorter: those of code, tables and single addresses cannot.
fn counts(line: &Line) -> bool {
    match line.kind {
        LineKind::Code | LineKind::Fence | LineKind::Table | LineKind::Definition => false,
        LineKind::Text => !is_one_address(line.text.get(line.content as usize..).unwrap_or_default().trim_end()),
        _ => true,
    }
}

fn is_one_address(content: &str) -> bool {
    content.contains("://") && !content.contains(char::is_whitespace)
}

fn too_long(line: &Line, max: usize) -> Option<Issue> {
    let length = line.text.chars().count();
    (length > max).then(|| Issue {
        line: line.number,
        column: max as u32 + 1,
        rule: "line-length".to_string(),
        message: format!("{length} characters, {max} are allowed"),
    })
}

/// The limit out of the configured text.
fn limit(configured: Option<&str>) -> Result<usize, String> {
    let Some(text) = configured else { return Ok(DEFAULT) };
    match text.trim().parse() {
        Ok(max) if (1..=u32::MAX as usize - 1).contains(&max) => Ok(max),
        _ => Err(format!("max = {text:?} in the configuration is no length; {DEFAULT} is used")),
    }
}

/// Checks with whatever is configured; a bad configuration is an issue of its own.
fn check_configured(lines: &[Line], configured: Result<Option<String>, String>) -> Vec<Issue> {
    match configured.and_then(|value| limit(value.as_deref())) {
        Ok(max) => check(lines, max),
        Err(message) => {
            let complaint = Issue { line: 1, column: 1, rule: "configuration".to_string(), message };
            std::iter::once(complaint).chain(check(lines, DEFAULT)).collect()
        }
    }
}

/// The configured text, if there is one.
fn configured() -> Result<Option<String>, String> {
    use wasi::config::store::{Error, get};
    get("max").map_err(|error| match error {
        Error::Upstream(message) | Error::Io(message) => format!("the configuration cannot be read: {message}"),
    })
}

struct LineLength;

impl exports::workbench::markdown::rule::Guest for LineLength {
    fn checks() -> Vec<String> {
        CHECKS.map(String::from).into()
    }

    fn check(document: &Document) -> Vec<Issue> {
        check_configured(&document.lines(), configured())
    }
}

export!(LineLength);

#[cfg(test)]
mod tests;
