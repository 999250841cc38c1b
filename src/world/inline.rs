//! Instantiates a component in thought, as the engine does when it compiles it.
//!
//! The engine has one flat list of what instantiating a component does, those in it included, each as often as it is
//! instantiated. In a file of two kilobytes, where each of 22 components instantiates the one before twice, that are
//! four million instances. Doing the same with numbers only, and giving up early, is exact and cheap. And it shows
//! where each exported function comes from: the engine cannot export one that is imported.

use std::collections::HashMap;

use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::Types;
use wasmparser::{ComponentExport, ComponentExternalKind, ComponentInstantiationArg};

use super::WorldError;
use super::parts::{Capture, Part, Step, read};

/// How many instances there may be, of components and core modules together. Tools make a few dozen.
const MAX_INSTANCES: usize = 10_000;

/// How many things these may define and pass on together, unless the file is larger than this: without doubling,
/// each takes a byte at least.
const MAX_DEFINITIONS: u64 = 100_000;

/// Why the engine cannot make an instance of a component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoInstance {
    #[error("it consists of more than {MAX_INSTANCES} instances, as its components instantiate each other")]
    Instances,
    #[error("it consists of more than {0} definitions, as its components instantiate each other")]
    Definitions(u64),
    #[error("its export `{0}` is an imported function, and the engine cannot export one again")]
    Function(String),
    #[error("its export `{0}` contains `{1}`, an imported function, and the engine cannot export one again")]
    Part(String, String),
}

impl From<NoInstance> for WorldError {
    fn from(reason: NoInstance) -> Self {
        match reason {
            NoInstance::Instances | NoInstance::Definitions(_) => Self::Intricate(reason.to_string()),
            NoInstance::Function(_) | NoInstance::Part(..) => Self::Reexport(reason.to_string()),
        }
    }
}

/// Refuses a valid component that the engine could not make an instance of, or only at an absurd expense. Otherwise
/// answers how often a function of one component is made a core function in another.
pub(super) fn check(bytes: &[u8], types: &Types) -> Result<u64, NoInstance> {
    // What does not parse has been refused before.
    let Ok(parts) = read(bytes) else { return Ok(0) };
    let limit = MAX_DEFINITIONS.max(bytes.len() as u64);
    let mut inliner = Inliner {
        parts: &parts,
        types,
        closures: Vec::new(),
        instances: Vec::new(),
        made: 0,
        adapters: 0,
        limit,
        left: limit,
    };
    match inliner.run() {
        Ok(exports) => inliner.check_exports(&exports).map(|()| inliner.adapters),
        Err(Stop::Refused(reason)) => Err(reason),
        // Something that no plugin can have, such as an imported component. The engine has the last word.
        Err(Stop::Lost) => Ok(inliner.adapters),
    }
}

enum Stop {
    Refused(NoInstance),
    Lost,
}

/// The index of a [`Closure`].
type ClosureId = usize;

/// The index of an [`Instance`].
type InstanceId = usize;

/// Something that components define and pass to each other.
#[derive(Clone, Copy)]
enum Item {
    Function(Origin),
    Instance(InstanceId),
    Component(ClosureId),
    /// Modules and types.
    Other,
}

/// Where a function comes from in the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Host,
    Lifted,
}

/// A component with what it takes from around itself.
struct Closure {
    part: usize,
    captured: Vec<ClosureId>,
    /// How much the engine copies to pass it on.
    size: u64,
}

/// An instance of a component, a bag of items, or an instance of the host.
struct Instance<'a> {
    items: HashMap<&'a str, Item>,
    /// How much the engine copies to pass it on.
    size: u64,
}

/// A component that is being instantiated.
struct Frame<'a> {
    closure: ClosureId,
    next: usize,
    /// `None` for the outermost: its arguments are the host's.
    args: Option<HashMap<&'a str, Item>>,
    functions: Vec<Origin>,
    instances: Vec<InstanceId>,
    components: Vec<ClosureId>,
}

impl<'a> Frame<'a> {
    fn new(closure: ClosureId, args: Option<HashMap<&'a str, Item>>) -> Self {
        Self { closure, next: 0, args, functions: Vec::new(), instances: Vec::new(), components: Vec::new() }
    }

