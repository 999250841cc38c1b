//! How fast apps are resolved and checked, and whether that grows with their size or faster.
//!
//! `cargo bench --no-default-features --bench resolve` runs it without building wasmtime. It ends with
//! tables of how the times grow.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a bench")]

#[allow(dead_code, reason = "the other benches use all of it")]
mod compare;
#[path = "../tests/support/folders.rs"]
mod folders;
#[path = "../tests/support/random.rs"]
mod random;

use std::cell::LazyCell;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use plugweave::check::{check, check_only};
use plugweave::files::Memory;
use plugweave::folder::Folder;
use plugweave::manifest::{parse_app, parse_manifest, settle};
use plugweave::model::{ExternName, Field, FuncType, Param, Type};
use plugweave::resolve::{App, Plugin, resolve};
use plugweave::world::{Extern, ExternKind, Function, World, componentize};

use compare::{Column, Row, compare, contender, is_measured, print_table};
use folders::Kind as Much;

/// How many imports each plugin has, as far as there are so many others.
const IMPORTS: usize = 3;

/// What an app is like, apart from its size.
#[derive(Clone, Copy)]
enum Kind {
    /// Each import has one provider.
    Plain,
    /// `app.toml` has a line of `[bind]` for each import, and a word over each plugin.
    Bound,
    /// Every tenth plugin exports one interface, and one in a hundred asks all of them.
    FanOut,
    /// No import has a provider.
    Missing,
    /// Pairs of plugins that need each other.
    Cycles,
}

fn interface(number: usize) -> String {
    format!("bench:app/service-{number}@1.0.0")
}

/// The plugins that a plugin imports from: always earlier ones, so that there is no cycle.
fn providers(kind: Kind, number: usize) -> Vec<usize> {
    match kind {
        Kind::Cycles => vec![number ^ 1],
        _ => {
            let earlier = (1..=IMPORTS).filter_map(|step| number.checked_sub(step * step * 7));
            earlier.filter(|&provider| !(matches!(kind, Kind::FanOut) && asks_all(provider))).collect()
        }
    }
}

/// Whether a plugin of a fan-out is one that asks.
fn asks_all(number: usize) -> bool {
    number % 100 == 99
}

/// The interfaces that a plugin imports, each with its cardinality.
fn imports(kind: Kind, number: usize) -> Vec<(String, &'static str)> {
    let one = |interface: String| (interface, "exactly-one");
    match kind {
        Kind::Missing => (0..IMPORTS).map(|other| one(format!("bench:app/nobody-{number}-{other}@1.0.0"))).collect(),
        Kind::FanOut if asks_all(number) => vec![(FAN_OUT.to_owned(), "any")],
        _ => providers(kind, number).into_iter().map(|provider| one(interface(provider))).collect(),
    }
}

const FAN_OUT: &str = "bench:app/rule@1.0.0";

fn exports(kind: Kind, number: usize) -> Vec<String> {
    let mut exports = vec![interface(number)];
    if matches!(kind, Kind::FanOut) && number.is_multiple_of(10) {
        exports.push(FAN_OUT.to_owned());
    }
    exports
}

fn manifest(kind: Kind, number: usize) -> String {
    let mut text = format!("[plugin]\nid = \"plugin-{number}\"\ncomponent = \"plugin-{number}.wasm\"\n[exports]\n");
    for name in exports(kind, number) {
        writeln!(text, "\"{name}\" = {{}}").unwrap();
    }
    text.push_str("[imports]\n");
    for (name, cardinality) in imports(kind, number) {
        writeln!(text, "\"{name}\" = \"{cardinality}\"").unwrap();
    }
    text
}

fn app_file(kind: Kind, size: usize) -> String {
    let mut text = "[app]\nname = \"bench\"\n".to_owned();
    if matches!(kind, Kind::Bound) {
        for number in 0..size {
            writeln!(text, "[bind.plugin-{number}]").unwrap();
            for provider in providers(kind, number) {
                writeln!(text, "\"{}\" = [\"plugin-{provider}\"]", interface(provider)).unwrap();
            }
            writeln!(text, "[plugins.plugin-{number}]\nlimits = {{ memory = \"16 MiB\" }}").unwrap();
        }
    }
    text
}

/// Three functions, with a record in the last; for a fan-out, with lists of the results.
fn external(name: &str, many: bool) -> Extern {
    let ty = Arc::new;
    let text = || ty(Type::String);
    let field = |name: &str| Field { name: name.to_owned(), ty: text() };
    let record = ty(Type::Record(vec![field("title"), field("body"), field("author")]));
    let result = |result: Arc<Type>| Some(if many { ty(Type::List(result)) } else { result });
    let function = |name: &str, own: Arc<Type>, answer: Arc<Type>| Function {
        name: name.to_owned(),
        ty: FuncType {
            is_async: false,
            params: vec![Param { name: "key".to_owned(), ty: own }],
            result: result(answer),
        },
    };
    Extern {
        name: ExternName::parse(name).unwrap(),
        kind: ExternKind::Interface,
        functions: vec![
            function("find", text(), ty(Type::Option(record.clone()))),
            function("count", text(), ty(Type::U32)),
            function("save", record, ty(Type::Result(None, Some(text())))),
        ],
        resources: Vec::new(),
        gated: Vec::new(),
    }
}

