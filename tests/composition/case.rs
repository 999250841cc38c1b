//! A random app as data: functions, the plugins that answer them or pass them on, and calls.

use plugweave::Val;

use super::layout::{Encoding, flat};
use super::random::Random;
use super::types::{Def, Ty, Types};
use super::values::value;

/// A whole app, and what is done with it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The definitions that the functions use.
    pub defs: Vec<Def>,
    /// Whether the definitions have an interface of their own, which the others use.
    pub apart: bool,
    /// The functions. Every plugin exports them all.
    pub functions: Vec<Function>,
    /// Whether all plugins export one and the same interface, and each imports at most one other.
    pub shared: bool,
    /// The plugins. Each imports only from those before it.
    pub nodes: Vec<Node>,
    /// What is called, in this order.
    pub steps: Vec<Step>,
}

/// A function that all plugins export.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub params: Vec<(String, Ty)>,
    /// Its result.
    pub result: Option<Ty>,
    /// What it does.
    pub kind: Kind,
}

/// What a function does where it is not passed on.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Gives a parameter back, or all of them as a tuple.
    Echo(Option<usize>),
    /// Gives one of these values, which lie in the component's memory; or nothing, where there are none.
    Canned(Vec<Val>),
    /// Gives the parameters that the function at this place was last called with.
    Seen(usize),
}

/// A plugin.
#[derive(Debug, Clone)]
pub struct Node {
    /// For each function, the plugin that it passes it on to.
    pub sources: Vec<Option<usize>>,
    /// In which form it keeps its strings.
    pub encoding: Encoding,
    /// Whether its functions clean up after themselves, once their results have been read.
    pub post_return: bool,
    /// Whether it passes small numbers on with something in the bits that do not count.
    pub dirty: bool,
}

/// A call.
#[derive(Debug, Clone)]
pub struct Step {
    /// The plugin that is called by the host.
    pub node: usize,
    /// The function.
    pub function: usize,
    /// The arguments.
    pub arguments: Vec<Val>,
    /// Which of its values a function gives.
    pub pick: usize,
    /// What goes wrong.
    pub arm: Option<Arm>,
}

/// Something that goes wrong in one of the plugins.
#[derive(Debug, Clone, Copy)]
pub struct Arm {
    /// The plugin.
    pub node: usize,
    /// What goes wrong.
    pub fault: Fault,
    /// Where.
    pub at: u32,
    /// How.
    pub value: u32,
}

/// What can go wrong in a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It traps before it does anything.
    TrapFirst = 1,
    /// It traps when it is done.
    TrapLast,
    /// It calls itself without end.
    Recursion,
    /// It changes some of what it passes on.
    Arguments,
    /// It wants the result where there is no room for it.
    ReturnArea,
    /// It changes some of what it gives back.
    Result,
    /// It changes some of the values that it could give back.
    Content,
    /// It changes the pointer to what it gives back.
    ResultPointer,
    /// It traps when memory is asked of it.
    AllocTrap,
    /// It gives memory at an odd address.
    AllocOdd,
    /// It gives memory that it does not have.
    AllocOutside,
    /// It traps while it cleans up.
    PostReturn,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::TrapFirst,
        Self::TrapLast,
        Self::Recursion,
        Self::Arguments,
        Self::ReturnArea,
        Self::Result,
        Self::Content,
        Self::ResultPointer,
        Self::AllocTrap,
        Self::AllocOdd,
        Self::AllocOutside,
        Self::PostReturn,
    ];
}

impl Case {
    /// The case of a seed.
    pub fn random(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let count = random.pick(&[2, 2, 2, 3, 3, 4, 5]);
        Self::of(count, 15, &mut random)
    }

    /// A provider, and a consumer that passes all calls on to it.
    pub fn pair(random: &mut Random) -> Self {
        Self::of(2, 0, random)
    }

    fn of(count: usize, answers: usize, random: &mut Random) -> Self {
        let (defs, functions) = service(random);
        let shared = random.percent(50);
        let apart = !defs.is_empty() && random.percent(30);
        let mixed = random.percent(30);
        let node = |index| {
            let mut node = Node::random(index, answers, &functions, shared, random);
            if mixed {
                node.encoding = random.pick(&[Encoding::Utf8, Encoding::Utf16, Encoding::Latin1OrUtf16]);
            }
            node
        };
        let nodes = (0..count).map(node).collect();
        let mut case = Self { defs, apart, functions, shared, nodes, steps: Vec::new() };
        case.steps = (0..6 + random.below(20)).filter_map(|_| case.step(random)).collect();
        case
    }

    /// The plugins that a call passes through, from the one that the host calls to the one that answers.
    pub fn path(&self, node: usize, function: usize) -> Vec<usize> {
        std::iter::successors(Some(node), |node| self.nodes[*node].sources[function]).collect()
    }

    /// The interface that a plugin exports.
    pub fn interface(&self, node: usize) -> String {
        if self.shared { "service".to_owned() } else { format!("s{node}") }
    }

    /// The plugins that a plugin imports from.
    pub fn imports(&self, node: usize) -> Vec<usize> {
        let mut sources: Vec<usize> = self.nodes[node].sources.iter().flatten().copied().collect();
        sources.sort_unstable();
        sources.dedup();
        sources
    }

    /// How often memory is asked for a string depends on the form that it comes from, which may be
    /// another one where it comes through the host. So in an app where forms differ, what must not be
    /// read is not the same, and all memory goes wrong that is asked for.
    pub fn is_utf8(&self) -> bool {
        self.nodes.iter().all(|node| node.encoding == Encoding::Utf8)
    }

