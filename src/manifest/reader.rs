//! Walking a TOML document by hand, so that every mistake is reported and not just the first.
//!
//! An [`Item`] is a value with the path of its key and its place; its getters report a wrong type
//! and answer `None`. A [`Table`] knows which of its keys were asked for; the others are unknown.

use std::fmt::Write as _;

use toml::de::{DeTable, DeValue};

use super::syntax::{self, Finding};
use crate::diagnostic::{Code, Diagnostic, FileId, Span, Spanned};
use crate::model::PluginId;
pub(super) use crate::words::shown;
use crate::words::{closest, grouped, list};

/// Collects what is wrong with one file.
pub(super) struct Reader {
    /// The file.
    pub(super) file: FileId,
    pub(super) findings: Vec<Finding>,
}

/// Most marks that a file may have: what it is parsed into takes a hundred times their bytes. Ten thousand plugins that
/// are all bound in one `app.toml` need fewer.
const MAX_MARKS: usize = 400_000;

/// Whether a text has more of what divides it than is parsed.
pub(super) fn is_too_intricate(text: &str) -> bool {
    let is_mark = |byte: &&u8| matches!(**byte, b'\n' | b',' | b'=' | b'[' | b'{' | b'.' | b'"' | b'\'' | b'#');
    text.len() > MAX_MARKS && text.as_bytes().iter().filter(is_mark).count() > MAX_MARKS
}

/// What was read of a file.
pub(super) struct Read<T> {
    /// What the walk gave.
    pub(super) value: T,
    /// Every mistake, in the order of the file.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether all of the text was read: it is TOML, and not too intricate. Else it may say more.
    pub(super) is_whole: bool,
}

