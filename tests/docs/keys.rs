//! The tables of keys in the reference of manifests, held against the parser: what it knows, requires
//! and expects is in its messages.

use std::fmt::Write as _;

use plugweave::diagnostic::{Diagnostic, Sources};
use plugweave::manifest::{parse_app, parse_manifest, settle};
use plugweave::model::{Budget, Cardinality, Limits};

use crate::table::{Table, spans};
use crate::{Marked, docs, marked, read, told};

/// A key that no table has, and that is like none.
const UNKNOWN: &str = "zzzzzzzzzzzz";

/// A value of a type that no key takes.
const DATE: &str = "1979-05-27";

/// A table of a manifest or of `app.toml`.
struct KeyTable {
    name: &'static str,
    is_app: bool,
    /// The file, with `KEYS` in the place of the keys.
    file: &'static str,
    /// What stands between two keys.
    between: &'static str,
    /// Good values of the keys that must be there.
    required: &'static [(&'static str, &'static str)],
}

const TABLES: [KeyTable; 11] = [
    of_manifest("manifest", "KEYS", "\n", &[("plugin", "{ component = 'a.wasm' }")]),
    of_manifest("plugin", "[plugin]\nKEYS", "\n", &[("component", "'a.wasm'")]),
    of_manifest("exports", "plugin.component = 'a.wasm'\n[exports]\n'a:b/c@1.0.0' = { KEYS }", ", ", &[]),
    of_manifest(
        "imports",
        "plugin.component = 'a.wasm'\n[imports]\n'a:b/c@1.0.0' = { KEYS }",
        ", ",
        &[("cardinality", "'any'")],
    ),
    of_manifest("limits", "plugin.component = 'a.wasm'\n[limits]\nKEYS", "\n", &[]),
    of_manifest(
        "limits.restart",
        "plugin.component = 'a.wasm'\n[limits]\nrestart = { KEYS }",
        ", ",
        &[("max", "1"), ("within", "'1s'")],
    ),
    of_manifest("wasi", "plugin.component = 'a.wasm'\n[wasi]\nKEYS", "\n", &[]),
    of_manifest(
        "wasi.dirs",
        "plugin.component = 'a.wasm'\n[wasi]\ndirs = [{ KEYS }]",
        ", ",
        &[("host", "'data'"), ("guest", "'/data'"), ("access", "'read'")],
    ),
    of_app("app.toml", "KEYS"),
    of_app("app", "[app]\nKEYS"),
    of_app("plugins.ID", "[plugins.a]\nKEYS"),
];

const fn of_manifest(
    name: &'static str,
    file: &'static str,
    between: &'static str,
    required: &'static [(&'static str, &'static str)],
) -> KeyTable {
    KeyTable { name, is_app: false, file, between, required }
}

const fn of_app(name: &'static str, file: &'static str) -> KeyTable {
    KeyTable { name, is_app: true, file, between: "\n", required: &[] }
}

/// What a file with these keys comes to, as text, and its mistakes.
struct Outcome {
    meaning: String,
    diagnostics: Vec<Diagnostic>,
    told: String,
}

