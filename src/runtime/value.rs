use wasmtime::component::Val as Raw;

use super::Handle;
use crate::call::{Tree, View};

/// A value of the component model, as the embedding application passes it to plugins and gets it from them.
///
/// It is wasmtime's [`Val`](wasmtime::component::Val) but for handles of resources: those belong to no
/// store here, and release what they stand for when they are dropped. Names of fields, cases and flags
/// are those of the WIT.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the cases are the types of WIT")]
pub enum Val {
    Bool(bool),
    S8(i8),
    U8(u8),
    S16(i16),
    U16(u16),
    S32(i32),
    U32(u32),
    S64(i64),
    U64(u64),
    Float32(f32),
    Float64(f64),
    Char(char),
    String(String),
    List(Vec<Val>),
    FixedLengthList(Vec<Val>),
    Map(Vec<(Val, Val)>),
    Record(Vec<(String, Val)>),
    Tuple(Vec<Val>),
    Variant(String, Option<Box<Val>>),
    Enum(String),
    Option(Option<Box<Val>>),
    Result(Result<Option<Box<Val>>, Option<Box<Val>>>),
    Flags(Vec<String>),
    /// `own` or `borrow`: which one, the type of the parameter says.
    Resource(Handle),
}

/// Values are equal when they are the same value, not when they are numerically equal: NaN is itself, and
/// zero is not negative zero. Handles are equal when they are the same handle.
impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float32(a), Self::Float32(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            (Self::Float64(a), Self::Float64(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::S8(a), Self::S8(b)) => a == b,
            (Self::U8(a), Self::U8(b)) => a == b,
            (Self::S16(a), Self::S16(b)) => a == b,
            (Self::U16(a), Self::U16(b)) => a == b,
            (Self::S32(a), Self::S32(b)) => a == b,
            (Self::U32(a), Self::U32(b)) => a == b,
            (Self::S64(a), Self::S64(b)) => a == b,
            (Self::U64(a), Self::U64(b)) => a == b,
            (Self::Char(a), Self::Char(b)) => a == b,
            (Self::String(a), Self::String(b)) | (Self::Enum(a), Self::Enum(b)) => a == b,
            (Self::List(a), Self::List(b))
            | (Self::FixedLengthList(a), Self::FixedLengthList(b))
            | (Self::Tuple(a), Self::Tuple(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Record(a), Self::Record(b)) => a == b,
            (Self::Variant(a, x), Self::Variant(b, y)) => a == b && x == y,
            (Self::Option(a), Self::Option(b)) => a == b,
            (Self::Result(a), Self::Result(b)) => a == b,
            (Self::Flags(a), Self::Flags(b)) => a == b,
            (Self::Resource(a), Self::Resource(b)) => a == b,
            _ => false,
        }
    }
}

impl Val {
    /// The value that wasmtime gave. `handles` are those that stand in it, in order. Nothing when it holds
    /// what no value of the host can stand for.
    pub(super) fn of_raw(raw: Raw, handles: &mut impl Iterator<Item = Handle>) -> Option<Self> {
        Some(match raw {
            Raw::Bool(value) => Self::Bool(value),
            Raw::S8(value) => Self::S8(value),
            Raw::U8(value) => Self::U8(value),
            Raw::S16(value) => Self::S16(value),
            Raw::U16(value) => Self::U16(value),
            Raw::S32(value) => Self::S32(value),
            Raw::U32(value) => Self::U32(value),
            Raw::S64(value) => Self::S64(value),
            Raw::U64(value) => Self::U64(value),
            Raw::Float32(value) => Self::Float32(value),
            Raw::Float64(value) => Self::Float64(value),
            Raw::Char(value) => Self::Char(value),
            Raw::String(value) => Self::String(value),
            Raw::List(values) => Self::List(all(values, handles)?),
            Raw::FixedLengthList(values) => Self::FixedLengthList(all(values, handles)?),
            Raw::Tuple(values) => Self::Tuple(all(values, handles)?),
            Raw::Map(entries) => {
                let mut entry = |(key, value)| Some((Self::of_raw(key, handles)?, Self::of_raw(value, handles)?));
                Self::Map(entries.into_iter().map(&mut entry).collect::<Option<_>>()?)
            }
            Raw::Record(fields) => {
                let mut field = |(name, value)| Some((name, Self::of_raw(value, handles)?));
                Self::Record(fields.into_iter().map(&mut field).collect::<Option<_>>()?)
            }
            Raw::Variant(name, value) => Self::Variant(name, of_boxed(value, handles)?),
            Raw::Enum(name) => Self::Enum(name),
            Raw::Option(value) => Self::Option(of_boxed(value, handles)?),
            Raw::Result(Ok(value)) => Self::Result(Ok(of_boxed(value, handles)?)),
            Raw::Result(Err(value)) => Self::Result(Err(of_boxed(value, handles)?)),
            Raw::Flags(names) => Self::Flags(names),
            Raw::Resource(_) => Self::Resource(handles.next()?),
            Raw::Future(_) | Raw::Stream(_) | Raw::ErrorContext(_) => return None,
        })
    }
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
            | Self::Resource(_) => View::Flat,
            Self::String(text) | Self::Enum(text) => View::Text(text),
            Self::Flags(names) => View::Names(names),
            Self::List(values) | Self::FixedLengthList(values) | Self::Tuple(values) => View::Items(values),
            Self::Map(entries) => View::Entries(entries),
            Self::Record(fields) => View::Fields(fields),
            Self::Variant(name, value) => View::Case(name, value.as_deref()),
            Self::Option(value) => View::Maybe(value.as_deref()),
            Self::Result(Ok(value)) => View::Answer(Ok(value.as_deref())),
            Self::Result(Err(value)) => View::Answer(Err(value.as_deref())),
        }
    }
}

