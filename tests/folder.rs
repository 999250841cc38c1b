//! Folders with odd names and entries: a manifest is read or its trouble is told, never passed over.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use plugweave::check::check;
use plugweave::folder::Folder;

const DISABLED: &str = "[plugin]\ncomponent = \"x.wasm\"\nenabled = false\n";

/// An empty folder of its own for each test.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("folder").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// What is told of a folder: codes and messages.
fn told(path: PathBuf) -> Vec<String> {
    let checked = check(&Folder::new(path)).unwrap();
    checked.diagnostics.iter().map(|found| format!("{} {}", found.code.as_str(), found.message)).collect()
}

#[test]
fn names_that_are_no_utf_8_are_told() {
    let path = folder("names");
    fs::write(path.join(OsStr::from_bytes(b"p\xff.toml")), DISABLED).unwrap();
    let sub = path.join(OsStr::from_bytes(b"s\xff"));
    fs::create_dir(&sub).unwrap();
    fs::write(sub.join("plugin.toml"), DISABLED).unwrap();
    assert_eq!(
        told(path),
        [
            "PW001 `p\u{fffd}.toml` cannot be read: its name is not UTF-8",
            "PW001 `s\u{fffd}/plugin.toml` cannot be read: its name is not UTF-8",
        ]
    );
}

#[test]
fn links_that_lead_nowhere_are_told() {
    let path = folder("links");
    symlink("nowhere", path.join("a.toml")).unwrap();
    fs::create_dir(path.join("b")).unwrap();
    symlink("nowhere", path.join("b/plugin.toml")).unwrap();
    let nowhere = |file: &str| format!("PW001 `{file}` cannot be read: no such file or folder");
    assert_eq!(told(path), [nowhere("a.toml"), nowhere("b/plugin.toml")]);
}

#[test]
fn what_is_no_manifest_is_passed_over() {
    let path = folder("others");
    for name in ["Cargo.toml", ".hidden.toml", "notes.txt"] {
        fs::write(path.join(name), "= no manifest").unwrap();
    }
    for name in ["wasm", ".dotted", "folder.toml"] {
        fs::create_dir(path.join(name)).unwrap();
    }
    fs::write(path.join(".dotted/plugin.toml"), "= no manifest").unwrap();
    fs::write(path.join("linked.target"), DISABLED).unwrap();
    symlink("linked.target", path.join("linked.toml")).unwrap();
    assert_eq!(told(path), [""; 0]);
}
