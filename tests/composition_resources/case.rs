//! Random apps whose plugins hand each other resources, and what is done with them.

use std::collections::BTreeSet;

use super::random::Random;
use super::types::{Defs, Res, Ty};

/// An app and what the host does with it.
#[derive(Debug, Clone)]
pub struct Case {
    pub nodes: Vec<Node>,
    pub steps: Vec<Step>,
    /// Whether plugins break the rules now and then.
    pub faulty: bool,
}

/// A plugin. It imports only from those before it.
#[derive(Debug, Clone)]
pub struct Node {
    pub resources: usize,
    pub functions: Vec<Function>,
    pub imports: Vec<Import>,
}

/// An import of a plugin.
#[derive(Debug, Clone, Copy)]
pub struct Import {
    pub node: usize,
    /// Whether its functions are imported too, else only its types.
    pub functions: bool,
}

/// What kind of function it is; the number is that of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Free,
    Constructor(usize),
    Method(usize),
    Static(usize),
}

/// A function of a plugin's interface, besides the method `get` of each resource. It takes a seed, and
/// then its parameters.
#[derive(Debug, Clone)]
pub struct Function {
    pub kind: Kind,
    pub params: Vec<Ty>,
    pub result: Option<Ty>,
}

/// What the host does.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub node: usize,
    pub seed: u32,
    pub what: What,
}

/// What the host does with a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Has it do so many random things.
    Run(u32),
    /// Calls one of its functions, with random arguments.
    Call(usize),
    /// Drops a handle.
    Drop,
}

impl Case {
    /// A random case.
    pub fn random(seed: u64) -> Self {
        let random = &mut Random::new(seed);
        let faulty = random.percent(40);
        let count = 2 + random.below(4);
        let mut nodes: Vec<Node> = Vec::new();
        for node in 0..count {
            let last = node + 1 == count;
            let imports = imports(&nodes, random);
            let resources = if node == 0 { 1 + random.below(2) } else { random.below(3) };
            let resources = if last { resources.min(1) } else { resources };
            let functions = functions(node, resources, &imports, &nodes, random);
            nodes.push(Node { resources, functions, imports });
        }
        let steps = (0..8 + random.below(16)).map(|_| Step::random(&nodes, random)).collect();
        Self { nodes, steps, faulty }
    }

    /// The WIT of all.
    pub fn wit(&self) -> String {
        let mut text = "package t:t@1.0.0;\ninterface control {\n    run: func(seed: u32, count: u32) -> u32;\n    \
                        state: func() -> list<u32>;\n    clear: func() -> u32;\n}\n"
            .to_owned();
        for (node, Node { imports, .. }) in self.nodes.iter().enumerate() {
            text += &self.interface(node);
            let imports: String = imports.iter().map(|import| format!("import s{}; ", import.node)).collect();
            text += &format!("world n{node} {{ {imports}export s{node}; export control; }}\n");
        }
        text
    }

    fn interface(&self, node: usize) -> String {
        let Node { resources, functions, .. } = &self.nodes[node];
        let mut defs = Defs::default();
        let mut members = vec![String::new(); *resources];
        let mut free = String::new();
        for (index, function) in functions.iter().enumerate() {
            let params: String =
                function.params.iter().enumerate().map(|(at, ty)| format!(", p{at}: {}", ty.wit(&mut defs))).collect();
            let result = function.result.as_ref().map(|ty| format!(" -> {}", ty.wit(&mut defs))).unwrap_or_default();
            let (to, what) = match function.kind {
                Kind::Free => {
                    free += &format!("    f{index}: func(seed: u32{params}){result};\n");
                    continue;
                }
                Kind::Constructor(resource) => {
                    members[resource] += "        constructor(seed: u32);\n";
                    continue;
                }
                Kind::Method(resource) => (&mut members[resource], format!("f{index}: func")),
                Kind::Static(resource) => (&mut members[resource], format!("f{index}: static func")),
            };
            *to += &format!("        {what}(seed: u32{params}){result};\n");
        }
        let uses: String =
            self.mentioned(node).iter().map(|r| format!("    use s{}.{{{}}};\n", r.node, r.name())).collect();
        let resources: String = members
            .iter()
            .enumerate()
            .map(|(index, members)| {
                let name = Res { node, index }.name();
                format!("    resource {name} {{\n        get: func() -> u32;\n{members}    }}\n")
            })
            .collect();
        format!("interface s{node} {{\n{uses}{resources}{}{free}}}\n", defs.text)
    }

    /// Resources of others in a plugin's interface.
    fn mentioned(&self, node: usize) -> BTreeSet<Res> {
        mentioned(node, &self.nodes[node].functions)
    }
}

