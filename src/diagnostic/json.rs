use serde_json::{Value, json};

use super::{Diagnostic, Sources};
use crate::foreign::page;

/// The diagnostics as the JSON array that `plugweave check --format json` prints.
///
/// Notes follow the message, each on a line of its own, because the array's form has no field for them.
pub fn to_json(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    diagnostics.iter().map(|diagnostic| one_to_json(diagnostic, sources)).collect()
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
                "text": page(&label.text),
            })
        })
        .collect();
    let message: Vec<_> =
        std::iter::once(&diagnostic.message).chain(&diagnostic.notes).map(|text| page(text)).collect();
    json!({
        "code": diagnostic.code.as_str(),
        "severity": diagnostic.severity,
        "message": message.join("\n"),
        "labels": labels,
        "help": page(&diagnostic.help),
    })
}
