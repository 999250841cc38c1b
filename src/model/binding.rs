use std::fmt;

/// How many providers an import may bind to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cardinality {
    /// One provider, no fewer and no more.
    ExactlyOne,
    /// No provider or one.
    AtMostOne,
    /// One provider or several.
    AtLeastOne,
    /// Any number of providers, none included.
    Any,
}

impl Cardinality {
    /// Every cardinality, in the order in which the documentation lists them.
    pub const ALL: [Self; 4] = [Self::ExactlyOne, Self::AtMostOne, Self::AtLeastOne, Self::Any];

    /// The word that manifests use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ExactlyOne => "exactly-one",
            Self::AtMostOne => "at-most-one",
            Self::AtLeastOne => "at-least-one",
            Self::Any => "any",
        }
    }

    /// The cardinality that a manifest's word means.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cardinality| cardinality.as_str() == text)
    }

    /// Whether an import of this cardinality may have no provider.
    pub fn allows_none(self) -> bool {
        matches!(self, Self::AtMostOne | Self::Any)
    }

    /// Whether an import of this cardinality may have several providers.
    pub fn allows_many(self) -> bool {
        matches!(self, Self::AtLeastOne | Self::Any)
    }
}

impl fmt::Display for Cardinality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What happens to a consumer when a provider fails and the reply has no place for the failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// The fan-out stops at the first failure and the consumer's call ends with it.
    #[default]
    Trap,
    /// The failed provider is left out of the reply, and logged.
    Skip,
}

impl OnFailure {
    /// The word that manifests use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Skip => "skip",
        }
    }

    /// The policy that a manifest's word means.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Trap, Self::Skip].into_iter().find(|policy| policy.as_str() == text)
    }
}
