//! Finding a folder step by step, and what was passed on the way.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use wasmtime_wasi::filesystem::Dir;

use super::waypoint::{FolderId, Named, Waypoint};

/// A folder that has been found and opened, and what it depends on.
pub(super) struct Found {
    pub(super) dir: Dir,
    pub(super) id: FolderId,
    /// What decided where the path leads.
    pub(super) turns: Vec<Turn>,
}

/// A name on the way to a folder, where the way could be made to lead elsewhere.
pub(super) struct Turn {
    /// Where it is.
    pub(super) path: PathBuf,
    pub(super) kind: TurnKind,
    /// The folder that it is in and all above that, the root first: who may write one of them may replace it.
    pub(super) within: Vec<FolderId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TurnKind {
    /// A symbolic link, which was followed.
    Link,
    /// A folder that was found by its path and could be another one by now.
    Name,
}

/// As many as Linux follows.
const MOST_LINKS: usize = 40;

enum Part {
    Root(PathBuf),
    Up,
    Name(OsString),
}

/// The root of a path and the names behind it. On Windows the root is a prefix and a separator, two components.
fn parts(path: &Path) -> impl DoubleEndedIterator<Item = Part> {
    let root = path.ancestors().last().filter(|root| root.has_root()).map(|root| Part::Root(root.to_owned()));
    let names = path.components().filter_map(|component| match component {
        Component::ParentDir => Some(Part::Up),
        Component::Normal(name) => Some(Part::Name(name.to_owned())),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    });
    root.into_iter().chain(names.collect::<Vec<_>>())
}

/// Finds a folder by its absolute path as the system would, and opens it. Links are followed, and told.
///
/// # Errors
/// When there is none, or the system has no means to look for it.
pub(super) fn find<P: Waypoint>(path: &Path) -> io::Result<Found> {
    let mut rest: VecDeque<Part> = parts(path).collect();
    let mut passed: Vec<(P, PathBuf)> = Vec::new();
    let mut turns: Vec<Turn> = Vec::new();
    while let Some(part) = rest.pop_front() {
        let name = match part {
            Part::Root(root) => {
                passed.clear();
                passed.push((P::root(root.clone())?, root));
                continue;
            }
            // Back along the walk, not to the parent by the system: the folder may have been moved meanwhile.
            Part::Up if passed.len() > 1 => {
                passed.pop();
                continue;
            }
            Part::Up => continue,
            Part::Name(name) => name,
        };
        let Some((place, at)) = passed.last() else { return Err(not_absolute()) };
        let path = at.join(&name);
        let within = || passed.iter().map(|(place, _)| place.id()).collect();
        match place.enter(&name)? {
            Named::Folder(place) => {
                if !P::HOLDS {
                    turns.push(Turn { path: path.clone(), kind: TurnKind::Name, within: within() });
                }
                passed.push((place, path));
            }
            Named::Link(target) => {
                turns.push(Turn { path, kind: TurnKind::Link, within: within() });
                if turns.iter().filter(|turn| turn.kind == TurnKind::Link).count() > MOST_LINKS {
                    return Err(io::Error::other("there are too many symbolic links on the way"));
                }
                parts(&target).rev().for_each(|part| rest.push_front(part));
            }
        }
    }
    let Some((place, _)) = passed.pop() else { return Err(not_absolute()) };
    let id = place.id();
    Ok(Found { dir: place.open()?, id, turns })
}

fn not_absolute() -> io::Error {
    io::Error::other("its path is not absolute")
}

/// Whether the folder may be there all the same: the process may have had no descriptor left for it.
pub(super) fn may_be_there(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound, PermissionDenied};
    error.raw_os_error().is_some()
        && !matches!(error.kind(), NotFound | NotADirectory | PermissionDenied | InvalidFilename)
}

/// Why a folder cannot be opened, without the operating system's error number where the reason is a usual one.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such folder".to_owned(),
        io::ErrorKind::NotADirectory => "it is not a folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