/// Parses a document, lets `walk` read its root table, and reports the keys that nobody asked for.
pub(super) fn read<T>(file: FileId, text: &str, walk: impl FnOnce(&mut Reader, &mut Table<'_>) -> T) -> Read<T> {
    if is_too_intricate(text) {
        let value =
            walk(&mut Reader { file, findings: Vec::new() }, &mut Table::new(String::new(), 0..0, &DeTable::new()));
        let message =
            format!("the file has more than {} line breaks, commas, quotes and other marks", grouped(MAX_MARKS));
        let diagnostic = Diagnostic::error(Code::Pw001, message).label(file, 0..0, "too much to be read");
        let diagnostic = diagnostic.help("remove what is not needed, or divide it among several files");
        return Read { value, diagnostics: vec![diagnostic], is_whole: false };
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { file, findings: Vec::new() };
    let mut root = Table::new(String::new(), 0..0, document.get_ref());
    let value = walk(&mut reader, &mut root);
    root.finish(&mut reader);
    Read { value, is_whole: errors.is_empty(), diagnostics: syntax::merge(file, text, &errors, reader.findings) }
}

impl Reader {
    /// Reports a problem at `span`.
    pub(super) fn error(
        &mut self,
        span: &Span,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let diagnostic = Diagnostic::error(Code::Pw001, message).label(self.file, span.clone(), label).help(help);
        self.push(diagnostic, span, false);
    }

    /// Reports that something is missing from what stands at `span`.
    pub(super) fn missing(
        &mut self,
        span: &Span,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let diagnostic = Diagnostic::error(Code::Pw001, message).label(self.file, span.clone(), label).help(help);
        self.push(diagnostic, span, true);
    }

    /// Reports a problem that needs more than one label or another code.
    pub(super) fn report(&mut self, diagnostic: Diagnostic, span: &Span) {
        self.push(diagnostic, span, false);
    }

    fn push(&mut self, diagnostic: Diagnostic, span: &Span, missing: bool) {
        self.findings.push(Finding { diagnostic, span: span.clone(), missing });
    }
}

/// A value of the document.
pub(super) struct Item<'a> {
    /// The path of its key, as messages show it: `limits.memory`, `wasi.args[0]`.
    pub(super) path: String,
    /// Its key; empty for an element of an array.
    pub(super) key: &'a str,
    /// Where the key stands; an element of an array has none, so that it is the value's place.
    pub(super) key_span: Span,
    /// Where the value stands.
    pub(super) span: Span,
    value: &'a DeValue<'a>,
}

impl<'a> Item<'a> {
    /// The text, or a report. `example` is a good value as TOML writes it.
    pub(super) fn string(&self, reader: &mut Reader, example: &str) -> Option<&'a str> {
        match self.value {
            DeValue::String(text) => Some(text),
            _ => self.wrong_type(reader, "a string", self.advice(example)),
        }
    }

    /// The truth value, or a report.
    pub(super) fn boolean(&self, reader: &mut Reader) -> Option<bool> {
        match self.value {
            DeValue::Boolean(value) => Some(*value),
            _ => self.wrong_type(reader, "a boolean", self.advice("true")),
        }
    }

    /// The number, or a report.
    pub(super) fn integer(&self, reader: &mut Reader, example: &str) -> Option<i128> {
        let DeValue::Integer(number) = self.value else {
            return self.wrong_type(reader, "an integer", self.advice(example));
        };
        let parsed = i128::from_str_radix(number.as_str(), number.radix()).ok();
        if parsed.is_none() && !self.is_lost() {
            let message = format!("`{}` is out of range", self.path);
            reader.error(&self.span, message, "this number is too large", self.advice(example));
        }
        parsed.filter(|_| !self.is_lost())
    }

    /// The table, or a report that ends with `help`.
    pub(super) fn table(&self, reader: &mut Reader, help: String) -> Option<Table<'a>> {
        match self.value {
            DeValue::Table(table) => Some(Table::new(self.path.clone(), self.header(), table)),
            _ => self.wrong_type(reader, "a table", help),
        }
    }

    /// The elements of the array, or a report.
    pub(super) fn array(&self, reader: &mut Reader, example: &str) -> Option<Vec<Item<'a>>> {
        let DeValue::Array(array) = self.value else {
            return self.wrong_type(reader, "an array", self.advice(example));
        };
        let element = |(index, value): (usize, &'a toml::Spanned<DeValue<'a>>)| Item {
            path: format!("{}[{index}]", self.path),
            key: "",
            key_span: value.span(),
            span: value.span(),
            value: value.get_ref(),
        };
        Some(array.iter().enumerate().map(element).collect())
    }

    /// The id that the keys of tables in tables make, where this is one in the table `outer`. None of the keys is one of
    /// those that mean something.
    pub(super) fn dotted_id(&self, outer: &str, known: &[&str]) -> Option<String> {
        let mut dotted = format!("{outer}.{}", self.key);
        let mut table = self.table_of()?;
        // `[plugins.a.b.c]`: as long as a table holds another one alone.
        while let Some((key, value)) = table.iter().next().filter(|_| table.len() == 1) {
            let key: &str = key.get_ref();
            let DeValue::Table(next) = value.get_ref() else { break };
            if known.contains(&key) {
                break;
            }
            let _ = write!(dotted, ".{key}");
            table = next;
        }
        PluginId::parse(&dotted).is_ok().then_some(dotted)
    }

    fn table_of(&self) -> Option<&'a DeTable<'a>> {
        if let DeValue::Table(table) = self.value { Some(table) } else { None }
    }

    /// Whether this is a string.
    pub(super) fn is_string(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    /// Whether this is a table.
    pub(super) fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    /// Reports that the value has another type than the expected one.
    pub(super) fn wrong_type<T>(&self, reader: &mut Reader, expected: &str, help: String) -> Option<T> {
        if !self.is_lost() {
            let label = format!("expected {expected}, found {}", self.found());
            reader.error(&self.span, format!("wrong type for `{}`", self.path), label, help);
        }
        None
    }

    /// Reports a value of the right type that is not allowed: "`limits.memory` {what}".
    pub(super) fn wrong_value<T>(&self, reader: &mut Reader, what: &str, label: String, help: String) -> Option<T> {
        reader.error(&self.span, format!("`{}` {what}", self.path), label, help);
        None
    }

    /// What to write instead, with a good value as TOML writes it.
    pub(super) fn advice(&self, example: &str) -> String {
        match self.key {
            "" => format!("write a value such as `{example}`"),
            key => format!("write for example `{} = {example}`", key_text(key)),
        }
    }

    /// The place that stands for a whole table: its `[header]`, or its key.
    fn header(&self) -> Span {
        let in_header = self.span.start <= self.key_span.start && self.key_span.end <= self.span.end;
        if in_header { self.span.clone() } else { self.key_span.clone() }
    }

    /// Whether the parser made the value up in place of one that it could not read. It has
    /// reported that already.
    fn is_lost(&self) -> bool {
        self.span.is_empty()
    }

    fn found(&self) -> &'static str {
        match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        }
    }
}

