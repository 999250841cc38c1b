//! Values of one line: sizes, times, names, hashes.
//!
//! Each function makes of an [`Item`] what its name says, or reports what is wrong with it.

use std::fmt::Display;
use std::time::Duration;

use parse_size::Config;
use semver::Version;

use super::reader::{Item, Reader, shown};
use crate::model::{BadExternName, BadPluginId, ExternName, PluginId};
use crate::words::{closest, list};

/// More digits than any size has; `parse-size` counts on fewer.
const MAX_DIGITS: usize = 20;

/// Longer times are better written as `"never"`, and adding them to the present might overflow. A year
/// is one of 365.25 days, as in the texts that are read.
const MAX_DURATION: Duration = Duration::from_hours(100 * 8766);

/// A text without NUL, which may be empty. `example` is a good value as TOML writes it.
pub(super) fn text(item: &Item<'_>, reader: &mut Reader, example: &str) -> Option<String> {
    let text = item.string(reader, example)?;
    if text.contains('\0') {
        let label = "contains the character NUL".to_owned();
        return item.wrong_value(reader, "must not contain NUL", label, item.advice(example));
    }
    Some(text.to_owned())
}

/// A text without NUL that is not empty.
pub(super) fn filled_text(item: &Item<'_>, reader: &mut Reader, example: &str) -> Option<String> {
    let text = text(item, reader, example)?;
    if text.is_empty() {
        return item.wrong_value(reader, "must not be empty", "empty".to_owned(), item.advice(example));
    }
    Some(text)
}

/// A number of bytes, at least 1: `"64 MiB"`.
pub(super) fn size(item: &Item<'_>, reader: &mut Reader) -> Option<u64> {
    const EXAMPLE: &str = "\"64 MiB\"";
    let text = item.string(reader, EXAMPLE)?;
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let parsed = if digits > MAX_DIGITS { Err(parse_size::Error::PosOverflow) } else { sizes().parse_size(text) };
    let has_unit = text.contains(|c: char| c.is_ascii_alphabetic());
    let reason = match parsed {
        Ok(_) if !has_unit => "expected a number and a unit: `B`, `KiB`, `MiB`, `GiB` or `TiB`",
        Ok(0) => "must be more than nothing",
        Ok(size) => return Some(size),
        Err(parse_size::Error::PosOverflow) => "this is too large",
        Err(_) => "expected a number and a unit: `B`, `KiB`, `MiB`, `GiB` or `TiB`",
    };
    item.wrong_value(reader, "is not a size", reason.to_owned(), item.advice(EXAMPLE))
}

fn sizes() -> Config {
    Config::new().with_binary()
}

/// A time longer than zero: `"5s"`.
pub(super) fn duration(item: &Item<'_>, reader: &mut Reader, example: &str) -> Option<Duration> {
    let text = item.string(reader, example)?;
    let reason = match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => "must be longer than nothing".to_owned(),
        Ok(duration) if duration > MAX_DURATION => "this is longer than 100 years".to_owned(),
        Ok(duration) => return Some(duration),
        // The parser tells only at which byte it expected a number.
        Err(humantime::DurationError::NumberExpected(_)) => {
            "expected a number and a unit: `ms`, `s`, `m`, `h` or `days`".to_owned()
        }
        Err(error) => shown(&error.to_string()),
    };
    item.wrong_value(reader, "is not a duration", reason, item.advice(example))
}

/// A whole number from 1 to the largest of its type.
pub(super) fn positive<T: TryFrom<i128> + Copy + Display>(
    item: &Item<'_>,
    reader: &mut Reader,
    max: T,
    example: &str,
) -> Option<T> {
    let number = item.integer(reader, example)?;
    match T::try_from(number) {
        Ok(value) if number > 0 => Some(value),
        _ => {
            let label = format!("expected a whole number from 1 to {max}");
            item.wrong_value(reader, "is out of range", label, item.advice(example))
        }
    }
}

/// A whole number of 64 bits.
pub(super) fn number(item: &Item<'_>, reader: &mut Reader) -> Option<i64> {
    const EXAMPLE: &str = "10";
    let number = item.integer(reader, EXAMPLE)?;
    match i64::try_from(number) {
        Ok(number) => Some(number),
        Err(_) => {
            let label = format!("expected a whole number from {} to {}", i64::MIN, i64::MAX);
            item.wrong_value(reader, "is out of range", label, item.advice(EXAMPLE))
        }
    }
}

