use std::cell::RefCell;

use wasmtime::StoreContextMut;
use wasmtime::component::Val;

use super::reply::{self, Outcome};
use super::{CallError, Frame, InFlight, Live, Passing, PluginState, Target, put_result, take_arguments};
use crate::model::{Cardinality, ExternName, OnFailure, PluginId};
use crate::plan::{Answer, Fallible, PluginIndex, Reply};

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
    /// Who is asked; where the owner of a handle is, all who may be that.
    pub(super) providers: Vec<Provider>,
    /// Who serves calls that go to the owner of a handle, but have none: the one that the import is bound to,
    /// where it cannot be several.
    pub(super) alone: Option<PluginIndex>,
    /// Where the consumer's arguments and the reply have handles; nothing where they have none.
    pub(super) passing: Option<Passing>,
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
        mut store: StoreContextMut<'_, PluginState>,
        arguments: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        if let Some(passing) = &self.passing {
            return self.pass(&mut store, passing, arguments, results);
        }
        let state = store.data();
        let (live, caller) = (&*state.live, &state.frame);
        // The transparent case, by far the most frequent one: nothing is wrapped.
        if let (Reply::One(Answer::Value(Fallible::Plain)), [provider]) = (&self.reply, self.providers.as_slice()) {
            return Ok(live.call(caller, provider.target, arguments, results)?);
        }
        let ask = |provider: &Provider| ask(live, caller, provider, arguments);
        Ok(self.answer(&ask, results)?)
    }

    /// Serves a call with handles: takes them out of the consumer's store, and puts those of the reply
    /// into it.
    fn pass(
        &self,
        store: &mut StoreContextMut<'_, PluginState>,
        passing: &Passing,
        arguments: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        let (live, caller) = (store.data().live.clone(), store.data().frame);
        let mut arguments = arguments.to_vec();
        let mut sent = InFlight::new(&*live, caller);
        take_arguments(store, passing, &mut arguments, &mut sent)?;
        let back = RefCell::new(InFlight::new(&*live, caller));
        let owner = match &self.reply {
            Reply::ByOwner(forms) => match self.owner(&*live, passing, &mut arguments, &sent) {
                Ok(owner) => Some((&self.providers[owner], forms[owner])),
                Err(error) => return Ok(self.refuse(forms, error, results)?),
            },
            _ => None,
        };
        let is_alone = owner.is_some() || self.providers.len() == 1;
        let (sent, arguments) = (RefCell::new(sent), RefCell::new(arguments));
        let ask = |provider: &Provider| {
            // Each provider is asked once: the only one needs no copy.
            let mut arguments = if is_alone { arguments.take() } else { arguments.borrow().clone() };
            let mut carried = live.carry(&caller, provider.target, &mut arguments, &mut sent.borrow_mut().flights)?;
            back.borrow_mut().flights.append(&mut carried.handles);
            Ok(carried.value)
        };
        match owner {
            Some((owner, Some(form))) => put(reply::fallible(form, &owner.id, ask(owner))?, results),
            Some((owner, None)) => drop(ask(owner)?),
            None => self.answer(&ask, results)?,
        }
        match results.first_mut() {
            Some(result) => put_result(store, passing, result, &mut back.into_inner()),
            None => Ok(()),
        }
    }

    /// Answers a call that can go to nobody.
    fn refuse(&self, forms: &[Option<Fallible>], error: CallError, results: &mut [Val]) -> Result<(), CallError> {
        let told = forms.iter().flatten().find(|form| matches!(form, Fallible::Result(_)));
        match (told, error.provider().cloned()) {
            (Some(form), Some(provider)) => {
                put(reply::fallible(*form, &provider, Err(error))?, results);
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// Asks the providers, and makes one value of their answers.
    fn answer(&self, ask: &dyn Fn(&Provider) -> Outcome, results: &mut [Val]) -> Result<(), CallError> {
        let value = match (&self.reply, self.providers.as_slice()) {
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
            // Linking refuses it for a function without handles, and where there are some the owner is asked.
            (Reply::ByOwner(_), _) => return Ok(()),
        };
        put(value, results);
        Ok(())
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

/// Puts the value where the consumer gets it, if it declares one.
fn put(value: Val, results: &mut [Val]) {
    if let Some(result) = results.first_mut() {
        *result = value;
    }
}

/// Asks one provider of a function without handles.
fn ask(live: &dyn Live, caller: &Frame, provider: &Provider, arguments: &[Val]) -> Outcome {
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
