//! Where manifests, components and WIT come from.
//!
//! Everything up to the plan works on text and bytes; [`Files`] is how it asks for them. `folder`
//! implements it for the file system, [`Memory`] for what is built in code.

mod size;

use std::collections::BTreeMap;

use crate::world::WitSource;

pub use size::{FREE_MANIFEST, MAX_COMPONENT, MAX_MANIFESTS, MAX_TEXT, ReadError};
pub(crate) use size::{ManifestSize, WitSize};

/// From where files may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach<'a> {
    /// From anywhere.
    Anywhere,
    /// From the folder that this manifest belongs to, and from nowhere else, wherever links lead.
    FolderOf(&'a str),
}

/// What is known of a file before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStatus {
    /// What tells it from other files: two paths with one place are one file.
    pub place: String,
    /// How many bytes it has, where that is known.
    pub size: Option<u64>,
    /// Whether it really lies in the app's folder, links followed.
    pub is_inside: bool,
}

/// The files of one app, by paths relative to the app's folder, with `/` between their parts.
///
/// They are asked for from several threads at once.
pub trait Files: Sync {
    /// The paths of the manifests, `app.toml` included; their order does not matter.
    ///
    /// # Errors
    /// A sentence for people when the folder cannot be read. A single file that cannot be read is
    /// in the list all the same.
    fn manifests(&self) -> Result<Vec<String>, String>;