fn all(values: Vec<Raw>, handles: &mut impl Iterator<Item = Handle>) -> Option<Vec<Val>> {
    values.into_iter().map(|raw| Val::of_raw(raw, handles)).collect()
}

fn of_boxed(raw: Option<Box<Raw>>, handles: &mut impl Iterator<Item = Handle>) -> Option<Option<Box<Val>>> {
    match raw {
        Some(raw) => Val::of_raw(*raw, handles).map(|value| Some(Box::new(value))),
        None => Some(None),
    }
}

/// A value that has no counterpart: one with a handle, a stream, a future or an error context in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value has a part that belongs to a store")]
pub struct BoundToStore;

/// For host functions that are defined with wasmtime's values.
impl TryFrom<Raw> for Val {
    type Error = BoundToStore;

    fn try_from(raw: Raw) -> Result<Self, BoundToStore> {
        Self::of_raw(raw, &mut std::iter::empty()).ok_or(BoundToStore)
    }
}

/// For host functions that are defined with wasmtime's values.
impl TryFrom<&Val> for Raw {
    type Error = BoundToStore;

    fn try_from(value: &Val) -> Result<Self, BoundToStore> {
        Ok(match value {
            Val::Bool(value) => Self::Bool(*value),
            Val::S8(value) => Self::S8(*value),
            Val::U8(value) => Self::U8(*value),
            Val::S16(value) => Self::S16(*value),
            Val::U16(value) => Self::U16(*value),
            Val::S32(value) => Self::S32(*value),
            Val::U32(value) => Self::U32(*value),
            Val::S64(value) => Self::S64(*value),
            Val::U64(value) => Self::U64(*value),
            Val::Float32(value) => Self::Float32(*value),
            Val::Float64(value) => Self::Float64(*value),
            Val::Char(value) => Self::Char(*value),
            Val::String(value) => Self::String(value.clone()),
            Val::List(values) => Self::List(each(values, Self::try_from)?),
            Val::FixedLengthList(values) => Self::FixedLengthList(each(values, Self::try_from)?),
            Val::Tuple(values) => Self::Tuple(each(values, Self::try_from)?),
            Val::Map(entries) => Self::Map(each(entries, |(key, value)| Ok((key.try_into()?, value.try_into()?)))?),
            Val::Record(fields) => Self::Record(each(fields, |(name, value)| Ok((name.clone(), value.try_into()?)))?),
            Val::Variant(name, value) => Self::Variant(name.clone(), boxed(value)?),
            Val::Enum(name) => Self::Enum(name.clone()),
            Val::Option(value) => Self::Option(boxed(value)?),
            Val::Result(Ok(value)) => Self::Result(Ok(boxed(value)?)),
            Val::Result(Err(value)) => Self::Result(Err(boxed(value)?)),
            Val::Flags(names) => Self::Flags(names.clone()),
            Val::Resource(_) => return Err(BoundToStore),
        })
    }
}

/// Converts each part, in a vector that has room for all of them and no more.
fn each<'a, T, R>(parts: &'a [T], convert: impl Fn(&'a T) -> Result<R, BoundToStore>) -> Result<Vec<R>, BoundToStore> {
    let mut converted = Vec::with_capacity(parts.len());
    for part in parts {
        converted.push(convert(part)?);
    }
    Ok(converted)
}

fn boxed(value: &Option<Box<Val>>) -> Result<Option<Box<Raw>>, BoundToStore> {
    value.as_deref().map(|value| Raw::try_from(value).map(Box::new)).transpose()
}
