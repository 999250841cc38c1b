//! Making one value of what the providers have answered.

use wasmtime::component::Val;

use super::wiring::ImportedFunction;
use super::{CallError, CallErrorKind};
use crate::model::PluginId;
use crate::plan::{Answer, ErrorForm, Fallible, Reply};

/// One provider's result: its value, where it has one, or its failure.
pub(super) type Outcome = Result<Option<Val>, CallError>;

/// What a provider, by its place among those of the function, has answered.
pub(super) type Answered = (usize, Outcome);

/// The one value that the consumer's signature asks for; nothing where it asks for none.
///
/// # Errors
/// The failure of a provider that the reply has no place for.
pub(super) fn compose(function: &ImportedFunction, answers: Vec<Answered>) -> Outcome {
    let id = |provider: usize| &function.providers[provider].id;
    let mut all = answers.into_iter();
    Ok(match &function.reply {
        Reply::Nothing => None,
        Reply::One(form) => match all.next() {
            Some((provider, outcome)) => Some(answer(*form, id(provider), outcome)?),
            // Linking refuses a `One` without a provider.
            None => None,
        },
        Reply::Optional(form) => Some(Val::Option(match (form, all.next()) {
            (Some(form), Some((provider, outcome))) => Some(Box::new(answer(*form, id(provider), outcome)?)),
            _ => None,
        })),
        Reply::List(forms) => {
            let values = all.map(|(provider, outcome)| answer(forms[provider], id(provider), outcome));
            Some(Val::List(values.collect::<Result<_, _>>()?))
        }
        Reply::Map(forms) => {
            let entry = |(provider, outcome): Answered| {
                Ok((id_value(id(provider)), fallible(forms[provider], id(provider), outcome)?))
            };
            Some(Val::Map(all.map(entry).collect::<Result<_, CallError>>()?))
        }
        Reply::ByOwner(forms) => match all.next() {
            Some((owner, outcome)) => match forms[owner] {
                Some(form) => Some(fallible(form, id(owner), outcome)?),
                None => outcome.map(|_| None)?,
            },
            None => None,
        },
    })
}

/// The reply of a call that no provider can be asked for: an `err` where the consumer's type has one.
///
/// # Errors
/// The reason itself, where the reply has no place for it.
pub(super) fn refused(function: &ImportedFunction, error: CallError) -> Outcome {
    let Reply::ByOwner(forms) = &function.reply else { return Err(error) };
    let form = forms.iter().flatten().find(|form| matches!(form, Fallible::Result(_)));
    match (form, error.provider().cloned()) {
        (Some(form), Some(provider)) => fallible(*form, &provider, Err(error)).map(Some),
        _ => Err(error),
    }
}

/// One provider's answer in its planned form.
///
/// # Errors
/// The failure itself, where `A` has no place for it.
fn answer(form: Answer, provider: &PluginId, outcome: Outcome) -> Result<Val, CallError> {
    match form {
        Answer::Value(form) => fallible(form, provider, outcome),
        Answer::WithId(form) => Ok(Val::Tuple(vec![id_value(provider), fallible(form, provider, outcome)?])),
        Answer::Id => outcome.map(|_| id_value(provider)),
    }
}

/// A value, or a `result` with it.
///
/// # Errors
/// The failure itself, where `F` has no place for it.
fn fallible(form: Fallible, provider: &PluginId, outcome: Outcome) -> Result<Val, CallError> {
    match form {
        Fallible::Plain => outcome?.ok_or_else(|| nothing(provider)),
        Fallible::Result(form) => Ok(Val::Result(match outcome {
            Ok(value) => Ok(value.map(Box::new)),
            Err(error) => Err(failure(form, provider, &error).map(Box::new)),
        })),
    }
}

/// The provider's id as a value.
fn id_value(provider: &PluginId) -> Val {
    Val::String(provider.as_str().to_owned())
}

fn failure(form: ErrorForm, provider: &PluginId, error: &CallError) -> Option<Val> {
    match form {
        ErrorForm::Nothing => None,
        ErrorForm::Message => Some(Val::String(error.to_string())),
        ErrorForm::Record => Some(Val::Record(vec![
            ("code".to_owned(), Val::String(error.kind().code().to_owned())),
            ("provider".to_owned(), id_value(provider)),
            ("message".to_owned(), Val::String(error.to_string())),
        ])),
    }
}

/// Linking has checked that a plain reply has a provider that answers something.
fn nothing(provider: &PluginId) -> CallError {
    CallError::new(CallErrorKind::Failed, Some(provider.clone()), format!("plugin `{provider}` answered nothing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> PluginId {
        PluginId::parse("p").unwrap()
    }

    fn failed() -> Outcome {
        Err(CallError::new(CallErrorKind::Timeout, Some(provider()), "too late"))
    }

    fn text(text: &str) -> Val {
        Val::String(text.into())
    }

    #[test]
    fn every_answer_of_a_healthy_provider() {
        let result = |value: Option<Val>| Val::Result(Ok(value.map(Box::new)));
        for form in [ErrorForm::Nothing, ErrorForm::Message, ErrorForm::Record] {
            let form = Fallible::Result(form);
            assert_eq!(answer(Answer::Value(form), &provider(), Ok(None)).unwrap(), result(None));
            assert_eq!(
                answer(Answer::WithId(form), &provider(), Ok(Some(Val::U8(1)))).unwrap(),
                Val::Tuple(vec![text("p"), result(Some(Val::U8(1)))])
            );
        }
        let plain = |form| answer(form, &provider(), Ok(Some(Val::U8(1)))).unwrap();
        assert_eq!(plain(Answer::Value(Fallible::Plain)), Val::U8(1));
        assert_eq!(plain(Answer::WithId(Fallible::Plain)), Val::Tuple(vec![text("p"), Val::U8(1)]));
        assert_eq!(answer(Answer::Id, &provider(), Ok(None)).unwrap(), text("p"));
        assert!(answer(Answer::Value(Fallible::Plain), &provider(), Ok(None)).is_err());
    }

    #[test]
    fn every_answer_of_a_failed_provider() {
        for form in [Answer::Value(Fallible::Plain), Answer::WithId(Fallible::Plain), Answer::Id] {
            assert_eq!(answer(form, &provider(), failed()).unwrap_err().kind(), CallErrorKind::Timeout);
        }
        let error = |form| fallible(Fallible::Result(form), &provider(), failed()).unwrap();
        let value = |value: Option<Val>| Val::Result(Err(value.map(Box::new)));
        assert_eq!(error(ErrorForm::Nothing), value(None));
        assert_eq!(error(ErrorForm::Message), value(Some(text("too late"))));
        let record = [("code", "timeout"), ("provider", "p"), ("message", "too late")];
        let record = record.map(|(name, value)| (name.to_owned(), text(value)));
        assert_eq!(error(ErrorForm::Record), value(Some(Val::Record(record.to_vec()))));
    }
}
