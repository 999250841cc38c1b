//! Folders with odd names and entries: a manifest is read or its trouble is told, never passed over.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use plugweave::check::{check, read_binary};
use plugweave::diagnostic::{Style, render};
use plugweave::files::{MAX_COMPONENT, MAX_TEXT};
use plugweave::folder::Folder;
use plugweave::world::MAX_COMPONENT_TEXT;

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

/// A file of so many bytes that takes no place.
fn sparse(path: &Path, size: u64) {
    fs::File::create(path).unwrap().set_len(size).unwrap();
}

#[test]
fn large_components_are_told_and_not_read() {
    let path = folder("large");
    fs::write(path.join("p.toml"), "plugin.component = 'p.wasm'").unwrap();
    sparse(&path.join("p.wasm"), 1 << 40);
    let found = check(&Folder::new(&path)).unwrap().diagnostics.remove(0);
    let reason = "it has 1099511627776 bytes, and the limit is 268435456 (256 MiB)";
    assert_eq!(found.message, format!("the component `p.wasm` cannot be read: {reason}"));
    assert!(found.help.contains("strip its debug information"), "{}", found.help);
    // As `inspect` reads one.
    let error = read_binary(&Folder::new(&path), "p.wasm", None, None).unwrap_err();
    assert_eq!(error.to_string(), found.message);
    // As much as there may be is read, and then it is no component.
    sparse(&path.join("p.wasm"), MAX_COMPONENT);
    assert!(told(path)[0].ends_with("not WebAssembly: neither a WebAssembly binary nor text"));
}

#[test]
fn devices_and_pipes_are_not_read() {
    let path = folder("devices");
    fs::write(path.join("p.toml"), "plugin.component = 'zero'").unwrap();
    symlink("/dev/zero", path.join("zero")).unwrap();
    symlink("/dev/zero", path.join("q.toml")).unwrap();
    assert_eq!(
        told(path),
        [
            "PW003 the component `zero` cannot be read: not a regular file",
            "PW001 `q.toml` cannot be read: not a regular file",
        ]
    );
}

#[test]
fn large_text_of_a_component_is_told() {
    let path = folder("text");
    fs::write(path.join("p.toml"), "plugin.component = 'p.wat'").unwrap();
    let text = |spaces| format!("(component{})", " ".repeat(spaces));
    fs::write(path.join("p.wat"), text(MAX_COMPONENT_TEXT - 11)).unwrap();
    assert_eq!(told(path.clone()), [""; 0]);
    fs::write(path.join("p.wat"), text(MAX_COMPONENT_TEXT - 10)).unwrap();
    let found = check(&Folder::new(&path)).unwrap().diagnostics.remove(0);
    assert!(found.message.ends_with("its text has 262145 bytes, and the limit is 262144 (256 KiB)"), "{found:?}");
    assert!(found.help.contains("wasm-tools parse"), "{}", found.help);
}

#[test]
fn large_manifests_and_wit_are_told() {
    let path = folder("manifests");
    sparse(&path.join("app.toml"), MAX_TEXT + 1);
    sparse(&path.join("p.toml"), 1 << 40);
    let manifest = |wit| format!("[plugin]\ncomponent = 'p.wat'\nwit = '{wit}'\nworld = 'w'");
    fs::write(path.join("q.toml"), manifest("large.wit")).unwrap();
    fs::write(path.join("r.toml"), manifest("wit")).unwrap();
    fs::write(path.join("p.wat"), "(module)").unwrap();
    sparse(&path.join("large.wit"), 1 << 40);
    fs::create_dir_all(path.join("wit/deps/a")).unwrap();
    sparse(&path.join("wit/a.wit"), MAX_TEXT - 1);
    sparse(&path.join("wit/deps/a/a.wit"), 2);
    let limit = "the limit is 4194304 (4 MiB)";
    let many = "its `.wit` files have together more bytes than the limit of 4194304 (4 MiB)";
    let large = format!("it has 1099511627776 bytes, and {limit}");
    assert_eq!(
        told(path),
        [
            format!("PW001 `app.toml` cannot be read: it has 4194305 bytes, and {limit}"),
            format!("PW001 `p.toml` cannot be read: {large}"),
            format!("PW003 the WIT `large.wit` cannot be read: {large}"),
            format!("PW003 the WIT `wit` cannot be read: {many}"),
        ]
    );
}

#[test]
fn a_long_file_full_of_mistakes_is_told_in_time() {
    let path = folder("mistakes");
    let lines = 100_000;
    let text: String = (0..lines).map(|line| format!("k{line} = 0\n")).collect();
    fs::write(path.join("p.toml"), text).unwrap();
    let checked = check(&Folder::new(path)).unwrap();
    assert_eq!(checked.diagnostics.len(), lines + 1);
    // Where each mistake took a look at the whole file, this took many minutes.
    let told = checked.render(Style::Plain);
    assert!(told.ends_with("\n\nand 99,801 more problems; `plugweave check --format json` has all"));
    let last = render(checked.diagnostics.last().unwrap(), &checked.sources, Style::Plain);
    assert!(last.ends_with(" = help: known keys: `plugin`, `exports`, `imports`, `limits`, `wasi` and `config`"));
    assert!(last.contains(&format!("--> p.toml:{lines}:1\n")));
}
