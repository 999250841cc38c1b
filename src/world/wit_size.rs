//! How much WIT text declares, counted before it is parsed.
//!
//! The parser keeps two kilobytes for a function or type of ten bytes, in all the forms that it goes through.

use super::{WitSource, WorldError};

/// Items that the WIT of one plugin may have, its dependencies included: functions, types, interfaces and the like. All
/// of WASI 0.2 has a tenth.
pub(super) const MAX_ITEMS: usize = 12_500;

/// Bytes that it may have. Long names are kept a dozen times.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// So many smaller things cost as much as an item: fields, cases, parameters, arguments of types, comments.
const SMALL: usize = 8;

/// From so many items on no other is read meanwhile.
const LARGE: usize = 500;

/// Refuses WIT that declares too much; else answers whether it is large.
pub(super) fn is_large(source: &WitSource) -> Result<bool, WorldError> {
    let texts = source.main.iter().chain(source.deps.iter().flatten());
    if texts.clone().map(|(_, text)| text.len()).sum::<usize>() > MAX_BYTES {
        return Err(WorldError::Wit(format!("it has more bytes than the limit of {MAX_BYTES} (1 MiB)")));
    }
    let items = texts.map(|(_, text)| items(text)).sum::<usize>();
    if items > MAX_ITEMS {
        return Err(WorldError::Wit(format!(
            "it has more than {MAX_ITEMS} items: functions, types, interfaces and worlds, each with what is in it"
        )));
    }
    Ok(items > LARGE)
}

fn items(text: &str) -> usize {
    let (mut items, mut small) = (0, 0);
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b';' | b'{' => items += 1,
            b',' | b'<' | b'(' | b':' | b'@' => small += 1,
            b'/' => {
                small += 1;
                // A block comment is counted as if it were none.
                if behind.first() == Some(&b'/') {
                    let end = behind.iter().position(|byte| *byte == b'\n').unwrap_or(behind.len());
                    rest = &behind[end..];
                }
            }
            _ => {}
        }
    }
    items + small / SMALL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_counted_and_comments_are_not() {
        assert_eq!(items("package a:b; // one; two; {{{\ninterface i { f: func(); type t = u8; }"), 4);
        assert_eq!(items(&format!("flags f {{ {} }}", "x, ".repeat(80))), 11);
        assert_eq!(items(&"/// ;;;\n".repeat(80)), 10);
        assert_eq!(items("//"), 0);
    }

    #[test]
    fn too_much_is_refused() {
        let source = |items: usize| WitSource::from("type t = u8;".repeat(items));
        assert_eq!(is_large(&source(LARGE)), Ok(false));
        assert_eq!(is_large(&source(MAX_ITEMS)), Ok(true));
        assert!(matches!(is_large(&source(MAX_ITEMS + 1)), Err(WorldError::Wit(told)) if told.contains("12500")));
    }
}
