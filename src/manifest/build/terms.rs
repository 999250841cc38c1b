use std::fmt::Display;

use super::super::write::{string, table};
use crate::model::{Cardinality, OnFailure};

/// The terms of an import of a [`ManifestBuilder`](super::ManifestBuilder). A [`Cardinality`]
/// alone will do where nothing else is to be said.
///
/// ```
/// use plugweave::manifest::ImportTerms;
/// use plugweave::model::{Cardinality, OnFailure};
///
/// let terms = ImportTerms::new(Cardinality::Any).from("text:lint/rule@1.0.0").on_failure(OnFailure::Skip);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "terms do nothing until a manifest has an import with them"]
pub struct ImportTerms {
    cardinality: Cardinality,
    from: Option<String>,
    on_failure: Option<OnFailure>,
    late: bool,
}

impl ImportTerms {
    /// So many providers, which export the import's own name.
    pub fn new(cardinality: Cardinality) -> Self {
        Self { cardinality, from: None, on_failure: None, late: false }
    }

    /// The interface that providers export, where it is not the import's own.
    pub fn from(mut self, interface: impl Display) -> Self {
        self.from = Some(interface.to_string());
        self
    }

    /// What happens when a provider fails and the reply has no place for the failure.
    pub fn on_failure(mut self, policy: OnFailure) -> Self {
        self.on_failure = Some(policy);
        self
    }

    /// The import does not order the start.
    pub fn late(mut self) -> Self {
        self.late = true;
        self
    }

    /// The value of the import in `[imports]`.
    pub(super) fn to_toml(&self) -> String {
        let cardinality = string(self.cardinality.as_str());
        let from = self.from.as_ref().map(|from| ("from", string(from)));
        let on_failure = self.on_failure.map(|policy| ("on-failure", string(policy.as_str())));
        let late = self.late.then(|| ("late", true.to_string()));
        let rest: Vec<_> = from.into_iter().chain(on_failure).chain(late).collect();
        if rest.is_empty() { cardinality } else { table([("cardinality", cardinality)].into_iter().chain(rest)) }
    }
}

impl From<Cardinality> for ImportTerms {
    fn from(cardinality: Cardinality) -> Self {
        Self::new(cardinality)
    }
}