/// One of the given words, as what it means.
pub(super) fn word<T: Copy>(item: &Item<'_>, reader: &mut Reader, words: &[(&str, T)]) -> Option<T> {
    let known = || words.iter().map(|(word, _)| *word);
    let example = format!("\"{}\"", known().next().unwrap_or_default());
    let text = item.string(reader, &example)?;
    match words.iter().find(|(word, _)| *word == text) {
        Some((_, meaning)) => Some(*meaning),
        None => {
            let label = format!("expected one of {}", list(known()));
            let help = closest(text, known())
                .map_or_else(|| item.advice(&example), |meant| format!("did you mean `\"{meant}\"`?"));
            item.wrong_value(reader, &format!("cannot be `{}`", shown(text)), label, help)
        }
    }
}

/// A semantic version: `"1.2.0"`.
pub(super) fn version(item: &Item<'_>, reader: &mut Reader) -> Option<Version> {
    const EXAMPLE: &str = "\"1.2.0\"";
    let text = item.string(reader, EXAMPLE)?;
    match Version::parse(text) {
        Ok(version) => Some(version),
        Err(error) => {
            item.wrong_value(reader, "is not a semantic version", shown(&error.to_string()), item.advice(EXAMPLE))
        }
    }
}

/// A SHA-256 as 64 hexadecimal digits.
pub(super) fn sha256(item: &Item<'_>, reader: &mut Reader) -> Option<[u8; 32]> {
    let text = item.string(reader, "\"9f86d081…\"")?;
    let nibbles: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let bytes =
        nibbles.map(|nibbles| nibbles.chunks(2).map(|pair| pair.iter().fold(0, |byte, n| byte << 4 | n)).collect());
    let hash = bytes.and_then(|bytes: Vec<u8>| bytes.try_into().ok());
    if hash.is_none() || text.len() != 64 {
        let label = format!("expected 64 hexadecimal digits, found {} characters", text.chars().count());
        let help = "write what `sha256sum` prints for the component, digits only".to_owned();
        return item.wrong_value(reader, "is not a SHA-256", label, help);
    }
    hash
}

/// The id of a plugin.
pub(super) fn plugin_id(item: &Item<'_>, reader: &mut Reader) -> Option<PluginId> {
    const EXAMPLE: &str = "\"markdown\"";
    let text = item.string(reader, EXAMPLE)?;
    match PluginId::parse(text) {
        Ok(id) => Some(id),
        Err(error) => item.wrong_value(reader, "is not a plugin id", id_reason(&error), id_help(text)),
    }
}

/// The id of a plugin as a key.
pub(super) fn plugin_id_key(item: &Item<'_>, reader: &mut Reader) -> Option<PluginId> {
    match PluginId::parse(item.key) {
        Ok(id) => Some(id),
        Err(error) => {
            let message = format!("the key `{}` is not a plugin id", item.path);
            reader.error(&item.key_span, message, id_reason(&error), id_help(item.key));
            None
        }
    }
}

/// Why a text is not an id, on one line.
pub(super) fn id_reason(error: &BadPluginId) -> String {
    shown(&error.to_string())
}

/// The rule for ids, and one like `text` that follows it.
pub(super) fn id_help(text: &str) -> String {
    let rule =
        "an id has lowercase letters, digits, `.`, `_` and `-`, begins with a letter or digit, and is not `host`";
    match nearest_id(text) {
        Some(id) => format!("{rule}: `{}`", shown(id.as_str())),
        None => rule.to_owned(),
    }
}

/// The id that a text which is none was probably meant to be.
pub(super) fn nearest_id(text: &str) -> Option<PluginId> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    let letters: String = text.trim().to_ascii_lowercase().chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    PluginId::parse(letters.trim_start_matches(['.', '_', '-'])).ok()
}

/// The name of an import or export, as a value.
pub(super) fn extern_name(item: &Item<'_>, reader: &mut Reader) -> Option<ExternName> {
    const EXAMPLE: &str = "\"text:lint/rule@1.0.0\"";
    let text = item.string(reader, EXAMPLE)?;
    match ExternName::parse(text) {
        Ok(name) => Some(name),
        Err(error) => item.wrong_value(reader, "is not the name of an interface", name_reason(&error), name_help()),
    }
}

/// The name of an import or export, as a key.
pub(super) fn extern_name_key(item: &Item<'_>, reader: &mut Reader) -> Option<ExternName> {
    match ExternName::parse(item.key) {
        Ok(name) => Some(name),
        Err(error) => {
            let message = format!("the key `{}` is not the name of an interface", item.path);
            reader.error(&item.key_span, message, name_reason(&error), name_help());
            None
        }
    }
}

fn name_reason(error: &BadExternName) -> String {
    shown(&error.to_string())
}

fn name_help() -> String {
    "write the name that the component uses, in quotes: `\"text:lint/rule@1.0.0\"`, or `\"run\"` for a bare function"
        .to_owned()
}
