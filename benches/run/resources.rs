//! Handles of resources: through a link, from the host, and while many others are held.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use criterion::Criterion;
use plugweave::manifest::ManifestBuilder;
use plugweave::model::Cardinality;
use plugweave::{App, Val};
use wasmtime::component::Val as Raw;

use super::compare::{Contender, Row, compare, contender, print_table};
use super::counters::{self, MANY, STORE, TASK};
use super::owners::{self, Owner};
use super::peers::{CalledTyped, Peer};

/// How often a call of the host has the plugin do what is measured, so that the call itself is lost in it.
const TIMES: u32 = 100;

/// What is measured: how tables tell it, and the function of the task.
const WORK: [(&str, &str); 5] = [
    ("a method", "get"),
    ("a borrow lent as a later argument", "lend"),
    ("an `own` that moves there and back", "turn"),
    ("make one, and drop it", "make"),
    ("a list of 100, all dropped", "many"),
];

/// How many handles are held while others are used. The store of a plugin has 100,000 at most.
const HELD: [(&str, u32); 3] = [("1", 1), ("1,000", 1_000), ("90,000", 90_000)];

fn app() -> App {
    let plugin = |id: &str, world: &str| ManifestBuilder::new(id).wit("run.wit").world(world);
    let owner = plugin("owner", "owner").export(STORE);
    let user = plugin("user", "user").export(TASK).import(STORE, Cardinality::ExactlyOne);
    let builder = App::builder().file("run.wit", counters::WIT);
    let app = builder.plugin(&owner, counters::OWNER).plugin(&user, counters::user()).build().unwrap();
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

fn target(interface: &str, function: &str) -> String {
    format!("{interface}#{function}")
}

/// The plugins, in an app and by themselves.
struct Plugins {
    app: Rc<App>,
    owner: Vec<u8>,
    user: Vec<u8>,
}

impl Plugins {
    fn new() -> Self {
        let component = counters::component;
        let user = component(&counters::user(), "user");
        Self { app: Rc::new(app()), owner: component(counters::OWNER, "owner"), user }
    }

    fn owner(&self) -> Owner {
        Owner::new(Peer::new(self.app.assembly().engine(), &self.owner).start())
    }

    /// What a user of counters does, in an app, linked by hand, and in one component with the owner.
    fn linked(&self, function: &'static str) -> Vec<Contender> {
        let engine = self.app.assembly().engine();
        let mut by_hand = Peer::new(engine, &self.user);
        owners::link(&mut by_hand, self.owner());
        let composed = Peer::new(engine, &owners::composed(&self.owner, &self.user));
        vec![
            by_app("u32", &self.app, "number"),
            by_app("plugweave", &self.app, function),
            by_hand_of("values", by_hand, function),
            by_hand_of("composed", composed, function),
        ]
    }

    /// What the host does with the counters of a plugin.
    fn by_host(&self, function: &'static str) -> Vec<Contender> {
        vec![
            host_by_app("u32", self.app.clone(), "number"),
            host_by_app("plugweave", self.app.clone(), function),
            host_by_hand("values", self.owner(), function),
        ]
    }
}

/// Has the user of an app do something so many times. It holds one counter at least.
fn by_app(name: &'static str, app: &Rc<App>, function: &str) -> Contender {
    if held(app, 0) == 0 {
        held(app, 1);
    }
    let call = app.typed::<(u32,), (u32,)>(&target(TASK, function)).unwrap();
    contender(name, move || call.call((TIMES,)).unwrap())
}

/// Has the user hold so many more, and tells how many it has then.
fn held(app: &App, more: u32) -> u32 {
    let Some(Val::U32(held)) = app.call(&target(TASK, "hold"), &[Val::U32(more)]).unwrap() else {
        panic!("no number of handles")
    };
    assert_eq!(app.live_handles(), held as usize);
    held
}

/// As [`by_app`], of a user that is not in an app.
fn by_hand_of(name: &'static str, user: Peer, function: &str) -> Contender {
    let mut live = user.start();
    let mut hold = [Raw::Bool(false)];
    live.find(TASK, "hold").call(&mut live.store, &[Raw::U32(1)], &mut hold).unwrap();
    assert_eq!(hold, [Raw::U32(1)]);
    let mut called: CalledTyped<(u32,), (u32,)> = live.typed(TASK, function);
    contender(name, move || called.call((TIMES,)).unwrap())
}

/// A counter that the host holds, in a call that may move it.
fn arguments<V>(function: &str, number: impl Fn(u32) -> V, counter: &Option<V>) -> Vec<V>
where
    V: Clone,
{
    match function {
        "number" | "[constructor]counter" => vec![number(7)],
        "many" => vec![number(MANY)],
        "[method]counter.get" => counter.iter().cloned().collect(),
        _ => std::iter::once(number(7)).chain(counter.iter().cloned()).collect(),
    }
}

/// The function of the owner that stands behind one of the task.
fn behind(function: &str) -> &str {
    match function {
        "get" => "[method]counter.get",
        "make" => "[constructor]counter",
        other => other,
    }
}

fn host_by_app(name: &'static str, app: Rc<App>, function: &'static str) -> Contender {
    let function = behind(function);
    let target = target(STORE, function);
    let make = move |app: &App| app.call("bench:run/store#[constructor]counter", &[Val::U32(7)]).unwrap();
    let counter = RefCell::new(make(&app));
    contender(name, move || {
        let given = arguments(function, Val::U32, &counter.borrow());
        let answer = app.call(&target, &given).unwrap();
        match function {
            "turn" => drop(counter.replace(answer)),
            _ => drop(answer),
        }
    })
}

fn host_by_hand(name: &'static str, mut owner: Owner, function: &'static str) -> Contender {
    let function = behind(function);
    let mut counter = Some(owner.call("[constructor]counter", &[Raw::U32(7)]));
    contender(name, move || {
        let answer = owner.call(function, &arguments(function, Raw::U32, &counter));
        match (function, answer) {
            ("turn", answer) => counter = Some(answer),
            (_, Raw::List(handles)) => handles.iter().for_each(|handle| owner.drop(handle)),
            (_, handle @ Raw::Resource(_)) => owner.drop(&handle),
            _ => {}
        }
    })
}

/// What a user does that holds so many counters.
fn crowded(function: &str) -> Vec<Contender> {
    let contenders = HELD.iter().map(|(name, count)| {
        let app = Rc::new(app());
        held(&app, *count);
        by_app(name, &app, function)
    });
    contenders.collect()
}

/// Through a link, from the host, while others are held.
pub struct Rows([Vec<Row>; 3]);

pub fn measure(criterion: &mut Criterion) -> Rows {
    let plugins = Plugins::new();
    let work = [("a `u32`", "number")].into_iter().chain(WORK);
    let linked = work.clone().filter_map(|(name, function)| {
        let mut contenders = plugins.linked(function);
        if function == "number" {
            contenders.remove(0);
        }
        compare(criterion, "handles linked", name, contenders)
    });
    let linked = linked.collect();
    let host = work.filter_map(|(name, function)| {
        let mut contenders = plugins.by_host(function);
        if function == "number" {
            contenders.remove(0);
        }
        compare(criterion, "handles of the host", name, contenders)
    });
    let host = host.collect();
    let crowds = [
        ("a method, of always the same one", "get"),
        ("a method, of each in turn", "each"),
        ("make one more, and drop it", "make"),
    ];
    let crowds =
        crowds.into_iter().filter_map(|(name, function)| compare(criterion, "held", name, crowded(function))).collect();
    Rows([linked, host, crowds])
}

fn cells(rows: &[Row], names: &[&str], times: u32) -> Vec<(String, Vec<Option<Duration>>)> {
    let of = |row: &Row, name: &str| row.of(name).map(|time| time / times);
    rows.iter().map(|row| (row.name.clone(), names.iter().map(|name| of(row, name)).collect())).collect()
}

pub fn print(Rows([linked, host, crowds]): &Rows) {
    for (title, rows, times) in [("through a link", linked, TIMES), ("from the host", host, 1)] {
        let with_handles = &rows[rows.len().min(1)..];
        let bare = [("a `u32`", None), ("plugweave", Some(0))];
        print_table(&format!("a handle {title}"), &bare, &cells(with_handles, &["u32", "plugweave"], times));
        let mut columns = vec![("by hand, `Val`", None), ("plugweave", Some(0))];
        if times > 1 {
            columns.push(("composed", Some(0)));
        }
        let names: Vec<&str> = ["values", "plugweave", "composed"].into_iter().take(columns.len()).collect();
        print_table(&format!("the same, {title}"), &columns, &cells(rows, &names, times));
    }
    let [one, more, most] = HELD.map(|(name, _)| name);
    let columns = [("1 handle is held", None), ("1,000", Some(0)), ("90,000", Some(0))];
    print_table("while others are held", &columns, &cells(crowds, &[one, more, most], TIMES));
}
