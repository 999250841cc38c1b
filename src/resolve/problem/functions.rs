use std::fmt;
use std::rc::Rc;

use crate::diagnostic::{FileId, Span};
use crate::model::{Cardinality, FuncType, PluginId, Type};
use crate::world::Function;

use super::super::few::Few;
use super::super::input::HostInterface;
use super::super::listed::{ImportOf, Offer};
use super::super::mismatch::{Mismatch, Remedy};
use super::providers::Several;

/// What is wrong with the functions of an import.
pub enum FunctionProblem<'a> {
    /// PW203: the provider has no such function.
    Missing {
        /// The function, and who should answer it.
        pair: Pair<'a>,
        /// The functions that the provider has.
        there: Rc<Few<'a, str>>,
        /// The feature that the provider's WIT has the function behind.
        gate: Option<&'a str>,
        /// The function that was probably meant.
        near: Option<&'a str>,
    },
    /// PW203: the provider's function has another type.
    Differs {
        /// The function, and who should answer it.
        pair: Pair<'a>,
        /// How it differs.
        mismatch: Box<Mismatch<'a>>,
        /// What to do.
        remedy: Remedy<'a>,
    },
    /// PW204: the declared reply is for several answers, and the function has one, whatever the cardinality.
    NotAlone {
        /// The function, and who should answer it.
        pair: Pair<'a>,
        /// The provider's type.
        offered: &'a FuncType,
        /// Whether the function is a constructor; else it goes to the owner of a handle.
        is_constructor: bool,
    },
    /// PW204: the declared reply would fit under another cardinality.
    OtherRow {
        /// The function, and who should answer it.
        pair: Pair<'a>,
        /// The provider's type.
        offered: &'a FuncType,
        /// That cardinality.
        other: Cardinality,
    },
    /// PW204: without a provider, the declared reply does not suit the cardinality.
    NoReply {
        /// The import.
        of: ImportOf<'a>,
        /// The function.
        function: &'a Function,
        /// The cardinality that counts for it.
        cardinality: Cardinality,
        /// Another one, which the reply suits.
        other: Option<Cardinality>,
    },
    /// PW203: further functions of an import, which are not told one by one.
    Others {
        /// The import.
        of: ImportOf<'a>,
        /// How many, each counted at each provider.
        count: usize,
        /// How many problems of functions are told one by one.
        told: usize,
    },
    /// PW201 and PW202: a constructor has one answer, and its import not one provider.
    Constructor {
        /// The import.
        of: ImportOf<'a>,
        /// The constructor.
        function: &'a Function,
        /// The providers.
        offers: Several<'a>,
    },
    /// PW205: functions pass handles that cannot cross.
    Crossing {
        /// The import.
        of: ImportOf<'a>,
        /// The first of them.
        first: Crossing<'a>,
        /// The others.
        others: Vec<Crossing<'a>>,
    },
    /// PW204: `skip` leaves failures out, and nothing would be left.
    SkipOfOne {
        /// The import.
        of: ImportOf<'a>,
        /// Where `skip` is written.
        policy: &'a Span,
    },
    /// PW204: `skip` leaves failures out, and these replies have them.
    SkipWithFailures {
        /// The import.
        of: ImportOf<'a>,
        /// Where `skip` is written.
        policy: &'a Span,
        /// The functions.
        functions: Few<'a, str>,
    },
}

/// A consumer's function and who should answer it.
#[derive(Clone, Copy)]
pub struct Pair<'a> {
    /// The import.
    pub of: ImportOf<'a>,
    /// Its function.
    pub function: &'a Function,
    /// Who should answer.
    pub provider: ProvidedBy<'a>,
}

/// Who should answer a function.
#[derive(Clone, Copy)]
pub enum ProvidedBy<'a> {
    /// A plugin.
    Plugin(Offer<'a>),
    /// The embedding application.
    Host(&'a HostInterface),
}

impl ProvidedBy<'_> {
    /// Where the export is written.
    pub fn place(self) -> (FileId, Span) {
        match self {
            Self::Plugin(offer) => (offer.plugin.manifest.file, offer.export.entry.name.span.clone()),
            Self::Host(host) => (host.file, host.written.span.clone()),
        }
    }
}

impl fmt::Display for ProvidedBy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plugin(offer) => write!(f, "`{}`", offer.plugin.id()),
            Self::Host(_) => f.write_str("the host"),
        }
    }
}

/// A handle that cannot cross.
pub struct Crossing<'a> {
    /// Why not.
    pub refusal: Refusal,
    /// The handle.
    pub site: HandleSite<'a>,
}

/// Why a handle cannot cross.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is one of the runtime or of the embedding application.
    Foreign,
    /// Ownership would go to several plugins at once.
    ToMany,
    /// It is one of plugins, and would go to the embedding application.
    ToHost,
}

/// Where a handle stands.
pub struct HandleSite<'a> {
    /// The function.
    pub function: &'a Function,
    /// Its parameter; none for the result.
    pub parameter: Option<&'a str>,
    /// The type of the handle.
    pub handle: &'a Type,
    /// The provider, where it is the one that has the handle there.
    pub at: Option<&'a PluginId>,
}
