//! What an app must do: a plain reading of scripts, without stores, handles or threads.

use std::collections::VecDeque;
use std::sync::Arc;

use plugweave::CallErrorKind;

use super::expect::REENTRANCY;
use super::guest::MOST_KEPT;
use super::script::{Crime, How, Op, Script};
use super::topology::{Count, Shape, Slot, Told, Topology};

pub const FNV: u32 = 0x811c_9dc5;
pub const FNV_PRIME: u32 = 16_777_619;
pub const MIX: u32 = 0x9E37_79B1;

pub fn fnv(text: &str) -> u32 {
    text.bytes().fold(FNV, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(FNV_PRIME))
}

fn mix(hash: u32, number: u32) -> u32 {
    (hash ^ number).rotate_left(5).wrapping_mul(MIX)
}

/// What a node answers, as far as it is not the same each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub hash: u32,
    pub doubt: u32,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: CallErrorKind,
    /// The node in which it began.
    pub origin: usize,
    /// The nodes that were called, from the outermost to the one that failed.
    pub path: VecDeque<usize>,
    /// Whether the path is known: an entry that ends because its plugin has failed in another one may tell
    /// either's.
    pub told: bool,
    /// Whether some plugin's time was up: the one that the time was of.
    late: Option<usize>,
}

impl Failure {
    fn new(kind: CallErrorKind, origin: usize) -> Self {
        Self { kind, origin, path: VecDeque::new(), told: true, late: None }
    }
}

