//! Random runs: healthy ones, and such in which a certain node does something wrong in a certain place.

use super::expect::HOST_PANICS;
use super::model::Model;
use super::random::Random;
use super::script::{Crime, GARBAGE, How, Op, Script};
use super::topology::{DEPTH, Topology};

/// What goes wrong in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plot {
    Nothing,
    Crime(Crime),
    /// The same while the plugin starts anew.
    Start(Crime),
    Garbage,
    KeepBorrow,
    BadScript,
}

/// What the host does, all of it in one go.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Whose next starts fail, and how.
    pub arm: Vec<(usize, Crime)>,
    /// Which nodes are called.
    pub calls: Vec<(usize, Script)>,
    /// Whether all nodes are asked for what they have counted.
    pub count: bool,
}

/// Where the one who does wrong is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub depth: usize,
    /// The position among those that are asked at once, and how many they are.
    pub fan: Option<(usize, usize)>,
}

/// Most calls of nodes that a run leads to, so that none takes long.
const MOST_WORK: usize = 60;

/// Most times that a run waits for time to run out.
const MOST_WAITS: usize = 2;

impl Plot {
    /// All that can go wrong in an app.
    pub fn all(slow: bool) -> Vec<Self> {
        // Where instructions are counted nobody waits for the time of a loop. Only slow apps do.
        let crimes = Crime::ALL.into_iter().filter(|crime| match crime {
            Crime::Sleep => slow,
            Crime::HostPanics => HOST_PANICS,
            _ => true,
        });
        let crimes: Vec<Crime> = crimes.collect();
        if slow {
            let late = [Crime::Loop, Crime::Sleep];
            return late.into_iter().flat_map(|crime| [Self::Crime(crime), Self::Start(crime)]).collect();
        }
        let both = crimes.iter().flat_map(|crime| [Self::Crime(*crime), Self::Start(*crime)]);
        both.chain([Self::Nothing, Self::Garbage, Self::KeepBorrow, Self::BadScript]).collect()
    }

    /// Whether it can be at the beginning of a chain.
    pub fn least_depth(self) -> usize {
        if self == Self::KeepBorrow { 2 } else { 1 }
    }

    fn can(self, topology: &Topology, node: usize) -> bool {
        let node = &topology.nodes[node];
        match self {
            Self::Crime(crime) | Self::Start(crime) => node.wasi || !crime.needs_wasi(),
            Self::BadScript => !node.slots.is_empty(),
            Self::Nothing | Self::Garbage | Self::KeepBorrow => true,
        }
    }
}

/// A run that the model understands, and where the plot takes place in it, if it does.
pub fn run(random: &mut Random, model: &Model, topology: &Topology, plot: Plot, depth: usize) -> (Run, Option<Place>) {
    let depth = depth.max(plot.least_depth());
    for _ in 0..40 {
        let Some((mut run, place)) = attempt(random, topology, plot, depth) else { continue };
        if !suits(model, &run) {
            continue;
        }
        run.count = random.percent(40);
        let place = happens(model, &run, place).then_some(place);
        return (run, place);
    }
    let script = Script(vec![Op::Mix(random.below(60))]);
    (Run { calls: vec![(random.below(topology.nodes.len()), script)], count: true, ..Run::default() }, None)
}

/// Whether the model can tell what comes of it, and it does not take long.
pub fn suits(model: &Model, run: &Run) -> bool {
    let model = foretell(model, run);
    !model.unclear && model.work <= MOST_WORK && model.waits <= MOST_WAITS
}

fn happens(model: &Model, run: &Run, place: Place) -> bool {
    foretell(model, run).depth >= place.depth
}

fn foretell(model: &Model, run: &Run) -> Model {
    let mut model = model.clone();
    (model.work, model.waits, model.depth) = (0, 0, 0);
    for (node, crime) in &run.arm {
        model.arm(*node, *crime);
    }
    for (node, script) in &run.calls {
        let _ = model.call(*node, script);
    }
    model
}

/// A step from one node to another: the slot, and the position of the other in it.
#[derive(Clone, Copy)]
struct Step {
    slot: usize,
    position: usize,
    width: usize,
}

