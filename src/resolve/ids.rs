//! Ids that several plugins have: PW002.

use crate::manifest::{Unknown, path::is_absolute};

use super::input::{App, Plugin};
use super::problem::Problem;

/// PW002, once for an id.
pub fn check(app: &App) -> Vec<Problem<'_>> {
    let is_written = |plugin: &&Plugin| !plugin.manifest.unknown.has(Unknown::ID);
    let mut plugins: Vec<&Plugin> = app.plugins.iter().filter(is_written).collect();
    // The app's own folder comes first: those of further folders have absolute paths.
    plugins.sort_by_cached_key(|plugin| {
        let path = app.sources.path(plugin.manifest.file);
        (plugin.id().clone(), is_absolute(path), path)
    });
    let same = plugins.chunk_by(|a, b| a.id() == b.id()).filter(|same| same.len() > 1);
    same.map(|same| Problem::SameId(same.to_vec())).collect()
}