pub type Outcome = Result<Answer, Failure>;

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
    /// What it does wrong when it starts.
    starts: VecDeque<Crime>,
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
            ends: vec![None],
            called: 0,
            ended: 0,
        };
        let plugins = vec![plugin; topology.nodes.len()];
        Self { topology, plugins, chain: Vec::new(), asked: 0, work: 0, unclear: false, depth: 0, waits: 0 }
    }

    /// An app that is started now, with starts that fail.
    pub fn starting(topology: Arc<Topology>, crimes: &[(usize, Crime)]) -> Self {
        let mut model = Self::new(topology);
        for plugin in &mut model.plugins {
            *plugin = Plugin { up: None, started: 0, ends: Vec::new(), ..plugin.clone() };
        }
        for (node, crime) in crimes {
            model.arm(*node, *crime);
        }
        for node in 0..model.plugins.len() {
            let deadline = model.deadline(node, None);
            let _ = model.start(node, deadline);
        }
        model
    }

    pub fn arm(&mut self, node: usize, crime: Crime) {
        self.plugins[node].starts.push_back(crime);
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
        let outcome = self.try_enter(node, script, thing, outer);
        outcome.map_err(|mut failure| {
            failure.path.push_front(node);
            failure
        })
    }

    fn try_enter(&mut self, node: usize, script: &Script, thing: Thing, outer: Option<Deadline>) -> Outcome {
        self.work += 1;
        if self.chain.contains(&node) && !REENTRANCY {
            return Err(Failure::new(CallErrorKind::Reentrant, node));
        }
        let deadline = self.deadline(node, outer);
        let number = self.bring_up(node, deadline)?;
        self.chain.push(node);
        let frame = Frame { node, number, deadline };
        let outcome = self.run(frame, script, thing);
        self.chain.pop();
        if let Err(failure) = &outcome {
            self.end(frame, failure);
        }
        outcome
    }

    /// The number of the instance that is up, which may have to be started.
    fn bring_up(&mut self, node: usize, deadline: Option<Deadline>) -> Result<usize, Failure> {
        if let Some(up) = &self.plugins[node].up {
            return Ok(up.number);
        }
        if self.plugins[node].charged {
            let plugin = &mut self.plugins[node];
            if self.topology.nodes[node].restarts.is_some_and(|most| plugin.spent >= most) {
                return Err(Failure::new(CallErrorKind::Failed, node));
            }
            plugin.spent += 1;
        }
        self.start(node, deadline)
    }

    fn start(&mut self, node: usize, deadline: Option<Deadline>) -> Result<usize, Failure> {
        self.plugins[node].started += 1;
        let number = self.plugins[node].ends.len();
        self.plugins[node].ends.push(None);
        self.plugins[node].up = Some(Instance { number, calls: 0, kept: 0 });
        let Some(crime) = self.plugins[node].starts.pop_front() else { return Ok(number) };
        let cause = self.commit(Frame { node, number, deadline }, crime);
        self.depth = self.depth.max(self.chain.len() + 1);
        let plugin = &mut self.plugins[node];
        plugin.charged = cause.origin == node;
        plugin.ended += 1;
        plugin.up = None;
        plugin.ends[number] = Some(cause.clone());
        Err(Failure { kind: CallErrorKind::Failed, ..cause })
    }

    /// Ends the instance of an entry, where nothing has ended it yet.
    fn end(&mut self, frame: Frame, failure: &Failure) {
        let plugin = &mut self.plugins[frame.node];
        if plugin.ends[frame.number].is_some() {
            return;
        }
        plugin.charged = failure.origin == frame.node && !failure.kind.is_refusal();
        plugin.up = None;
        plugin.ended += 1;
        plugin.ends[frame.number] = Some(Failure { told: false, ..failure.clone() });
    }

    /// How the instance of an entry has ended, if it has.
    fn ended(&self, frame: Frame) -> Option<Failure> {
        self.plugins[frame.node].ends[frame.number].clone()
    }

    fn commit(&mut self, frame: Frame, crime: Crime) -> Failure {
        let Frame { node, deadline, .. } = frame;
        let patient = !self.topology.nodes[node].fuel;
        match (crime, deadline) {
            (Crime::Loop, _) if !patient => Failure::new(CallErrorKind::Fuel, node),
            (Crime::Loop | Crime::Sleep, Some(Deadline { by })) => {
                self.waits += 1;
                Failure { late: Some(by), ..Failure::new(CallErrorKind::Timeout, by) }
            }
            (Crime::Loop | Crime::Sleep, None) => {
                self.unclear = true;
                Failure::new(CallErrorKind::Timeout, node)
            }
            (Crime::Exit, _) => Failure::new(CallErrorKind::Exit, node),
            (Crime::HostPanics, _) => Failure::new(host_panic(), node),
            (Crime::Trap | Crime::Recurse | Crime::Memory | Crime::Flood | Crime::HostFails, _) => {
                Failure::new(CallErrorKind::Trap, node)
            }
        }
    }

    fn run(&mut self, frame: Frame, script: &Script, mut thing: Thing) -> Outcome {
        let node = frame.node;
        let up = self.plugins[node].up.as_mut().unwrap();
        up.calls += 1;
        self.plugins[node].called += 1;
        let mut answer = Answer { hash: u32::try_from(node).unwrap(), doubt: 0 };
        let mut bad = false;
        self.ops(frame, &script.0, &mut thing, &mut answer, &mut bad)?;
        if bad {
            self.depth = self.depth.max(self.chain.len());
            return Err(Failure::new(CallErrorKind::Trap, node));
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
                        return Err(Failure::new(CallErrorKind::Trap, frame.node));
                    }
                }
                Op::Call { slot: index, how, script } => {
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

/// What a node makes of a reply.
fn take(answer: &mut Answer, slot: &Slot, outcomes: &[(usize, Outcome)]) {
    let Slot { shape, providers, .. } = slot;
    let number = |number: usize| u32::try_from(number).unwrap();
    match shape.count {
        Count::One => {}
        Count::Option => answer.hash = mix(answer.hash, number(10 + outcomes.len())),
        Count::List | Count::Map => answer.hash = mix(answer.hash, number(20 + outcomes.len())),
    }
    answer.doubt += number(providers.len() - outcomes.len());
    for (provider, outcome) in outcomes {
        let id = format!("p{provider}");
        if shape.named {
            answer.hash = mix(answer.hash, fnv(&id));
        }
        match outcome {
            Ok(other) => {
                answer.doubt += other.doubt;
                for part in [other.hash, number(65 + provider), fnv(&id)] {
                    answer.hash = mix(answer.hash, part);
                }
            }
            Err(failure) => {
                answer.hash = mix(answer.hash, 2);
                if shape.told == Told::Record {
                    answer.hash = mix(mix(answer.hash, fnv(failure.kind.code())), fnv(&id));
                }
                answer.doubt += u32::from(shape.told != Told::Record || failure.kind == CallErrorKind::Ring);
            }
        }
    }
}

/// The kind of failure that a panic in a host function is.
fn host_panic() -> CallErrorKind {
    // There is no kind for it yet.
    CallErrorKind::Trap
}
