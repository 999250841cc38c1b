use std::fmt;
use std::path::PathBuf;

use super::{App, StartOptions};
use crate::check::{BadOffer, Checked, check};
use crate::diagnostic::{Diagnostic, Sources, Style, render_all};
use crate::folder::Folder;
use crate::foreign::{shown, shown_path, told};
use crate::link::LinkError;

/// Why an app could not be opened. As `Debug` it is the same text as when it is displayed, so that it
/// can be read where `main` returns it.
#[derive(thiserror::Error)]
pub enum OpenError {
    /// The app's folder cannot be read.
    #[error("cannot read the app's folder `{}`: {}", shown_path(folder), told(reason))]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The app has problems that `plugweave check` tells too.
    #[error("{0}")]
    Problems(Problems),
    /// An interface that the host wants to offer is none.
    #[error(transparent)]
    Offer(#[from] BadOffer),
    /// A manifest, or another file in code, is there twice.
    #[error(
        "`{}` is there twice: on disk and in code, twice in code, or in a folder that was added twice",
        shown(path)
    )]
    Twice {
        /// The file.
        path: String,
    },
    /// The app is sound but cannot be linked here.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl fmt::Debug for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The problems of an app. Displayed as text for people, in the manner of rustc.
#[derive(Debug)]
pub struct Problems {
    /// Every problem, in a stable order.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that they point into.
    pub sources: Sources,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Style::Plain))
    }
}

impl Problems {
    /// All problems as text for people, in the manner of rustc.
    pub fn render(&self, style: Style) -> String {
        render_all(&self.diagnostics, &self.sources, style)
    }
}

impl App {
    /// Reads, checks, links and starts the app in a folder. [`App::builder`] can do more.
    ///
    /// ```
    /// use plugweave::{App, OpenError};
    ///
    /// let app = App::open("manifests/workbench")?;
    /// assert_eq!(app.plan().plugins.len(), 11);
    /// for (plugin, error) in app.failures() {
    ///     eprintln!("{plugin} does not work: {error}");
    /// }
    ///
    /// assert!(matches!(App::open("nowhere"), Err(OpenError::Folder { .. })));
    /// # Ok::<(), OpenError>(())
    /// ```
    ///
    /// # Errors
    /// [`OpenError`] when the folder cannot be read, when the app has problems, or when it cannot
    /// be linked. A plugin that fails while starting is no error: see [`App::failures`].
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, OpenError> {
        let folder = folder.into();
        match check(&Folder::new(&folder)) {
            Ok(checked) => Self::of_checked(checked, StartOptions { base: folder, ..StartOptions::default() }),
            Err(reason) => Err(OpenError::Folder { folder, reason }),
        }
    }

    /// Links and starts an app that has been checked.
    ///
    /// # Errors
    /// [`OpenError`] when the app has problems, or cannot be linked.
    pub fn of_checked(checked: Checked, options: StartOptions) -> Result<Self, OpenError> {
        let Checked { sources, diagnostics, plan, binaries } = checked;
        match plan {
            Some(plan) => Ok(Self::start(plan, &binaries, options)?),
            None => Err(OpenError::Problems(Problems { diagnostics, sources })),
        }
    }
}
