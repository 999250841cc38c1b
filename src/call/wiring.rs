//! Who serves which imported function: one immutable table for an app, replaced as a whole.

use std::sync::Arc;

use super::{Shape, Target};
use crate::model::{Cardinality, ExternName, OnFailure, PluginId};
use crate::plan::{Answer, Fallible, PluginIndex, Reply};

/// Who serves every imported function of an app.
#[derive(Debug, Clone)]
pub struct Wiring {
    functions: Vec<ImportedFunction>,
    lends: bool,
}

/// An imported function of an app's plugins: an index into its [`Wiring`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportedIndex(usize);

/// An imported function, and who serves it.
#[derive(Debug, Clone)]
pub struct ImportedFunction {
    /// The plugin that imports it.
    pub consumer: PluginId,
    /// The import that it belongs to.
    pub import: ExternName,
    /// Its name.
    pub function: String,
    /// How many providers the import may have.
    pub cardinality: Cardinality,
    /// What the failure of a provider means, where the reply has no place for it.
    pub on_failure: OnFailure,
    /// How the answers become one value.
    pub reply: Reply,
    /// The providers, in the order in which they are asked; for calls by owner, all possible owners.
    pub providers: Vec<Provider>,
    /// The provider for calls by owner that pass no deciding handle, where the import has one at most.
    pub alone: Option<PluginIndex>,
    /// The consumer's own limit.
    pub hostcall_bytes: u64,
}

/// One provider of an imported function.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The plugin.
    pub id: PluginId,
    /// Its function.
    pub target: Target,
    /// Whether that has a result.
    pub answers: bool,
    /// What its answer weighs; nothing where that is always small.
    pub result: Option<Arc<Shape>>,
}

/// How a call of an imported function is served. The planned reply decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One provider, whose answer is the reply as it is.
    Transparent,
    /// Every provider, in order, with answers that may be wrapped; one provider with a wrapped answer, too.
    FanOut,
    /// The owner of the handles among the arguments.
    ByOwner,
}

impl Wiring {
    /// An empty wiring. `lends` says whether consumers lend their stores to those whom they call: without that a call
    /// is a little faster, where none can come back.
    pub fn new(lends: bool) -> Self {
        Self { functions: Vec::new(), lends }
    }

    /// Adds a function, which dispatchers find by the index.
    pub fn add(&mut self, function: ImportedFunction) -> ImportedIndex {
        self.functions.push(function);
        ImportedIndex(self.functions.len() - 1)
    }

    /// All functions, in the order in which they were added.
    #[cfg(test)]
    pub(crate) fn functions_mut(&mut self) -> &mut [ImportedFunction] {
        &mut self.functions
    }

    pub(super) fn function(&self, index: ImportedIndex) -> &ImportedFunction {
        &self.functions[index.0]
    }

    pub(super) fn lends(&self) -> bool {
        self.lends
    }
}

impl ImportedFunction {
    pub(super) fn kind(&self) -> Kind {
        match &self.reply {
            Reply::ByOwner(_) => Kind::ByOwner,
            Reply::One(Answer::Value(Fallible::Plain)) => Kind::Transparent,
            _ => Kind::FanOut,
        }
    }

    /// Whether one provider is asked, and no other.
    pub(super) fn asks_one(&self) -> bool {
        self.kind() == Kind::ByOwner || self.providers.len() == 1
    }

    /// The form that a provider's answer has in the reply, where it has one.
    fn form(&self, provider: usize) -> Option<Fallible> {
        match &self.reply {
            Reply::Nothing | Reply::Optional(None) => None,
            Reply::One(answer) | Reply::Optional(Some(answer)) => answer.fallible(),
            Reply::List(answers) => answers[provider].fallible(),
            Reply::Map(forms) => Some(forms[provider]),
            Reply::ByOwner(forms) => forms[provider],
        }
    }

    /// Whether the failure of a provider is a value of the reply.
    pub(super) fn holds_failure(&self, provider: usize) -> bool {
        matches!(self.form(provider), Some(Fallible::Result(_)))
    }

    /// Whether a provider that fails is left out.
    pub(super) fn skips_failures(&self) -> bool {
        self.on_failure == OnFailure::Skip && !matches!(self.reply, Reply::One(_) | Reply::ByOwner(_))
    }

    /// What the consumer calls, as one writes it.
    pub(super) fn target(&self) -> String {
        let import = self.import.to_string();
        if import == self.function { import } else { format!("{import}#{}", self.function) }
    }
}
