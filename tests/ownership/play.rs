//! One app and the model of it, side by side.

use std::sync::Arc;

use plugweave::{App, Assembly, StartOptions, Val};

use super::graph::{Graph, SLOTS};
use super::layout;
use super::model::{Model, Reply as Expected};
use super::random::Random;
use super::run::{Host, Reply};
use super::step::{HOST_SLOTS, Reach, Step};
use super::tally::Tally;

/// What gives the next step. It gets the one before, and what that gave.
type Next<'a> = dyn FnMut(&Model, Option<&Step>, Option<&Reply>) -> Option<Step> + 'a;

/// An app that can be started again and again.
pub struct Case {
    pub graph: Arc<Graph>,
    assembly: Arc<Assembly>,
}

/// What differs, and the steps until then.
pub struct Failure {
    pub steps: Vec<Step>,
    pub difference: String,
}

/// How often all plugins are asked how many things they have: it starts those that have failed.
const COUNTED: usize = 8;

impl Case {
    pub fn new(seed: u64) -> Self {
        Self::lingering(seed, 0)
    }

    /// One whose plugins wait before they ask others.
    pub fn lingering(seed: u64, linger: u32) -> Self {
        let graph = Arc::new(Graph { linger, ..Graph::random(&mut Random::new(seed)) });
        let assembly = layout::start(&graph).assembly().clone();
        Self { graph, assembly }
    }

    pub fn start(&self) -> App {
        App::of(self.assembly.clone(), StartOptions::default())
    }

    /// That nothing of an app is left.
    pub fn ended(&self) -> Result<(), String> {
        // Stores hold the app, which holds what it is made from.
        match Arc::strong_count(&self.assembly) {
            1 => Ok(()),
            more => Err(format!("{} of the app's parts are left behind", more - 1)),
        }
    }

    /// Does random steps.
    pub fn random(&self, seed: u64, count: u64) -> Result<Tally, Failure> {
        let mut random = Random::new(!seed);
        let reach = Reach {
            slots: 0..10,
            host: 0..HOST_SLOTS,
            mischief: random.below(6),
            traps: random.below(25),
            attached: true,
            upwards: true,
        };
        let mut tally = Tally::of(self.graph.plugins.len());
        let mut steps = Vec::new();
        let played = self.play(&mut |model, step, reply| {
            if let (Some(step), Some(reply)) = (step, reply) {
                tally.note(step, reply);
            }
            (steps.len() < usize::try_from(count).unwrap()).then(|| {
                steps.push(Step::random(&mut random, &self.graph, model, &reach));
                steps[steps.len() - 1].clone()
            })
        });
        played.map(|()| tally).map_err(|difference| Failure { steps, difference })
    }

    /// Does these steps.
    pub fn again(&self, steps: &[Step]) -> Result<(), String> {
        let mut steps = steps.iter().cloned();
        self.play(&mut |_, _, _| steps.next())
    }

    /// Does the steps that it is given.
    fn play(&self, next: &mut Next<'_>) -> Result<(), String> {
        let app = self.start();
        let mut played =
            Played { case: self, app: &app, model: Model::new(self.graph.clone(), 256), host: Host::new(&app) };
        let mut at = 0;
        let mut step = next(&played.model, None, None);
        while let Some(now) = step {
            let reply = played.step(&now).map_err(|difference| format!("step {at}, {now}: {difference}"))?;
            at += 1;
            if at % COUNTED == 0 {
                played.count().map_err(|difference| format!("after step {at}, {now}: {difference}"))?;
            }
            step = next(&played.model, Some(&now), Some(&reply));
        }
        // Some apps end with all that they have.
        if at % 4 == 0 {
            played.end()?;
        }
        let Played { host, .. } = played;
        let kept = host.into_handles();
        drop(app);
        self.ended()?;
        drop(kept);
        Ok(())
    }
}

struct Played<'a> {
    case: &'a Case,
    app: &'a App,
    model: Model,
    host: Host<'a>,
}

impl Played<'_> {
    fn step(&mut self, step: &Step) -> Result<Reply, String> {
        let expected = self.model.apply(step);
        let mut reply = self.host.apply(&self.case.graph, step);
        if !reply.is(&expected) {
            return Err(format!("expected {expected:?}, found {reply:?}"));
        }
        if let (Expected::Things(things), Reply::Handles(handles), Step::Host { slots, .. }) =
            (&expected, &mut reply, step)
        {
            // What has been moved makes place before.
            self.forget_moved();
            for ((thing, handle), slot) in things.iter().zip(std::mem::take(handles)).zip(slots) {
                let owner = format!("p{}", self.model.owner(*thing));
                if !matches!(&handle, Val::Resource(handle) if handle.owner().as_str() == owner) {
                    return Err(format!("expected a handle of {owner}, found {handle:?}"));
                }
                self.model.keep(*slot, Some(*thing));
                self.host.keep(*slot, Some(handle));
            }
        }
        self.forget_moved();
        self.count_handles()?;
        Ok(reply)
    }

    fn forget_moved(&mut self) {
        for slot in (0..HOST_SLOTS).filter(|slot| self.model.host(*slot).is_none()) {
            self.host.keep(slot, None);
        }
    }

    fn count_handles(&self) -> Result<(), String> {
        match (self.app.live_handles(), self.model.handles()) {
            (found, expected) if found == expected => Ok(()),
            (found, expected) => Err(format!("{expected} handles are expected, and there are {found}")),
        }
    }

    fn count(&self) -> Result<(), String> {
        for plugin in 0..self.case.graph.plugins.len() {
            let (found, expected) = (self.host.live(plugin), self.model.live(plugin));
            if found != expected {
                return Err(format!("p{plugin} should have {expected} things, and has {found}"));
            }
        }
        self.count_handles()
    }

    /// Drops everything, after which there is nothing.
    fn end(&mut self) -> Result<(), String> {
        for slot in 0..HOST_SLOTS {
            self.model.keep(slot, None);
            self.host.keep(slot, None);
        }
        self.count()?;
        for plugin in 0..self.case.graph.plugins.len() {
            for slot in 0..SLOTS {
                let held = self.host.peek(plugin, slot);
                if held.is_some() != self.model.holds_any(plugin, slot) {
                    return Err(format!("slot {slot} of p{plugin}: found {held:?}"));
                }
                if held.is_some() {
                    let numbers = vec![u32::try_from(slot).unwrap()];
                    self.model.apply(&Step::Plugin { plugin, act: super::step::Act::Drop, view: 0, numbers });
                    self.host.empty(plugin, slot);
                }
            }
        }
        self.count()?;
        let left: Vec<u32> = (0..self.case.graph.plugins.len()).map(|plugin| self.host.live(plugin)).collect();
        match (left.iter().sum::<u32>(), self.app.live_handles()) {
            (0, 0) => Ok(()),
            _ => Err(format!("in the end there are {left:?} things and {} handles", self.app.live_handles())),
        }
    }
}