impl Step {
    fn random(nodes: &[Node], random: &mut Random) -> Self {
        // Those at the end reach all others.
        let node = if random.percent(50) { nodes.len() - 1 } else { random.below(nodes.len()) };
        let what = match random.below(10) {
            0 => What::Drop,
            1..=4 => What::Call(random.below(nodes[node].functions.len())),
            _ => What::Run(1 + u32::try_from(random.below(6)).unwrap()),
        };
        Self { node, seed: u32::try_from(random.below(1 << 30)).unwrap(), what }
    }
}

fn mentioned(node: usize, functions: &[Function]) -> BTreeSet<Res> {
    let types = functions.iter().flat_map(|function| function.params.iter().chain(&function.result));
    types.flat_map(Ty::resources).filter(|resource| resource.node != node).collect()
}

/// What the next plugin imports: others, and the types that those need.
fn imports(nodes: &[Node], random: &mut Random) -> Vec<Import> {
    let mut chosen: Vec<Option<bool>> = nodes.iter().map(|_| random.percent(45).then(|| random.percent(85))).collect();
    if let Some(last) = chosen.last_mut() {
        // All are connected, and mostly there is something to do.
        *last = Some(true);
    }
    for node in (0..nodes.len()).rev() {
        if chosen[node].is_some() {
            for other in mentioned(node, &nodes[node].functions) {
                chosen[other.node].get_or_insert(false);
            }
        }
    }
    let imports = chosen.into_iter().enumerate();
    imports.filter_map(|(node, functions)| Some(Import { node, functions: functions? })).collect()
}

fn functions(node: usize, resources: usize, imports: &[Import], nodes: &[Node], random: &mut Random) -> Vec<Function> {
    let constructor = |resource| Function {
        kind: Kind::Constructor(resource),
        params: Vec::new(),
        result: Some(Ty::Own(Res { node, index: resource })),
    };
    let mut functions: Vec<Function> = (0..resources).map(constructor).collect();
    let mut maker = Maker::new(node, resources, imports, nodes, random);
    for _ in 0..1 + maker.random.below(4) {
        let kind = match maker.random.below(3) {
            1 if resources > 0 => Kind::Method(maker.random.below(resources)),
            2 if resources > 0 => Kind::Static(maker.random.below(resources)),
            _ => Kind::Free,
        };
        let params = (0..maker.random.below(4)).map(|_| maker.ty(2, true)).collect();
        let result = maker.random.percent(75).then(|| maker.ty(2, false));
        functions.push(Function { kind, params, result });
    }
    functions
}

/// Makes types of one interface.
struct Maker<'a> {
    /// The resources that it can name, and whether it can make one.
    known: Vec<(Res, bool)>,
    random: &'a mut Random,
}

impl<'a> Maker<'a> {
    fn new(node: usize, resources: usize, imports: &[Import], nodes: &[Node], random: &'a mut Random) -> Self {
        let mut known: Vec<(Res, bool)> = (0..resources).map(|index| (Res { node, index }, true)).collect();
        for import in imports {
            let of = 0..nodes[import.node].resources;
            known.extend(of.map(|index| (Res { node: import.node, index }, import.functions)));
        }
        Self { known, random }
    }

    fn ty(&mut self, depth: usize, param: bool) -> Ty {
        let below = |maker: &mut Self| maker.ty(depth - 1, param);
        let several =
            |maker: &mut Self| (0..1 + maker.random.below(3)).map(|_| maker.ty(depth - 1, param)).collect::<Vec<_>>();
        match if depth == 0 { 0 } else { self.random.below(12) } {
            6 => Ty::Option(Box::new(below(self))),
            7 => Ty::List(Box::new(below(self))),
            8 => Ty::Tuple(several(self)),
            9 => Ty::Record(several(self)),
            10 => {
                let mut cases = vec![Some(below(self))];
                for _ in 0..self.random.below(3) {
                    cases.push(if self.random.percent(60) { Some(below(self)) } else { None });
                }
                self.random.shuffle(&mut cases);
                Ty::Variant(cases)
            }
            11 => match (Box::new(below(self)), self.random.below(3)) {
                (ty, 0) => Ty::Result(Some(ty), None),
                (ty, 1) => Ty::Result(None, Some(ty)),
                (ty, _) => Ty::Result(Some(ty), Some(Box::new(below(self)))),
            },
            _ => self.leaf(param),
        }
    }

    fn leaf(&mut self, param: bool) -> Ty {
        if self.known.is_empty() || self.random.percent(20) {
            return Ty::U32;
        }
        let (resource, can_make) = self.random.pick(&self.known);
        match (param, can_make) {
            (true, _) if self.random.percent(50) => Ty::Borrow(resource),
            // It can only give back what it was given.
            (false, false) => Ty::Option(Box::new(Ty::Own(resource))),
            _ => Ty::Own(resource),
        }
    }
}
