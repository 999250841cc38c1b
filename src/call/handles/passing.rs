use std::fmt;
use std::sync::Arc;

use wasmtime::component::Val;

use super::walk::{Leaf, Walk, Walker};
use crate::model::{FuncType, Resource, Side};

/// What a resource is in the store of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// One that the plugin itself defines.
    Native,
    /// One that linking has defined for it, under this number.
    Wrapped(u32),
}

/// A resource that linking does not define: the runtime or the embedding application does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoLocal(pub Resource);

impl fmt::Display for NoLocal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the resource `{}`", self.0.name)?;
        match &self.0.interface {
            Some(interface) => write!(f, " of `{interface}` is the host's own"),
            None => write!(f, " of the world is the host's own"),
        }
    }
}

/// The handles in the arguments and the result of a function, as one plugin knows it.
#[derive(Debug)]
pub struct Passing {
    /// The parameters with handles: which, their names, and where in them.
    params: Vec<(usize, String, Arc<Walk>)>,
    result: Option<Arc<Walk>>,
    /// Whether the result may have handles of the plugin's own resources.
    hands_out: bool,
}

impl Passing {
    /// The handles of a function; nothing where it has none. `imported` finds the resources that linking
    /// has defined for the plugin; those that `deciding` accepts decide where a call goes.
    ///
    /// # Errors
    /// [`NoLocal`] when it passes a handle of a resource that linking does not define.
    pub fn of(
        ty: &FuncType,
        imported: impl Fn(&Resource) -> Option<u32>,
        deciding: impl Fn(&Resource) -> bool,
    ) -> Result<Option<Self>, NoLocal> {
        let local = |resource: &Resource| match resource.side {
            Side::Export => Ok((Local::Native, false)),
            Side::Import => {
                let number = imported(resource).ok_or_else(|| NoLocal(resource.clone()))?;
                Ok((Local::Wrapped(number), deciding(resource)))
            }
        };
        let mut walker = Walker::new(local);
        let mut params = Vec::new();
        for (index, param) in ty.params.iter().enumerate() {
            params.extend(walker.walk(&param.ty)?.map(|walk| (index, param.name.clone(), walk)));
        }
        let result = ty.result.as_ref().map_or(Ok(None), |ty| walker.walk(ty))?;
        let is_own = |leaf: &&Leaf| leaf.local == Local::Native;
        let hands_out = result.as_ref().is_some_and(|walk| walk.leaves().iter().any(is_own));
        Ok((!params.is_empty() || result.is_some()).then_some(Self { params, result, hands_out }))
    }

    /// Visits every handle of the arguments, with the name of the parameter, always in the same order.
    ///
    /// # Errors
    /// The first error of a visit.
    pub fn visit_arguments<'a, E>(
        &'a self,
        arguments: &mut [Val],
        mut visit: impl FnMut(&'a str, &'a Leaf, &mut Val) -> Result<(), E>,
    ) -> Result<(), E> {
        self.params.iter().try_for_each(|(index, name, walk)| match arguments.get_mut(*index) {
            Some(argument) => walk.visit(argument, &mut |leaf, value| visit(name, leaf, value)),
            None => Ok(()),
        })
    }

    /// Visits every handle of the result, always in the same order.
    ///
    /// # Errors
    /// The first error of a visit.
    pub fn visit_result<E>(
        &self,
        result: &mut Val,
        mut visit: impl FnMut(&Leaf, &mut Val) -> Result<(), E>,
    ) -> Result<(), E> {
        self.result.as_ref().map_or(Ok(()), |walk| walk.visit(result, &mut visit))
    }

    /// Whether a parameter has handles.
    pub fn takes_handles(&self, parameter: usize) -> bool {
        self.params.iter().any(|(index, ..)| *index == parameter)
    }

    /// Whether the result has handles.
    pub fn answers_handles(&self) -> bool {
        self.result.is_some()
    }

    /// Whether the result may have handles of the plugin's own resources.
    pub fn hands_out(&self) -> bool {
        self.hands_out
    }

    /// The places of handles in the parameters, with their names.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &Leaf)> {
        self.params.iter().flat_map(|(_, name, walk)| walk.leaves().into_iter().map(move |leaf| (name.as_str(), leaf)))
    }
}
