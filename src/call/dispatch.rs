//! The host function behind an imported function: asks the providers, then composes the reply.

use std::sync::Arc;

use wasmtime::component::Val;
use wasmtime::{AsContextMut, StoreContextMut};

use super::gathered::Gathered;
use super::owner::owner;
use super::reply::{self, Answered, Outcome};
use super::wiring::{ImportedFunction, ImportedIndex, Kind, Provider};
use super::{
    CallError, Called, Caller, Frame, InFlight, Live, Passing, PluginState, Returned, Sent, Shape, Values, log_own,
    put_result, take_arguments, targets,
};
use crate::model::Cardinality;

/// The host function behind one imported function.
///
/// It holds a number, and what the types of its consumer decide. Who serves is read from the [wiring](super::Wiring)
/// at each call, so that providers can be replaced while their consumers run.
pub struct Dispatcher {
    /// The function, in the wiring.
    pub function: ImportedIndex,
    /// Where the consumer's arguments and the reply have handles; nothing where they have none.
    pub passing: Option<Passing>,
    /// What the consumer's arguments weigh; nothing where they are always small.
    pub arguments: Option<Arc<Shape>>,
}

/// Why a call of the consumer has no reply.
enum Stop {
    /// A provider has failed.
    Provider(CallError),
    /// The consumer has failed further down the chain; it can take no reply.
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

impl Dispatcher {
    /// Serves one call of the consumer. `results` is empty where the consumer declares nothing.
    ///
    /// # Errors
    /// A provider's failure, where the reply has no place for it and the import does not skip it: the consumer's call
    /// ends with it. It also ends where a call back into the consumer has failed.
    pub fn dispatch(
        &self,
        mut store: StoreContextMut<'_, PluginState>,
        arguments: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        let live = store.data().live.clone();
        // The call keeps this wiring until it ends, whatever replaces it meanwhile.
        let wiring = live.wiring().load();
        let frame = store.data().frame;
        let mut crossing = Crossing {
            live: &*live,
            function: wiring.function(self.function),
            lends: wiring.lends(),
            frame: &frame,
            store: &mut store,
            bytes: 0,
            gathered: Gathered::default(),
            sent: InFlight::new(&*live, &frame),
            back: InFlight::new(&*live, &frame),
        };
        crossing.serve(self, arguments, results).map_err(Called::mark)
    }
}

/// One call of an imported function, on its way to the providers and back.
struct Crossing<'a, 's> {
    live: &'a dyn Live,
    function: &'a ImportedFunction,
    /// Whether the consumer's store is lent to those who are called.
    lends: bool,
    /// The consumer's entry.
    frame: &'a Frame,
    store: &'a mut StoreContextMut<'s, PluginState>,
    /// What the arguments are in the canonical ABI.
    bytes: u64,
    gathered: Gathered,
    /// The handles of the arguments. Those that are not delivered are released.
    sent: InFlight<'a>,
    /// Those of the answers.
    back: InFlight<'a>,
}

/// The arguments, as they are passed to each provider.
enum Outgoing<'a> {
    /// Without handles: all providers get the same.
    Shared(&'a [Val]),
    /// With handles, which are translated in a copy for each.
    Translated(Vec<Val>),
}

impl Crossing<'_, '_> {
    fn serve(&mut self, dispatcher: &Dispatcher, arguments: &[Val], results: &mut [Val]) -> wasmtime::Result<()> {
        if let Some(shape) = &dispatcher.arguments {
            self.bytes = self.function.weigh(shape, arguments, dispatcher.passing.is_some())?;
        }
        let Some(passing) = &dispatcher.passing else {
            put(self.answer(&mut Outgoing::Shared(arguments), 0)?, results);
            return Ok(());
        };
        let served = self.serve_handles(passing, arguments, results);
        self.sent.let_go(self.store);
        self.back.let_go(self.store);
        still_up(self.store, served)?
    }

    /// Takes the handles of the arguments out of the consumer's store, and puts those of the reply into it.
    #[inline(never)]
    fn serve_handles(&mut self, passing: &Passing, arguments: &[Val], results: &mut [Val]) -> wasmtime::Result<()> {
        let mut arguments = arguments.to_vec();
        let deciding = take_arguments(self.store, passing, &mut arguments, &mut self.sent)?;
        let owner = match self.function.kind() {
            Kind::ByOwner => owner(self.function, self.live, &deciding),
            Kind::Transparent | Kind::FanOut => Ok(0),
        };
        let value = match owner {
            Ok(owner) => self.answer(&mut Outgoing::Translated(arguments), owner)?,
            Err(error) => reply::refused(self.function, error)?,
        };
        put(value, results);
        match results.first_mut() {
            Some(result) => put_result(self.store, passing, result, &mut self.back),
            None => Ok(()),
        }
    }

