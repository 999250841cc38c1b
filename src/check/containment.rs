use crate::files::{Reach, ReadError};
use crate::manifest::{AppFile, Unknown};

/// From where the files of an app may come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Containment {
    /// From anywhere.
    #[default]
    Open,
    /// From the app's folder only: `app.toml` says so.
    Contained,
    /// `app.toml` cannot be understood and may say so. Nothing outside is read, and that is no problem of its own: the
    /// one of `app.toml` is told.
    Unknown,
}

impl Containment {
    /// What `app.toml` says, where it could be read.
    pub(super) fn of(file: Option<&AppFile>) -> Self {
        match file {
            Some(file) if file.contained.is_some() => Self::Contained,
            Some(file) if !file.unknown.has(Unknown::CONTAINMENT) => Self::Open,
            _ => Self::Unknown,
        }
    }

    /// From where the files of a manifest may come.
    pub(super) fn reach(self, manifest: &str) -> Reach<'_> {
        if self == Self::Open { Reach::Anywhere } else { Reach::FolderOf(manifest) }
    }

    /// What a file of a manifest holds, and whether it was read in the manifest's folder. What is asked of its path
    /// before or afterwards may be about another file.
    pub(super) fn read_inside_first(
        self,
        manifest: &str,
        read: impl Fn(Reach<'_>) -> Result<Vec<u8>, ReadError>,
    ) -> (Result<Vec<u8>, ReadError>, bool) {
        match read(Reach::FolderOf(manifest)) {
            Err(ReadError::Outside) if self == Self::Open => (read(Reach::Anywhere), false),
            inside => (inside, true),
        }
    }

    /// Whether a file that cannot be read is no problem of its own.
    pub(super) fn hides(self, error: &ReadError) -> bool {
        self == Self::Unknown && *error == ReadError::Outside
    }

    /// As [`Self::hides`], of WIT.
    pub(super) fn hides_wit(self, reason: &str) -> bool {
        self == Self::Unknown && ReadError::is_outside(reason)
    }
}
