//! Finding what a key of a manifest names, among many names.

use std::collections::HashMap;
use std::rc::Rc;

use super::few::Few;
use super::near::{Relation, close_relation, relation};
use crate::model::ExternName;
use crate::words::Effort;

/// What a manifest's key finds among names.
pub enum Found<'a, T> {
    /// It names nothing.
    None,
    /// It names this one.
    One(T),
    /// It leaves the version out, or is of another release of WASI 0.2, and there are several.
    Several(Vec<&'a ExternName>),
}

/// Names by a part of them.
type ByName<'a> = HashMap<&'a str, Vec<(usize, &'a ExternName)>>;

/// Names, each with a number, so that none is found by going through all.
pub struct Names<'a> {
    exact: HashMap<&'a ExternName, usize>,
    by_base: ByName<'a>,
    by_short: ByName<'a>,
    all: Vec<&'a ExternName>,
    few: Rc<Few<'a, ExternName>>,
}

impl<'a> Names<'a> {
    /// The names, in an order that matters for what is told.
    pub fn new(names: impl IntoIterator<Item = (usize, &'a ExternName)>) -> Self {
        let (mut exact, mut by_base, mut by_short, mut all) =
            (HashMap::new(), ByName::new(), ByName::new(), Vec::new());
        for (number, name) in names {
            exact.entry(name).or_insert(number);
            by_base.entry(name.base()).or_default().push((number, name));
            by_short.entry(name.short()).or_default().push((number, name));
            all.push(name);
        }
        let few = Rc::new(Few::of(all.iter().copied()));
        Self { exact, by_base, by_short, all, few }
    }

    /// The number of what a key names: exactly, or by a name without version when only one version is there. A key of
    /// WASI 0.2 also names the only other release that is there: which one it is the tool chain decides, or the adapter
    /// of WASI preview 1, and it changes with them.
    pub fn find(&self, key: &ExternName) -> Found<'a, usize> {
        if let Some(&number) = self.exact.get(key) {
            return Found::One(number);
        }
        let is_meant = |name: &ExternName| key.version().is_none() || (key.is_wasi_0_2() && name.is_wasi_0_2());
        let same_base = self.by_base.get(key.base()).into_iter().flatten();
        let mut meant = same_base.filter(|(_, name)| is_meant(name));
        match (meant.next(), meant.next()) {
            (None, _) => Found::None,
            (Some(&(number, _)), None) => Found::One(number),
            (Some(first), Some(second)) => {
                Found::Several([first, second].into_iter().chain(meant).map(|&(_, name)| name).collect())
            }
        }
    }

    /// Whether the name is among them, with its version.
    pub fn contains(&self, name: &ExternName) -> bool {
        self.exact.contains_key(name)
    }

    /// The name that is nearest to the wanted one, if one is near.
    pub fn nearest(&self, wanted: &ExternName, effort: &Effort) -> Option<(&'a ExternName, Relation)> {
        let same_base = self.by_base.get(wanted.base()).into_iter().flatten();
        let same_short = self.by_short.get(wanted.short()).into_iter().flatten();
        let same = same_base.chain(same_short).map(|&(_, name)| name);
        let close = same.filter_map(|name| Some((name, close_relation(wanted, name)?)));
        let rank = |(name, relation): &(&ExternName, Relation)| relation.rank(wanted, name);
        close.min_by_key(rank).or_else(|| {
            let names = self.all.iter().take_while(|_| !effort.is_spent());
            names.filter_map(|&name| Some((name, relation(wanted, name, effort)?))).min_by_key(rank)
        })
    }

    /// The first of them, for a sentence.
    pub fn few(&self) -> Rc<Few<'a, ExternName>> {
        self.few.clone()
    }
}
