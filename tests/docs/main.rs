//! Holds the documentation against the program.
//!
//! In the Markdown files of the project a comment on a line of its own is a marker. It stands above
//! a fenced block, or a table, and says what that must be:
//!
//! | marker | what stands below it |
//! |---|---|
//! | `case: GROUP/NAME` | the commands and the output of a case of `tests/cases` |
//! | `file: PATH` | a whole file of the repository |
//! | `excerpt: PATH` | lines of a file of the repository |
//! | `graph: DIR` | what `plugweave graph DIR` prints |
//! | `help: COMMAND` | what `plugweave COMMAND --help` prints |
//! | `plan: DIR` | lines of what `plugweave plan DIR` prints |
//! | `wasi` | the interfaces that the runtime offers |
//! | `manifest`, `app` | a manifest, or an `app.toml`, without mistakes |
//! | `defaults` | a manifest that says nothing but the defaults |
//! | `layers` | a table of the layers that `tests/layers.rs` allows |
//! | `commands` | a table of the commands that `plugweave --help` lists |
//! | `keys: TABLE` | a table of the keys that the parser knows in a table of manifests or `app.toml` |
//! | `narrowing` | a table of the limits and grants that `app.toml` may narrow |
//! | `cardinalities` | a table of the cardinalities |
//! | `codes` | a table of the codes of diagnostics |
//! | `failures` | a table of the codes of failures |
//! | `told: NAME` | an error that only a shell can bring about, by its code |
//! | `json: COMMAND` | a table of the fields that `plugweave COMMAND --format json` prints |
//! | `write`, `change`, `setup` | a step of the tutorial, which `tests/tutorial/main.rs` follows |
//!
//! `BLESS=1 cargo test --test docs` rewrites the blocks of `case`, `file`, `graph`, `help`, `told` and `wasi`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod codes;
mod dependencies;
#[cfg(feature = "runtime")]
mod failures;
mod json;
mod keys;
mod links;
#[cfg(feature = "cli")]
mod program;
mod rust;
mod table;

use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use plugweave::check::check;
use plugweave::diagnostic::{Diagnostic, Sources, Style, render};
use plugweave::folder::Folder;
use plugweave::manifest::{Settings, parse_app, parse_manifest, settle};
use plugweave::plan::Plan;

/// Every marker, and whether `BLESS=1` writes what stands below it.
const MARKERS: [(&str, bool); 22] = [
    ("case", true),
    ("file", true),
    ("graph", true),
    ("help", true),
    ("told", true),
    ("wasi", true),
    ("excerpt", false),
    ("plan", false),
    ("manifest", false),
    ("app", false),
    ("defaults", false),
    ("layers", false),
    ("commands", false),
    ("keys", false),
    ("narrowing", false),
    ("cardinalities", false),
    ("codes", false),
    ("failures", false),
    ("json", false),
    ("write", false),
    ("change", false),
    ("setup", false),
];

/// The way from the folder of a case to the root of the repository. It is not shown.
const WAY_TO_ROOT: &str = "../../../../";

/// A Markdown file of the project.
struct Doc {
    /// Relative to the root of the repository.
    path: String,
    text: String,
}

/// A marker and what stands below it.
struct Marked<'a> {
    doc: &'a Doc,
    /// The line of the marker, from 1.
    line: usize,
    kind: &'a str,
    argument: &'a str,
    /// The lines of the block without its fences, or the rows of the table, as bytes of the text.
    body: Range<usize>,
}

impl Marked<'_> {
    fn text(&self) -> &str {
        &self.doc.text[self.body.clone()]
    }

    /// A sentence about the block, with its place.
    fn tell(&self, problem: &str) -> String {
        format!("{}:{}: `{}`: {problem}", self.doc.path, self.line, self.kind)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| format!("`{path}` cannot be read: {error}"))
}

