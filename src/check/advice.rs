use crate::files::ReadError;

use super::BinaryError;

/// What to do about a binary that cannot be read.
pub(super) fn unreadable_binary(written: &str, reason: &ReadError) -> String {
    match reason {
        ReadError::TooLarge { .. } => BinaryError::TOO_LARGE.to_owned(),
        ReadError::Outside => "put the file into the app's folder, or remove `contained` from `app.toml`".to_owned(),
        ReadError::Other(_) => misread(written).unwrap_or_else(|| {
            "build the component, or correct the path, which is relative to the manifest".to_owned()
        }),
    }
}

/// What to do about WIT that cannot be read.
pub(super) fn unreadable_wit(written: &str) -> String {
    misread(written).unwrap_or_else(|| "correct the path, which is relative to the manifest".to_owned())
}

/// A path as Windows writes it, of which TOML may have read the backslashes.
fn misread(written: &str) -> Option<String> {
    if written.contains(char::is_control) {
        return Some(
            "in `\"…\"` a backslash begins an escape, such as `\\n`; write `/` between the parts of a path".to_owned(),
        );
    }
    // Windows takes both, and every other system such a name as that of one file.
    let has_backslash = !cfg!(windows) && written.contains('\\');
    has_backslash.then(|| "write `/` between the parts of a path, which every system understands".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_windows_are_known() {
        for (written, expected) in [("a\nb.wasm", "escape"), ("a\tb.wasm", "escape"), ("wasm/a.wasm", "relative")] {
            assert!(unreadable_wit(written).contains(expected), "{written:?}");
        }
        assert_eq!(unreadable_wit("wasm\\a.wasm").contains("every system"), !cfg!(windows));
        let large = ReadError::TooLarge { size: None, limit: 1 };
        assert_eq!(unreadable_binary("a\\b", &large), BinaryError::TOO_LARGE);
    }
}