/// A table of the document.
pub(super) struct Table<'a> {
    path: String,
    /// The place that stands for the whole table: its `[header]`, or its key.
    pub(super) header: Span,
    /// What nobody asked for yet, in the order of the file.
    rest: Vec<Item<'a>>,
    /// What was asked for.
    known: Vec<&'static str>,
}

impl<'a> Table<'a> {
    fn new(path: String, header: Span, table: &'a DeTable<'a>) -> Self {
        let mut rest: Vec<Item<'a>> = table
            .iter()
            .map(|(key, value)| Item {
                path: join_path(&path, key.get_ref()),
                key: key.get_ref(),
                key_span: key.span(),
                span: value.span(),
                value: value.get_ref(),
            })
            .collect();
        rest.sort_by_key(|item| item.key_span.start);
        Self { path, header, rest, known: Vec::new() }
    }

    /// The item under a key, where there is one. From now on the key is known.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Item<'a>> {
        self.known.push(key);
        let index = self.rest.iter().position(|item| item.key == key)?;
        Some(self.rest.remove(index))
    }

    /// What `parse` makes of the item under a key, with the place of the value.
    pub(super) fn read<T>(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
        parse: impl FnOnce(&Item<'a>, &mut Reader) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let item = self.take(key)?;
        parse(&item, reader).map(|value| Spanned::new(value, item.span))
    }

    /// Like [`Table::read`], for a key that must be there. `example` is a good value as TOML writes it.
    pub(super) fn require<T>(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
        example: &str,
        parse: impl FnOnce(&Item<'a>, &mut Reader) -> Option<T>,
    ) -> Option<Spanned<T>> {
        if !self.has(key) {
            let message = format!("missing key `{}`", join_path(&self.path, key));
            let (label, help) = (format!("`{key}` is required here"), format!("add `{key} = {example}`"));
            reader.missing(&self.header, message, label, help);
        }
        self.read(reader, key, parse)
    }

    /// Whether a key is there that nobody asked for yet.
    pub(super) fn has(&self, key: &str) -> bool {
        self.rest.iter().any(|item| item.key == key)
    }

    /// Whether there is any key that nobody asked for yet.
    pub(super) fn has_more(&self) -> bool {
        !self.rest.is_empty()
    }

    /// The items under these keys, in their order. The keys are none of this table, and nothing more is said of them.
    pub(super) fn remove(&mut self, keys: &[&str]) -> Vec<Item<'a>> {
        let mut removed: Vec<Item<'a>> = self.rest.extract_if(.., |item| keys.contains(&item.key)).collect();
        removed.sort_by_key(|item| keys.iter().position(|key| *key == item.key));
        removed
    }

    /// The table within this one that a key with dots has made, where the table of `item` has nothing else: the
    /// innermost but one, and the whole key.
    pub(super) fn dotted(&self, item: &Item<'a>) -> Option<(&Item<'a>, String)> {
        let is_only = self.known.iter().all(|known| item.table_of().is_some_and(|table| !table.contains_key(*known)));
        let [inner] = self.rest.as_slice() else { return None };
        inner.dotted_id(item.key, &self.known).filter(|_| is_only).map(|id| (inner, id))
    }

    /// The table under a key, where there is one.
    pub(super) fn section(&mut self, reader: &mut Reader, key: &'static str) -> Option<Table<'a>> {
        let item = self.take(key)?;
        let help = format!("write `[{}]` on a line of its own, and its keys below it", item.path);
        item.table(reader, help)
    }

    /// All items of a table whose keys are free, in the order of the file.
    pub(super) fn items(self) -> Vec<Item<'a>> {
        self.rest
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(&mut self, reader: &mut Reader) {
        for item in std::mem::take(&mut self.rest) {
            let label = match self.path.as_str() {
                "" => "not a table or key of this file".to_owned(),
                path => format!("not a key of `{path}`"),
            };
            let known = format!("known keys: {}", list(self.known.iter().copied()));
            let help = match closest(item.key, self.known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`? {known}"),
                None => known,
            };
            reader.error(&item.key_span, format!("unknown key `{}`", item.path), label, help);
        }
    }
}

/// `plugin` and `id` make `plugin.id`.
fn join_path(path: &str, key: &str) -> String {
    match path {
        "" => key_text(key),
        path => format!("{path}.{}", key_text(key)),
    }
}

/// A key as TOML writes it.
fn key_text(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare { shown(key) } else { format!("\"{}\"", shown(key)) }
}