    fn item(&self, kind: ComponentExternalKind, index: u32) -> Result<Item, Stop> {
        let index = usize::try_from(index).map_err(|_| Stop::Lost)?;
        let item = match kind {
            ComponentExternalKind::Func => self.functions.get(index).copied().map(Item::Function),
            ComponentExternalKind::Instance => self.instances.get(index).copied().map(Item::Instance),
            ComponentExternalKind::Component => self.components.get(index).copied().map(Item::Component),
            ComponentExternalKind::Module | ComponentExternalKind::Value | ComponentExternalKind::Type => {
                Some(Item::Other)
            }
        };
        item.ok_or(Stop::Lost)
    }

    fn items(&self, exports: &'a [ComponentExport<'a>]) -> Result<Vec<(&'a str, Item)>, Stop> {
        let export = |export: &'a ComponentExport<'a>| Ok((export.name.name, self.item(export.kind, export.index)?));
        exports.iter().map(export).collect()
    }

    fn push(&mut self, item: Item) {
        match item {
            Item::Function(origin) => self.functions.push(origin),
            Item::Instance(id) => self.instances.push(id),
            Item::Component(id) => self.components.push(id),
            Item::Other => {}
        }
    }
}

/// Everything is kept here and known by its index: what refers to each other may do so very deep.
struct Inliner<'a> {
    parts: &'a [Part<'a>],
    types: &'a Types,
    closures: Vec<Closure>,
    instances: Vec<Instance<'a>>,
    made: usize,
    adapters: u64,
    limit: u64,
    left: u64,
}

impl<'a> Inliner<'a> {
    /// Instantiates the outermost component; returns its exports.
    fn run(&mut self) -> Result<Vec<(&'a str, Item)>, Stop> {
        self.closures.push(Closure { part: 0, captured: Vec::new(), size: 1 });
        // Never recurses: a component may be instantiated by one that is, and so on, a thousand times.
        let mut outer = Vec::new();
        let mut frame = Frame::new(0, None);
        loop {
            let parts = self.parts;
            let part = parts.get(self.closures[frame.closure].part).ok_or(Stop::Lost)?;
            if let Some(step) = part.steps.get(frame.next) {
                frame.next += 1;
                if let Some(inner) = self.step(&mut frame, step)? {
                    outer.push(std::mem::replace(&mut frame, inner));
                }
                continue;
            }
            let exports = frame.items(&part.exports)?;
            let Some(parent) = outer.pop() else { return Ok(exports) };
            frame = parent;
            let instance = self.instance(exports)?;
            frame.push(instance);
        }
    }

