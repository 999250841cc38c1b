use std::collections::HashMap;
use std::sync::Arc;

use super::{Tree, View, Weight, amount, block, own_memory};
use crate::model::{Case, Type};

/// A type, as far as the weight of its values goes.
#[derive(Debug)]
pub struct Shape {
    /// The bytes of a value in the canonical ABI, without what it points to.
    size: u64,
    align: u64,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// It points to nothing, neither in the canonical ABI nor as a `Val`.
    Flat,
    /// `enum`, `flags`: names as a `Val`.
    Named,
    Text,
    List(Arc<Shape>),
    FixedLengthList(Arc<Shape>),
    /// With the bytes of an entry.
    Map(Arc<Shape>, Arc<Shape>, u64),
    Parts(Vec<Arc<Shape>>),
    /// The cases whose payloads point to anything.
    Cases(HashMap<String, Arc<Shape>>),
    Option(Arc<Shape>),
    Result(Option<Arc<Shape>>, Option<Arc<Shape>>),
}

/// Bytes of a pointer and a length.
const POINTER_PAIR: (u64, u64) = (8, 4);

impl Shape {
    /// What one value weighs, its own place included.
    pub fn weigh<T: Tree>(&self, value: &T) -> Weight {
        let mut weight = Weight { abi: self.size, memory: amount(size_of::<T>()) };
        self.beneath(value, &mut weight);
        weight
    }

    /// What values weigh together that are the parts of this one: the arguments of a function.
    pub fn weigh_all<T: Tree>(&self, values: &[T]) -> Weight {
        let slots = block(amount(values.len()).saturating_mul(amount(size_of::<T>())));
        let mut weight = Weight { abi: self.size, memory: slots };
        self.parts(values.iter(), &mut weight);
        weight
    }

    /// The bytes beyond the value itself.
    fn beneath<T: Tree>(&self, value: &T, weight: &mut Weight) {
        if matches!(self.kind, Kind::Flat) {
            return;
        }
        weight.add(0, own_memory(value));
        match (&self.kind, value.view()) {
            (Kind::Text, View::Text(text)) => weight.add(amount(text.len()), 0),
            (Kind::List(element), View::Items(values)) => {
                weight.add(element.size.saturating_mul(amount(values.len())), 0);
                element.all(values, weight);
            }
            (Kind::FixedLengthList(element), View::Items(values)) => element.all(values, weight),
            (Kind::Map(key, value, entry), View::Entries(entries)) => {
                weight.add(entry.saturating_mul(amount(entries.len())), 0);
                for (k, v) in entries {
                    key.beneath(k, weight);
                    value.beneath(v, weight);
                }
            }
            (Kind::Parts(_), View::Items(values)) => self.parts(values.iter(), weight),
            (Kind::Parts(_), View::Fields(fields)) => self.parts(fields.iter().map(|(_, value)| value), weight),
            (Kind::Cases(cases), View::Case(name, Some(value))) => {
                if let Some(payload) = cases.get(name) {
                    payload.beneath(value, weight);
                }
            }
            (Kind::Option(payload), View::Maybe(Some(value)))
            | (Kind::Result(Some(payload), _), View::Answer(Ok(Some(value))))
            | (Kind::Result(_, Some(payload)), View::Answer(Err(Some(value)))) => payload.beneath(value, weight),
            // Names, cases without a payload, and what is not of this type, which is refused elsewhere.
            _ => {}
        }
    }

    fn all<T: Tree>(&self, values: &[T], weight: &mut Weight) {
        // Elements that point to nothing are not even looked at.
        if !matches!(self.kind, Kind::Flat) {
            values.iter().for_each(|value| self.beneath(value, weight));
        }
    }

    fn parts<'a, T: Tree + 'a>(&self, values: impl Iterator<Item = &'a T>, weight: &mut Weight) {
        if let Kind::Parts(parts) = &self.kind {
            parts.iter().zip(values).for_each(|(part, value)| part.beneath(value, weight));
        }
    }

    /// The size of a list's elements in the canonical ABI.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    #[cfg(test)]
    pub(super) fn align(&self) -> u64 {
        self.align
    }
}

/// Makes shapes. Equal parts are shared, because a type of a million nodes may have a hundred definitions.
#[derive(Default)]
pub struct Shapes {
    /// With the types, so that none is dropped and its address used again.
    known: HashMap<*const Type, (Arc<Type>, Arc<Shape>)>,
}

