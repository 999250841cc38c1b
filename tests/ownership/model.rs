//! Who owns what: plain maps, and the rules of handles between plugins, without anything of the runtime.

use std::collections::VecDeque;
use std::sync::Arc;

use plugweave::CallErrorKind::{self, BadArguments, OwnerRestarted, Reentrant, Trap, WrongOwner};

use super::graph::{Failing, Graph, SLOTS, Sight};
use super::guest::{FAILED, TRAP, UNSEEN};
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

/// An answer that may be handles.
trait AsThings {
    fn things(&self) -> &[Thing];
}

impl AsThings for u32 {
    fn things(&self) -> &[Thing] {
        &[]
    }
}

impl AsThings for Vec<Thing> {
    fn things(&self) -> &[Thing] {
        self
    }
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

    /// A plugin asks for something of things of others.
    fn ask(&mut self, plugin: usize, act: Act, things: &[Thing]) -> Called<u32> {
        let Some(owner) = things.first().map(|thing| self.things[*thing].owner) else { return Err(WrongOwner) };
        if things.iter().any(|thing| self.things[*thing].owner != owner) {
            return Err(WrongOwner);
        }
        self.climbed |= owner >= plugin;
        self.enter(owner, |model| {
            model.check_own(owner, things)?;
            Ok(model.answer(act, things))
        })
    }

    /// What a plugin does with a view that it has.
    fn control(&mut self, plugin: usize, act: Act, at: usize, numbers: &[u32]) -> Called<u32> {
        let graph = self.graph.clone();
        let view = graph.plugins[plugin].views[at];
        let number = |at: usize| index(numbers[at]);
        match act {
            Act::Drop => {
                self.clear(plugin, number(0));
                Ok(1)
            }
            Act::Trap => Err(Trap),
            Act::Make | Act::Many => {
                let count = if act == Act::Make { 1 } else { numbers[2] };
                let values: Vec<u32> = (0..count).map(|n| numbers[1] + n * 256).collect();
                let things: Vec<Thing> = match view.sight {
                    Sight::Native => values.iter().map(|value| self.make(plugin, *value)).collect(),
                    Sight::Alien(owner) => {
                        self.climbed |= owner >= plugin;
                        self.enter(owner, |model| Ok(values.iter().map(|value| model.make(owner, *value)).collect()))?
                    }
                    Sight::Opaque => unreachable!(),
                };
                self.set_all(plugin, number(0), at, &things)
            }
            Act::Value | Act::Bump | Act::Same | Act::Sum | Act::Finish => {
                let things = match act {
                    Act::Sum => self.need_all(plugin, number(0), number(1), at)?,
                    Act::Same => vec![self.need(plugin, number(0), at)?, self.need(plugin, number(1), at)?],
                    Act::Finish => self.take_all(plugin, number(0), 1, at)?,
                    _ => vec![self.need(plugin, number(0), at)?],
                };
                if view.sight == Sight::Native {
                    return Ok(self.answer(act, &things));
                }
                let answer = self.ask(plugin, act, &things);
                if answer.is_err() && act == Act::Finish {
                    self.release(things[0]);
                }
                answer
            }
            Act::Attach => {
                let thing = self.need(plugin, number(0), at)?;
                self.things[thing].attached = Some(number(1));
                Ok(1)
            }
            Act::Lend => {
                let thing = self.need(plugin, number(0), at)?;
                self.look(plugin, at, thing, numbers[1])
            }
            Act::Give => self.give(plugin, at, (number(0), 1), number(1), number(2)),
            Act::GiveMany => self.give(plugin, at, (number(0), number(1)), number(2), number(3)),
            Act::Fetch => self.fetch(plugin, at, number(0), (number(1), 1), number(2)),
            Act::FetchMany => self.fetch(plugin, at, number(0), (number(1), number(2)), number(3)),
            Act::Swap => self.swap(plugin, at, number(0), number(1), number(2)),
            Act::Show => {
                let thing = self.need(plugin, number(0), at)?;
                let seen = self.fan(plugin, at, |model, provider| model.lend(provider, view.ty, thing, 0))?;
                Ok(seen.into_iter().fold(0, |sum: u32, seen| sum.wrapping_add(seen.unwrap_or(FAILED))))
            }
            Act::Gather => {
                let from = number(1);
                let offered = self.fan(plugin, at, |model, provider| model.take(provider, view.ty, from, 1));
                let offered = offered?;
                let things: Vec<Thing> = offered.iter().flatten().flatten().copied().collect();
                self.set_all(plugin, number(0), at, &things)?;
                Ok(u32::try_from(things.len() + 256 * (offered.len() - things.len())).unwrap())
            }
        }
    }

    /// Puts handles into slots of a plugin that has them now.
    fn set_all(&mut self, plugin: usize, first: usize, view: usize, things: &[Thing]) -> Called<u32> {
        let mut things = things.iter();
        let mut slot = first;
        while let Some(thing) = things.next() {
            if slot >= SLOTS {
                let foreign = self.graph.plugins[plugin].views[view].sight != Sight::Native;
                // They are in no slot, but end with the plugin all the same.
                for thing in std::iter::once(thing).chain(things).filter(|_| foreign) {
                    self.release(*thing);
                }
                return Err(Trap);
            }
            self.set(plugin, slot, view, *thing);
            slot += 1;
        }
        Ok(1)
    }

