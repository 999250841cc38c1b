use std::borrow::Cow;
use std::io;

use serde::Serializer as _;
use serde_json::{Value, json};

use super::{Diagnostic, Sources};

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
pub fn write_json(diagnostics: &[Diagnostic], sources: &Sources, to: impl io::Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::pretty(to);
    serializer.collect_seq(diagnostics.iter().map(|diagnostic| one_to_json(diagnostic, sources)))?;
    Ok(())
}

fn one_to_json(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let labels: Vec<Value> = diagnostic
        .labels
        .iter()
        .map(|label| {
            let position = sources.position(label.file, label.span.start);
            json!({
                "file": sources.path(label.file),
                "line": position.line,
                "column": position.column,
                "text": label.text,
            })
        })
        .collect();
    let first = Cow::Borrowed(diagnostic.message.as_str());
    let message: Vec<Cow<'_, str>> = std::iter::once(first).chain(diagnostic.told_notes()).collect();
    json!({
        "code": diagnostic.code.as_str(),
        "severity": diagnostic.severity,
        "message": message.join("\n"),
        "labels": labels,
        "help": diagnostic.help,
    })
}
