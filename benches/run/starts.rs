//! From a folder to a running app, and one plugin that is started anew.

use std::cell::LazyCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use criterion::Criterion;
use plugweave::check::{Checked, check};
use plugweave::files::Memory;
use plugweave::folder::Folder;
use plugweave::{App, Assembly, StartOptions};
use wasmtime::component::{Component, Val as Raw};

use super::compare::{Contender, Row, compare, contender, is_measured, prepared, print_table};
use super::guests::{self, Equipment};
use super::peers::{Live, Peer};
use super::{start, with_plugin};

/// What the plugins of an app are.
#[derive(Clone, Copy)]
enum Kind {
    /// Each has its own binary, and asks up to three earlier ones.
    Different,
    /// All have the same binary, in files of their own.
    Alike,
}

/// An app of so many plugins, in a folder of its own.
fn write_folder(kind: Kind, plugins: usize) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-run-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for number in 0..plugins {
        let interface = |number: usize| match kind {
            Kind::Different => format!("bench:run/step-{number}"),
            Kind::Alike => "bench:run/step".to_owned(),
        };
        let steps: &[usize] = if matches!(kind, Kind::Different) { &[7, 28, 63] } else { &[] };
        let imports: Vec<String> = steps.iter().filter_map(|step| number.checked_sub(*step)).map(interface).collect();
        let body = guests::passing(2, &imports, &interface(number));
        let needs: String = imports.iter().map(|import| format!("\"{import}\" = \"exactly-one\"\n")).collect();
        let manifest = format!(
            "[plugin]\ncomponent = \"plugin-{number}.wasm\"\n[exports]\n\"{}\" = {{}}\n[imports]\n{needs}",
            interface(number)
        );
        fs::write(folder.join(format!("plugin-{number}.toml")), manifest).unwrap();
        fs::write(folder.join(format!("plugin-{number}.wasm")), guests::component(&body)).unwrap();
    }
    folder
}

fn read(folder: &Path) -> Checked {
    check(&Folder::new(folder)).unwrap()
}

/// An app that has been read, and one that has been linked.
struct Ready {
    checked: Checked,
    assembly: Arc<Assembly>,
}

impl Ready {
    fn new(folder: &Path) -> Self {
        let checked = read(folder);
        let assembly = Assembly::link(checked.plan.clone().unwrap(), &checked.binaries).unwrap();
        let assembly = Arc::new(assembly);
        assert_eq!(App::of(assembly.clone(), StartOptions::default()).failures().len(), 0);
        Self { checked, assembly }
    }
}

/// All of it, its parts, and what wasmtime alone takes for the part that costs most.
fn stages(folder: &Path) -> Vec<Contender> {
    let ready = {
        let folder = folder.to_owned();
        Rc::new(LazyCell::new(move || Ready::new(&folder)))
    };
    let is_ready = || {
        let ready = ready.clone();
        move || {
            LazyCell::force(&ready);
            ready.clone()
        }
    };
    let (whole, part) = (folder.to_owned(), folder.to_owned());
    let plan = {
        let ready = ready.clone();
        move || (ready.checked.plan.clone().unwrap(), ready.clone())
    };
    vec![
        prepared("all", || (), move |()| App::open(&whole).unwrap()),
        prepared("check", || (), move |()| read(&part)),
        prepared("link", plan, |(plan, ready)| Assembly::link(plan, &ready.checked.binaries).unwrap()),
        prepared("start", is_ready(), |ready| App::of(ready.assembly.clone(), StartOptions::default())),
        prepared("compile", is_ready(), |ready| {
            let compile = |binary: &Arc<[u8]>| Component::new(ready.assembly.engine(), binary).unwrap();
            ready.checked.binaries.iter().map(compile).collect::<Vec<_>>()
        }),
    ]
}

