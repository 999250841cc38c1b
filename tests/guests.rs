//! Core modules for WASI preview 1, as compilers leave them, are plugins.
//!
//! There is the same plugin in C and in Rust, twice: `teller` is a program with a `main`, `desk` a library with an
//! interface. `guests/build.sh` makes them of the sources beside it. All tests hold for both languages, and for
//! fresh builds too: `PLUGWEAVE_GUESTS` names the folder with those.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use plugweave::{App, WaveCall, print_wave};

#[path = "support/guest.rs"]
mod guest;

const LANGUAGES: [&str; 2] = ["c", "rust"];

const GRANTS: &str = r#"
[wasi]
args = ["--one", "two words"]
env = { TOWN = "Delft" }
dirs = [
    { host = "data", guest = "/data", access = "read" },
    { host = "out", guest = "/out", access = "read-write" },
]
stdout = "inherit"

[config]
locale = "fr-FR"
"#;

const EXPORTS: &str = "\n[exports]\n'probe:wasi/desk@1.0.0' = {}\n";

/// A new folder for an app, with a file that it may read and a folder that it may write to.
fn folder(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests").join(name);
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(root.join("data")).unwrap();
    fs::create_dir_all(root.join("out")).unwrap();
    fs::write(root.join("data/a.txt"), "from a file\n").unwrap();
    root
}

/// Adds a plugin. Its component is a guest, and `tables` are the rest of its manifest.
fn add(folder: &Path, id: &str, file: &str, tables: &str) {
    let text = format!("[plugin]\ncomponent = '{}'\n{tables}", guest::guest(file).display());
    fs::write(folder.join(format!("{id}.toml")), text).unwrap();
}

/// What the program `plugweave` prints, on stdout and on stderr, and its exit code.
fn plugweave(folder: &Path, arguments: &[&str], stdin: &str) -> (String, String, Option<i32>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_plugweave"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("PLUGWEAVE_LOG")
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who ends without reading may close it before this is written.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (out, err, output.status.code())
}