impl KeyTable {
    fn named(name: &str) -> Option<&'static Self> {
        const { &TABLES }.iter().find(|table| table.name == name)
    }

    /// The file with the required keys and this one.
    fn with(&self, key: &str, value: &str) -> Outcome {
        let others = self.required.iter().filter(|(name, _)| *name != key);
        let lines = others.copied().chain([(key, value)]).map(|(key, value)| format!("{key} = {value}"));
        self.read(lines)
    }

    /// The file with the required keys alone.
    fn plain(&self) -> Outcome {
        self.read(self.required.iter().map(|(key, value)| format!("{key} = {value}")))
    }

    fn read(&self, lines: impl Iterator<Item = String>) -> Outcome {
        let text = self.file.replace("KEYS", &lines.collect::<Vec<_>>().join(self.between));
        let mut sources = Sources::default();
        let file = sources.add("a.toml", &text);
        let (meaning, diagnostics) = if self.is_app {
            app_meaning(parse_app(file, &text))
        } else {
            meaning(parse_manifest(file, &text, "a"), &sources)
        };
        let told = told(&diagnostics, &sources);
        Outcome { meaning, diagnostics, told }
    }

    /// What the parser knows, in the order in which it asks.
    fn keys(&self) -> Vec<String> {
        let outcome = self.with(UNKNOWN, "1");
        let unknown = outcome.diagnostics.iter().find(|it| it.message.starts_with("unknown key"));
        let help = &unknown.unwrap_or_else(|| panic!("{}", outcome.told)).help;
        let (_, known) = help.split_once("known keys: ").unwrap_or_else(|| panic!("{help}"));
        spans(known).into_iter().map(str::to_owned).collect()
    }

    /// What the parser misses in an empty table.
    fn missing(&self) -> Vec<String> {
        let outcome = self.read(std::iter::empty());
        let missing = outcome.diagnostics.iter().filter(|it| it.message.starts_with("missing"));
        let name = |it: &Diagnostic| {
            let path = *spans(&it.message).first().unwrap_or(&"");
            path.trim_matches(['[', ']']).rsplit('.').next().unwrap_or(path).to_owned()
        };
        missing.map(name).collect()
    }

    /// The type that the parser expects, in its own words.
    fn expected_type(&self, key: &str) -> Option<String> {
        let outcome = self.with(key, DATE);
        let label = &outcome.diagnostics.iter().find(|it| it.message.starts_with("wrong type"))?.labels[0].text;
        Some(label.strip_prefix("expected ")?.split(", found").next()?.to_owned())
    }

    /// The words that the parser expects, where it takes words only.
    fn expected_words(&self, key: &str) -> Option<Vec<String>> {
        let outcome = self.with(key, &format!("'{UNKNOWN}'"));
        let label = &outcome.diagnostics.first()?.labels[0].text;
        let words = label.strip_prefix("expected one of ")?;
        Some(spans(words).into_iter().map(str::to_owned).collect())
    }

    /// What a key comes to with this value, which may be a text without its quotes.
    fn accepts(&self, key: &str, value: &str) -> Result<String, String> {
        let outcomes = [self.with(key, value), self.with(key, &format!("'{value}'"))];
        let [written, quoted] =
            outcomes.map(|it| if it.diagnostics.is_empty() { Ok(it.meaning) } else { Err(it.told) });
        written.or(quoted)
    }
}

/// A manifest in its settled form, with the default wherever it is silent, and the lines of `[imports]`.
fn meaning(
    (manifest, diagnostics): (Option<plugweave::manifest::Manifest>, Vec<Diagnostic>),
    sources: &Sources,
) -> (String, Vec<Diagnostic>) {
    let mut text = String::new();
    if let Some(manifest) = manifest.filter(|_| diagnostics.is_empty()) {
        let mut settings = settle(&manifest, sources, None).0;
        settings.limits.timeout.get_or_insert(Budget::AtMost(Limits::DEFAULT_TIMEOUT));
        write!(text, "{settings:?}").unwrap();
        for import in &manifest.imports {
            let on_failure = import.on_failure.as_ref().map(|policy| policy.value).unwrap_or_default();
            write!(text, "{on_failure:?} {}", import.late).unwrap();
        }
    }
    (text, diagnostics)
}

fn app_meaning(
    (app, diagnostics): (Option<plugweave::manifest::AppFile>, Vec<Diagnostic>),
) -> (String, Vec<Diagnostic>) {
    (app.map(|app| format!("{:?} {}", app.trust, app.contained.is_some())).unwrap_or_default(), diagnostics)
}

/// The type of the values that a cell of the reference describes, in the words of the parser.
fn documented_type(cell: &str) -> &'static str {
    let begins = |words: &[&str]| words.iter().any(|word| cell.starts_with(word));
    if cell == "table or `\"never\"`" {
        "a table or `\"never\"`"
    } else if begins(&["whole number"]) {
        "an integer"
    } else if begins(&["`true` or `false`"]) {
        "a boolean"
    } else if begins(&["array"]) {
        "an array"
    } else if begins(&["table", "as [`"]) {
        "a table"
    } else {
        "a string"
    }
}

