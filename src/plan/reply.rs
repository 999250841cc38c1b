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
    /// `F`, of the plugin that owns a handle among the arguments, bound or not: one entry for each of
    /// the owners of the import, in their order; `None` where nothing is returned.
    ByOwner(Vec<Option<Fallible>>),
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
            Self::ByOwner(answers) => answers.iter().any(|answer| matches!(answer, Some(Fallible::Result(_)))),
        }
    }

    /// The reply in terms of the provider's own result, `R`, which may be nothing, `_`:
    /// `list<tuple<string, result<R, string>>>`.
    pub fn formula(&self, answers_nothing: bool) -> String {
        let r = if answers_nothing { "_" } else { "R" };
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::One(answer) => answer_formula(*answer, r),
            Self::Optional(Some(answer)) => format!("option<{}>", answer_formula(*answer, r)),
            Self::Optional(None) => "option<_>, always none".to_owned(),
            Self::List(answers) if answers.is_empty() => "list<_>, always empty".to_owned(),
            Self::List(answers) => {
                format!("list<{}>", all_or_one(answers.iter().map(|answer| answer_formula(*answer, r))))
            }
            Self::Map(entries) if entries.is_empty() => "map<string, _>, always empty".to_owned(),
            Self::Map(entries) => {
                format!("map<string, {}>", all_or_one(entries.iter().map(|entry| fallible_formula(*entry, r))))
            }
            Self::ByOwner(answers) if answers.is_empty() => "never called: nobody owns a handle".to_owned(),
            Self::ByOwner(answers) => {
                let form =
                    |answer: &Option<Fallible>| answer.map_or("nothing".to_owned(), |form| fallible_formula(form, r));
                format!("{}, of the owner", all_or_one(answers.iter().map(form)))
            }
        }
    }
}

/// One formula when all are alike, else each provider's, in provider order.
fn all_or_one(formulas: impl Iterator<Item = String>) -> String {
    let mut all: Vec<String> = formulas.collect();
    all.dedup();
    all.join(" | ")
}

fn answer_formula(answer: Answer, r: &str) -> String {
    match answer {
        Answer::Value(fallible) => fallible_formula(fallible, r),
        Answer::WithId(fallible) => format!("tuple<string, {}>", fallible_formula(fallible, r)),
        Answer::Id => "string (the provider's id)".to_owned(),
    }
}

fn fallible_formula(fallible: Fallible, r: &str) -> String {
    match fallible {
        Fallible::Plain => r.to_owned(),
        Fallible::Result(ErrorForm::Nothing) if r == "_" => "result".to_owned(),
        Fallible::Result(ErrorForm::Nothing) => format!("result<{r}>"),
        Fallible::Result(ErrorForm::Message) => format!("result<{r}, string>"),
        Fallible::Result(ErrorForm::Record) => format!("result<{r}, dispatch-error>"),
    }
}
