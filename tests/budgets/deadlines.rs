//! `timeout`: of plugins that compute.

use std::thread::{scope, sleep};
use std::time::Duration;

use plugweave::{App, CallErrorKind};

use crate::support::{Folder, core_module};
use crate::{blamed, number};

/// How many plugins a line has.
const LINE: usize = 5;

const LONG: &str = "60s";

/// Plugins of which each asks the next one, with these timeouts: `f0` of `p0` asks `f1` of `p1`, and so on. The last
/// one spins when it is given a 1. Each that has asked another one spins then when it is given a 2 and `spinning` names
/// it. Each answers how often it was asked
/// since it was started, and its answers stand in the digits of what `f0` gives.
fn line(timeouts: [&str; LINE], spinning: Option<usize>) -> App {
    let function = |number: usize| format!("f{number}: func(x: u32) -> u32;");
    let worlds = (0..LINE).map(|number| {
        let import = if number + 1 < LINE { format!("import {}", function(number + 1)) } else { String::new() };
        format!("world p{number} {{ {import} export {} }}\n", function(number))
    });
    let folder = Folder::new(&worlds.collect::<String>());
    let plugins = timeouts.into_iter().enumerate();
    let folder = plugins.fold(folder, |folder, (number, timeout)| {
        let next = number + 1;
        let is_last = next == LINE;
        let import = format!("[imports]\nf{next} = 'exactly-one'\n");
        let tables = format!("[limits]\ntimeout = '{timeout}'\n[exports]\nf{number} = {{}}\n");
        let imported = format!(r#"(import "$root" "f{next}" (func $next (param i32) (result i32)))"#);
        let ask = "(local.set $answer (i32.mul (call $next (local.get $x)) (i32.const 10)))";
        let spin =
            |given: u32| format!("(if (i32.eq (local.get $x) (i32.const {given})) (then (loop $again (br $again))))");
        let body = format!(
            r#"(func (export "f{number}") (param $x i32) (result i32)
                (local $answer i32) (call $count) {} {} (i32.add (local.get $answer) (global.get $calls)))"#,
            if is_last { "" } else { ask },
            if is_last {
                spin(1)
            } else if spinning == Some(number) {
                spin(2)
            } else {
                String::new()
            },
        );
        let (tables, imports) = if is_last { (tables, "") } else { (tables + &import, imported.as_str()) };
        folder.plugin(&format!("p{number}"), &tables, &core_module(imports, 1, &body))
    });
    let spinner = r#"(module (func (export "spin") (loop $again (br $again))))"#;
    let tables = "[limits]\ntimeout = '1500ms'\n[exports]\nspin = {}\n";
    let wit = "package t:t@1.0.0; world spinner { export spin: func(); }";
    folder.file("spinner/s.wit", wit).plugin_of("spinner/s.wit", "spinner", tables, spinner).start()
}

#[test]
fn an_old_deadline_ends_nobody() {
    let app = line(["500ms"; LINE], None);
    assert_eq!(number(&app, "f0", 0).unwrap(), 11_111);
    // Time passes only while something runs.
    scope(|scope| {
        let spinning = scope.spawn(|| app.call("spin", &[]).unwrap_err());
        sleep(Duration::from_millis(800));
        assert_eq!(number(&app, "f0", 0).unwrap(), 22_222);
        // Some from within, some directly.
        assert_eq!(number(&app, "f3", 0).unwrap(), 33);
        assert_eq!(blamed(&spinning.join().unwrap()), (CallErrorKind::Timeout, "spinner"));
    });
    sleep(Duration::from_millis(600));
    assert_eq!(number(&app, "f0", 0).unwrap(), 44_333);
}

#[test]
fn whose_time_it_is_is_named_at_each_depth() {
    for short in 0..LINE {
        let mut timeouts = [LONG; LINE];
        timeouts[short] = "200ms";
        let app = line(timeouts, None);
        let error = number(&app, "f0", 1).unwrap_err();
        assert_eq!(blamed(&error), (CallErrorKind::Timeout, format!("p{short}").as_str()), "{error}");
        assert!(error.cause().contains("200ms"), "{error}");
        assert_eq!(error.chain().len(), LINE);
        // All have ended with it, and come back.
        assert_eq!(number(&app, "f0", 0).unwrap(), 11_111);
    }
}

#[test]
fn the_earlier_of_two_deadlines_counts() {
    for (outer, inner, expected) in [("200ms", "20s", "p1"), ("20s", "200ms", "p3"), ("200ms", "200ms", "p1")] {
        let app = line([LONG, outer, LONG, inner, LONG], None);
        let error = number(&app, "f0", 1).unwrap_err();
        assert_eq!(blamed(&error), (CallErrorKind::Timeout, expected), "{error}");
    }
}

#[test]
fn a_plugin_has_its_own_time_again_after_it_has_asked_another() {
    let mut timeouts = [LONG; LINE];
    (timeouts[2], timeouts[4]) = ("600ms", "100ms");
    let app = line(timeouts, Some(2));
    let error = number(&app, "f0", 2).unwrap_err();
    assert_eq!(blamed(&error), (CallErrorKind::Timeout, "p2"), "{error}");
    assert!(error.cause().contains("600ms"), "{error}");
    // Those that had answered before are as they were.
    assert_eq!(number(&app, "f0", 0).unwrap(), 22_111);
}

#[test]
fn typed_calls_have_deadlines() {
    let mut timeouts = [LONG; LINE];
    timeouts[1] = "100ms";
    let app = line(timeouts, None);
    let typed = app.typed::<(u32,), (u32,)>("f0").unwrap();
    assert_eq!(typed.call((0,)).unwrap(), (11_111,));
    assert_eq!(blamed(&typed.call((1,)).unwrap_err()), (CallErrorKind::Timeout, "p1"));
    assert_eq!(typed.call((0,)).unwrap(), (11_111,));
}
