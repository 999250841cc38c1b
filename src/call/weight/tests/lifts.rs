//! Values that wasmtime lifts out of hostile memory, within a charge that is computed from their types.

use std::fmt::Write as _;
use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::{Component, Linker, Val};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use super::generate::{Random, random_type};
use super::image::{BASE, Image};
use super::{ALLOCATOR, Shapes, alone};
use crate::link::EngineSettings;
use crate::model::{Case, Field, Type};

/// The bound that lifting must keep, in place of the real one, which takes long to reach.
const MOST: usize = 2 << 20;

/// What an error allocates, and what wasmtime needs apart from values.
const BESIDES: usize = 64 << 10;

/// A type as WIT, with its records and so on defined before.
fn wit(ty: &Type, definitions: &mut String) -> String {
    let mut all = |types: &[&Arc<Type>]| types.iter().map(|ty| wit(ty, definitions)).collect::<Vec<_>>();
    let (keyword, parts) = match ty {
        Type::List(element) => return format!("list<{}>", wit(element, definitions)),
        Type::FixedLengthList(element, length) => return format!("list<{}, {length}>", wit(element, definitions)),
        Type::Map(key, value) => return format!("map<{}>", all(&[key, value]).join(", ")),
        Type::Option(payload) => return format!("option<{}>", wit(payload, definitions)),
        Type::Tuple(types) => return format!("tuple<{}>", all(&types.iter().collect::<Vec<_>>()).join(", ")),
        Type::Result(ok, err) => {
            let mut part = |ty: &Option<Arc<Type>>| ty.as_ref().map_or("_".to_owned(), |ty| wit(ty, definitions));
            return match (part(ok), part(err)) {
                (ok, err) if ok == "_" && err == "_" => "result".to_owned(),
                (ok, err) if err == "_" => format!("result<{ok}>"),
                (ok, err) => format!("result<{ok}, {err}>"),
            };
        }
        Type::Enum(names) => ("enum", names.clone()),
        Type::Flags(names) => ("flags", names.clone()),
        Type::Record(fields) => {
            let part = |field: &Field| format!("{}: {}", field.name, wit(&field.ty, definitions));
            ("record", fields.iter().map(part).collect())
        }
        Type::Variant(cases) => {
            let part = |case: &Case| match &case.ty {
                Some(ty) => format!("{}({})", case.name, wit(ty, definitions)),
                None => case.name.clone(),
            };
            ("variant", cases.iter().map(part).collect())
        }
        simple => return simple.to_string(),
    };
    let name = format!("t{}", definitions.matches('{').count());
    let _ = writeln!(definitions, "{keyword} {name} {{ {} }}", parts.join(", "));
    name
}

fn component(ty: &Arc<Type>, seed: u64) -> Vec<u8> {
    let encodings = [StringEncoding::UTF8, StringEncoding::UTF16, StringEncoding::CompactUTF16];
    let encoding = encodings[usize::try_from(seed % 3).unwrap()];
    let mut image = Image::new(seed, encoding);
    let place = image.value(ty);
    let mut definitions = String::new();
    let written = wit(ty, &mut definitions);
    let wit = format!("package t:t; interface i {{ {definitions} get: func() -> {written}; }} world w {{ export i; }}");
    let wat = format!(
        r#"(module (memory (export "memory") 64) (data (i32.const {BASE}) "{}")
            (func (export "t:t/i#get") (result i32) (i32.const {place})))"#,
        image.data()
    );
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("test.wit", &wit).unwrap();
    let world = resolve.select_world(&[package], Some("w")).unwrap();
    let mut module = wat::parse_str(wat).unwrap();
    embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}

