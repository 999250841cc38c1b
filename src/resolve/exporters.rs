//! Which plugins have an export of some name, so that near misses need not be looked for everywhere.

use std::collections::HashMap;

use super::input::Plugin;
use crate::model::ExternName;

/// The plugins by the names of what they export or list, with the package and without it: as
/// indices into those of the app.
pub struct Exporters(HashMap<String, Vec<usize>>);

impl Exporters {
    /// Collects what all plugins list, and what those that take part export without listing it.
    pub fn new<'a>(plugins: &'a [Plugin], private: impl Fn(&'a Plugin) -> &'a [&'a ExternName]) -> Self {
        let mut exporters: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, plugin) in plugins.iter().enumerate() {
            let listed = plugin.manifest.exports.iter().map(|export| &export.name.value);
            for name in listed.chain(private(plugin).iter().copied()) {
                for key in [name.base(), name.short()] {
                    exporters.entry(key.to_owned()).or_default().push(index);
                }
            }
        }
        Self(exporters)
    }

    /// The indices of plugins that may export the name, also in another version or from another package, in the order
    /// of the app: at most so many of either.
    pub fn near(&self, wanted: &ExternName, most: usize) -> Vec<usize> {
        let of = |name| self.0.get(name).into_iter().flatten().take(most);
        let mut found: Vec<usize> = of(wanted.base()).chain(of(wanted.short())).copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}
