//! How much wasmtime may charge while it makes `Val`s of what a plugin passes, so that they stay within a bound.
//!
//! wasmtime lifts before any code of ours runs, and charges as it goes: the place of each `Val`, the bytes of strings
//! and of names. It does not charge what vectors hold in reserve, the `String`s that names become, and what the
//! allocator adds. So the charge that it is given is the bound divided by the worst ratio that values of the types can
//! have between the two.

use std::collections::HashMap;
use std::sync::Arc;

use wasmtime::component::Val;

use super::{MOST_VALUE_MEMORY, Shape, Shapes, amount, block};
use crate::model::{FuncType, Type};

/// Why lifting ends where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiftBound {
    /// More would take more than [`MOST_VALUE_MEMORY`].
    Memory,
    /// More would be more than `hostcall-bytes`.
    HostcallBytes,
}

/// How much wasmtime may charge for one crossing, and what that stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifting {
    /// The charge.
    pub fuel: u64,
    /// What it stands for.
    pub bound: LiftBound,
}

/// What wasmtime may charge for the values of some types, for each of the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifts {
    memory: u64,
    /// Values that are so many bytes in the canonical ABI are never charged more.
    hostcall_bytes: u64,
}

impl Lifts {
    /// No values. What is passed without becoming `Val`s, as to WASI, is charged by its own bytes.
    pub fn none(hostcall_bytes: u64) -> Self {
        Self { memory: MOST_VALUE_MEMORY, hostcall_bytes }
    }

    /// Values that are lifted in the same store, and nobody knows beforehand which.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { memory: self.memory.min(other.memory), hostcall_bytes: self.hostcall_bytes.max(other.hostcall_bytes) }
    }

    /// As [`Lifts::or`], but for values that may as well be passed as something else, charged by its own bytes.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self { memory: self.memory.min(other.memory), ..self }
    }

    /// The lower of the two bounds.
    pub fn lifting(self) -> Lifting {
        if self.hostcall_bytes <= self.memory {
            Lifting { fuel: self.hostcall_bytes, bound: LiftBound::HostcallBytes }
        } else {
            Lifting { fuel: self.memory, bound: LiftBound::Memory }
        }
    }
}

/// What a `Val` takes in a list, and what wasmtime charges for it there.
const PLACE: u64 = size_of::<Val>() as u64;

/// A field of a record.
const FIELD: u64 = size_of::<(String, Val)>() as u64;

/// An entry of a map.
const ENTRY: u64 = size_of::<(Val, Val)>() as u64;

/// The name of a flag.
const NAME: u64 = size_of::<String>() as u64;

/// The bytes of UTF-8 that one byte of a string in a plugin's memory can become, with what its `String` holds in
/// reserve: two bytes of UTF-16 are up to three, and twice that while they grow.
const GROWTH_OF_TEXT: i64 = 3;

/// The bytes in a plugin's memory that are one byte of UTF-8, at most: UTF-16 has two for each ASCII character.
const WIDTH_OF_TEXT: i64 = 2;

/// More than any allocation of a string takes beyond its bytes.
const ROUNDING: i64 = 32;

/// Values that take no more memory than this, whatever they are, are not weighed at each call.
const LIGHT: i64 = 64 << 10;

/// Ratios are whole numbers of sixteenths.
const UNIT: i64 = 16;

/// No type has a worse ratio. Of memory to charge the worst are `Val`s of 32 flags with short names, of charge to bytes
/// those with long ones.
const WORST_RATIO: i64 = 1 << 40;

/// A vector without a known length grows from four elements by doubling.
fn grown(elements: u64) -> u64 {
    const FIRST: u64 = 4;
    if elements == 0 { 0 } else { elements.checked_next_power_of_two().unwrap_or(u64::MAX).max(FIRST) }
}

fn vector(elements: u64, size: u64) -> u64 {
    block(grown(elements).saturating_mul(size))
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// What is made as large as possible over all values of a type: a sum of what they take of memory, what wasmtime
/// charges for them, and their bytes in the canonical ABI, each times a factor.
struct Worst<'a> {
    memory: i64,
    charged: i64,
    abi: i64,
    shapes: &'a mut Shapes,
    known: HashMap<*const Type, Option<i64>>,
}

impl<'a> Worst<'a> {
    fn new(shapes: &'a mut Shapes, memory: i64, charged: i64, abi: i64) -> Self {
        Self { memory, charged, abi, shapes, known: HashMap::new() }
    }

    fn sum(&self, memory: u64, charged: u64, abi: u64) -> i64 {
        let memory = self.memory.saturating_mul(signed(memory));
        let charged = self.charged.saturating_mul(signed(charged));
        memory.saturating_add(charged).saturating_add(self.abi.saturating_mul(signed(abi)))
    }

