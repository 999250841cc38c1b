use std::borrow::Cow;
use std::path::Path;

use wasmparser::types::TypesRef;
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata, metadata};
use wit_parser::decoding::decode_world;
use wit_parser::{Resolve, WorldId};

use super::turn::Turn;
use super::validate::{Validated, invalid, validate};
use super::{Gated, WorldError, disguise, gates, guard, platform, preview1, stand_in, text, uses, wit, wit_size};

/// What the names of custom sections with embedded WIT begin with.
pub(super) const EMBEDDED_WIT: &str = "component-type";

/// How many sections with embedded WIT a core module may have: each library that it is linked from may bring one, and
/// each is put together with all before it.
const MAX_EMBEDDED: usize = 256;

/// How much the WIT may declare that is embedded in a core module: types with their parts, functions, imports. The
/// decoder keeps two kilobytes of each. The largest of the test guests have a tenth.
const MAX_EMBEDDED_ITEMS: u64 = 12_500;

/// How much embedded WIT may declare until no other is read meanwhile.
const LARGE_WIT: u64 = 500;

/// Bytes that a component or core module may have in text form. The parser takes some hundred times as many, which must
/// stay within the memory that `check` may take.
pub const MAX_COMPONENT_TEXT: usize = 256 << 10;

/// Bytes of a text from which on no other is parsed meanwhile. Smaller ones are parsed on each core.
const LARGE_TEXT: usize = 4 << 10;

/// WIT text with everything that it depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WitSource {
    /// The files of the package itself: path, for messages, and text.
    pub main: Vec<(String, String)>,
    /// The packages that it depends on: the files of each.
    pub deps: Vec<Vec<(String, String)>>,
}

/// One text, which needs no other.
impl From<&str> for WitSource {
    fn from(text: &str) -> Self {
        Self { main: vec![(String::new(), text.to_owned())], deps: Vec::new() }
    }
}

impl From<String> for WitSource {
    fn from(text: String) -> Self {
        Self { main: vec![(String::new(), text)], deps: Vec::new() }
    }
}

/// Turns the content of a plugin's file, a component or core module in binary or text form, into a component.
///
/// A core module becomes a component by the WIT that is embedded in it, else by `wit` and the world of that name
/// in it (or the only one). What it imports of WASI preview 1 is served through an adapter. A module that exports
/// `_start` is a command: it comes to export `wasi:cli/run`, and needs no WIT. For a component `wit` and `world` do
/// not matter. The component that comes back is not validated yet: [`read_component`](super::read_component) does
/// that.
///
/// # Errors
/// [`WorldError::NotWasm`] and [`WorldError::OtherFile`] for bytes that are neither form, [`WorldError::BadText`] for text with mistakes, [`WorldError::LargeText`] for too long a text, [`WorldError::CoreWithoutWorld`] for a core module
/// without WIT that is no command, [`WorldError::Wit`] and [`WorldError::NoWorld`] for wrong WIT,
/// [`WorldError::Invalid`] for an invalid core module, [`WorldError::Import`] and [`WorldError::NoMemory`] for one
/// that lacks what it needs, [`WorldError::Platform`] for one that is made for another platform, and [`WorldError::Componentize`] for one that does not fit its WIT.
pub fn componentize<'a>(
    bytes: &'a [u8],
    wit: Option<&WitSource>,
    world: Option<&str>,
) -> Result<Cow<'a, [u8]>, WorldError> {
    let binary = to_binary(bytes)?;
    if Parser::is_component(&binary) {
        return Ok(binary);
    }
    if !Parser::is_core_wasm(&binary) {
        return Err(WorldError::NotWasm("it is neither a component nor a module of a known version".to_owned()));
    }
    match componentize_module(&binary, wit, world) {
        Ok(component) => Ok(Cow::Owned(component)),
        Err(error) => Err(platform::explain(&binary, error)),
    }
}

fn componentize_module(binary: &[u8], wit: Option<&WitSource>, world: Option<&str>) -> Result<Vec<u8>, WorldError> {
    // The encoder takes much for granted that only a valid module keeps.
    let Validated { types, declared, turn: _turn, .. } = validate(binary)?;
    declared.check_encoded().map_err(|over| WorldError::Costly(over.of(None)))?;
    preview1::check_imports(&types.as_ref())?;
    let has_wit = embedded_wit(binary)?;
    let has_large = has_wit.is_some_and(|declared| declared > LARGE_WIT);
    let _turn_of_wit = Turn::wait(match wit {
        Some(wit) if has_wit.is_none() => wit_size::is_large(wit)?,
        _ => has_large,
    });
    // The module itself may be large, and the encoder copies what it is given.
    let mut module = stand_in::of(binary)?;
    if has_wit.is_none() {
        match wit {
            Some(wit) => embed(&mut module, &types.as_ref(), wit, world)?,
            // A command needs none: the adapter gives it its one export.
            None if preview1::is_command(&types.as_ref()) => {}
            None => return Err(WorldError::CoreWithoutWorld),
        }
    }
    let module = preview1::with_exit_codes(&module, &types.as_ref())?;
    stand_in::replaced(&encode(&module, &types.as_ref())?, binary)
}