/// An app as it is before resolving, with worlds that no binary was read for.
fn app(kind: Kind, size: usize) -> App {
    let mut app = App::default();
    let text = app_file(kind, size);
    let file = app.sources.add("app.toml", text.clone());
    app.file = parse_app(file, &text).0;
    for number in 0..size {
        let text = manifest(kind, number);
        let id = format!("plugin-{number}");
        let file = app.sources.add(format!("{id}.toml"), text.clone());
        let manifest = parse_manifest(file, &text, &id).0.unwrap();
        let settings = settle(&manifest, &app.sources, app.file.as_ref()).0;
        let world = World {
            imports: imports(kind, number).iter().map(|(name, how)| external(name, *how == "any")).collect(),
            exports: exports(kind, number).iter().map(|name| external(name, false)).collect(),
            ..World::default()
        };
        app.plugins.push(Plugin { manifest, settings, component: format!("{id}.wasm"), world: Some(Arc::new(world)) });
    }
    app
}

/// A component with real imports and exports of the same shape as [`external`].
fn component(number: usize) -> Vec<u8> {
    let mut text = "(component\n".to_owned();
    for (name, _) in imports(Kind::Plain, number) {
        writeln!(
            text,
            "(import \"{name}\" (instance
              (type $d (record (field \"title\" string) (field \"body\" string) (field \"author\" string)))
              (export \"entry\" (type $t (eq $d)))
              (export \"find\" (func (param \"key\" string) (result (option $t))))
              (export \"count\" (func (param \"key\" string) (result u32)))
              (export \"save\" (func (param \"key\" $t) (result (result (error string)))))))"
        )
        .unwrap();
    }
    writeln!(
        text,
        "(core module $code
          (memory (export \"memory\") 1)
          (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) unreachable)
          (func (export \"find\") (param i32 i32) (result i32) unreachable)
          (func (export \"count\") (param i32 i32) (result i32) i32.const {number})
          (func (export \"save\") (param i32 i32 i32 i32 i32 i32) (result i32) unreachable))
        (core instance $core (instantiate $code))
        (type $t (record (field \"title\" string) (field \"body\" string) (field \"author\" string)))
        (func $find (param \"key\" string) (result (option $t))
          (canon lift (core func $core \"find\") (memory $core \"memory\") (realloc (func $core \"realloc\"))))
        (func $count (param \"key\" string) (result u32)
          (canon lift (core func $core \"count\") (memory $core \"memory\") (realloc (func $core \"realloc\"))))
        (func $save (param \"key\" $t) (result (result (error string)))
          (canon lift (core func $core \"save\") (memory $core \"memory\") (realloc (func $core \"realloc\"))))
        (instance $own (export \"entry\" (type $t)) (export \"find\" (func $find)) (export \"count\" (func $count))
          (export \"save\" (func $save)))
        (export \"{}\" (instance $own)))",
        interface(number)
    )
    .unwrap();
    componentize(text.as_bytes(), None, None).unwrap().into_owned()
}

fn files(size: usize) -> Memory {
    (0..size).fold(Memory::default(), |memory, number| {
        memory
            .with(format!("plugin-{number}.toml"), manifest(Kind::Plain, number))
            .with(format!("plugin-{number}.wasm"), component(number))
    })
}

/// How many plugins the apps have. In a single run, which measures nothing, the largest are left out.
fn sizes() -> &'static [(&'static str, usize)] {
    let all = &[("100", 100), ("1,000", 1_000), ("10,000", 10_000)];
    if is_measured() { all } else { &all[..1] }
}

fn resolving(criterion: &mut Criterion) {
    let kinds = [
        ("each import has one provider", Kind::Plain),
        ("as above, all bound in `app.toml`", Kind::Bound),
        ("one plugin in a hundred asks one in ten", Kind::FanOut),
        ("no import has a provider", Kind::Missing),
        ("every plugin on a cycle with another", Kind::Cycles),
    ];
    let resolving = |kind, name, size| {
        // Made when it is first asked for: most are not, where the command line names one.
        let app = LazyCell::new(move || app(kind, size));
        contender(name, move || {
            let (plan, problems) = resolve(black_box(&app));
            assert_eq!(plan.is_some(), !matches!(kind, Kind::Missing | Kind::Cycles), "{:?}", problems.first());
            (plan, problems)
        })
    };
    let rows = kinds.into_iter().filter_map(|(what, kind)| {
        let contenders = sizes().iter().map(|(name, size)| resolving(kind, *name, *size)).collect();
        compare(criterion, "resolve", what, contenders)
    });
    let rows: Vec<Row> = rows.collect();
    print_growth("resolving", sizes(), &rows);
}

/// Each size against the one before, and the share of one plugin in the largest.
fn print_growth(title: &str, sizes: &[(&'static str, usize)], rows: &[Row]) {
    let Some((largest, plugins)) = sizes.last() else { return };
    let share = format!("each of {largest}");
    let before = |index: usize| index.checked_sub(1);
    let mut columns: Vec<Column<'_>> =
        sizes.iter().enumerate().map(|(index, (name, _))| (*name, before(index))).collect();
    columns.push((&share, None));
    let rows = rows.iter().map(|row| {
        let mut times: Vec<Option<Duration>> = sizes.iter().map(|(name, _)| row.of(name)).collect();
        times.push(row.of(largest).map(|time| time.div_f64(*plugins as f64)));
        (row.name.clone(), times)
    });
    print_table(title, &columns, &rows.collect::<Vec<_>>());
}

/// Plugins with binaries of the sample, of about 70 KB on average; none where the sample is not there.
fn of_the_sample(size: usize) -> Option<Memory> {
    let plugins = ["stats", "store", "theme"];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/workbench/wasm");
    let binaries: Option<Vec<Vec<u8>>> =
        plugins.into_iter().map(|plugin| std::fs::read(format!("{folder}/{plugin}.wasm")).ok()).collect();
    let binaries = binaries?;
    Some((0..size).fold(Memory::default(), |memory, number| {
        let id = format!("plugin-{number}");
        memory
            .with(format!("{id}.toml"), format!("[plugin]\ncomponent = \"{id}.wasm\"\n"))
            .with(format!("{id}.wasm"), binaries[number % binaries.len()].clone())
    }))
}

fn checking(criterion: &mut Criterion) {
    let sizes = &sizes()[..sizes().len().min(2)];
    let small = |size| Some(files(size));
    let kinds: [(_, &dyn Fn(usize) -> _); 2] =
        [("small components", &small), ("components of 70 KB, as the sample has", &of_the_sample)];
    let checking = |files: Memory, name| {
        contender(name, move || {
            let checked = check(black_box(&files)).unwrap();
            assert!(checked.plan.is_some(), "{:?}", checked.diagnostics.first());
            checked
        })
    };
    let rows = kinds.into_iter().filter_map(|(what, files)| {
        let contenders = sizes.iter().filter_map(|(name, size)| Some(checking(files(*size)?, *name))).collect();
        compare(criterion, "check", what, contenders)
    });
    let rows: Vec<Row> = rows.collect();
    print_growth("checking", sizes, &rows);
}

/// Folders in which much is to be looked up or told: ten times as much should take ten times as long.
fn checking_much(criterion: &mut Criterion) {
    let sizes: &[(&'static str, usize)] = &[("1,000", 1_000), ("10,000", 10_000)];
    let sizes = if is_measured() { sizes } else { &sizes[..1] };
    let kinds = [
        ("imports with `from` that half as many plugins serve", Much::From),
        ("plugins that import with `from` what each exports", Much::FromEach),
        ("wrong names", Much::WrongExports),
        ("right names", Much::Exports),
        ("functions that a provider lacks", Much::Functions),
        ("arguments that `app.toml` repeats", Much::Args),
        ("arguments that it does not", Much::WrongArgs),
        ("folders that it repeats", Much::Dirs),
        ("bindings", Much::Binds),
        ("bindings of nothing", Much::WrongBinds),
        ("words over plugins", Much::Words),
        ("interfaces of the host", Much::Hosts),
    ];
    let place = std::env::temp_dir().join(format!("plugweave-bench-{}", std::process::id()));
    let checking = |kind: Much, name: &'static str, size: usize| {
        let folder = place.join(format!("{kind:?}-{size}"));
        let folder = LazyCell::new(move || {
            kind.write(&folder, size);
            Folder::new(folder)
        });
        contender(name, move || check_only(black_box(&*folder)).unwrap())
    };
    let rows = kinds.into_iter().filter_map(|(what, kind)| {
        let contenders = sizes.iter().map(|(name, size)| checking(kind, name, *size)).collect();
        compare(criterion, "check much", what, contenders)
    });
    let rows: Vec<Row> = rows.collect();
    print_growth("checking much", sizes, &rows);
    let _ = std::fs::remove_dir_all(place);
}

criterion_group!(benches, resolving, checking, checking_much);
criterion_main!(benches);
