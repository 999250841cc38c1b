//! Which problems would only follow from inputs that are broken: those have problems of their own.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::manifest::Unknown;
use crate::model::{ExternName, PluginId};

use super::input::Plugin;
use super::listed::ListedImport;
use super::version;

/// What the broken inputs of an app leave unknown: files by [`Unknown`], plugins by what their manifests list.
pub struct Poison<'a> {
    unknown: Unknown,
    /// The plugins that should take part and cannot.
    broken: Vec<&'a Plugin>,
    /// What they list, by interface without version, as indices of plugins: each pair once.
    listed: HashMap<&'a str, Vec<(&'a ExternName, usize)>>,
    /// What was found already for a name, and whether any version of it would do.
    found: RefCell<HashMap<(ExternName, bool), Suspects>>,
}

/// The broken plugins that may have been meant as the provider of an import.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Suspects {
    None,
    /// All have the id of this one.
    Only(usize),
    /// There are several ids among them.
    Several,
}

impl<'a> Poison<'a> {
    pub fn new(unknown: Unknown, broken: Vec<&'a Plugin>) -> Self {
        let mut listed: HashMap<&'a str, Vec<(&'a ExternName, usize)>> = HashMap::new();
        for (index, plugin) in broken.iter().enumerate() {
            for export in &plugin.manifest.exports {
                listed.entry(export.name.value.base()).or_default().push((&export.name.value, index));
            }
        }
        Self { unknown, broken, listed, found: RefCell::default() }
    }

    /// Whether a plugin with an id that is unknown may be there all the same.
    pub fn hides_ids(&self) -> bool {
        self.unknown.has(Unknown::ID)
    }

    /// Whether `app.toml` may bind what seems not to be bound.
    pub fn hides_bindings(&self) -> bool {
        self.unknown.has(Unknown::BINDINGS)
    }

    /// Whether a broken plugin may have been meant as the provider of an import. A plugin never provides for itself.
    pub fn hides_provider(&self, consumer: &PluginId, import: &ListedImport<'_>) -> bool {
        self.unknown.has(Unknown::OFFERS)
            || match self.suspects(import) {
                Suspects::None => false,
                Suspects::Only(plugin) => self.broken[plugin].id() != consumer,
                Suspects::Several => true,
            }
    }

    fn suspects(&self, import: &ListedImport<'_>) -> Suspects {
        let Some(listed) = self.listed.get(import.target.base()) else { return Suspects::None };
        let any_version = import.entry.from.as_ref().is_some_and(|from| from.value.version().is_none());
        let mut found = self.found.borrow_mut();
        let known = found.entry((import.target.clone(), any_version));
        *known.or_insert_with(|| {
            let may_serve =
                |name: &ExternName| any_version || name.version().is_none() || version::serves(&import.target, name);
            let mut suspects = listed.iter().filter(|(name, _)| may_serve(name)).map(|&(_, plugin)| plugin);
            let Some(first) = suspects.next() else { return Suspects::None };
            let is_other = |plugin: usize| self.broken[plugin].id() != self.broken[first].id();
            if suspects.any(is_other) { Suspects::Several } else { Suspects::Only(first) }
        })
    }
}
