//! Components that pass `check` and still take much to compile: a process of its own does that, under limits.
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

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
    assert!(text(&called.stderr).contains("compiled code found: 1 of 1 binaries"), "{}", text(&called.stderr));
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

/// Starts the program that is to compile this, left in this folder, as the program itself does.
fn compiling(component: &[u8], bytes: usize, cache: &Path) -> Child {
    let order = format!(
        r#"{{"engine":{{"epochs":true,"fuel":false,"concurrency":false,"optimisation":"Speed","lines":true,"wasm_stack":524288}},"cache":{:?},"bytes":{bytes},"memory":2147483648,"cpu_time":{{"secs":300,"nanos":0}}}}"#,
        cache.to_str().unwrap(),
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_plugweave"));
    command.env_clear().env("PLUGWEAVE_COMPILE_CHILD", order);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(component).unwrap();
    child
}

#[test]
fn a_process_without_the_one_that_started_it_ends() {
    let place = Place::new("orphan", "", &[]);
    let costly = bombs::many_locals(1_000, 17_000);
    let mut child = compiling(&costly, costly.len(), &place.temporary().join("code"));
    // It has read all of it: the folder is made behind that.
    while !place.temporary().join("code").exists() {
        assert_eq!(child.try_wait().unwrap(), None);
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(child.stdin.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), text(&ended.stdout).as_str()), (Some(5), ""));
}

#[test]
fn a_component_that_is_cut_off_is_not_compiled() {
    let place = Place::new("cut", "", &[]);
    let component = bombs::many_functions(1);
    let mut child = compiling(&component[..component.len() - 1], component.len(), &place.temporary().join("code"));
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(5));
    assert!(!place.temporary().join("code").exists());
}

/// A folder that cannot be written to, for the administrator either.
#[test]
fn code_that_cannot_be_written_is_no_success() {
    let place = Place::new("unwritable", "", &[]);
    let component = bombs::many_functions(1);
    let ended = |cache: &str, what: &str| {
        let mut child = compiling(&component, component.len(), &place.temporary().join(cache));
        // Standard input stays open, or the process would end by that.
        let _input = child.stdin.take();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(4), "{}", text(&ended.stdout));
        assert!(text(&ended.stdout).contains(what), "{}", text(&ended.stdout));
    };
    fs::write(place.temporary().join("file"), "").unwrap();
    ended("file", "failed to create cache directory");
    fs::create_dir(place.temporary().join("code")).unwrap();
    fs::write(place.temporary().join("code/modules"), "").unwrap();
    ended("code", "code`; let `TMPDIR` name a folder with free space");
}

#[test]
fn a_limit_of_files_is_told() {
    let place = Place::new("files", "", &heavy());
    let mut shell = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_plugweave");
    shell.args(["-c", "ulimit -f 0 && exec \"$0\" call \"$1\" 'twice(21)'", program]).arg(place.app());
    let called = shell.env("TMPDIR", place.temporary()).output().unwrap();
    fails(&called, &["plugin `costly`", "its code is larger than a file may be here", "ulimit -f"]);
    assert_eq!(left(&place), [] as [&Path; 0]);
}

/// What is in the folder for temporary files.
fn left(place: &Place) -> Vec<PathBuf> {
    fs::read_dir(place.temporary()).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The processes that compile for this place.
#[cfg(target_os = "linux")]
fn compiling_for(place: &Place) -> Vec<PathBuf> {
    let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let order = format!("\"cache\":\"{}/", place.temporary().display());
    let is_one = |process: &PathBuf| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        text(&environment).split('\0').any(|set| set.starts_with("PLUGWEAVE_COMPILE_CHILD=") && set.contains(&order))
    };
    processes.filter(is_one).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_killed_process_leaves_ends_and_goes_away() {
    let place = Place::new("killed", "[app]\ncompile-time = '10min'\n", &slow());
    let mut call = Command::new(env!("CARGO_BIN_EXE_plugweave"));
    call.arg("call").arg(place.app()).arg("twice(21)").env("TMPDIR", place.temporary());
    let mut called = call.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while compiling_for(&place).is_empty() {
        assert_eq!(called.try_wait().unwrap(), None);
        std::thread::sleep(Duration::from_millis(1));
    }
    let [folder] = left(&place).try_into().unwrap();

    // Of a process that lives nothing is touched.
    let light = Place::new("beside", "", &heavy());
    let mut beside = Command::new(env!("CARGO_BIN_EXE_plugweave"));
    beside.arg("call").arg(light.app()).arg("twice(21)").env("TMPDIR", place.temporary());
    answers(&beside.output().unwrap());
    assert_eq!(left(&place), [folder.as_path()]);
    assert_eq!(compiling_for(&place).len(), 1);

    called.kill().unwrap();
    called.wait().unwrap();
    while !compiling_for(&place).is_empty() {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(left(&place), [folder.as_path()]);
    answers(&beside.output().unwrap());
    assert_eq!(left(&place), [] as [&Path; 0]);
}
