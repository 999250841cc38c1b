//! What `--format json` prints, against the tables of its fields.
//!
//! The outputs are those of the transcripts of the cases, the plans of all apps among the cases and of
//! the sample, and the problems of the others. A table must have every field that occurs, and no other;
//! for each its types, and its values where they are few; and it must say which are not always there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use plugweave::check::check;
use plugweave::diagnostic::to_json;
use plugweave::folder::Folder;
use serde_json::Value;

use crate::table::Table;
use crate::{docs, marked, root};

/// The commands that print JSON.
pub const COMMANDS: [&str; 5] = ["call", "check", "inspect", "plan", "why"];

/// Objects whose keys are not ours but those of a manifest.
const FREE: [&str; 2] = ["plugins[].wasi.env", "plugins[].config"];

/// What is known of a field.
#[derive(Debug, Default)]
struct Field {
    /// The types and, of texts and numbers, the values that it has.
    values: BTreeSet<(&'static str, String)>,
    /// How often it is there.
    times: usize,
    /// How often it is an object.
    times_object: usize,
}

/// Fields by their path: `plugins[].limits.memory`. Elements of arrays end in `[]`, free keys in `.*`.
type Fields = BTreeMap<String, Field>;

/// Takes the fields of an output in. An array of the whole output is not part of the paths.
fn collect(output: &Value, fields: &mut Fields) {
    match output {
        Value::Array(elements) => elements.iter().for_each(|element| collect_value("", element, fields)),
        other => collect_value("", other, fields),
    }
}

fn collect_value(path: &str, value: &Value, fields: &mut Fields) {
    let (ty, text) = match value {
        Value::Null => ("null", String::new()),
        Value::Bool(_) => ("boolean", String::new()),
        Value::Number(number) => ("number", number.to_string()),
        Value::String(text) => ("string", text.clone()),
        Value::Array(_) => ("array", String::new()),
        Value::Object(_) => ("object", String::new()),
    };
    let field = fields.entry(path.to_owned()).or_default();
    field.values.insert((ty, text));
    field.times += 1;
    field.times_object += usize::from(value.is_object());
    match value {
        Value::Array(elements) => {
            elements.iter().for_each(|element| collect_value(&format!("{path}[]"), element, fields));
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = if FREE.contains(&path) { "*" } else { name };
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                collect_value(&path, member, fields);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The folders that may be apps.
fn folders() -> Vec<PathBuf> {
    fn add(folder: PathBuf, found: &mut Vec<PathBuf>) {
        let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let inner: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        found.push(folder);
        inner.into_iter().for_each(|folder| add(folder, found));
    }
    let mut found = Vec::new();
    add(root().join("manifests/workbench"), &mut found);
    add(root().join("tests/cases"), &mut found);
    found
}

/// The JSON that commands print according to the transcripts, with the name of the command.
fn of_transcript(text: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for step in format!("\n{text}").split("\n$ plugweave ").skip(1) {
        let (command, rest) = step.split_once('\n').unwrap_or((step, ""));
        let printed: String = rest.lines().filter(|line| !line.starts_with(['#', '!', '?'])).collect();
        let name = command.split_whitespace().next().unwrap_or_default();
        if command.contains("--format json") && !printed.is_empty() {
            found.push((name.to_owned(), serde_json::from_str(&printed).unwrap()));
        }
    }
    found
}

/// Everything that commands print, by command.
fn outputs() -> BTreeMap<String, Fields> {
    let mut outputs: BTreeMap<String, Fields> = BTreeMap::new();
    let mut add = |command: &str, output: &Value| collect(output, outputs.entry(command.to_owned()).or_default());
    for folder in folders() {
        if let Ok(checked) = check(&Folder::new(&folder)) {
            add("check", &to_json(&checked.diagnostics, &checked.sources));
            checked.plan.iter().for_each(|plan| add("plan", &plan.to_json()));
        }
        let transcript = fs::read_to_string(folder.join("transcript.txt")).unwrap_or_default();
        of_transcript(&transcript).iter().for_each(|(command, output)| add(command, output));
    }
    outputs
}

/// The types of a field in the words of the documentation: `array of strings`.
fn types(path: &str, fields: &Fields) -> BTreeSet<String> {
    let elements = ["[]", ".*"].map(|end| fields.get(&format!("{path}{end}")));
    let of = |ty: &str| {
        let inner = elements.into_iter().flatten().flat_map(|field| &field.values);
        let mut inner: Vec<&str> = inner.map(|(ty, _)| *ty).collect();
        inner.dedup();
        if inner.is_empty() { ty.to_owned() } else { format!("{ty} of {}s", inner.join("s or ")) }
    };
    let name = |ty: &str| if ["array", "object"].contains(&ty) { of(ty) } else { ty.to_owned() };
    fields[path].values.iter().map(|(ty, _)| name(ty)).collect()
}

/// Whether a field is missing from some of the objects that it belongs to.
fn is_missing_somewhere(path: &str, fields: &Fields) -> bool {
    let object = path.rsplit_once('.').map_or("", |(object, _)| object);
    fields[path].times < fields[object].times_object
}

/// What is wrong with what a table says of a field: its types, or values in code spans.
fn field_problem(path: &str, documented: &str, fields: &Fields) -> Option<String> {
    let tokens: Vec<&str> = documented.split(" or ").flat_map(|part| part.split(", ")).collect();
    let (values, names): (Vec<&str>, Vec<&str>) = tokens.into_iter().partition(|token| token.starts_with('`'));
    let values: BTreeSet<&str> = values.into_iter().map(|value| value.trim_matches('`')).collect();
    let found = &fields[path].values;
    let by_value = |ty: &str| found.iter().any(|(of, value)| *of == ty && values.contains(value.as_str()));
    let mut types = types(path, fields);
    types.retain(|ty| !by_value(ty) || names.contains(&ty.as_str()));
    if !types.iter().eq(names.iter().copied().map(str::to_owned).collect::<BTreeSet<_>>().iter()) {
        return Some(format!("`{path}` is {types:?}"));
    }
    if let Some(value) = values.iter().find(|value| !found.iter().any(|(_, found)| found == **value)) {
        return Some(format!("no case has `{value}` in `{path}`"));
    }
    let other =
        found.iter().find(|(ty, value)| by_value(ty) && !names.contains(ty) && !values.contains(value.as_str()));
    other.map(|(_, value)| format!("`{path}` may also be `{value}`"))
}

/// What is wrong with a table of fields.
fn problems(text: &str, fields: &Fields) -> Vec<String> {
    let table = Table::parse(text);
    let [Some(paths), Some(types), Some(meanings)] = ["field", "type", "what it is"].map(|name| table.column(name))
    else {
        return vec!["the columns are `field`, `type` and `what it is`".to_owned()];
    };
    let paths: Vec<&str> = paths.into_iter().map(|path| path.trim_matches('`')).collect();
    let is_field = |path: &&str| !path.is_empty() && !path.ends_with("[]") && !path.ends_with(".*");
    let known: BTreeSet<&str> = fields.keys().map(String::as_str).filter(is_field).collect();
    let documented: BTreeSet<&str> = paths.iter().copied().collect();
    let missing = known.difference(&documented).map(|path| format!("`{path}` is not documented"));
    let mut wrong: Vec<String> = missing.collect();
    for ((path, ty), meaning) in paths.into_iter().zip(types).zip(meanings) {
        if !known.contains(path) {
            wrong.push(format!("no case has `{path}`"));
            continue;
        }
        wrong.extend(field_problem(path, ty, fields));
        let (is_missing, is_told) = (is_missing_somewhere(path, fields), meaning.starts_with("only "));
        if is_missing != is_told {
            wrong.push(format!("`{path}` is {}always there", if is_missing { "not " } else { "" }));
        }
    }
    wrong
}

#[test]
fn every_field_is_documented() {
    let outputs = outputs();
    let mut tables = Vec::new();
    let mut wrong = Vec::new();
    for doc in docs() {
        for mark in marked(&doc, &mut Vec::new()).into_iter().filter(|mark| mark.kind == "json") {
            tables.push(mark.argument.to_owned());
            match outputs.get(mark.argument) {
                Some(fields) => wrong.extend(problems(mark.text(), fields).iter().map(|problem| mark.tell(problem))),
                None => wrong.push(mark.tell("no case shows it")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    tables.sort();
    assert_eq!(tables, COMMANDS, "each command has one table");
    assert!(outputs.keys().eq(&tables), "{:?}", outputs.keys());
}