/// The Markdown files at the root, and those below `docs`, by path.
fn docs() -> Vec<Doc> {
    fn collect(folder: &Path, deep: bool, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && deep {
                collect(&path, deep, found);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    collect(root(), false, &mut paths);
    collect(&root().join("docs"), true, &mut paths);
    paths.sort();
    let relative = |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    paths.iter().map(|path| Doc { path: relative(path), text: fs::read_to_string(path).unwrap() }).collect()
}

/// The kind and the argument of a line that is a comment.
fn marker(line: &str) -> Option<(&str, &str)> {
    let inner = line.strip_prefix("<!--")?.strip_suffix("-->")?.trim();
    Some(inner.split_once(':').map_or((inner, ""), |(kind, argument)| (kind, argument.trim())))
}

/// The markers of a file, and what is wrong with them.
fn marked<'a>(doc: &'a Doc, wrong: &mut Vec<String>) -> Vec<Marked<'a>> {
    let mut found = Vec::new();
    let mut pending: Option<Marked<'a>> = None;
    let mut fence: Option<usize> = None;
    let mut start = 0;
    for (index, line) in doc.text.split('\n').enumerate() {
        let end = start + line.len() + 1;
        match fence {
            Some(begin) if line == "```" => {
                found.extend(pending.take().map(|mark| Marked { body: begin..start, ..mark }));
                fence = None;
            }
            Some(_) => {}
            None if line.starts_with("```") => fence = Some(end),
            None if line.starts_with('|') => {
                let body = start..start + rows(&doc.text[start..]);
                found.extend(pending.take().map(|mark| Marked { body, ..mark }));
            }
            None if line.is_empty() => {}
            None => {
                wrong.extend(pending.take().map(|mark| mark.tell("no block or table stands below it")));
                pending =
                    marker(line).map(|(kind, argument)| Marked { doc, line: index + 1, kind, argument, body: 0..0 });
            }
        }
        start = end;
    }
    wrong.extend(pending.map(|mark| mark.tell("no block or table stands below it")));
    for mark in &found {
        if MARKERS.iter().all(|(kind, _)| *kind != mark.kind) {
            wrong.push(mark.tell("this marker is not known"));
        }
    }
    found
}

/// The length of the table that a text begins with.
fn rows(text: &str) -> usize {
    text.split_inclusive('\n').take_while(|line| line.starts_with('|')).map(str::len).sum()
}

/// What must stand in a block that `BLESS=1` writes.
fn wanted(mark: &Marked<'_>) -> Result<String, String> {
    match mark.kind {
        "case" => read(&format!("tests/cases/{}/transcript.txt", mark.argument)).map(|transcript| shown(&transcript)),
        "file" => read(mark.argument),
        "graph" => plan(mark.argument).map(|plan| plan.to_mermaid()),
        "told" => told_by_a_shell(mark),
        "help" => Ok(help(mark.argument).unwrap_or_else(|| mark.text().to_owned())),
        _ => Ok(plugweave::resolve::offered_by_runtime().map(|name| name + "\n").collect()),
    }
}

/// What the program says about a command, or about itself; nothing where it is not built.
fn help(command: &str) -> Option<String> {
    let mut program = Command::new(option_env!("CARGO_BIN_EXE_plugweave")?);
    let printed = program.args(command.split_whitespace()).arg("--help").output().unwrap();
    let lines = String::from_utf8(printed.stdout).unwrap();
    Some(lines.lines().map(|line| format!("{}\n", line.trim_end())).collect())
}

/// An error that a shell is told; what stands there already where there is no runtime.
fn told_by_a_shell(mark: &Marked<'_>) -> Result<String, String> {
    #[cfg(feature = "runtime")]
    return failures::told(mark.argument);
    #[cfg(not(feature = "runtime"))]
    return Ok(mark.text().to_owned());
}

/// A transcript as a terminal would have shown it: without comments and exit codes, and with stderr
/// below stdout.
fn shown(transcript: &str) -> String {
    let mut text = String::new();
    for line in transcript.lines() {
        let line = match line.as_bytes().first() {
            Some(b'#' | b'?' | b'\\') => continue,
            Some(b'!' | b'|') => line[1..].strip_prefix(' ').unwrap_or(&line[1..]),
            _ => line,
        };
        let _ = writeln!(text, "{}", line.replace(WAY_TO_ROOT, ""));
    }
    format!("{}\n", text.trim_matches('\n'))
}

/// The plan of an app in the repository.
fn plan(folder: &str) -> Result<Plan, String> {
    let checked = check(&Folder::new(root().join(folder)))?;
    checked.plan.ok_or_else(|| format!("`{folder}` has problems: {}", told(&checked.diagnostics, &checked.sources)))
}

fn told(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let texts: Vec<String> = diagnostics.iter().map(|it| render(it, sources, Style::Plain)).collect();
    texts.join("\n\n")
}

