//! What an app must do: a plain reading of scripts, without stores, handles or threads.

mod steps;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::outcome::{CALL_DEPTH, FAILED, Failure, NOT_STARTED, Outcome};
use super::script::{Script, Start};
use super::topology::Topology;

/// Entries that have ended because their plugin had failed in an entry further down the chain.
pub const ENDED_FURTHER_DOWN: &str = "a plugin that has failed further down";

/// Plugins that were started anew while they were on the chain.
pub const STARTED_FURTHER_DOWN: &str = "a plugin that has started anew further down";

/// One instance of a node.
#[derive(Debug, Clone)]
struct Instance {
    number: usize,
    calls: u32,
    kept: u32,
}

#[derive(Debug, Clone)]
struct Plugin {
    up: Option<Instance>,
    /// Whether the next start counts against its budget.
    charged: bool,
    spent: u32,
    started: u32,
    /// What it does when it starts.
    starts: VecDeque<Start>,
    /// Whether its turn to start has come, and whether it is starting now.
    ready: bool,
    starting: bool,
    /// How its instances have ended, by number: nothing for those that have not.
    ends: Vec<Option<Failure>>,
    /// How often it was called, all in all, and ended.
    called: u32,
    ended: u32,
}

/// What a frame has at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thing {
    Nothing,
    Owned(u32),
    Lent(u32),
}

/// When a chain of calls must have ended: the plugin whose time it is, and how much that was.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    by: usize,
}

/// An entry into a node.
#[derive(Debug, Clone, Copy)]
struct Frame {
    node: usize,
    number: usize,
    deadline: Option<Deadline>,
}

/// What a node has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    pub calls: u32,
    pub kept: u32,
}

#[derive(Debug, Clone)]
pub struct Model {
    topology: Arc<Topology>,
    plugins: Vec<Plugin>,
    chain: Vec<usize>,
    /// How often the depot was asked.
    pub asked: u32,
    /// How many calls of nodes there were since this was set to zero.
    pub work: usize,
    /// What cannot be foretold: it depends on the clock, or is not decided.
    pub unclear: bool,
    /// The deepest chain in which something was done wrong since this was set to zero.
    pub depth: usize,
    /// How often time had to run out since this was set to zero.
    pub waits: usize,
    /// What has happened, and how often, also where somebody has got over it.
    pub events: BTreeMap<&'static str, u64>,
}

impl Model {
    /// An app that has just been started.
    pub fn new(topology: Arc<Topology>) -> Self {
        let plugin = Plugin {
            up: Some(Instance { number: 0, calls: 0, kept: 0 }),
            charged: false,
            spent: 0,
            started: 1,
            starts: VecDeque::new(),
            ready: true,
            starting: false,
            ends: vec![None],
            called: 0,
            ended: 0,
        };
        let plugins = vec![plugin; topology.nodes.len()];
        Self {
            topology,
            plugins,
            chain: Vec::new(),
            asked: 0,
            work: 0,
            unclear: false,
            depth: 0,
            waits: 0,
            events: BTreeMap::new(),
        }
    }

    /// An app that is started now, in this order, and who fails.
    pub fn starting(topology: Arc<Topology>, order: &[usize], arm: &[(usize, Start)]) -> (Self, Vec<usize>) {
        let mut model = Self::new(topology);
        for plugin in &mut model.plugins {
            *plugin = Plugin { up: None, started: 0, ends: Vec::new(), ready: false, ..plugin.clone() };
        }
        for (node, start) in arm {
            model.arm(*node, *start);
        }
        let mut failed = Vec::new();
        for node in order {
            model.plugins[*node].ready = true;
            let deadline = model.deadline(*node, None);
            if model.start(*node, deadline).is_err() {
                failed.push(*node);
            }
        }
        (model, failed)
    }

    pub fn arm(&mut self, node: usize, start: Start) {
        self.plugins[node].starts.push_back(start);
    }

    pub fn started(&self, node: usize) -> u32 {
        self.plugins[node].started
    }

    /// How often a node was called, and how often it ended.
    pub fn history(&self, node: usize) -> (u32, u32) {
        (self.plugins[node].called, self.plugins[node].ended)
    }

    /// What all nodes keep together.
    pub fn kept(&self) -> u32 {
        self.plugins.iter().filter_map(|plugin| plugin.up.as_ref()).map(|up| up.kept).sum()
    }

    /// The host calls a node.
    pub fn call(&mut self, node: usize, script: &Script) -> Outcome {
        self.enter(node, script, Thing::Nothing, None)
    }

    /// The host asks what a node has counted.
    pub fn stat(&mut self, node: usize) -> Result<Stat, Failure> {
        let deadline = self.deadline(node, None);
        self.bring_up(node, deadline)?;
        let up = self.plugins[node].up.as_ref().unwrap();
        Ok(Stat { calls: up.calls, kept: up.kept })
    }

