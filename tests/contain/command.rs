//! The main thread, which is where `plugweave` runs plugins. Its stack grows, up to what the system allows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use plugweave::manifest::ManifestBuilder;
use serde_json::Value;

use crate::guests::{WIT, id, most_frames, plugins};
use crate::process::run;

/// A folder with a line of forty plugins.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("contain").join(name);
    let (plugins, bindings) = plugins(40, None);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("app.toml"), bindings).unwrap();
    fs::write(folder.join("t.wit"), WIT).unwrap();
    let write = |(plugin, core): &(ManifestBuilder, String)| {
        fs::write(folder.join(format!("{}.toml", plugin.id())), plugin.to_toml()).unwrap();
        fs::write(folder.join(plugin.component_path()), core).unwrap();
    };
    plugins.iter().for_each(write);
    folder
}

/// Calls the first of the line on a main thread with a stack of so many KiB, or `unlimited`.
fn call(folder: &Path, stack: &str, frames: u32) -> Value {
    let mut command = Command::new("sh");
    let call = format!("t:t/step#go({frames})");
    command.args(["-c", r#"ulimit -s $0 && exec "$1" call "$2" --plugin p00 "$3" --format json"#, stack]);
    command.args([env!("CARGO_BIN_EXE_plugweave").as_ref(), folder.as_os_str(), call.as_ref()]);
    let ended = run(command.env("PLUGWEAVE_LOG", "off"));
    assert!(ended.status.code().is_some(), "{stack}: {}: {}", ended.status, ended.output);
    serde_json::from_str(&ended.output).unwrap_or_else(|_| panic!("{stack}: {}", ended.output))
}

#[test]
fn the_main_thread_ends_a_line_of_burning_plugins_in_an_error() {
    let folder = folder("limited");
    let frames = most_frames();
    for (stack, least) in [("2048", 1), ("8192", 10)] {
        let error = &call(&folder, stack, frames)["error"];
        assert_eq!(error["code"], "stack", "{stack}: {error}");
        let chain = error["chain"].as_array().unwrap();
        assert!(chain.len() > least, "{stack}: {error}");
        assert!(chain.iter().enumerate().all(|(place, call)| call["plugin"] == id(place).as_str()), "{error}");
    }
    assert_eq!(call(&folder, "32768", 0)["value"], "39");
}

#[test]
fn a_main_thread_whose_stack_has_no_limit_has_enough() {
    let folder = folder("unlimited");
    assert_eq!(call(&folder, "unlimited", most_frames())["value"], "39");
}
