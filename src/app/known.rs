use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::call::{CallError, Target};

/// The functions that the host has called by name. To find one takes longer than most calls, and the
/// more so the more plugins there are.
///
/// Only names that mean something get in, so that there are never more than the plugins have functions,
/// each with and without its version.
#[derive(Default)]
pub(super) struct Known {
    /// Of the one plugin that exports them.
    only: RwLock<Names>,
    /// Of plugins that the host has named too.
    of_plugin: RwLock<HashMap<String, Names>>,
}

type Names = HashMap<String, Target>;

impl Known {
    /// What the name means: as before, or as `look` finds it. The plan of an app never changes.
    ///
    /// # Errors
    /// As `look`.
    pub(super) fn find(
        &self,
        name: &str,
        look: impl FnOnce() -> Result<Target, CallError>,
    ) -> Result<Target, CallError> {
        if let Some(target) = read(&self.only).get(name) {
            return Ok(*target);
        }
        let target = look()?;
        write(&self.only).insert(name.to_owned(), target);
        Ok(target)
    }

    /// As [`Known::find`], of one plugin among those that export it.
    ///
    /// # Errors
    /// As `look`.
    pub(super) fn find_of(
        &self,
        plugin: &str,
        name: &str,
        look: impl FnOnce() -> Result<Target, CallError>,
    ) -> Result<Target, CallError> {
        if let Some(target) = read(&self.of_plugin).get(plugin).and_then(|names| names.get(name)) {
            return Ok(*target);
        }
        let target = look()?;
        write(&self.of_plugin).entry(plugin.to_owned()).or_default().insert(name.to_owned(), target);
        Ok(target)
    }
}

/// A panic leaves the maps in order: each is changed in one step.
fn read<T>(map: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    map.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(map: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    map.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallErrorKind, FunctionIndex};
    use crate::plan::PluginIndex;

    #[test]
    fn what_was_found_is_not_looked_for_again() {
        let known = Known::default();
        let target = |plugin| Target { plugin: PluginIndex(plugin), function: FunctionIndex(0) };
        let missing = || Err(CallError::new(CallErrorKind::UnknownTarget, None, "missing"));
        assert!(known.find("a", missing).is_err());
        assert_eq!(known.find("a", || Ok(target(1))).ok(), Some(target(1)));
        assert_eq!(known.find("b", || Ok(target(2))).ok(), Some(target(2)));
        assert_eq!(known.find("a", missing).ok(), Some(target(1)));
        assert!(known.find("c", missing).is_err());
        assert!(known.find_of("p", "a", missing).is_err());
        assert_eq!(known.find_of("p", "a", || Ok(target(3))).ok(), Some(target(3)));
        assert_eq!(known.find_of("q", "a", || Ok(target(4))).ok(), Some(target(4)));
        assert_eq!(known.find_of("p", "a", missing).ok(), Some(target(3)));
        assert!(known.find_of("p", "b", missing).is_err());
        assert_eq!(known.find("a", missing).ok(), Some(target(1)));
    }
}
