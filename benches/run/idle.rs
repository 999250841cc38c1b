//! What plugins take that have started and do nothing.

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

/// An app that is kept, so that what follows finds no memory that has been given back.
struct Kept {
    assembly: Arc<Assembly>,
    bytes: Option<Bytes>,
    _app: App,
}

impl Kept {
    fn new(assembly: Arc<Assembly>) -> Self {
        let before = Bytes::now();
        let app = App::of(assembly.clone(), StartOptions::default());
        let bytes = before.and_then(|before| Some(Bytes::now()?.since(before)));
        assert!(app.failures().is_empty(), "{:?}", app.failures());
        Self { assembly, bytes, _app: app }
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

/// Comes before all others, which leave memory behind that would be taken again.
pub fn measure(criterion: &mut Criterion) -> Vec<Taken> {
    let plugins = if is_measured() { 1000 } else { 10 };
    let kinds = [
        ("without a memory", Equipment::Nothing),
        ("with a memory of 128 KiB", Equipment::Memory),
        ("with such a memory and WASI", Equipment::Wasi),
    ];
    // All that are started for the first time come before any that is measured again and again.
    let kept = kinds.map(|(name, equipment)| (name, Rc::new(Kept::new(assembly(plugins, equipment)))));
    let mut taken = Vec::new();
    for (name, kept) in &kept {
        let ready = {
            let kept = kept.clone();
            move || kept.assembly.clone()
        };
        let starts = prepared("plugweave", ready, |assembly| App::of(assembly, StartOptions::default()));
        let row = compare(criterion, "idle", &format!("{plugins} plugins, each {name}"), vec![starts]);
        taken.extend(row.map(|row| Taken { row, plugins, bytes: kept.bytes }));
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
