//! How much stands side by side in the text of a component, counted before it is parsed.
//!
//! The parser puts what an import or export says in passing into a definition before it, and moves all that follows
//! for each: 60,000 imports, in 1.5 MB, took it a minute.

/// So many items may stand in one component or instance of a text. A binary may have more.
pub(super) const MAX_ITEMS: usize = 20_000;

/// What holds such items.
const HOLDERS: [&[u8]; 2] = [b"component", b"instance"];

/// Whether a component or instance of the text holds more than [`MAX_ITEMS`]. Text that is no WebAssembly has any
/// answer.
pub(super) fn has_too_many_items(text: &[u8]) -> bool {
    // The lists that are open: for those that hold items, how many they have.
    let mut open: Vec<Option<usize>> = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let rest = &text[at..];
        at += match byte {
            b'"' => string(rest),
            b';' if rest.starts_with(b";;") => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
            b'(' if rest.starts_with(b"(;") => comment(rest),
            b'(' => {
                if let Some(Some(items)) = open.last_mut() {
                    *items += 1;
                    if *items > MAX_ITEMS {
                        return true;
                    }
                }
                let head = rest[1..].trim_ascii_start();
                open.push(HOLDERS.iter().any(|holder| head.starts_with(holder)).then_some(0));
                1
            }
            b')' => {
                open.pop();
                1
            }
            _ => 1,
        };
    }
    false
}

/// The length of a string with its quotes.
fn string(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// The length of a block comment with those in it.
fn comment(text: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < text.len() {
        let step = &text[at..];
        if step.starts_with(b"(;") {
            (at, depth) = (at + 2, depth + 1);
        } else if step.starts_with(b";)") {
            (at, depth) = (at + 2, depth - 1);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn too_many(before: &str, item: &str, times: usize) -> bool {
        has_too_many_items(format!("{before}{})", item.repeat(times)).as_bytes())
    }

    #[test]
    fn items_of_one_component_are_counted() {
        for holder in ["(component", "(; (; ) ;) \" ;)( component $c", "(component (instance $i", "(component ;; \"\n"]
        {
            assert!(!too_many(holder, "(import \"\\\")(\" (func))", MAX_ITEMS - 1), "{holder}");
            assert!(too_many(holder, "(import \"\\\")(\" (func))", MAX_ITEMS + 1), "{holder}");
        }
        assert!(!too_many("(component (core module", "(func)", MAX_ITEMS + 1));
        assert!(!too_many("(module", "(func)", MAX_ITEMS + 1));
        assert!(!too_many("(component", "(; (func) ;)", MAX_ITEMS + 1));
    }

    #[test]
    fn broken_text_has_an_end() {
        for text in ["(component \"\\", "(component (; (;", ")))(", "(component ;;", "("] {
            assert!(!has_too_many_items(text.as_bytes()));
        }
    }
}
