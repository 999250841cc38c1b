use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::link::{CallError, Target};

/// The functions that the host has called by name. To find one takes longer than most calls, and the
/// more so the more plugins there are.
///
/// Only names that mean something get in, so that there are never more than the plugins have functions,
/// each with and without its version.
#[derive(Default)]
pub(super) struct Known(RwLock<HashMap<String, Target>>);

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
        if let Some(target) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(*target);
        }
        let target = look()?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), target);
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{CallErrorKind, FunctionIndex};
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
    }
}
