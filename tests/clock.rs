//! The thread that ends calls in time: one for the process, there while apps are that need it, and asleep while
//! none of them runs. The threads are told by Linux, so that this is where it runs.

#![cfg(all(feature = "runtime", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "support/mod.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use plugweave::manifest::ManifestBuilder;
use plugweave::{App, CallErrorKind};
use support::Folder;

/// The threads belong to the process, so that one test has them at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The clock's threads, as folders of the system.
fn threads() -> Vec<PathBuf> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    // Others may end while their names are read.
    tasks.filter(|task| fs::read_to_string(task.join("comm")).is_ok_and(|name| name == "plugweave-clock\n")).collect()
}

/// How often a thread has gone to sleep.
fn sleeps(thread: &Path) -> String {
    let status = fs::read_to_string(thread.join("status")).unwrap();
    status.lines().find(|line| line.starts_with("voluntary_ctxt_switches")).unwrap().to_owned()
}

/// Waits until it is so.
fn until(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(60), "it is never so");
        sleep(Duration::from_millis(5));
    }
}

/// Waits until there are so many threads: the name of a new one comes a little after the thread, and one that has
/// been joined may be listed a little longer.
fn until_threads(count: usize) {
    until(|| threads().len() == count);
}

/// An app whose plugin has a time limit, and spins when it is told to.
fn app(limits: &str) -> App {
    let core = r#"(module
        (func (export "spin") (loop $again (br $again)))
        (func (export "fine")))"#;
    let tables = format!("[exports]\nspin = {{}}\nfine = {{}}\n[limits]\n{limits}");
    Folder::new("world p { export spin: func(); export fine: func(); }").plugin("p", &tables, core).start()
}

#[test]
fn all_apps_share_one_thread_and_the_last_ends_it() {
    let _alone = alone();
    until_threads(0);
    for _ in 0..3 {
        let one = app("");
        until_threads(1);
        let thread = threads();
        let more = [app("timeout = '1s'"), app("")];
        for app in &more {
            app.call("fine", &[]).unwrap();
        }
        assert_eq!(threads(), thread);
        drop(one);
        assert_eq!(threads(), thread);
        drop(more);
        until_threads(0);
    }
}

#[test]
fn apps_of_one_assembly_share_it_too() {
    let _alone = alone();
    let first = app("");
    let second = App::of(first.assembly().clone(), plugweave::StartOptions::default());
    until_threads(1);
    drop(first);
    assert_eq!(threads().len(), 1);
    second.call("fine", &[]).unwrap();
    drop(second);
    until_threads(0);
}

#[test]
fn an_app_without_deadlines_needs_no_thread() {
    let _alone = alone();
    until_threads(0);
    let app = app("timeout = 'never'");
    app.call("fine", &[]).unwrap();
    assert!(threads().is_empty());
    drop(app);
}

#[test]
fn the_thread_sleeps_while_nothing_runs() {
    let _alone = alone();
    let apps = [app(""), app("")];
    apps[0].call("fine", &[]).unwrap();
    until_threads(1);
    let thread = threads().remove(0);
    // It goes on a little after the last call, and then not at all. Its ticks are much shorter than this.
    until(|| {
        let before = sleeps(&thread);
        sleep(Duration::from_millis(500));
        sleeps(&thread) == before
    });
    // A call wakes it.
    let asleep = sleeps(&thread);
    let spinning = &apps[1];
    std::thread::scope(|scope| {
        scope.spawn(|| spinning.call("fine", &[]).unwrap());
        until(|| sleeps(&thread) != asleep);
    });
}

#[test]
fn apps_that_run_at_once_end_in_their_own_time() {
    let _alone = alone();
    let (short, long) = (app("timeout = '60ms'"), app("timeout = '600ms'"));
    let spin = |app: &App, timeout| {
        let begin = Instant::now();
        let error = app.call("spin", &[]).unwrap_err();
        assert_eq!(error.kind(), CallErrorKind::Timeout, "{error}");
        assert!(error.cause().contains(&format!("{timeout:?}")), "{error}");
        // It never ends before its time, and the test would not end if it went on.
        assert!(begin.elapsed() >= timeout, "{:?}", begin.elapsed());
    };
    std::thread::scope(|scope| {
        scope.spawn(|| spin(&long, Duration::from_millis(600)));
        for _ in 0..3 {
            spin(&short, Duration::from_millis(60));
        }
    });
    // What has ended leaves nothing behind for later calls.
    for app in [&short, &long] {
        sleep(Duration::from_millis(100));
        app.call("fine", &[]).unwrap();
    }
    assert_eq!(threads().len(), 1);
}

#[test]
fn apps_come_and_go_on_many_threads() {
    let _alone = alone();
    until_threads(0);
    let checked = || {
        let core = r#"(module (func (export "spin") (loop $again (br $again))))"#;
        let manifest = "[exports]\nspin = {}\n[limits]\ntimeout = '10ms'";
        Folder::new("world p { export spin: func(); }").plugin("p", manifest, core)
    };
    std::thread::scope(|scope| {
        for number in 0..4 {
            scope.spawn(move || {
                for turn in 0..25 {
                    let app = checked().start();
                    if (number + turn) % 3 == 0 {
                        let error = app.call("spin", &[]).unwrap_err();
                        assert_eq!(error.kind(), CallErrorKind::Timeout, "{error}");
                    }
                }
            });
        }
    });
    until_threads(0);
}

#[test]
fn an_app_may_end_within_a_host_function_of_another() {
    let _alone = alone();
    let inner = Arc::new(Mutex::new(Some(app("timeout = '1s'"))));
    let manifest = ManifestBuilder::new("p")
        .wit("wit")
        .world("p")
        .import("t:t/host", plugweave::model::Cardinality::ExactlyOne)
        .export("go")
        .timeout(Duration::from_secs(60));
    let core = r#"(module (import "t:t/host" "end" (func $end)) (func (export "go") (call $end)))"#;
    let wit = "package t:t; interface host { end: func(); } world p { import host; export go: func(); }";
    let ended = inner.clone();
    let define = move |linker: &mut wasmtime::component::Linker<_>, _| {
        let ended = ended.clone();
        linker.instance("t:t/host")?.func_wrap("end", move |_, (): ()| {
            drop(ended.lock().unwrap().take());
            Ok(())
        })
    };
    let outer = App::builder().file("wit/t.wit", wit).host_interface("t:t/host", wit, define, |_| ()).unwrap();
    let outer = outer.plugin(&manifest, core).build().unwrap();
    outer.call("go", &[]).unwrap();
    assert!(inner.lock().unwrap().is_none());
    until_threads(1);
    drop(outer);
    until_threads(0);
}
