//! Memory of a plugin that holds as much of a type as fits in few bytes: lists share their elements, so that lists of
//! lists are longer than any memory.

use std::collections::HashMap;
use std::sync::Arc;

use wit_component::StringEncoding;

use super::generate::Random;
use crate::call::weight::{Shapes, amount};
use crate::model::{Case, Type};

/// Where the image begins in the plugin's memory.
pub(super) const BASE: usize = 1024;

/// Bytes of each string and of the elements of each type of list, about.
const REGION: usize = 4096;

pub(super) struct Image {
    pub(super) bytes: Vec<u8>,
    random: Random,
    shapes: Shapes,
    encoding: StringEncoding,
    /// Where the elements of a type are, and how many.
    regions: HashMap<(*const Type, usize), (usize, usize)>,
    text: usize,
}

fn aligned(at: usize, align: usize) -> usize {
    at.div_ceil(align) * align
}

impl Image {
    pub(super) fn new(seed: u64, encoding: StringEncoding) -> Self {
        let (random, shapes) = (Random::new(seed), Shapes::default());
        let mut image = Self { bytes: Vec::new(), random, shapes, encoding, regions: HashMap::new(), text: 0 };
        image.text = image.reserve(REGION, 8);
        // What becomes longest in UTF-8: three bytes of two, two of one, one of one.
        let unit: &[u8] = match encoding {
            StringEncoding::UTF8 => b"aa",
            StringEncoding::UTF16 => &[0, 0x4e],
            StringEncoding::CompactUTF16 => &[0xe9, 0xe9],
        };
        for (place, byte) in image.bytes.iter_mut().enumerate() {
            *byte = unit[place % 2];
        }
        image
    }

    /// A value at a place of its own.
    pub(super) fn value(&mut self, ty: &Arc<Type>) -> usize {
        let (size, align) = self.layout(ty);
        let at = self.reserve(size, align);
        self.write(ty, at);
        at + BASE
    }

    fn layout(&mut self, ty: &Arc<Type>) -> (usize, usize) {
        let shape = self.shapes.shape(ty);
        (usize::try_from(shape.size()).unwrap(), usize::try_from(shape.align()).unwrap())
    }

    fn reserve(&mut self, size: usize, align: usize) -> usize {
        let at = aligned(self.bytes.len(), align);
        self.bytes.resize(at + size, 0);
        at
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn pair(&mut self, at: usize, pointer: usize, length: usize) {
        self.put(at, &u32::try_from(pointer + BASE).unwrap().to_le_bytes());
        self.put(at + 4, &u32::try_from(length).unwrap().to_le_bytes());
    }

    fn length(&mut self, most: usize) -> usize {
        let few = [0, 1, 4, 5, 17][self.random.below(5)];
        if self.random.below(2) == 0 { most } else { few.min(most) }
    }

    fn write(&mut self, ty: &Arc<Type>, at: usize) {
        match &**ty {
            Type::Bool | Type::U8 => self.put(at, &[1]),
            Type::S16 | Type::U16 => self.put(at, &[1, 0]),
            Type::Char => self.put(at, &[b'x', 0, 0, 0]),
            Type::F64 => {}
            Type::String => {
                let width = if matches!(self.encoding, StringEncoding::UTF16) { 2 } else { 1 };
                let length = self.length(REGION / width);
                self.pair(at, self.text, length);
            }
            Type::List(element) => {
                let (place, most) = self.region(element, &[element]);
                let length = self.length(most);
                self.pair(at, place, length);
            }
            Type::Map(key, value) => {
                let (place, most) = self.region(ty, &[key, value]);
                let length = self.length(most);
                self.pair(at, place, length);
            }
            Type::FixedLengthList(element, length) => {
                let (size, _) = self.layout(element);
                (0..usize::try_from(*length).unwrap()).for_each(|place| self.write(element, at + place * size));
            }
            Type::Tuple(types) => self.parts(&types.iter().collect::<Vec<_>>(), at),
            Type::Record(fields) => self.parts(&fields.iter().map(|field| &field.ty).collect::<Vec<_>>(), at),
            Type::Enum(names) => {
                let case = u8::try_from(self.random.below(names.len())).unwrap();
                self.put(at, &[case]);
            }
            Type::Flags(names) => {
                let (size, _) = self.layout(ty);
                let all = [[0xff; 4], [1, 0, 0, 0], [0x1f, 0, 0, 0]][self.random.below(3)];
                assert!(names.len() <= 32);
                self.put(at, &all[..size]);
            }
            Type::Option(payload) => self.case(&[None, Some(payload)], at),
            Type::Result(ok, err) => self.case(&[ok.as_ref(), err.as_ref()], at),
            Type::Variant(cases) => {
                self.case(&cases.iter().map(|case: &Case| case.ty.as_ref()).collect::<Vec<_>>(), at);
            }
            other => panic!("no {other} is written"),
        }
    }

    fn parts(&mut self, types: &[&Arc<Type>], at: usize) {
        let mut offset = at;
        for ty in types {
            let (size, align) = self.layout(ty);
            offset = aligned(offset - at, align) + at;
            self.write(ty, offset);
            offset += size;
        }
    }

    fn case(&mut self, payloads: &[Option<&Arc<Type>>], at: usize) {
        let case = self.random.below(payloads.len());
        self.put(at, &[u8::try_from(case).unwrap()]);
        let align = payloads.iter().flatten().map(|ty| self.layout(ty).1).max().unwrap_or(1);
        if let Some(ty) = payloads[case] {
            self.write(ty, at + aligned(1, align));
        }
    }

    /// The elements that all lists of a type share: tuples of these types.
    fn region(&mut self, of: &Arc<Type>, types: &[&Arc<Type>]) -> (usize, usize) {
        if let Some(known) = self.regions.get(&(Arc::as_ptr(of), types.len())) {
            return *known;
        }
        let tuple = Arc::new(Type::Tuple(types.iter().map(|ty| (*ty).clone()).collect()));
        let (size, align) = self.layout(&tuple);
        let count = (REGION / size).clamp(1, REGION);
        let place = self.reserve(size * count, align);
        self.regions.insert((Arc::as_ptr(of), types.len()), (place, count));
        (0..count).for_each(|element| self.parts(types, place + element * size));
        (place, count)
    }

    /// The image as text of a data segment.
    pub(super) fn data(&self) -> String {
        assert!(amount(self.bytes.len()) < 4 << 20);
        self.bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
    }
}
