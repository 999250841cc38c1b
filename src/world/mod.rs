//! Worlds: what a component really imports and exports, read from the binary without compiling it.
//!
//! [`read_component`] reads a component, [`componentize`] makes one of a core module and its WIT,
//! and [`print_wit`] shows what it is as WIT.

mod adapters;
mod borrowed;
mod component;
mod contents;
mod convert;
mod core;
mod declared;
mod disguise;
mod features;
mod function_names;
mod gates;
mod guard;
mod hidden;
mod inline;
mod memory;
mod needs;
mod parts;
mod platform;
mod preview1;
mod print;
mod print_type;
mod read_back;
mod size;
mod stand_in;
mod text;
mod turn;
mod type_sizes;
mod uses;
mod validate;
mod weight;
mod wit;
mod wit_size;
mod wit_types;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::model::{EngineNeeds, ExternName, FuncType, Resource};
use crate::words::{shown, told};

pub use self::core::{MAX_COMPONENT_TEXT, WitSource, componentize, gated};
pub(crate) use component::is_component;
pub use component::read_component;
pub use print::print_wit;
pub use weight::{Costly, CostlyFunction};
pub use wit::read_interface;
pub(crate) use wit::read_interfaces;

/// What a component imports and exports.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct World {
    /// The imports, in the order of the binary.
    pub imports: Vec<Extern>,
    /// The exports, in the order of the binary.
    pub exports: Vec<Extern>,
    /// What it takes to compile the component, in units of roughly one operator.
    pub weight: u64,
    /// What it needs of the engine that runs it.
    pub needs: EngineNeeds,
}

/// An import or export of a component.
#[derive(Debug, Clone, PartialEq)]
pub struct Extern {
    /// Its name.
    pub name: ExternName,
    /// Whether it is an interface or a bare function or type of the world.
    pub kind: ExternKind,
    /// Its functions, in the order of the binary. A bare function has itself here, under its own name.
    pub functions: Vec<Function>,
    /// The resource types that it names, its own and those it `use`s, under the name they have here.
    /// A resource that the world itself imports or exports has itself here.
    pub resources: Vec<(String, Resource)>,
    /// Functions that its WIT gates with `@unstable`, and that are left out, each with the feature of the gate. Of a
    /// core module these are exports that it does not have; of an interface of the host all, because its WIT does
    /// not say which of them the host has.
    pub gated: Vec<(String, String)>,
}

/// A function that WIT gates with `@unstable`, and that a core module does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gated {
    /// Its interface, as the world names it; none for a function of the world itself.
    pub interface: Option<String>,
    /// Its name, as a component has it.
    pub function: String,
    /// The feature of the gate.
    pub feature: String,
}

impl fmt::Display for Gated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", shown(&self.function))?;
        if let Some(interface) = &self.interface {
            write!(f, " of `{}`", shown(interface))?;
        }
        write!(f, ", which is `@unstable(feature = {})`", shown(&self.feature))
    }
}

/// What an import or export of a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExternKind {
    /// An interface: of a package, or inline.
    Interface,
    /// A function of the world itself.
    Function,
    /// A type of the world itself: no link, orders nothing.
    Type,
}

/// A function of an interface, or of the world itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its name as the binary has it: `count`, `[method]counter.get`, `[constructor]counter`.
    pub name: String,
    /// Its type.
    pub ty: FuncType,
}

impl World {
    /// The import of this name.
    pub fn import(&self, name: &ExternName) -> Option<&Extern> {
        self.imports.iter().find(|import| import.name == *name)
    }

    /// The export of this name.
    pub fn export(&self, name: &ExternName) -> Option<&Extern> {
        self.exports.iter().find(|export| export.name == *name)
    }
}