/// What is wrong with a table of keys.
pub fn problem(mark: &Marked<'_>) -> Option<String> {
    let Some(keys) = KeyTable::named(mark.argument) else { return Some("there is no such table".to_owned()) };
    let table = Table::parse(mark.text());
    let [Some(names), Some(values)] = ["key", "value"].map(|name| table.column(name)) else {
        return Some("it has the columns `key` and `value`".to_owned());
    };
    let names: Vec<&str> = names.into_iter().flat_map(spans).collect();
    if names != keys.keys() {
        return Some(format!("the parser knows these keys, in this order: {}", keys.keys().join(", ")));
    }
    let wrong = names.iter().zip(&values).filter_map(|(key, value)| value_problem(keys, key, value));
    let mut wrong: Vec<String> = wrong.collect();
    match table.column("default") {
        Some(defaults) => {
            let required = names.iter().zip(&defaults).filter(|(_, default)| **default == "required");
            if !required.map(|(name, _)| *name).eq(keys.missing()) {
                wrong.push(format!("the parser requires these keys: {:?}", keys.missing()));
            }
            wrong.extend(names.iter().zip(defaults).filter_map(|(key, default)| default_problem(keys, key, default)));
        }
        None if keys.missing().is_empty() => {}
        None => wrong.push(format!("the parser requires these keys: {:?}", keys.missing())),
    }
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

fn value_problem(keys: &KeyTable, key: &str, value: &str) -> Option<String> {
    let Some(expected) = keys.expected_type(key) else { return Some(format!("`{key}` takes a date")) };
    if expected != documented_type(value) {
        return Some(format!("`{key}` takes {expected}"));
    }
    let documented = spans(value);
    if let Some(words) = keys.expected_words(key)
        && (documented.len() != words.len() || !words.iter().all(|word| documented.contains(&word.as_str())))
    {
        return Some(format!("`{key}` takes one of {}", words.join(", ")));
    }
    documented.iter().find_map(|value| keys.accepts(key, value).err())
}

/// A default is told in words, or it is a value that means the same as to say nothing.
fn default_problem(keys: &KeyTable, key: &str, default: &str) -> Option<String> {
    if default.starts_with("the ") || ["none", "required", "unlimited"].contains(&default) {
        return None;
    }
    let Some(value) = spans(default).first().copied() else {
        return Some(format!("the default of `{key}` is neither a value nor told in words"));
    };
    match keys.accepts(key, value) {
        Ok(meaning) if meaning == keys.plain().meaning => None,
        Ok(meaning) => Some(format!("`{value}` is not the default of `{key}`: {meaning}")),
        Err(told) => Some(told),
    }
}

#[test]
fn every_table_of_keys_is_documented_once() {
    let text = docs().into_iter().find(|doc| doc.path == "docs/manifest.md").unwrap();
    let marks = marked(&text, &mut Vec::new());
    let documented: Vec<&str> = marks.iter().filter(|mark| mark.kind == "keys").map(|mark| mark.argument).collect();
    let tables: Vec<&str> =
        TABLES.iter().map(|table| table.name).filter(|name| *name != "manifest" && *name != "app.toml").collect();
    assert_eq!(documented, tables);
}

#[test]
fn every_section_of_a_file_is_documented() {
    let text = read("docs/manifest.md").unwrap();
    let sections = |level: &str, text: &str| {
        let headings =
            text.lines().filter_map(|line| line.strip_prefix(level)?.strip_prefix(" `[")?.strip_suffix("]`"));
        headings.map(|heading| heading.split('.').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (of_plugin, of_app) = text.split_once("\n## `app.toml`").unwrap();
    assert_eq!(sections("##", of_plugin), KeyTable::named("manifest").unwrap().keys());
    assert_eq!(sections("###", of_app), KeyTable::named("app.toml").unwrap().keys());
}

#[test]
fn fuel_is_unlimited_by_default() {
    assert_eq!(Limits::default().fuel, Budget::Unlimited);
}

/// What is wrong with the table of what `app.toml` may narrow.
pub fn narrowing_problem(mark: &Marked<'_>) -> Option<String> {
    let keys = Table::parse(mark.text()).column("key").unwrap_or_default();
    let mut documented: Vec<&str> = keys.into_iter().flat_map(spans).collect();
    let [limits, wasi] = ["limits", "wasi"].map(|name| KeyTable::named(name).unwrap().keys());
    let mut known: Vec<&str> = limits.iter().chain(&wasi).map(String::as_str).collect();
    documented.sort_unstable();
    known.sort_unstable();
    (documented != known).then(|| format!("the limits and grants are {}", known.join(", ")))
}

/// What is wrong with the table of the cardinalities.
pub fn cardinality_problem(mark: &Marked<'_>) -> Option<String> {
    let cell = |fine: bool, code: &str| if fine { "fine".to_owned() } else { code.to_owned() };
    let row = |it: Cardinality| {
        let (none, several) = (cell(it.allows_none(), "PW201"), cell(it.allows_many(), "PW202"));
        format!("| `{it}` | {none} | fine | {several} |\n")
    };
    let rows: String = Cardinality::ALL.map(row).concat();
    (!mark.text().ends_with(&rows)).then(|| format!("the rows are\n{rows}"))
}
