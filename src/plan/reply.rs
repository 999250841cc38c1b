use serde::Serialize;

/// How the answers of the providers become the one value that the consumer declares.
///
/// With `R` the provider's result, `F` is `R` or `result<R, E>` and `A` is `F`, `tuple<string, F>`,
/// or, where `R` is nothing, `string` alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// Nothing: every provider is called, in order.
    Nothing,
    /// `A`, of the one provider.
    One(Answer),
    /// `option<A>`; `None` where there is no provider, and so no answer to describe.
    Optional(Option<Answer>),
    /// `list<A>`, one entry for each provider, in the same order as the providers of the import.
    List(Vec<Answer>),
    /// `map<string, F>` by plugin id, one for each provider, in the order of the providers.
    Map(Vec<Fallible>),
}

/// `A`: what stands for one provider's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// `F`
    Value(Fallible),
    /// `tuple<string, F>`: the provider's id and its answer.
    WithId(Fallible),
    /// `string`: the provider's id alone, because it answers nothing.
    Id,
}

/// `F`: an answer, with or without a place for a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fallible {
    /// `R`: a failure has no place here.
    Plain,
    /// `result<R, E>`: a failure is a value.
    Result(ErrorForm),
}

/// `E`: what tells a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorForm {
    /// Nothing: it failed, no more is told.
    Nothing,
    /// `string`: the message.
    Message,
    /// `dispatch-error { code: string, provider: string, message: string }`
    Record,
}

impl Answer {
    /// The part that holds the provider's value; the id alone holds none.
    pub fn fallible(self) -> Option<Fallible> {
        match self {
            Self::Value(fallible) | Self::WithId(fallible) => Some(fallible),
            Self::Id => None,
        }
    }

    /// Whether a failure is a value in this answer.
    pub fn tells_failure(self) -> bool {
        matches!(self.fallible(), Some(Fallible::Result(_)))
    }
}

impl Reply {
    /// Whether a failure of some provider is a value in this reply.
    pub fn tells_failure(&self) -> bool {
        match self {
            Self::Nothing | Self::Optional(None) => false,
            Self::One(answer) | Self::Optional(Some(answer)) => answer.tells_failure(),
            Self::List(answers) => answers.iter().any(|answer| answer.tells_failure()),
            Self::Map(entries) => entries.iter().any(|entry| matches!(entry, Fallible::Result(_))),
        }
    }
}
