use crate::diagnostic::{Diagnostic, FileId, Sources, Span};
use crate::model::{Cardinality, ExternName, FuncType, OnFailure, PluginId};
use crate::words::list;

use super::super::version::{self, Mismatch};

/// Why an import is bound as it is.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The consumer.
    pub plugin: PluginId,
    /// The import, as the binary names it.
    pub import: ExternName,
    /// The interface that a provider has to export: that of `from`, else the import's own.
    pub wanted: ExternName,
    /// What the consumer's manifest says, where it lists the import.
    pub terms: Option<Terms>,
    /// What `[bind]` in `app.toml` says, where it does.
    pub bound: Option<Bound>,
    /// Who serves the import.
    pub source: Source,
    /// Who serves it or might be thought to: first the providers, in provider order, then others by id.
    pub candidates: Vec<Candidate>,
    /// The functions that the consumer imports.
    pub functions: Vec<Explained>,
    /// What is wrong with this import.
    pub problems: Vec<Diagnostic>,
}

impl Explanation {
    /// The versions of an export that would serve, for people; nothing where the import has none.
    pub fn fitting_versions(&self) -> Option<String> {
        version::fitting(&self.wanted)
    }
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, relative to the app's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A line of `[imports]`.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Where it stands.
    pub place: Place,
    /// How many providers there may be.
    pub cardinality: Cardinality,
    /// The interface that providers export, where it is not the import's own.
    pub from: Option<ExternName>,
    /// What happens when a provider fails and the reply has no place for it.
    pub on_failure: OnFailure,
    /// Whether the import does not order the start.
    pub late: bool,
}

/// A line of `[bind]`.
#[derive(Debug, Clone)]
pub struct Bound {
    /// Where it stands.
    pub place: Place,
    /// The plugins that it names, in its order; none where it names the host.
    pub providers: Vec<PluginId>,
    /// Whether it names the host.
    pub host: bool,
}

/// Who serves an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The runtime itself.
    Runtime,
    /// The embedding application, by this line of `[host]`.
    Host(Place),
    /// Nobody: it has no functions, only types.
    TypesOnly,
    /// Plugins: the candidates that serve, possibly none.
    Plugins,
    /// Nobody, because something is wrong: with the import, or with a file that decides about it.
    Undecided,
}

/// A plugin's export that serves an import, or nearly.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The plugin.
    pub plugin: PluginId,
    /// Its export.
    pub export: ExternName,
    /// Where its manifest lists it, or would have to.
    pub place: Place,
    /// Its place among other providers; higher comes first.
    pub priority: i64,
    /// Whether it serves, or why not.
    pub verdict: Verdict,
}

/// Whether an export serves an import, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It serves.
    Serves,
    /// It would do, but who serves is not decided.
    WouldServe,
    /// Its version does not fit.
    Version(Mismatch),
    /// It is the consumer's own, and no plugin provides for itself.
    Itself,
    /// Its plugin is disabled.
    Disabled,
    /// Its plugin has problems of its own.
    Broken,
    /// The binary exports it, but the manifest does not list it.
    Private,
    /// The manifest lists it, but the binary does not export it.
    NotInBinary,
    /// One is an interface, the other a function.
    OtherKind,
    /// `[bind]` names others.
    NotBound,
    /// Another export of the same plugin has a higher version that fits.
    HigherVersion,
    /// It is another interface, which only looks similar.
    OtherInterface,
}

/// A function of an import.
#[derive(Debug, Clone)]
pub struct Explained {
    /// Its name in the binary.
    pub name: String,
    /// Its type as the consumer declares it.
    pub ty: FuncType,
    /// How the answers become one value, in terms of the provider's result `R`; nothing where that is
    /// not decided, or where plugins do not serve the import.
    pub reply: Option<String>,
}

/// Why there is nothing to explain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotExplain {
    /// The app has no such plugin.
    #[error("there is no plugin `{wanted}`; {}", near_or_list(near.as_deref(), "plugins", there))]
    NoPlugin {
        /// What was asked for.
        wanted: String,
        /// What was probably meant.
        near: Option<String>,
        /// The plugins that there are.
        there: Vec<String>,
    },
    /// The plugin is disabled, so that nothing is bound for it.
    #[error("`{plugin}` is disabled, so that nothing is bound for it")]
    Disabled {
        /// The plugin.
        plugin: PluginId,
    },
    /// The plugin's manifest or binary has problems, so that its imports are not known.
    #[error("`{plugin}` has problems of its own, so that its imports are not known; `plugweave check` tells them")]
    Broken {
        /// The plugin.
        plugin: PluginId,
    },
    /// The plugin has no such import.
    #[error("`{plugin}` does not import `{wanted}`; {}", near_or_list(near.as_deref(), "imports", there))]
    NoImport {
        /// The plugin.
        plugin: PluginId,
        /// What was asked for.
        wanted: String,
        /// What was probably meant.
        near: Option<String>,
        /// The imports that there are.
        there: Vec<String>,
    },
    /// The plugin imports several versions of the interface.
    #[error("`{plugin}` imports several versions of `{wanted}`: {}", list(there))]
    Ambiguous {
        /// The plugin.
        plugin: PluginId,
        /// What was asked for.
        wanted: String,
        /// The versions that there are.
        there: Vec<String>,
    },
}

fn near_or_list(near: Option<&str>, what: &str, there: &[String]) -> String {
    match near {
        _ if there.is_empty() => format!("there are no {what}"),
        Some(near) => format!("did you mean `{near}`? The {what} are {}", list(there)),
        None => format!("the {what} are {}", list(there)),
    }
}

/// A place as people count it.
pub fn place(sources: &Sources, file: FileId, span: &Span) -> Place {
    let position = sources.position(file, span.start);
    Place { file: sources.path(file).to_owned(), line: position.line, column: position.column }
}
