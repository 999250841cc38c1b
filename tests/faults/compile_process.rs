//! Components that pass `check` and still take much to compile: a process of its own does that, under limits.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::bombs;

/// A folder with one app, and one for temporary files, which goes away with it.
struct Place(PathBuf);

impl Place {
    /// An app of one plugin, `costly`, which exports `twice`.
    fn new(name: &str, app: &str, module: &[u8]) -> Self {
        let place = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("compile-{name}")));
        let _ = fs::remove_dir_all(&place.0);
        fs::create_dir_all(place.temporary()).unwrap();
        fs::create_dir_all(place.app()).unwrap();
        let write = |file: &str, bytes: &[u8]| fs::write(place.app().join(file), bytes).unwrap();
        write("app.toml", app.as_bytes());
        write("t.wit", b"package t:t; world t { export twice: func(n: u32) -> u32; }");
        write("costly.toml", b"[plugin]\ncomponent = 'costly.wasm'\nwit = 't.wit'\n[exports]\ntwice = {}\n");
        write("costly.wasm", module);
        place
    }

    fn app(&self) -> PathBuf {
        self.0.join("app")
    }

    fn temporary(&self) -> PathBuf {
        self.0.join("tmp")
    }

    /// Checks the app, which must be fine, and calls `twice(21)`.
    fn call(&self) -> Output {
        self.call_with(|command| command)
    }

    fn call_with(&self, change: impl Fn(&mut Command) -> &mut Command) -> Output {
        let program = env!("CARGO_BIN_EXE_plugweave");
        let checked = Command::new(program).arg("check").arg(self.app()).output().unwrap();
        assert!(checked.status.success(), "{}", text(&checked.stderr));
        let mut command = Command::new(program);
        command.arg("call").arg(self.app()).arg("twice(21)").env("TMPDIR", self.temporary());
        let called = change(&mut command).output().unwrap();
        if let Ok(left) = fs::read_dir(self.temporary()) {
            assert_eq!(left.count(), 0, "compiled code was left behind");
        }
        called
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn answers(called: &Output) {
    assert!(called.status.success(), "{}", text(&called.stderr));
    assert_eq!(text(&called.stdout), "42\n");
    assert_eq!(text(&called.stderr), "");
}

#[track_caller]
fn fails(called: &Output, words: &[&str]) {
    let told = text(&called.stderr);
    assert_eq!(called.status.code(), Some(1), "{told}");
    for word in words {
        assert!(told.contains(word), "no `{word}` in: {told}");
    }
}

/// Heavy by its weight, and compiled in no time.
fn heavy() -> Vec<u8> {
    bombs::twice_and(&bombs::function(50_000, &[]), 25)
}

/// What takes ten seconds and more to compile.
fn slow() -> Vec<u8> {
    bombs::twice_and(&bombs::locals_in_branches(1_000, 17_000), 3)
}

#[test]
fn a_heavy_plugin_works() {
    let place = Place::new("works", "", &heavy());
    answers(&place.call());
    // The code is not made again.
    let called = place.call_with(|command| command.env("PLUGWEAVE_LOG", "plugweave=debug"));
    assert!(text(&called.stderr).contains("compiled by processes of their own: 1 of 1"), "{}", text(&called.stderr));
}

#[test]
fn cpu_time_is_limited() {
    let called = Place::new("slow", "[app]\ncompile-time = '1s'\n", &slow()).call();
    fails(&called, &["plugin `costly`", "PW003", "more than 1s of CPU time", "raise `compile-time` in `[app]`"]);
}

#[test]
fn parts_of_a_second_count_as_a_second() {
    let place = Place::new("parts", "[app]\ncompile-time = '1ms'\n", &slow());
    fails(&place.call(), &["plugin `costly`", "more than 1s of CPU time"]);
    answers(&Place::new("enough", "[app]\ncompile-time = '30s'\n", &heavy()).call());
}

/// Address space as the shell counts it, in KiB: enough for the program, and not for compiling this.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_limited() {
    let place = Place::new("memory", "", &bombs::twice_and_results(800, 800, 1));
    let program = env!("CARGO_BIN_EXE_plugweave");
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -v 400000 && exec \"$0\" call \"$1\" 'twice(21)'", program]).arg(place.app());
    let called = shell.env("TMPDIR", place.temporary()).output().unwrap();
    fails(&called, &["plugin `costly`", "PW003", "more than 390 MiB of memory"]);
    assert_eq!(fs::read_dir(place.temporary()).unwrap().count(), 0);
}

#[test]
fn a_folder_for_the_code_is_needed_by_heavy_plugins_only() {
    let without = |place: &Place| place.call_with(|command| command.env("TMPDIR", "/nowhere/at/all"));
    answers(&without(&Place::new("light", "", &bombs::twice_and(&bombs::function(0, &[]), 1))));
    let called = without(&Place::new("nowhere", "", &heavy()));
    fails(&called, &["plugin `costly`", "no private folder", "`/nowhere/at/all`", "let `TMPDIR` name"]);
}

#[test]
fn an_order_that_cannot_be_read_is_told() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plugweave"));
    let ended = command.env("PLUGWEAVE_COMPILE_CHILD", "{").arg("--version").output().unwrap();
    assert_eq!((ended.status.code(), text(&ended.stdout).as_str()), (Some(4), "the order cannot be read"));
}
