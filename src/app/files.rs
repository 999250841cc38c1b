use std::path::{Path, PathBuf};

use super::OpenError;
use crate::files::{Files, ManifestFile, Memory, ReadError};
use crate::folder::Folder;
use crate::world::WitSource;

/// The files of an app that is put together from folders and from what is given in code.
///
/// What is given in code stands in the first folder, as it were. Further folders have absolute
/// paths.
#[derive(Debug, Default)]
pub(super) struct AppFiles {
    manifests: Vec<ManifestFile>,
    folder: Option<Folder>,
    memory: Memory,
}

impl AppFiles {
    /// Reads the manifests.
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
            files.manifests = manifests(&folder)?;
            files.folder = Some(folder);
        }
        for manifest in files.memory.manifests().unwrap_or_default() {
            if files.manifests.iter().any(|other| other.path == manifest.path) {
                return Err(OpenError::Twice { path: manifest.path });
            }
            files.manifests.push(manifest);
        }
        for folder in further {
            files.add(folder)?;
        }
        Ok(files)
    }

    fn add(&mut self, folder: &Path) -> Result<(), OpenError> {
        let failed = |reason: String| OpenError::Folder { folder: folder.to_owned(), reason };
        let root = std::path::absolute(folder).map_err(|error| failed(error.to_string()))?;
        let Some(prefix) = root.to_str() else {
            return Err(failed("its path is not UTF-8".to_owned()));
        };
        let prefix = prefix.trim_end_matches('/');
        for manifest in manifests(&Folder::new(folder))? {
            let path = format!("{prefix}/{}", manifest.path);
            if self.manifests.iter().any(|other| other.path == path) {
                return Err(OpenError::Twice { path });
            }
            self.manifests.push(ManifestFile { path, ..manifest });
        }
        Ok(())
    }
}

fn manifests(folder: &Folder) -> Result<Vec<ManifestFile>, OpenError> {
    folder.manifests().map_err(|reason| OpenError::Folder { folder: folder.path().to_owned(), reason })
}

impl Files for AppFiles {
    fn manifests(&self) -> Result<Vec<ManifestFile>, String> {
        Ok(self.manifests.clone())
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        match &self.folder {
            Some(folder) if self.memory.get(path).is_none() => folder.read(path),
            _ => self.memory.read(path),
        }
    }

    fn wit(&self, path: &str) -> Result<WitSource, String> {
        let Some(folder) = &self.folder else { return self.memory.wit(path) };
        if !self.memory.has_wit(path) {
            return folder.wit(path);
        }
        let source = self.memory.wit_over(path, folder.wit_folder(path)?.unwrap_or_default())?;
        if source.main.is_empty() {
            return folder.wit(path);
        }
        Ok(source)
    }
}
