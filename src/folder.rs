//! An app's folder on disk. The only module that touches the file system.

mod open;
mod walk;

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::files::{FileStatus, Files, MAX_COMPONENT, MAX_TEXT, Reach, ReadError, WitSize, is_manifest_path};
use crate::world::WitSource;

/// A folder on disk.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
    /// Where that really is, links followed.
    real: OnceLock<Option<PathBuf>>,
}

impl Folder {
    /// The folder at this path; it is read when the app is.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), real: OnceLock::new() }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The place of a path below it. `""` is its own: a file whose name is no text can be read as the root.
    fn place(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }

    /// The path without links; `None` when there is no such folder.
    fn real(&self) -> Option<&Path> {
        let here = if self.root.as_os_str().is_empty() { Path::new(".") } else { &self.root };
        self.real.get_or_init(|| here.canonicalize().ok()).as_deref()
    }

    /// The names of a sub-folder's files and folders, sorted; `""` is the folder itself. `None` when it is no folder.
    fn names(&self, path: &str, size: &mut WitSize, reach: Reach<'_>) -> Result<Option<Vec<String>>, String> {
        let entries = match (reach, self.real()) {
            (Reach::FolderOf(_), Some(real)) => open::names_within(real, Path::new(path)),
            _ => open::names_anywhere(&self.place(path)),
        };
        let Some(entries) = entries.map_err(|error| error.to_string())? else { return Ok(None) };
        let mut names = Vec::new();
        for entry in entries {
            // A name that is not UTF-8 cannot be written in a manifest, nor be an id.
            let Ok(name) = entry.into_string() else { continue };
            size.add(&name)?;
            names.push(name);
        }
        names.sort();
        Ok(Some(names))
    }

    /// The path of the manifest that an entry of the folder is or holds, if it does.
    fn manifest_path(&self, entry: &OsStr) -> Option<String> {
        let name = entry.to_string_lossy();
        // Links are followed, as by any other reading of the folder.
        let is_folder = !self.is_manifest_elsewhere(entry, &name) && self.root.join(entry).is_dir();
        let path = if is_folder { format!("{name}/plugin.toml") } else { name.into_owned() };
        if !is_manifest_path(&path) {
            return None;
        }
        // A link that leads nowhere was meant to be a manifest; what is not there was not.
        let is_there =
            |path: &Path| !matches!(fs::symlink_metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound);
        (!is_folder || is_there(&self.root.join(entry).join("plugin.toml"))).then_some(path)
    }

    /// Whether an entry with the name of a manifest is a link out of the folder. Whether a file or a folder is there is
    /// then not to be told by the list of manifests: the app may be contained.
    fn is_manifest_elsewhere(&self, entry: &OsStr, name: &str) -> bool {
        let leaves = |real: &Path| walk::path_within(real, Path::new(entry)) == Err(ReadError::Outside);
        is_manifest_path(name) && self.real().is_some_and(leaves)
    }

    /// The bytes of a file, which may be so many.
    fn read_within(&self, path: &str, limit: u64, reach: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        let file = match (reach, self.real()) {
            (Reach::FolderOf(_), Some(real)) => open::within(real, Path::new(path))?,
            _ => open::anywhere(&self.place(path))?,
        };
        open::read(file, limit)
    }

    fn read_text(&self, path: &str, reach: Reach<'_>) -> Result<String, String> {
        let bytes = self.read_within(path, MAX_TEXT, reach).map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())
    }

    /// The text of one file of several, so that the error names it.
    fn read_one(&self, path: &str, size: &mut WitSize, reach: Reach<'_>) -> Result<String, String> {
        let text = self.read_text(path, reach).map_err(|reason| format!("`{path}`: {reason}"))?;
        size.add(&text)?;
        Ok(text)
    }

    /// The `.wit` files among the names of what lies directly in a folder.
    fn wit_files(
        &self,
        path: &str,
        names: &[String],
        size: &mut WitSize,
        reach: Reach<'_>,
    ) -> Result<Vec<(String, String)>, String> {
        let files = names.iter().filter(|name| name.ends_with(".wit")).map(|name| below(path, name));
        files.map(|file| Ok((file.clone(), self.read_one(&file, size, reach)?))).collect()
    }

    /// What a folder has of a WIT package, which may be nothing; `None` when it is no folder.
    pub(crate) fn wit_folder(&self, path: &str, reach: Reach<'_>) -> Result<Option<WitSource>, String> {
        let mut size = WitSize::default();
        let Some(names) = self.names(path, &mut size, reach)? else { return Ok(None) };
        let main = self.wit_files(path, &names, &mut size, reach)?;
        let has_deps = names.iter().any(|name| name == "deps");
        let deps = if has_deps { self.deps(&below(path, "deps"), &mut size, reach)? } else { Vec::new() };
        Ok(Some(WitSource { main, deps }))
    }

    fn deps(&self, path: &str, size: &mut WitSize, reach: Reach<'_>) -> Result<Vec<Vec<(String, String)>>, String> {
        let mut packages = Vec::new();
        for name in self.names(path, size, reach)?.unwrap_or_default() {
            let dep = format!("{path}/{name}");
            let names = self.names(&dep, size, reach).map_err(|reason| format!("`{dep}`: {reason}"))?;
            if let Some(names) = names {
                packages.push(self.wit_files(&dep, &names, size, reach)?);
            } else if name.ends_with(".wit") {
                packages.push(vec![(dep.clone(), self.read_one(&dep, size, reach)?)]);
            }
        }
        Ok(packages)
    }
}

impl Files for Folder {
    fn manifests(&self) -> Result<Vec<String>, String> {
        let mut manifests = Vec::new();
        for entry in fs::read_dir(&self.root).map_err(|error| tell(&error))? {
            manifests.extend(self.manifest_path(&entry.map_err(|error| tell(&error))?.file_name()));
        }
        Ok(manifests)
    }

    fn manifest(&self, path: &str, reach: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        let read = self.read_within(path, MAX_TEXT, reach);
        // The list of manifests has such a character where a name has bytes that are not UTF-8.
        let is_lossy =
            path.contains(char::REPLACEMENT_CHARACTER) && fs::symlink_metadata(self.root.join(path)).is_err();
        if is_lossy { Err("its name is not UTF-8".to_owned().into()) } else { read }
    }

    fn read(&self, path: &str, reach: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        self.read_within(path, MAX_COMPONENT, reach)
    }

    fn wit(&self, path: &str, reach: Reach<'_>) -> Result<WitSource, String> {
        let Some(source) = self.wit_folder(path, reach)? else {
            let text = self.read_text(path, reach)?;
            return Ok(WitSource { main: vec![(path.to_owned(), text)], deps: Vec::new() });
        };
        if source.main.is_empty() {
            return Err("a folder without `.wit` files".to_owned());
        }
        Ok(source)
    }

    fn status(&self, path: &str, _: &str) -> FileStatus {
        let Ok(place) = self.root.join(path).canonicalize() else {
            return FileStatus { place: path.to_owned(), size: None, is_inside: false };
        };
        FileStatus {
            size: place.metadata().ok().map(|metadata| metadata.len()),
            is_inside: self.real().is_some_and(|real| place.starts_with(real)),
            // What is no UTF-8 is shared with nothing.
            place: place.to_str().unwrap_or(path).to_owned(),
        }
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
        let read = Folder::new("/proc/self").read_within("status", 100, Reach::Anywhere);
        assert_eq!(read, Err(ReadError::TooLarge { size: None, limit: 100 }));
        assert!(Folder::new("/proc/self").read_within("status", 1 << 20, Reach::Anywhere).is_ok());
    }
}