/// The app with the desk of a language, which is called `desk`.
fn desk(test: &str, language: &str) -> App {
    let folder = folder(&format!("{test}-{language}"));
    add(&folder, "desk", &format!("{language}-desk.wasm"), &format!("{EXPORTS}{GRANTS}"));
    let app = App::open(&folder).unwrap();
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

/// What a desk answers, as text.
fn ask(app: &App, question: &str) -> String {
    let call = format!("probe:wasi/desk#{question}");
    let answer = app.call_wave(None, &WaveCall::parse(&call).unwrap());
    let answer = answer.unwrap_or_else(|error| panic!("{question}: {error}"));
    answer.map_or(String::new(), |value| print_wave(&value).unwrap())
}

#[test]
fn a_program_does_what_its_arguments_say() {
    for language in LANGUAGES {
        let folder = folder(&format!("program-{language}"));
        add(&folder, "teller", &format!("{language}-teller.wasm"), GRANTS);
        assert_eq!(plugweave(&folder, &["check"], "").0, "ok: 1 plugin, 0 links\n");
        let arguments = ["two words", "env:TOWN", "env:HOME", "cat:/data/a.txt", "copy:", "exit:7", "not this"];
        let (out, err, code) = plugweave(&folder, &[&["run", ".", "--"], &arguments[..]].concat(), "input\n\n");
        assert_eq!(out, "teller\ntwo words\nTOWN=Delft\nHOME=?\nfrom a file\ninput\n\n", "{language}: {err}");
        assert_eq!((err.as_str(), code), ("", Some(7)), "{language}");
        let (out, err, code) = plugweave(&folder, &["run", ".", "--", "cat:/data/none", "cat:/etc/passwd"], "");
        assert_eq!((out.as_str(), code), ("teller\n", Some(0)), "{language}");
        assert_eq!(err, "cannot read /data/none\ncannot read /etc/passwd\n", "{language}");
        let (out, err, code) = plugweave(&folder, &["run", ".", "--", "trap:"], "");
        assert_eq!((out.as_str(), code), ("teller\n", Some(1)), "{language}");
        assert!(err.contains("of plugin `teller` failed (trap): wasm trap: wasm `unreachable`"), "{err}");
    }
}

#[test]
fn a_program_without_grants_has_nothing() {
    for language in LANGUAGES {
        let folder = folder(&format!("bare-{language}"));
        add(&folder, "teller", &format!("{language}-teller.wasm"), "");
        let (out, err, code) = plugweave(&folder, &["run", ".", "--", "env:PATH", "cat:/data/a.txt"], "");
        assert_eq!((out.as_str(), code), ("teller\nPATH=?\n", Some(0)), "{language}");
        assert_eq!(err, "cannot read /data/a.txt\n", "{language}");
    }
}

#[test]
fn values_of_all_kinds_pass() {
    let long = "word ".repeat(5_000);
    let long_words = format!("words(\"{long}\", frequent)");
    let long_answer = format!("ok([{{text: \"word\", lines: [{}]}}])", vec!["1"; 5_000].join(", "));
    let answers = [
        (
            "words(\"b a\\n\\na  é a\", alphabetical)",
            "ok([{text: \"a\", lines: [1, 3, 3]}, {text: \"b\", lines: [1]}, {text: \"é\", lines: [3]}])",
        ),
        (
            "words(\"b a\\nb c c c\", frequent)",
            "ok([{text: \"c\", lines: [2, 2, 2]}, {text: \"b\", lines: [1, 2]}, {text: \"a\", lines: [1]}])",
        ),
        ("words(\" \\n\", frequent)", "err(\"no words\")"),
        (long_words.as_str(), long_answer.as_str()),
        ("join([\"x\", \"\", \"yé\"], \", \")", "\"x, , yé\""),
        ("join([], \", \")", "\"\""),
        // Nothing was broken by the long text.
        ("words(\"a\", frequent)", "ok([{text: \"a\", lines: [1]}])"),
    ];
    for language in LANGUAGES {
        let app = desk("values", language);
        for (question, answer) in answers {
            assert_eq!(ask(&app, question), answer, "{language}");
        }
    }
}

#[test]
fn a_library_gets_what_is_granted() {
    for language in LANGUAGES {
        let app = desk("grants", language);
        let answers = [
            ("args()", "[\"desk\", \"--one\", \"two words\"]"),
            ("variable(\"TOWN\")", "some(\"Delft\")"),
            ("variable(\"HOME\")", "none"),
            ("setting(\"locale\")", "some(\"fr-FR\")"),
            ("setting(\"size\")", "none"),
            ("read(\"/data/a.txt\")", "ok(\"from a file\\n\")"),
            ("read(\"/data/none\")", "err(not-found)"),
            ("read(\"/data/../../../Cargo.toml\")", "err(not-permitted)"),
            ("write(\"/data/b.txt\", \"x\")", "err(not-permitted)"),
            ("write(\"/out/b.txt\", \"one\\ntwo\\n\")", "ok"),
            ("read(\"/out/b.txt\")", "ok(\"one\\ntwo\\n\")"),
        ];
        for (question, answer) in answers {
            assert_eq!(ask(&app, question), answer, "{language}: {question}");
        }
        // The C library of the plugin answers this itself, because no directory is granted that it could ask.
        // Newer ones, such as that of rustup's targets, find nothing there.
        let outside = ask(&app, "read(\"/etc/passwd\")");
        let newer = guest::built().is_some() && outside == "err(not-found)";
        assert!(outside == "err(not-permitted)" || newer, "{language}: {outside}");
    }
}

#[test]
fn standard_output_goes_where_the_manifest_says() {
    for language in LANGUAGES {
        for (stream, out, err) in [
            ("inherit", "héllo\n", ""),
            ("null", "", ""),
            ("log", "", " INFO plugweave::guest: héllo plugin=desk stream=\"stdout\"\n"),
        ] {
            let folder = folder(&format!("streams-{language}"));
            let tables = format!("{EXPORTS}[wasi]\nstdout = '{stream}'\n");
            add(&folder, "desk", &format!("{language}-desk.wasm"), &tables);
            let printed = plugweave(&folder, &["call", "probe:wasi/desk#say(\"héllo\")"], "");
            assert_eq!(printed, (out.to_owned(), err.to_owned(), Some(0)), "{language}");
        }
    }
}

#[test]
fn a_trap_is_told_with_the_names_of_functions() {
    for language in LANGUAGES {
        let app = desk("traps", language);
        let call = WaveCall::parse("probe:wasi/desk#crash(2)").unwrap();
        let error = app.call_wave(None, &call).unwrap_err();
        let stumbles = error.backtrace().iter().filter(|frame| frame.contains("stumble")).count();
        assert_eq!(stumbles, 3, "{language}: {:?}", error.backtrace());
        // It is started anew, and what runs before all else ran again.
        assert_eq!(ask(&app, "args()"), "[\"desk\", \"--one\", \"two words\"]", "{language}");
    }
}

/// Its desk is another plugin's.
const RELAY: &str = r#"(module
    (import "probe:wasi/desk@1.0.0" "crash" (func $crash (param i32)))
    (func $relay (export "probe:wasi/desk@1.0.0#crash") (param i32) (call $crash (local.get 0))))"#;

