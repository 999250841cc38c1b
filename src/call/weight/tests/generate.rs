//! Random types, and random values of them.

use std::sync::Arc;

use wasmtime::component::Val;

use crate::model::{Case, Field, Type};

/// A generator that depends on its seed only.
#[derive(Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1))
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn chance(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// So many names, short or long.
fn names(random: &mut Random, most: usize) -> Vec<String> {
    let count = 1 + random.below(most);
    let length = [0, 0, 10, 30, 200][random.below(5)];
    let tail = "x".repeat(random.below(length + 1));
    (0..count).map(|place| format!("n{place}{tail}")).collect()
}

/// A type nested at most so deep.
pub(super) fn random_type(random: &mut Random, depth: usize) -> Arc<Type> {
    let simple = depth == 0;
    Arc::new(match random.below(if simple { 8 } else { 18 }) {
        0 => Type::Bool,
        1 => Type::U8,
        2 => Type::S16,
        3 => Type::F64,
        4 => Type::Char,
        5 => Type::String,
        6 => Type::Enum(names(random, 40)),
        7 => Type::Flags(names(random, 32)),
        8..=10 => Type::List(random_type(random, depth - 1)),
        11 => Type::FixedLengthList(random_type(random, depth - 1), u32::try_from(1 + random.below(5)).unwrap()),
        12 => Type::Map(key(random), random_type(random, depth - 1)),
        13 => Type::Option(random_type(random, depth - 1)),
        14 => {
            let mut part = || random.chance().then(|| random_type(random, depth - 1));
            Type::Result(part(), part())
        }
        15 => Type::Tuple((0..=random.below(5)).map(|_| random_type(random, depth - 1)).collect()),
        16 => {
            let field = |name| Field { name, ty: random_type(random, depth - 1) };
            let names = names(&mut Random::new(u64::try_from(depth).unwrap()), 6);
            Type::Record(names.into_iter().map(field).collect())
        }
        _ => {
            let names = names(random, 6);
            let case = |name| Case { name, ty: random.chance().then(|| random_type(random, depth - 1)) };
            Type::Variant(names.into_iter().map(case).collect())
        }
    })
}

/// What WIT allows as the key of a map.
fn key(random: &mut Random) -> Arc<Type> {
    Arc::new(if random.chance() { Type::String } else { Type::U16 })
}

/// A value of a type, with few or many elements in its lists.
pub(super) fn random_value(random: &mut Random, ty: &Type) -> Val {
    let boxed = |random: &mut Random, ty: &Type| Some(Box::new(random_value(random, ty)));
    match ty {
        Type::Bool => Val::Bool(true),
        Type::U8 => Val::U8(1),
        Type::S16 => Val::S16(1),
        Type::U16 => Val::U16(1),
        Type::F64 => Val::Float64(1.0),
        Type::Char => Val::Char('x'),
        Type::String => Val::String("x".repeat([0, 1, 7, 30, 1000][random.below(5)])),
        Type::Enum(names) => Val::Enum(names[random.below(names.len())].clone()),
        Type::Flags(names) => {
            let mut flags = Vec::new();
            for name in names.iter().take(random.below(names.len() + 1)) {
                flags.push(name.clone());
            }
            Val::Flags(flags)
        }
        Type::List(element) => {
            // Grown, as wasmtime does it.
            let mut values = Vec::new();
            for _ in 0..[0, 1, 2, 5, 9][random.below(5)] {
                values.push(random_value(random, element));
            }
            Val::List(values)
        }
        Type::FixedLengthList(element, length) => {
            Val::FixedLengthList((0..*length).map(|_| random_value(random, element)).collect())
        }
        Type::Map(key, value) => {
            let entry = |_| (random_value(random, key), random_value(random, value));
            Val::Map((0..[0, 1, 3][usize::from(key.as_ref() == &Type::String)]).map(entry).collect())
        }
        Type::Option(payload) => Val::Option(if random.chance() { boxed(random, payload) } else { None }),
        Type::Result(ok, err) => Val::Result(match random.chance() {
            true => Ok(ok.as_ref().and_then(|ty| boxed(random, ty))),
            false => Err(err.as_ref().and_then(|ty| boxed(random, ty))),
        }),
        Type::Tuple(types) => Val::Tuple(types.iter().map(|ty| random_value(random, ty)).collect()),
        Type::Record(fields) => {
            let field = |field: &Field| (field.name.clone(), random_value(random, &field.ty));
            Val::Record(fields.iter().map(field).collect())
        }
        Type::Variant(cases) => {
            let case = &cases[random.below(cases.len())];
            Val::Variant(case.name.clone(), case.ty.as_ref().and_then(|ty| boxed(random, ty)))
        }
        other => panic!("no values of {other} are made"),
    }
}
