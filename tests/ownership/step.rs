//! What is done in one step. A step means something in every state, so that others can be left out.

use std::fmt;

use super::graph::{Graph, Plugin, SLOTS, Sight, View};
use super::guest::TRAP;
use super::model::Model;
use super::random::Random;

/// How many handles the host keeps.
pub const HOST_SLOTS: usize = 12;

/// What a plugin is told to do with the handles that it keeps, or what the host does with its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    Make,
    Many,
    Value,
    Bump,
    Same,
    Sum,
    Finish,
    Attach,
    Lend,
    Give,
    Fetch,
    GiveMany,
    FetchMany,
    Swap,
    Show,
    Gather,
    Drop,
    Trap,
}

impl Act {
    pub const ALL: [Self; 18] = [
        Self::Make,
        Self::Many,
        Self::Value,
        Self::Bump,
        Self::Same,
        Self::Sum,
        Self::Finish,
        Self::Attach,
        Self::Lend,
        Self::Give,
        Self::Fetch,
        Self::GiveMany,
        Self::FetchMany,
        Self::Swap,
        Self::Show,
        Self::Gather,
        Self::Drop,
        Self::Trap,
    ];

    /// Its name in the control interface.
    pub fn name(self) -> &'static str {
        match self {
            Self::Make => "make",
            Self::Many => "many",
            Self::Value => "value",
            Self::Bump => "bump",
            Self::Same => "same",
            Self::Sum => "sum",
            Self::Finish => "finish",
            Self::Attach => "attach",
            Self::Lend => "lend",
            Self::Give => "give",
            Self::Fetch => "fetch",
            Self::GiveMany => "give-many",
            Self::FetchMany => "fetch-many",
            Self::Swap => "swap",
            Self::Show => "show",
            Self::Gather => "gather",
            Self::Drop => "drop",
            Self::Trap => "trap",
        }
    }
}

#[derive(Debug, Clone)]
pub enum Step {
    /// A plugin does something with one of its views. The numbers are those of the function.
    Plugin { plugin: usize, act: Act, view: usize, numbers: Vec<u32> },
    /// The host does something with a plugin and things of a type: the first slots are the host's.
    Host { plugin: usize, act: Act, ty: usize, slots: Vec<usize>, numbers: Vec<u32> },
}

impl Step {
    pub fn act(&self) -> (bool, Act) {
        match self {
            Self::Plugin { act, .. } => (false, *act),
            Self::Host { act, .. } => (true, *act),
        }
    }

    pub fn random(random: &mut Random, graph: &Graph, model: &Model, reach: &Reach) -> Self {
        loop {
            let step =
                if random.percent(30) { host(random, graph, model, reach) } else { own(random, graph, model, reach) };
            if let Some(step) = step {
                return step;
            }
        }
    }
}

/// Which slots are used, and what is never done.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The slots of plugins.
    pub slots: std::ops::Range<usize>,
    /// The slots of the host.
    pub host: std::ops::Range<usize>,
    /// How many of a hundred steps are wrong on purpose.
    pub mischief: usize,
    /// How many of a hundred steps end a plugin.
    pub traps: usize,
    /// Whether things can have others that end with them.
    pub attached: bool,
    /// Whether a handle may come to a plugin that its owner may call.
    pub upwards: bool,
}

struct Source<'a> {
    random: &'a mut Random,
    reach: &'a Reach,
    wrong: bool,
}

impl Source<'_> {
    fn slot(&mut self) -> u32 {
        if self.wrong && self.random.percent(10) {
            return u32::try_from(SLOTS).unwrap();
        }
        self.real_slot()
    }

    /// A slot that there is.
    fn real_slot(&mut self) -> u32 {
        u32::try_from(self.reach.slots.start + self.random.below(self.reach.slots.len())).unwrap()
    }

    fn host_slot(&mut self) -> usize {
        self.reach.host.start + self.random.below(self.reach.host.len())
    }

    /// Slots of a plugin that hold handles of a view, as the beginning and the length of a run.
    fn run(&mut self, model: &Model, plugin: usize, view: usize) -> Option<(u32, u32)> {
        if self.wrong {
            return Some((self.slot(), u32::try_from(self.random.below(4)).unwrap()));
        }
        let held: Vec<usize> = self.reach.slots.clone().filter(|slot| model.holds(plugin, *slot, view)).collect();
        if held.is_empty() {
            return None;
        }
        let first = self.random.pick(&held);
        let longest = (first..self.reach.slots.end).take_while(|slot| model.holds(plugin, *slot, view)).count();
        let length = 1 + self.random.below(longest);
        Some((u32::try_from(first).unwrap(), u32::try_from(length).unwrap()))
    }

    /// Where so many can be put, one beside the other.
    fn room(&mut self, count: u32) -> u32 {
        let count = usize::try_from(count).unwrap().min(self.reach.slots.len());
        let first = self.reach.slots.start + self.random.below(self.reach.slots.len() - count + 1);
        u32::try_from(first).unwrap()
    }

    fn path(&mut self, graph: &Graph) -> u32 {
        let mut path = 0;
        for _ in 0..self.random.below(4) {
            path = path << 4 | u32::try_from(1 + self.random.below(graph.plugins.len())).unwrap();
        }
        if self.wrong { path << 4 | TRAP } else { path }
    }
}

