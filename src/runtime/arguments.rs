//! Checking the host's arguments before a plugin is entered: an error out of a call means that the
//! called plugin has failed, so that a bad argument must not get that far.

use std::fmt::Display;

use super::Val;
use crate::model::{Case, Field, FuncType, Type};

/// Checks that the arguments are what a function takes.
///
/// # Errors
/// One sentence that names the parameter and the way to the first place that does not fit.
pub(super) fn check_arguments(ty: &FuncType, arguments: &[Val]) -> Result<(), String> {
    if ty.params.len() != arguments.len() {
        return Err(ty.told_arity(arguments.len()));
    }
    for (param, argument) in ty.params.iter().zip(arguments) {
        within(|| format!("parameter `{}`", param.name), argument, &param.ty)?;
    }
    Ok(())
}

type Checked = Result<(), String>;

fn check_value(value: &Val, ty: &Type) -> Checked {
    match (ty, value) {
        (Type::Bool, Val::Bool(_))
        | (Type::S8, Val::S8(_))
        | (Type::U8, Val::U8(_))
        | (Type::S16, Val::S16(_))
        | (Type::U16, Val::U16(_))
        | (Type::S32, Val::S32(_))
        | (Type::U32, Val::U32(_))
        | (Type::S64, Val::S64(_))
        | (Type::U64, Val::U64(_))
        | (Type::F32, Val::Float32(_))
        | (Type::F64, Val::Float64(_))
        | (Type::Char, Val::Char(_)) => Ok(()),
        (Type::String, Val::String(_)) => Ok(()),
        (Type::List(element), Val::List(values)) => check_elements(values, element),
        (Type::FixedLengthList(element, length), Val::FixedLengthList(values)) => {
            count("elements", usize::try_from(*length).unwrap_or(usize::MAX), values.len())?;
            check_elements(values, element)
        }
        (Type::Map(key, value), Val::Map(entries)) => check_entries(entries, key, value),
        (Type::Option(inner), Val::Option(value)) => match value {
            Some(value) => within(|| "some".into(), value, inner),
            None => Ok(()),
        },
        (Type::Result(ok, _), Val::Result(Ok(value))) => check_payload("ok", value.as_deref(), ok.as_deref()),
        (Type::Result(_, err), Val::Result(Err(value))) => check_payload("err", value.as_deref(), err.as_deref()),
        (Type::Tuple(types), Val::Tuple(values)) => {
            count("values", types.len(), values.len())?;
            let mut pairs = types.iter().zip(values).enumerate();
            pairs.try_for_each(|(index, (ty, value))| within(|| format!("value {index}"), value, ty))
        }
        (Type::Record(fields), Val::Record(values)) => check_record(fields, values),
        (Type::Variant(cases), Val::Variant(name, value)) => check_variant(cases, name, value.as_deref()),
        (Type::Enum(names), Val::Enum(name)) => known("case", names, name),
        (Type::Flags(names), Val::Flags(flags)) => flags.iter().try_for_each(|flag| known("flag", names, flag)),
        // Whether it is one of the right resource is seen when it is passed.
        (Type::Own(_) | Type::Borrow(_), Val::Resource(_)) => Ok(()),
        // No value of the host can stand for these: they belong to a store.
        (Type::Future(_) | Type::Stream(_) | Type::ErrorContext, _) => {
            fail(format_args!("a `{ty}` cannot be passed by the host"))
        }
        _ => fail(format_args!("expected `{ty}`, found {}", kind(value))),
    }
}

fn check_record(fields: &[Field], values: &[(String, Val)]) -> Checked {
    for (field, (name, value)) in fields.iter().zip(values) {
        if field.name != *name {
            return fail(format_args!("expected the field `{}`, found `{name}`", field.name));
        }
        within(|| format!("field `{name}`"), value, &field.ty)?;
    }
    count("fields", fields.len(), values.len())
}

fn check_variant(cases: &[Case], name: &str, value: Option<&Val>) -> Checked {
    match cases.iter().find(|case| case.name == name) {
        Some(case) => check_payload(name, value, case.ty.as_deref()),
        None => {
            let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
            fail(format_args!("there is no case `{name}`, only {}", names.join(", ")))
        }
    }
}

fn check_entries(entries: &[(Val, Val)], key: &Type, value: &Type) -> Checked {
    for (index, (k, v)) in entries.iter().enumerate() {
        within(|| format!("key {index}"), k, key)?;
        within(|| format!("value {index}"), v, value)?;
    }
    Ok(())
}

fn check_elements(values: &[Val], element: &Type) -> Checked {
    // Bulk data is checked without a path for each byte.
    if matches!(element, Type::U8) && values.iter().all(|value| matches!(value, Val::U8(_))) {
        return Ok(());
    }
    let mut values = values.iter().enumerate();
    values.try_for_each(|(index, value)| within(|| format!("element {index}"), value, element))
}

fn check_payload(case: &str, value: Option<&Val>, ty: Option<&Type>) -> Checked {
    match (value, ty) {
        (Some(value), Some(ty)) => within(|| case.into(), value, ty),
        (None, None) => Ok(()),
        (Some(_), None) => fail(format_args!("`{case}` has no value")),
        (None, Some(ty)) => fail(format_args!("`{case}` needs a value, `{ty}`")),
    }
}

/// Checks a part. The way to it is told from the inside out, and only when it does not fit.
fn within(step: impl FnOnce() -> String, value: &Val, ty: &Type) -> Checked {
    check_value(value, ty).map_err(|problem| format!("{}: {problem}", step()))
}

fn fail(what: impl Display) -> Checked {
    Err(what.to_string())
}

fn known(what: &str, names: &[String], name: &str) -> Checked {
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    fail(format_args!("there is no {what} `{name}`, only {}", names.join(", ")))
}

fn count(what: &str, wanted: usize, found: usize) -> Checked {
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
            assert_eq!(check_value(&value, &t), Ok(()), "{t}");
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
    fn arguments_are_counted() {
        let param = |name: &str, t| Param { name: name.into(), ty: ty(t) };
        let func =
            FuncType { is_async: false, params: vec![param("a", Type::U8), param("b", Type::String)], result: None };
        let check = |arguments: &[Val]| check_arguments(&func, arguments);
        assert_eq!(check(&[Val::U8(1), text("x")]), Ok(()));
        assert_eq!(check(&[]).unwrap_err(), "the function takes 2 arguments (a: u8, b: string), 0 given");
        assert_eq!(check(&[Val::U8(1), Val::U8(1)]).unwrap_err(), "parameter `b`: expected `string`, found a `u8`");
    }
}
