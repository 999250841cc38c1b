//! What keeps a hostile file from taking the process down with it.
//!
//! `wasmparser` and the tools on top of it are written to refuse bad input with an error, but some ways around that
//! are known, and each is a file of a few kilobytes: type declarations inside type declarations are read by recursion
//! without a limit (the stack overflows, which aborts the process); instance types that name each other more than
//! 127 levels deep fail an assertion of the validator; changed bytes in embedded WIT fail one of its decoder.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasmparser::{BinaryReader, ComponentType, ComponentTypeDeclaration, Parser, Payload};

use super::WorldError;

/// How deep components, and type declarations, may stand inside each other. Tools nest three or four deep.
const MAX_NESTING: usize = 100;

/// The bytes that begin a component type and an instance type.
const NESTING_TYPES: [u8; 2] = [0x41, 0x42];

/// The byte that begins the declaration of a type inside a component or instance type.
const TYPE_DECLARATION: u8 = 0x01;

/// Refuses components, and type declarations, that are nested so deep that reading them could overflow the stack.
///
/// Says nothing about bytes that do not parse: the validator reads in the same order, so it stops where this
/// stops, no deeper.
pub(super) fn check_nesting(bytes: &[u8]) -> Result<(), WorldError> {
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        let too_deep = match payload {
            Ok(Payload::ComponentSection { .. } | Payload::ModuleSection { .. }) => {
                depth += 1;
                depth > MAX_NESTING
            }
            Ok(Payload::End(_)) => {
                depth = depth.saturating_sub(1);
                false
            }
            Ok(Payload::ComponentTypeSection(section)) => {
                let content = bytes.get(section.range()).unwrap_or_default();
                nested_too_deep(&mut BinaryReader::new(content, 0)).unwrap_or(false)
            }
            Ok(_) => false,
            Err(_) => break,
        };
        if too_deep {
            return Err(WorldError::Intricate(format!(
                "its components or types are nested more than {MAX_NESTING} deep"
            )));
        }
    }
    Ok(())
}

/// Whether one of the types of a section, given with their count in front, nests too deep. Never recurses.
fn nested_too_deep(reader: &mut BinaryReader<'_>) -> wasmparser::Result<bool> {
    // How many types or declarations are left to read at each level, the outermost first.
    let mut left = vec![reader.read_var_u32()?];
    while let Some(level) = left.last_mut() {
        let Some(rest) = level.checked_sub(1) else {
            left.pop();
            continue;
        };
        *level = rest;
        if left.len() > 1 {
            // Inside a component or instance type stand declarations, and only some declare types.
            if peek(reader)? != TYPE_DECLARATION {
                reader.read::<ComponentTypeDeclaration<'_>>()?;
                continue;
            }
            reader.read_u8()?;
        }
        if NESTING_TYPES.contains(&peek(reader)?) {
            reader.read_u8()?;
            left.push(reader.read_var_u32()?);
            if left.len() > MAX_NESTING {
                return Ok(true);
            }
        } else {
            reader.read::<ComponentType<'_>>()?;
        }
    }
    Ok(false)
}

fn peek(reader: &BinaryReader<'_>) -> wasmparser::Result<u8> {
    reader.clone().read_u8()
}

/// Runs a library that may fail an assertion on odd input; then the answer is `None`.
///
/// What `run` works on must not be used afterwards.
pub(super) fn catch<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}
