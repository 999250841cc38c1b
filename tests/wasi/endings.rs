//! How plugins end: by their own will, or because their time is up.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::place::{PATIENCE, Place, expect, failure};

#[test]
fn the_exit_of_a_plugin_is_its_own_failure() {
    let place = Place::new("exit");
    let app = place.probe("p.toml", "").probe("q.toml", "").app();
    for code in [0, 3, 255] {
        let (error, _) = failure(&app, "p", &format!("exit({code})"));
        let origin = error.origin().map(plugweave::PluginId::as_str);
        assert_eq!((error.kind().code(), origin, error.exit_code()), ("exit", Some("p"), Some(code)));
        expect(&app, "q", &[("args()", "[\"q\"]")]);
        // It is started anew.
        expect(&app, "p", &[("args()", "[\"p\"]")]);
    }
}

#[test]
fn a_sleep_ends_with_the_plugins_time() {
    let place = Place::new("sleep");
    let app = place.probe("p.toml", "[limits]\ntimeout = '200ms'\n").probe("q.toml", "").app();
    let (error, took) = failure(&app, "p", "sleep-ms(60000)");
    assert_eq!(error.kind().code(), "timeout", "{error}");
    assert!((Duration::from_millis(150)..PATIENCE).contains(&took), "{took:?}");
    expect(&app, "q", &[("sleep-ms(300)", "")]);
    expect(&app, "p", &[("sleep-ms(1)", "")]);
}

#[test]
fn reading_what_never_comes_ends_with_the_plugins_time() {
    let place = Place::new("stdin");
    place.probe("p.toml", "[wasi]\nstdin = 'inherit'\n[limits]\ntimeout = '200ms'\n");
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_plugweave"))
        .args(["call", place.root.to_str().unwrap(), "probe:wasi/probe#read-stdin()"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Held open for longer than it should take.
    let stdin = child.stdin.take();
    thread::spawn(move || {
        thread::sleep(2 * PATIENCE);
        drop(stdin);
    });
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(1), "{told}");
    assert!(told.contains("its time of 200ms was up"), "{told}");
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}