fn to_binary(bytes: &[u8]) -> Result<Cow<'_, [u8]>, WorldError> {
    if let Some(error) = disguise::seen_through(bytes) {
        return Err(error);
    }
    let bytes = disguise::without_mark(bytes);
    if !bytes.starts_with(disguise::MAGIC) {
        check_text(bytes)?;
    }
    let is_large_text = !bytes.starts_with(disguise::MAGIC) && bytes.len() > LARGE_TEXT;
    let _turn = Turn::wait(is_large_text);
    wat::Parser::new().parse_bytes(Some(Path::new(TEXT)), bytes).map_err(|error| text_error(&error.to_string()))
}

/// Refuses what is no text, and more of it than the parser should be given: that takes some hundred times the memory.
fn check_text(bytes: &[u8]) -> Result<(), WorldError> {
    if bytes.contains(&0) || str::from_utf8(bytes).is_err() {
        return Err(WorldError::NotWasm("neither a WebAssembly binary nor text".to_owned()));
    }
    if bytes.len() > MAX_COMPONENT_TEXT {
        return Err(WorldError::LargeText { size: bytes.len() });
    }
    if text::has_too_many_items(bytes) {
        return Err(WorldError::Intricate(format!(
            "its text has more than {} items in one component or instance: a binary, as `wasm-tools parse` makes it, may have more",
            text::MAX_ITEMS
        )));
    }
    Ok(())
}

/// What the text parser is told that its file is called.
const TEXT: &str = "text";

/// Turns the parser's picture of an error into a line: the message comes first, then ` --> file:line:column`.
fn text_error(picture: &str) -> WorldError {
    let message = picture.lines().next().unwrap_or(picture).trim_end();
    let place = picture
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("--> ")?.strip_prefix(TEXT)?.strip_prefix(':'))
        .and_then(|place| place.split_once(':'));
    // Of a place far behind on a line it draws no picture.
    let (message, place) = match (place, message.rsplit_once(" at text:")) {
        (None, Some((message, place))) => (message, place.split_once(':')),
        (place, _) => (message, place),
    };
    WorldError::BadText(match place {
        Some((line, column)) => format!("{message} (line {line}, column {})", column.trim_end()),
        None => message.to_owned(),
    })
}

/// How much the WIT declares that a valid core module has embedded, if it has. Refuses what cannot be decoded without
/// danger.
fn embedded_wit(module: &[u8]) -> Result<Option<u64>, WorldError> {
    let (mut sections, mut declared) = (0, 0);
    for payload in Parser::new(0).parse_all(module) {
        match payload.map_err(invalid)? {
            Payload::CustomSection(section) if section.name().starts_with(EMBEDDED_WIT) => {
                declared += guard::check_declared(section.data())?.by_components;
                if declared > MAX_EMBEDDED_ITEMS {
                    return Err(WorldError::Wit(format!(
                        "the WIT embedded in it has more than {MAX_EMBEDDED_ITEMS} types, functions and parts of them"
                    )));
                }
                let _turn = Turn::wait(declared > LARGE_WIT);
                sections += 1;
                check_embedded(section.data())?;
            }
            _ => {}
        }
        if sections > MAX_EMBEDDED {
            return Err(WorldError::Wit(format!("more than {MAX_EMBEDDED} sections with embedded WIT")));
        }
    }
    Ok((sections > 0).then_some(declared))
}

/// Refuses embedded WIT that could not be put together in time. What is wrong with it otherwise the decoder says.
fn check_embedded(section: &[u8]) -> Result<(), WorldError> {
    match guard::catch(|| decode_world(section)) {
        Some(Ok((resolve, _))) => uses::check_resolved(&resolve),
        Some(Err(_)) | None => Ok(()),
    }
}

fn embed(module: &mut Vec<u8>, types: &TypesRef<'_>, wit: &WitSource, world: Option<&str>) -> Result<(), WorldError> {
    let (mut resolve, world) = chosen(wit, world)?;
    gates::leave_out(&mut resolve, world, types);
    guard::catch(|| embed_component_metadata(module, &resolve, world, StringEncoding::UTF8))
        .ok_or_else(gave_up)?
        .map_err(|error| WorldError::Componentize(format!("{error:#}")))
}

