//! Checking the host's arguments before a plugin is entered: an error out of a call means that the
//! called plugin has failed, so that a bad argument must not get that far.

use std::fmt::Display;

use wasmtime::component::Val as Raw;

use super::{Handle, Val};
use crate::model::{Case, Field, FuncType, Resource, Type};

/// Takes the handles that stand in arguments, in order: whether each is passed as `own`, and the resource that its
/// place is for.
pub(super) trait TakeHandle<'a> {
    /// # Errors
    /// Why the handle cannot be there.
    fn take(&mut self, handle: &'a Handle, own: bool, resource: &Resource) -> Result<(), String>;
}

/// Makes wasmtime's values of the host's arguments, and checks on the way that they are what a function takes. In the
/// places of handles anything may stand; they are taken.
///
/// # Errors
/// One sentence that names the parameter and the way to the first place that does not fit.
pub(super) fn lower_all<'a>(
    ty: &FuncType,
    arguments: &'a [Val],
    handles: &mut impl TakeHandle<'a>,
) -> Result<Vec<Raw>, String> {
    if ty.params.len() != arguments.len() {
        return Err(ty.told_arity(arguments.len()));
    }
    let mut lowered = Vec::with_capacity(arguments.len());
    for (param, argument) in ty.params.iter().zip(arguments) {
        lowered.push(lower(argument, &param.ty, handles).map_err(|misfit| match misfit {
            Misfit::Value(problem) => format!("parameter `{}`: {problem}", param.name),
            Misfit::Handle(problem) => format!("parameter `{}` {problem}", param.name),
        })?);
    }
    Ok(lowered)
}

/// Why an argument does not fit.
enum Misfit {
    /// A value is of another type. The way to it is told from the inside out.
    Value(String),
    /// A handle cannot be passed.
    Handle(String),
}

type Lowered<T = Raw> = Result<T, Misfit>;

fn lower<'a>(value: &'a Val, ty: &Type, handles: &mut impl TakeHandle<'a>) -> Lowered {
    Ok(match (ty, value) {
        (Type::Bool, Val::Bool(value)) => Raw::Bool(*value),
        (Type::S8, Val::S8(value)) => Raw::S8(*value),
        (Type::U8, Val::U8(value)) => Raw::U8(*value),
        (Type::S16, Val::S16(value)) => Raw::S16(*value),
        (Type::U16, Val::U16(value)) => Raw::U16(*value),
        (Type::S32, Val::S32(value)) => Raw::S32(*value),
        (Type::U32, Val::U32(value)) => Raw::U32(*value),
        (Type::S64, Val::S64(value)) => Raw::S64(*value),
        (Type::U64, Val::U64(value)) => Raw::U64(*value),
        (Type::F32, Val::Float32(value)) => Raw::Float32(*value),
        (Type::F64, Val::Float64(value)) => Raw::Float64(*value),
        (Type::Char, Val::Char(value)) => Raw::Char(*value),
        (Type::String, Val::String(value)) => Raw::String(value.clone()),
        (Type::List(element), Val::List(values)) => Raw::List(elements(values, element, handles)?),
        (Type::FixedLengthList(element, length), Val::FixedLengthList(values)) => {
            count("elements", usize::try_from(*length).unwrap_or(usize::MAX), values.len())?;
            Raw::FixedLengthList(elements(values, element, handles)?)
        }
        (Type::Map(key, value), Val::Map(all)) => Raw::Map(entries(all, key, value, handles)?),
        (Type::Option(inner), Val::Option(value)) => Raw::Option(match value {
            Some(value) => Some(Box::new(within(|| "some".into(), value, inner, handles)?)),
            None => None,
        }),
        (Type::Result(ok, _), Val::Result(Ok(value))) => {
            Raw::Result(Ok(payload("ok", value.as_deref(), ok.as_deref(), handles)?))
        }
        (Type::Result(_, err), Val::Result(Err(value))) => {
            Raw::Result(Err(payload("err", value.as_deref(), err.as_deref(), handles)?))
        }
        (Type::Tuple(types), Val::Tuple(values)) => {
            count("values", types.len(), values.len())?;
            let pairs = types.iter().zip(values).enumerate();
            let lowered = pairs.map(|(index, (ty, value))| within(|| format!("value {index}"), value, ty, handles));
            Raw::Tuple(lowered.collect::<Lowered<_>>()?)
        }
        (Type::Record(fields), Val::Record(values)) => Raw::Record(record(fields, values, handles)?),
        (Type::Variant(cases), Val::Variant(name, value)) => {
            Raw::Variant(name.clone(), variant(cases, name, value.as_deref(), handles)?)
        }
        (Type::Enum(names), Val::Enum(name)) => {
            known("case", names, name)?;
            Raw::Enum(name.clone())
        }
        (Type::Flags(names), Val::Flags(flags)) => {
            flags.iter().try_for_each(|flag| known("flag", names, flag))?;
            Raw::Flags(flags.clone())
        }
        (Type::Own(resource) | Type::Borrow(resource), Val::Resource(handle)) => {
            let own = matches!(ty, Type::Own(_));
            let taken = handles.take(handle, own, resource);
            taken.map_err(|cause| Misfit::Handle(format!("(`{ty}`): {cause}")))?;
            // What stands here is replaced in the plugin's store.
            Raw::Bool(false)
        }
        // No value of the host can stand for these: they belong to a store.
        (Type::Future(_) | Type::Stream(_) | Type::ErrorContext, _) => {
            return fail(format_args!("a `{ty}` cannot be passed by the host"));
        }
        _ => return fail(format_args!("expected `{ty}`, found {}", kind(value))),
    })
}

