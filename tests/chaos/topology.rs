//! Which plugins there are in an app, and who calls whom.

use std::ops::Range;

use super::random::Random;

/// How deep a chain of calls can be without going round.
pub const DEPTH: usize = 6;

/// How many providers an import has at most.
pub const WIDTH: usize = 4;

/// The time that impatient nodes have. Short, because it is waited for.
pub const SHORT: u64 = 60;

/// What a node can do before its fuel is used up.
pub const FUEL: u64 = 1_000_000;

/// How many answers a reply has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    One,
    Option,
    List,
    Map,
}

/// What a reply says of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It has no place for failures.
    Never,
    /// Only that there is one.
    Nothing,
    /// Its message.
    Text,
    /// Its code and its provider.
    Record,
}

/// The form of the replies of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub count: Count,
    pub named: bool,
    pub told: Told,
    /// Whether failed providers are left out.
    pub skip: bool,
    /// Whether some provider must answer.
    pub some: bool,
}

/// An import of a node.
#[derive(Debug, Clone)]
pub struct Slot {
    pub shape: Shape,
    /// In the order in which they are asked.
    pub providers: Vec<usize>,
    /// Whether it leads back.
    pub late: bool,
}

/// A plugin that does what scripts say.
#[derive(Debug, Clone)]
pub struct Node {
    pub slots: Vec<Slot>,
    /// Whether its instructions are counted.
    pub fuel: bool,
    /// Whether its time is [`SHORT`].
    pub impatient: bool,
    /// How often it may be restarted; nothing where that does not matter.
    pub restarts: Option<u32>,
    /// How deep in a chain it may be called, where that is less than any chain here is long.
    pub call_depth: Option<usize>,
    /// Whether it imports something of WASI.
    pub wasi: bool,
}

/// The nodes of an app. Beside them there is the depot, which has the things that they make.
#[derive(Debug, Clone)]
pub struct Topology {
    pub nodes: Vec<Node>,
    pub cyclic: bool,
    /// Whether some nodes have little time.
    pub slow: bool,
    /// Whether even the depot may fail.
    pub wild: bool,
}

/// What kind of app it is to be.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub cyclic: bool,
    pub slow: bool,
    /// Whether nodes can use up their restarts.
    pub frugal: bool,
    /// Whether several threads use it: then no failure takes the place of another one, so that it is seen
    /// where a ring was refused.
    pub shared: bool,
    /// Whether even the depot may fail, of which the model knows nothing.
    pub wild: bool,
}

impl Topology {
    pub fn random(random: &mut Random, wanted: Wanted) -> Self {
        let count = DEPTH + random.below(2);
        let mut nodes: Vec<Node> = (0..count).map(|number| Node::random(random, number, count, wanted)).collect();
        if wanted.slow {
            // Somebody has little time, and somebody has much.
            for hasty in [random.below(count), count - 1 - random.below(3)] {
                nodes[hasty].impatient = true;
            }
        }
        Self { nodes, cyclic: wanted.cyclic, slow: wanted.slow, wild: wanted.wild }
    }

    /// The slot of a node, if it has it.
    pub fn slot(&self, node: usize, slot: usize) -> Option<&Slot> {
        self.nodes[node].slots.get(slot)
    }

    /// What nodes are in a line of calls of this length.
    pub fn line(&self, random: &mut Random, length: usize) -> Range<usize> {
        let first = random.below(self.nodes.len() - length + 1);
        first..first + length
    }
}

impl Node {
    fn random(random: &mut Random, number: usize, count: usize, wanted: Wanted) -> Self {
        let mut slots = Vec::new();
        if number + 1 < count {
            slots.push(Slot::random(random, vec![number + 1], false, wanted.shared));
            let later: Vec<usize> = (number + 1..count).collect();
            slots.push(Slot::random(random, later, false, wanted.shared));
        }
        if wanted.cyclic && (number + 1 == count || random.percent(60)) {
            let others = (0..count).filter(|other| *other != number).collect();
            slots.push(Slot::random(random, others, true, wanted.shared));
        }
        Self {
            slots,
            fuel: !wanted.slow,
            // Where threads get each other's failing starts, nobody may have the usual half a minute.
            impatient: wanted.slow && (wanted.shared || random.percent(5)),
            restarts: wanted.frugal.then(|| u32::try_from(random.below(4)).unwrap()),
            call_depth: (!wanted.slow && random.percent(8)).then(|| 2 + random.below(5)),
            wasi: wanted.slow || random.percent(50),
        }
    }
}

impl Slot {
    fn random(random: &mut Random, mut others: Vec<usize>, late: bool, shared: bool) -> Self {
        random.shuffle(&mut others);
        others.truncate(random.pick(&[1, 2, 3, WIDTH, WIDTH]));
        let mut shape = Shape::random(random, others.len());
        if late && random.percent(30) {
            // While it starts, a plugin can call through such a one only.
            (others, shape) = (vec![others[0]], Shape::PLAIN);
        }
        shape.some &= !(shared && shape.skip);
        Self { shape, providers: others, late }
    }
}

impl Shape {
    /// The answer and nothing else.
    const PLAIN: Self = Self { count: Count::One, named: false, told: Told::Never, skip: false, some: false };

    fn random(random: &mut Random, providers: usize) -> Self {
        use Count::{List, Map, One, Option};
        if providers == 1 && random.percent(25) {
            return Self::PLAIN;
        }
        let count =
            if providers > 1 { random.pick(&[List, List, Map]) } else { random.pick(&[One, One, Option, List]) };
        let told = random.pick(&[Told::Never, Told::Nothing, Told::Text, Told::Record, Told::Record]);
        Self {
            count,
            named: count == Map || random.percent(40),
            told,
            skip: told == Told::Never && count != One && random.percent(50),
            some: matches!(count, List | Map) && random.percent(50),
        }
    }

    pub fn cardinality(self) -> &'static str {
        match (self.count, self.some) {
            (Count::One, _) => "exactly-one",
            (Count::Option, _) => "at-most-one",
            (_, true) => "at-least-one",
            (_, false) => "any",
        }
    }

    /// Whether a reply is an answer and nothing else. Only then nothing of it is in memory, so that plugins can
    /// call through it while they start.
    pub fn is_plain(self) -> bool {
        self.count == Count::One && !self.named && self.told == Told::Never
    }

    /// Whether it can be given what it is to keep.
    pub fn takes(self) -> bool {
        matches!(self.count, Count::One | Count::Option)
    }

    /// The type of a reply.
    pub fn wit(self) -> String {
        let failure = match self.told {
            Told::Never => "answer".to_owned(),
            Told::Nothing => "result<answer>".to_owned(),
            Told::Text => "result<answer, string>".to_owned(),
            Told::Record => "result<answer, dispatch-error>".to_owned(),
        };
        let one = if self.named && self.count != Count::Map { format!("tuple<string, {failure}>") } else { failure };
        match self.count {
            Count::One => one,
            Count::Option => format!("option<{one}>"),
            Count::List => format!("list<{one}>"),
            Count::Map => format!("map<string, {one}>"),
        }
    }
}