/// WIT, and the world in it that is meant: that of this name, or the only one. One behind a gate is meant only where
/// there is no other.
fn chosen(wit: &WitSource, world: Option<&str>) -> Result<(Resolve, WorldId), WorldError> {
    let problem = match world {
        Some(wanted) => format!("there is no world `{wanted}`"),
        None => "no world is chosen".to_owned(),
    };
    if wit.main.iter().all(|(_, text)| text.trim().is_empty()) {
        return Err(WorldError::NoWorld { problem, found: Vec::new() });
    }
    let (resolve, package) = wit::parse(wit)?;
    let worlds = &resolve.packages[package].worlds;
    let gate = |id: &WorldId| gates::feature(&resolve.worlds[*id].stability);
    let open: Vec<WorldId> = worlds.values().copied().filter(|id| gate(id).is_none()).collect();
    let gated: Vec<WorldId> = worlds.values().copied().filter(|id| gate(id).is_some()).collect();
    let chosen = match (world, open.as_slice(), gated.as_slice()) {
        (Some(wanted), ..) => {
            // WIT looks up a name that is a keyword with a `%` in front.
            let escaped = format!("%{}", wanted.trim_start_matches('%'));
            let select = |name: &str| resolve.select_world(&[package], Some(name)).ok();
            select(wanted).or_else(|| select(&escaped))
        }
        (None, [only], _) | (None, [], [only]) => Some(*only),
        (None, ..) => None,
    };
    let Some(chosen) = chosen else {
        let name = |(name, id): (&String, &WorldId)| match gate(id) {
            Some(feature) => format!("`{name}` (`@unstable(feature = {feature})`)"),
            None => format!("`{name}`"),
        };
        return Err(WorldError::NoWorld { problem, found: worlds.iter().map(name).collect() });
    };
    Ok((resolve, chosen))
}

/// What the WIT of a core module gates with `@unstable` and the module does not export, so that [`componentize`]
/// leaves it out. Nothing for a component, and for a module with WIT in it.
///
/// # Errors
/// As of [`componentize`].
pub fn gated(bytes: &[u8], wit: &WitSource, world: Option<&str>) -> Result<Vec<Gated>, WorldError> {
    // Most WIT gates nothing, and need not be read again.
    let mut texts = wit.main.iter().chain(wit.deps.iter().flatten()).map(|(_, text)| text);
    let binary = to_binary(bytes)?;
    if !texts.any(|text| text.contains(GATE)) || !Parser::is_core_wasm(&binary) || embedded_wit(&binary)?.is_some() {
        return Ok(Vec::new());
    }
    let Validated { types, turn: _turn, .. } = validate(&binary)?;
    let _turn_of_wit = Turn::wait(wit_size::is_large(wit)?);
    let (mut resolve, world) = chosen(wit, world)?;
    Ok(gates::leave_out(&mut resolve, world, &types.as_ref()))
}

/// What gates begin with in WIT.
const GATE: &str = "@unstable";

fn encode(module: &[u8], types: &TypesRef<'_>) -> Result<Vec<u8>, WorldError> {
    let (_, wit) = guard::catch(|| metadata::decode(module))
        .ok_or_else(gave_up)?
        .map_err(|error| refused(types, error.chain().map(ToString::to_string).collect()))?;
    uses::check_exports(&wit.resolve, wit.world)?;
    let adapter = preview1::adapter(types, &wit)?;
    let encode = || {
        let mut encoder = ComponentEncoder::default().validate(true).module(module)?;
        if let Some(adapter) = adapter {
            encoder = encoder.adapter(preview1::MODULE, adapter)?;
        }
        encoder.encode()
    };
    guard::catch(encode)
        .ok_or_else(gave_up)?
        .map_err(|error| refused(types, error.chain().map(ToString::to_string).collect()))
}

/// What the encoder says before it comes to the point.
const OBVIOUS: [&str; 2] = ["failed to decode world from module", "module was not valid"];

/// Why the encoder refused a module: its message, and those of the causes.
fn refused(module: &TypesRef<'_>, mut messages: Vec<String>) -> WorldError {
    messages.retain(|message| !OBVIOUS.contains(&message.as_str()));
    preview1::refused_import(module, &messages).unwrap_or_else(|| WorldError::Componentize(messages.join(": ")))
}

fn gave_up() -> WorldError {
    WorldError::Componentize("the encoder gave up on it".to_owned())
}
