//! The text of a builder, and that nothing of a manifest is missing from it.

mod random;

use std::collections::BTreeSet;
use std::time::Duration;

use super::{ImportTerms, ManifestBuilder};
use crate::diagnostic::Sources;
use crate::manifest::parse_manifest;
use crate::manifest::testing::manifest;
use crate::model::{Access, Cardinality, NetworkGrant, OnFailure, Stdio};

/// Says everything that can be said.
fn full() -> ManifestBuilder {
    ManifestBuilder::new("stats")
        .version("1.2.0")
        .description("Counts \"words\"")
        .enabled(true)
        .sha256("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
        .wit("wit")
        .world("stats")
        .export("text:stats/words@1.0.0")
        .export_with_priority("text:lint/rule@1.0.0", 10)
        .export("run")
        .import("text:store/documents@1.0.0", Cardinality::ExactlyOne)
        .import(
            "text:lint/rules@1.0.0",
            ImportTerms::new(Cardinality::Any).from("text:lint/rule@1.0.0").on_failure(OnFailure::Skip).late(),
        )
        .memory(64 << 20)
        .timeout(Duration::from_millis(1500))
        .fuel(1_000_000)
        .call_depth(8)
        .handles(1000)
        .tables(10)
        .instances(20)
        .open_files(30)
        .hostcall_bytes(1000)
        .restart(3, Duration::from_secs(90))
        .arg("--fast")
        .arg("two words")
        .env("LANG", "C")
        .env("odd name", "")
        .stdin(Stdio::Null)
        .stdout(Stdio::Log)
        .stderr(Stdio::Inherit)
        .dir("data", "/data", Access::Read)
        .dir("../cache/of/the/application", "/cache", Access::ReadWrite)
        .network("tcp:127.0.0.1:8080")
        .network(NetworkGrant::Udp([0, 0, 0, 0, 0, 0, 0, 1].into(), 53))
        .network(NetworkGrant::Dns)
        .config("locale", "fr-FR")
        .config("two words", "a\nb")
}

#[test]
fn the_text_reads_like_one_written_by_hand() {
    let expected = r#"[plugin]
id = "stats"
component = "stats.wasm"
version = "1.2.0"
description = 'Counts "words"'
enabled = true
sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
wit = "wit"
world = "stats"

[exports]
"text:stats/words@1.0.0" = {}
"text:lint/rule@1.0.0" = { priority = 10 }
"run" = {}

[imports]
"text:store/documents@1.0.0" = "exactly-one"
"text:lint/rules@1.0.0" = { cardinality = "any", from = "text:lint/rule@1.0.0", on-failure = "skip", late = true }

[limits]
memory = "64 MiB"
timeout = "1s 500ms"
fuel = 1000000
call-depth = 8
handles = 1000
tables = 10
instances = 20
open-files = 30
hostcall-bytes = "1000 B"
restart = { max = 3, within = "1m 30s" }

[wasi]
args = ["--fast", "two words"]
env = { LANG = "C", "odd name" = "" }
stdin = "null"
stdout = "log"
stderr = "inherit"
dirs = [
    { host = "data", guest = "/data", access = "read" },
    { host = "../cache/of/the/application", guest = "/cache", access = "read-write" },
]
network = ["tcp:127.0.0.1:8080", "udp:[::1]:53", "dns"]

[config]
locale = "fr-FR"
"two words" = "a\nb"
"#;
    assert_eq!(full().to_toml(), expected);
    assert_eq!(manifest(expected).1, [""; 0]);
    assert_eq!(ManifestBuilder::new("a").to_toml(), "[plugin]\nid = \"a\"\ncomponent = \"a.wasm\"\n");
}

#[test]
fn the_last_word_counts() {
    let builder = ManifestBuilder::new("a")
        .component("b.wasm")
        .export_with_priority("run", 1)
        .import("other", ImportTerms::new(Cardinality::Any).late())
        .timeout(Duration::from_secs(1))
        .restart(1, Duration::from_secs(1))
        .env("A", "1")
        .config("k", "1");
    let again = builder.export("run").import("other", Cardinality::AtMostOne).no_timeout().no_restart();
    let expected = r#"[plugin]
id = "a"
component = "b.wasm"

[exports]
"run" = {}

[imports]
"other" = "at-most-one"

[limits]
timeout = "never"
restart = "never"

[wasi]
env = { A = "2" }

[config]
k = "2"
"#;
    assert_eq!(again.env("A", "2").config("k", "2").to_toml(), expected);
}

/// The builder refuses nothing: the parser does, in the lines of the text.
#[test]
fn mistakes_are_told_in_the_text() {
    let fine = || ManifestBuilder::new("a");
    for (builder, expected) in [
        (ManifestBuilder::new("Ä\n"), "2:6 `plugin.id` is not a plugin id"),
        (fine().component(""), "3:13 `plugin.component` must not be empty"),
        (fine().version("1"), "4:11 `plugin.version` is not a semantic version"),
        (fine().description("\0"), "4:15 `plugin.description` must not contain NUL"),
        (fine().sha256("00"), "4:10 `plugin.sha256` is not a SHA-256"),
        (fine().world("w"), "4:1 `plugin.world` needs `wit`"),
        (fine().export("a:b"), "6:1 the key `exports.\"a:b\"` is not the name of an interface"),
        (fine().export("\"\n\u{7f}'"), "6:1 the key `exports.\"\"\\n\\u{7f}'\"` is not the name of an interface"),
        (fine().import("", Cardinality::Any), "6:1 the key `imports.\"\"` is not the name of an interface"),
        (fine().memory(0), "6:10 `limits.memory` is not a size"),
        (fine().timeout(Duration::ZERO), "6:11 `limits.timeout` is not a duration"),
        (fine().timeout(Duration::MAX), "6:11 `limits.timeout` is not a duration"),
        (fine().fuel(0), "6:8 `limits.fuel` is out of range"),
        (fine().call_depth(0), "6:14 `limits.call-depth` is out of range"),
        (fine().restart(0, Duration::from_secs(1)), "6:19 `limits.restart.max` is out of range"),
        (fine().env("A=B", ""), "6:9 the key `wasi.env.\"A=B\"` is not the name of an environment variable"),
        (fine().stdin(Stdio::Log), "6:9 `wasi.stdin` cannot be `log`"),
        (fine().dir("a", "a", Access::Read), "6:31 `wasi.dirs[0].guest` must be absolute"),
        (fine().network("tcp:localhost:80"), "6:12 `wasi.network[0]` is not a network grant"),
        (fine().config("", "x"), "6:1 the key `config.\"\"` must have characters, and not NUL"),
    ] {
        assert_eq!(manifest(&builder.to_toml()).1, [expected], "{}", builder.to_toml());
    }
}

/// Each table of a document, with the path to it.
fn tables(table: &toml::Table, path: &[Step], found: &mut Vec<Vec<Step>>) {
    found.push(path.to_vec());
    for (key, value) in table {
        let below = [path, &[Step::Key(key.clone())]].concat();
        let first = |list: &toml::value::Array| list.first().and_then(toml::Value::as_table).cloned();
        match value {
            toml::Value::Table(inner) => tables(inner, &below, found),
            toml::Value::Array(list) => {
                if let Some(inner) = first(list) {
                    tables(&inner, &[below, vec![Step::First]].concat(), found);
                }
            }
            _ => {}
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    First,
}

fn at<'a>(document: &'a mut toml::Value, path: &[Step]) -> &'a mut toml::Table {
    let found = path.iter().fold(document, |value, step| match step {
        Step::Key(key) => value.get_mut(key.as_str()).unwrap(),
        Step::First => value.get_mut(0).unwrap(),
    });
    found.as_table_mut().unwrap()
}

/// The parser itself tells the keys that it knows in each table, so that a new one is missed here.
#[test]
fn every_key_that_the_parser_knows_can_be_said() {
    let document: toml::Table = full().to_toml().parse().unwrap();
    let mut paths = Vec::new();
    tables(&document, &[], &mut paths);
    let mut checked = 0;
    for path in paths {
        let mut changed = toml::Value::Table(document.clone());
        let table = at(&mut changed, &path);
        let said: BTreeSet<String> = table.keys().cloned().collect();
        table.insert("no-such-key".to_owned(), toml::Value::from(1));
        let text = toml::to_string(&changed).unwrap();
        let file = Sources::default().add("a.toml", text.clone());
        let (_, diagnostics) = parse_manifest(file, &text, "a");
        let unknown = diagnostics.iter().find(|it| it.message.starts_with("unknown key"));
        // The keys of the other tables are free.
        if let Some(known) = unknown.and_then(|it| it.help.split_once("known keys: ")) {
            let known: BTreeSet<String> = known.1.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            let unsaid: Vec<_> = known.difference(&said).collect();
            // An export without a priority, and one with.
            assert!(unsaid.is_empty() || said.is_empty(), "{path:?} lacks {unsaid:?}");
            checked += 1;
        }
    }
    // The document, `plugin`, three exports, one import, `limits`, `restart`, `wasi`, one of `dirs`.
    assert_eq!(checked, 10);
}
