use wasmtime::component::Val;

use super::{CallError, CallErrorKind};
use crate::model::PluginId;
use crate::plan::{Answer, ErrorForm, Fallible};

/// What came of asking one provider: its value, where it has one.
pub(super) type Outcome = Result<Option<Val>, CallError>;

/// `A` for one provider.
///
/// # Errors
/// The failure itself, where `A` has no place for it.
pub(super) fn answer(form: Answer, provider: &PluginId, outcome: Outcome) -> Result<Val, CallError> {
    match form {
        Answer::Value(form) => fallible(form, provider, outcome),
        Answer::WithId(form) => Ok(Val::Tuple(vec![id(provider), fallible(form, provider, outcome)?])),
        Answer::Id => outcome.map(|_| id(provider)),
    }
}

/// `F` for one provider.
///
/// # Errors
/// The failure itself, where `F` has no place for it.
pub(super) fn fallible(form: Fallible, provider: &PluginId, outcome: Outcome) -> Result<Val, CallError> {
    match form {
        Fallible::Plain => outcome?.ok_or_else(|| nothing(provider)),
        Fallible::Result(form) => Ok(Val::Result(match outcome {
            Ok(value) => Ok(value.map(Box::new)),
            Err(error) => Err(failure(form, provider, &error).map(Box::new)),
        })),
    }
}

/// The provider's id as a value.
pub(super) fn id(provider: &PluginId) -> Val {
    Val::String(provider.as_str().to_owned())
}

fn failure(form: ErrorForm, provider: &PluginId, error: &CallError) -> Option<Val> {
    match form {
        ErrorForm::Nothing => None,
        ErrorForm::Message => Some(Val::String(error.to_string())),
        ErrorForm::Record => Some(Val::Record(vec![
            ("code".to_owned(), Val::String(error.kind().code().to_owned())),
            ("provider".to_owned(), id(provider)),
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