    /// The bytes of a manifest.
    ///
    /// # Errors
    /// Why it cannot be read; also when there are more than [`MAX_TEXT`], which are not read then.
    fn manifest(&self, path: &str, reach: Reach<'_>) -> Result<Vec<u8>, ReadError>;

    /// The bytes of a component or core module.
    ///
    /// # Errors
    /// Why it cannot be read; also when there are more than [`MAX_COMPONENT`], which are not read then.
    fn read(&self, path: &str, reach: Reach<'_>) -> Result<Vec<u8>, ReadError>;

    /// The WIT package in a file or folder, with what lies in its `deps`.
    ///
    /// # Errors
    /// A sentence for people: why it cannot be read.
    fn wit(&self, path: &str, reach: Reach<'_>) -> Result<WitSource, String>;

    /// What is known of the file of a manifest, named by it, or of the manifest itself, without reading it.
    /// By default, that each path is a file of its own.
    fn status(&self, path: &str, manifest: &str) -> FileStatus {
        let _ = manifest;
        FileStatus { place: path.to_owned(), size: None, is_inside: true }
    }
}

/// Files that live in memory.
#[derive(Debug, Clone, Default)]
pub struct Memory(BTreeMap<String, Vec<u8>>);

impl Memory {
    /// Adds a file, or replaces it.
    #[must_use]
    pub fn with(mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.insert(path.into(), bytes.into());
        self
    }

    /// The bytes of a file, however many.
    pub(crate) fn get(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }

    fn read_within(&self, path: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
        let bytes = self.get(path).ok_or_else(|| "no such file".to_owned())?;
        ReadError::check_size(u64::try_from(bytes.len()).unwrap_or(u64::MAX), limit)?;
        Ok(bytes.to_vec())
    }

    fn text(&self, path: &str) -> Result<String, String> {
        let bytes = self.read_within(path, MAX_TEXT).map_err(|error| format!("`{path}`: {error}"))?;
        String::from_utf8(bytes).map_err(|_| format!("`{path}` is not UTF-8"))
    }
}

impl Files for Memory {
    fn manifests(&self) -> Result<Vec<String>, String> {
        Ok(self.0.keys().filter(|path| is_manifest_path(path)).cloned().collect())
    }

    fn manifest(&self, path: &str, _: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        self.read_within(path, MAX_TEXT)
    }

    fn read(&self, path: &str, _: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        self.read_within(path, MAX_COMPONENT)
    }

    fn status(&self, path: &str, _: &str) -> FileStatus {
        let size = self.get(path).map(|bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        FileStatus { place: path.to_owned(), size, is_inside: true }
    }

    fn wit(&self, path: &str, _: Reach<'_>) -> Result<WitSource, String> {
        let none = || "no such file, and no folder with `.wit` files".to_owned();
        if !self.has_wit(path) {
            return Err(none());
        }
        let source = self.wit_over(path, WitSource::default())?;
        if source.main.is_empty() { Err(none()) } else { Ok(source) }
    }
}

impl Memory {
    /// Whether something of the WIT in a file or folder is here.
    pub(crate) fn has_wit(&self, path: &str) -> bool {
        self.0.contains_key(path) || self.wit_below(path).next().is_some()
    }

    /// The WIT package in a file or folder, where files of `below` count that are not here.
    pub(crate) fn wit_over(&self, path: &str, below: WitSource) -> Result<WitSource, String> {
        if self.0.contains_key(path) {
            return Ok(WitSource { main: vec![(path.to_owned(), self.text(path)?)], deps: Vec::new() });
        }
        let mut files: BTreeMap<String, String> =
            below.main.into_iter().chain(below.deps.into_iter().flatten()).collect();
        for (file, _) in self.wit_below(path) {
            files.insert(file.to_owned(), self.text(file)?);
        }
        let mut size = WitSize::default();
        files.values().try_for_each(|text| size.add(text))?;
        let mut main = Vec::new();
        let mut deps: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for (file, text) in files {
            match within(path, &file).and_then(|rest| rest.strip_prefix("deps/")) {
                Some(dep) => {
                    let package = dep.split('/').next().unwrap_or(dep).to_owned();
                    deps.entry(package).or_default().push((file, text));
                }
                None => main.push((file, text)),
            }
        }
        Ok(WitSource { main, deps: deps.into_values().collect() })
    }

    /// The files of the WIT package in a folder, and their places in it.
    fn wit_below(&self, path: &str) -> impl Iterator<Item = (&str, &str)> {
        let places = self.0.keys().filter_map(move |file| Some((file.as_str(), within(path, file)?)));
        places.filter(|(_, place)| place.ends_with(".wit") && (place.starts_with("deps/") || !place.contains('/')))
    }
}

/// The place of a file in a folder, where it is in it.
fn within<'a>(folder: &str, file: &'a str) -> Option<&'a str> {
    if folder == "." { Some(file) } else { file.strip_prefix(folder)?.strip_prefix('/') }
}

/// Whether a path, relative to the app's folder, is that of a manifest or of `app.toml`.
pub fn is_manifest_path(path: &str) -> bool {
    match path.split_once('/') {
        None => path.ends_with(".toml") && !path.starts_with('.') && path != "Cargo.toml",
        Some((folder, file)) => file == "plugin.toml" && !folder.starts_with('.'),
    }
}

/// The id that a manifest's path gives: the file's stem, or the folder's name.
pub fn default_id(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((folder, "plugin.toml")) => folder.rsplit('/').next().unwrap_or(folder),
        Some((_, file)) => file.strip_suffix(".toml").unwrap_or(file),
        None => path.strip_suffix(".toml").unwrap_or(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_paths_are_manifests() {
        for (path, expected) in [
            ("a.toml", true),
            ("app.toml", true),
            ("Cargo.toml", false),
            (".a.toml", false),
            ("a/plugin.toml", true),
            ("a/b.toml", false),
            (".a/plugin.toml", false),
            ("a/b/plugin.toml", false),
            ("a.wasm", false),
        ] {
            assert_eq!(is_manifest_path(path), expected, "{path}");
        }
        assert_eq!((default_id("a.b.toml"), default_id("x/plugin.toml")), ("a.b", "x"));
        assert_eq!((default_id("/p/a.toml"), default_id("/p/x/plugin.toml")), ("a", "x"));
    }

    #[test]
    fn what_is_given_in_code_has_the_same_limits() {
        let zeros = |bytes: u64| vec![0; usize::try_from(bytes).unwrap()];
        let files = Memory::default()
            .with("component.wasm", zeros(MAX_COMPONENT + 1))
            .with("most.toml", zeros(MAX_TEXT))
            .with("more.toml", zeros(MAX_TEXT + 1))
            .with("wit/a.wit", zeros(MAX_TEXT / 2))
            .with("wit/deps/b.wit", zeros(MAX_TEXT / 2 + 1));
        let too_large = ReadError::TooLarge { size: Some(MAX_COMPONENT + 1), limit: MAX_COMPONENT };
        assert_eq!(files.read("component.wasm", Reach::Anywhere), Err(too_large));
        let manifests = files.manifests().unwrap();
        let read = manifests.iter().map(|path| files.manifest(path, Reach::Anywhere).is_ok());
        let read: Vec<bool> = read.collect();
        assert_eq!(read, [false, true]);
        assert!(files.wit("wit/a.wit", Reach::Anywhere).is_ok());
        assert!(files.wit("wit", Reach::Anywhere).unwrap_err().contains("4 MiB"));
        assert!(files.wit("more.toml", Reach::Anywhere).unwrap_err().contains("it has 4194305 bytes"));
    }
}