fn record<'a>(
    fields: &[Field],
    values: &'a [(String, Val)],
    handles: &mut impl TakeHandle<'a>,
) -> Lowered<Vec<(String, Raw)>> {
    let mut lowered = Vec::with_capacity(values.len());
    for (field, (name, value)) in fields.iter().zip(values) {
        if field.name != *name {
            return fail(format_args!("expected the field `{}`, found `{name}`", field.name));
        }
        lowered.push((name.clone(), within(|| format!("field `{name}`"), value, &field.ty, handles)?));
    }
    count("fields", fields.len(), values.len())?;
    Ok(lowered)
}

fn variant<'a>(
    cases: &[Case],
    name: &str,
    value: Option<&'a Val>,
    handles: &mut impl TakeHandle<'a>,
) -> Lowered<Option<Box<Raw>>> {
    match cases.iter().find(|case| case.name == name) {
        Some(case) => payload(name, value, case.ty.as_deref(), handles),
        None => {
            let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
            fail(format_args!("there is no case `{name}`, only {}", names.join(", ")))
        }
    }
}

fn entries<'a>(
    entries: &'a [(Val, Val)],
    key: &Type,
    value: &Type,
    handles: &mut impl TakeHandle<'a>,
) -> Lowered<Vec<(Raw, Raw)>> {
    let mut lowered = Vec::with_capacity(entries.len());
    for (index, (k, v)) in entries.iter().enumerate() {
        let k = within(|| format!("key {index}"), k, key, handles)?;
        lowered.push((k, within(|| format!("value {index}"), v, value, handles)?));
    }
    Ok(lowered)
}

fn elements<'a>(values: &'a [Val], element: &Type, handles: &mut impl TakeHandle<'a>) -> Lowered<Vec<Raw>> {
    // To collect results would not make room at once, and take up to twice the memory that is allowed for.
    let mut lowered = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        lowered.push(match (element, value) {
            // Bulk data is checked without a path for each byte.
            (Type::U8, Val::U8(byte)) => Raw::U8(*byte),
            _ => within(|| format!("element {index}"), value, element, handles)?,
        });
    }
    Ok(lowered)
}

fn payload<'a>(
    case: &str,
    value: Option<&'a Val>,
    ty: Option<&Type>,
    handles: &mut impl TakeHandle<'a>,
) -> Lowered<Option<Box<Raw>>> {
    match (value, ty) {
        (Some(value), Some(ty)) => Ok(Some(Box::new(within(|| case.into(), value, ty, handles)?))),
        (None, None) => Ok(None),
        (Some(_), None) => fail(format_args!("`{case}` has no value")),
        (None, Some(ty)) => fail(format_args!("`{case}` needs a value, `{ty}`")),
    }
}

/// Lowers a part. The way to it is told only when it does not fit.
fn within<'a>(step: impl FnOnce() -> String, value: &'a Val, ty: &Type, handles: &mut impl TakeHandle<'a>) -> Lowered {
    lower(value, ty, handles).map_err(|misfit| match misfit {
        Misfit::Value(problem) => Misfit::Value(format!("{}: {problem}", step())),
        Misfit::Handle(_) => misfit,
    })
}

