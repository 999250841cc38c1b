//! The program `plugweave`, run as a user runs it, and folders for it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// An empty folder of its own for each test.
pub fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("faults").join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// The program with these arguments, in a folder, without input.
pub fn plugweave<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plugweave"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for variable in ["PLUGWEAVE_LOG", "RUST_BACKTRACE", "RUST_LOG"] {
        command.env_remove(variable);
    }
    command
}

/// What the program answers: stdout, stderr and the exit code.
pub fn answer<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> (String, String, i32) {
    told(&plugweave(folder, arguments).output().unwrap())
}

/// An output as text, which it must be.
pub fn told(output: &Output) -> (String, String, i32) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    (text(&output.stdout), text(&output.stderr), output.status.code().expect("an exit code"))
}
