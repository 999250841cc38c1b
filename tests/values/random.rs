//! Random types, and random values of them.

use plugweave::Val;

use crate::echo::{Case, arguments, echoed};
use crate::text::{name, names};

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        // The lower bits are the worse ones.
        ((self.next() >> 32) as usize) % bound
    }

    fn is_one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    /// Often an edge.
    fn bits(&mut self) -> u64 {
        match self.below(6) {
            0 => 0,
            1 => u64::MAX,
            2 => 1 << 63 | 1 << 31 | 1 << 15 | 1 << 7,
            _ => self.next(),
        }
    }
}

/// A random type. Those that WIT must name are their place among the definitions first.
#[derive(Clone)]
enum Ty {
    Primitive(&'static str),
    List(Box<Ty>),
    FixedLengthList(Box<Ty>, usize),
    Map(&'static str, Box<Ty>),
    Option(Box<Ty>),
    Result(Option<Box<Ty>>, Option<Box<Ty>>),
    Tuple(Vec<Ty>),
    Record(usize, Vec<Ty>),
    Variant(usize, Vec<Option<Ty>>),
    Enum(usize, usize),
    Flags(usize, usize),
}

const PRIMITIVES: [&str; 13] =
    ["string", "bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "char", "f32", "f64"];
/// As many of the primitive types may be keys of a map.
const KEYS: usize = 11;

/// Makes random types and collects the definitions that they need.
struct Types<'a> {
    random: &'a mut Random,
    definitions: Vec<(String, String)>,
}

impl Types<'_> {
    fn ty(&mut self, depth: usize) -> Ty {
        if depth == 0 {
            return Ty::Primitive(PRIMITIVES[self.random.below(PRIMITIVES.len())]);
        }
        match self.random.below(12) {
            0 => self.ty(0),
            1 | 2 => Ty::List(self.boxed(depth)),
            3 => Ty::FixedLengthList(self.boxed(depth), 1 + self.random.below(3)),
            4 => Ty::Map(PRIMITIVES[self.random.below(KEYS)], self.boxed(depth)),
            5 => Ty::Option(self.boxed(depth)),
            6 => Ty::Result(self.maybe(depth).map(Box::new), self.maybe(depth).map(Box::new)),
            7 => Ty::Tuple(self.several(depth)),
            8 => self.record(depth),
            9 => self.variant(depth),
            10 => {
                let count = [1, 2, 3, 255, 256, 257][self.random.below(6)];
                Ty::Enum(self.define("enum", names(count)), count)
            }
            _ => {
                let count = 1 + self.random.below(32);
                Ty::Flags(self.define("flags", names(count)), count)
            }
        }
    }

    fn boxed(&mut self, depth: usize) -> Box<Ty> {
        Box::new(self.ty(depth - 1))
    }

    fn maybe(&mut self, depth: usize) -> Option<Ty> {
        (!self.random.is_one_in(3)).then(|| self.ty(depth - 1))
    }

    fn several(&mut self, depth: usize) -> Vec<Ty> {
        (0..=self.random.below(4)).map(|_| self.ty(depth - 1)).collect()
    }

    fn record(&mut self, depth: usize) -> Ty {
        let fields = self.several(depth);
        let written = fields.iter().enumerate().map(|(index, ty)| format!("{}: {}", name(index), ty.wit()));
        Ty::Record(self.define("record", written.collect()), fields)
    }

    fn variant(&mut self, depth: usize) -> Ty {
        let cases: Vec<Option<Ty>> = (0..=self.random.below(4)).map(|_| self.maybe(depth)).collect();
        let written = cases.iter().enumerate().map(|(index, ty)| match ty {
            Some(ty) => format!("{}({})", name(index), ty.wit()),
            None => name(index),
        });
        Ty::Variant(self.define("variant", written.collect()), cases)
    }

    fn define(&mut self, kind: &str, members: Vec<String>) -> usize {
        let index = self.definitions.len();
        self.definitions.push((format!("t{index}"), format!("{kind} t{index} {{ {} }}", members.join(", "))));
        index
    }
}

impl Ty {
    fn wit(&self) -> String {
        match self {
            Self::Primitive(name) => (*name).to_owned(),
            Self::List(ty) => format!("list<{}>", ty.wit()),
            Self::FixedLengthList(ty, length) => format!("list<{}, {length}>", ty.wit()),
            Self::Map(key, ty) => format!("map<{key}, {}>", ty.wit()),
            Self::Option(ty) => format!("option<{}>", ty.wit()),
            Self::Result(None, None) => "result".to_owned(),
            Self::Result(Some(ok), None) => format!("result<{}>", ok.wit()),
            Self::Result(None, Some(err)) => format!("result<_, {}>", err.wit()),
            Self::Result(Some(ok), Some(err)) => format!("result<{}, {}>", ok.wit(), err.wit()),
            Self::Tuple(types) => format!("tuple<{}>", types.iter().map(Self::wit).collect::<Vec<_>>().join(", ")),
            Self::Record(name, _) | Self::Variant(name, _) | Self::Enum(name, _) | Self::Flags(name, _) => {
                format!("t{name}")
            }
        }
    }

