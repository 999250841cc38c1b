//! Reply shapes, as the table of the contract enumerates them.

use plugweave::diagnostic::Code;
use plugweave::model::Cardinality;
use plugweave::plan::{Answer, ErrorForm, Fallible, Reply};

use super::model::{self, Extern, ImportLine};
use super::types::{Ty, dispatch_error, list, map, option, result, with_id};

/// The reply of each function, by name.
pub type Replies = Vec<(String, Reply)>;

/// One provider's part in a reply.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Nothing,
    One(Answer),
    Optional(Answer),
    List(Answer),
    Map(Fallible),
}

/// A function, to be compared.
#[derive(Clone, Copy)]
pub struct Function<'a>(&'a model::Function);

impl<'a> Function<'a> {
    /// This function.
    pub fn of(function: &'a model::Function) -> Self {
        Self(function)
    }

    fn same_params(self, other: Self) -> bool {
        let pairs = || self.0.params.iter().zip(&other.0.params);
        self.0.params.len() == other.0.params.len() && pairs().all(|((a, x), (b, y))| a == b && x.same(y))
    }

    /// Whether the two are the same.
    pub fn is_same(self, other: Self) -> bool {
        self.same_params(other) && same(self.0.result.as_ref(), other.0.result.as_ref())
    }
}

fn same(a: Option<&Ty>, b: Option<&Ty>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => a.same(b),
        _ => false,
    }
}

/// The function of an export that answers one of an import; bare functions go by the names of both.
pub fn find<'a>(export: &'a Extern, import: &Extern, function: Function<'_>) -> Option<Function<'a>> {
    let bare = import.name.is_bare() && export.name.is_bare();
    export.functions.iter().find(|own| bare || own.name == function.0.name).map(Function)
}

/// Every `F` for a result, the result itself first: it is taken so where it fits as it stands.
fn fallibles(r: Option<&Ty>) -> Vec<(Ty, Fallible)> {
    let with = |err, form| (result(r.cloned(), err), Fallible::Result(form));
    let mut forms: Vec<(Ty, Fallible)> = r.iter().map(|r| ((*r).clone(), Fallible::Plain)).collect();
    forms.push(with(None, ErrorForm::Nothing));
    forms.push(with(Some(Ty::String), ErrorForm::Message));
    forms.push(with(Some(dispatch_error("failure")), ErrorForm::Record));
    forms
}

/// Every `A` for a result.
fn answers(r: Option<&Ty>) -> Vec<(Ty, Answer)> {
    let forms = fallibles(r);
    let mut answers: Vec<(Ty, Answer)> = forms.iter().cloned().map(|(ty, f)| (ty, Answer::Value(f))).collect();
    answers.extend(forms.into_iter().map(|(ty, f)| (with_id(ty), Answer::WithId(f))));
    if r.is_none() {
        answers.push((Ty::String, Answer::Id));
    }
    answers
}

fn table(r: Option<&Ty>, cardinality: Cardinality, has_from: bool) -> Vec<(Option<Ty>, Part)> {
    let mut rows = Vec::new();
    if r.is_none() {
        rows.push((None, Part::Nothing));
    }
    for (a, answer) in answers(r) {
        rows.push(match cardinality {
            // The id alone stands for nothing only where the consumer has an interface of its own.
            Cardinality::ExactlyOne if answer == Answer::Id && !has_from => continue,
            Cardinality::ExactlyOne => (Some(a), Part::One(answer)),
            Cardinality::AtMostOne => (Some(option(a)), Part::Optional(answer)),
            Cardinality::AtLeastOne | Cardinality::Any => (Some(list(a)), Part::List(answer)),
        });
    }
    if matches!(cardinality, Cardinality::AtLeastOne | Cardinality::Any) {
        rows.extend(fallibles(r).into_iter().map(|(f, form)| (Some(map(f)), Part::Map(form))));
    }
    rows
}