    /// The sum for the worst value, without its own place and its own bytes in the canonical ABI. Nothing where there
    /// is no worst one.
    fn of(&mut self, ty: &Arc<Type>) -> Option<i64> {
        if let Some(known) = self.known.get(&Arc::as_ptr(ty)) {
            return *known;
        }
        let worst = self.find(ty);
        self.known.insert(Arc::as_ptr(ty), worst);
        worst
    }

    fn find(&mut self, ty: &Type) -> Option<i64> {
        match ty {
            Type::Bool
            | Type::S8
            | Type::U8
            | Type::S16
            | Type::U16
            | Type::S32
            | Type::U32
            | Type::S64
            | Type::U64
            | Type::F32
            | Type::F64
            | Type::Char
            | Type::ErrorContext
            | Type::Own(_)
            | Type::Borrow(_)
            | Type::Future(_)
            | Type::Stream(_) => Some(0),
            Type::String => self.text(),
            Type::List(element) => self.list(element),
            Type::Map(key, value) => self.map(key, value),
            Type::FixedLengthList(element, length) => {
                let length = u64::from(*length);
                let elements = self.of(element)?.saturating_mul(signed(length));
                Some(elements.saturating_add(self.sum(vector(length, PLACE), length.saturating_mul(PLACE), 0)))
            }
            Type::Tuple(types) => {
                let length = amount(types.len());
                self.all(types.iter(), self.sum(vector(length, PLACE), length.saturating_mul(PLACE), 0))
            }
            Type::Record(fields) => {
                let length = amount(fields.len());
                let places = self.sum(vector(length, FIELD), length.saturating_mul(PLACE), 0);
                let names = fields.iter().map(|field| self.name(&field.name)).fold(places, i64::saturating_add);
                self.all(fields.iter().map(|field| &field.ty), names)
            }
            Type::Variant(cases) => {
                let mut worst = i64::MIN;
                for case in cases {
                    let payload = case.ty.as_ref().map_or(Some(0), |ty| self.boxed(ty))?;
                    worst = worst.max(self.name(&case.name).saturating_add(payload));
                }
                Some(worst)
            }
            Type::Enum(names) => Some(names.iter().map(|name| self.name(name)).max().unwrap_or(0)),
            Type::Flags(names) => Some(self.flags(names)),
            Type::Option(payload) => Some(self.boxed(payload)?.max(0)),
            Type::Result(ok, err) => {
                let mut part = |ty: &Option<Arc<Type>>| ty.as_ref().map_or(Some(0), |ty| self.boxed(ty));
                Some(part(ok)?.max(part(err)?))
            }
        }
    }

    fn all<'t>(&mut self, types: impl Iterator<Item = &'t Arc<Type>>, sum: i64) -> Option<i64> {
        let mut sum = sum;
        for ty in types {
            sum = sum.saturating_add(self.of(ty)?);
        }
        Some(sum)
    }

    fn name(&self, name: &str) -> i64 {
        let length = amount(name.len());
        self.sum(block(length), length, 0)
    }

    fn boxed(&mut self, ty: &Arc<Type>) -> Option<i64> {
        Some(self.of(ty)?.saturating_add(self.sum(block(PLACE), PLACE, 0)))
    }

    /// Each number of flags, those with the worst names first.
    fn flags(&self, names: &[String]) -> i64 {
        let mut each: Vec<i64> = names.iter().map(|name| self.name(name)).collect();
        each.sort_unstable_by_key(|sum| std::cmp::Reverse(*sum));
        let (mut worst, mut sum) = (0, 0_i64);
        for (count, name) in (1..).zip(each) {
            sum = sum.saturating_add(name);
            worst = worst.max(sum.saturating_add(self.sum(vector(count, NAME), 0, 0)));
        }
        worst
    }

    fn text(&self) -> Option<i64> {
        let each = [
            // All of it becomes as long as it can.
            self.memory.saturating_mul(GROWTH_OF_TEXT).saturating_add(self.charged).saturating_add(self.abi),
            // All of it is as wide as it can be.
            self.charged.saturating_mul(WIDTH_OF_TEXT).saturating_add(self.abi),
        ];
        each.iter().all(|sum| *sum <= 0).then(|| self.memory.saturating_mul(ROUNDING))
    }

    fn list(&mut self, element: &Arc<Type>) -> Option<i64> {
        let beneath = self.of(element)?;
        let size = self.shapes.shape(element).size();
        // A vector that grows has less than twice the room that it needs, once it is longer than the first time.
        let each = beneath.saturating_add(self.sum(2 * PLACE, PLACE, size));
        if each > 0 {
            return None;
        }
        let of = |length: u64| {
            let places = self.sum(vector(length, PLACE), length * PLACE, length.saturating_mul(size));
            places.saturating_add(beneath.saturating_mul(signed(length)))
        };
        Some(of(1).max(of(4)).max(self.memory.saturating_mul(ROUNDING)))
    }

    fn map(&mut self, key: &Arc<Type>, value: &Arc<Type>) -> Option<i64> {
        let size = self.shapes.entry_size(key, value);
        let beneath = self.of(key)?.saturating_add(self.of(value)?);
        let each = beneath.saturating_add(self.sum(ENTRY, ENTRY, size));
        (each <= 0).then(|| self.memory.saturating_mul(ROUNDING))
    }
}

