//! Files that are named as components and are none: what they are, so that the text parser need not complain of them.

use super::WorldError;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The binary form of components and core modules begins with it.
pub(super) const MAGIC: &[u8] = b"\0asm";

/// Bytes of a file that are looked at.
const LOOKED_AT: usize = 4096;

/// What begins with these bytes, and what to do then.
const BINARIES: [(&[u8], &str, &str); 20] = [
    (b"PK\x03\x04", "a zip archive", UNPACK),
    (b"PK\x05\x06", "an empty zip archive", UNPACK),
    (b"\x1f\x8b", "compressed by gzip", UNPACK),
    (b"BZh", "compressed by bzip2", UNPACK),
    (b"\xfd7zXZ\0", "compressed by xz", UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"MZ", "a program or library for Windows", NATIVE),
    (b"\xfe\xed\xfa\xce", "a program or library for macOS", NATIVE),
    (b"\xfe\xed\xfa\xcf", "a program or library for macOS", NATIVE),
    (b"\xce\xfa\xed\xfe", "a program or library for macOS", NATIVE),
    (b"\xcf\xfa\xed\xfe", "a program or library for macOS", NATIVE),
    (b"\xca\xfe\xba\xbe", "a program for macOS or a class of Java", NATIVE),
    (b"!<arch>\n", "a static library", "link it into a component, and name that"),
    (b"BC\xc0\xde", "bitcode of LLVM", "link it into a component, and name that"),
    (b"\x89PNG", "a picture", NAME_BINARY),
    (b"%PDF", "a PDF document", NAME_BINARY),
    (b"SQLite format 3\0", "a database of SQLite", NAME_BINARY),
    (b"\xff\xfe", "text in UTF-16", "save the text as UTF-8; a binary must not be saved as text"),
    (b"\xfe\xff", "text in UTF-16", "save the text as UTF-8; a binary must not be saved as text"),
];

const UNPACK: &str = "unpack it, and name the `.wasm` that is in it";
const NATIVE: &str = "build it for WebAssembly, such as `--target wasm32-wasip2`";
const NAME_BINARY: &str = "name a WebAssembly component or core module, as `.wasm` or `.wat`";

/// The file without a byte order mark, which the text parser does not take.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

/// What a file is that cannot be WebAssembly in either form.
pub(super) fn seen_through(bytes: &[u8]) -> Option<WorldError> {
    if bytes.starts_with(MAGIC) {
        return None;
    }
    let (what, remedy) = kind(bytes)?;
    Some(WorldError::OtherFile { what: what.to_owned(), remedy: remedy.to_owned() })
}

fn kind(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if bytes.is_empty() {
        return Some(("an empty file", "build the component anew"));
    }
    if without_mark(bytes).starts_with(MAGIC) {
        return Some(("a binary behind a byte order mark", "build it anew; an editor has saved it as text"));
    }
    if bytes.starts_with(b"\x7fELF") {
        // The number of an operating system that wasmtime gives its own code.
        return Some(match bytes.get(7) {
            Some(200) => ("code that wasmtime has compiled", "name the `.wasm` that it was compiled from"),
            _ => ("a program or library for Linux or a like system", NATIVE),
        });
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Some(("a tar archive", UNPACK));
    }
    if let Some((_, what, remedy)) = BINARIES.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Some((what, remedy));
    }
    text_kind(&bytes[..bytes.len().min(LOOKED_AT)])
}

/// What a text is that does not begin as one of WebAssembly does, with a parenthesis or a comment.
fn text_kind(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if bytes.contains(&0) {
        return None;
    }
    let text = String::from_utf8_lossy(without_mark(bytes));
    let text = text.trim_start();
    if text.is_empty() {
        return Some(("a file of blanks", "build the component anew"));
    }
    if text.starts_with(['(', ';']) || text.starts_with(char::REPLACEMENT_CHARACTER) {
        return None;
    }
    let begins =
        |words: &[&str]| words.iter().any(|word| text.get(..word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word)));
    // The first line that is not blank and no comment, where comments begin with `//` or `#`.
    let line =
        text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("//") && !line.starts_with('#'));
    let line = line.unwrap_or_default();
    let is_table = line.starts_with('[') && line.ends_with(']');
    let is_pair = line.split_once('=').is_some_and(|(key, _)| {
        let key = key.trim();
        !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '"'))
    });
    let is_wit = ["package ", "interface ", "world "].iter().any(|word| line.starts_with(word));
    Some(if begins(&["version https://git-lfs"]) {
        ("a pointer of Git LFS, not the file itself", "fetch the file by `git lfs pull`")
    } else if begins(&["<!doctype html", "<html"]) {
        ("a page of HTML", "get the file itself; its address has answered with a page")
    } else if begins(&["<"]) {
        ("XML or HTML", "get the file itself; its address may have answered with a page")
    } else if begins(&["#!"]) {
        ("a script", NAME_BINARY)
    } else if is_wit {
        ("WIT, the text of interfaces", "name the binary that is built for it; `wit` is the key for WIT")
    } else if is_table || is_pair {
        ("TOML", NAME_BINARY)
    } else if begins(&["{"]) {
        ("JSON", NAME_BINARY)
    } else {
        ("text, but not that of WebAssembly, which begins with `(`", NAME_BINARY)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_how_they_begin() {
        let what = |bytes: &[u8]| seen_through(bytes).map(|error| error.to_string());
        for (bytes, expected) in [
            (&b""[..], "an empty file"),
            (b" \n\t", "a file of blanks"),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n",
                "a pointer of Git LFS, not the file itself",
            ),
            (b"\n<!DOCTYPE HTML><html>", "a page of HTML"),
            (b"<?xml version='1.0'?>", "XML or HTML"),
            (b"PK\x03\x04\0\0", "a zip archive"),
            (b"\x1f\x8b\x08", "compressed by gzip"),
            (b"\x7fELF\x02\x01\x01\0", "a program or library for Linux or a like system"),
            (b"\x7fELF\x02\x01\x01\xc8", "code that wasmtime has compiled"),
            (b"MZ\x90\0", "a program or library for Windows"),
            (b"\xcf\xfa\xed\xfe\x07", "a program or library for macOS"),
            (b"!<arch>\nx", "a static library"),
            (b"\xff\xfe(\0m\0", "text in UTF-16"),
            (b"\xef\xbb\xbf\0asm\x01\0\0\0", "a binary behind a byte order mark"),
            (b"#!/bin/sh\n", "a script"),
            (b"// A comment.\npackage a:b;\n", "WIT, the text of interfaces"),
            (b"world w {}", "WIT, the text of interfaces"),
            (b"# a\n[plugin]\ncomponent = 'x'\n", "TOML"),
            (b"a.b = 1\n", "TOML"),
            (b"{\"a\": 1}", "JSON"),
            (b"fn main() {}", "text, but not that of WebAssembly, which begins with `(`"),
        ] {
            assert_eq!(what(bytes), Some(format!("not WebAssembly: it is {expected}")));
        }
        for bytes in [&b"\0asm\x01\0\0\0"[..], b" \n(module)", b";; text\n(module)", b"\xef\xbb\xbf(module)", b"\0\0"] {
            assert_eq!(what(bytes), None);
        }
        let mut tar = [b'x'; 300];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(what(&tar).as_deref(), Some("not WebAssembly: it is a tar archive"));
    }
}