/// What is wrong with a block that is not written by `BLESS=1`.
fn problem(mark: &Marked<'_>) -> Option<String> {
    let contains = |whole: Result<String, String>| match whole {
        Ok(whole) if format!("\n{whole}").contains(&format!("\n{}", mark.text())) => None,
        Ok(_) => Some(format!("these lines are not in `{}`", mark.argument)),
        Err(reason) => Some(reason),
    };
    match mark.kind {
        "excerpt" => contains(read(mark.argument)),
        "plan" => contains(plan(mark.argument).map(|plan| plan.to_text())),
        "keys" => keys::problem(mark),
        "narrowing" => keys::narrowing_problem(mark),
        "cardinalities" => keys::cardinality_problem(mark),
        "codes" => codes::problem(mark),
        #[cfg(feature = "runtime")]
        "failures" => failures::problem(mark),
        "manifest" => settings(mark.text()).err(),
        "app" => app_problem(mark.text()),
        "defaults" => match (settings(mark.text()), settings("[plugin]\ncomponent = \"a.wasm\"\n")) {
            (Ok(written), Ok(bare)) if written == bare => None,
            (Ok(written), _) => Some(format!("these are not the defaults: {written:#?}")),
            (Err(reason), _) => Some(reason),
        },
        "layers" => (layers_in_table(mark.text()) != layers_in_test()).then(|| {
            let layers: Vec<String> = layers_in_test().iter().map(|layer| format!("{layer:?}")).collect();
            format!("tests/layers.rs allows:\n{}", layers.join("\n"))
        }),
        _ => None,
    }
}

/// What a manifest comes to, or its mistakes.
fn settings(text: &str) -> Result<Settings, String> {
    let mut sources = Sources::default();
    let file = sources.add("plugin.toml", text);
    match parse_manifest(file, text, "plugin") {
        (Some(manifest), diagnostics) if diagnostics.is_empty() => Ok(settle(&manifest, &sources, None).0),
        (_, diagnostics) => Err(told(&diagnostics, &sources)),
    }
}

fn app_problem(text: &str) -> Option<String> {
    let mut sources = Sources::default();
    let file = sources.add("app.toml", text);
    let (_, diagnostics) = parse_app(file, text);
    (!diagnostics.is_empty()).then(|| told(&diagnostics, &sources))
}

/// A layer and the layers that it may use.
type Layer = (String, Vec<String>);

/// The layers of a table whose first column names the layer and whose second what it uses.
fn layers_in_table(table: &str) -> Vec<Layer> {
    let every_second = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let row = |row: &str| {
        let mut cells = row.split('|').skip(1).map(every_second);
        Some((cells.next()?.pop()?, cells.next()?))
    };
    table.lines().filter_map(row).collect()
}

/// The layers of the constant `LAYERS` in `tests/layers.rs`.
fn layers_in_test() -> Vec<Layer> {
    let source = read("tests/layers.rs").unwrap();
    let list = source.split("const LAYERS").nth(1).unwrap().split("\n];").next().unwrap();
    let layer = |entry: &str| {
        let (name, rest) = entry.split_once('"').unwrap().1.split_once('"').unwrap();
        let used = rest.split_once("&[").unwrap().1.split(']').next().unwrap();
        (name.to_owned(), used.split('"').skip(1).step_by(2).map(str::to_owned).collect())
    };
    list.split('(').skip(2).map(layer).collect()
}

#[test]
fn what_stands_below_markers_is_true() {
    let bless = std::env::var_os("BLESS").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for doc in docs() {
        let mut text = doc.text.clone();
        for mark in marked(&doc, &mut wrong).iter().rev() {
            if !MARKERS.contains(&(mark.kind, true)) {
                wrong.extend(problem(mark).map(|problem| mark.tell(&problem)));
                continue;
            }
            match wanted(mark) {
                Ok(wanted) if wanted == mark.text() => {}
                Ok(wanted) if bless => text.replace_range(mark.body.clone(), &wanted),
                Ok(wanted) => {
                    wrong.push(mark.tell(&format!("`BLESS=1 cargo test --test docs` would write:\n{wanted}")));
                }
                Err(reason) => wrong.push(mark.tell(&reason)),
            }
        }
        if text != doc.text {
            fs::write(root().join(&doc.path), text).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