const RELAY_WIT: &str = "package probe:wasi@1.0.0;
interface desk { crash: func(depth: u32); }
world relay { import desk; export desk; }";

#[test]
fn a_trap_far_down_a_chain_is_told_with_the_names_of_functions() {
    for language in LANGUAGES {
        let folder = folder(&format!("chain-{language}"));
        add(&folder, "desk", &format!("{language}-desk.wasm"), EXPORTS);
        fs::write(folder.join("relay.wat"), RELAY).unwrap();
        fs::write(folder.join("relay.wit"), RELAY_WIT).unwrap();
        let line = ["a", "b", "c", "d", "e", "desk"];
        let imports = "[imports]\n'probe:wasi/desk@1.0.0' = 'exactly-one'\n";
        let relay = format!("[plugin]\ncomponent = 'relay.wat'\nwit = 'relay.wit'\n{EXPORTS}{imports}");
        let mut bindings = "[bind]\n".to_owned();
        for pair in line.windows(2) {
            fs::write(folder.join(format!("{}.toml", pair[0])), &relay).unwrap();
            bindings += &format!("{} = {{ 'probe:wasi/desk@1.0.0' = ['{}'] }}\n", pair[0], pair[1]);
        }
        fs::write(folder.join("app.toml"), bindings).unwrap();

        let call = ["call", "--plugin", "a", "probe:wasi/desk#crash(2)"];
        let (out, err, code) = plugweave(&folder, &call, "");
        assert_eq!((out.as_str(), code), ("", Some(1)), "{language}");
        let calls: Vec<String> = line.map(|plugin| format!("{plugin} (probe:wasi/desk@1.0.0#crash)")).to_vec();
        let told = format!(
            "error: `probe:wasi/desk@1.0.0#crash` of plugin `desk` failed (trap): \
             wasm trap: wasm `unreachable` instruction executed; called through host -> {}\n\
             \x20 = note: the stack of `desk`, innermost first:\n",
            calls.join(" -> ")
        );
        let frames = err.strip_prefix(&told).unwrap_or_else(|| panic!("{language}: {err}"));
        // The same calls are told once.
        assert!(frames.contains("stumble (repeated)\n"), "{language}: {frames}");

        let (out, _, _) = plugweave(&folder, &[&call[..], &["--format", "json"]].concat(), "");
        let error = &serde_json::from_str::<serde_json::Value>(&out).unwrap()["error"];
        assert_eq!((&error["provider"], &error["origin"]), (&"a".into(), &"desk".into()), "{language}");
        let chain = error["chain"].as_array().unwrap().iter().map(|call| call["plugin"].as_str().unwrap());
        assert!(chain.eq(line), "{error}");
        let backtrace = error["backtrace"].as_array().unwrap();
        assert_eq!(backtrace.iter().filter(|frame| frame.as_str().unwrap().contains("stumble")).count(), 3);
    }
}

#[test]
fn plugins_in_two_languages_answer_alike() {
    let folder = folder("both");
    for language in LANGUAGES {
        add(&folder, language, &format!("{language}-desk.wasm"), EXPORTS);
    }
    let app = App::open(&folder).unwrap();
    let call = WaveCall::parse("probe:wasi/desk#words(\"to be or not to be\", frequent)").unwrap();
    let answers = app.call_all_wave(&call).unwrap();
    let answers: Vec<_> = answers
        .into_iter()
        .map(|(id, answer)| (id.to_string(), print_wave(&answer.unwrap().unwrap()).unwrap()))
        .collect();
    let wanted = "ok([{text: \"be\", lines: [1, 1]}, {text: \"to\", lines: [1, 1]}, \
                  {text: \"not\", lines: [1]}, {text: \"or\", lines: [1]}])";
    assert_eq!(answers, LANGUAGES.map(|language| (language.to_owned(), wanted.to_owned())));
}