    fn deadline(&self, node: usize, outer: Option<Deadline>) -> Option<Deadline> {
        // The earlier one holds, and the outer one of two that are the same. Long times never come.
        outer.or_else(|| self.topology.nodes[node].impatient.then_some(Deadline { by: node }))
    }

    fn enter(&mut self, node: usize, script: &Script, thing: Thing, outer: Option<Deadline>) -> Outcome {
        self.entered(node, outer, |model, frame| model.run(frame, script, thing))
    }

    fn entered<R>(
        &mut self,
        node: usize,
        outer: Option<Deadline>,
        act: impl FnOnce(&mut Self, Frame) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let outcome = self.try_enter(node, outer, act);
        outcome.map_err(|mut failure| {
            failure.path.push_front(node);
            self.note(failure.code);
            failure
        })
    }

    fn try_enter<R>(
        &mut self,
        node: usize,
        outer: Option<Deadline>,
        act: impl FnOnce(&mut Self, Frame) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        self.work += 1;
        if self.topology.nodes[node].call_depth.is_some_and(|most| self.chain.len() >= most) {
            return Err(Failure::new(CALL_DEPTH, node));
        }
        let plugin = &mut self.plugins[node];
        if !plugin.ready || plugin.starting {
            return Err(Failure::new(NOT_STARTED, node));
        }
        let deadline = self.deadline(node, outer);
        let number = self.bring_up(node, deadline)?;
        let plugin = &mut self.plugins[node];
        plugin.called += 1;
        plugin.up.as_mut().unwrap().calls += 1;
        self.chain.push(node);
        let frame = Frame { node, number, deadline };
        let outcome = act(self, frame);
        self.chain.pop();
        if let Err(failure) = &outcome {
            self.end(frame, failure);
        }
        outcome
    }

    /// Goes on along a path from a node: each octal digit, the lowest first, is a slot plus one.
    fn follow(&mut self, frame: Frame, path: u32) -> Result<(), Failure> {
        let topology = self.topology.clone();
        let slot = (path & 7).checked_sub(1).and_then(|slot| topology.slot(frame.node, slot as usize));
        let Some(slot) = slot.filter(|slot| slot.shape.is_plain()) else { return Ok(()) };
        let next = |model: &mut Self, frame: Frame| model.follow(frame, path >> 3);
        let outcome = self.entered(slot.providers[0], frame.deadline, next);
        self.ended(frame).map_or(outcome, Err)
    }

    /// The number of the instance that is up, which may have to be started.
    fn bring_up(&mut self, node: usize, deadline: Option<Deadline>) -> Result<usize, Failure> {
        if let Some(up) = &self.plugins[node].up {
            return Ok(up.number);
        }
        if self.plugins[node].charged {
            let plugin = &mut self.plugins[node];
            if self.topology.nodes[node].restarts.is_some_and(|most| plugin.spent >= most) {
                return Err(Failure::new(FAILED, node));
            }
            plugin.spent += 1;
        }
        self.start(node, deadline)
    }

    fn start(&mut self, node: usize, deadline: Option<Deadline>) -> Result<usize, Failure> {
        let number = self.plugins[node].ends.len();
        let plugin = &mut self.plugins[node];
        plugin.started += 1;
        plugin.ends.push(None);
        plugin.starting = true;
        if self.chain.contains(&node) {
            self.note(STARTED_FURTHER_DOWN);
        }
        self.chain.push(node);
        let frame = Frame { node, number, deadline };
        let done = match self.plugins[node].starts.pop_front() {
            None => Ok(()),
            Some(start) => {
                self.depth = self.depth.max(self.chain.len());
                match start {
                    Start::Crime(crime) => Err(self.commit(frame, crime)),
                    Start::Ask(path) => self.follow(frame, path),
                }
            }
        };
        self.chain.pop();
        let plugin = &mut self.plugins[node];
        plugin.starting = false;
        if let Err(cause) = done {
            plugin.charged = cause.origin == node;
            plugin.ended += 1;
            plugin.ends[number] = Some(cause.clone());
            return Err(Failure { code: FAILED, path: VecDeque::new(), told: true, ..cause });
        }
        plugin.up = Some(Instance { number, calls: 0, kept: 0 });
        Ok(number)
    }

    /// Ends the instance of an entry, where nothing has ended it yet.
    fn end(&mut self, frame: Frame, failure: &Failure) {
        let plugin = &mut self.plugins[frame.node];
        if plugin.ends[frame.number].is_some() {
            return;
        }
        plugin.charged = failure.origin == frame.node && !failure.is_refusal();
        plugin.up = None;
        plugin.ended += 1;
        plugin.ends[frame.number] = Some(Failure { told: false, ..failure.clone() });
    }

    fn note(&mut self, event: &'static str) {
        *self.events.entry(event).or_default() += 1;
    }

    /// How the instance of an entry has ended, if it has.
    fn ended(&self, frame: Frame) -> Option<Failure> {
        self.plugins[frame.node].ends[frame.number].clone()
    }
}
