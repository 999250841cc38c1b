//! The folders that plugins are granted: found and opened once, when the app is started, and kept for as long as it
//! lives. A plugin that is started anew gets the same open folder, even if another one has its path by then.
//!
//! A plugin may replace what is in a folder that it may write: another granted folder beneath it, or one on the way
//! to that, by a symbolic link. So no link is followed that lies in such a folder or beneath it. Folders are compared
//! by their identity (device and inode), not by their paths.

#[cfg(test)]
mod tests;
mod walk;
mod waypoint;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use wasmtime_wasi::filesystem::Dir;
use wasmtime_wasi::{FsPerms, OpenMode};

use crate::call::GrantedFolder;
use crate::model::{Access, DirGrant, PluginId};
use crate::plan::PluginIndex;
use crate::words::shown;
use walk::{Found, Turn, TurnKind, find, may_be_there, reason};
use waypoint::{FolderId, Here};

/// The granted folders of an app.
pub(super) struct Folders {
    base: PathBuf,
    /// What each plugin is granted: the folders, and how it sees them.
    grants: Vec<Vec<Grant>>,
    folders: Mutex<Vec<HostFolder>>,
}

struct Grant {
    folder: usize,
    guest: String,
    access: Access,
}

/// A folder of the host that some plugin is granted.
struct HostFolder {
    path: PathBuf,
    /// As the manifest writes it, or `app.toml`.
    written: String,
    /// The first plugin that may write it.
    writer: Option<PluginId>,
    state: State,
}

enum State {
    Open(Dir, FolderId),
    /// Why not.
    Not(String),
}

impl Folders {
    /// Opens what these plugins are granted, each folder once. What cannot be opened is tried again when it is
    /// asked for.
    pub(super) fn open<'a>(base: &Path, plugins: impl Iterator<Item = (&'a PluginId, &'a [DirGrant])>) -> Self {
        let mut folders: Vec<HostFolder> = Vec::new();
        let mut known: HashMap<PathBuf, usize> = HashMap::new();
        let mut grant = |id: &PluginId, dir: &DirGrant| {
            let path = base.join(&dir.host);
            let folder = *known.entry(path.clone()).or_insert_with(|| {
                let state = State::Not(String::new());
                folders.push(HostFolder { path, written: dir.host.clone(), writer: None, state });
                folders.len() - 1
            });
            if dir.access == Access::ReadWrite {
                folders[folder].writer.get_or_insert_with(|| id.clone());
            }
            Grant { folder, guest: dir.guest.clone(), access: dir.access }
        };
        let grants = plugins.map(|(id, dirs)| dirs.iter().map(|dir| grant(id, dir)).collect()).collect();
        settle::<Here>(base, &mut folders);
        Self { base: base.to_owned(), grants, folders: Mutex::new(folders) }
    }

    /// What a plugin is granted.
    ///
    /// # Errors
    /// One sentence that names a folder that cannot be opened, and why not.
    pub(super) fn of(&self, plugin: PluginIndex) -> Result<Vec<GrantedFolder>, String> {
        let grants = self.grants.get(plugin.0).map(Vec::as_slice).unwrap_or_default();
        if grants.is_empty() {
            return Ok(Vec::new());
        }
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if grants.iter().any(|grant| matches!(folders[grant.folder].state, State::Not(_))) {
            settle::<Here>(&self.base, &mut folders);
        }
        let granted = grants.iter().map(|grant| {
            let folder = &folders[grant.folder];
            match &folder.state {
                State::Open(dir, _) => {
                    Ok(GrantedFolder { dir: accessed(dir, grant.access), guest: grant.guest.clone() })
                }
                State::Not(why) => Err(format!("the folder `{}` cannot be opened: {why}", shown(&folder.written))),
            }
        });
        granted.collect()
    }
}

/// The same open folder, with what a grant allows.
fn accessed(dir: &Dir, access: Access) -> Dir {
    let mut dir = dir.clone();
    (dir.perms, dir.open_mode) = match access {
        Access::Read => (FsPerms::ReadOnly, OpenMode::READ),
        Access::ReadWrite => (FsPerms::ReadWrite, OpenMode::READ | OpenMode::WRITE),
    };
    dir
}

