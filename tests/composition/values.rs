//! Random values of random types.

use plugweave::Val;

use super::random::Random;
use super::types::{Body, Def, Prim, Ty};

/// A random value of a type.
pub fn value(ty: &Ty, defs: &[Def], random: &mut Random) -> Val {
    let boxed = |ty: &Ty, random: &mut Random| Box::new(value(ty, defs, random));
    match ty {
        Ty::Prim(prim) => primitive(*prim, random),
        Ty::List(ty) => Val::List((0..length(random)).map(|_| value(ty, defs, random)).collect()),
        Ty::Fixed(ty, length) => Val::FixedLengthList((0..*length).map(|_| value(ty, defs, random)).collect()),
        Ty::Map(key, ty) => {
            let mut entries: Vec<(Val, Val)> = Vec::new();
            for _ in 0..length(random) {
                let key = primitive(*key, random);
                if entries.iter().all(|(known, _)| *known != key) {
                    entries.push((key, value(ty, defs, random)));
                }
            }
            Val::Map(entries)
        }
        Ty::Option(ty) => Val::Option((!random.percent(30)).then(|| boxed(ty, random))),
        Ty::Result(ok, err) => Val::Result(match random.percent(50) {
            true => Ok(ok.as_ref().map(|ty| boxed(ty, random))),
            false => Err(err.as_ref().map(|ty| boxed(ty, random))),
        }),
        Ty::Tuple(types) => Val::Tuple(types.iter().map(|ty| value(ty, defs, random)).collect()),
        Ty::Named(index) => match &defs[*index].body {
            Body::Record(fields) => {
                Val::Record(fields.iter().map(|(name, ty)| (name.clone(), value(ty, defs, random))).collect())
            }
            Body::Variant(cases) => {
                // The first few have the payloads.
                let among = if random.percent(80) { cases.len().min(5) } else { cases.len() };
                let (name, ty) = random.pick(&cases[..among]);
                Val::Variant(name, ty.map(|ty| boxed(&ty, random)))
            }
            Body::Enum(names) => Val::Enum(random.pick(names)),
            Body::Flags(names) => {
                let bits = bits(random);
                let set = names.iter().enumerate().filter(|(index, _)| bits >> index & 1 == 1);
                Val::Flags(set.map(|(_, name)| name.clone()).collect())
            }
        },
    }
}

fn length(random: &mut Random) -> usize {
    let longest = if random.percent(10) { 12 } else { 4 };
    random.below(longest)
}

/// Often an edge.
pub fn bits(random: &mut Random) -> u64 {
    match random.below(6) {
        0 => 0,
        1 => u64::MAX,
        2 => 1 << 63 | 1 << 31 | 1 << 15 | 1 << 7,
        _ => (random.below(1 << 32) as u64) << 32 | random.below(1 << 32) as u64,
    }
}

#[allow(clippy::cast_possible_truncation, reason = "some of the bits are what is wanted")]
fn primitive(prim: Prim, random: &mut Random) -> Val {
    let bits = bits(random);
    match prim {
        Prim::Bool => Val::Bool(bits & 1 == 1),
        Prim::S8 => Val::S8(bits as i8),
        Prim::U8 => Val::U8(bits as u8),
        Prim::S16 => Val::S16(bits as i16),
        Prim::U16 => Val::U16(bits as u16),
        Prim::S32 => Val::S32(bits as i32),
        Prim::U32 => Val::U32(bits as u32),
        Prim::S64 => Val::S64(bits as i64),
        Prim::U64 => Val::U64(bits),
        Prim::F32 => Val::Float32(f32::from_bits(bits as u32)),
        Prim::F64 => Val::Float64(f64::from_bits(bits)),
        Prim::Char => Val::Char(character(0x11_0000, random)),
        Prim::String => {
            // Where all characters are small ones, some encodings take a byte for each.
            let bound = random.pick(&[0x80, 0x100, 0x800, 0x1_0000, 0x11_0000]);
            Val::String((0..length(random) * 3).map(|_| character(bound, random)).collect())
        }
    }
}

fn character(bound: usize, random: &mut Random) -> char {
    let bound = random.pick(&[0x80, 0x100, 0x800, 0x1_0000, 0x11_0000]).min(bound);
    u32::try_from(random.below(bound)).ok().and_then(char::from_u32).unwrap_or('\u{d7ff}')
}
