//! One call: from the host to a plugin, and on to another one through a link.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use plugweave::files::Memory;
use plugweave::{App, Val};
use wasmtime::Engine;
use wasmtime::component::{ComponentType, Lift, Lower, Val as Raw};

use super::compare::{Contender, Row, compare, contender, print_table};
use super::peers::{Called, CalledTyped, Entry, Live, Peer};
use super::{guests, start, with_plugin};

/// Memory of each plugin, in pages: more than twice the largest value.
const PAGES: u32 = 64;

/// What the host calls: the plugin that answers, and the one that asks it.
const ECHO: &str = "bench:run/echo";
const RELAY: &str = "bench:run/relay";

/// What is lowered from a shared value, so that nothing is copied for a call, and what it is lifted to.
trait Passed: ComponentType + Lower + Send + Sync + 'static {
    type Owned: ComponentType + Lift + Lower + Send + Sync + 'static;
}

impl Passed for u32 {
    type Owned = Self;
}

impl Passed for str {
    type Owned = String;
}

impl<T: ComponentType + Lift + Lower + Send + Sync + 'static> Passed for [T] {
    type Owned = Vec<T>;
}

/// The plugins, in an app and by themselves.
struct Plugins {
    app: Rc<App>,
    engine: Engine,
    echo: Vec<u8>,
    relay: Vec<u8>,
    composed: Vec<u8>,
}

impl Plugins {
    /// With so many more, that nobody calls.
    fn new(others: usize) -> Self {
        let (echo, relay) = (guests::echo(PAGES), guests::relay(PAGES));
        let exports = |interface| format!("[exports]\n\"{interface}\" = {{}}\n");
        let files = with_plugin(Memory::default(), "echo", &echo, &exports(ECHO));
        let tables = exports(RELAY) + &format!("[imports]\n\"{ECHO}\" = \"exactly-one\"\n");
        let files = with_plugin(files, "relay", &relay, &tables);
        let (rule, rules) = (guests::rule(), exports("bench:run/rule"));
        let files =
            (0..others).fold(files, |files, number| with_plugin(files, &format!("other-{number}"), &rule, &rules));
        let app = start(&files);
        Self {
            engine: app.assembly().engine().clone(),
            app: Rc::new(app),
            echo: guests::component(&echo),
            relay: guests::component(&relay),
            composed: guests::composed(PAGES),
        }
    }

    fn echo(&self) -> Live {
        Peer::new(&self.engine, &self.echo).start()
    }

    /// Two stores, linked by a host function over values.
    fn linked(&self, function: &str) -> Called {
        let mut peer = Peer::new(&self.engine, &self.relay);
        peer.link(ECHO, function, self.echo().func(ECHO, function));
        peer.start().func(RELAY, function)
    }

    /// Two stores, linked by a host function of known types.
    fn linked_typed<T: Passed + ?Sized>(&self, function: &str) -> CalledTyped<(Arc<T>,), (T::Owned,)> {
        let mut peer = Peer::new(&self.engine, &self.relay);
        peer.link_typed::<T::Owned>(ECHO, function, self.echo().typed(ECHO, function));
        peer.start().typed(RELAY, function)
    }

    /// By the app: the host names the function, as it does with [`App::call`].
    fn by_app(&self, name: &'static str, interface: &str, function: &str, value: &Val) -> Contender {
        let (app, arguments) = (self.app.clone(), [value.clone()]);
        let target = format!("{interface}#{function}");
        assert!(app.call(&target, &arguments).unwrap().as_ref() == Some(value));
        contender(name, move || app.call(&target, &arguments).unwrap())
    }

    /// As [`Plugins::by_app`], of a plugin that the host names too.
    fn by_app_of(&self, name: &'static str, plugin: &'static str, target: String, value: &Val) -> Contender {
        let (app, arguments) = (self.app.clone(), [value.clone()]);
        contender(name, move || app.call_plugin(plugin, &target, &arguments).unwrap())
    }

    /// By the app, with Rust types: the function has been looked up before.
    fn by_app_typed<T: Passed + ?Sized>(
        &self,
        name: &'static str,
        interface: &str,
        function: &str,
        value: &Arc<T>,
    ) -> Contender {
        let target = format!("{interface}#{function}");
        let (call, value) = (self.app.typed::<(Arc<T>,), (T::Owned,)>(&target).unwrap(), value.clone());
        contender(name, move || call.call((value.clone(),)).unwrap())
    }

