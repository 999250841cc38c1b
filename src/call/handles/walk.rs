use std::collections::HashMap;
use std::sync::Arc;

use wasmtime::component::Val;

use super::passing::{Local, NoLocal};
use crate::model::{Resource, Type};

/// The places of handles in the values of a type. Parts without handles are not looked at.
#[derive(Debug)]
pub enum Walk {
    /// The value is a handle.
    Handle(Leaf),
    /// In each element of a list, of fixed length or not.
    Elements(Arc<Walk>),
    /// In the values of a map; its keys are never handles.
    Values(Arc<Walk>),
    /// In the value of an option, where there is one.
    Some(Arc<Walk>),
    /// In the values of a result.
    Result(Option<Arc<Walk>>, Option<Arc<Walk>>),
    /// In these parts of a tuple or a record.
    Parts(Vec<(usize, Arc<Walk>)>),
    /// In these cases of a variant.
    Cases(Vec<(String, Arc<Walk>)>),
}

/// A place where a handle stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The resource.
    pub resource: Arc<Resource>,
    /// Whether it is an `own`, else a `borrow`.
    pub own: bool,
    /// What the resource is in this plugin's store.
    pub local: Local,
    /// Whether a handle here decides where a call goes.
    pub decides: bool,
}

impl Leaf {
    /// The type as one writes it: `borrow<counter>`.
    pub fn written(&self) -> String {
        format!("{}<{}>", if self.own { "own" } else { "borrow" }, self.resource.name)
    }
}

/// Makes walks. Equal parts are shared, because a type of a million nodes may have a hundred definitions.
pub(super) struct Walker<'a, F> {
    local: F,
    known: HashMap<*const Type, Option<Arc<Walk>>>,
    types: std::marker::PhantomData<&'a Type>,
}

impl<'a, F: Fn(&Resource) -> Result<(Local, bool), NoLocal>> Walker<'a, F> {
    pub(super) fn new(local: F) -> Self {
        Self { local, known: HashMap::new(), types: std::marker::PhantomData }
    }

    /// The places of handles in a type; nothing where there are none.
    pub(super) fn walk(&mut self, ty: &'a Arc<Type>) -> Result<Option<Arc<Walk>>, NoLocal> {
        if let Some(known) = self.known.get(&Arc::as_ptr(ty)) {
            return Ok(known.clone());
        }
        let walk = self.make(ty)?.map(Arc::new);
        self.known.insert(Arc::as_ptr(ty), walk.clone());
        Ok(walk)
    }

    fn make(&mut self, ty: &'a Type) -> Result<Option<Walk>, NoLocal> {
        Ok(match ty {
            Type::Own(resource) => Some(Walk::Handle(self.leaf(resource, true)?)),
            Type::Borrow(resource) => Some(Walk::Handle(self.leaf(resource, false)?)),
            Type::List(element) | Type::FixedLengthList(element, _) => self.walk(element)?.map(Walk::Elements),
            Type::Map(_, value) => self.walk(value)?.map(Walk::Values),
            Type::Option(inner) => self.walk(inner)?.map(Walk::Some),
            Type::Result(ok, err) => {
                let mut part = |part: &'a Option<Arc<Type>>| part.as_ref().map_or(Ok(None), |part| self.walk(part));
                match (part(ok)?, part(err)?) {
                    (None, None) => None,
                    (ok, err) => Some(Walk::Result(ok, err)),
                }
            }
            Type::Tuple(parts) => self.parts(parts.iter())?,
            Type::Record(fields) => self.parts(fields.iter().map(|field| &field.ty))?,
            Type::Variant(cases) => {
                let mut found = Vec::new();
                for case in cases {
                    if let Some(ty) = &case.ty
                        && let Some(walk) = self.walk(ty)?
                    {
                        found.push((case.name.clone(), walk));
                    }
                }
                (!found.is_empty()).then_some(Walk::Cases(found))
            }
            // None of these have values that pass between plugins at all.
            Type::Future(_) | Type::Stream(_) | Type::ErrorContext => None,
            Type::Bool
            | Type::S8
            | Type::U8
            | Type::S16
            | Type::U16
            | Type::S32
            | Type::U32
            | Type::S64
            | Type::U64
            | Type::F32
            | Type::F64
            | Type::Char
            | Type::String
            | Type::Enum(_)
            | Type::Flags(_) => None,
        })
    }

