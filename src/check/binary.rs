use crate::files::{Files, Reach, ReadError};
use crate::words::{shown, told};
use crate::world::{Gated, World, WorldError, componentize, gated, read_component};

/// One binary by itself.
#[derive(Debug)]
pub struct Binary {
    /// The component: the file itself, or what was made of a core module or of text.
    pub component: Vec<u8>,
    /// What it imports and exports.
    pub world: World,
    /// What the WIT of a core module gates with `@unstable`, and the module does not export.
    pub gated: Vec<Gated>,
}

/// Why a binary cannot be a plugin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BinaryError {
    /// The file cannot be read.
    #[error("the component `{}` cannot be read: {reason}", shown(path))]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: ReadError,
    },
    /// Its WIT cannot be read.
    #[error("the WIT `{}` cannot be read: {}", shown(path), told(reason))]
    UnreadableWit {
        /// The file or folder.
        path: String,
        /// A sentence for people.
        reason: String,
    },
    /// It has no world that plugins can be linked by.
    #[error("the component `{}` cannot be used: {error}", shown(path))]
    Unusable {
        /// The file.
        path: String,
        /// What is wrong.
        error: WorldError,
    },
}

impl BinaryError {
    /// What to do, where the file has too many bytes.
    pub const TOO_LARGE: &str = "strip its debug information, let it read large data from a folder that it is granted, \
        or divide it into several plugins";
}

/// Reads a component or core module, `.wasm` or `.wat`, without a manifest. `wit` is the file or
/// folder with the WIT of a core module that has none embedded, and `world` the world in it.
///
/// # Errors
/// [`BinaryError`], in the words of the diagnostic PW003.
pub fn read_binary(
    files: &dyn Files,
    path: &str,
    wit: Option<&str>,
    world: Option<&str>,
) -> Result<Binary, BinaryError> {
    let unusable = |error| BinaryError::Unusable { path: path.to_owned(), error };
    let bytes = files
        .read(path, Reach::Anywhere)
        .map_err(|reason| BinaryError::Unreadable { path: path.to_owned(), reason })?;
    let read_wit = |wit: &str| {
        files.wit(wit, Reach::Anywhere).map_err(|reason| BinaryError::UnreadableWit { path: wit.to_owned(), reason })
    };
    let wit = wit.map(read_wit).transpose()?;
    let component = componentize(&bytes, wit.as_ref(), world).map_err(unusable)?.into_owned();
    let gated = wit.as_ref().map(|wit| gated(&bytes, wit, world).map_err(unusable)).transpose()?.unwrap_or_default();
    let world = read_component(&component).map_err(unusable)?;
    Ok(Binary { component, world, gated })
}