/// Every result that a consumer may declare, with `from` or without.
pub fn declarations(r: Option<&Ty>, cardinality: Cardinality) -> Vec<Option<Ty>> {
    table(r, cardinality, true).into_iter().map(|(declared, _)| declared).collect()
}

fn part(declared: Option<&Ty>, r: Option<&Ty>, cardinality: Cardinality, has_from: bool) -> Option<Part> {
    table(r, cardinality, has_from).into_iter().find(|(row, _)| same(row.as_ref(), declared)).map(|(_, part)| part)
}

/// The part of a provider in the reply of a function, or what is wrong.
fn at_provider(function: Function<'_>, import: &Extern, export: &Extern, line: &ImportLine) -> Result<Part, Code> {
    let own = find(export, import, function).ok_or(Code::Pw203)?;
    if !function.same_params(own) {
        return Err(Code::Pw203);
    }
    let has_from = line.from.is_some();
    let under = |cardinality| part(function.0.result.as_ref(), own.0.result.as_ref(), cardinality, has_from);
    let other_row = [Cardinality::ExactlyOne, Cardinality::AtMostOne, Cardinality::AtLeastOne, Cardinality::Any];
    under(line.cardinality).ok_or(match other_row.into_iter().any(|other| under(other).is_some()) {
        true => Code::Pw204,
        false => Code::Pw203,
    })
}

/// The reply of a function that no provider answers, if its declaration suits the cardinality.
fn alone(function: Function<'_>, cardinality: Cardinality) -> Result<Reply, Code> {
    match (cardinality, &function.0.result) {
        (_, None) => Ok(Reply::Nothing),
        (Cardinality::AtMostOne, Some(Ty::Option(_))) => Ok(Reply::Optional(None)),
        (Cardinality::AtLeastOne | Cardinality::Any, Some(Ty::List(_))) => Ok(Reply::List(Vec::new())),
        (Cardinality::AtLeastOne | Cardinality::Any, Some(Ty::Map(key, _))) if **key == Ty::String => {
            Ok(Reply::Map(Vec::new()))
        }
        _ => Err(Code::Pw204),
    }
}

fn joined(parts: &[Part]) -> Reply {
    let mut answers = Vec::new();
    for part in parts {
        match part {
            Part::Nothing => return Reply::Nothing,
            Part::One(answer) => return Reply::One(*answer),
            Part::Optional(answer) => return Reply::Optional(Some(*answer)),
            Part::List(answer) => answers.push(*answer),
            Part::Map(form) => answers.push(Answer::Value(*form)),
        }
    }
    match parts.first() {
        Some(Part::Map(_)) => Reply::Map(answers.into_iter().filter_map(Answer::fallible).collect()),
        _ => Reply::List(answers),
    }
}

/// The replies of an import at its providers, and what is wrong with them.
pub fn of_import(import: &Extern, line: &ImportLine, providers: &[&Extern]) -> (Replies, Vec<Code>) {
    let (mut replies, mut problems) = (Vec::new(), Vec::new());
    for function in &import.functions {
        if providers.is_empty() {
            match alone(Function(function), line.cardinality) {
                Ok(reply) => replies.push((function.name.to_owned(), reply)),
                Err(code) => problems.push(code),
            }
            continue;
        }
        let mut parts = Vec::new();
        for export in providers {
            match at_provider(Function(function), import, export, line) {
                Ok(part) => parts.push(part),
                Err(code) => problems.push(code),
            }
        }
        let tells = |part: &Part| match part {
            Part::Nothing => false,
            Part::One(answer) | Part::Optional(answer) | Part::List(answer) => answer.tells_failure(),
            Part::Map(form) => *form != Fallible::Plain,
        };
        if line.skip && parts.iter().any(tells) {
            problems.push(Code::Pw204);
        }
        replies.push((function.name.to_owned(), joined(&parts)));
    }
    (replies, problems)
}