impl Extern {
    /// The function of this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

/// Why a binary or a WIT text has no world that plugins can be linked by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// The bytes are not WebAssembly, neither binary nor text.
    #[error("not WebAssembly: {}", told(.0))]
    NotWasm(String),
    /// The text of a component or module has a mistake.
    #[error("bad WebAssembly text: {}", told(.0))]
    BadText(String),
    /// A file of another kind, which is known by how it begins.
    #[error("not WebAssembly: it is {what}")]
    OtherFile {
        /// What it is.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// The text of a component or module is longer than [`MAX_COMPONENT_TEXT`].
    #[error("its text has {size} bytes, and the limit is {MAX_COMPONENT_TEXT} ({} KiB)", MAX_COMPONENT_TEXT >> 10)]
    LargeText {
        /// How many bytes it has.
        size: usize,
    },
    /// The component or module is not valid for the engine that would run it.
    #[error("not a valid component: {}", told(.0))]
    Invalid(String),
    /// A type whose values are larger than the engine can lay out in memory.
    #[error("{0}")]
    HugeValue(String),
    /// More than the compiler could do in bounded time and memory.
    #[error("it is too costly to compile: {0}")]
    Costly(Costly),
    /// More parts inside each other than the engine could take apart.
    #[error("{0}")]
    Intricate(String),
    /// A function that is imported and exported again, which the engine cannot do.
    #[error("{0}")]
    Reexport(String),
    /// A core module that says nothing about its world, and neither does the manifest.
    #[error("a core module without embedded WIT")]
    CoreWithoutWorld,
    /// A core module could not be made a component.
    #[error("the core module could not be made a component: {}", told(.0))]
    Componentize(String),
    /// A core module for WASI preview 1 whose memory others cannot reach.
    #[error("WASI preview 1 needs its memory, with 32-bit addresses and exported as `memory`")]
    NoMemory,
    /// A core module imports what nothing can serve: neither its WIT nor WASI preview 1 has it.
    #[error("nothing can serve its import `{}` of `{}`: {}", shown(name), shown(module), told(reason))]
    Import {
        /// What it is imported from.
        module: String,
        /// Its name there.
        name: String,
        /// Why not.
        reason: String,
    },
    /// A core module that is made for another platform, which alone serves its imports.
    #[error("it is {what}: it imports `{}` of `{}`, and {why}", shown(name), shown(module))]
    Platform {
        /// What it is, such as "a plug-in for Extism".
        what: &'static str,
        /// What it imports from, for example.
        module: String,
        /// The name of the import there.
        name: String,
        /// What serves that elsewhere, and why this runtime does not.
        why: &'static str,
        /// What to build instead.
        instead: &'static str,
    },
    /// An import or export that no WIT world can have, or that cannot be linked by plugins.
    #[error("its {side} `{}` cannot be expressed in WIT: {}", shown(name), told(reason))]
    Inexpressible {
        /// "import" or "export".
        side: &'static str,
        /// The name in the binary.
        name: String,
        /// What it is instead.
        reason: String,
    },
    /// WIT text that does not parse or resolve.
    #[error("bad WIT: {}", told(.0))]
    Wit(String),
    /// WIT without the asked-for world, or with several and none asked for.
    #[error("{problem}{}", worlds(found))]
    NoWorld {
        /// What is wrong.
        problem: String,
        /// The worlds that are there.
        found: Vec<String>,
    },
    /// WIT without the asked-for interface.
    #[error("no interface `{wanted}` in the WIT")]
    NoInterface {
        /// The interface that was asked for.
        wanted: String,
        /// The interfaces that are there.
        found: Vec<String>,
    },
    /// A world that no WIT can say.
    #[error("no WIT can say what it imports and exports: {}", told(.0))]
    Unsayable(String),
    /// The worlds of an app take too much memory together.
    #[error("its imports and exports take too much memory beside those of the plugins before it")]
    TooManyWorlds,
    /// The text of the world is longer than the limit.
    #[error("its imports and exports take too much text")]
    TooLarge,
}

/// The worlds of some WIT, for a sentence about one that it lacks.
fn worlds(found: &[String]) -> String {
    if found.is_empty() {
        ", and the WIT has none".to_owned()
    } else {
        format!("; the worlds of the WIT: {}", found.join(", "))
    }
}
