//! What one plugin is granted, and others are not.

use plugweave::print_wave;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use crate::place::{Place, expect, expect_nothing};

const ALL: &str = "[wasi]\nargs = ['--fast']\nenv = { SECRET = 'p' }\n\
    dirs = [{ host = 'data', guest = '/data', access = 'read-write' }]\n\
    network = ['tcp:127.0.0.1:9', 'udp:127.0.0.1:9', 'dns']\n[config]\nkey = 'p'\n";

#[test]
fn nothing_is_shared() {
    let place = Place::new("apart");
    let q = "[wasi]\nargs = ['--slow']\nenv = { SECRET = 'q' }\n\
        dirs = [{ host = 'else', guest = '/data', access = 'read' }]\nnetwork = ['dns']\n[config]\nkey = 'q'\n";
    place.file("data/a.txt", "of p").file("else/a.txt", "of q");
    let app = place.probe("p.toml", ALL).probe("q.toml", q).probe("r.toml", "").app();
    for (plugin, arg, write) in [("p", "--fast", "ok"), ("q", "--slow", "err(\"not-permitted\")")] {
        expect(
            &app,
            plugin,
            &[
                ("args()", &format!("[\"{plugin}\", \"{arg}\"]")),
                ("env()", &format!("[(\"SECRET\", \"{plugin}\")]")),
                ("config-all()", &format!("ok([(\"key\", \"{plugin}\")])")),
                ("dirs()", "[\"/data\"]"),
                ("read-file(\"/data\", \"a.txt\")", &format!("ok(\"of {plugin}\")")),
                ("apply(\"/data\", write((\"b.txt\", \"\")))", write),
            ],
        );
    }
    expect(&app, "q", &[("tcp-connect(\"127.0.0.1\", 9)", "err(\"socket: access-denied\")")]);
    expect_nothing(&app, "r");
}

/// Tells its own environment and that of the probe that it imports.
fn importer() -> Vec<u8> {
    let wit = "package test:importer;
        interface api { mine: func() -> list<tuple<string, string>>; theirs: func() -> list<tuple<string, string>>; }
        world importer {
            import wasi:cli/environment@0.2.0;
            import probe:wasi/probe@1.0.0;
            export api;
        }
        package wasi:cli@0.2.0 {
            interface environment { get-environment: func() -> list<tuple<string, string>>; }
        }
        package probe:wasi@1.0.0 { interface probe { env: func() -> list<tuple<string, string>>; } }";
    let wat = r#"(module
        (import "wasi:cli/environment@0.2.0" "get-environment" (func $own (param i32)))
        (import "probe:wasi/probe@1.0.0" "env" (func $theirs (param i32)))
        (memory (export "memory") 1)
        (global $free (mut i32) (i32.const 1024))
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
            (global.get $free)
            (global.set $free (i32.add (global.get $free) (local.get 3))))
        (func (export "test:importer/api#mine") (result i32) (call $own (i32.const 64)) (i32.const 64))
        (func (export "test:importer/api#theirs") (result i32) (call $theirs (i32.const 64)) (i32.const 64)))"#;
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("importer.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some("importer")).unwrap();
    let mut module = wat::parse_str(wat).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

#[test]
fn importing_a_plugin_shares_nothing_with_it() {
    let place = Place::new("import");
    let manifest = |id: &str, env: &str| {
        let tables = "component = 'importer.wasm'\n[exports]\n'test:importer/api' = {}\n\
            [imports]\n'probe:wasi/probe@1.0.0' = 'exactly-one'\n";
        place.file(&format!("{id}.toml"), format!("[plugin]\n{tables}{env}"));
    };
    manifest("plain", "");
    manifest("rich", "[wasi.env]\nMINE = 'rich'\n");
    let app = place.probe("p.toml", ALL).file("data/a.txt", "").file("importer.wasm", importer()).app();
    let told = |plugin: &str, function: &str| {
        let answer = app.call_plugin(plugin, &format!("test:importer/api#{function}"), &[]);
        print_wave(&answer.unwrap().unwrap()).unwrap()
    };
    assert_eq!(told("plain", "mine"), "[]");
    assert_eq!(told("rich", "mine"), "[(\"MINE\", \"rich\")]");
    for importer in ["plain", "rich"] {
        assert_eq!(told(importer, "theirs"), "[(\"SECRET\", \"p\")]");
    }
}

#[test]
fn the_app_narrows_what_a_manifest_grants() {
    let place = Place::new("narrowed");
    let none = "wasi = { args = [], env = {}, dirs = [], network = [] }";
    let less = "wasi = { dirs = [{ host = 'data/sub', guest = '/sub', access = 'read' }], network = ['dns'] }";
    place.file("data/sub/a.txt", "a").file("app.toml", format!("[plugins.none]\n{none}\n[plugins.less]\n{less}\n"));
    for id in ["none", "less", "full"] {
        place.probe(&format!("{id}.toml"), ALL.split("[config]").next().unwrap());
    }
    let app = place.app();
    expect_nothing(&app, "none");
    expect(
        &app,
        "less",
        &[
            ("args()", r#"["less", "--fast"]"#),
            ("env()", r#"[("SECRET", "p")]"#),
            ("dirs()", "[\"/sub\"]"),
            ("read-file(\"/sub\", \"a.txt\")", "ok(\"a\")"),
            ("apply(\"/sub\", remove-file(\"a.txt\"))", "err(\"not-permitted\")"),
            ("tcp-connect(\"127.0.0.1\", 9)", "err(\"socket: access-denied\")"),
            ("udp-bind(\"127.0.0.1\", 9)", "err(\"socket: access-denied\")"),
            ("resolve(\"127.0.0.1\")", "ok([\"127.0.0.1\"])"),
        ],
    );
    expect(&app, "full", &[("apply(\"/data\", write((\"sub/a.txt\", \"b\")))", "ok")]);
}

#[test]
fn an_app_that_trusts_nobody_withholds() {
    let place = Place::new("trust");
    let some = "wasi = { env = { SECRET = 'p' }, dirs = [{ host = 'data', guest = '/d', access = 'read' }] }";
    place.file("data/a.txt", "a").file("app.toml", format!("[app]\ntrust = 'app'\n[plugins.some]\n{some}\n"));
    place.probe("none.toml", ALL.split("[config]").next().unwrap());
    let app = place.probe("some.toml", ALL).app();
    expect_nothing(&app, "none");
    expect(
        &app,
        "some",
        &[
            ("args()", "[\"some\"]"),
            ("env()", r#"[("SECRET", "p")]"#),
            ("dirs()", "[\"/d\"]"),
            ("read-file(\"/d\", \"a.txt\")", "ok(\"a\")"),
            ("apply(\"/d\", remove-file(\"a.txt\"))", "err(\"not-permitted\")"),
            ("udp-bind(\"127.0.0.1\", 9)", "err(\"socket: access-denied\")"),
            ("resolve(\"localhost\")", "err(\"resolve: permanent-resolver-failure\")"),
            // What the manifest itself tells its plugin is no grant.
            ("config(\"key\")", "ok(some(\"p\"))"),
        ],
    );
}
