//! How exit codes get through.
//!
//! The adapters serve `proc_exit` by `wasi:cli/exit#exit`, which tells success from failure and no more. The runtime
//! offers `exit-with-code` beside it, and in a core module both functions have the same type. So the import is renamed
//! and the WIT of the other interface embedded; the adapter then has nothing to do with it.

use std::borrow::Cow;

use semver::Version;
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

/// What it becomes, in the version of the adapters: they find their own part of it in the WIT below.
const EXIT: &str = "wasi:cli/exit";
const EXIT_WITH_CODE: &str = "exit-with-code";
const VERSION: Version = Version::new(0, 2, 12);
const WIT: &str = "interface exit { exit: func(status: result); exit-with-code: func(status-code: u8); }
    world exits { import exit; }";

/// The module with `proc_exit`, if it imports it, served so that the code is not lost.
pub(in super::super) fn with_exit_codes<'a>(
    module: &'a [u8],
    types: &TypesRef<'_>,
) -> Result<Cow<'a, [u8]>, WorldError> {
    if !imports(types).any(|(from, name, _)| (from, name) == (MODULE, PROC_EXIT)) {
        return Ok(Cow::Borrowed(module));
    }
    let version = version(module);
    let mut renamed = Module::new();
    // Before the WIT of the module itself, which may have less of this interface: what comes later has to fit in.
    renamed.section(&CustomSection { name: "component-type:exit".into(), data: embedded_wit(&version)?.into() });
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(invalid)?;
        if let Payload::ImportSection(section) = payload {
            renamed.section(&renamed_imports(section, &format!("{EXIT}@{version}"))?);
        } else if let Some((id, range)) = payload.as_section() {
            renamed.section(&RawSection { id, data: module.get(range).unwrap_or_default() });
        }
    }
    Ok(Cow::Owned(renamed.finish()))
}

/// The version of the interface that the world will have: of compatible ones the highest is taken for all, and the
/// module's own WIT may have one that is higher than the adapter's, without the function.
fn version(module: &[u8]) -> Version {
    // Whoever reads the WIT to encode the module tells what is wrong with it.
    let Some(Ok((_, wit))) = guard::catch(|| metadata::decode(module)) else { return VERSION };
    let of_cli = wit.resolve.package_names.keys().filter(|name| (&*name.namespace, &*name.name) == ("wasi", "cli"));
    let series = |version: &&Version| (version.major, version.minor) == (0, 2) && version.pre.is_empty();
    of_cli
        .filter_map(|name| name.version.as_ref())
        .filter(series)
        .fold(VERSION, |highest, own| highest.max(own.clone()))
}

fn renamed_imports(section: ImportSectionReader<'_>, exit: &str) -> Result<ImportSection, WorldError> {
    let mut renamed = ImportSection::new();
    for import in section.into_imports() {
        let mut import = import.map_err(invalid)?;
        if (import.module, import.name) == (MODULE, PROC_EXIT) {
            (import.module, import.name) = (exit, EXIT_WITH_CODE);
        }
        RoundtripReencoder.parse_import(&mut renamed, import).map_err(invalid)?;
    }
    Ok(renamed)
}

fn embedded_wit(version: &Version) -> Result<Vec<u8>, WorldError> {
    let text = format!("package wasi:cli@{version}; {WIT}");
    let source = WitSource { main: vec![("exit.wit".to_owned(), text)], deps: Vec::new() };
    let (resolve, package) = wit::parse(&source)?;
    let world = resolve.select_world(&[package], None).map_err(invalid)?;
    guard::catch(|| metadata::encode(&resolve, world, StringEncoding::UTF8, None))
        .and_then(Result::ok)
        .ok_or_else(|| WorldError::Componentize("its exit codes could not be kept".to_owned()))
}
