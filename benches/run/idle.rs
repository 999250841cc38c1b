//! What plugins take that have started and do nothing.

use std::cell::LazyCell;
use std::fs;
use std::rc::Rc;
use std::sync::Arc;

use criterion::Criterion;
use plugweave::files::Memory;
use plugweave::{App, Assembly, StartOptions};

use super::compare::{Row, compare, digits, is_measured, prepared, show};
use super::guests::{self, Equipment};
use super::with_plugin;

/// What the plugins of an app take.
pub struct Taken {
    row: Row,
    plugins: usize,
    /// Only Linux tells.
    bytes: Option<Bytes>,
}

/// Bytes of the process.
#[derive(Clone, Copy)]
struct Bytes {
    /// With the tables that the system keeps of its addresses.
    in_memory: u64,
    of_addresses: u64,
}

impl Bytes {
    fn now() -> Option<Self> {
        let (rollup, status) = ("/proc/self/smaps_rollup", "/proc/self/status");
        let value = |file: &str, key: &str| {
            let text = fs::read_to_string(file).ok()?;
            let kib = text.lines().find_map(|line| line.strip_prefix(key)?.trim().strip_suffix(" kB"))?;
            kib.parse::<u64>().ok().map(|kib| kib << 10)
        };
        // `VmRSS` is counted by the system in rough steps, the other one page by page.
        let in_memory = value(rollup, "Rss:")? + value(status, "VmPTE:")?;
        Some(Self { in_memory, of_addresses: value(status, "VmSize:")? })
    }

    fn since(self, before: Self) -> Self {
        let less = |now: u64, before: u64| now.saturating_sub(before);
        Self {
            in_memory: less(self.in_memory, before.in_memory),
            of_addresses: less(self.of_addresses, before.of_addresses),
        }
    }
}

/// How many apps are started before one is measured.
const EARLIER: usize = 4;

/// Apps that are kept. The first ones use up the memory that has been given back before, and the last one needs new
/// memory then.
struct Kept {
    assembly: Arc<Assembly>,
    bytes: Option<Bytes>,
    _apps: Vec<App>,
}

impl Kept {
    fn new(assembly: Arc<Assembly>) -> Self {
        let start = || App::of(assembly.clone(), StartOptions::default());
        let mut apps: Vec<App> = (0..EARLIER).map(|_| start()).collect();
        let before = Bytes::now();
        let app = start();
        let bytes = before.and_then(|before| Some(Bytes::now()?.since(before)));
        assert!(app.failures().is_empty(), "{:?}", app.failures());
        apps.push(app);
        Self { assembly, bytes, _apps: apps }
    }
}

/// An app of so many plugins that share their code.
fn assembly(plugins: usize, equipment: Equipment) -> Arc<Assembly> {
    let body = guests::faulty(equipment);
    let tables = "[exports]\n\"bench:run/faulty\" = {}\n";
    let add = |files, number| with_plugin(files, &format!("plugin-{number}"), &body, tables);
    let checked = super::checked(&(0..plugins).fold(Memory::default(), add));
    Arc::new(Assembly::link(checked.plan.unwrap(), &checked.binaries).unwrap())
}

pub fn measure(criterion: &mut Criterion) -> Vec<Taken> {
    let plugins = if is_measured() { 1000 } else { 10 };
    let kinds = [
        ("without a memory", Equipment::Nothing),
        ("with a memory of 128 KiB", Equipment::Memory),
        ("with such a memory and WASI", Equipment::Wasi),
    ];
    // All are looked at before the first one is started again and again.
    let kept = Rc::new(LazyCell::new(move || kinds.map(|(_, equipment)| Kept::new(assembly(plugins, equipment)))));
    let mut taken = Vec::new();
    for (number, (name, _)) in kinds.into_iter().enumerate() {
        let ready = {
            let kept = kept.clone();
            move || LazyCell::force(&kept)[number].assembly.clone()
        };
        let starts = prepared("plugweave", ready, |assembly| App::of(assembly, StartOptions::default()));
        let row = compare(criterion, "idle", &format!("{plugins} plugins, each {name}"), vec![starts]);
        taken.extend(row.map(|row| Taken { row, plugins, bytes: kept[number].bytes }));
    }
    taken
}

pub fn print(taken: &[Taken]) {
    if taken.is_empty() {
        return;
    }
    println!("\n| idle plugins | one, in memory | its addresses | all of them started in |\n|---|---|---|---|");
    for Taken { row, plugins, bytes } in taken {
        let each = |bytes: Option<u64>| bytes.map_or("–".to_owned(), |bytes| size(bytes as f64 / *plugins as f64));
        let (memory, addresses) = (bytes.map(|bytes| bytes.in_memory), bytes.map(|bytes| bytes.of_addresses));
        let started = row.of("plugweave").map_or("–".to_owned(), show);
        println!("| {} | {} | {} | {started} |", row.name, each(memory), each(addresses));
    }
}

fn size(bytes: f64) -> String {
    let (unit, name) = match bytes {
        _ if bytes < 1e6 => (10, "KiB"),
        _ if bytes < 1e9 => (20, "MiB"),
        _ => (30, "GiB"),
    };
    format!("{} {name}", digits(bytes / f64::from(1 << unit)))
}
