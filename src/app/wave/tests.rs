use std::sync::Arc;

use super::*;
use crate::model::{Param, Resource, Side};

fn ty(ty: Type) -> Arc<Type> {
    Arc::new(ty)
}

fn some(value: Val) -> Option<Box<Val>> {
    Some(Box::new(value))
}

fn text(text: &str) -> Val {
    Val::String(text.into())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn read(source: &str, t: Type) -> Result<Val, String> {
    let param = Param { name: "x".into(), ty: ty(t) };
    let func = FuncType { is_async: false, params: vec![param], result: None };
    let source = format!("a:b/c#f({source})");
    let call = WaveCall::parse(&source).map_err(|error| error.to_string())?;
    assert_eq!(call.target(), "a:b/c#f");
    let mut arguments = call.arguments(&func).map_err(|error| error.to_string())?;
    Ok(arguments.remove(0))
}

/// Types of every kind, each with a value and its text.
fn samples() -> Vec<(Type, Val, &'static str)> {
    let field = |name: &str, t| Field { name: name.into(), ty: ty(t) };
    let case = |name: &str, t: Option<Type>| Case { name: name.into(), ty: t.map(ty) };
    let option = || Type::Option(ty(Type::U8));
    let record = Type::Record(vec![field("x", Type::U8), field("note", option()), field("ok", Type::Bool)]);
    let variant = Type::Variant(vec![case("off", None), case("none", Some(Type::U8))]);
    let fields = |note| vec![("x".into(), Val::U8(1)), ("note".into(), note), ("ok".into(), Val::Bool(true))];
    vec![
        (Type::Bool, Val::Bool(true), "true"),
        (Type::S8, Val::S8(-128), "-128"),
        (Type::U8, Val::U8(255), "255"),
        (Type::S16, Val::S16(-1), "-1"),
        (Type::U16, Val::U16(1), "1"),
        (Type::S32, Val::S32(-1), "-1"),
        (Type::U32, Val::U32(1), "1"),
        (Type::S64, Val::S64(i64::MIN), "-9223372036854775808"),
        (Type::U64, Val::U64(u64::MAX), "18446744073709551615"),
        (Type::F32, Val::Float32(1.5), "1.5"),
        (Type::F64, Val::Float64(f64::NEG_INFINITY), "-inf"),
        (Type::F64, Val::Float64(f64::NAN), "nan"),
        (Type::Char, Val::Char('\''), r"'\''"),
        (Type::String, text("a \"b\"\n☃"), r#""a \"b\"\n☃""#),
        (Type::List(ty(Type::U8)), Val::List(vec![Val::U8(1), Val::U8(2)]), "[1, 2]"),
        (Type::List(ty(Type::U8)), Val::List(vec![]), "[]"),
        (Type::Tuple(vec![ty(Type::U8), ty(Type::String)]), Val::Tuple(vec![Val::U8(1), text("a")]), r#"(1, "a")"#),
        (record.clone(), Val::Record(fields(Val::Option(some(Val::U8(2))))), "{x: 1, note: some(2), ok: true}"),
        (record, Val::Record(fields(Val::Option(None))), "{x: 1, ok: true}"),
        (variant.clone(), Val::Variant("off".into(), None), "off"),
        (variant, Val::Variant("none".into(), some(Val::U8(1))), "%none(1)"),
        (Type::Enum(names(&["a", "err"])), Val::Enum("err".into()), "%err"),
        (Type::Flags(names(&["a", "b"])), Val::Flags(names(&["a", "b"])), "{a, b}"),
        (Type::Flags(names(&["a"])), Val::Flags(vec![]), "{}"),
        (option(), Val::Option(None), "none"),
        (Type::Option(ty(option())), Val::Option(some(Val::Option(None))), "some(none)"),
        (Type::Result(None, Some(ty(Type::U8))), Val::Result(Ok(None)), "ok"),
        (Type::Result(None, Some(ty(Type::U8))), Val::Result(Err(some(Val::U8(1)))), "err(1)"),
    ]
}

#[test]
fn values_of_every_kind_survive_a_round_trip() {
    for (t, value, wave) in samples() {
        assert_eq!(print(&value).as_deref(), Ok(wave), "{t}");
        assert_eq!(read(wave, t.clone()), Ok(value), "{t}");
    }
}

#[test]
fn maps_are_lists_of_pairs_and_fixed_lists_are_lists() {
    let map = Type::Map(ty(Type::String), ty(Type::List(ty(Type::U8))));
    let value = Val::Map(vec![(text("a"), Val::List(vec![Val::U8(1)])), (text("b"), Val::List(vec![]))]);
    let wave = r#"[("a", [1]), ("b", [])]"#;
    assert_eq!(print(&value).as_deref(), Ok(wave));
    assert_eq!(read(wave, map.clone()), Ok(value));
    assert!(read("[1]", map).unwrap_err().contains("written as a tuple of key and value"));
    let fixed = Type::FixedLengthList(ty(Type::U8), 2);
    let value = Val::FixedLengthList(vec![Val::U8(1), Val::U8(2)]);
    assert_eq!(print(&value).as_deref(), Ok("[1, 2]"));
    assert_eq!(read("[1, 2]", fixed.clone()), Ok(value));
    assert!(read("[1]", fixed).is_err());
}

#[test]
fn shorthands_of_wave_are_understood() {
    let option = Type::Option(ty(Type::U8));
    assert_eq!(read("3", option.clone()), Ok(Val::Option(some(Val::U8(3)))));
    assert_eq!(read("", option), Ok(Val::Option(None)));
    let result = Type::Result(Some(ty(Type::String)), None);
    assert_eq!(read(r#""x""#, result), Ok(Val::Result(Ok(some(text("x"))))));
}

#[test]
fn misfits_are_told() {
    let misfit = |source: &str, t: Type| read(source, t).unwrap_err();
    assert_eq!(misfit("300", Type::U8), "parameter `x`: expected `u8`, found `300`");
    assert_eq!(misfit("[1, true]", Type::List(ty(Type::U8))), "parameter `x`: element 1: expected `u8`, found `true`");
    let long = format!("\"{}\"", "ä".repeat(100));
    assert!(misfit(&long, Type::U8).ends_with("…`"));
    let record = || Type::Record(vec![Field { name: "x".into(), ty: ty(Type::U8) }]);
    assert!(misfit("{y: 1}", record()).contains("there is no field `y`"));
    assert!(misfit("{:}", record()).contains("field `x`: expected `u8`, found nothing"));
    assert!(misfit("c", Type::Enum(names(&["a"]))).contains("there is no `c` among a"));
    assert!(misfit("{c}", Type::Flags(names(&["a"]))).contains("there is no `c` among a"));
    let own = Type::Own(Resource { name: "file".into(), interface: None, side: Side::Import });
    assert!(misfit("1", own).contains("cannot be written as text"));
    assert!(misfit("[1, ", Type::U8).contains("not well formed"));
    assert!(misfit(&"[".repeat(100_000), Type::U8).contains("not well formed"));
    assert!(WaveCall::parse("run").err().unwrap().to_string().contains("`run()`"));
}

/// Nothing that is written makes the reader panic: texts are spoilt at random, and read as every
/// type.
#[test]
fn no_text_panics() {
    let mut seed = 1u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap_or(0) % below
    };
    let samples = samples();
    let alphabet: Vec<char> = "()[]{}:,\"'\\%un0-1.e☃\n/ a".chars().collect();
    for _ in 0..20_000 {
        let mut source: Vec<char> = samples[random(samples.len())].2.chars().collect();
        for _ in 0..=random(4) {
            let at = random(source.len() + 1);
            match random(3) {
                0 if at < source.len() => drop(source.remove(at)),
                1 if at < source.len() => source[at] = alphabet[random(alphabet.len())],
                _ => source.insert(at, alphabet[random(alphabet.len())]),
            }
        }
        let source: String = source.into_iter().collect();
        if let Ok(value) = read(&source, samples[random(samples.len())].0.clone()) {
            print(&value).unwrap();
        }
    }
}
