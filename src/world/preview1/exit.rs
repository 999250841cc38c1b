//! How exit codes get through.
//!
//! The adapters serve `proc_exit` by `wasi:cli/exit#exit`, which tells success from failure and no more. The runtime
//! offers `exit-with-code` beside it, and in a core module both functions have the same type. So the import is renamed
//! and the WIT of the other interface embedded; the adapter then has nothing to do with it.

use std::borrow::Cow;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{CustomSection, ImportSection, Module, RawSection};
use wasmparser::types::TypesRef;
use wasmparser::{ImportSectionReader, Parser, Payload};
use wit_component::{StringEncoding, metadata};

use super::super::validate::invalid;
use super::super::{WitSource, WorldError, guard, wit};
use super::{MODULE, imports};

/// What preview 1 has.
const PROC_EXIT: &str = "proc_exit";

/// What it becomes. The version is that of the adapters, so that the world has one interface of this name; they find
/// their own part of it in the WIT below.
const EXIT: &str = "wasi:cli/exit@0.2.12";
const EXIT_WITH_CODE: &str = "exit-with-code";
const WIT: &str = "package wasi:cli@0.2.12;
    interface exit { exit: func(status: result); exit-with-code: func(status-code: u8); }
    world exits { import exit; }";

/// The module with `proc_exit`, if it imports it, served so that the code is not lost.
pub(in super::super) fn with_exit_codes<'a>(
    module: &'a [u8],
    types: &TypesRef<'_>,
) -> Result<Cow<'a, [u8]>, WorldError> {
    if !imports(types).any(|(from, name, _)| (from, name) == (MODULE, PROC_EXIT)) {
        return Ok(Cow::Borrowed(module));
    }
    let mut renamed = Module::new();
    // Before the WIT of the module itself, which may have less of this interface: what comes later has to fit in.
    renamed.section(&CustomSection { name: "component-type:exit".into(), data: embedded_wit()?.into() });
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(invalid)?;
        if let Payload::ImportSection(section) = payload {
            renamed.section(&renamed_imports(section)?);
        } else if let Some((id, range)) = payload.as_section() {
            renamed.section(&RawSection { id, data: module.get(range).unwrap_or_default() });
        }
    }
    Ok(Cow::Owned(renamed.finish()))
}

fn renamed_imports(section: ImportSectionReader<'_>) -> Result<ImportSection, WorldError> {
    let mut renamed = ImportSection::new();
    for import in section.into_imports() {
        let mut import = import.map_err(invalid)?;
        if (import.module, import.name) == (MODULE, PROC_EXIT) {
            (import.module, import.name) = (EXIT, EXIT_WITH_CODE);
        }
        RoundtripReencoder.parse_import(&mut renamed, import).map_err(invalid)?;
    }
    Ok(renamed)
}

fn embedded_wit() -> Result<Vec<u8>, WorldError> {
    let source = WitSource { main: vec![("exit.wit".to_owned(), WIT.to_owned())], deps: Vec::new() };
    let (resolve, package) = wit::parse(&source)?;
    let world = resolve.select_world(&[package], None).map_err(invalid)?;
    guard::catch(|| metadata::encode(&resolve, world, StringEncoding::UTF8, None))
        .and_then(Result::ok)
        .ok_or_else(|| WorldError::Componentize("its exit codes could not be kept".to_owned()))
}
