//! Functions, as the component model sees them.

use super::case::{Function, Kind};
use super::types::{Res, Ty};

/// A function with how the component model sees it.
pub struct Shape {
    /// All parameters, with `self` and the seed, as a tuple.
    pub args: Ty,
    /// Where the seed is in them.
    pub seed: usize,
    pub result: Option<Ty>,
    /// Its name in the interface.
    pub name: String,
}

impl Shape {
    /// The shape of a function.
    pub fn of(function: &Function, node: usize, index: usize) -> Self {
        let mut args = vec![Ty::U32];
        let resource = |index| Res { node, index };
        let mut seed = 0;
        let name = match function.kind {
            Kind::Free => format!("f{index}"),
            Kind::Constructor(own) => format!("[constructor]{}", resource(own).name()),
            Kind::Static(own) => format!("[static]{}.f{index}", resource(own).name()),
            Kind::Method(own) => {
                args.insert(0, Ty::Borrow(resource(own)));
                seed = 4;
                format!("[method]{}.f{index}", resource(own).name())
            }
        };
        args.extend(function.params.iter().cloned());
        Self { args: Ty::Tuple(args), seed, result: function.result.clone(), name }
    }

    /// Whether the parameters are in memory.
    pub fn by_pointer(&self) -> bool {
        self.args.flat() > 16
    }

    /// The core parameters, without where to return to.
    pub fn params(&self) -> String {
        "i32 ".repeat(if self.by_pointer() { 1 } else { self.args.flat() })
    }

    /// Whether the result is in memory, not a value.
    pub fn returns_pointer(&self) -> bool {
        self.result.as_ref().is_some_and(|ty| ty.flat() > 1)
    }
}
