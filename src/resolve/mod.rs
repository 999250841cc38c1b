//! Resolving: who serves whom, and whether it fits.
//!
//! [`resolve`] takes what the manifests and the binaries say and gives a [`Plan`], or *all* the
//! problems of the app in one pass. It depends neither on the file system nor on the order in
//! which plugins are handed in.
//!
//! The files use each other in one direction, which `tests/layers.rs` has as a list. The checks find
//! problems as values, and `render` alone has their texts.

mod app_file;
mod draft;
mod exporters;
mod few;
mod findings;
mod graph;
mod ids;
mod index;
mod input;
mod listed;
mod listing;
mod member;
mod mismatch;
mod names;
mod near;
mod near_misses;
mod offers;
mod planning;
mod poison;
mod problem;
mod providers;
mod render;
mod resource_rules;
mod runtime;
mod scene;
mod shape;
mod type_check;
mod version;
mod wasi;
mod why;

use crate::diagnostic::{Diagnostic, Severity, Sources};
use crate::plan::Plan;

use problem::Problem;
use scene::Scene;

pub use draft::{Draft, draft_manifest};
pub use input::{App, HostInterface, Plugin};
pub use version::Mismatch;
pub(crate) use version::serves;
pub use wasi::{functions as functions_of_runtime, offered as offered_by_runtime};
pub use why::{Bound, Candidate, CannotExplain, Explained, Explanation, Place, Source, Terms, Verdict, explain};

/// Resolves an app.
///
/// The plan is there exactly when no diagnostic is an error. Diagnostics come in a stable order:
/// by file, place and code.
pub fn resolve(app: &App) -> (Option<Plan>, Vec<Diagnostic>) {
    let (plan, mut diagnostics) = resolve_unsorted(app);
    sort(&mut diagnostics, &app.sources);
    (plan, diagnostics)
}

/// As [`resolve`], with the diagnostics in the order in which they were found, for those who add others and sort all.
pub(crate) fn resolve_unsorted(app: &App) -> (Option<Plan>, Vec<Diagnostic>) {
    let (scene, listing) = Scene::new(app);
    let mut problems: Vec<Problem<'_>> = ids::check(app);
    problems.extend(listing);
    app_file::check(&scene, &mut problems);
    let links = providers::bind_all(&scene, &mut problems);
    let start = planning::start_order(&scene, &links, &mut problems);
    let entry = app_file::entry(&scene, &mut problems);
    let diagnostics: Vec<Diagnostic> = problems.iter().map(render::diagnostic).collect();
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let plan = match start {
        Some(start) if !failed => Some(planning::plan(&scene, &links, &start, entry)),
        _ => None,
    };
    (plan, diagnostics)
}

/// A stable order: by file, place and code; of equals, in the order in which they were found.
pub fn sort(diagnostics: &mut [Diagnostic], sources: &Sources) {
    let key = |diagnostic: &Diagnostic| {
        let place = diagnostic.labels.first().map(|label| (sources.path(label.file), label.span.start));
        (place, diagnostic.code)
    };
    diagnostics.sort_by(|a, b| key(a).cmp(&key(b)));
}
