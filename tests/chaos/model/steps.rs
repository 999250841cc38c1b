//! What a node does that reads a script.

use super::{Deadline, ENDED_FURTHER_DOWN, Frame, Model, Thing};
use crate::guest::MOST_KEPT;
use crate::outcome::{Answer, EXIT, FUEL, Failure, HOST_PANIC, Outcome, TIMEOUT, TRAP, mix, take};
use crate::script::{Crime, How, Op, Script};
use crate::topology::{Shape, Slot, Told};

impl Model {
    pub(super) fn commit(&mut self, frame: Frame, crime: Crime) -> Failure {
        let Frame { node, deadline, .. } = frame;
        let patient = !self.topology.nodes[node].fuel;
        match (crime, deadline) {
            (Crime::Loop, _) if !patient => Failure::new(FUEL, node),
            (Crime::Loop | Crime::Sleep, Some(Deadline { by })) => {
                self.waits += 1;
                Failure { late: Some(by), ..Failure::new(TIMEOUT, by) }
            }
            (Crime::Loop | Crime::Sleep, None) => {
                self.unclear = true;
                Failure::new(TIMEOUT, node)
            }
            (Crime::Exit, _) => Failure::new(EXIT, node),
            (Crime::HostPanics, _) => Failure::new(HOST_PANIC, node),
            (Crime::Trap | Crime::Recurse | Crime::Memory | Crime::Flood | Crime::HostFails, _) => {
                Failure::new(TRAP, node)
            }
        }
    }

    pub(super) fn run(&mut self, frame: Frame, script: &Script, mut thing: Thing) -> Outcome {
        let node = frame.node;
        let mut answer = Answer { hash: u32::try_from(node).unwrap(), doubt: 0 };
        let mut bad = false;
        self.ops(frame, &script.0, &mut thing, &mut answer, &mut bad)?;
        if bad {
            self.depth = self.depth.max(self.chain.len());
            return Err(Failure::new(TRAP, node));
        }
        Ok(answer)
    }

    fn ops(
        &mut self,
        frame: Frame,
        ops: &[Op],
        thing: &mut Thing,
        answer: &mut Answer,
        bad: &mut bool,
    ) -> Result<(), Failure> {
        let number = |number: usize| u32::try_from(number).unwrap();
        for op in ops {
            match op {
                Op::Mix(n) => answer.hash = mix(answer.hash, number(*n)),
                Op::Make(n) if *thing == Thing::Nothing => {
                    self.asked += 1;
                    *thing = Thing::Owned(number(*n));
                }
                Op::Make(_) => {}
                Op::Value => {
                    if let Thing::Owned(value) | Thing::Lent(value) = *thing {
                        self.asked += 1;
                        answer.hash = mix(answer.hash, value);
                    }
                }
                Op::Drop => *thing = Thing::Nothing,
                Op::Hoard => {
                    let up = self.plugins[frame.node].up.as_mut().unwrap();
                    if matches!(thing, Thing::Owned(_)) && up.kept < MOST_KEPT {
                        up.kept += 1;
                        *thing = Thing::Nothing;
                    }
                }
                Op::Unhoard => self.plugins[frame.node].up.as_mut().unwrap().kept = 0,
                Op::Refused => answer.hash = mix(answer.hash, u32::MAX),
                Op::Only(node, script) if *node == frame.node => self.ops(frame, &script.0, thing, answer, bad)?,
                Op::Only(..) => {}
                Op::Crime(crime) => {
                    self.depth = self.depth.max(self.chain.len());
                    return Err(self.commit(frame, *crime));
                }
                Op::Garbage(_) => *bad = true,
                Op::KeepBorrow => {
                    if matches!(thing, Thing::Lent(_)) {
                        *bad = true;
                        *thing = Thing::Nothing;
                    }
                }
                Op::BadScript { slot, .. } => {
                    if self.topology.slot(frame.node, *slot).is_some() {
                        self.depth = self.depth.max(self.chain.len());
                        return Err(Failure::new(TRAP, frame.node));
                    }
                }
                Op::Call { slot: index, how, script, .. } => {
                    let topology = self.topology.clone();
                    if let Some(slot) = topology.slot(frame.node, *index) {
                        answer.hash = mix(answer.hash, number(*index));
                        let passed = pass(thing, *how, slot.shape);
                        self.ask(frame, slot, script, passed, answer)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Asks the providers of a slot, and takes in what they answer.
    fn ask(
        &mut self,
        frame: Frame,
        slot: &Slot,
        script: &Script,
        passed: Thing,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        let mut outcomes = Vec::new();
        let mut last = None;
        for (index, provider) in slot.providers.iter().enumerate() {
            let outcome = self.enter(*provider, script, passed, frame.deadline);
            if let Some(end) = self.ended(frame) {
                self.note(ENDED_FURTHER_DOWN);
                // Whether the others are asked is not decided.
                self.unclear |= index + 1 < slot.providers.len();
                return Err(end);
            }
            match outcome {
                Ok(answer) => outcomes.push((*provider, Ok(answer))),
                Err(failure) if slot.shape.skip || slot.shape.told != Told::Never => {
                    // Its own time is up, too: how far it gets is a matter of luck.
                    self.unclear |= failure.late.is_some_and(|by| frame.deadline.is_some_and(|own| own.by == by));
                    if slot.shape.skip {
                        last = Some(failure);
                    } else {
                        outcomes.push((*provider, Err(failure)));
                    }
                }
                Err(failure) => return Err(failure),
            }
        }
        match last {
            Some(failure) if slot.shape.some && outcomes.is_empty() => Err(failure),
            _ => {
                take(answer, slot, &outcomes);
                Ok(())
            }
        }
    }
}

/// What a call passes, beside the script.
fn pass(thing: &mut Thing, how: How, shape: Shape) -> Thing {
    match (how, *thing) {
        (How::Alone, _) | (_, Thing::Nothing) => Thing::Nothing,
        (How::Give, Thing::Owned(value)) if shape.takes() => {
            *thing = Thing::Nothing;
            Thing::Owned(value)
        }
        (_, Thing::Owned(value) | Thing::Lent(value)) => Thing::Lent(value),
    }
}
