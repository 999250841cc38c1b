use crate::diagnostic::{FileId, Span};
use crate::files::ReadError;
use crate::manifest::HostEntry;
use crate::resolve::Plugin;
use crate::world::WorldError;

use super::BinaryError;

/// What is wrong with the files of an app, beside what manifests say.
pub(super) enum Problem<'a> {
    /// PW001: a manifest cannot be read.
    Unreadable {
        /// The manifest, without text.
        file: FileId,
        /// Its path.
        path: &'a str,
        /// Why not.
        reason: &'a ReadError,
    },
    /// PW001: a manifest is not UTF-8.
    NotUtf8 {
        /// The manifest.
        file: FileId,
        /// Its path.
        path: &'a str,
        /// Where the text ends.
        at: usize,
    },
    /// PW001: the manifests have too many bytes together, from this one on.
    TooMuch {
        /// The manifest, without text.
        file: FileId,
        /// Its path.
        path: &'a str,
        /// How many there are behind it.
        others: usize,
    },
    /// PW001: of several files none is a manifest.
    NoApp {
        /// The first of them.
        file: FileId,
        /// All of them.
        paths: &'a [String],
    },
    /// PW401: an `app.toml` in a further folder of the app.
    FurtherAppFile {
        /// The file.
        file: FileId,
        /// Its path.
        path: &'a str,
    },
    /// PW401: `app.toml` says `contained`, and lies outside itself.
    ContainedOutside {
        /// `app.toml`.
        file: FileId,
        /// Where it says so.
        place: Span,
    },
    /// PW003: the binary of a plugin cannot be used.
    Binary(&'a Plugin, &'a BinaryProblem),
    /// PW401: a line of `[host]` cannot be fulfilled.
    Host {
        /// `app.toml`.
        file: FileId,
        /// The line.
        entry: &'a HostEntry,
        /// What is wrong with its WIT.
        problem: &'a HostProblem,
    },
}

/// What is wrong with a plugin's binary.
pub(super) enum BinaryProblem {
    /// It cannot be a plugin.
    Refused(BinaryError),
    /// It has another hash than the manifest expects: this one, where it may be told.
    OtherHash(Option<[u8; 32]>),
}

impl From<BinaryError> for BinaryProblem {
    fn from(error: BinaryError) -> Self {
        Self::Refused(error)
    }
}

/// What is wrong with the WIT of a line of `[host]`.
pub(super) enum HostProblem {
    /// It cannot be read, for this reason.
    Unreadable(String),
    /// It has no such interface.
    NoInterface {
        /// The interface.
        wanted: String,
        /// Those that are there, as a list for people.
        there: String,
    },
    /// It cannot be used.
    Unusable(WorldError),
}
