//! How values lie in memory and in parameters, by the canonical ABI.

use plugweave::Val;

use super::random::Random;
use super::types::{Body, Def, Prim, Shape, Ty};

/// As many core values are passed as parameters. More become a pointer to a record of all.
pub const MAX_FLAT_PARAMS: usize = 16;

/// A type of core WebAssembly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Core {
    I32,
    I64,
    F32,
    F64,
}

impl Core {
    /// As the text format writes it.
    pub fn wat(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// The type that holds values of both.
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (one, same) if one == same => one,
            (Self::I32, Self::F32) | (Self::F32, Self::I32) => Self::I32,
            _ => Self::I64,
        }
    }
}

/// A primitive type where it is passed by itself.
pub fn core(prim: Prim) -> Core {
    match prim {
        Prim::S64 | Prim::U64 => Core::I64,
        Prim::F32 => Core::F32,
        Prim::F64 => Core::F64,
        Prim::String
        | Prim::Bool
        | Prim::S8
        | Prim::U8
        | Prim::S16
        | Prim::U16
        | Prim::S32
        | Prim::U32
        | Prim::Char => Core::I32,
    }
}

/// The bytes of a case's number.
pub fn discriminant(cases: usize) -> usize {
    if cases <= 1 << 8 { 1 } else { 2 }
}

/// The bytes of flags.
pub fn flag_bytes(flags: usize) -> usize {
    match flags {
        0..=8 => 1,
        9..=16 => 2,
        _ => 4,
    }
}

/// The least multiple of `align` that is not below `at`.
pub fn align_to(at: usize, align: usize) -> usize {
    at.next_multiple_of(align)
}

/// How the payload of a case lies behind its number.
pub fn payload_at(cases: &[Option<&Ty>], defs: &[Def]) -> usize {
    let align = cases.iter().flatten().map(|ty| align(ty, defs)).max().unwrap_or(1);
    align_to(discriminant(cases.len()), align)
}

/// The alignment of a type.
pub fn align(ty: &Ty, defs: &[Def]) -> usize {
    match ty.shape(defs) {
        Shape::Prim(prim) => match prim {
            Prim::Bool | Prim::S8 | Prim::U8 => 1,
            Prim::S16 | Prim::U16 => 2,
            Prim::S32 | Prim::U32 | Prim::F32 | Prim::Char | Prim::String => 4,
            Prim::S64 | Prim::U64 | Prim::F64 => 8,
        },
        Shape::List(_) => 4,
        Shape::Fields(fields) => fields.iter().map(|ty| align(ty, defs)).max().unwrap_or(1),
        Shape::Cases(cases) => {
            let payloads = cases.iter().flatten().map(|ty| align(ty, defs)).max().unwrap_or(1);
            payloads.max(discriminant(cases.len()))
        }
        Shape::Bits(count) => flag_bytes(count),
    }
}

/// The bytes of a type.
pub fn size(ty: &Ty, defs: &[Def]) -> usize {
    let size_of = match ty.shape(defs) {
        Shape::Prim(Prim::String) | Shape::List(_) => 8,
        Shape::Prim(_) => align(ty, defs),
        Shape::Fields(fields) => offsets(&fields, defs).1,
        Shape::Cases(cases) => {
            let largest = cases.iter().flatten().map(|ty| size(ty, defs)).max().unwrap_or(0);
            payload_at(&cases, defs) + largest
        }
        Shape::Bits(count) => flag_bytes(count),
    };
    align_to(size_of, align(ty, defs))
}

/// Where values in a row lie, and where they end.
pub fn offsets(types: &[&Ty], defs: &[Def]) -> (Vec<usize>, usize) {
    let mut end = 0;
    let place = |ty: &&Ty| {
        let at = align_to(end, align(ty, defs));
        end = at + size(ty, defs);
        at
    };
    let offsets = types.iter().map(place).collect();
    (offsets, end)
}

