use super::super::write::table;

/// Longer lists get a line for each element.
const WIDE: usize = 100;

/// The lines of one table, in the order in which they were said. Values are as TOML writes them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Section(Vec<(String, Value)>);

/// What stands behind a key. The keys of a table are as they were said, all else is as TOML writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    One(String),
    List(Vec<String>),
    Table(Vec<(String, String)>),
}

impl Section {
    /// Sets a key; where it is there already, its value is replaced.
    pub(super) fn set(&mut self, key: impl Into<String>, value: String) {
        replace(&mut self.0, key.into(), Value::One(value));
    }

    /// Adds an element to the list under a key.
    pub(super) fn push(&mut self, key: &str, element: String) {
        match self.get_mut(key) {
            Some(Value::List(list)) => list.push(element),
            _ => replace(&mut self.0, key.to_owned(), Value::List(vec![element])),
        }
    }

    /// Sets a key of the table under a key.
    pub(super) fn set_in(&mut self, key: &str, name: String, value: String) {
        match self.get_mut(key) {
            Some(Value::Table(entries)) => replace(entries, name, value),
            _ => replace(&mut self.0, key.to_owned(), Value::Table(vec![(name, value)])),
        }
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Appends the table, unless it is empty.
    pub(super) fn write(&self, header: &str, out: &mut String) {
        if self.0.is_empty() {
            return;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&format!("[{header}]\n"));
        for (written, value) in &self.0 {
            out.push_str(&format!("{written} = {}\n", value.text(written.len())));
        }
    }
}

impl Value {
    /// The value behind a key of a length.
    fn text(&self, key: usize) -> String {
        match self {
            Self::One(value) => value.clone(),
            Self::List(list) => {
                let line = format!("[{}]", list.join(", "));
                if key + " = ".len() + line.chars().count() <= WIDE || list.len() == 1 {
                    return line;
                }
                let lines: String = list.iter().map(|element| format!("    {element},\n")).collect();
                format!("[\n{lines}]")
            }
            Self::Table(entries) => table(entries.iter().map(|(name, value)| (name.as_str(), value.clone()))),
        }
    }
}

fn replace<T>(entries: &mut Vec<(String, T)>, key: String, value: T) {
    match entries.iter_mut().find(|(known, _)| *known == key) {
        Some((_, old)) => *old = value,
        None => entries.push((key, value)),
    }
}
