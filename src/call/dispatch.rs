use std::sync::Arc;

use wasmtime::component::Val;
use wasmtime::{AsContextMut, StoreContextMut};

use super::gathered::Gathered;
use super::reply::{self, Outcome};
use super::{
    CallError, Called, Caller, Carried, InFlight, Live, Passing, PluginState, Shape, Target, log_own, put_result,
    take_arguments,
};
use crate::model::{Cardinality, ExternName, OnFailure, PluginId};
use crate::plan::{Answer, Fallible, PluginIndex, Reply};

/// What is behind one imported function: asks the providers and makes one value of their answers.
///
/// Holds indices and no live instance, so that a provider can be replaced while its consumers run.
pub struct Dispatcher {
    pub(crate) consumer: PluginId,
    pub(crate) import: ExternName,
    pub(crate) function: String,
    pub(crate) cardinality: Cardinality,
    pub(crate) on_failure: OnFailure,
    pub(crate) reply: Reply,
    /// Who is asked; where the owner of a handle is, all who may be that.
    pub(crate) providers: Vec<Provider>,
    /// Who serves calls that go to the owner of a handle, but have none: the one that the import is bound to,
    /// where it cannot be several.
    pub(crate) alone: Option<PluginIndex>,
    /// Where the consumer's arguments and the reply have handles; nothing where they have none.
    pub(crate) passing: Option<Passing>,
    /// What the consumer's arguments weigh; nothing where they are always small.
    pub(crate) arguments: Option<Arc<Shape>>,
    /// The consumer's own limit.
    pub(crate) hostcall_bytes: u64,
    /// Whether the consumer's store is lent to those who are called: without that a call is a little faster, where
    /// none can come back.
    pub(crate) lends: bool,
}

/// One provider of an imported function.
pub struct Provider {
    pub(crate) id: PluginId,
    pub(crate) target: Target,
    pub(crate) answers: bool,
    /// What its answer weighs; nothing where that is always small.
    pub(crate) result: Option<Arc<Shape>>,
}

/// Why a call of the consumer has no reply.
enum Stop {
    /// A provider has failed.
    Provider(CallError),
    /// The consumer itself has failed meanwhile, further down the chain: nobody can be answered any more.
    Consumer(CallError),
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Self {
        Self::Provider(error)
    }
}

impl From<Stop> for wasmtime::Error {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Provider(error) | Stop::Consumer(error) => error.into(),
        }
    }
}

/// What came of asking a provider, unless the consumer has failed.
type Asked = Result<Outcome, Stop>;

/// Calls a provider of a function without handles.
type Call<'a> = dyn FnMut(&Provider, &mut [Val]) -> Result<Result<(), CallError>, Stop> + 'a;

impl Dispatcher {
    /// Serves one call of the consumer. `results` is empty where the consumer declares nothing.
    ///
    /// # Errors
    /// A provider's failure, where the reply has no place for it and the import does not skip it:
    /// the consumer's call ends with it. So it does with a failure of its own, of a call that came back
    /// to it.
    pub(crate) fn dispatch(
        &self,
        mut store: StoreContextMut<'_, PluginState>,
        arguments: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        self.try_dispatch(&mut store, arguments, results).map_err(Called::mark)
    }

    fn try_dispatch(
        &self,
        store: &mut StoreContextMut<'_, PluginState>,
        arguments: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        let bytes = self.weigh(arguments)?;
        if let Some(passing) = &self.passing {
            let live = store.data().live.clone();
            return self.pass(&*live, store, passing, (arguments, bytes), results);
        }
        if self.lends {
            let live = store.data().live.clone();
            return self.serve(results, &mut |provider, results| {
                let caller = Caller::lending(store.as_context_mut());
                let called = live.call(caller, provider.target, (arguments, bytes), results);
                still_up(store, called)
            });
        }
        let state = store.data();
        let (live, frame) = (&*state.live, &state.frame);
        self.serve(results, &mut |provider, results| {
            Ok(live.call(Caller::alone(frame), provider.target, (arguments, bytes), results))
        })
    }

    /// Serves a call without handles. `call` calls a provider.
    fn serve(&self, results: &mut [Val], call: &mut Call<'_>) -> wasmtime::Result<()> {
        // The transparent case, by far the most frequent one: nothing is wrapped.
        if let (Reply::One(Answer::Value(Fallible::Plain)), [provider]) = (&self.reply, self.providers.as_slice()) {
            return Ok(call(provider, results)??);
        }
        let mut gathered = Gathered::default();
        let mut ask = |provider: &Provider| {
            let mut results = [Val::Bool(false)];
            let expected = if provider.answers { &mut results[..] } else { &mut [] };
            let called = call(provider, expected)?;
            let [value] = results;
            Ok(called.and_then(|()| gathered.admit(self, provider, provider.answers.then_some(value))))
        };
        Ok(self.answer(&mut ask, results)?)
    }

    /// Serves a call with handles: takes them out of the consumer's store, and puts those of the reply
    /// into it. What has not arrived is released.
    fn pass(
        &self,
        live: &dyn Live,
        store: &mut StoreContextMut<'_, PluginState>,
        passing: &Passing,
        arguments: (&[Val], u64),
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        let caller = store.data().frame;
        let (mut sent, mut back) = (InFlight::new(live, caller), InFlight::new(live, caller));
        let passed = self.pass_flights(live, store, passing, (arguments, results), (&mut sent, &mut back));
        sent.let_go(store);
        back.let_go(store);
        still_up(store, passed)?
    }

