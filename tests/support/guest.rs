//! Where the plugins are that were built from source.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The file of one of the plugins in `tests/guests`: as it is committed, or as it was built into the folder that
/// `PLUGWEAVE_GUESTS` names.
pub fn guest(file: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    built().map_or_else(|| root.join("tests/guests"), |folder| root.join(folder)).join(file)
}

/// The folder of plugins that were built elsewhere, with other tools than the committed ones.
pub fn built() -> Option<OsString> {
    std::env::var_os("PLUGWEAVE_GUESTS")
}
