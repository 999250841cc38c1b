//! Arguments, environment and configuration.

use plugweave::check::check;
use plugweave::folder::Folder;
use plugweave::{App, StartOptions, Val, print_wave};

use crate::place::{Place, expect, try_ask};

#[test]
fn are_what_the_manifest_says() {
    let place = Place::new("arguments");
    place.probe(
        "p.toml",
        "[wasi]\nargs = ['--fast', '', 'ä b']\nenv = { LANG = 'C', EMPTY = '' }\n[config]\nlocale = 'fr-FR'\nb = ''\n",
    );
    let app = place.app();
    expect(
        &app,
        "p",
        &[
            ("args()", r#"["p", "--fast", "", "ä b"]"#),
            ("env()", r#"[("EMPTY", ""), ("LANG", "C")]"#),
            ("initial-cwd()", "none"),
            ("config(\"locale\")", "ok(some(\"fr-FR\"))"),
            ("config(\"b\")", "ok(some(\"\"))"),
            ("config(\"LANG\")", "ok(none)"),
        ],
    );
    assert_eq!(config(&app, "p"), ["(\"b\", \"\")", "(\"locale\", \"fr-FR\")"]);
}

#[test]
fn configuration_is_the_manifests_overridden_by_the_apps() {
    let place = Place::new("configuration");
    place
        .probe("p.toml", "[config]\nlocale = 'fr-FR'\nkept = 'yes'\n")
        .probe("q.toml", "[config]\nlocale = 'fr-FR'\n")
        .file("app.toml", "[plugins.p]\nconfig = { locale = 'de-DE', added = 'too' }\n");
    let app = place.app();
    let p = ["(\"added\", \"too\")", "(\"kept\", \"yes\")", "(\"locale\", \"de-DE\")"];
    assert_eq!(config(&app, "p"), p);
    assert_eq!(config(&app, "q"), ["(\"locale\", \"fr-FR\")"]);
}

#[test]
fn of_the_command_line_are_for_the_entry_alone() {
    let place = Place::new("command-line");
    place.file("app.toml", "[app]\nentry = 'shell'\n").probe("shell.toml", "[wasi]\nargs = ['--fast']\n");
    place.probe("other.toml", "[wasi]\nargs = ['--slow']\n");
    let options = StartOptions {
        base: place.root.clone(),
        entry_args: Some(vec!["a b".into(), String::new()]),
        ..StartOptions::default()
    };
    let app = App::of_checked(check(&Folder::new(&place.root)).unwrap(), options).unwrap();
    expect(&app, "shell", &[("args()", r#"["shell", "a b", ""]"#)]);
    expect(&app, "other", &[("args()", r#"["other", "--slow"]"#)]);
}

/// All pairs, sorted: `wasi:config/store` promises no order.
fn config(app: &App, plugin: &str) -> Vec<String> {
    let Some(Val::Result(Ok(Some(pairs)))) = try_ask(app, plugin, "config-all()").unwrap() else { panic!() };
    let Val::List(pairs) = *pairs else { panic!() };
    let mut pairs: Vec<String> = pairs.iter().map(|pair| print_wave(pair).unwrap()).collect();
    pairs.sort();
    pairs
}