fn fail<T>(what: impl Display) -> Lowered<T> {
    Err(Misfit::Value(what.to_string()))
}

fn known(what: &str, names: &[String], name: &str) -> Lowered<()> {
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    fail(format_args!("there is no {what} `{name}`, only {}", names.join(", ")))
}

fn count(what: &str, wanted: usize, found: usize) -> Lowered<()> {
    if wanted == found {
        return Ok(());
    }
    fail(format_args!("expected {wanted} {what}, found {found}"))
}

fn kind(value: &Val) -> &'static str {
    match value {
        Val::Bool(_) => "a `bool`",
        Val::S8(_) => "an `s8`",
        Val::U8(_) => "a `u8`",
        Val::S16(_) => "an `s16`",
        Val::U16(_) => "a `u16`",
        Val::S32(_) => "an `s32`",
        Val::U32(_) => "a `u32`",
        Val::S64(_) => "an `s64`",
        Val::U64(_) => "a `u64`",
        Val::Float32(_) => "an `f32`",
        Val::Float64(_) => "an `f64`",
        Val::Char(_) => "a `char`",
        Val::String(_) => "a `string`",
        Val::List(_) => "a list",
        Val::Map(_) => "a map",
        Val::Record(_) => "a record",
        Val::Tuple(_) => "a tuple",
        Val::Variant(..) => "a variant",
        Val::Enum(_) => "an enum",
        Val::Option(_) => "an option",
        Val::Result(_) => "a result",
        Val::Flags(_) => "flags",
        Val::Resource(_) => "a handle",
        Val::FixedLengthList(_) => "a list of fixed length",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Param, Resource, Side};

    /// Takes any handle.
    struct Any;

    impl TakeHandle<'_> for Any {
        fn take(&mut self, _: &Handle, _: bool, _: &Resource) -> Result<(), String> {
            Ok(())
        }
    }

    fn check_value(value: &Val, ty: &Type) -> Result<Raw, String> {
        lower(value, ty, &mut Any).map_err(|misfit| match misfit {
            Misfit::Value(problem) | Misfit::Handle(problem) => problem,
        })
    }

    fn ty(ty: Type) -> Arc<Type> {
        Arc::new(ty)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn text(text: &str) -> Val {
        Val::String(text.into())
    }

    fn point() -> Type {
        let field = |name: &str, t| Field { name: name.into(), ty: ty(t) };
        Type::Record(vec![field("x", Type::U8), field("label", Type::String)])
    }

    fn some(value: Val) -> Option<Box<Val>> {
        Some(Box::new(value))
    }

    #[test]
    fn values_of_every_kind_of_type_fit() {
        let record = Val::Record(vec![("x".into(), Val::U8(1)), ("label".into(), text("p"))]);
        let case = |name: &str, t: Option<Type>| Case { name: name.into(), ty: t.map(ty) };
        let variant = Type::Variant(vec![case("off", None), case("on", Some(Type::U8))]);
        let result = Type::Result(Some(ty(Type::U8)), None);
        let fixed = Type::FixedLengthList(ty(Type::U8), 2);
        for (value, t) in [
            (Val::Bool(true), Type::Bool),
            (Val::S8(1), Type::S8),
            (Val::U16(1), Type::U16),
            (Val::S16(1), Type::S16),
            (Val::U32(1), Type::U32),
            (Val::S32(1), Type::S32),
            (Val::U64(1), Type::U64),
            (Val::S64(1), Type::S64),
            (Val::Float32(1.0), Type::F32),
            (Val::Float64(1.0), Type::F64),
            (Val::Char('x'), Type::Char),
            (Val::List(vec![Val::U8(1), Val::U8(2)]), Type::List(ty(Type::U8))),
            (Val::FixedLengthList(vec![Val::U8(1), Val::U8(2)]), fixed),
            (Val::Map(vec![(text("a"), Val::U8(1))]), Type::Map(ty(Type::String), ty(Type::U8))),
            (Val::Option(None), Type::Option(ty(Type::U8))),
            (Val::Option(some(record)), Type::Option(ty(point()))),
            (Val::Result(Ok(some(Val::U8(1)))), result.clone()),
            (Val::Result(Err(None)), result),
            (Val::Tuple(vec![Val::U8(1), text("a")]), Type::Tuple(vec![ty(Type::U8), ty(Type::String)])),
            (Val::Variant("off".into(), None), variant.clone()),
            (Val::Variant("on".into(), some(Val::U8(1))), variant),
            (Val::Enum("b".into()), Type::Enum(names(&["a", "b"]))),
            (Val::Flags(names(&["b", "a"])), Type::Flags(names(&["a", "b"]))),
        ] {
            assert_eq!(check_value(&value, &t), Ok(Raw::try_from(&value).unwrap()), "{t}");
            assert!(check_value(&value, &Type::Tuple(vec![])).is_err());
        }
    }

    #[test]
    fn the_first_misfit_is_named_with_its_path() {
        let error = |value: Val, t: Type| check_value(&value, &t).unwrap_err();
        let list = |values| Val::List(values);
        assert_eq!(
            error(list(vec![Val::U8(1), Val::U16(1)]), Type::List(ty(Type::U8))),
            "element 1: expected `u8`, found a `u16`"
        );
        let swapped = Val::Record(vec![("label".into(), text("p")), ("x".into(), Val::U8(1))]);
        assert_eq!(error(swapped, point()), "expected the field `x`, found `label`");
        let short = Val::Record(vec![("x".into(), Val::U8(1))]);
        assert_eq!(error(Val::Option(some(short)), Type::Option(ty(point()))), "some: expected 2 fields, found 1");
        let either = Type::Variant(vec![Case { name: "on".into(), ty: Some(ty(Type::U8)) }]);
        assert_eq!(error(Val::Variant("of".into(), None), either.clone()), "there is no case `of`, only on");
        assert_eq!(error(Val::Variant("on".into(), None), either), "`on` needs a value, `u8`");
        let none = Type::Result(None, None);
        assert_eq!(error(Val::Result(Err(some(Val::U8(1)))), none), "`err` has no value");
        assert_eq!(error(Val::Enum("c".into()), Type::Enum(names(&["a"]))), "there is no case `c`, only a");
        assert_eq!(error(Val::Flags(names(&["a", "c"])), Type::Flags(names(&["a"]))), "there is no flag `c`, only a");
        let fixed = Type::FixedLengthList(ty(Type::U8), 2);
        assert_eq!(error(Val::FixedLengthList(vec![Val::U8(1)]), fixed), "expected 2 elements, found 1");
        let map = Type::Map(ty(Type::String), ty(Type::U8));
        assert_eq!(error(Val::Map(vec![(Val::U8(1), Val::U8(1))]), map), "key 0: expected `string`, found a `u8`");
        let own = Type::Own(Resource { name: "file".into(), interface: None, side: Side::Import });
        assert_eq!(error(Val::U32(1), own), "expected `own<file>`, found a `u32`");
    }

    #[test]
    fn what_is_copied_takes_no_more_room_than_it_needs() {
        let raw = check_value(&Val::List(vec![Val::U8(1); 1025]), &Type::List(ty(Type::U8))).unwrap();
        let Raw::List(values) = raw else { panic!("{raw:?}") };
        assert_eq!(values.capacity(), 1025);
        let map = Val::Map(vec![(text("a"), Val::U8(1)); 1025]);
        let raw = check_value(&map, &Type::Map(ty(Type::String), ty(Type::U8))).unwrap();
        let Raw::Map(entries) = raw else { panic!("{raw:?}") };
        assert_eq!(entries.capacity(), 1025);
    }

    #[test]
    fn arguments_are_counted() {
        let param = |name: &str, t| Param { name: name.into(), ty: ty(t) };
        let func =
            FuncType { is_async: false, params: vec![param("a", Type::U8), param("b", Type::String)], result: None };
        let check = |arguments: &[Val]| lower_all(&func, arguments, &mut Any).map(|raw| raw.len());
        assert_eq!(check(&[Val::U8(1), text("x")]), Ok(2));
        assert_eq!(check(&[]).unwrap_err(), "the function takes 2 arguments (a: u8, b: string), 0 given");
        assert_eq!(check(&[Val::U8(1), Val::U8(1)]).unwrap_err(), "parameter `b`: expected `string`, found a `u8`");
    }
}
