//! Steps done by an app.

use plugweave::{App, CallErrorKind, Val};

use super::graph::Graph;
use super::layout::interface;
use super::model::Reply as Expected;
use super::step::{Act, HOST_SLOTS, Step};

/// The handles of the host beside an app.
pub struct Host<'a> {
    app: &'a App,
    slots: Vec<Option<Val>>,
}

/// What a step has given.
#[derive(Debug)]
pub enum Reply {
    Skipped,
    Number(u32),
    Handles(Vec<Val>),
    Failed(CallErrorKind, String),
}

impl Reply {
    /// Whether it is what the model says.
    pub fn is(&self, expected: &Expected) -> bool {
        match (self, expected) {
            (Self::Skipped, Expected::Skipped) => true,
            (Self::Number(number), Expected::Number(expected)) => number == expected,
            (Self::Handles(handles), Expected::Things(things)) => handles.len() == things.len(),
            (Self::Failed(kind, _), Expected::Failed(expected)) => kind == expected,
            _ => false,
        }
    }
}

impl<'a> Host<'a> {
    pub fn new(app: &'a App) -> Self {
        Self { app, slots: vec![None; HOST_SLOTS] }
    }

    /// The handles alone.
    pub fn into_handles(self) -> Vec<Option<Val>> {
        self.slots
    }

    /// How many things a plugin has, by its own count.
    pub fn live(&self, plugin: usize) -> u32 {
        self.number(plugin, "live", &[])
    }

    /// The view of the handle that a plugin has in a slot, if there is one.
    pub fn peek(&self, plugin: usize, slot: usize) -> Option<usize> {
        let tag = self.number(plugin, "peek", &[Val::U32(u32::try_from(slot).unwrap())]);
        usize::try_from(tag).unwrap().checked_sub(1)
    }

    /// Empties a slot of a plugin.
    pub fn empty(&self, plugin: usize, slot: usize) {
        self.number(plugin, "drop", &[Val::U32(u32::try_from(slot).unwrap())]);
    }

    fn number(&self, plugin: usize, function: &str, arguments: &[Val]) -> u32 {
        match self.call(plugin, &format!("{}#{function}", interface('c', plugin)), arguments) {
            Reply::Number(number) => number,
            other => panic!("p{plugin}, {function}: {other:?}"),
        }
    }

    /// Puts a handle where there may be another one, which is dropped.
    pub fn keep(&mut self, slot: usize, handle: Option<Val>) {
        self.slots[slot] = handle;
    }

    pub fn apply(&mut self, graph: &Graph, step: &Step) -> Reply {
        match step {
            Step::Plugin { plugin, act, view, numbers } => {
                let name = match act {
                    Act::Drop | Act::Trap => act.name().to_owned(),
                    _ => format!("{}-v{view}", act.name()),
                };
                let numbers: Vec<Val> = numbers.iter().copied().map(Val::U32).collect();
                self.call(*plugin, &format!("{}#{name}", interface('c', *plugin)), &numbers)
            }
            Step::Host { plugin, act, ty, slots, numbers } => self.by_host(graph, *plugin, *act, *ty, slots, numbers),
        }
    }

    fn call(&self, plugin: usize, function: &str, arguments: &[Val]) -> Reply {
        match self.app.call_plugin(&format!("p{plugin}"), function, arguments) {
            Ok(Some(Val::U32(number))) => Reply::Number(number),
            Ok(Some(handle @ Val::Resource(_))) => Reply::Handles(vec![handle]),
            Ok(Some(Val::List(handles))) => Reply::Handles(handles),
            Ok(Some(Val::Option(handle))) => Reply::Handles(handle.into_iter().map(|handle| *handle).collect()),
            Ok(other) => panic!("{function}: {other:?}"),
            Err(error) => Reply::Failed(error.kind(), error.to_string()),
        }
    }

    fn by_host(
        &mut self,
        graph: &Graph,
        plugin: usize,
        act: Act,
        ty: usize,
        slots: &[usize],
        numbers: &[u32],
    ) -> Reply {
        assert!(graph.keeps(plugin, ty).is_some() || act == Act::Drop, "a step that means nothing");
        let (things, kept, thing) = (interface('t', ty), interface('k', plugin), format!("thing{ty}"));
        let given: Option<Vec<Val>> = slots.iter().map(|slot| self.slots[*slot].clone()).collect();
        let number = |at: usize| Val::U32(numbers[at]);
        let count = Val::U32(u32::try_from(slots.len()).unwrap());
        let (function, arguments) = match (act, given) {
            (Act::Drop, _) => {
                self.slots[slots[0]] = None;
                return Reply::Number(1);
            }
            (Act::Make, _) => (format!("{things}#[constructor]{thing}"), vec![number(0)]),
            (Act::Many, _) => (format!("{things}#many"), vec![number(0), count]),
            (Act::Fetch, _) => (format!("{kept}#take-t{ty}"), vec![number(0)]),
            (Act::FetchMany, _) => (format!("{kept}#take-many-t{ty}"), vec![number(0), count]),
            (Act::Swap, given) => {
                let given = given.and_then(|mut given| given.pop()).map(Box::new);
                (format!("{kept}#swap-t{ty}"), vec![number(0), Val::Option(given)])
            }
            (_, None) => return Reply::Skipped,
            (Act::Value, Some(given)) => (format!("{things}#[method]{thing}.value"), given),
            (Act::Bump, Some(given)) => (format!("{things}#[method]{thing}.bump"), given),
            (Act::Same, Some(given)) => (format!("{things}#same"), given),
            (Act::Finish, Some(given)) => (format!("{things}#finish"), given),
            (Act::Sum, Some(given)) => (format!("{things}#sum"), vec![Val::List(given)]),
            (Act::Lend, Some(given)) => (format!("{kept}#look-t{ty}"), vec![given[0].clone(), number(0)]),
            (Act::Give, Some(given)) => (format!("{kept}#put-t{ty}"), vec![number(0), given[0].clone()]),
            (Act::GiveMany, Some(given)) => (format!("{kept}#put-many-t{ty}"), vec![number(0), Val::List(given)]),
            (Act::Attach | Act::Trap | Act::Show | Act::Gather, _) => panic!("nothing that the host does"),
        };
        self.call(plugin, &function, &arguments)
    }
}
