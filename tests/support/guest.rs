//! Where the plugins are that were built from source.

use std::path::{Path, PathBuf};

/// The file of one of the plugins in `tests/guests`: as it is committed, or as it was built into the folder that
/// `PLUGWEAVE_GUESTS` names.
pub fn guest(file: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = std::env::var_os("PLUGWEAVE_GUESTS").map(|folder| root.join(folder));
    built.unwrap_or_else(|| root.join("tests/guests")).join(file)
}
