//! What plugins do with what they keep.

use plugweave::CallErrorKind::Trap;

use super::{Called, Failure, Model, Stop, Thing, index};
use crate::graph::{Failing, SLOTS, Sight};
use crate::guest::{FAILED, TRAP, UNSEEN};
use crate::step::Act;

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
impl Model {
    /// What a plugin does with a view that it has.
    pub(super) fn control(&mut self, plugin: usize, act: Act, at: usize, numbers: &[u32]) -> Called<u32> {
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
                let answer = self.ask(plugin, view.sight, act, &things);
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
    pub(super) fn set_all(&mut self, plugin: usize, first: usize, view: usize, things: &[Thing]) -> Called<u32> {
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
    pub(super) fn soften<T>(&mut self, soft: bool, done: Called<T>) -> Called<Result<T, u32>> {
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
    pub(super) fn look(&mut self, plugin: usize, at: usize, thing: Thing, path: u32) -> Called<u32> {
        if path == TRAP {
            return Err(Trap);
        }
        let graph = self.graph.clone();
        let view = graph.plugins[plugin].views[at];
        let link = graph.links(plugin, view).find(|link| link.to + 1 == index(path & 15));
        let Some(link) = link else {
            return match view.sight {
                Sight::Opaque => Ok(UNSEEN),
                Sight::Native | Sight::Alien(_) => self.ask(plugin, view.sight, Act::Value, &[thing]),
            };
        };
        let seen = self.lend(link.to, view.ty, thing, path >> 4);
        self.soften(link.soft, seen).map(|seen| seen.unwrap_or_else(|failed| failed))
    }

    /// A plugin is lent a thing.
    pub(super) fn lend(&mut self, plugin: usize, ty: usize, thing: Thing, path: u32) -> Called<u32> {
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
    pub(super) fn put(&mut self, plugin: usize, ty: usize, things: &[Thing], slot: usize) -> Result<u32, Failure> {
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
    pub(super) fn take(&mut self, plugin: usize, ty: usize, first: usize, count: usize) -> Called<Vec<Thing>> {
        let at = self.graph.keeps(plugin, ty).unwrap();
        self.enter(plugin, |model| model.take_all(plugin, first, count, at).map_err(Stop::Failed))
    }

    /// A plugin is given a thing for one that it keeps; each may be missing.
    pub(super) fn exchange(
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

    pub(super) fn give(
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
    pub(super) fn lose<T>(&mut self, done: Result<T, Failure>, sent: &[Thing]) -> Called<T> {
        done.map_err(|failure| {
            for thing in sent.iter().filter(|_| !failure.delivered) {
                self.release(*thing);
            }
            failure.kind
        })
    }

    pub(super) fn fetch(
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

    pub(super) fn swap(&mut self, plugin: usize, at: usize, here: usize, with: usize, there: usize) -> Called<u32> {
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
}