fn attempt(random: &mut Random, topology: &Topology, plot: Plot, depth: usize) -> Option<(Run, Place)> {
    let (nodes, steps) = path(random, topology, depth)?;
    let culprit = *nodes.last()?;
    if !plot.can(topology, culprit) {
        return None;
    }
    let mut script = noise(random, topology, 0);
    script.extend(deed(random, plot));
    script.extend(noise(random, topology, 1));
    for (node, step) in nodes.windows(2).zip(&steps).rev() {
        let mut inner = noise(random, topology, 2);
        inner.push(Op::Only(node[1], Script(script)));
        inner.extend(noise(random, topology, 2));
        let mut how = random.pick(&[How::Alone, How::Alone, How::Lend, How::Give]);
        script = noise(random, topology, 1);
        if plot == Plot::KeepBorrow {
            how = How::Lend;
        }
        if how != How::Alone {
            script.push(Op::Make(random.below(60)));
        }
        script.push(Op::Call { slot: step.slot, how, script: Script(inner) });
        script.extend(noise(random, topology, 1));
    }
    let mut run = Run { calls: vec![(nodes[0], Script(script))], ..Run::default() };
    if let Plot::Start(crime) = plot {
        // What makes it start anew.
        run.calls.insert(0, (culprit, Script(vec![Op::Crime(Crime::Trap)])));
        run.arm.push((culprit, crime));
    }
    let fan = steps.last().map(|step| (step.position + 1, step.width));
    run.calls.iter().all(|(_, script)| script.fits()).then_some((run, Place { depth, fan }))
}

/// A chain of calls of this length. Where calls can go round, a node may be in it more than once.
fn path(random: &mut Random, topology: &Topology, depth: usize) -> Option<(Vec<usize>, Vec<Step>)> {
    let mut nodes = vec![topology.line(random, depth.min(DEPTH)).start];
    let around = topology.cyclic && random.percent(30);
    let mut steps = Vec::new();
    while nodes.len() < depth {
        let node = *nodes.last()?;
        let slots = &topology.nodes[node].slots;
        if slots.is_empty() {
            return None;
        }
        let widest = (0..slots.len()).max_by_key(|slot| slots[*slot].providers.len())?;
        let slot = if random.percent(50) { widest } else { random.below(slots.len()) };
        let providers = &slots[slot].providers;
        let position = random.below(providers.len());
        if !around && nodes.contains(&providers[position]) {
            return None;
        }
        nodes.push(providers[position]);
        steps.push(Step { slot, position, width: providers.len() });
    }
    Some((nodes, steps))
}

/// What the culprit does.
fn deed(random: &mut Random, plot: Plot) -> Option<Op> {
    Some(match plot {
        Plot::Nothing | Plot::Start(_) => return None,
        Plot::Crime(crime) => Op::Crime(crime),
        Plot::Garbage => Op::Garbage(random.below(GARBAGE)),
        Plot::KeepBorrow => Op::KeepBorrow,
        Plot::BadScript => Op::BadScript { slot: 0, outside: random.percent(50) },
    })
}

/// Some things to do, nearly all of them harmless.
fn noise(random: &mut Random, topology: &Topology, level: usize) -> Vec<Op> {
    let mut ops = Vec::new();
    for _ in 0..random.below(4usize.saturating_sub(level)) {
        ops.push(match random.below(30) {
            0..5 => Op::Mix(random.below(60)),
            5..10 => Op::Make(random.below(60)),
            10..14 => Op::Value,
            14..16 => Op::Drop,
            16..19 => Op::Hoard,
            19 => Op::Refused,
            20 => Op::Unhoard,
            21 if !topology.slow => {
                let crime = random.pick(&[Crime::Trap, Crime::Trap, Crime::HostFails, Crime::Memory, Crime::Flood]);
                Op::Only(random.below(topology.nodes.len()), Script(vec![Op::Crime(crime)]))
            }
            _ => {
                let how = random.pick(&[How::Alone, How::Lend, How::Give]);
                Op::Call { slot: random.below(3), how, script: Script(noise(random, topology, level + 1)) }
            }
        });
    }
    ops
}
