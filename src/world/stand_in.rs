//! A core module without its bulk, which stands in for it while it is made a component.
//!
//! The encoder copies what it is given, five times at its peak, and validates it again. It needs of a module what it
//! imports and exports, and the WIT in it. So it gets that, with functions that do nothing and no data; and what was
//! left out is put back into the component that comes out.

use std::ops::Range;

use wasm_encoder::{Encode, Module, RawSection, SectionId};
use wasmparser::{BinaryReaderError, CustomSectionReader, Parser, Payload};

use super::WorldError;
use super::core::EMBEDDED_WIT;
use super::validate::invalid;

/// A function of any type, with its length: no locals, `unreachable`, `end`.
const FUNCTION: &[u8] = &[3, 0, 0, 0x0b];

/// A passive segment of functions with none in it.
const ELEMENTS: &[u8] = &[1, 0, 0];

/// A passive segment of data with none in it.
const DATA: &[u8] = &[1, 0];

/// The custom section that the encoder adds to.
const PRODUCERS: &str = "producers";

/// Bytes of such a section that the encoder is given. It takes some ten times the memory.
const MAX_PRODUCERS: usize = 64 << 10;

/// The stand-in of a module that is valid.
pub(super) fn of(module: &[u8]) -> Result<Vec<u8>, WorldError> {
    let mut light = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(invalid)?;
        match &payload {
            Payload::CustomSection(section) if is_passed(section) => {}
            Payload::CustomSection(_) => continue,
            _ => {}
        }
        let (unit, count) = match &payload {
            Payload::CodeSectionStart { count, .. } => (FUNCTION, *count),
            Payload::ElementSection(section) => (ELEMENTS, section.count()),
            Payload::DataSection(section) => (DATA, section.count()),
            payload => {
                if let Some((id, range)) = payload.as_section() {
                    light.section(&RawSection { id, data: module.get(range).unwrap_or_default() });
                }
                continue;
            }
        };
        let Some((id, _)) = payload.as_section() else { continue };
        let mut data = Vec::new();
        count.encode(&mut data);
        (0..count).for_each(|_| data.extend_from_slice(unit));
        light.section(&RawSection { id, data: &data });
    }
    Ok(light.finish())
}

/// The component that was made of a stand-in, with the module itself in its place: what the encoder made of the
/// sections that it was given, and the others as they are.
pub(super) fn replaced(component: &[u8], module: &[u8]) -> Result<Vec<u8>, WorldError> {
    let place = first_module(component)?;
    let light = component.get(place.clone()).unwrap_or_default();
    let mut length = 0_usize;
    put_together(light, module, |bytes| length += bytes.len())?;
    let before = component.get(..start_of(&place)).unwrap_or_default();
    let after = component.get(place.end..).unwrap_or_default();
    // Not a byte more: a vector that grows has twice as many.
    let mut whole = Vec::with_capacity(before.len() + 1 + LONGEST_NUMBER + length + after.len());
    whole.extend_from_slice(before);
    whole.push(CORE_MODULE);
    length.encode(&mut whole);
    put_together(light, module, |bytes| whole.extend_from_slice(bytes))?;
    whole.extend_from_slice(after);
    Ok(whole)
}

/// The id of a core module among the sections of a component.
const CORE_MODULE: u8 = 1;

/// Bytes that a length may take.
const LONGEST_NUMBER: usize = 5;

/// Whether the encoder is given a custom section.
fn is_passed(section: &CustomSectionReader<'_>) -> bool {
    section.name().starts_with(EMBEDDED_WIT) || section.name() == PRODUCERS && section.data().len() <= MAX_PRODUCERS
}

fn first_module(component: &[u8]) -> Result<Range<usize>, WorldError> {
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ModuleSection { unchecked_range, .. } = payload.map_err(invalid)? {
            return Ok(unchecked_range);
        }
    }
    Err(unlike())
}

/// Where a section begins that has this content. The encoder writes numbers in as few bytes as they take.
fn start_of(content: &Range<usize>) -> usize {
    let mut length = Vec::with_capacity(LONGEST_NUMBER);
    content.len().encode(&mut length);
    content.start.saturating_sub(1 + length.len())
}

/// The sections of the module in their order, for those that the encoder was given what it made of them.
fn put_together(light: &[u8], module: &[u8], mut put: impl FnMut(&[u8])) -> Result<(), WorldError> {
    put(&Module::HEADER);
    let mut made = Parser::new(0).parse_all(light).filter_map(|payload| section(payload, light).transpose());
    let mut custom = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(invalid)?;
        if let Payload::CustomSection(section) = &payload {
            if !is_passed(section) {
                put_section(SectionId::Custom as u8, module.get(section.range()).unwrap_or_default(), &mut put);
            }
            continue;
        }
        let Some((id, range)) = payload.as_section() else { continue };
        let (made_id, content) = loop {
            match made.next().ok_or_else(unlike)?.map_err(invalid)? {
                section if section.0 == SectionId::Custom as u8 => custom.push(section),
                section => break section,
            }
        };
        if made_id != id {
            return Err(unlike());
        }
        let is_bulk = [SectionId::Code, SectionId::Element, SectionId::Data].iter().any(|bulk| *bulk as u8 == id);
        put_section(id, if is_bulk { module.get(range).unwrap_or_default() } else { content }, &mut put);
    }
    for section in made {
        custom.push(section.map_err(invalid)?);
    }
    custom.into_iter().for_each(|(id, content)| put_section(id, content, &mut put));
    Ok(())
}