    /// Asks whom the call is for, and makes one value of the answers. `owner` is the provider that owns the handles
    /// which decide, where some do.
    fn answer(&mut self, outgoing: &mut Outgoing<'_>, owner: usize) -> Result<Option<Val>, Stop> {
        let answers = match self.function.kind() {
            // By far the most frequent case: nothing is wrapped.
            Kind::Transparent => return Ok(self.ask(0, outgoing)??),
            Kind::ByOwner => vec![(owner, self.ask(owner, outgoing)?)],
            Kind::FanOut => self.ask_all(outgoing)?,
        };
        Ok(reply::compose(self.function, answers)?)
    }

    /// Asks every provider in order. A failure is an answer where the reply has a place for it. Else the provider is
    /// skipped if the import says so, but an `at-least-one` import needs one that answers.
    fn ask_all(&mut self, outgoing: &mut Outgoing<'_>) -> Result<Vec<Answered>, Stop> {
        let function = self.function;
        let mut answers = Vec::with_capacity(function.providers.len());
        let mut failure = None;
        for provider in 0..function.providers.len() {
            match self.ask(provider, outgoing)? {
                Err(error) if !function.holds_failure(provider) => failure = Some(self.skip(provider, error)?),
                outcome => answers.push((provider, outcome)),
            }
        }
        match failure {
            Some(error) if answers.is_empty() && function.cardinality == Cardinality::AtLeastOne => {
                let summary = format!(
                    "no provider of `{}` is left for `{}`, which needs at-least-one; the last to fail",
                    function.import, function.consumer
                );
                Err(Stop::Provider(error.with_summary(summary)))
            }
            _ => Ok(answers),
        }
    }

    /// Asks one provider.
    ///
    /// # Errors
    /// When the consumer has failed meanwhile.
    fn ask(&mut self, provider: usize, outgoing: &mut Outgoing<'_>) -> Result<Outcome, Stop> {
        let function = self.function;
        let provider = &function.providers[provider];
        let mut own;
        let values = match outgoing {
            Outgoing::Shared(arguments) => Values::Plain(arguments),
            Outgoing::Translated(arguments) => {
                own = if function.asks_one() { std::mem::take(arguments) } else { arguments.clone() };
                Values::WithHandles(&mut own, &mut self.sent.flights)
            }
        };
        let caller = match self.lends {
            true => Caller::lending(self.frame, self.store.as_context_mut()),
            false => Caller::alone(self.frame),
        };
        let returned = self.live.call(caller, provider.target, Sent { values, bytes: self.bytes });
        let outcome = returned.and_then(|returned| self.take_back(provider, returned));
        still_up(self.store, outcome)
    }

    /// Keeps the handles of an answer until the reply is made, unless there is no room for the answer.
    #[inline(never)]
    fn take_back(&mut self, provider: &Provider, Returned { value, handles }: Returned) -> Outcome {
        let admitted = self.gathered.admit(self.function, provider, value);
        match &admitted {
            Ok(_) => self.back.flights.extend(handles),
            Err(_) => {
                let mut arriving = InFlight::new(self.live, self.frame);
                arriving.flights = handles;
                arriving.let_go(self.store);
            }
        }
        admitted
    }

    /// Leaves a failed provider out where the import says so; else its failure is the consumer's.
    #[inline(never)]
    fn skip(&self, provider: usize, error: CallError) -> Result<CallError, CallError> {
        let function = self.function;
        if !function.skips_failures() {
            return Err(error);
        }
        if tracing::enabled!(target: targets::DISPATCH, tracing::Level::WARN) {
            let (consumer, provider) = (function.consumer.clone(), function.providers[provider].id.clone());
            let told = format!("skipped for `{}` of `{}`: {error}", function.function, function.import);
            log_own(told.len(), move || tracing::warn!(target: targets::DISPATCH, %consumer, %provider, "{told}"));
        }
        Ok(error)
    }
}

/// Puts the value where the consumer gets it, if it declares one.
fn put(value: Option<Val>, results: &mut [Val]) {
    if let (Some(result), Some(value)) = (results.first_mut(), value) {
        *result = value;
    }
}

/// Stops where the consumer has failed while it was lent to those whom it called, whatever they answer.
fn still_up<T>(store: &StoreContextMut<'_, PluginState>, called: T) -> Result<T, Stop> {
    store.data().ended().map_or(Ok(called), |error| Err(Stop::Consumer(error)))
}
