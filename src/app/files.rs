use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::OpenError;
use crate::files::{FileStatus, Files, Memory, Reach, ReadError};
use crate::folder::Folder;
use crate::world::WitSource;

/// The files of an app that is put together from folders and from what is given in code.
///
/// What is given in code stands in the first folder, as it were. Further folders have absolute
/// paths.
#[derive(Debug, Default)]
pub(super) struct AppFiles {
    /// The paths of the manifests, each with the index of its folder where that is a further one.
    manifests: HashMap<String, Option<usize>>,
    folder: Option<Folder>,
    further: Vec<Further>,
    memory: Memory,
}

/// A further folder.
#[derive(Debug)]
struct Further {
    folder: Folder,
    /// What its files are called here.
    prefix: String,
}

impl AppFiles {
    /// Looks for the manifests.
    ///
    /// # Errors
    /// [`OpenError::Folder`] when a folder cannot be read, [`OpenError::Twice`] when a manifest is
    /// both in the first folder and given in code.
    pub(super) fn read(folders: &[PathBuf], memory: Memory) -> Result<Self, OpenError> {
        let mut files = Self { memory, ..Self::default() };
        let (first, further) = match folders.split_first() {
            Some((first, further)) => (Some(first), further),
            None => (None, &[][..]),
        };
        if let Some(first) = first {
            let folder = Folder::new(first);
            for path in manifests(&folder)? {
                files.manifests.insert(path, None);
            }
            files.folder = Some(folder);
        }
        for path in files.memory.manifests().unwrap_or_default() {
            files.insert(path, None)?;
        }
        for folder in further {
            files.add(folder)?;
        }
        Ok(files)
    }

    fn insert(&mut self, path: String, further: Option<usize>) -> Result<(), OpenError> {
        match self.manifests.contains_key(&path) {
            true => Err(OpenError::Twice { path }),
            false => {
                self.manifests.insert(path, further);
                Ok(())
            }
        }
    }

    fn add(&mut self, folder: &Path) -> Result<(), OpenError> {
        let failed = |reason: String| OpenError::Folder { folder: folder.to_owned(), reason };
        let root = std::path::absolute(folder).map_err(|error| failed(error.to_string()))?;
        let Some(prefix) = root.to_str() else {
            return Err(failed("its path is not UTF-8".to_owned()));
        };
        let prefix = prefix.trim_end_matches('/').to_owned();
        let folder = Folder::new(folder);
        for manifest in manifests(&folder)? {
            self.insert(format!("{prefix}/{manifest}"), Some(self.further.len()))?;
        }
        self.further.push(Further { folder, prefix });
        Ok(())
    }

    /// The folder that a manifest belongs to, and what its files are called here; `None` for what is in code only.
    fn folder_of(&self, manifest: &str) -> Option<(&Folder, Option<&str>)> {
        match self.manifests.get(manifest).copied().flatten().and_then(|index| self.further.get(index)) {
            Some(Further { folder, prefix }) => Some((folder, Some(prefix))),
            None => Some((self.folder.as_ref()?, None)),
        }
    }

    /// The folder that a file is to be read from, and its path from there. That of a further folder is absolute in the
    /// first one, unless the file must lie in its own.
    fn at<'a>(&'a self, path: &'a str, reach: Reach<'_>) -> Option<(&'a Folder, &'a str)> {
        let first = || Some((self.folder.as_ref()?, path));
        let Reach::FolderOf(manifest) = reach else { return first() };
        let (folder, prefix) = self.folder_of(manifest)?;
        let below = prefix.and_then(|prefix| path.strip_prefix(prefix)?.strip_prefix('/'));
        Some((folder, below.unwrap_or(path)))
    }
}

fn manifests(folder: &Folder) -> Result<Vec<String>, OpenError> {
    folder.manifests().map_err(|reason| OpenError::Folder { folder: folder.path().to_owned(), reason })
}

impl Files for AppFiles {
    fn manifests(&self) -> Result<Vec<String>, String> {
        Ok(self.manifests.keys().cloned().collect())
    }

    fn manifest(&self, path: &str, reach: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        // A folder knows its manifests by its own names for them.
        match self.at(path, Reach::FolderOf(path)) {
            Some((folder, below)) if self.memory.get(path).is_none() => folder.manifest(below, reach),
            _ => self.memory.manifest(path, reach),
        }
    }

    fn read(&self, path: &str, reach: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        match self.at(path, reach) {
            Some((folder, below)) if self.memory.get(path).is_none() => folder.read(below, reach),
            _ => self.memory.read(path, reach),
        }
    }

    fn status(&self, path: &str, manifest: &str) -> FileStatus {
        match self.at(path, Reach::FolderOf(manifest)) {
            Some((folder, below)) if self.memory.get(path).is_none() => folder.status(below, manifest),
            _ => self.memory.status(path, manifest),
        }
    }

    fn wit(&self, path: &str, reach: Reach<'_>) -> Result<WitSource, String> {
        let Some((folder, below)) = self.at(path, reach) else { return self.memory.wit(path, reach) };
        if !self.memory.has_wit(path) {
            return folder.wit(below, reach);
        }
        let source = self.memory.wit_over(path, folder.wit_folder(below, reach)?.unwrap_or_default())?;
        if source.main.is_empty() {
            return folder.wit(below, reach);
        }
        Ok(source)
    }
}
