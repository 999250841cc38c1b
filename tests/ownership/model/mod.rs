//! Who owns what: plain maps, and the rules of handles between plugins, without anything of the runtime.

mod acts;
mod host;

use std::collections::VecDeque;
use std::sync::Arc;

use plugweave::CallErrorKind::{self, OwnerRestarted, Reentrant, Trap, WrongOwner};

use super::graph::{Graph, SLOTS, Sight};
use super::step::{Act, HOST_SLOTS, Step};

/// A resource: its number.
pub type Thing = usize;

#[derive(Debug, Clone)]
struct Made {
    owner: usize,
    /// Which life of its owner it belongs to.
    life: u64,
    ty: usize,
    value: u32,
    /// The slot of the owner that is emptied when it ends.
    attached: Option<usize>,
}

#[derive(Debug, Clone)]
struct Holder {
    life: u64,
    live: u32,
    /// The view and the thing of each handle.
    slots: Vec<Option<(usize, Thing)>>,
}

#[derive(Debug, Clone)]
pub struct Model {
    graph: Arc<Graph>,
    things: Vec<Made>,
    plugins: Vec<Holder>,
    host: Vec<Option<Thing>>,
    /// The plugins that the present call is in.
    chain: Vec<usize>,
    /// What ends as soon as its owner is left.
    waiting: VecDeque<Thing>,
    /// Added to the values of things.
    base: u32,
    /// Whether a plugin has asked for something of one that may call it.
    climbed: bool,
    /// Whether a failure has become a value.
    softened: bool,
}

/// What a step gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It needs a handle that the host does not have.
    Skipped,
    Number(u32),
    /// Handles for the host.
    Things(Vec<Thing>),
    Failed(CallErrorKind),
}

/// How a call into a plugin ends where it does not return.
enum Stop {
    /// The plugin was not called.
    Refused(CallErrorKind),
    /// It has failed.
    Failed(CallErrorKind),
}

/// A call that has failed, and whether it has taken the handles that were given to it.
struct Failure {
    kind: CallErrorKind,
    delivered: bool,
}

type Called<T> = Result<T, CallErrorKind>;

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap()
}

impl Model {
    pub fn new(graph: Arc<Graph>, base: u32) -> Self {
        let plugins = graph.plugins.iter().map(|_| Holder { life: 0, live: 0, slots: vec![None; SLOTS] }).collect();
        Self {
            graph,
            things: Vec::new(),
            plugins,
            host: vec![None; HOST_SLOTS],
            chain: Vec::new(),
            waiting: VecDeque::new(),
            base,
            climbed: false,
            softened: false,
        }
    }

    /// A value that no thing has yet.
    pub fn fresh(&self) -> u32 {
        self.base + u32::try_from(self.things.len()).unwrap() * 256
    }

    pub fn holds(&self, plugin: usize, slot: usize, view: usize) -> bool {
        self.plugins[plugin].slots.get(slot).is_some_and(|held| held.is_some_and(|(held, _)| held == view))
    }

    pub fn holds_any(&self, plugin: usize, slot: usize) -> bool {
        self.plugins[plugin].slots.get(slot).is_some_and(Option::is_some)
    }

    /// Whether a plugin holds a handle of a thing of this owner.
    pub fn is_of(&self, plugin: usize, slot: usize, owner: usize) -> bool {
        let held = self.plugins[plugin].slots.get(slot).copied().flatten();
        held.is_some_and(|(_, thing)| self.things[thing].owner == owner)
    }

    pub fn host(&self, slot: usize) -> Option<Thing> {
        self.host[slot]
    }

    pub fn ty(&self, thing: Thing) -> usize {
        self.things[thing].ty
    }

    pub fn owner(&self, thing: Thing) -> usize {
        self.things[thing].owner
    }

    /// How many things a plugin has.
    pub fn live(&self, plugin: usize) -> u32 {
        self.plugins[plugin].live
    }

    /// How many handles there are outside the plugins that own what they are of.
    pub fn handles(&self) -> usize {
        let view = |plugin: usize, view: usize| self.graph.plugins[plugin].views[view].sight;
        let held = |(plugin, holder): (usize, &Holder)| {
            holder.slots.iter().flatten().filter(|(held, _)| view(plugin, *held) != Sight::Native).count()
        };
        self.plugins.iter().enumerate().map(held).sum::<usize>() + self.host.iter().flatten().count()
    }

    /// Sets what a slot holds, where somebody else has changed it: some thing of a view, or nothing.
    pub fn correct(&mut self, plugin: usize, slot: usize, view: Option<usize>) {
        self.plugins[plugin].slots[slot] = view.map(|view| {
            let ty = self.graph.plugins[plugin].views[view].ty;
            (view, self.some_thing(ty))
        });
    }

    /// A thing that somebody else has made.
    pub fn some_thing(&mut self, ty: usize) -> Thing {
        let owner = self.graph.plugins.iter().position(|plugin| plugin.own == Some(ty)).unwrap();
        self.make(owner, 0)
    }

    /// Whether a step fails, or makes a plugin ask one that may call it.
    pub fn climbs(&self, step: &Step) -> bool {
        let mut after = self.clone();
        matches!(after.apply(step), Reply::Failed(_)) || after.climbed || after.softened
    }

    /// Does a step, and tells what it gives.
    pub fn apply(&mut self, step: &Step) -> Reply {
        let reply = match step {
            Step::Plugin { plugin, act, view, numbers } => {
                let done =
                    self.enter(*plugin, |model| model.control(*plugin, *act, *view, numbers).map_err(Stop::Failed));
                done.map_or_else(Reply::Failed, Reply::Number)
            }
            Step::Host { plugin, act, ty, slots, numbers } => self.by_host(*plugin, *act, *ty, slots, numbers),
        };
        self.settle();
        reply
    }