/// The core values that a type becomes.
pub fn flat(ty: &Ty, defs: &[Def]) -> Vec<Core> {
    match ty.shape(defs) {
        Shape::Prim(Prim::String) | Shape::List(_) => vec![Core::I32, Core::I32],
        Shape::Prim(prim) => vec![core(prim)],
        Shape::Fields(fields) => fields.iter().flat_map(|ty| flat(ty, defs)).collect(),
        Shape::Bits(_) => vec![Core::I32],
        Shape::Cases(cases) => {
            let mut payload: Vec<Core> = Vec::new();
            for case in cases.into_iter().flatten() {
                for (index, core) in flat(case, defs).into_iter().enumerate() {
                    match payload.get_mut(index) {
                        Some(joined) => *joined = joined.join(core),
                        None => payload.push(core),
                    }
                }
            }
            payload.insert(0, Core::I32);
            payload
        }
    }
}

/// In which form a component keeps its strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Encoding {
    Utf8,
    Utf16,
    Latin1OrUtf16,
}

/// Where the bytes of strings begin that are laid out before a component runs.
pub const STRINGS: usize = 64;

/// Values that are laid out before a component runs.
pub struct Image<'a> {
    /// The bytes from `base` on: all but those of strings.
    pub bytes: Vec<u8>,
    /// The bytes of strings, which begin at `STRINGS`.
    pub strings: Vec<u8>,
    base: usize,
    defs: &'a [Def],
    encoding: Encoding,
}

impl<'a> Image<'a> {
    /// An empty one, for a place in memory.
    pub fn new(base: usize, defs: &'a [Def], encoding: Encoding) -> Self {
        Self { bytes: Vec::new(), strings: Vec::new(), base, defs, encoding }
    }

    /// Room for something, filled with what is no 0 and no case. Returns its address.
    pub fn reserve(&mut self, size: usize, align: usize) -> usize {
        let at = align_to(self.base + self.bytes.len(), align);
        self.bytes.resize(at + size - self.base, 0xAA);
        at
    }

    /// The bytes at an address.
    pub fn slice(&mut self, at: usize, size: usize) -> &mut [u8] {
        &mut self.bytes[at - self.base..][..size]
    }

    /// Lays a value out. Returns its address.
    pub fn place(&mut self, ty: &Ty, value: &Val, random: &mut Random) -> usize {
        let at = self.reserve(size(ty, self.defs), align(ty, self.defs));
        self.store(ty, value, at, random);
        at
    }

    fn number(&mut self, at: usize, bytes: usize, number: u64) {
        self.slice(at, bytes).copy_from_slice(&number.to_le_bytes()[..bytes]);
    }

    fn pointer(&mut self, at: usize, to: usize, length: usize) {
        self.number(at, 4, to as u64);
        self.number(at + 4, 4, length as u64);
    }

    #[allow(clippy::cast_sign_loss, reason = "the bits are what is wanted")]
    fn store(&mut self, ty: &Ty, value: &Val, at: usize, random: &mut Random) {
        match value {
            // Anything but 0 is true.
            Val::Bool(value) => self.number(at, 1, if *value { 1 + random.below(255) as u64 } else { 0 }),
            Val::S8(value) => self.number(at, 1, *value as u64),
            Val::U8(value) => self.number(at, 1, u64::from(*value)),
            Val::S16(value) => self.number(at, 2, *value as u64),
            Val::U16(value) => self.number(at, 2, u64::from(*value)),
            Val::S32(value) => self.number(at, 4, *value as u64),
            Val::U32(value) => self.number(at, 4, u64::from(*value)),
            Val::S64(value) => self.number(at, 8, *value as u64),
            Val::U64(value) => self.number(at, 8, *value),
            Val::Float32(value) => self.number(at, 4, u64::from(value.to_bits())),
            Val::Float64(value) => self.number(at, 8, value.to_bits()),
            Val::Char(value) => self.number(at, 4, u64::from(u32::from(*value))),
            Val::String(text) => self.string(text, at),
            Val::List(values) => {
                let Shape::List(element) = ty.shape(self.defs) else { panic!("{ty:?}") };
                let values: Vec<&Val> = values.iter().collect();
                self.list(&element, &values, at, random);
            }
            Val::Map(entries) => {
                let Shape::List(entry) = ty.shape(self.defs) else { panic!("{ty:?}") };
                let entries: Vec<Val> =
                    entries.iter().map(|(key, value)| Val::Tuple(vec![key.clone(), value.clone()])).collect();
                let entries: Vec<&Val> = entries.iter().collect();
                self.list(&entry, &entries, at, random);
            }
            Val::Tuple(values) | Val::FixedLengthList(values) => self.fields(ty, values.iter(), at, random),
            Val::Record(fields) => self.fields(ty, fields.iter().map(|(_, value)| value), at, random),
            Val::Option(value) => self.case(ty, usize::from(value.is_some()), value.as_deref(), at, random),
            Val::Result(Ok(value)) => self.case(ty, 0, value.as_deref(), at, random),
            Val::Result(Err(value)) => self.case(ty, 1, value.as_deref(), at, random),
            Val::Variant(name, value) => self.case(ty, self.index(ty, name), value.as_deref(), at, random),
            Val::Enum(name) => self.case(ty, self.index(ty, name), None, at, random),
            Val::Flags(names) => self.flags(ty, names, at, random),
            Val::Resource(_) => panic!("{value:?}"),
        }
    }

