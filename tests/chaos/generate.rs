//! Random runs: healthy ones, and such in which a certain node does something wrong in a certain place.

use super::guest::POISON;
use super::model::Model;
use super::random::Random;
use super::script::{Crime, GARBAGE, How, Op, Script, Start};
use super::topology::{DEPTH, Slot, Topology, WIDTH};

/// What goes wrong in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plot {
    Nothing,
    Crime(Crime),
    /// The same while the plugin starts anew.
    Start(Crime),
    /// Asks others while it starts anew.
    StartAsking,
    Garbage,
    KeepBorrow,
    BadScript,
}

/// What the host does, all of it in one go.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Whose next starts are not like others.
    pub arm: Vec<(usize, Start)>,
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

/// What a run is to be about.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    pub plot: Plot,
    pub place: Place,
    /// The nodes from this one on must not fail.
    pub spared: usize,
}

impl Theme {
    /// One after the other, so that everything goes wrong everywhere: a third of them at a certain depth, the others
    /// in a certain position.
    pub fn at(number: usize, plots: &[Plot]) -> Self {
        let plot = plots[number % plots.len()];
        let turn = number / plots.len();
        let place = if turn.is_multiple_of(3) {
            Place { depth: plot.least_depth() + turn / 3 % (1 + DEPTH - plot.least_depth()), fan: None }
        } else {
            let fans = (1..=WIDTH).flat_map(|width| (1..=width).map(move |position| (position, width)));
            let fans: Vec<_> = fans.collect();
            Place { depth: 2 + turn / 2 % 2, fan: Some(fans[(turn - turn / 3) % fans.len()]) }
        };
        Self { plot, place, spared: usize::MAX }
    }
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
            _ => true,
        });
        let crimes: Vec<Crime> = crimes.collect();
        if slow {
            let late = [Crime::Loop, Crime::Sleep];
            let late = late.into_iter().flat_map(|crime| [Self::Crime(crime), Self::Start(crime)]);
            return late.collect();
        }
        let both = crimes.iter().flat_map(|crime| [Self::Crime(*crime), Self::Start(*crime)]);
        both.chain([Self::Nothing, Self::StartAsking, Self::Garbage, Self::KeepBorrow, Self::BadScript]).collect()
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
            Self::StartAsking => node.slots.iter().any(|slot| slot.shape.is_plain()),
            Self::Nothing | Self::Garbage | Self::KeepBorrow => true,
        }
    }
}

/// A run that the model understands, and where the plot takes place in it, if it does.
pub fn run(random: &mut Random, model: &Model, topology: &Topology, theme: Theme) -> (Run, Option<Place>) {
    for attempts in 0..300 {
        // Not every app has everything: then the depth is another one, or the position.
        let strict = attempts < 250;
        let place = match theme.place {
            Place { fan: Some(fan), .. } if (150..250).contains(&attempts) => {
                Place { depth: 2 + random.below(3), fan: Some(fan) }
            }
            Place { depth, fan } => Place { depth, fan: fan.filter(|_| strict) },
        };
        let Some((mut run, place)) = attempt(random, topology, Theme { place, ..theme }) else { continue };
        let foretold = foretell(model, &run, topology.nodes.len());
        let spares = (0..topology.nodes.len()).skip(theme.spared).all(|node| foretold.history(node).1 == 0);
        let happens = foretold.depth >= place.depth;
        if suits(&foretold) && spares && (happens || !strict || theme.plot == Plot::Nothing) {
            run.count = random.percent(40);
            return (run, happens.then_some(place));
        }
    }
    let script = Script(vec![Op::Mix(random.below(60))]);
    (Run { calls: vec![(random.below(topology.nodes.len()), script)], count: true, ..Run::default() }, None)
}

/// Whether it is clear what comes of a run, and does not take long.
fn suits(foretold: &Model) -> bool {
    !foretold.unclear && foretold.work <= MOST_WORK && foretold.waits <= MOST_WAITS
}

/// Whether the model can tell what comes of a run.
pub fn is_clear(model: &Model, run: &Run, nodes: usize) -> bool {
    suits(&foretell(model, run, nodes))
}

/// What the model is after a run.
fn foretell(model: &Model, run: &Run, nodes: usize) -> Model {
    let mut model = model.clone();
    (model.work, model.waits, model.depth) = (0, 0, 0);
    for (node, start) in &run.arm {
        model.arm(*node, *start);
    }
    for (node, script) in &run.calls {
        let _ = model.call(*node, script);
    }
    // Starts that nobody has come to yet must be clear, too: everybody is asked for what it has counted.
    let mut counted = model.clone();
    for node in 0..nodes {
        let _ = counted.stat(node);
    }
    model.unclear = counted.unclear;
    model.waits = counted.waits;
    model
}

/// A step from one node to another: the slot, and the position of the other in it.
#[derive(Clone, Copy)]
struct Step {
    slot: usize,
    position: usize,
    width: usize,
}