    /// Takes a step; returns the component that is to be instantiated next, if it does that.
    fn step(&mut self, frame: &mut Frame<'a>, step: &'a Step<'a>) -> Result<Option<Frame<'a>>, Stop> {
        let item = match step {
            Step::Import(name, kind) => self.import(frame, name, *kind)?,
            Step::Define(part) => self.define(frame, *part)?,
            Step::Alias(capture) => Item::Component(self.capture(frame, *capture)?),
            Step::AliasExport { instance, name } => {
                let Item::Instance(id) = frame.item(ComponentExternalKind::Instance, *instance)? else {
                    return Err(Stop::Lost);
                };
                self.instances[id].items.get(name).copied().ok_or(Stop::Lost)?
            }
            Step::Instantiate(component, args) => return self.instantiate(frame, *component, args).map(Some),
            Step::Bag(exports) => {
                let items = frame.items(exports)?;
                self.instance(items)?
            }
            Step::Lower(function) => {
                let lifted =
                    matches!(frame.item(ComponentExternalKind::Func, *function)?, Item::Function(Origin::Lifted));
                self.adapters += u64::from(lifted);
                self.spend(1)?;
                Item::Other
            }
            Step::Lift => Item::Function(Origin::Lifted),
            Step::Export(kind, index) => frame.item(*kind, *index)?,
            Step::CoreInstance => {
                self.count()?;
                Item::Other
            }
            Step::Others(number) => {
                self.spend(*number)?;
                Item::Other
            }
        };
        self.spend(self.size(item))?;
        frame.push(item);
        Ok(None)
    }

    fn import(&mut self, frame: &Frame<'a>, name: &str, kind: ComponentExternalKind) -> Result<Item, Stop> {
        let Some(args) = &frame.args else {
            let item = self.types.as_ref().component_item_for_import(name).ok_or(Stop::Lost)?;
            return self.host(item.ty);
        };
        match (args.get(name), kind) {
            (Some(arg), _) => Ok(*arg),
            (None, ComponentExternalKind::Type) => Ok(Item::Other),
            (None, _) => Err(Stop::Lost),
        }
    }

    /// Something that the host provides.
    fn host(&mut self, ty: ComponentEntityType) -> Result<Item, Stop> {
        match ty {
            ComponentEntityType::Func(_) => Ok(Item::Function(Origin::Host)),
            ComponentEntityType::Module(_) | ComponentEntityType::Type { .. } => Ok(Item::Other),
            ComponentEntityType::Component(_) | ComponentEntityType::Value(_) => Err(Stop::Lost),
            ComponentEntityType::Instance(id) => {
                let mut items = Vec::new();
                for (name, export) in &self.types[id].exports {
                    items.push((
                        name.as_str(),
                        match export.ty {
                            // Such an import has been refused before; so nothing recurses here.
                            ComponentEntityType::Instance(_) => return Err(Stop::Lost),
                            ty => self.host(ty)?,
                        },
                    ));
                }
                self.instance(items)
            }
        }
    }

    fn define(&mut self, frame: &Frame<'a>, part: usize) -> Result<Item, Stop> {
        let captures = &self.parts.get(part).ok_or(Stop::Lost)?.captures;
        let captured = captures.iter().map(|capture| self.capture(frame, *capture)).collect::<Result<Vec<_>, _>>()?;
        let size = captured.iter().fold(1, |size: u64, id| size.saturating_add(self.closures[*id].size));
        self.closures.push(Closure { part, captured, size });
        Ok(Item::Component(self.closures.len() - 1))
    }

    fn capture(&self, frame: &Frame<'a>, capture: Capture) -> Result<ClosureId, Stop> {
        match capture {
            Capture::Own(index) => match frame.item(ComponentExternalKind::Component, index)? {
                Item::Component(id) => Ok(id),
                Item::Function(_) | Item::Instance(_) | Item::Other => Err(Stop::Lost),
            },
            Capture::Captured(index) => self.closures[frame.closure].captured.get(index).copied().ok_or(Stop::Lost),
        }
    }

    fn instantiate(
        &mut self,
        frame: &Frame<'a>,
        component: u32,
        args: &'a [ComponentInstantiationArg<'a>],
    ) -> Result<Frame<'a>, Stop> {
        self.count()?;
        let closure = self.capture(frame, Capture::Own(component))?;
        self.spend(self.closures[closure].size)?;
        let mut given = HashMap::with_capacity(args.len());
        for arg in args {
            let item = frame.item(arg.kind, arg.index)?;
            self.spend(self.size(item))?;
            given.insert(arg.name, item);
        }
        Ok(Frame::new(closure, Some(given)))
    }

    fn instance(&mut self, items: Vec<(&'a str, Item)>) -> Result<Item, Stop> {
        let size = items.iter().fold(1, |size: u64, (_, item)| size.saturating_add(self.size(*item)));
        self.spend(size)?;
        self.instances.push(Instance { items: items.into_iter().collect(), size });
        Ok(Item::Instance(self.instances.len() - 1))
    }

    fn size(&self, item: Item) -> u64 {
        match item {
            Item::Function(_) | Item::Other => 1,
            Item::Instance(id) => self.instances[id].size,
            Item::Component(id) => self.closures[id].size,
        }
    }

    fn count(&mut self) -> Result<(), Stop> {
        self.made += 1;
        if self.made > MAX_INSTANCES { Err(Stop::Refused(NoInstance::Instances)) } else { Ok(()) }
    }

    fn spend(&mut self, definitions: u64) -> Result<(), Stop> {
        self.left = self.left.checked_sub(definitions).ok_or(Stop::Refused(NoInstance::Definitions(self.limit)))?;
        Ok(())
    }

    fn check_exports(&self, exports: &[(&str, Item)]) -> Result<(), NoInstance> {
        let of_host = |item: &Item| matches!(item, Item::Function(Origin::Host));
        for (name, item) in exports {
            match item {
                Item::Function(Origin::Host) => return Err(NoInstance::Function((*name).to_owned())),
                Item::Function(Origin::Lifted) | Item::Component(_) | Item::Other => {}
                // No instance with another in it comes here.
                Item::Instance(id) => {
                    let parts = self.instances[*id].items.iter().filter(|(_, item)| of_host(item));
                    if let Some(part) = parts.map(|(part, _)| *part).min() {
                        return Err(NoInstance::Part((*name).to_owned(), part.to_owned()));
                    }
                }
            }
        }
        Ok(())
    }
}
