//! Values as TOML writes them, each on one line.

use std::time::Duration;

use toml_writer::{ToTomlKey, ToTomlValue, TomlKeyBuilder, TomlStringBuilder};

use crate::foreign;

/// A text in quotes, which may also stand as a key.
pub(crate) fn string(text: &str) -> String {
    if let Some(escaped) = foreign::toml(text) {
        return escaped;
    }
    let text = TomlStringBuilder::new(text);
    let plain = text.as_basic_pretty().or_else(|| text.as_literal());
    plain.unwrap_or_else(|| text.as_basic()).to_toml_value()
}

/// A key, in quotes only where it needs them.
pub(super) fn key(text: &str) -> String {
    foreign::toml(text).unwrap_or_else(|| TomlKeyBuilder::new(text).as_default().to_toml_key())
}

/// An inline table of keys and written values.
pub(super) fn table<'a>(entries: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let entries: Vec<String> = entries.into_iter().map(|(name, value)| format!("{} = {value}", key(name))).collect();
    if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
}

/// A time that reads back as the same.
pub(super) fn duration(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// A number of bytes in the largest unit that leaves no remainder.
pub(super) fn size(bytes: u64) -> String {
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let exact = units.into_iter().find(|(_, shift)| bytes > 0 && bytes.is_multiple_of(1 << shift));
    exact.map_or_else(|| format!("{bytes} B"), |(unit, shift)| format!("{} {unit}", bytes >> shift))
}
