use std::borrow::Cow;
use std::io;

use serde_json::Value;

use super::{Diagnostic, Sources};
use crate::foreign::{json, page};

/// The diagnostics as the JSON array that `plugweave check --format json` prints.
///
/// Notes follow the message, each on a line of its own, because the array's form has no field for them.
pub fn to_json(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    diagnostics.iter().map(|diagnostic| one_to_json(diagnostic, sources)).collect()
}

/// Writes what [`to_json`] gives, with line breaks, one diagnostic after the other: there may be very many.
///
/// # Errors
/// What writing gives.
pub fn write_json(diagnostics: &[Diagnostic], sources: &Sources, mut to: impl io::Write) -> io::Result<()> {
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        let start = if index == 0 { "[" } else { "," };
        // Outside of strings a line break is one of the form, and strings have none.
        let one = json(&one_to_json(diagnostic, sources)).replace('\n', "\n  ");
        write!(to, "{start}\n  {one}")?;
    }
    to.write_all(if diagnostics.is_empty() { b"[]" } else { b"\n]" })
}

fn one_to_json(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let labels: Vec<Value> = diagnostic
        .labels
        .iter()
        .map(|label| {
            let position = sources.position(label.file, label.span.start);
            serde_json::json!({
                "file": sources.path(label.file),
                "line": position.line,
                "column": position.column,
                "text": page(&label.text),
            })
        })
        .collect();
    let first = Cow::Borrowed(diagnostic.message.as_str());
    let message: Vec<String> =
        std::iter::once(first).chain(diagnostic.told_notes()).map(|text| page(&text).into_owned()).collect();
    serde_json::json!({
        "code": diagnostic.code.as_str(),
        "severity": diagnostic.severity,
        "message": message.join("\n"),
        "labels": labels,
        "help": page(&diagnostic.help),
    })
}
