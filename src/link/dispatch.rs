use wasmtime::component::Val;

use super::reply::{self, Outcome};
use super::{CallError, Frame, Live, Target};
use crate::model::{Cardinality, ExternName, OnFailure, PluginId};
use crate::plan::{Answer, Fallible, Reply};

/// What is behind one imported function: asks the providers and makes one value of their answers.
///
/// Holds indices and no live instance, so that a provider can be replaced while its consumers run.
pub(super) struct Dispatcher {
    pub(super) consumer: PluginId,
    pub(super) import: ExternName,
    pub(super) function: String,
    pub(super) cardinality: Cardinality,
    pub(super) on_failure: OnFailure,
    pub(super) reply: Reply,
    pub(super) providers: Vec<Provider>,
}

/// One provider of an imported function.
pub(super) struct Provider {
    pub(super) id: PluginId,
    pub(super) target: Target,
    pub(super) answers: bool,
}

impl Dispatcher {
    /// Serves one call of the consumer. `results` is empty where the consumer declares nothing.
    ///
    /// # Errors
    /// A provider's failure, where the reply has no place for it and the import does not skip it:
    /// the consumer's call ends with it.
    pub(super) fn dispatch(
        &self,
        live: &dyn Live,
        caller: &Frame,
        arguments: &[Val],
        results: &mut [Val],
    ) -> Result<(), CallError> {
        let ask = |provider: &Provider| self.ask(live, caller, provider, arguments);
        let value = match (&self.reply, self.providers.as_slice()) {
            // The transparent case, by far the most frequent one: nothing is wrapped.
            (Reply::One(Answer::Value(Fallible::Plain)), [provider]) => {
                return live.call(caller, provider.target, arguments, results);
            }
            (Reply::Nothing, _) => {
                return self.for_each(|_, provider| ask(provider).map(drop));
            }
            (Reply::One(form), [provider, ..]) => reply::answer(*form, &provider.id, ask(provider))?,
            (Reply::Optional(Some(form)), [provider, ..]) => match reply::answer(*form, &provider.id, ask(provider)) {
                Ok(answer) => Val::Option(Some(Box::new(answer))),
                Err(error) => self.skip(provider, error).map(|_| Val::Option(None))?,
            },
            // Linking refuses a `One` without a provider.
            (Reply::Optional(_) | Reply::One(_), _) => Val::Option(None),
            (Reply::List(forms), _) => {
                Val::List(self.gather(|index, provider| reply::answer(forms[index], &provider.id, ask(provider)))?)
            }
            (Reply::Map(forms), _) => Val::Map(self.gather(|index, provider| {
                let value = reply::fallible(forms[index], &provider.id, ask(provider))?;
                Ok((reply::id(&provider.id), value))
            })?),
        };
        if let Some(result) = results.first_mut() {
            *result = value;
        }
        Ok(())
    }

    fn ask(&self, live: &dyn Live, caller: &Frame, provider: &Provider, arguments: &[Val]) -> Outcome {
        if provider.answers {
            let mut results = [Val::Bool(false)];
            live.call(caller, provider.target, arguments, &mut results)?;
            let [value] = results;
            Ok(Some(value))
        } else {
            live.call(caller, provider.target, arguments, &mut [])?;
            Ok(None)
        }
    }

    /// Asks every provider in order. Failures that have become values are answers like any other.
    fn gather<T>(&self, ask: impl Fn(usize, &Provider) -> Result<T, CallError>) -> Result<Vec<T>, CallError> {
        let mut answers = Vec::with_capacity(self.providers.len());
        self.for_each(|index, provider| ask(index, provider).map(|answer| answers.push(answer)))?;
        Ok(answers)
    }

    /// Does something with every provider in order, and leaves out those that fail where the import
    /// says so; of at least one, not all.
    fn for_each(&self, mut ask: impl FnMut(usize, &Provider) -> Result<(), CallError>) -> Result<(), CallError> {
        let (mut answered, mut failure) = (false, None);
        for (index, provider) in self.providers.iter().enumerate() {
            match ask(index, provider) {
                Ok(()) => answered = true,
                Err(error) => failure = Some(self.skip(provider, error)?),
            }
        }
        match failure {
            Some(error) if !answered && self.cardinality == Cardinality::AtLeastOne => {
                Err(error.with_summary(format!(
                    "no provider of `{}` is left for `{}`, which needs at-least-one; the last to fail",
                    self.import, self.consumer
                )))
            }
            _ => Ok(()),
        }
    }

    /// Leaves a failed provider out where the import says so; else its failure is the consumer's.
    fn skip(&self, provider: &Provider, error: CallError) -> Result<CallError, CallError> {
        if self.on_failure == OnFailure::Trap {
            return Err(error);
        }
        tracing::warn!(
            consumer = %self.consumer,
            provider = %provider.id,
            "skipped for `{}` of `{}`: {error}",
            self.function,
            self.import,
        );
        Ok(error)
    }
}