    fn parts(&mut self, types: impl Iterator<Item = &'a Arc<Type>>) -> Result<Option<Walk>, NoLocal> {
        let mut parts = Vec::new();
        for (index, ty) in types.enumerate() {
            parts.extend(self.walk(ty)?.map(|walk| (index, walk)));
        }
        Ok((!parts.is_empty()).then_some(Walk::Parts(parts)))
    }

    fn leaf(&self, resource: &Resource, own: bool) -> Result<Leaf, NoLocal> {
        let (local, decides) = (self.local)(resource)?;
        Ok(Leaf { resource: Arc::new(resource.clone()), own, local, decides })
    }
}

impl Walk {
    /// Visits every handle of a value, always in the same order.
    ///
    /// # Errors
    /// The first error of a visit; what comes after it is not visited.
    pub fn visit<'a, E>(
        &'a self,
        value: &mut Val,
        visit: &mut impl FnMut(&'a Leaf, &mut Val) -> Result<(), E>,
    ) -> Result<(), E> {
        match (self, value) {
            (Self::Handle(leaf), value) => visit(leaf, value),
            (Self::Elements(walk), Val::List(values) | Val::FixedLengthList(values)) => {
                values.iter_mut().try_for_each(|value| walk.visit(value, visit))
            }
            (Self::Values(walk), Val::Map(entries)) => {
                entries.iter_mut().try_for_each(|(_, value)| walk.visit(value, visit))
            }
            (Self::Some(walk), Val::Option(Some(value))) => walk.visit(value, visit),
            (Self::Result(Some(walk), _), Val::Result(Ok(Some(value))))
            | (Self::Result(_, Some(walk)), Val::Result(Err(Some(value)))) => walk.visit(value, visit),
            (Self::Parts(parts), Val::Tuple(values)) => parts
                .iter()
                .try_for_each(|(index, walk)| values.get_mut(*index).map_or(Ok(()), |value| walk.visit(value, visit))),
            (Self::Parts(parts), Val::Record(values)) => parts.iter().try_for_each(|(index, walk)| {
                values.get_mut(*index).map_or(Ok(()), |(_, value)| walk.visit(value, visit))
            }),
            (Self::Cases(cases), Val::Variant(name, Some(value))) => {
                match cases.iter().find(|(case, _)| case == name) {
                    Some((_, walk)) => walk.visit(value, visit),
                    None => Ok(()),
                }
            }
            // A case without handles.
            _ => Ok(()),
        }
    }

    /// Every place of a handle that the type has, shared ones once.
    pub fn leaves(&self) -> Vec<&Leaf> {
        let mut leaves = Vec::new();
        self.collect(&mut leaves, &mut Vec::new());
        leaves
    }

    fn collect<'a>(&'a self, leaves: &mut Vec<&'a Leaf>, seen: &mut Vec<*const Walk>) {
        let parts: Vec<&'a Arc<Walk>> = match self {
            Self::Handle(leaf) => return leaves.push(leaf),
            Self::Elements(walk) | Self::Values(walk) | Self::Some(walk) => vec![walk],
            Self::Result(ok, err) => ok.iter().chain(err).collect(),
            Self::Parts(parts) => parts.iter().map(|(_, walk)| walk).collect(),
            Self::Cases(cases) => cases.iter().map(|(_, walk)| walk).collect(),
        };
        for part in parts {
            if !seen.contains(&Arc::as_ptr(part)) {
                seen.push(Arc::as_ptr(part));
                part.collect(leaves, seen);
            }
        }
    }
}