/// Values of these types, side by side.
fn worst_of(worst: &mut Worst<'_>, types: &[&Arc<Type>]) -> Option<i64> {
    // wasmtime puts arguments and results into one vector, and charges neither.
    let places = worst.sum(vector(amount(types.len()) + 1, PLACE), 0, 0);
    worst.all(types.iter().copied(), places)
}

/// About the least ratio for which there is a worst value, and the sum for that.
fn least(mut worst: impl FnMut(i64) -> Option<i64>) -> Option<(i64, i64)> {
    let (mut low, mut high) = (UNIT, UNIT);
    let mut found = loop {
        match worst(high) {
            Some(sum) => break (high, sum),
            None if high > WORST_RATIO => return None,
            None => (low, high) = (high, high * 2),
        }
    };
    while high - low > low / UNIT {
        let middle = low + (high - low) / 2;
        match worst(middle) {
            Some(sum) => {
                found = (middle, sum);
                high = middle;
            }
            None => low = middle,
        }
    }
    Some(found)
}

impl Shapes {
    /// The shape of a function's arguments; nothing where they are too small to be weighed.
    pub fn arguments(&mut self, ty: &FuncType) -> Option<Arc<Shape>> {
        let types: Vec<&Arc<Type>> = ty.params.iter().map(|param| &param.ty).collect();
        self.is_heavy(&types).then(|| Arc::new(self.parts(types.into_iter())))
    }

    /// The shape of a function's result; nothing where it is too small to be weighed.
    pub fn result(&mut self, ty: &FuncType) -> Option<Arc<Shape>> {
        let result = ty.result.as_ref()?;
        self.is_heavy(&[result]).then(|| self.shape(result))
    }

    fn is_heavy(&mut self, types: &[&Arc<Type>]) -> bool {
        worst_of(&mut Worst::new(self, 1, 0, 0), types).is_none_or(|most| most > LIGHT)
    }

    /// What wasmtime may charge for the arguments that a plugin passes to a function.
    pub fn lifts_of_arguments(&mut self, ty: &FuncType, hostcall_bytes: u64) -> Lifts {
        let types: Vec<&Arc<Type>> = ty.params.iter().map(|param| &param.ty).collect();
        self.lifts(&types, MOST_VALUE_MEMORY, hostcall_bytes)
    }

    /// What wasmtime may charge for the result of a function.
    pub fn lifts_of_result(&mut self, ty: &FuncType, hostcall_bytes: u64) -> Lifts {
        let types: Vec<&Arc<Type>> = ty.result.iter().collect();
        self.lifts(&types, MOST_VALUE_MEMORY, hostcall_bytes)
    }

    pub(super) fn lifts(&mut self, types: &[&Arc<Type>], most: u64, hostcall_bytes: u64) -> Lifts {
        let memory = least(|ratio| worst_of(&mut Worst::new(self, UNIT, -ratio, 0), types));
        // A ratio that is a little worse may leave less to chance: what single values take beyond it.
        let memory = memory.map_or(0, |(ratio, sum)| {
            let next = ratio.saturating_add(ratio / 4);
            let other = worst_of(&mut Worst::new(self, UNIT, -next, 0), types);
            let fuel = |ratio: i64, sum: i64| signed(most).saturating_mul(UNIT).saturating_sub(sum).max(0) / ratio;
            fuel(ratio, sum).max(other.map_or(0, |sum| fuel(next, sum)))
        });
        let charged = least(|ratio| worst_of(&mut Worst::new(self, 0, UNIT, -ratio), types));
        let charged = charged.map_or(u64::MAX, |(ratio, sum)| {
            let ratio = u64::try_from(ratio).unwrap_or(u64::MAX);
            let beyond = u64::try_from(sum.max(0)).unwrap_or(u64::MAX);
            let unit = UNIT.unsigned_abs();
            hostcall_bytes.saturating_mul(ratio).saturating_add(beyond).div_ceil(unit).max(hostcall_bytes)
        });
        Lifts { memory: memory.unsigned_abs(), hostcall_bytes: charged }
    }
}