    fn contenders<T: Passed + ?Sized>(&self, function: &str, value: &Val, typed: &Arc<T>) -> Vec<Contender> {
        let composed = Peer::new(&self.engine, &self.composed).start().typed(RELAY, function);
        vec![
            self.by_app("plugweave", ECHO, function, value),
            self.by_app_of("plugweave named", "echo", format!("{ECHO}#{function}"), value),
            self.by_app_typed("plugweave typed", ECHO, function, typed),
            by_value("values", self.echo().func(ECHO, function), value),
            by_type("types", self.echo().typed(ECHO, function), typed),
            self.by_app("plugweave linked", RELAY, function, value),
            by_value("values linked", self.linked(function), value),
            by_type("types linked", self.linked_typed(function), typed),
            by_type("types composed", composed, typed),
        ]
    }
}

/// By wasmtime's [`Func::call`](wasmtime::component::Func::call).
fn by_value(name: &'static str, mut called: Called, value: &Val) -> Contender {
    let arguments = [Raw::try_from(value).unwrap()];
    let mut call = {
        let arguments = arguments.clone();
        move || {
            let mut results = [Raw::Bool(false)];
            called.call(&arguments, &mut results).unwrap();
            results
        }
    };
    assert!(call() == arguments);
    contender(name, call)
}

/// By wasmtime's [`TypedFunc::call`](wasmtime::component::TypedFunc::call).
fn by_type<T>(name: &'static str, mut called: CalledTyped<(Arc<T>,), (T::Owned,)>, value: &Arc<T>) -> Contender
where
    T: Passed + ?Sized,
{
    let value = value.clone();
    contender(name, move || called.call((value.clone(),)).unwrap())
}

fn bytes(length: usize) -> (Val, Arc<[u8]>) {
    let bytes: Arc<[u8]> = (0..=u8::MAX).cycle().take(length).collect();
    (Val::List(bytes.iter().copied().map(Val::U8).collect()), bytes)
}

fn entries(length: u32) -> (Val, Arc<[Entry]>) {
    let number = |id: u32| f32::from(u16::try_from(id).unwrap());
    let entry = |id| Entry { x: number(id), y: 0.5, id, name: format!("entry {id}") };
    let entries: Arc<[Entry]> = (0..length).map(entry).collect();
    let field = |name: &str, value| (name.to_owned(), value);
    let record = |entry: &Entry| {
        Val::Record(vec![
            field("x", Val::Float32(entry.x)),
            field("y", Val::Float32(entry.y)),
            field("id", Val::U32(entry.id)),
            field("name", Val::String(entry.name.clone())),
        ])
    };
    (Val::List(entries.iter().map(record).collect()), entries)
}

pub fn measure(criterion: &mut Criterion) -> Vec<Row> {
    let (plugins, crowd) = (Plugins::new(0), Plugins::new(98));
    let text = "sixty-four bytes of text, as a title or a path has more or less.";
    assert_eq!(text.len(), 64);
    let (small, large, entries) = (bytes(1 << 10), bytes(1 << 20), entries(100));
    let number = (Val::U32(7), Arc::new(7_u32));
    let rows = [
        ("u32", plugins.contenders("number", &number.0, &number.1)),
        ("u32, in an app of 100", crowd.contenders("number", &number.0, &number.1)),
        ("64 bytes of text", plugins.contenders::<str>("text", &Val::String(text.into()), &text.into())),
        ("1 KiB of bytes", plugins.contenders("bytes", &small.0, &small.1)),
        ("1 MiB of bytes", plugins.contenders("bytes", &large.0, &large.1)),
        ("100 records", plugins.contenders("entries", &entries.0, &entries.1)),
    ];
    rows.into_iter().filter_map(|(name, contenders)| compare(criterion, "call", name, contenders)).collect()
}

/// How long the calls take, by the names of the contenders.
fn rows(rows: &[Row], of: impl Fn(&Row) -> Vec<Option<Duration>>) -> Vec<(String, Vec<Option<Duration>>)> {
    rows.iter().map(|row| (row.name.clone(), of(row))).collect()
}

pub fn print(calls: &[Row]) {
    let direct = ["values", "plugweave", "plugweave named", "types", "plugweave typed"];
    print_table(
        "one call from the host",
        &[
            ("wasmtime, `Val`", None),
            ("`App::call`", Some(0)),
            ("`App::call_plugin`", Some(0)),
            ("wasmtime, typed", None),
            ("`App::typed`", Some(3)),
        ],
        &rows(calls, |row| direct.map(|name| row.of(name)).to_vec()),
    );
    let more = |row: &Row, linked: &str, direct: &str| -> Option<Duration> {
        Some(row.of(linked)?.saturating_sub(row.of(direct)?))
    };
    let linked = [
        ("values linked", "values"),
        ("plugweave linked", "plugweave"),
        ("types linked", "types"),
        ("types composed", "types"),
    ];
    print_table(
        "one call through a link",
        &[
            ("linked by hand, `Val`", None),
            ("plugweave", Some(0)),
            ("linked by hand, typed", Some(0)),
            ("composed", Some(0)),
        ],
        &rows(calls, |row| linked.map(|(linked, direct)| more(row, linked, direct)).to_vec()),
    );
}
