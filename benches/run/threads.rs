//! How many calls several threads make, of plugins of their own and of one that they share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::Criterion;
use plugweave::files::Memory;
use plugweave::{App, Val};
use wasmtime::component::Val as Raw;

use super::compare::{Contender, Row, compare, digits, timed};
use super::peers::Peer;
use super::{guests, start, with_plugin};

/// Calls that are timed together.
const BATCH: u32 = 64;

/// How long threads call at once.
const TURN: Duration = Duration::from_millis(30);

/// Two plugins without any link between them, and two that ask others: `relay-0` and `relay-1` each its own `echo`,
/// and `asks-0` and `asks-1` both the same one.
fn app() -> App {
    let exports = |interface: &str| format!("[exports]\n\"{interface}\" = {{}}\n");
    let mut files = Memory::default();
    for (number, interface) in ["bench:run/echo-0", "bench:run/echo-1", "bench:run/shared"].into_iter().enumerate() {
        let body = guests::passing(2, &[], interface);
        files = with_plugin(files, &format!("echo-{number}"), &body, &exports(interface));
    }
    for (id, asked, interface) in [
        ("relay-0", "bench:run/echo-0", "bench:run/relay"),
        ("relay-1", "bench:run/echo-1", "bench:run/relay"),
        ("asks-0", "bench:run/shared", "bench:run/asks"),
        ("asks-1", "bench:run/shared", "bench:run/asks"),
    ] {
        let body = guests::passing(2, &[asked.to_owned()], interface);
        let tables = exports(interface) + &format!("[imports]\n\"{asked}\" = \"exactly-one\"\n");
        files = with_plugin(files, id, &body, &tables);
    }
    start(&files)
}

/// What a thread does over and over again.
type Work = Box<dyn FnMut() + Send>;

/// How long threads take for one call each, while all of them are calling. On a busy machine one of two threads often
/// has to wait for a core, and the other one is alone: what is done then does not count.
fn threads(name: &'static str, mut works: Vec<Work>) -> Contender {
    timed(name, move |times| {
        let done: Vec<AtomicU64> = works.iter().map(|_| AtomicU64::new(0)).collect();
        let is_over = AtomicBool::new(false);
        let mut taken: Vec<Duration> = std::thread::scope(|scope| {
            let (done, is_over) = (&done, &is_over);
            let threads: Vec<_> = (works.iter_mut().enumerate())
                .map(|(number, work)| scope.spawn(move || batches(number, work, done, is_over)))
                .collect();
            std::thread::sleep(TURN);
            is_over.store(true, Ordering::Relaxed);
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        taken.sort();
        // Some are disturbed, and a few were hardly together with others.
        let typical = taken.get(taken.len() / 4).copied().unwrap_or(TURN);
        typical.mul_f64(times as f64 / f64::from(BATCH))
    })
}

/// The times of those batches in which each other thread has ended one too.
fn batches(number: usize, work: &mut Work, done: &[AtomicU64], is_over: &AtomicBool) -> Vec<Duration> {
    let others = || done.iter().enumerate().filter(|(other, _)| *other != number);
    let mut taken = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let before: Vec<u64> = others().map(|(_, done)| done.load(Ordering::Relaxed)).collect();
        let begin = Instant::now();
        (0..BATCH).for_each(|_| work());
        let time = begin.elapsed();
        done[number].fetch_add(1, Ordering::Relaxed);
        if others().zip(before).all(|((_, done), before)| done.load(Ordering::Relaxed) == before + 1) {
            taken.push(time);
        }
    }
    taken
}

fn call(app: &Arc<App>, plugin: &'static str, interface: &str) -> Work {
    let (app, target) = (app.clone(), format!("{interface}#number"));
    Box::new(move || {
        app.call_plugin(plugin, &target, &[Val::U32(7)]).unwrap();
    })
}

/// The same by hand, in a store of its own.
fn store(app: &App) -> Work {
    let binary = guests::component(&guests::passing(2, &[], "bench:run/echo-0"));
    let mut echo = Peer::new(app.assembly().engine(), &binary).start().func("bench:run/echo-0", "number");
    Box::new(move || {
        let mut results = [Raw::Bool(false)];
        echo.call(&[Raw::U32(7)], &mut results).unwrap();
    })
}

pub fn measure(criterion: &mut Criterion) -> Vec<Row> {
    let app = Arc::new(app());
    let [first, second] = [("echo-0", "bench:run/echo-0"), ("echo-1", "bench:run/echo-1")];
    let [one, other] = ["relay-0", "relay-1"].map(|plugin| (plugin, "bench:run/relay"));
    let [asks, asks_too] = ["asks-0", "asks-1"].map(|plugin| (plugin, "bench:run/asks"));
    type Called = (&'static str, &'static str);
    let calls = |called: &[Called]| called.iter().map(|(plugin, interface)| call(&app, plugin, interface)).collect();
    let work = |own: [Called; 2], shared: [Called; 2]| {
        vec![threads("one", calls(&own[..1])), threads("own", calls(&own)), threads("shared", calls(&shared))]
    };
    let mut direct = work([first, second], [first, first]);
    direct.push(threads("store", vec![store(&app)]));
    direct.push(threads("stores", vec![store(&app), store(&app)]));
    let rows = [("the host calls a plugin", direct), ("which asks another one", work([one, other], [asks, asks_too]))];
    rows.into_iter().filter_map(|(name, contenders)| compare(criterion, "threads", name, contenders)).collect()
}

pub fn print(rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let columns = ["1 thread", "2, a plugin each", "2, one plugin", "by hand, 1 thread", "2, a store each"];
    println!("\n| calls a second, of all threads | {} |\n|---|{}", columns.join(" | "), "---|".repeat(columns.len()));
    for row in rows {
        let rate = |name, threads: f64| row.of(name).map(|time| threads / time.as_secs_f64());
        let alone = |name| rate(name, 1.0).map_or("–".to_owned(), millions);
        let against = |one, name| match (rate(one, 1.0), rate(name, 2.0)) {
            (Some(one), Some(rate)) => format!("{}× ({})", digits(rate / one), millions(rate)),
            (_, rate) => rate.map_or("–".to_owned(), millions),
        };
        let cells =
            [alone("one"), against("one", "own"), against("one", "shared"), alone("store"), against("store", "stores")];
        println!("| {} | {} |", row.name, cells.join(" | "));
    }
}

fn millions(rate: f64) -> String {
    format!("{} million", digits(rate / 1e6))
}