fn section<'a>(
    payload: Result<Payload<'_>, BinaryReaderError>,
    bytes: &'a [u8],
) -> Result<Option<(u8, &'a [u8])>, BinaryReaderError> {
    Ok(payload?.as_section().map(|(id, range)| (id, bytes.get(range).unwrap_or_default())))
}

fn put_section(id: u8, content: &[u8], put: &mut impl FnMut(&[u8])) {
    let mut head = Vec::with_capacity(1 + LONGEST_NUMBER);
    head.push(id);
    content.len().encode(&mut head);
    put(&head);
    put(content);
}

fn unlike() -> WorldError {
    WorldError::Componentize("the encoder gave back another module than it was given".to_owned())
}

#[cfg(test)]
mod tests {
    use wit_component::{StringEncoding, embed_component_metadata};
    use wit_parser::Resolve;

    use super::*;

    const MODULE: &str = r#"(module
      (@custom "first" (before first) "kept")
      (type (func)) (type (func (param i32 i64) (result f32)))
      (table 3 funcref) (memory 1) (global (mut i32) (i32.const 7))
      (export "f" (func 0))
      (elem (i32.const 0) func 0 1)
      (elem declare func 1)
      (func (type 0) (global.set 0 (i32.const 9)) (drop (ref.func 1)))
      (func (type 1) (local i64) (f32.const 2))
      (@custom "between" (before data) "kept too")
      (data (i32.const 8) "some data")
      (data "more of it"))"#;

    fn sections(module: &[u8]) -> Vec<(u8, &[u8])> {
        let mut found = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            found.extend(section(payload, module).unwrap());
        }
        found
    }

    fn without_custom(module: &[u8]) -> Vec<(u8, &[u8])> {
        sections(module).into_iter().filter(|(id, _)| *id != 0).collect()
    }

    #[test]
    fn a_stand_in_is_valid_and_has_no_bulk() {
        let module = wat::parse_str(MODULE).unwrap();
        let light = of(&module).unwrap();
        wasmparser::validate(&light).unwrap();
        assert!(!light.windows(4).any(|bytes| [b"some", b"more", b"kept"].contains(&bytes.try_into().unwrap())));
        let ids = |module| without_custom(module).iter().map(|(id, _)| *id).collect::<Vec<_>>();
        assert_eq!(ids(&light), ids(&module));
    }

    /// The component has what the encoder makes of the module itself, but for the place of custom sections.
    #[test]
    fn what_comes_out_is_what_the_encoder_makes_of_the_module() {
        let mut module = wat::parse_str(MODULE).unwrap();
        let mut resolve = Resolve::default();
        let package = resolve.push_str("t.wit", "package t:t; world w { export f: func(); }").unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        let encode =
            |module: &[u8]| wit_component::ComponentEncoder::default().module(module).unwrap().encode().unwrap();
        let whole = encode(&module);
        let made = replaced(&encode(&of(&module).unwrap()), &module).unwrap();
        let module_in = |component: &[u8]| component[first_module(component).unwrap()].to_vec();
        let (whole_module, made_module) = (module_in(&whole), module_in(&made));
        assert_eq!(without_custom(&made_module), without_custom(&whole_module));
        let sorted = |module| {
            let mut sections = sections(module);
            sections.sort_unstable();
            sections
        };
        assert_eq!(sorted(&made_module), sorted(&whole_module));
        let outside = |component: &[u8]| {
            let place = first_module(component).unwrap();
            [&component[..start_of(&place)], &component[place.end..]].concat()
        };
        assert_eq!(outside(&made), outside(&whole));
        super::super::read_component(&made).unwrap();
        assert_eq!(made.len(), whole.len());
    }

    #[test]
    fn large_producers_are_kept_as_they_are() {
        let names: Vec<String> = (0..5_000).map(|number| format!("tool-with-a-name-{number}")).collect();
        let mut content = vec![1, 8];
        content.extend(b"language");
        names.len().encode(&mut content);
        for name in &names {
            name.as_str().encode(&mut content);
            content.extend([1, b'1']);
        }
        let mut module = Module::new();
        module.section(&wasm_encoder::CustomSection { name: PRODUCERS.into(), data: (&content).into() });
        let module = module.finish();
        assert!(of(&module).unwrap().len() < 100);
        let mut put = Vec::new();
        put_together(&of(&module).unwrap(), &module, |bytes| put.extend_from_slice(bytes)).unwrap();
        assert_eq!(put, module);
    }
}
