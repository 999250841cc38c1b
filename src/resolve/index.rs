//! Who exports what: an import finds its providers without asking every plugin.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::rc::Rc;

use crate::model::ExternName;
use crate::world::ExternKind;

use super::listed::ListedImport;
use super::member::Member;

/// The listed exports of all members, by interface without version.
pub struct Index {
    by_base: HashMap<String, Offered>,
    /// What was found already for a name.
    found: RefCell<HashMap<(ExternName, ExternKind), Rc<Serving>>>,
}

/// The listed exports of one interface.
#[derive(Default)]
struct Offered {
    /// As indices of member and export, by member.
    exports: Vec<(usize, usize)>,
    /// The versions in which it is listed, in order, without repetition.
    versions: Vec<ExternName>,
}

/// Every plugin that can serve a name.
#[derive(Default)]
pub struct Serving {
    /// As indices of member and export, in provider order.
    pub offers: Vec<(usize, usize)>,
    /// The members alone, in their order.
    pub members: Vec<usize>,
}

impl Index {
    /// Collects what the members list.
    pub fn new(members: &[Member<'_>]) -> Self {
        let mut by_base: HashMap<String, Offered> = HashMap::new();
        for (member, Member { listing, .. }) in members.iter().enumerate() {
            for (export, listed) in listing.exports.iter().enumerate() {
                by_base.entry(listed.export.name.base().to_owned()).or_default().exports.push((member, export));
            }
        }
        for Offered { exports, versions } in by_base.values_mut() {
            let mut names: Vec<&ExternName> =
                exports.iter().map(|&(member, export)| &members[member].listing.exports[export].export.name).collect();
            names.sort();
            names.dedup();
            *versions = names.into_iter().cloned().collect();
        }
        Self { by_base, found: RefCell::default() }
    }

    /// The versions in which an interface is listed, in order, without repetition.
    pub fn versions(&self, name: &ExternName) -> &[ExternName] {
        self.by_base.get(name.base()).map(|offered| offered.versions.as_slice()).unwrap_or_default()
    }

    /// Lets each `from` without a version mean the only version that is there, as in other keys.
    pub fn complete_targets(&self, members: &mut [Member<'_>]) {
        for import in members.iter_mut().flat_map(|member| &mut member.listing.imports) {
            if let [only] = self.versions(&import.target)
                && import.entry.from.is_some()
                && import.target.version().is_none()
            {
                import.target = only.clone();
            }
        }
    }

    /// Every listed export of this interface, whatever its version, as indices of member and export, by member.
    pub fn of(&self, name: &ExternName) -> &[(usize, usize)] {
        self.by_base.get(name.base()).map(|offered| offered.exports.as_slice()).unwrap_or_default()
    }

    /// Every plugin that can serve an import, the consumer included, in provider order.
    pub fn serving(&self, members: &[Member<'_>], import: &ListedImport<'_>) -> Rc<Serving> {
        let key = (import.target.clone(), import.import.kind);
        let known = self.found.borrow().get(&key).cloned();
        known.unwrap_or_else(|| {
            let serving = Rc::new(self.find_serving(members, import));
            self.found.borrow_mut().insert(key, serving.clone());
            serving
        })
    }

    fn find_serving(&self, members: &[Member<'_>], import: &ListedImport<'_>) -> Serving {
        let export = |(member, export): (usize, usize)| &members[member].listing.exports[export];
        let fitting = self.of(&import.target).iter().copied().filter(|&offer| export(offer).serves(import));
        let mut offers: Vec<(usize, usize)> = fitting.collect();
        // One offer for each plugin, the highest version; members are numbered by id.
        offers.sort_by_key(|&offer| (offer.0, Reverse(export(offer).export.name.version())));
        offers.dedup_by_key(|offer| offer.0);
        let members = offers.iter().map(|offer| offer.0).collect();
        offers.sort_by_key(|&offer| (Reverse(export(offer).priority), offer.0));
        Serving { offers, members }
    }
}