    fn string(&mut self, text: &str, at: usize) {
        let units = || text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let (bytes, length, align) = match self.encoding {
            Encoding::Utf8 => (text.as_bytes().to_vec(), text.len(), 1),
            Encoding::Utf16 => (units(), units().len() / 2, 2),
            Encoding::Latin1OrUtf16 => {
                let latin: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
                match latin {
                    Some(bytes) => (bytes.clone(), bytes.len(), 2),
                    None => (units(), (units().len() / 2) | (1 << 31), 2),
                }
            }
        };
        let to = align_to(STRINGS + self.strings.len(), align);
        self.strings.resize(to - STRINGS, 0xAA);
        self.strings.extend(bytes);
        self.pointer(at, to, length);
    }

    fn list(&mut self, element: &Ty, values: &[&Val], at: usize, random: &mut Random) {
        let stride = size(element, self.defs);
        let to = self.reserve(stride * values.len(), align(element, self.defs));
        self.pointer(at, to, values.len());
        for (index, value) in values.iter().enumerate() {
            self.store(element, value, to + index * stride, random);
        }
    }

    fn fields<'v>(&mut self, ty: &Ty, values: impl Iterator<Item = &'v Val>, at: usize, random: &mut Random) {
        let Shape::Fields(fields) = ty.shape(self.defs) else { panic!("{ty:?}") };
        let (offsets, _) = offsets(&fields, self.defs);
        for ((field, offset), value) in fields.into_iter().zip(offsets).zip(values) {
            self.store(field, value, at + offset, random);
        }
    }

    fn case(&mut self, ty: &Ty, index: usize, value: Option<&Val>, at: usize, random: &mut Random) {
        let Shape::Cases(cases) = ty.shape(self.defs) else { panic!("{ty:?}") };
        self.number(at, discriminant(cases.len()), index as u64);
        if let (Some(ty), Some(value)) = (cases[index], value) {
            self.store(ty, value, at + payload_at(&cases, self.defs), random);
        }
    }

    fn flags(&mut self, ty: &Ty, set: &[String], at: usize, random: &mut Random) {
        let names = self.names(ty);
        // The bits behind the last flag mean nothing.
        let mut bits = if names.len() < 32 { (random.below(1 << 32) as u64) << names.len() } else { 0 };
        for (index, name) in names.iter().enumerate() {
            bits |= u64::from(set.contains(name)) << index;
        }
        let bytes = flag_bytes(names.len());
        self.number(at, bytes, bits);
    }

    fn index(&self, ty: &Ty, name: &str) -> usize {
        self.names(ty).iter().position(|known| known == name).unwrap()
    }

    fn names(&self, ty: &Ty) -> Vec<String> {
        let Ty::Named(index) = ty else { panic!("{ty:?}") };
        match &self.defs[*index].body {
            Body::Enum(names) | Body::Flags(names) => names.clone(),
            Body::Variant(cases) => cases.iter().map(|(name, _)| name.clone()).collect(),
            Body::Record(_) => panic!("{ty:?}"),
        }
    }
}
