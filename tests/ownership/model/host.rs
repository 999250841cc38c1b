//! What the host does with its own handles.

use plugweave::CallErrorKind::BadArguments;

use super::{Failure, Model, Reply, Thing, index};
use crate::step::Act;

impl Model {
    /// What the host does with its own handles.
    pub(super) fn by_host(&mut self, plugin: usize, act: Act, ty: usize, slots: &[usize], numbers: &[u32]) -> Reply {
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
