//! What is computed of values is held against what an allocator counts.

#![allow(clippy::print_stdout, reason = "which value ended the process")]

mod generate;
mod image;
mod lifts;

use std::alloc::System;
use std::process::Command;
use std::sync::Arc;

use cap::Cap;
use wasmtime::component::Val;

use self::generate::{Random, random_type, random_value};
use super::*;
use crate::model::{Case, Field, FuncType, Param, Type};

/// Counts what the tests of this crate allocate.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Set in the process that has a test for itself.
const ALONE: &str = "PLUGWEAVE_WEIGHT_ALONE";

/// Runs a test in a process of its own, where nothing else allocates.
fn alone(test: &str, body: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return body();
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    let name = format!("call::weight::tests::{test}");
    let ended = again.args([&name, "--exact", "--nocapture"]).env(ALONE, "").output().unwrap();
    let output = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success() && output.contains("1 passed"), "{}:\n{output}", ended.status);
}

fn ty(ty: Type) -> Arc<Type> {
    Arc::new(ty)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Shape and bytes of one value in the canonical ABI.
fn abi(t: Type, value: &Val) -> u64 {
    Shapes::default().shape(&ty(t)).weigh(value).abi
}

/// Makes values, and holds what they are weighed at against what was allocated for them; both, and the ratio.
///
/// The test harness allocates now and then, too: what has been disturbed is measured again.
fn measured(what: &str, make: &dyn Fn() -> Vec<Val>, weigh: &dyn Fn(&[Val]) -> u64) -> (Vec<Val>, f64) {
    let mut wrong = (0, 0);
    for _ in 0..5 {
        let before = ALLOCATOR.allocated();
        let values = make();
        let allocated = amount(ALLOCATOR.allocated().saturating_sub(before));
        let computed = weigh(&values);
        if (allocated..=3 * allocated).contains(&computed) {
            return (values, computed as f64 / allocated as f64);
        }
        wrong = (computed, allocated);
    }
    panic!("{what}: {} are computed, {} allocated", wrong.0, wrong.1);
}

#[test]
fn memory_is_never_below_what_is_allocated_and_at_most_three_times_that() {
    alone("memory_is_never_below_what_is_allocated_and_at_most_three_times_that", || {
        let mut largest = 0.0_f64;
        for seed in 0..3000 {
            let mut random = Random::new(seed);
            let types: Vec<Arc<Type>> = (0..=random.below(3)).map(|_| random_type(&mut random, 4)).collect();
            let random = &random;
            let weigh = |values: &[Val]| Shapes::default().parts(types.iter()).weigh_all(values).memory;
            let make = || {
                let mut random = random.clone();
                types.iter().map(|ty| random_value(&mut random, ty)).collect::<Vec<Val>>()
            };
            let (values, ratio) = measured(&format!("seed {seed}: {types:?}"), &make, &weigh);
            measured(&format!("seed {seed}, copied"), &|| values.clone(), &weigh);
            largest = largest.max(ratio);
        }
        assert!(largest > 1.0);
    });
}

#[test]
fn the_bytes_of_the_canonical_abi_are_counted() {
    let text = |text: &str| Val::String(text.into());
    let list = |t: Type| Type::List(ty(t));
    assert_eq!(abi(Type::U8, &Val::U8(1)), 1);
    assert_eq!(abi(Type::String, &text("äb")), 8 + 3);
    assert_eq!(abi(list(Type::U8), &Val::List(vec![Val::U8(1); 1000])), 8 + 1000);
    assert_eq!(abi(list(Type::U64), &Val::List(vec![Val::U64(1); 10])), 8 + 80);
    assert_eq!(abi(list(Type::String), &Val::List(vec![text("a"), text("bc")])), 8 + 2 * 8 + 3);
    let many = (0..20).map(|flag| format!("f{flag}")).collect::<Vec<_>>();
    assert_eq!(abi(list(Type::Flags(many.clone())), &Val::List(vec![Val::Flags(many); 7])), 8 + 7 * 4);
    assert_eq!(abi(Type::Flags(names(&["a"])), &Val::Flags(names(&["a"]))), 1);
    // Aligned as records are: a byte, then a pointer and a length.
    let fields = vec![
        Field { name: "x".into(), ty: ty(Type::U8) },
        Field { name: "y".into(), ty: ty(Type::String) },
        Field { name: "z".into(), ty: ty(Type::U16) },
    ];
    let record = Val::Record(vec![("x".into(), Val::U8(1)), ("y".into(), text("abc")), ("z".into(), Val::U16(1))]);
    assert_eq!(abi(list(Type::Record(fields)), &Val::List(vec![record.clone(), record])), 8 + 2 * (16 + 3));
    let cases = vec![Case { name: "a".into(), ty: None }, Case { name: "b".into(), ty: Some(ty(Type::U64)) }];
    let variant = Type::Variant(cases);
    assert_eq!(abi(list(variant), &Val::List(vec![Val::Variant("a".into(), None); 3])), 8 + 3 * 16);
    let option = Type::Option(ty(Type::String));
    assert_eq!(abi(option.clone(), &Val::Option(None)), 12);
    assert_eq!(abi(option, &Val::Option(Some(Box::new(text("abcd"))))), 12 + 4);
    let result = Type::Result(Some(ty(Type::U8)), Some(ty(Type::String)));
    assert_eq!(abi(result, &Val::Result(Err(Some(Box::new(text("abcd")))))), 12 + 4);
    let map = Type::Map(ty(Type::String), ty(Type::U64));
    assert_eq!(abi(map, &Val::Map(vec![(text("key"), Val::U64(1))])), 8 + 16 + 3);
    let fixed = Type::FixedLengthList(ty(Type::U16), 3);
    assert_eq!(abi(list(fixed), &Val::List(vec![Val::FixedLengthList(vec![Val::U16(0); 3])])), 8 + 6);
    let wide = Type::Enum((0..300).map(|case| format!("c{case}")).collect());
    assert_eq!(abi(list(wide), &Val::List(vec![Val::Enum("c7".into()); 5])), 8 + 5 * 2);
}

#[test]
fn only_values_that_can_be_large_are_weighed() {
    let function = |types: &[Type]| FuncType {
        is_async: false,
        params: types.iter().map(|t| Param { name: "x".into(), ty: ty(t.clone()) }).collect(),
        result: types.first().map(|t| ty(t.clone())),
    };
    let weighed = |types: &[Type]| {
        let (mut shapes, function) = (Shapes::default(), function(types));
        let weighed = shapes.arguments(&function).is_some();
        assert_eq!(weighed, shapes.result(&function).is_some(), "{types:?}");
        weighed
    };
    assert!(!weighed(&[]));
    assert!(!weighed(&[Type::U32]));
    assert!(!weighed(&[Type::Flags(names(&["a", "b"]))]));
    assert!(!weighed(&[Type::FixedLengthList(ty(Type::U8), 16)]));
    assert!(weighed(&[Type::FixedLengthList(ty(Type::U8), 100_000)]));
    assert!(weighed(&[Type::String]));
    assert!(weighed(&[Type::Option(ty(Type::List(ty(Type::U8))))]));
    assert!(weighed(&[Type::Map(ty(Type::U8), ty(Type::U8))]));
}

#[test]
fn the_charge_that_is_allowed_depends_on_what_is_not_charged() {
    let fuel = |t: Type| Shapes::default().lifts(&[&ty(Type::List(ty(t)))], MOST_VALUE_MEMORY, u64::MAX).lifting();
    let of = |t: Type| {
        let lifting = fuel(t);
        assert_eq!(lifting.bound, LiftBound::Memory);
        lifting.fuel >> 20
    };
    // Twice its charge is what a list takes while it grows: thirteen million bytes.
    assert!((500..=512).contains(&of(Type::U8)), "{}", of(Type::U8));
    assert!((330..=342).contains(&of(Type::String)), "{}", of(Type::String));
    let flags = (0..32).map(|flag| format!("{flag:02}")).collect();
    assert!((40..=80).contains(&of(Type::Flags(flags))));
    assert!((300..=330).contains(&of(Type::List(ty(Type::U8)))));
    // What a list of bytes within `hostcall-bytes` can be charged, and not much more.
    let bytes = ty(Type::List(ty(Type::U8)));
    let lifting = Shapes::default().lifts(&[&bytes], MOST_VALUE_MEMORY, 1000).lifting();
    assert_eq!(lifting.bound, LiftBound::HostcallBytes);
    assert!((40_000..=45_000).contains(&lifting.fuel), "{}", lifting.fuel);
}