fn own(random: &mut Random, graph: &Graph, model: &Model, reach: &Reach) -> Option<Step> {
    let plugin = random.below(graph.plugins.len());
    let views = &graph.plugins[plugin].views;
    if views.is_empty() {
        return None;
    }
    let index = random.below(views.len());
    let view = views[index];
    let act = random.pick(&Act::ALL);
    if act == Act::Trap && !random.percent(reach.traps) {
        return None;
    }
    let wrong = random.percent(reach.mischief);
    let links: Vec<usize> = graph.links(plugin, view).map(|link| link.to).collect();
    let mut from = Source { random, reach, wrong };
    let to = |from: &mut Source<'_>| (!links.is_empty()).then(|| from.random.pick(&links));
    let number = |plugin: usize| u32::try_from(plugin).unwrap();
    let fan = graph.plugins[plugin].fans[index].as_ref();
    let index_of = |slot: u32| usize::try_from(slot).unwrap();
    let numbers = match act {
        Act::Trap => vec![],
        Act::Drop => vec![from.real_slot()],
        Act::Make if Plugin::can_ask(view) => vec![from.slot(), model.fresh()],
        Act::Many if Plugin::can_ask(view) => {
            let count = number(from.random.below(4));
            vec![from.room(count), model.fresh(), count]
        }
        Act::Value | Act::Bump | Act::Finish if Plugin::can_ask(view) => vec![from.run(model, plugin, index)?.0],
        Act::Same if Plugin::can_ask(view) => {
            vec![from.run(model, plugin, index)?.0, from.run(model, plugin, index)?.0]
        }
        Act::Sum if Plugin::can_ask(view) => {
            let (first, count) = from.run(model, plugin, index)?;
            vec![first, count]
        }
        Act::Attach if reach.attached && view.sight == Sight::Native => {
            vec![from.run(model, plugin, index)?.0, from.real_slot()]
        }
        _ if view.sight == Sight::Native => return None,
        Act::Lend => vec![from.run(model, plugin, index)?.0, from.path(graph)],
        Act::Give => vec![from.run(model, plugin, index)?.0, number(to(&mut from)?), from.slot()],
        Act::GiveMany => {
            let (first, count) = from.run(model, plugin, index)?;
            vec![first, count, number(to(&mut from)?), from.room(count)]
        }
        Act::Fetch => {
            let other = to(&mut from)?;
            let there = kept(graph, other, view)?;
            // A plugin that gets a handle of its own is something special.
            let mine = |slot: &usize| model.holds(other, *slot, there) && model.is_of(other, *slot, plugin);
            let slot = match from.reach.slots.clone().find(mine) {
                Some(slot) if from.random.percent(70) => number(slot),
                _ => from.run(model, other, there)?.0,
            };
            vec![number(other), slot, from.slot()]
        }
        Act::FetchMany => {
            let other = to(&mut from)?;
            let (first, count) = from.run(model, other, kept(graph, other, view)?)?;
            vec![number(other), first, count, from.room(count)]
        }
        Act::Swap => {
            let other = to(&mut from)?;
            let there = from.slot();
            let here = from.real_slot();
            let fits = |plugin, slot: u32, view| {
                let slot = usize::try_from(slot).unwrap();
                !model.holds_any(plugin, slot) || model.holds(plugin, slot, view)
            };
            let fine = fits(plugin, here, index) && fits(other, there, kept(graph, other, view)?);
            if !fine && !wrong {
                return None;
            }
            vec![here, number(other), there]
        }
        Act::Show if fan.is_some() => vec![from.run(model, plugin, index)?.0],
        Act::Gather => {
            let providers = &fan?.providers;
            let other = from.random.pick(providers);
            let (slot, _) = from.run(model, other, kept(graph, other, view)?)?;
            // Most of the others would fail; now and then they shall.
            let fine =
                |other: usize| kept(graph, other, view).is_some_and(|view| model.holds(other, index_of(slot), view));
            if !wrong && !providers.iter().all(|other| fine(*other)) && !from.random.percent(from.reach.mischief) {
                return None;
            }
            vec![from.room(number(providers.len())), slot]
        }
        _ => return None,
    };
    let step = Step::Plugin { plugin, act, view: index, numbers };
    (wrong || reach.upwards || !model.climbs(&step)).then_some(step)
}

