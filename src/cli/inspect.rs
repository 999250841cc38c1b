use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use plugweave::check::{BinaryError, read_binary};
use plugweave::files::ReadError;
use plugweave::folder::Folder;
use plugweave::resolve::{Draft, draft_manifest};
use plugweave::world::{Extern, ExternKind, World, WorldError, print_wit};
use serde_json::{Value, json};

use super::args::{Format, InspectArguments};
use super::output;

/// `plugweave inspect`
pub fn main(arguments: &InspectArguments) -> anyhow::Result<u8> {
    let (file, wit, world) = (&arguments.file, arguments.wit.as_deref(), arguments.world.as_deref());
    let binary = read_binary(&Folder::new(""), file, wit, world).map_err(explained)?;
    for gated in &binary.gated {
        output::warning(&format!("the WIT has {gated}; the binary does not export it, so it is left out"));
    }
    if arguments.manifest {
        let (component, wit) = beside(arguments)?;
        let draft = Draft { component: &component, wit: wit.as_deref(), world };
        output::result(&draft_manifest(&binary.world, draft))?;
        return Ok(0);
    }
    match arguments.format {
        Format::Text => output::result(&print_wit(&binary.component)?)?,
        Format::Json => output::json(&to_json(&binary.world))?,
    }
    Ok(0)
}

/// The error, with what to do about it on the command line.
fn explained(error: BinaryError) -> anyhow::Error {
    let remedy = match &error {
        BinaryError::Unusable { error: WorldError::Platform { instead, .. }, .. } => *instead,
        BinaryError::Unusable { error: WorldError::CoreWithoutWorld, .. } => {
            "name its WIT by `--wit PATH` and `--world NAME`"
        }
        BinaryError::Unreadable { reason: ReadError::TooLarge { .. }, .. } => BinaryError::TOO_LARGE,
        _ => return error.into(),
    };
    anyhow::anyhow!("{error}; {remedy}")
}

/// What a manifest beside the file calls the file and its WIT.
fn beside(arguments: &InspectArguments) -> anyhow::Result<(String, Option<String>)> {
    let path = std::path::absolute(&arguments.file)?;
    let name = path.file_name().with_context(|| format!("`{}` has no file name", arguments.file))?;
    let folder = path.parent().unwrap_or(&path);
    let wit = arguments.wit.as_ref().map(|wit| Ok::<_, anyhow::Error>(relative(folder, &std::path::absolute(wit)?)));
    Ok((name.to_string_lossy().into_owned(), wit.transpose()?))
}

/// The way from a folder to a file, both absolute, as manifests write it.
fn relative(folder: &Path, file: &Path) -> String {
    let (folder, file) = (normalised(folder), normalised(file));
    let (mut from, mut to) = (folder.components().peekable(), file.components().peekable());
    while let (Some(a), Some(b)) = (from.peek(), to.peek()) {
        if a != b {
            break;
        }
        from.next();
        to.next();
    }
    let up = from.map(|_| "..".to_owned());
    let way: Vec<String> = up.chain(to.map(|part| part.as_os_str().to_string_lossy().into_owned())).collect();
    if way.is_empty() { ".".to_owned() } else { way.join("/") }
}

/// Without `.`, and without `..` behind a name.
fn normalised(path: &Path) -> PathBuf {
    let mut normalised = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normalised.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => normalised.push(part),
        }
    }
    normalised
}

fn to_json(world: &World) -> Value {
    let all = |externs: &[Extern]| externs.iter().map(extern_to_json).collect::<Vec<_>>();
    json!({ "imports": all(&world.imports), "exports": all(&world.exports) })
}

fn extern_to_json(item: &Extern) -> Value {
    let kind = match item.kind {
        ExternKind::Interface => "interface",
        ExternKind::Function => "function",
        ExternKind::Type => "type",
    };
    let functions =
        item.functions.iter().map(|function| json!({ "name": function.name, "type": function.ty.to_string() }));
    json!({ "name": item.name, "kind": kind, "functions": functions.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_wit_is_relative_to_the_manifest() {
        let way = |folder: &str, file: &str| relative(Path::new(folder), Path::new(file));
        assert_eq!(way("/app", "/app/wit"), "wit");
        assert_eq!(way("/app/plugins", "/app/wit/a.wit"), "../wit/a.wit");
        assert_eq!(way("/app/./a/../b", "/other/wit"), "../../other/wit");
        assert_eq!(way("/app", "/app"), ".");
    }
}