    /// Where a failure is a value for the one who calls.
    fn soften<T>(&mut self, soft: bool, done: Called<T>) -> Called<Result<T, u32>> {
        match done {
            Ok(value) => Ok(Ok(value)),
            Err(kind) if soft => {
                self.softened = true;
                Ok(Err(FAILED + u32::try_from(kind.code().len()).unwrap()))
            }
            Err(kind) => Err(kind),
        }
    }

    /// Asks several plugins. Those that have failed answer nothing, or are left out.
    fn fan<T: AsThings>(
        &mut self,
        plugin: usize,
        at: usize,
        ask: impl Fn(&mut Self, usize) -> Called<T>,
    ) -> Called<Vec<Option<T>>> {
        let graph = self.graph.clone();
        let fan = graph.plugins[plugin].fans[at].as_ref().unwrap();
        let mut answers: Vec<Option<T>> = Vec::new();
        for provider in &fan.providers {
            match (ask(self, *provider), fan.failing) {
                (Ok(answer), _) => answers.push(Some(answer)),
                (Err(_), Failing::Told) => {
                    self.softened = true;
                    answers.push(None);
                }
                (Err(_), Failing::Skipped) => self.softened = true,
                (Err(kind), Failing::Traps) => {
                    // What the others have given is lost.
                    for thing in answers.iter().flatten().flat_map(AsThings::things) {
                        self.release(*thing);
                    }
                    return Err(kind);
                }
            }
        }
        Ok(answers)
    }

    /// A plugin looks at a thing of others, or lends it to one who does.
    fn look(&mut self, plugin: usize, at: usize, thing: Thing, path: u32) -> Called<u32> {
        if path == TRAP {
            return Err(Trap);
        }
        let graph = self.graph.clone();
        let view = graph.plugins[plugin].views[at];
        let link = graph.links(plugin, view).find(|link| link.to + 1 == index(path & 15));
        let Some(link) = link else {
            return match view.sight {
                Sight::Opaque => Ok(UNSEEN),
                Sight::Native | Sight::Alien(_) => self.ask(plugin, Act::Value, &[thing]),
            };
        };
        let seen = self.lend(link.to, view.ty, thing, path >> 4);
        self.soften(link.soft, seen).map(|seen| seen.unwrap_or_else(|failed| failed))
    }

    /// A plugin is lent a thing.
    fn lend(&mut self, plugin: usize, ty: usize, thing: Thing, path: u32) -> Called<u32> {
        let graph = self.graph.clone();
        let at = graph.keeps(plugin, ty).unwrap();
        self.enter(plugin, |model| {
            if graph.plugins[plugin].views[at].sight == Sight::Native {
                model.check_own(plugin, &[thing])?;
                return if path == TRAP { Err(Stop::Failed(Trap)) } else { Ok(model.value(thing)) };
            }
            model.look(plugin, at, thing, path).map_err(Stop::Failed)
        })
    }

    /// A plugin is given things, to be kept from a slot on.
    fn put(&mut self, plugin: usize, ty: usize, things: &[Thing], slot: usize) -> Result<u32, Failure> {
        let graph = self.graph.clone();
        let at = graph.keeps(plugin, ty).unwrap();
        let mut delivered = false;
        let done = self.enter(plugin, |model| {
            if graph.plugins[plugin].views[at].sight == Sight::Native {
                model.check_own(plugin, things)?;
            }
            delivered = true;
            model.set_all(plugin, slot, at, things).map_err(Stop::Failed)
        });
        done.map_err(|kind| Failure { kind, delivered })
    }

    /// A plugin gives back what it keeps.
    fn take(&mut self, plugin: usize, ty: usize, first: usize, count: usize) -> Called<Vec<Thing>> {
        let at = self.graph.keeps(plugin, ty).unwrap();
        self.enter(plugin, |model| model.take_all(plugin, first, count, at).map_err(Stop::Failed))
    }

    /// A plugin is given a thing for one that it keeps; each may be missing.
    fn exchange(
        &mut self,
        plugin: usize,
        ty: usize,
        given: Option<Thing>,
        slot: usize,
    ) -> Result<Option<Thing>, Failure> {
        let graph = self.graph.clone();
        let at = graph.keeps(plugin, ty).unwrap();
        let native = graph.plugins[plugin].views[at].sight == Sight::Native;
        let mut delivered = false;
        let done = self.enter(plugin, |model| {
            if native {
                model.check_own(plugin, given.as_slice())?;
            }
            delivered = true;
            let kept = match model.plugins[plugin].slots.get(slot) {
                Some(None) => Ok(None),
                _ => model.take_all(plugin, slot, 1, at).map(|things| things.first().copied()),
            };
            let kept = kept.map_err(|kind| {
                if let Some(given) = given.filter(|_| !native) {
                    model.release(given);
                }
                Stop::Failed(kind)
            })?;
            if let Some(given) = given {
                model.set(plugin, slot, at, given);
            }
            Ok(kept)
        });
        done.map_err(|kind| Failure { kind, delivered })
    }