impl Shapes {
    /// The shape of a type.
    pub fn shape(&mut self, ty: &Arc<Type>) -> Arc<Shape> {
        if let Some((_, known)) = self.known.get(&Arc::as_ptr(ty)) {
            return known.clone();
        }
        let shape = Arc::new(self.make(ty));
        self.known.insert(Arc::as_ptr(ty), (ty.clone(), shape.clone()));
        shape
    }

    fn make(&mut self, ty: &Type) -> Shape {
        let flat = |size: u64| shape((size, size), Kind::Flat);
        match ty {
            Type::Bool | Type::S8 | Type::U8 => flat(1),
            Type::S16 | Type::U16 => flat(2),
            Type::S32 | Type::U32 | Type::F32 | Type::Char => flat(4),
            Type::Own(_) | Type::Borrow(_) | Type::Future(_) | Type::Stream(_) | Type::ErrorContext => flat(4),
            Type::S64 | Type::U64 | Type::F64 => flat(8),
            Type::String => shape(POINTER_PAIR, Kind::Text),
            Type::List(element) => shape(POINTER_PAIR, Kind::List(self.shape(element))),
            Type::FixedLengthList(element, length) => {
                let element = self.shape(element);
                let size = element.size.saturating_mul(u64::from(*length));
                shape((size, element.align), Kind::FixedLengthList(element))
            }
            Type::Map(key, value) => {
                let entry = self.entry_size(key, value);
                shape(POINTER_PAIR, Kind::Map(self.shape(key), self.shape(value), entry))
            }
            Type::Tuple(types) => self.parts(types.iter()),
            Type::Record(fields) => self.parts(fields.iter().map(|field| &field.ty)),
            Type::Enum(names) => shape(variant(names.len(), []), Kind::Named),
            Type::Flags(names) => shape(flags(names.len()), Kind::Named),
            Type::Option(payload) => {
                let payload = self.shape(payload);
                shape(variant(2, [&*payload]), Kind::Option(payload))
            }
            Type::Result(ok, err) => {
                let mut part = |ty: &Option<Arc<Type>>| ty.as_ref().map(|ty| self.shape(ty));
                let (ok, err) = (part(ok), part(err));
                shape(variant(2, ok.iter().chain(&err).map(|part| &**part)), Kind::Result(ok, err))
            }
            Type::Variant(cases) => {
                let named = |case: &Case| Some((case.name.clone(), self.shape(case.ty.as_ref()?)));
                let payloads: Vec<(String, Arc<Shape>)> = cases.iter().filter_map(named).collect();
                let layout = variant(cases.len(), payloads.iter().map(|(_, payload)| &**payload));
                let pointing = payloads.into_iter().filter(|(_, payload)| !matches!(payload.kind, Kind::Flat));
                shape(layout, Kind::Cases(pointing.collect()))
            }
        }
    }

    /// The size of a map's entry in the canonical ABI.
    pub(super) fn entry_size(&mut self, key: &Arc<Type>, value: &Arc<Type>) -> u64 {
        self.parts([key, value].into_iter()).size
    }

    /// The shape of values side by side.
    pub(super) fn parts<'a>(&mut self, types: impl Iterator<Item = &'a Arc<Type>>) -> Shape {
        let parts: Vec<Arc<Shape>> = types.map(|ty| self.shape(ty)).collect();
        let (mut size, mut align) = (0, 1);
        for part in &parts {
            size = aligned(size, part.align).saturating_add(part.size);
            align = part.align.max(align);
        }
        shape((aligned(size, align), align), Kind::Parts(parts))
    }
}

fn shape((size, align): (u64, u64), kind: Kind) -> Shape {
    Shape { size, align, kind }
}

fn aligned(offset: u64, align: u64) -> u64 {
    offset.div_ceil(align).saturating_mul(align)
}

/// Size and alignment of a value with one of so many cases.
fn variant<'a>(cases: usize, payloads: impl IntoIterator<Item = &'a Shape>) -> (u64, u64) {
    let discriminant = match cases {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    };
    let (mut size, mut align) = (0, 1);
    for payload in payloads {
        size = payload.size.max(size);
        align = payload.align.max(align);
    }
    let payload_at = aligned(discriminant, align);
    let align = align.max(discriminant);
    (aligned(payload_at.saturating_add(size), align), align)
}

fn flags(names: usize) -> (u64, u64) {
    match names {
        0..=8 => (1, 1),
        9..=16 => (2, 2),
        many => (amount(many.div_ceil(32)) * 4, 4),
    }
}
