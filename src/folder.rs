//! An app's folder on disk. The only module that touches the file system.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::files::{Files, MAX_COMPONENT, MAX_TEXT, ManifestFile, ReadError, WitSize, is_manifest_path};
use crate::world::WitSource;

/// A folder on disk.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder at this path; it is read when the app is.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The place of a path below it. `""` is its own: a file whose name is no text can be read as the root.
    fn place(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }

    /// The names of a sub-folder's files and folders, sorted; `""` is the folder itself.
    fn names(&self, path: &str) -> Result<Vec<String>, String> {
        let entries = fs::read_dir(self.place(path)).map_err(|error| tell(&error))?;
        let mut names = Vec::new();
        for entry in entries {
            // A name that is not UTF-8 cannot be written in a manifest, nor be an id.
            names.extend(entry.map_err(|error| tell(&error))?.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }

    /// The manifest that an entry of the folder is or holds, if it does.
    fn manifest(&self, entry: &OsStr) -> Option<ManifestFile> {
        let name = entry.to_string_lossy();
        // Links are followed, as by any other reading of the folder.
        let is_folder = self.root.join(entry).is_dir();
        let path = if is_folder { format!("{name}/plugin.toml") } else { name.clone().into_owned() };
        if !is_manifest_path(&path) {
            return None;
        }
        if is_folder {
            // A link that leads nowhere was meant to be a manifest; what is not there was not.
            match fs::symlink_metadata(self.root.join(entry).join("plugin.toml")) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
                Err(error) => return Some(ManifestFile { path, bytes: Err(tell(&error)) }),
                Ok(_) => {}
            }
        }
        let bytes = match entry.to_str() {
            Some(_) => self.read_within(&path, MAX_TEXT).map_err(|error| error.to_string()),
            None => Err("its name is not UTF-8".to_owned()),
        };
        Some(ManifestFile { path, bytes })
    }

    /// The bytes of a file, which may be so many.
    fn read_within(&self, path: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
        let full = self.place(path);
        let metadata = fs::metadata(&full).map_err(|error| tell(&error))?;
        // Reading a pipe or a device could last for ever.
        if !metadata.is_file() {
            return Err("not a regular file".to_owned().into());
        }
        ReadError::check_size(metadata.len(), limit)?;
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        let file = fs::File::open(&full).map_err(|error| tell(&error))?;
        // It may grow meanwhile, and what is no file on a disk may tell any size.
        file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| tell(&error))?;
        if u64::try_from(bytes.len()).is_ok_and(|size| size <= limit) {
            Ok(bytes)
        } else {
            Err(ReadError::TooLarge { size: None, limit })
        }
    }

    fn read_text(&self, path: &str) -> Result<String, String> {
        let bytes = self.read_within(path, MAX_TEXT).map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())
    }

    /// The text of one file of several, so that the error names it.
    fn read_one(&self, path: &str, size: &mut WitSize) -> Result<String, String> {
        let text = self.read_text(path).map_err(|reason| format!("`{path}`: {reason}"))?;
        size.add(&text)?;
        Ok(text)
    }

    /// The `.wit` files directly in a folder.
    fn wit_files(&self, path: &str, size: &mut WitSize) -> Result<Vec<(String, String)>, String> {
        let names = self.names(path)?;
        let files = names.iter().filter(|name| name.ends_with(".wit")).map(|name| below(path, name));
        files.map(|file| Ok((file.clone(), self.read_one(&file, size)?))).collect()
    }

    /// What a folder has of a WIT package, which may be nothing; `None` when it is no folder.
    pub(crate) fn wit_folder(&self, path: &str) -> Result<Option<WitSource>, String> {
        if !self.place(path).is_dir() {
            return Ok(None);
        }
        let mut size = WitSize::default();
        Ok(Some(WitSource { main: self.wit_files(path, &mut size)?, deps: self.deps(path, &mut size)? }))
    }

    fn deps(&self, path: &str, size: &mut WitSize) -> Result<Vec<Vec<(String, String)>>, String> {
        let deps = below(path, "deps");
        if !self.root.join(&deps).is_dir() {
            return Ok(Vec::new());
        }
        let mut packages = Vec::new();
        for name in self.names(&deps)? {
            let dep = format!("{deps}/{name}");
            if self.root.join(&dep).is_dir() {
                packages.push(self.wit_files(&dep, size)?);
            } else if name.ends_with(".wit") {
                packages.push(vec![(dep.clone(), self.read_one(&dep, size)?)]);
            }
        }
        Ok(packages)
    }
}

impl Files for Folder {
    fn manifests(&self) -> Result<Vec<ManifestFile>, String> {
        let mut manifests = Vec::new();
        for entry in fs::read_dir(&self.root).map_err(|error| tell(&error))? {
            manifests.extend(self.manifest(&entry.map_err(|error| tell(&error))?.file_name()));
        }
        Ok(manifests)
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.read_within(path, MAX_COMPONENT)
    }

    fn wit(&self, path: &str) -> Result<WitSource, String> {
        let Some(source) = self.wit_folder(path)? else {
            let text = self.read_text(path)?;
            return Ok(WitSource { main: vec![(path.to_owned(), text)], deps: Vec::new() });
        };
        if source.main.is_empty() {
            return Err("a folder without `.wit` files".to_owned());
        }
        Ok(source)
    }
}

/// The path of an entry of a folder, which may be the app's own.
fn below(folder: &str, name: &str) -> String {
    if matches!(folder, "." | "") { name.to_owned() } else { format!("{folder}/{name}") }
}

/// What went wrong, without the operating system's error number.
fn tell(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::NotADirectory => "not a folder".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_has_more_bytes_than_it_tells_is_not_read_to_its_end() {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        assert!(status.len() > 100 && fs::metadata("/proc/self/status").unwrap().len() == 0);
        let read = Folder::new("/proc/self").read_within("status", 100);
        assert_eq!(read, Err(ReadError::TooLarge { size: None, limit: 100 }));
        assert!(Folder::new("/proc/self").read_within("status", 1 << 20).is_ok());
    }
}
