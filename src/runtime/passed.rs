//! Rust types that stand for values with handles in calls with Rust types.

use wasmtime::component::{ComponentNamedList, ComponentType, Lift, Lower, ResourceAny, Val as Raw};

use super::Handle;

/// A parameter: any type that wasmtime can lower, a [`Handle`] or `&Handle` for `own` and `borrow`, or a
/// [`HandleList`].
///
/// It is implemented for all of these, and for nothing else. Handles deeper within other types pass as
/// [`Val`](super::Val)s only.
pub trait Argument: Send {
    /// Whether it has handles of the host.
    #[doc(hidden)]
    const PASSES: bool;

    /// What wasmtime lowers.
    #[doc(hidden)]
    type Raw: ComponentType + Lower + Send;

    /// The value as far as handles go. They are added in order.
    #[doc(hidden)]
    fn sketch<'a>(&'a self, handles: &mut Vec<&'a Handle>) -> Raw;

    /// The value with the handles that have been put into the sketch.
    #[doc(hidden)]
    fn lowered(self, sketch: Raw) -> Option<Self::Raw>;
}

/// A result: any type that wasmtime can lift, a [`Handle`], or a [`HandleList`].
///
/// It is implemented for all of these, and for nothing else. Handles deeper within other types pass as
/// [`Val`](super::Val)s only.
pub trait Answer: Sized + Send {
    /// Whether it has handles of the host.
    #[doc(hidden)]
    const PASSES: bool;

    /// What wasmtime lifts.
    #[doc(hidden)]
    type Raw: ComponentType + Lift + Send;

    /// The value as far as handles go.
    #[doc(hidden)]
    fn sketch(raw: &Self::Raw) -> Raw;

    /// The value, with handles of the host.
    #[doc(hidden)]
    fn lifted(raw: Self::Raw, handles: &mut dyn Iterator<Item = Handle>) -> Option<Self>;
}

/// What stands where there are no handles.
const NOTHING: Raw = Raw::Bool(false);

impl<T: ComponentType + Lower + Send> Argument for T {
    const PASSES: bool = false;

    type Raw = T;

    fn sketch<'a>(&'a self, _: &mut Vec<&'a Handle>) -> Raw {
        NOTHING
    }

    fn lowered(self, _: Raw) -> Option<T> {
        Some(self)
    }
}

impl<T: ComponentType + Lift + Send> Answer for T {
    const PASSES: bool = false;

    type Raw = T;

    fn sketch(_: &T) -> Raw {
        NOTHING
    }

    fn lifted(raw: T, _: &mut dyn Iterator<Item = Handle>) -> Option<T> {
        Some(raw)
    }
}

fn one(sketch: Raw) -> Option<ResourceAny> {
    match sketch {
        Raw::Resource(handle) => Some(handle),
        _ => None,
    }
}

fn many(sketch: Raw) -> Option<Vec<ResourceAny>> {
    match sketch {
        Raw::List(handles) => handles.into_iter().map(one).collect(),
        _ => None,
    }
}

macro_rules! arguments {
    ($($handle:ty),*) => {$(
        impl Argument for $handle {
            const PASSES: bool = true;

            type Raw = ResourceAny;

            fn sketch<'a>(&'a self, handles: &mut Vec<&'a Handle>) -> Raw {
                handles.push(self);
                NOTHING
            }

            fn lowered(self, sketch: Raw) -> Option<ResourceAny> {
                one(sketch)
            }
        }
    )*};
}

arguments!(Handle, &Handle);

impl Answer for Handle {
    const PASSES: bool = true;

    type Raw = ResourceAny;

    fn sketch(raw: &ResourceAny) -> Raw {
        Raw::Resource(*raw)
    }

    fn lifted(_: ResourceAny, handles: &mut dyn Iterator<Item = Handle>) -> Option<Self> {
        handles.next()
    }
}

/// A list of handles in a call with Rust types, as a parameter or as the result.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HandleList(pub Vec<Handle>);

impl Argument for HandleList {
    const PASSES: bool = true;

    type Raw = Vec<ResourceAny>;

    fn sketch<'a>(&'a self, handles: &mut Vec<&'a Handle>) -> Raw {
        handles.extend(&self.0);
        Raw::List(vec![NOTHING; self.0.len()])
    }

    fn lowered(self, sketch: Raw) -> Option<Vec<ResourceAny>> {
        many(sketch)
    }
}

impl Answer for HandleList {
    const PASSES: bool = true;

    type Raw = Vec<ResourceAny>;

    fn sketch(raw: &Vec<ResourceAny>) -> Raw {
        Raw::List(raw.iter().copied().map(Raw::Resource).collect())
    }

    fn lifted(raw: Vec<ResourceAny>, handles: &mut dyn Iterator<Item = Handle>) -> Option<Self> {
        raw.iter().map(|_| handles.next()).collect::<Option<_>>().map(Self)
    }
}

/// The parameters of a call: a tuple of [`Argument`]s.
pub trait Arguments: Send {
    /// Which of them have handles of the host.
    #[doc(hidden)]
    const PASSES: &'static [bool];

    #[doc(hidden)]
    type Raw: ComponentNamedList + Lower + Send;

    #[doc(hidden)]
    fn sketch<'a>(&'a self, handles: &mut Vec<&'a Handle>) -> Vec<Raw>;

    #[doc(hidden)]
    fn lowered(self, sketch: Vec<Raw>) -> Option<Self::Raw>;
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        #[allow(non_snake_case, unused_variables, unused_mut, reason = "for all tuples alike, the empty one too")]
        impl<$($name: Argument),*> Arguments for ($($name,)*) {
            const PASSES: &'static [bool] = &[$($name::PASSES),*];

            type Raw = ($($name::Raw,)*);

            fn sketch<'a>(&'a self, handles: &mut Vec<&'a Handle>) -> Vec<Raw> {
                let ($($name,)*) = self;
                vec![$($name.sketch(handles)),*]
            }

            fn lowered(self, sketch: Vec<Raw>) -> Option<Self::Raw> {
                let ($($name,)*) = self;
                let mut sketch = sketch.into_iter();
                Some(($($name.lowered(sketch.next()?)?,)*))
            }
        }
    )*};
}

tuples! { () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }

/// The result of a call: an [`Answer`] in a tuple, or the empty tuple where nothing is returned.
pub trait Answers: Sized + Send {
    /// Whether it has handles of the host.
    #[doc(hidden)]
    const PASSES: bool;

    #[doc(hidden)]
    type Raw: ComponentNamedList + Lift + Send;

    #[doc(hidden)]
    fn sketch(raw: &Self::Raw) -> Raw;

    #[doc(hidden)]
    fn lifted(raw: Self::Raw, handles: &mut dyn Iterator<Item = Handle>) -> Option<Self>;
}

impl Answers for () {
    const PASSES: bool = false;

    type Raw = ();

    fn sketch((): &()) -> Raw {
        NOTHING
    }

    fn lifted((): (), _: &mut dyn Iterator<Item = Handle>) -> Option<Self> {
        Some(())
    }
}

impl<A: Answer> Answers for (A,) {
    const PASSES: bool = A::PASSES;

    type Raw = (A::Raw,);

    fn sketch((raw,): &(A::Raw,)) -> Raw {
        A::sketch(raw)
    }

    fn lifted((raw,): (A::Raw,), handles: &mut dyn Iterator<Item = Handle>) -> Option<Self> {
        Some((A::lifted(raw, handles)?,))
    }
}