fn kept(graph: &Graph, plugin: usize, view: View) -> Option<usize> {
    graph.keeps(plugin, view.ty)
}

fn host(random: &mut Random, graph: &Graph, model: &Model, reach: &Reach) -> Option<Step> {
    let ty = random.below(graph.types);
    let act = random.pick(&Act::ALL);
    let wrong = random.percent(reach.mischief);
    let owners: Vec<usize> = (0..graph.plugins.len()).filter(|p| graph.plugins[*p].own == Some(ty)).collect();
    let keepers: Vec<usize> = (0..graph.plugins.len()).filter(|p| graph.keeps(*p, ty).is_some()).collect();
    let mut from = Source { random, reach, wrong };
    let held: Vec<usize> = reach
        .host
        .clone()
        .filter(|slot| wrong || model.host(*slot).is_some_and(|thing| model.ty(thing) == ty))
        .collect();
    let one = |from: &mut Source<'_>| (!held.is_empty()).then(|| from.random.pick(&held));
    let several = |from: &mut Source<'_>| -> Option<Vec<usize>> {
        let mut some: Vec<usize> = held.clone();
        from.random.shuffle(&mut some);
        some.truncate(from.random.below(4));
        if from.wrong
            && let Some(first) = some.first()
        {
            some.push(*first);
        }
        Some(some)
    };
    let (plugin, slots, numbers) = match act {
        Act::Attach | Act::Trap | Act::Show | Act::Gather => return None,
        Act::Drop => (0, vec![from.host_slot()], vec![]),
        Act::Make | Act::Many | Act::Value | Act::Bump | Act::Same | Act::Sum | Act::Finish => {
            if owners.is_empty() {
                return None;
            }
            let slots = match act {
                Act::Make => vec![from.host_slot()],
                Act::Many => (0..from.random.below(4)).map(|_| from.host_slot()).collect(),
                Act::Same => vec![one(&mut from)?, one(&mut from)?],
                Act::Sum => several(&mut from)?,
                _ => vec![one(&mut from)?],
            };
            let makes = matches!(act, Act::Make | Act::Many);
            // Mostly to the one who owns it.
            let owner = slots.first().and_then(|slot| model.host(*slot)).map(|thing| model.owner(thing));
            let plugin = match owner.filter(|owner| owners.contains(owner)) {
                Some(owner) if !makes && !from.random.percent(reach.mischief * 4) => owner,
                _ => from.random.pick(&owners),
            };
            (plugin, slots, if makes { vec![model.fresh()] } else { vec![] })
        }
        Act::Lend | Act::Give | Act::Fetch | Act::GiveMany | Act::FetchMany | Act::Swap => {
            if keepers.is_empty() {
                return None;
            }
            let plugin = from.random.pick(&keepers);
            let view = graph.keeps(plugin, ty)?;
            let (slots, numbers) = match act {
                Act::Lend => (vec![one(&mut from)?], vec![from.path(graph)]),
                Act::Give => (vec![one(&mut from)?], vec![from.slot()]),
                Act::Fetch => (vec![from.host_slot()], vec![from.run(model, plugin, view)?.0]),
                Act::GiveMany => {
                    let slots = several(&mut from)?;
                    let room = from.room(u32::try_from(slots.len()).unwrap());
                    (slots, vec![room])
                }
                Act::FetchMany => {
                    let (first, count) = from.run(model, plugin, view)?;
                    ((0..count).map(|_| from.host_slot()).collect(), vec![first])
                }
                _ => {
                    let slot = from.slot();
                    let there = usize::try_from(slot).unwrap();
                    if !wrong && model.holds_any(plugin, there) && !model.holds(plugin, there, view) {
                        return None;
                    }
                    let host = match one(&mut from) {
                        Some(slot) if from.random.percent(60) => slot,
                        _ => from.host_slot(),
                    };
                    if !wrong && model.host(host).is_some_and(|thing| model.ty(thing) != ty) {
                        return None;
                    }
                    (vec![host], vec![slot])
                }
            };
            (plugin, slots, numbers)
        }
    };
    let step = Step::Host { plugin, act, ty, slots, numbers };
    (wrong || reach.upwards || !model.climbs(&step)).then_some(step)
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plugin { plugin, act, view, numbers } => write!(f, "p{plugin}: {act:?} v{view} {numbers:?}"),
            Self::Host { plugin, act, ty, slots, numbers } => {
                write!(f, "host, p{plugin}: {act:?} thing{ty} {slots:?} {numbers:?}")
            }
        }
    }
}