    /// Ends what has waited for its owner to be left.
    fn settle(&mut self) {
        while let Some(thing) = self.waiting.pop_front() {
            self.release(thing);
        }
    }

    /// The host puts a handle where it may have another one.
    pub fn keep(&mut self, slot: usize, thing: Option<Thing>) {
        if let Some(old) = std::mem::replace(&mut self.host[slot], thing) {
            self.release(old);
            self.settle();
        }
    }

    fn enter<T>(&mut self, plugin: usize, body: impl FnOnce(&mut Self) -> Result<T, Stop>) -> Called<T> {
        if self.chain.contains(&plugin) {
            return Err(Reentrant);
        }
        self.chain.push(plugin);
        let done = body(self).map_err(|stop| match stop {
            Stop::Refused(kind) => kind,
            Stop::Failed(kind) => {
                self.end(plugin);
                kind
            }
        });
        self.chain.pop();
        done
    }

    /// A plugin has failed: all that it had is gone.
    fn end(&mut self, plugin: usize) {
        let holder = &mut self.plugins[plugin];
        holder.life += 1;
        holder.live = 0;
        let held: Vec<_> = holder.slots.iter_mut().filter_map(Option::take).collect();
        for (view, thing) in held {
            if self.graph.plugins[plugin].views[view].sight != Sight::Native {
                self.release(thing);
            }
        }
    }

    fn make(&mut self, owner: usize, value: u32) -> Thing {
        let ty = self.graph.plugins[owner].own.unwrap();
        let holder = &mut self.plugins[owner];
        holder.live += 1;
        self.things.push(Made { owner, life: holder.life, ty, value, attached: None });
        self.things.len() - 1
    }

    fn is_stale(&self, thing: Thing) -> bool {
        self.things[thing].life != self.plugins[self.things[thing].owner].life
    }

    /// The last handle of a thing outside its owner is gone.
    fn release(&mut self, thing: Thing) {
        let owner = self.things[thing].owner;
        if self.is_stale(thing) {
            return;
        }
        if self.chain.contains(&owner) {
            return self.waiting.push_back(thing);
        }
        self.chain.push(owner);
        self.destroy(thing);
        self.chain.pop();
    }

    /// The destructor, in the owner.
    fn destroy(&mut self, thing: Thing) {
        let Made { owner, attached, .. } = self.things[thing];
        self.plugins[owner].live -= 1;
        if let Some(slot) = attached {
            self.clear(owner, slot);
        }
    }

    fn clear(&mut self, plugin: usize, slot: usize) {
        if let Some((view, thing)) = self.plugins[plugin].slots[slot].take() {
            match self.graph.plugins[plugin].views[view].sight {
                Sight::Native => self.destroy(thing),
                Sight::Alien(_) | Sight::Opaque => self.release(thing),
            }
        }
    }

    fn set(&mut self, plugin: usize, slot: usize, view: usize, thing: Thing) {
        self.clear(plugin, slot);
        self.plugins[plugin].slots[slot] = Some((view, thing));
    }

    fn need(&self, plugin: usize, slot: usize, view: usize) -> Called<Thing> {
        match self.plugins[plugin].slots.get(slot) {
            Some(Some((held, thing))) if *held == view => Ok(*thing),
            _ => Err(Trap),
        }
    }

    fn need_all(&self, plugin: usize, first: usize, count: usize, view: usize) -> Called<Vec<Thing>> {
        (first..first + count).map(|slot| self.need(plugin, slot, view)).collect()
    }

    fn take_all(&mut self, plugin: usize, first: usize, count: usize, view: usize) -> Called<Vec<Thing>> {
        let things = self.need_all(plugin, first, count, view)?;
        self.plugins[plugin].slots[first..first + count].fill(None);
        Ok(things)
    }

    fn bump(&mut self, thing: Thing) -> u32 {
        self.things[thing].value += 1;
        self.things[thing].value
    }

    fn value(&self, thing: Thing) -> u32 {
        self.things[thing].value
    }

    /// What an owner answers for things of its own.
    fn answer(&mut self, act: Act, things: &[Thing]) -> u32 {
        match act {
            Act::Value => self.value(things[0]),
            Act::Bump => self.bump(things[0]),
            Act::Same => self.value(things[0]).wrapping_add(self.value(things[1]).wrapping_mul(3)),
            Act::Sum => things.iter().fold(0, |sum, thing| sum.wrapping_add(self.value(*thing))),
            Act::Finish => {
                let value = self.value(things[0]);
                self.destroy(things[0]);
                value
            }
            _ => panic!("nothing that an owner is asked for"),
        }
    }

    /// Things that must be a plugin's own.
    fn check_own(&self, plugin: usize, things: &[Thing]) -> Result<(), Stop> {
        for thing in things {
            if self.things[*thing].owner != plugin {
                return Err(Stop::Refused(WrongOwner));
            }
            if self.is_stale(*thing) {
                return Err(Stop::Refused(OwnerRestarted));
            }
        }
        Ok(())
    }

    /// A plugin asks for something of things of others. For none at all it asks the owner that its view is bound to.
    fn ask(&mut self, plugin: usize, sight: Sight, act: Act, things: &[Thing]) -> Called<u32> {
        let owner = match (things.first(), sight) {
            (Some(thing), _) => self.things[*thing].owner,
            (None, Sight::Alien(owner)) => owner,
            (None, Sight::Native | Sight::Opaque) => return Err(WrongOwner),
        };
        if things.iter().any(|thing| self.things[*thing].owner != owner) {
            return Err(WrongOwner);
        }
        self.climbed |= owner >= plugin;
        self.enter(owner, |model| {
            model.check_own(owner, things)?;
            Ok(model.answer(act, things))
        })
    }
}
