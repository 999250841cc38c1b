//! A plugin that takes part in an app.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::model::{ExternName, PluginId};

use super::few::Few;
use super::input::Plugin;
use super::listed::{ListedImport, Listing};
use super::names::{Found, Names};

/// A plugin that takes part: enabled, and its binary could be read.
pub struct Member<'a> {
    pub plugin: &'a Plugin,
    pub listing: Listing<'a>,
    /// The names of the listed imports, by their numbers.
    pub imports: Names<'a>,
    /// The names of the listed exports, for sentences.
    pub exports: Rc<Few<'a, ExternName>>,
    /// The numbers of the listed imports, by what their providers export, without its version.
    targets: OnceCell<HashMap<String, Vec<usize>>>,
}

impl<'a> Member<'a> {
    pub fn new(plugin: &'a Plugin, listing: Listing<'a>) -> Self {
        let imports = Names::new(listing.imports.iter().enumerate().map(|(number, it)| (number, &it.import.name)));
        let exports = Rc::new(Few::of(listing.exports.iter().map(|listed| &listed.export.name)));
        Self { plugin, listing, imports, exports, targets: OnceCell::new() }
    }

    pub fn id(&self) -> &'a PluginId {
        self.plugin.id()
    }

    /// The import that a line of `[bind]` names.
    pub fn bound_import(&self, name: &ExternName) -> Option<&ListedImport<'a>> {
        match self.imports.find(name) {
            Found::One(number) => self.listing.imports.get(number),
            Found::None | Found::Several(_) => None,
        }
    }

    /// The first import whose providers export an interface that is compatible with this one.
    pub fn by_target(&self, wanted: &ExternName) -> Option<&ListedImport<'a>> {
        let targets = self.targets.get_or_init(|| {
            let mut targets: HashMap<String, Vec<usize>> = HashMap::new();
            for (number, import) in self.listing.imports.iter().enumerate() {
                targets.entry(import.target.base().to_owned()).or_default().push(number);
            }
            targets
        });
        let imports = targets.get(wanted.base()).into_iter().flatten().map(|&number| &self.listing.imports[number]);
        imports.into_iter().find(|import| import.target.is_compatible(wanted))
    }
}
