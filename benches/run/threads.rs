//! How many calls several threads make, of plugins of their own and of one that they share.

use std::rc::Rc;

use criterion::Criterion;
use plugweave::files::Memory;
use plugweave::{App, Val};
use wasmtime::component::Val as Raw;

use super::compare::{Contender, Row, compare, contender, digits, is_measured};
use super::peers::{Called, Peer};
use super::{guests, start, with_plugin};

/// Calls of all threads together, of which a thread takes long enough that starting it does not count.
fn calls() -> u32 {
    if is_measured() { 20_000 } else { 100 }
}

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

/// A thread for each function, all at once.
fn threads(name: &'static str, app: &Rc<App>, called: &[(&'static str, &'static str)]) -> Contender {
    let (app, called) = (app.clone(), called.to_vec());
    contender(name, move || {
        let (app, each) = (&*app, calls() / u32::try_from(called.len()).unwrap());
        std::thread::scope(|scope| {
            for (plugin, interface) in &called {
                scope.spawn(move || {
                    let (target, arguments) = (format!("{interface}#number"), [Val::U32(7)]);
                    for _ in 0..each {
                        app.call_plugin(plugin, &target, &arguments).unwrap();
                    }
                });
            }
        });
    })
}

/// The same by hand: a thread for each store.
fn stores(name: &'static str, app: &App, count: u32) -> Contender {
    let binary = guests::component(&guests::passing(2, &[], "bench:run/echo-0"));
    let start = |_| Peer::new(app.assembly().engine(), &binary).start().func("bench:run/echo-0", "number");
    let mut stores: Vec<Called> = (0..count).map(start).collect();
    contender(name, move || {
        std::thread::scope(|scope| {
            for store in &mut stores {
                scope.spawn(move || {
                    for _ in 0..calls() / count {
                        let mut results = [Raw::Bool(false)];
                        store.call(&[Raw::U32(7)], &mut results).unwrap();
                    }
                });
            }
        });
    })
}

pub fn measure(criterion: &mut Criterion) -> Vec<Row> {
    let app = Rc::new(app());
    let [first, second] = [("echo-0", "bench:run/echo-0"), ("echo-1", "bench:run/echo-1")];
    let [one, other] = ["relay-0", "relay-1"].map(|plugin| (plugin, "bench:run/relay"));
    let [asks, asks_too] = ["asks-0", "asks-1"].map(|plugin| (plugin, "bench:run/asks"));
    let work = |own: [_; 2], shared: [_; 2]| {
        vec![threads("one", &app, &own[..1]), threads("own", &app, &own), threads("shared", &app, &shared)]
    };
    let mut direct = work([first, second], [first, first]);
    direct.extend([stores("store", &app, 1), stores("stores", &app, 2)]);
    let rows = [("the host calls a plugin", direct), ("which asks another one", work([one, other], [asks, asks_too]))];
    rows.into_iter().filter_map(|(name, contenders)| compare(criterion, "threads", name, contenders)).collect()
}

pub fn print(rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let columns = ["1 thread", "2, a plugin each", "2, one plugin", "by hand, 1 thread", "2, a store each"];
    println!("\n| calls a second | {} |\n|---|{}", columns.join(" | "), "---|".repeat(columns.len()));
    for row in rows {
        let rate = |name| row.of(name).map(|time| f64::from(calls()) / time.as_secs_f64());
        let alone = |name| rate(name).map_or("–".to_owned(), millions);
        let against = |one, name| match (rate(one), rate(name)) {
            (Some(one), Some(rate)) => format!("{}× ({})", digits(rate / one), millions(rate)),
            _ => alone(name),
        };
        let cells =
            [alone("one"), against("one", "own"), against("one", "shared"), alone("store"), against("store", "stores")];
        println!("| {} | {} |", row.name, cells.join(" | "));
    }
}

fn millions(rate: f64) -> String {
    format!("{} million", digits(rate / 1e6))
}