    fn give(
        &mut self,
        plugin: usize,
        at: usize,
        (first, count): (usize, usize),
        to: usize,
        slot: usize,
    ) -> Called<u32> {
        let view = self.graph.plugins[plugin].views[at];
        let link = self.graph.link(plugin, view, to).ok_or(Trap)?;
        let things = self.take_all(plugin, first, count, at)?;
        let done = self.put(to, view.ty, &things, slot);
        let done = self.lose(done, &things);
        self.soften(link.soft, done).map(|done| done.unwrap_or_else(|failed| failed))
    }

    /// What has not arrived is lost.
    fn lose<T>(&mut self, done: Result<T, Failure>, sent: &[Thing]) -> Called<T> {
        done.map_err(|failure| {
            for thing in sent.iter().filter(|_| !failure.delivered) {
                self.release(*thing);
            }
            failure.kind
        })
    }

    fn fetch(
        &mut self,
        plugin: usize,
        at: usize,
        from: usize,
        (first, count): (usize, usize),
        slot: usize,
    ) -> Called<u32> {
        let view = self.graph.plugins[plugin].views[at];
        let link = self.graph.link(plugin, view, from).ok_or(Trap)?;
        let done = self.take(from, view.ty, first, count);
        match self.soften(link.soft, done)? {
            Ok(things) => self.set_all(plugin, slot, at, &things),
            Err(failed) => Ok(failed),
        }
    }

    fn swap(&mut self, plugin: usize, at: usize, here: usize, with: usize, there: usize) -> Called<u32> {
        let view = self.graph.plugins[plugin].views[at];
        let link = self.graph.link(plugin, view, with).ok_or(Trap)?;
        let given = match self.plugins[plugin].slots[here] {
            None => None,
            Some(_) => Some(self.take_all(plugin, here, 1, at)?[0]),
        };
        let done = self.exchange(with, view.ty, given, there);
        let done = self.lose(done, given.as_slice());
        match self.soften(link.soft, done)? {
            Ok(Some(thing)) => self.set_all(plugin, here, at, &[thing]),
            Ok(None) => Ok(1),
            Err(failed) => Ok(failed),
        }
    }

    /// What the host does with its own handles.
    fn by_host(&mut self, plugin: usize, act: Act, ty: usize, slots: &[usize], numbers: &[u32]) -> Reply {
        let number = |at: usize| index(numbers[at]);
        if matches!(act, Act::Drop | Act::Make | Act::Many | Act::Fetch | Act::FetchMany) {
            let things = match act {
                Act::Drop => {
                    self.keep(slots[0], None);
                    return Reply::Number(1);
                }
                Act::Make | Act::Many => self.enter(plugin, |model| {
                    let value = |n: usize| numbers[0] + u32::try_from(n).unwrap() * 256;
                    Ok((0..slots.len()).map(|n| model.make(plugin, value(n))).collect())
                }),
                _ => self.take(plugin, ty, number(0), slots.len()),
            };
            self.settle();
            return things.map_or_else(Reply::Failed, Reply::Things);
        }
        let given: Option<Vec<Thing>> = slots.iter().map(|slot| self.host[*slot]).collect();
        let given = match given {
            Some(given) => given,
            None if act == Act::Swap => Vec::new(),
            None => return Reply::Skipped,
        };
        let moves = matches!(act, Act::Give | Act::GiveMany | Act::Swap | Act::Finish);
        let twice = (1..given.len()).any(|at| given[..at].contains(&given[at]));
        if given.iter().any(|thing| self.things[*thing].ty != ty) || (moves && twice) {
            return Reply::Failed(BadArguments);
        }
        let done = match act {
            Act::Give | Act::GiveMany => self.put(plugin, ty, &given, number(0)).map(Reply::Number),
            Act::Swap => {
                let swapped = self.exchange(plugin, ty, given.first().copied(), number(0));
                swapped.map(|thing| Reply::Things(thing.into_iter().collect()))
            }
            Act::Lend => {
                let seen = self.lend(plugin, ty, given[0], numbers[0]);
                seen.map(Reply::Number).map_err(|kind| Failure { kind, delivered: false })
            }
            _ => {
                let mut delivered = false;
                let done = self.enter(plugin, |model| {
                    model.check_own(plugin, &given)?;
                    delivered = true;
                    Ok(Reply::Number(model.answer(act, &given)))
                });
                done.map_err(|kind| Failure { kind, delivered })
            }
        };
        let (reply, gone) = match done {
            Ok(reply) => (reply, moves),
            Err(failure) => (Reply::Failed(failure.kind), moves && failure.delivered),
        };
        for slot in slots.iter().filter(|_| gone) {
            self.host[*slot] = None;
        }
        reply
    }
}