pub fn measure_folders(criterion: &mut Criterion) -> Vec<Row> {
    // Compiling a hundred takes a while, and a single run measures nothing.
    let plugins = if is_measured() { 100 } else { 10 };
    let mut rows = Vec::new();
    for (what, kind) in [("different", Kind::Different), ("alike", Kind::Alike)] {
        let folder = write_folder(kind, plugins);
        rows.extend(compare(criterion, "open", &format!("{plugins} small plugins, all {what}"), stages(&folder)));
        fs::remove_dir_all(&folder).unwrap();
    }
    // The sample belongs to the repository, not to the published crate.
    let sample = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/workbench"));
    if is_measured() && sample.is_dir() {
        rows.extend(compare(criterion, "open", "the sample, 11 plugins", stages(sample)));
    }
    rows
}

/// An app of one plugin that may fail as often as it likes.
fn faulty(equipment: Equipment) -> App {
    let tables = "[exports]\n\"bench:run/faulty\" = {}\n[limits]\nrestart = { max = 1_000_000, within = \"1ms\" }\n";
    start(&with_plugin(Memory::default(), "faulty", &guests::faulty(equipment), tables))
}

fn call(app: App) -> Contender {
    contender("plugweave", move || app.call("bench:run/faulty#fine", &[]).unwrap())
}

fn call_by_hand(mut live: Live) -> Contender {
    contender("values", move || {
        let mut results = [Raw::Bool(false)];
        live.call("bench:run/faulty", "fine", &mut results).unwrap();
        results
    })
}

/// A plugin that fails and is asked again.
fn fail_and_go_on(app: App) -> Contender {
    contender("plugweave", move || {
        assert!(app.call("bench:run/faulty#fail", &[]).is_err());
        app.call("bench:run/faulty#fine", &[]).unwrap()
    })
}

fn fail_by_hand(start: impl Fn() -> Live + 'static) -> Contender {
    let mut live = start();
    contender("values", move || {
        assert!(live.call("bench:run/faulty", "fail", &mut []).is_err());
        live = start();
        let mut results = [Raw::Bool(false)];
        live.call("bench:run/faulty", "fine", &mut results).unwrap();
        results
    })
}

pub fn measure(criterion: &mut Criterion) -> Vec<Row> {
    let plain = faulty(Equipment::Nothing);
    let assembly = plain.assembly().clone();
    let engine = assembly.engine().clone();
    let peer = |equipment| Peer::new(&engine, &guests::component(&guests::faulty(equipment))).prepared();
    let fails = |equipment| vec![fail_and_go_on(faulty(equipment)), fail_by_hand(peer(equipment))];
    let started = move || App::of(assembly.clone(), StartOptions::default());
    let rows = [
        ("a call", vec![call(plain), call_by_hand(peer(Equipment::Nothing)())]),
        ("start one plugin", vec![contender("plugweave", started), contender("values", peer(Equipment::Nothing))]),
        ("fail, and start anew", fails(Equipment::Nothing)),
        ("the same with a memory", fails(Equipment::Memory)),
        // By hand, WASI would be another runtime.
        ("the same with WASI", vec![fail_and_go_on(faulty(Equipment::Wasi))]),
    ];
    rows.into_iter().filter_map(|(name, contenders)| compare(criterion, "start", name, contenders)).collect()
}

pub fn print(starts: &[Row], folders: &[Row]) {
    let rows = starts.iter().map(|row| (row.name.clone(), ["values", "plugweave"].map(|name| row.of(name)).to_vec()));
    let columns = [("by hand, `Val`", None), ("plugweave", Some(0))];
    print_table("one plugin", &columns, &rows.collect::<Vec<_>>());
    let stages = ["all", "check", "link", "start", "compile"];
    let rows = folders.iter().map(|row| (row.name.clone(), stages.map(|stage| row.of(stage)).to_vec()));
    let columns = [
        ("all of it", None),
        ("check", Some(0)),
        ("link", Some(0)),
        ("start", Some(0)),
        ("wasmtime compiling, one by one", Some(0)),
    ];
    print_table("from a folder to a running app", &columns, &rows.collect::<Vec<_>>());
}