    fn value(&self, random: &mut Random) -> Val {
        match self {
            Self::Primitive(name) => primitive(name, random),
            Self::List(ty) => Val::List((0..random.below(4)).map(|_| ty.value(random)).collect()),
            Self::FixedLengthList(ty, length) => Val::FixedLengthList((0..*length).map(|_| ty.value(random)).collect()),
            Self::Map(key, ty) => {
                let mut entries: Vec<(Val, Val)> = Vec::new();
                for _ in 0..random.below(4) {
                    let key = primitive(key, random);
                    if entries.iter().all(|(known, _)| *known != key) {
                        entries.push((key, ty.value(random)));
                    }
                }
                Val::Map(entries)
            }
            Self::Option(ty) => Val::Option((!random.is_one_in(3)).then(|| Box::new(ty.value(random)))),
            Self::Result(ok, err) => {
                let value =
                    |ty: &Option<Box<Self>>, random: &mut Random| ty.as_ref().map(|ty| Box::new(ty.value(random)));
                Val::Result(if random.is_one_in(2) { Ok(value(ok, random)) } else { Err(value(err, random)) })
            }
            Self::Tuple(types) => Val::Tuple(types.iter().map(|ty| ty.value(random)).collect()),
            Self::Record(_, types) => {
                let fields = types.iter().enumerate();
                Val::Record(fields.map(|(index, ty)| (name(index), ty.value(random))).collect())
            }
            Self::Variant(_, cases) => {
                let index = random.below(cases.len());
                Val::Variant(name(index), cases[index].as_ref().map(|ty| Box::new(ty.value(random))))
            }
            Self::Enum(_, count) => Val::Enum(name(random.below(*count))),
            Self::Flags(_, count) => {
                let bits = random.bits();
                Val::Flags((0..*count).filter(|index| bits >> index & 1 == 1).map(name).collect())
            }
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "some of the bits are what is wanted")]
fn primitive(name: &str, random: &mut Random) -> Val {
    let bits = random.bits();
    match name {
        "bool" => Val::Bool(bits & 1 == 1),
        "s8" => Val::S8(bits as i8),
        "u8" => Val::U8(bits as u8),
        "s16" => Val::S16(bits as i16),
        "u16" => Val::U16(bits as u16),
        "s32" => Val::S32(bits as i32),
        "u32" => Val::U32(bits as u32),
        "s64" => Val::S64(bits as i64),
        "u64" => Val::U64(bits),
        "f32" => Val::Float32(f32::from_bits(bits as u32)),
        "f64" => Val::Float64(f64::from_bits(bits)),
        "char" => Val::Char(random_char(random)),
        _ => Val::String((0..random.below(20)).map(|_| random_char(random)).collect()),
    }
}

fn random_char(random: &mut Random) -> char {
    let bound = [0x80, 0x800, 0x1_0000, 0x11_0000][random.below(4)];
    u32::try_from(random.below(bound)).ok().and_then(char::from_u32).unwrap_or('\u{d7ff}')
}

#[test]
fn random_values() {
    for seed in SEEDS {
        let mut random = Random(seed);
        let mut types = Types { random: &mut random, definitions: Vec::new() };
        let tys: Vec<Ty> = (0..200).map(|index| types.ty(1 + index % 4)).collect();
        let definitions = types.definitions;
        let case = |ty: &Ty| Case {
            ty: ty.wit(),
            values: (0..5).map(|_| arguments(ty.value(&mut random))).collect(),
            texts: Vec::new(),
        };
        let cases: Vec<Case> = tys.iter().map(case).collect();
        echoed(&definitions, &cases);
    }
}

/// Other numbers give other types and values.
const SEEDS: [u64; 3] = [0x5EED_0F00_D15C_0DE5, 0x0BAD_5EED, 1 << 63];
