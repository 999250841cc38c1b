use wasmtime::component::Val;

use super::{amount, block};

/// A value of the component model, seen as a tree: wasmtime's and the host's own values weigh alike.
pub trait Tree: Sized {
    /// The outermost node.
    fn view(&self) -> View<'_, Self>;
}

/// A node of a value, as far as its weight goes.
pub enum View<'a, T> {
    /// A number, a `bool`, a `char` or a handle: it points to nothing.
    Flat,
    /// A `string`, or the name of an `enum`'s case.
    Text(&'a String),
    /// The names of flags.
    Names(&'a Vec<String>),
    /// The elements of a list, or the parts of a tuple.
    Items(&'a Vec<T>),
    /// The entries of a map.
    Entries(&'a Vec<(T, T)>),
    /// The fields of a record.
    Fields(&'a Vec<(String, T)>),
    /// The case of a variant, and its payload.
    Case(&'a String, Option<&'a T>),
    /// An option.
    Maybe(Option<&'a T>),
    /// A result.
    Answer(Result<Option<&'a T>, Option<&'a T>>),
}

impl Tree for Val {
    fn view(&self) -> View<'_, Self> {
        match self {
            Self::Bool(_)
            | Self::S8(_)
            | Self::U8(_)
            | Self::S16(_)
            | Self::U16(_)
            | Self::S32(_)
            | Self::U32(_)
            | Self::S64(_)
            | Self::U64(_)
            | Self::Float32(_)
            | Self::Float64(_)
            | Self::Char(_)
            | Self::Resource(_)
            | Self::Future(_)
            | Self::Stream(_)
            | Self::ErrorContext(_) => View::Flat,
            Self::String(text) | Self::Enum(text) => View::Text(text),
            Self::Flags(names) => View::Names(names),
            Self::List(values) | Self::Tuple(values) | Self::FixedLengthList(values) => View::Items(values),
            Self::Map(entries) => View::Entries(entries),
            Self::Record(fields) => View::Fields(fields),
            Self::Variant(name, value) => View::Case(name, value.as_deref()),
            Self::Option(value) => View::Maybe(value.as_deref()),
            Self::Result(Ok(value)) => View::Answer(Ok(value.as_deref())),
            Self::Result(Err(value)) => View::Answer(Err(value.as_deref())),
        }
    }
}

/// What the outermost node of a value has allocated, in bytes: what lies beneath it has allocations of its own.
pub fn own_memory<T: Tree>(value: &T) -> u64 {
    let text = |text: &String| block(amount(text.capacity()));
    let array = |capacity: usize, element: usize| block(amount(capacity).saturating_mul(amount(element)));
    let boxed = |value: Option<&T>| if value.is_some() { block(amount(size_of::<T>())) } else { 0 };
    match value.view() {
        View::Flat => 0,
        View::Text(name) => text(name),
        View::Names(names) => {
            names.iter().map(text).fold(array(names.capacity(), size_of::<String>()), u64::saturating_add)
        }
        View::Items(values) => array(values.capacity(), size_of::<T>()),
        View::Entries(entries) => array(entries.capacity(), size_of::<(T, T)>()),
        View::Fields(fields) => fields
            .iter()
            .map(|(name, _)| text(name))
            .fold(array(fields.capacity(), size_of::<(String, T)>()), u64::saturating_add),
        View::Case(name, value) => text(name).saturating_add(boxed(value)),
        View::Maybe(value) | View::Answer(Ok(value) | Err(value)) => boxed(value),
    }
}
