use crate::files::Files;
use crate::resolve::{self, Explanation};

use super::{Keep, read};

/// Why there is nothing to explain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotExplain {
    /// The app's folder cannot be read; a sentence for people.
    #[error("{0}")]
    Folder(String),
    /// There is no such plugin or import, or the plugin does not take part.
    #[error(transparent)]
    Import(#[from] resolve::CannotExplain),
}

/// Reads an app and explains why an import of one of its plugins is bound as it is. Other problems
/// of the app do not matter. The import may be named without its version.
///
/// # Errors
/// [`CannotExplain`].
pub fn explain(files: &dyn Files, plugin: &str, import: &str) -> Result<Explanation, CannotExplain> {
    let reading = read(files, &[], Keep::Nothing).map_err(CannotExplain::Folder)?;
    Ok(resolve::explain(&reading.app, plugin, import)?)
}