fn attempt(random: &mut Random, topology: &Topology, theme: Theme) -> Option<(Run, Place)> {
    let Theme { plot, place: Place { depth, fan }, .. } = theme;
    let (nodes, steps) = path(random, topology, depth, fan)?;
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
        script.push(Op::Call { slot: step.slot, how, script: Script(inner), deep: deep(random, topology, 10) });
        script.extend(noise(random, topology, 1));
    }
    let mut run = Run { calls: vec![(nodes[0], Script(script))], ..Run::default() };
    let start = match plot {
        Plot::Start(crime) => Some(Start::Crime(crime)),
        Plot::StartAsking => Some(asking(random, topology, culprit)),
        _ => None,
    };
    if let Some(start) = start {
        // What makes it start anew.
        run.calls.insert(0, (culprit, Script(vec![Op::Crime(Crime::Trap)])));
        run.arm.push((culprit, start));
    }
    let fan = steps.last().map(|step| (step.position + 1, step.width));
    run.calls.iter().all(|(_, script)| script.fits()).then_some((run, Place { depth, fan }))
}

/// A chain of calls of this length, whose last one is in this position of a fan. Where calls can go round, a node
/// may be in it more than once.
fn path(
    random: &mut Random,
    topology: &Topology,
    depth: usize,
    fan: Option<(usize, usize)>,
) -> Option<(Vec<usize>, Vec<Step>)> {
    let mut nodes = vec![topology.line(random, depth.min(DEPTH)).start];
    let around = topology.cyclic && random.percent(50);
    let mut steps = Vec::new();
    while nodes.len() < depth {
        let left = depth - nodes.len() - 1;
        let suits = |(step, next): &(Step, usize)| {
            let fits = left > 0 || fan.is_none_or(|fan| fan == (step.position + 1, step.width));
            fits && next + left < topology.nodes.len() && (around || !nodes.contains(next))
        };
        let possible: Vec<_> = all_steps(topology, *nodes.last()?).filter(suits).collect();
        if possible.is_empty() {
            return None;
        }
        let (step, next) = random.pick(&possible);
        nodes.push(next);
        steps.push(step);
    }
    Some((nodes, steps))
}

/// Where a node can go.
fn all_steps(topology: &Topology, node: usize) -> impl Iterator<Item = (Step, usize)> {
    topology.nodes[node].slots.iter().enumerate().flat_map(|(slot, Slot { providers, .. })| {
        let step = move |position| Step { slot, position, width: providers.len() };
        providers.iter().enumerate().map(move |(position, next)| (step(position), *next))
    })
}

/// What the culprit does.
fn deed(random: &mut Random, plot: Plot) -> Option<Op> {
    Some(match plot {
        Plot::Nothing | Plot::Start(_) | Plot::StartAsking => return None,
        Plot::Crime(crime) => Op::Crime(crime),
        Plot::Garbage => Op::Garbage(random.below(GARBAGE)),
        Plot::KeepBorrow => Op::KeepBorrow,
        Plot::BadScript => Op::BadScript { slot: 0, outside: random.percent(50) },
    })
}

/// A node that can ask others while it starts, and what, if there is one. Asking those that start later comes first.
pub fn asker(random: &mut Random, topology: &Topology) -> Option<(usize, Start)> {
    let has = |node: &usize, late: bool| {
        topology.nodes[*node].slots.iter().any(|slot| slot.shape.is_plain() && (slot.late || !late))
    };
    let late = random.percent(60);
    let able: Vec<usize> = (0..topology.nodes.len()).filter(|node| has(node, late)).collect();
    let node = (!able.is_empty()).then(|| random.pick(&able))?;
    Some((node, asking(random, topology, node)))
}

/// A path along which a node can ask others while it starts.
fn asking(random: &mut Random, topology: &Topology, mut node: usize) -> Start {
    let mut path = 0;
    for digit in 0..1 + random.below(3) {
        let slots = &topology.nodes[node].slots;
        let plain: Vec<usize> = (0..slots.len()).filter(|slot| slots[*slot].shape.is_plain()).collect();
        if plain.is_empty() {
            break;
        }
        // The last one is the one that leads back, where there is one.
        let slot = if random.percent(50) { plain[plain.len() - 1] } else { random.pick(&plain) };
        path |= u32::try_from(slot + 1).unwrap() << (3 * digit);
        node = slots[slot].providers[0];
    }
    Start::Ask(path)
}

/// Whether a call is made far down the stack. Not where it may come back: how much stack is left then for the same
/// plugin depends on how the host was built.
fn deep(random: &mut Random, topology: &Topology, percent: usize) -> bool {
    random.percent(percent) && !topology.cyclic
}

/// Some things to do, nearly all of them harmless.
fn noise(random: &mut Random, topology: &Topology, level: usize) -> Vec<Op> {
    let mut ops = Vec::new();
    for _ in 0..random.below(4usize.saturating_sub(level)) {
        let op = match random.below(30) {
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
            22 if topology.wild => {
                ops.push(Op::Make(POISON));
                Op::Value
            }
            _ => {
                let how = random.pick(&[How::Alone, How::Lend, How::Give]);
                let script = Script(noise(random, topology, level + 1));
                Op::Call { slot: random.below(3), how, script, deep: deep(random, topology, 5) }
            }
        };
        ops.push(op);
    }
    ops
}
