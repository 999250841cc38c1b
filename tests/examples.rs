//! The examples do what they say: each runs as a program, and prints what `tests/examples/NAME.txt` holds.
//!
//! `cargo test` builds them; for `cargo test --test examples` alone, `cargo build --examples` does it.
//! `BLESS=1 cargo test --test examples` rewrites the expected output.

#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use plugweave::check::check;
use plugweave::diagnostic::Style;
use plugweave::folder::Folder;

const EXAMPLES: [&str; 3] = ["editor", "in_code", "shell"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source(name: &str) -> PathBuf {
    root().join("examples").join(name).with_extension("rs")
}

/// The example as a program. This test is `target/PROFILE/deps/examples-HASH`, that is
/// `target/PROFILE/examples/NAME`.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    let program = profile.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    match modified(&program) {
        Ok(built) if built >= modified(&source(name)).unwrap() => program,
        _ => panic!("the example `{name}` is not built as it stands now: run `cargo build --examples`"),
    }
}

/// What an example prints. It must end well, and have nothing to complain about.
fn run(name: &str, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(program(name));
    // It must not matter where it runs.
    command.args(arguments).current_dir(std::env::temp_dir());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Those that read nothing may have ended before.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "`{name}`: {}\n{errors}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Holds all output of an example against the expected one, or writes that.
fn compare(name: &str) {
    let printed = run(name, &[], "");
    let expected = root().join("tests/examples").join(name).with_extension("txt");
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&expected, &printed).unwrap();
    }
    let wanted = fs::read_to_string(&expected).unwrap_or_default();
    if printed != wanted {
        let difference = similar::TextDiff::from_lines(&wanted, &printed);
        let difference = difference.unified_diff().header("expected", "printed").to_string();
        panic!("`{name}` prints something else; `BLESS=1` would accept it:\n{difference}");
    }
}

#[test]
fn a_shell_offers_an_interface_and_calls_a_plugin() {
    compare("shell");
    let lines = fs::read_to_string(source("shell")).unwrap().lines().count();
    assert!(lines < 60, "the smallest shell has {lines} lines");
}

#[test]
fn an_editor_has_three_interfaces_and_many_plugins() {
    compare("editor");
}

#[test]
fn the_editor_takes_keys_from_its_user() {
    let printed = run("editor", &["--interactive"], "jj\nU=\nq\nx");
    assert_eq!(printed.matches("== ").count(), 5, "{printed}");
    let last = printed.split("== ").last().unwrap();
    assert!(last.starts_with("notes.txt, after `=`\n") && last.contains("`calc` has crashed"), "{printed}");
}

#[test]
fn an_app_is_built_in_code() {
    compare("in_code");
}

#[test]
fn every_example_is_tested() {
    let files = fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, EXAMPLES);
}

#[test]
fn the_plugins_are_sound_without_their_shells() {
    for app in ["shell", "editor"] {
        let checked = check(&Folder::new(root().join("examples/plugins").join(app))).unwrap();
        assert_eq!(checked.render(Style::Plain), "", "{app}");
        assert!(checked.plan.is_some_and(|plan| !plan.plugins.is_empty()), "{app}");
    }
}
