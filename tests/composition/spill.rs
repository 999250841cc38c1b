//! Code that brings values from parameters into memory and back.

use std::fmt::Write as _;

use super::layout::{Core, core, discriminant, flag_bytes, flat, offsets, payload_at};
use super::types::{Def, Prim, Shape, Ty};

/// Stores the parameters of a function, which are the core values of `record`, at `$params`.
pub fn spill(record: &Ty, defs: &[Def], have: &[Core]) -> String {
    let mut spill = Spill { defs, have, text: String::new() };
    spill.store(record, 0, 0);
    spill.text
}

struct Spill<'a> {
    defs: &'a [Def],
    have: &'a [Core],
    text: String,
}

impl Spill<'_> {
    /// Stores a type whose first core value is the local `from`. Returns the local behind its last.
    fn store(&mut self, ty: &Ty, at: usize, from: usize) -> usize {
        match ty.shape(self.defs) {
            Shape::Prim(Prim::String) | Shape::List(_) => {
                self.one("i32.store", Core::I32, at, from);
                self.one("i32.store", Core::I32, at + 4, from + 1);
                from + 2
            }
            Shape::Prim(prim) => self.one(store(prim), core(prim), at, from),
            Shape::Bits(count) => self.one(store_bytes(flag_bytes(count)), Core::I32, at, from),
            Shape::Fields(fields) => {
                let (offsets, _) = offsets(&fields, self.defs);
                fields.iter().zip(offsets).fold(from, |from, (field, offset)| self.store(field, at + offset, from))
            }
            Shape::Cases(cases) => {
                self.one(store_bytes(discriminant(cases.len())), Core::I32, at, from);
                let payload = at + payload_at(&cases, self.defs);
                for (index, case) in cases.iter().enumerate() {
                    let Some(case) = case else { continue };
                    let number = self.local(Core::I32, from);
                    writeln!(self.text, "    (if (i32.eq {number} (i32.const {index})) (then").unwrap();
                    self.store(case, payload, from + 1);
                    self.text += "    ))\n";
                }
                from + flat(ty, self.defs).len()
            }
        }
    }

    /// Stores one core value.
    fn one(&mut self, store: &str, want: Core, at: usize, from: usize) -> usize {
        let value = self.local(want, from);
        writeln!(self.text, "    ({store} offset={at} (local.get $params) {value})").unwrap();
        from + 1
    }

    /// A core value, which may be kept in a local of a type that has room for others too.
    fn local(&self, want: Core, from: usize) -> String {
        let value = format!("(local.get {from})");
        match (self.have[from], want) {
            (have, want) if have == want => value,
            (Core::I32, Core::F32) => format!("(f32.reinterpret_i32 {value})"),
            (Core::I64, Core::I32) => format!("(i32.wrap_i64 {value})"),
            (Core::I64, Core::F32) => format!("(f32.reinterpret_i32 (i32.wrap_i64 {value}))"),
            (Core::I64, Core::F64) => format!("(f64.reinterpret_i64 {value})"),
            (have, want) => panic!("no {want:?} is kept as {have:?}"),
        }
    }
}

fn store(prim: Prim) -> &'static str {
    match prim {
        Prim::Bool | Prim::S8 | Prim::U8 => "i32.store8",
        Prim::S16 | Prim::U16 => "i32.store16",
        Prim::S32 | Prim::U32 | Prim::Char | Prim::String => "i32.store",
        Prim::S64 | Prim::U64 => "i64.store",
        Prim::F32 => "f32.store",
        Prim::F64 => "f64.store",
    }
}

fn store_bytes(bytes: usize) -> &'static str {
    match bytes {
        1 => "i32.store8",
        2 => "i32.store16",
        _ => "i32.store",
    }
}

/// The instruction that loads a type of only one core value.
pub fn load(ty: &Ty, defs: &[Def]) -> &'static str {
    match ty.shape(defs) {
        Shape::Prim(prim) => match prim {
            Prim::Bool | Prim::U8 => "i32.load8_u",
            Prim::S8 => "i32.load8_s",
            Prim::U16 => "i32.load16_u",
            Prim::S16 => "i32.load16_s",
            Prim::S32 | Prim::U32 | Prim::Char | Prim::String => "i32.load",
            Prim::S64 | Prim::U64 => "i64.load",
            Prim::F32 => "f32.load",
            Prim::F64 => "f64.load",
        },
        Shape::Fields(fields) => load(fields[0], defs),
        Shape::Cases(cases) => load_bytes(discriminant(cases.len())),
        Shape::Bits(count) => load_bytes(flag_bytes(count)),
        Shape::List(_) => panic!("a list has two core values"),
    }
}

fn load_bytes(bytes: usize) -> &'static str {
    match bytes {
        1 => "i32.load8_u",
        2 => "i32.load16_u",
        _ => "i32.load",
    }
}

/// For each core value of a type, how to fill the bits of it that do not count; `$` stands for the value.
pub fn dirtied(ty: &Ty, defs: &[Def]) -> Vec<Option<String>> {
    let above = |bits: usize| (bits < 32).then(|| format!("(i32.or $ (i32.const {}))", -1_i64 << bits));
    match ty.shape(defs) {
        Shape::Prim(Prim::Bool) => vec![Some("(i32.shl $ (i32.const 8))".to_owned())],
        Shape::Prim(Prim::S8 | Prim::U8) => vec![above(8)],
        Shape::Prim(Prim::S16 | Prim::U16) => vec![above(16)],
        Shape::Bits(count) => vec![above(count)],
        Shape::Fields(fields) => fields.iter().flat_map(|ty| dirtied(ty, defs)).collect(),
        Shape::Prim(_) | Shape::List(_) | Shape::Cases(_) => vec![None; flat(ty, defs).len()],
    }
}