    fn pass_flights(
        &self,
        live: &dyn Live,
        store: &mut StoreContextMut<'_, PluginState>,
        passing: &Passing,
        ((arguments, bytes), results): ((&[Val], u64), &mut [Val]),
        (sent, back): (&mut InFlight<'_>, &mut InFlight<'_>),
    ) -> wasmtime::Result<()> {
        let mut arguments = arguments.to_vec();
        take_arguments(store, passing, &mut arguments, sent)?;
        let owner = match &self.reply {
            Reply::ByOwner(forms) => match self.owner(live, passing, &mut arguments, sent) {
                Ok(owner) => Some((&self.providers[owner], forms[owner])),
                Err(error) => return Ok(self.refuse(forms, error, results)?),
            },
            _ => None,
        };
        let is_alone = owner.is_some() || self.providers.len() == 1;
        let (frame, mut gathered) = (store.data().frame, Gathered::default());
        let mut ask = |provider: &Provider| {
            // Each provider is asked once: the only one needs no copy.
            let mut arguments = if is_alone { std::mem::take(&mut arguments) } else { arguments.clone() };
            let caller = Caller::lending(store.as_context_mut());
            let carried = live.carry(caller, provider.target, (&mut arguments, bytes), &mut sent.flights);
            let answered = carried.and_then(|Carried { value, handles }| {
                let mut arriving = InFlight::new(live, frame);
                arriving.flights = handles;
                let admitted = gathered.admit(self, provider, value);
                match &admitted {
                    Ok(_) => back.flights.append(&mut arriving.flights),
                    Err(_) => arriving.let_go(store),
                }
                admitted
            });
            still_up(store, answered)
        };
        match owner {
            Some((owner, Some(form))) => put(reply::fallible(form, &owner.id, ask(owner)?)?, results),
            Some((owner, None)) => drop(ask(owner)??),
            None => self.answer(&mut ask, results)?,
        }
        match results.first_mut() {
            Some(result) => put_result(store, passing, result, back),
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
    fn answer(&self, ask: &mut dyn FnMut(&Provider) -> Asked, results: &mut [Val]) -> Result<(), Stop> {
        let value = match (&self.reply, self.providers.as_slice()) {
            (Reply::Nothing, _) => {
                return self.for_each(|_, provider| Ok(ask(provider)?.map(drop)?));
            }
            (Reply::One(form), [provider, ..]) => reply::answer(*form, &provider.id, ask(provider)?)?,
            (Reply::Optional(Some(form)), [provider, ..]) => match reply::answer(*form, &provider.id, ask(provider)?) {
                Ok(answer) => Val::Option(Some(Box::new(answer))),
                Err(error) => self.skip(provider, error).map(|_| Val::Option(None))?,
            },
            // Linking refuses a `One` without a provider.
            (Reply::Optional(_) | Reply::One(_), _) => Val::Option(None),
            (Reply::List(forms), _) => Val::List(
                self.gather(|index, provider| Ok(reply::answer(forms[index], &provider.id, ask(provider)?)?))?,
            ),
            (Reply::Map(forms), _) => Val::Map(self.gather(|index, provider| {
                let value = reply::fallible(forms[index], &provider.id, ask(provider)?)?;
                Ok((reply::id(&provider.id), value))
            })?),
            // Linking refuses it for a function without handles, and where there are some the owner is asked.
            (Reply::ByOwner(_), _) => return Ok(()),
        };
        put(value, results);
        Ok(())
    }

    /// Asks every provider in order. Failures that have become values are answers like any other.
    fn gather<T>(&self, mut ask: impl FnMut(usize, &Provider) -> Result<T, Stop>) -> Result<Vec<T>, Stop> {
        let mut answers = Vec::with_capacity(self.providers.len());
        self.for_each(|index, provider| ask(index, provider).map(|answer| answers.push(answer)))?;
        Ok(answers)
    }

    /// Does something with every provider in order, and leaves out those that fail where the import
    /// says so; of at least one, not all.
    fn for_each(&self, mut ask: impl FnMut(usize, &Provider) -> Result<(), Stop>) -> Result<(), Stop> {
        let (mut answered, mut failure) = (false, None);
        for (index, provider) in self.providers.iter().enumerate() {
            match ask(index, provider) {
                Ok(()) => answered = true,
                Err(Stop::Provider(error)) => failure = Some(self.skip(provider, error)?),
                Err(over @ Stop::Consumer(_)) => return Err(over),
            }
        }
        match failure {
            Some(error) if !answered && self.cardinality == Cardinality::AtLeastOne => {
                let summary = format!(
                    "no provider of `{}` is left for `{}`, which needs at-least-one; the last to fail",
                    self.import, self.consumer
                );
                Err(Stop::Provider(error.with_summary(summary)))
            }
            _ => Ok(()),
        }
    }

    /// Leaves a failed provider out where the import says so; else its failure is the consumer's.
    fn skip(&self, provider: &Provider, error: CallError) -> Result<CallError, CallError> {
        if self.on_failure == OnFailure::Trap {
            return Err(error);
        }
        if tracing::enabled!(tracing::Level::WARN) {
            let (consumer, provider) = (self.consumer.clone(), provider.id.clone());
            let told = format!("skipped for `{}` of `{}`: {error}", self.function, self.import);
            log_own(told.len(), move || tracing::warn!(%consumer, %provider, "{told}"));
        }
        Ok(error)
    }
}

/// Puts the value where the consumer gets it, if it declares one.
fn put(value: Val, results: &mut [Val]) {
    if let Some(result) = results.first_mut() {
        *result = value;
    }
}

/// Stops where the consumer has failed while it was lent to those whom it called, whatever they answer.
fn still_up<T>(store: &StoreContextMut<'_, PluginState>, called: T) -> Result<T, Stop> {
    store.data().ended().map_or(Ok(called), |error| Err(Stop::Consumer(error)))
}