/// Opens those folders that are not open, as far as it is certain where they are.
///
/// Whether a link is followed depends on what plugins may write, and what they may write depends on links. So folders
/// are settled in rounds: a folder is certain if no link on its path lies in a folder that may turn out to be writable.
/// Each round makes others certain or refused. Folders that depend on each other in the end are refused.
fn settle<P: waypoint::Waypoint>(base: &Path, folders: &mut [HostFolder]) {
    let (mut found, mut open, mut unseen): (Vec<(usize, Found)>, _, _) = (Vec::new(), HashMap::new(), None);
    for (index, folder) in folders.iter_mut().enumerate() {
        match &mut folder.state {
            State::Open(dir, id) => drop(open.insert(id.clone(), dir.clone())),
            State::Not(why) => match find::<P>(&folder.path) {
                Ok(place) => found.push((index, place)),
                Err(error) => {
                    *why = reason(&error);
                    if folder.writer.is_some() && may_be_there(&error) {
                        unseen.get_or_insert(index);
                    }
                }
            },
        }
    }
    if let Some(unseen) = unseen {
        // It may be above any of the links.
        found.retain(|(index, place)| {
            let doubt = place.turns.first().map(|turn| in_doubt(base, folders, turn, unseen));
            doubt.map(|doubt| folders[*index].state = State::Not(doubt)).is_none()
        });
    }
    // Shorter paths first: a refusal then names the writable folder itself, not another path to it through a link.
    found.sort_by_key(|(index, _)| folders[*index].path.components().count());
    loop {
        let before = found.len();
        let judgements: Vec<Judgement> = {
            let writable = Writable::new(folders, &found);
            found.iter().map(|(index, place)| writable.judge(*index, place)).collect()
        };
        let mut unsure = Vec::new();
        for ((index, place), judgement) in found.into_iter().zip(judgements) {
            match judgement {
                Judgement::Certain => {
                    // One handle, although several paths may lead to the folder.
                    let dir = open.entry(place.id.clone()).or_insert(place.dir).clone();
                    folders[index].state = State::Open(dir, place.id);
                }
                Judgement::Refused(turn, by) => {
                    folders[index].state = State::Not(refusal(base, folders, &place.turns[turn], by));
                }
                Judgement::Unsure(turn, by) => unsure.push((index, place, turn, by)),
            }
        }
        if unsure.is_empty() {
            return;
        }
        if unsure.len() == before {
            for (index, place, turn, by) in unsure {
                folders[index].state = State::Not(refusal(base, folders, &place.turns[turn], by));
            }
            return;
        }
        found = unsure.into_iter().map(|(index, place, ..)| (index, place)).collect();
    }
}

/// Whether a folder is where it should be. Where that is in doubt: the turn that a plugin may have replaced, and the
/// folder that it may write for that.
enum Judgement {
    Certain,
    Refused(usize, usize),
    Unsure(usize, usize),
}

/// The folders that plugins may write.
struct Writable<'a> {
    folders: &'a [HostFolder],
    by_id: HashMap<&'a FolderId, Vec<usize>>,
}

impl<'a> Writable<'a> {
    /// Those that are open, and those that have been found, but perhaps in the wrong place.
    fn new(folders: &'a [HostFolder], found: &'a [(usize, Found)]) -> Self {
        let mut by_id: HashMap<&FolderId, Vec<usize>> = HashMap::new();
        let open = folders.iter().enumerate().filter_map(|(index, folder)| match &folder.state {
            State::Open(_, id) => Some((index, id)),
            State::Not(_) => None,
        });
        for (index, id) in open.chain(found.iter().map(|(index, place)| (*index, &place.id))) {
            if folders[index].writer.is_some() {
                by_id.entry(id).or_default().push(index);
            }
        }
        Self { folders, by_id }
    }

    fn judge(&self, index: usize, place: &Found) -> Judgement {
        let mut first = None;
        for (number, turn) in place.turns.iter().enumerate() {
            // The nearest one is told, because the user knows that best.
            let above = turn.within.iter().rev().filter_map(|id| self.by_id.get(id)).flatten();
            for &writable in above {
                if self.makes_sure(writable, index) {
                    let (number, writable) = first.unwrap_or((number, writable));
                    return Judgement::Refused(number, writable);
                }
                if self.may_hold(writable, index) {
                    first = first.or(Some((number, writable)));
                }
            }
        }
        first.map_or(Judgement::Certain, |(number, writable)| Judgement::Unsure(number, writable))
    }

    /// Whether a plugin certainly may write that folder, if this one is where it was found.
    fn makes_sure(&self, writable: usize, index: usize) -> bool {
        writable == index || matches!(self.folders[writable].state, State::Open(..))
    }

    /// Whether that folder may be above what this one's path goes through: not if its own path begins with that.
    fn may_hold(&self, writable: usize, index: usize) -> bool {
        !self.folders[writable].path.starts_with(&self.folders[index].path)
    }
}

/// Why a folder is not opened that a plugin may have replaced.
fn refusal(base: &Path, folders: &[HostFolder], turn: &Turn, by: usize) -> String {
    let (turned, writer, written) = (suspect(base, turn), writer(&folders[by]), shown(&folders[by].written));
    let advice = match turn.kind {
        TurnKind::Link => "put a folder in its place, or grant the folder that it leads to by its own path",
        TurnKind::Name => "grant a folder that is not beneath it",
    };
    format!("{turned} in a folder that {writer} may write (`{written}`), so that it could lead anywhere; {advice}")
}

/// Why a folder is not opened as long as another one cannot be.
fn in_doubt(base: &Path, folders: &[HostFolder], turn: &Turn, unseen: usize) -> String {
    let (turned, writer, written) = (suspect(base, turn), writer(&folders[unseen]), shown(&folders[unseen].written));
    format!("{turned} and is not followed as long as `{written}` cannot be opened, which {writer} may write")
}

/// What may have been replaced.
fn suspect(base: &Path, turn: &Turn) -> String {
    let at = shown(&turn.path.strip_prefix(base).unwrap_or(&turn.path).to_string_lossy());
    match turn.kind {
        TurnKind::Link => format!("`{at}` is a symbolic link"),
        TurnKind::Name => format!("`{at}` may have been replaced, which cannot be ruled out on this system,"),
    }
}

fn writer(folder: &HostFolder) -> String {
    folder.writer.as_ref().map_or_else(|| "some plugin".to_owned(), |id| format!("plugin `{id}`"))
}
