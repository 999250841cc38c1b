//! `wasi:filesystem/preopens`: the folders that a plugin is granted.

use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{Descriptor, Dir};
use wasmtime_wasi::p2::bindings::filesystem::preopens;

use super::Face;

/// A folder that a plugin is granted. Its handle was opened when the app was started, and is shared with all
/// plugins that are granted the same folder.
#[derive(Clone)]
pub struct GrantedFolder {
    /// The open folder, with what may be done in it.
    pub dir: Dir,
    /// The path that the plugin sees.
    pub guest: String,
}

impl preopens::Host for Face<'_> {
    // However often a plugin asks, no file is opened.
    fn get_directories(&mut self) -> Result<Vec<(Resource<Descriptor>, String)>> {
        let mut directories = Vec::with_capacity(self.folders.len());
        for folder in self.folders {
            let descriptor = self.table.push(Descriptor::Dir(folder.dir.clone()))?;
            directories.push((descriptor, folder.guest.clone()));
        }
        Ok(directories)
    }
}