/// Lifts a value of a type, with no more memory to be had than the bound allows. Whether it was too large.
fn lift(ty: &Arc<Type>, seed: u64) -> bool {
    let engine = EngineSettings::plain().engine(None, None).unwrap();
    let component = Component::new(&engine, component(ty, seed)).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
    let interface = instance.get_export_index(&mut store, None, "t:t/i").unwrap();
    let get = instance.get_export_index(&mut store, Some(&interface), "get").unwrap();
    let get = instance.get_func(&mut store, get).unwrap();
    let fuel = Shapes::default().lifts(&[ty], u64::try_from(MOST).unwrap(), u64::MAX).lifting().fuel;
    store.set_hostcall_fuel(usize::try_from(fuel).unwrap());
    let mut results = [Val::Bool(false)];
    // Beyond it an allocation fails, which ends the process.
    ALLOCATOR.set_limit(ALLOCATOR.allocated() + MOST + BESIDES).unwrap();
    let called = get.call(&mut store, &[], &mut results);
    ALLOCATOR.set_limit(usize::MAX).unwrap();
    match called {
        Ok(()) => false,
        Err(error) => {
            assert!(format!("{error:#}").contains("fuel allocated for hostcalls"), "{error:#}");
            true
        }
    }
}

/// A list of lists of a type, which is as long as any can be.
fn many(ty: Type) -> Arc<Type> {
    Arc::new(Type::List(Arc::new(Type::List(Arc::new(ty)))))
}

#[test]
fn a_hostile_value_never_takes_more_than_the_bound() {
    alone("lifts::a_hostile_value_never_takes_more_than_the_bound", || {
        let mut too_large = 0;
        for seed in 0..150 {
            println!("seed {seed}");
            let mut random = Random::new(seed);
            let inner = random_type(&mut random, 3);
            let ty = if seed % 2 == 0 {
                many((*inner).clone())
            } else {
                Arc::new(Type::Option(Arc::new(Type::List(inner))))
            };
            too_large += usize::from(lift(&ty, seed));
        }
        assert!((20..130).contains(&too_large), "{too_large}");
    });
}

#[test]
fn the_worst_kinds_of_values_stay_within_the_bound() {
    alone("lifts::the_worst_kinds_of_values_stay_within_the_bound", || {
        let names =
            |count: usize, tail: usize| (0..count).map(|it| format!("n{it}{}", "x".repeat(tail))).collect::<Vec<_>>();
        let u8s = || Arc::new(Type::U8);
        let one = Type::Record(vec![Field { name: "a".into(), ty: u8s() }]);
        let nested = Type::Record(vec![Field { name: "a".into(), ty: Arc::new(one.clone()) }]);
        let kinds = [
            Type::U8,
            Type::String,
            Type::Flags(names(32, 0)),
            Type::Flags(names(32, 300)),
            Type::Flags(names(1, 0)),
            Type::Enum(names(40, 0)),
            Type::Enum(names(40, 2000)),
            one,
            nested,
            Type::Record(names(5, 500).into_iter().map(|name| Field { name, ty: u8s() }).collect()),
            Type::Variant(names(3, 900).into_iter().map(|name| Case { name, ty: Some(u8s()) }).collect()),
            Type::Variant(names(3, 0).into_iter().map(|name| Case { name, ty: None }).collect()),
            Type::List(u8s()),
            Type::List(Arc::new(Type::List(u8s()))),
            Type::Tuple(vec![u8s()]),
            Type::Tuple((0..5).map(|_| Arc::new(Type::Tuple(vec![u8s()]))).collect()),
            Type::Option(Arc::new(Type::Option(Arc::new(Type::Option(u8s()))))),
            Type::Result(None, None),
            Type::Result(Some(u8s()), Some(Arc::new(Type::String))),
            Type::Map(Arc::new(Type::U16), u8s()),
            Type::Map(Arc::new(Type::String), Arc::new(Type::Flags(names(9, 0)))),
            Type::FixedLengthList(u8s(), 1),
            Type::FixedLengthList(u8s(), 5),
        ];
        for kind in kinds {
            println!("{kind}");
            // In each encoding of strings, and with lists of several lengths.
            let too_large = (0..9).filter(|seed| lift(&many(kind.clone()), *seed)).count();
            assert!(too_large > 0, "{kind}");
        }
    });
}
