use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use plugweave::check::{BinaryError, read_binary};
use plugweave::files::{Files, Reach, ReadError};
use plugweave::folder::Folder;
use plugweave::foreign::shown_path;
use plugweave::resolve::{Draft, draft_manifest};
use plugweave::world::{Extern, ExternKind, WitSource, World, WorldError, print_wit};
use serde_json::{Value, json};

use super::args::{Format, InspectArguments};
use super::output;

/// `plugweave inspect`
pub fn main(arguments: &InspectArguments) -> anyhow::Result<u8> {
    let world = arguments.world.as_deref();
    let (file, wit) = (shown_path(&arguments.file), arguments.wit.as_ref().map(shown_path));
    let binary = read_binary(&Named(arguments), &file, wit.as_deref(), world).map_err(explained)?;
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
        BinaryError::Unusable { error: WorldError::OtherFile { remedy, .. }, .. } => remedy.as_str(),
        BinaryError::Unreadable { reason: ReadError::TooLarge { .. }, .. } => BinaryError::TOO_LARGE,
        _ => return error.into(),
    };
    anyhow::anyhow!("{error}; {remedy}")
}

/// The files that the command line names, whatever the bytes of their names.
struct Named<'a>(&'a InspectArguments);

impl Files for Named<'_> {
    fn manifests(&self) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn manifest(&self, path: &str, reach: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        self.read(path, reach)
    }

    fn read(&self, _: &str, reach: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        match self.0.file.to_str() {
            Some(path) => Folder::new("").read(path, reach),
            None => Folder::new(&self.0.file).read("", reach),
        }
    }

    fn wit(&self, _: &str, reach: Reach<'_>) -> Result<WitSource, String> {
        let Some(wit) = &self.0.wit else { return Err("no WIT is named".to_owned()) };
        match wit.to_str() {
            Some(path) => Folder::new("").wit(path, reach),
            None => {
                let mut source = Folder::new(wit).wit("", reach)?;
                source
                    .main
                    .iter_mut()
                    .filter(|(path, _)| path.is_empty())
                    .for_each(|(path, _)| *path = shown_path(wit));
                Ok(source)
            }
        }
    }
}

/// What a manifest beside the file calls the file and its WIT.
fn beside(arguments: &InspectArguments) -> anyhow::Result<(String, Option<String>)> {
    let path = std::path::absolute(&arguments.file)?;
    let name = path.file_name().with_context(|| format!("`{}` has no file name", shown_path(&arguments.file)))?;
    let name = name.to_str().with_context(|| {
        format!("a manifest cannot name `{}`, which is not UTF-8; rename the file", shown_path(&arguments.file))
    })?;
    let folder = path.parent().unwrap_or(&path);
    let wit = arguments.wit.as_ref().map(|wit| relative(folder, &std::path::absolute(wit)?));
    Ok((name.to_owned(), wit.transpose()?))
}

/// The way from a folder to a file, both absolute, as manifests write it.
///
/// # Errors
/// A manifest is text, so that it cannot lead through a folder whose name is none.
fn relative(folder: &Path, file: &Path) -> anyhow::Result<String> {
    let (folder, file) = (normalised(folder), normalised(file));
    let (mut from, mut to) = (folder.components().peekable(), file.components().peekable());
    while let (Some(a), Some(b)) = (from.peek(), to.peek()) {
        if a != b {
            break;
        }
        from.next();
        to.next();
    }
    let named = |part: Component<'_>| {
        let name = part.as_os_str().to_str().map(str::to_owned);
        name.with_context(|| format!("a manifest cannot name `{}`, which is not UTF-8; rename it", shown_path(part)))
    };
    let way: Vec<String> = from.map(|_| Ok("..".to_owned())).chain(to.map(named)).collect::<anyhow::Result<_>>()?;
    Ok(if way.is_empty() { ".".to_owned() } else { way.join("/") })
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
        let way = |folder: &str, file: &str| relative(Path::new(folder), Path::new(file)).unwrap();
        assert_eq!(way("/app", "/app/wit"), "wit");
        assert_eq!(way("/app/plugins", "/app/wit/a.wit"), "../wit/a.wit");
        assert_eq!(way("/app/./a/../b", "/other/wit"), "../../other/wit");
        assert_eq!(way("/app", "/app"), ".");
    }
}
