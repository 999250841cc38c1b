//! What keeps a hostile file from taking the process down with it.
//!
//! `wasmparser` and the tools on top of it are written to refuse bad input with an error, but some ways around that
//! are known, and each is a file of a few kilobytes: type declarations inside type declarations are read by recursion
//! without a limit (the stack overflows, which aborts the process); instance types that name each other more than
//! 127 levels deep fail an assertion of the validator; changed bytes in embedded WIT fail one of its decoder. Others
//! declare so much that those who read it take a hundred times the memory of the file.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasmparser::{BinaryReader, BinaryReaderError, ComponentType, ComponentTypeDeclaration, Parser, Payload};

use super::WorldError;
use super::declared::{Declared, of_declaration, of_type};
use super::type_sizes::{self, Scopes};
use super::weight::Over;

/// How deep components, and type declarations, may stand inside each other. Tools nest three or four deep.
const MAX_NESTING: usize = 100;

/// The bytes that begin a component type and an instance type.
const NESTING_TYPES: [u8; 2] = [0x41, 0x42];

/// The byte that begins the declaration of a type inside a component or instance type.
const TYPE_DECLARATION: u8 = 0x01;

/// Refuses components, and type declarations, that are nested so deep that reading them could overflow the stack, and
/// too many declarations. Else answers how many there are.
///
/// Says nothing about bytes that do not parse: the validator reads in the same order, so it stops where this
/// stops, no deeper.
pub(super) fn check_declared(bytes: &[u8]) -> Result<Declared, WorldError> {
    let mut depth = 0_usize;
    let mut declared = Declared::default();
    // The types of the components that are open, and of the modules none.
    let mut scopes = Scopes::default();
    scopes.begin();
    let over = |over: Over| WorldError::Costly(over.of(None));
    for payload in Parser::new(0).parse_all(bytes) {
        let too_deep = match payload {
            Ok(Payload::ComponentSection { .. } | Payload::ModuleSection { .. }) => {
                depth += 1;
                scopes.begin();
                depth > MAX_NESTING
            }
            Ok(Payload::End(_)) => {
                depth = depth.saturating_sub(1);
                scopes.end();
                false
            }
            Ok(Payload::ComponentTypeSection(section)) => {
                declared.add_section(&Payload::ComponentTypeSection(section.clone())).map_err(over)?;
                let content = bytes.get(section.range()).unwrap_or_default();
                match read_types(&mut BinaryReader::new(content, 0), &mut declared, &mut scopes) {
                    Err(Stop::Over(found)) => return Err(over(found)),
                    Err(Stop::TooDeep) => true,
                    Ok(()) | Err(Stop::Broken) => false,
                }
            }
            Ok(payload) => {
                declared.add_section(&payload).map_err(over)?;
                type_sizes::add_section(&payload, &mut scopes, &mut declared).map_err(over)?;
                false
            }
            Err(_) => break,
        };
        if too_deep {
            return Err(WorldError::Intricate(format!(
                "its components or types are nested more than {MAX_NESTING} deep"
            )));
        }
    }
    Ok(declared)
}

/// Why the types of a section are read no further.
enum Stop {
    Broken,
    TooDeep,
    Over(Over),
}

impl From<BinaryReaderError> for Stop {
    fn from(_: BinaryReaderError) -> Self {
        Self::Broken
    }
}

impl From<Over> for Stop {
    fn from(over: Over) -> Self {
        Self::Over(over)
    }
}

/// Counts the types of a section, given with their count in front. Never recurses.
fn read_types(reader: &mut BinaryReader<'_>, declared: &mut Declared, scopes: &mut Scopes) -> Result<(), Stop> {
    // How many types or declarations are left to read at each level, the outermost first.
    let mut left = vec![reader.read_var_u32()?];
    // How much was declared when each level began.
    let mut starts = vec![0];
    while let Some(level) = left.last_mut() {
        let Some(rest) = level.checked_sub(1) else {
            left.pop();
            let start = starts.pop().unwrap_or_default();
            if !left.is_empty() {
                scopes.end();
                type_sizes::define(scopes, declared.by_components - start);
            }
            continue;
        };
        *level = rest;
        if left.len() > 1 {
            // Inside a component or instance type stand declarations, and only some declare types.
            if peek(reader)? != TYPE_DECLARATION {
                let declaration = reader.read::<ComponentTypeDeclaration<'_>>()?;
                declared.add(of_declaration(&declaration))?;
                type_sizes::add_declaration(&declaration, scopes, declared)?;
                continue;
            }
            reader.read_u8()?;
        }
        if NESTING_TYPES.contains(&peek(reader)?) {
            reader.read_u8()?;
            left.push(reader.read_var_u32()?);
            starts.push(declared.by_components);
            scopes.begin();
            declared.add(1)?;
            if left.len() > MAX_NESTING {
                return Err(Stop::TooDeep);
            }
        } else {
            declared.add(of_type(&reader.read::<ComponentType<'_>>()?))?;
            type_sizes::define(scopes, 0);
        }
    }
    Ok(())
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