    /// Something that goes wrong in a plugin, or in the one that answers.
    fn arm(&self, node: usize, answers: usize, random: &mut Random) -> Arm {
        let mut fault = random.pick(&Fault::ALL);
        let reads_anything = matches!(fault, Fault::Arguments | Fault::Result | Fault::ResultPointer);
        if reads_anything && !self.is_utf8() {
            fault = Fault::Content;
        }
        let mut value = match random.below(4) {
            0 => 1 << random.below(32),
            1 => u32::MAX,
            2 => 1 + u32::try_from(random.below(255)).unwrap(),
            _ => u32::try_from(random.below(1 << 32)).unwrap(),
        };
        if fault == Fault::Content && value & 0xFF == 0 {
            value = 0x80;
        }
        let at = u32::try_from(random.below(1 << 20)).unwrap() << if self.is_utf8() { 0 } else { 2 };
        Arm { node: if fault == Fault::Content { answers } else { node }, fault, at, value }
    }

    fn step(&self, random: &mut Random) -> Option<Step> {
        let function = random.below(self.functions.len());
        if matches!(self.functions[function].kind, Kind::Seen(_)) {
            return None;
        }
        // Mostly from the far end, so that there is a way to go.
        let node = if random.percent(60) { self.nodes.len() - 1 } else { random.below(self.nodes.len()) };
        let params = self.functions[function].params.iter();
        let arguments = params.map(|(_, ty)| value(ty, &self.defs, random)).collect();
        let path = self.path(node, function);
        let arm = random.percent(35).then(|| self.arm(random.pick(&path), path[path.len() - 1], random));
        Some(Step { node, function, arguments, pick: random.below(4), arm })
    }
}

impl Node {
    fn random(index: usize, answers: usize, functions: &[Function], shared: bool, random: &mut Random) -> Self {
        // One that passes everything on somewhere, or each function anywhere.
        let only = (index > 0).then(|| random.below(index));
        let answers = if index == 0 { 100 } else { answers };
        let mut sources: Vec<Option<usize>> = Vec::new();
        for function in functions {
            let source = match function.kind {
                Kind::Seen(of) => sources[of],
                _ if random.percent(answers) => None,
                _ if shared => only,
                _ => (index > 0).then(|| random.below(index)),
            };
            sources.push(source);
        }
        Self { sources, encoding: Encoding::Utf8, post_return: random.percent(40), dirty: random.percent(40) }
    }
}

/// More core values than this, and the text of a function becomes very long.
const MAX_FLAT: usize = 60;

/// Random functions with the definitions that they use.
fn service(random: &mut Random) -> (Vec<Def>, Vec<Function>) {
    let mut types = Types { random, defs: Vec::new() };
    let mut functions: Vec<Function> = Vec::new();
    for _ in 0..2 + types.random.below(4) {
        let params = params(&mut types);
        let name = format!("f{}", functions.len());
        let echo = !params.is_empty() && types.random.percent(45);
        let (result, kind) = if echo { echoing(&params, types.random) } else { canned(&mut types) };
        let seen = matches!(kind, Kind::Canned(_)) && !params.is_empty();
        functions.push(Function { name: name.clone(), params: params.clone(), result, kind });
        if seen {
            let result = Some(Ty::Tuple(params.into_iter().map(|(_, ty)| ty).collect()));
            let kind = Kind::Seen(functions.len() - 1);
            functions.push(Function { name: format!("{name}-seen"), params: Vec::new(), result, kind });
        }
    }
    (types.defs, functions)
}

fn params(types: &mut Types<'_>) -> Vec<(String, Ty)> {
    let count = match types.random.below(10) {
        0 => 0,
        1..=5 => 1 + types.random.below(4),
        6 | 7 => 5 + types.random.below(9),
        _ => 13 + types.random.below(8),
    };
    let depth = if count > 4 { 1 } else { 3 };
    let mut params = Vec::new();
    let mut total = 0;
    for index in 0..count {
        let depth = types.random.below(depth + 1);
        let ty = small(types, depth, MAX_FLAT.saturating_sub(total));
        total += flat(&ty, &types.defs).len();
        params.push((format!("p{index}"), ty));
    }
    params
}

/// A type that does not become more core values than that.
fn small(types: &mut Types<'_>, depth: usize, most: usize) -> Ty {
    let before = types.defs.clone();
    let ty = types.ty(depth);
    if depth == 0 || flat(&ty, &types.defs).len() <= most {
        return ty;
    }
    types.defs = before;
    small(types, depth - 1, most)
}

fn echoing(params: &[(String, Ty)], random: &mut Random) -> (Option<Ty>, Kind) {
    if random.percent(50) {
        let which = random.below(params.len());
        return (Some(params[which].1.clone()), Kind::Echo(Some(which)));
    }
    (Some(Ty::Tuple(params.iter().map(|(_, ty)| ty.clone()).collect())), Kind::Echo(None))
}

fn canned(types: &mut Types<'_>) -> (Option<Ty>, Kind) {
    if types.random.percent(10) {
        return (None, Kind::Canned(Vec::new()));
    }
    let depth = types.random.below(5);
    let ty = small(types, depth, MAX_FLAT);
    let count = 1 + types.random.below(3);
    let values = (0..count).map(|_| value(&ty, &types.defs, types.random)).collect();
    (Some(ty), Kind::Canned(values))
}
