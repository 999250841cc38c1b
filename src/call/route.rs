//! Finding the plugin that a call goes to because it owns a handle.

use wasmtime::component::Val;

use super::dispatch::Dispatcher;
use super::{CallError, CallErrorKind, CallFrame, InFlight, Live, Passing};
use crate::plan::PluginIndex;

impl Dispatcher {
    /// The owner of the handles that decide where the call goes, as an index into the providers. Without any
    /// it is the bound provider, where there can only be one: an empty list has no owner, but in a composition the call would not need one.
    ///
    /// # Errors
    /// `wrong-owner` when they have several, or one that does not export the interface, or when nobody can
    /// be told; `reentrant` when it is the consumer itself.
    pub(super) fn owner(
        &self,
        live: &dyn Live,
        passing: &Passing,
        arguments: &mut [Val],
        sent: &InFlight<'_>,
    ) -> Result<usize, CallError> {
        let place_of = |plugin| self.providers.iter().position(|provider| provider.target.plugin == plugin);
        let mut flights = sent.flights.iter();
        let mut first: Option<(PluginIndex, &str)> = None;
        passing.visit_arguments(arguments, |parameter, leaf, _| {
            let flight = flights.next().filter(|_| leaf.decides);
            let owner = flight.and_then(|flight| live.handles().read(flight.rep, |entry| entry.owner));
            let Some(found) = owner else { return Ok(()) };
            match &first {
                Some((owner, _)) if *owner == found => {}
                Some((owner, place)) => {
                    let (a, b) = (live.name(*owner), live.name(found));
                    let cause = format!(
                        "`{place}` is a handle of plugin `{a}`, and `{parameter}` (`{}`) one of plugin `{b}`",
                        leaf.written()
                    );
                    return Err(self.refusal(CallErrorKind::WrongOwner, live, *owner, cause));
                }
                None => first = Some((found, parameter)),
            }
            Ok(())
        })?;
        let Some((owner, place)) = first else {
            if let Some(provider) = self.alone.and_then(place_of) {
                return Ok(provider);
            }
            let cause = format!(
                "`{}` of `{}` was called without any handle of its interface, so that there is no owner to ask",
                self.function, self.import
            );
            return Err(CallError::new(CallErrorKind::WrongOwner, Some(self.consumer.clone()), cause));
        };
        if let Some(provider) = place_of(owner) {
            return Ok(provider);
        }
        let id = live.name(owner);
        Err(if *id == self.consumer {
            let cause = format!("`{place}` is a handle of the caller itself, which is on the chain of calls already");
            self.refusal(CallErrorKind::Reentrant, live, owner, cause)
        } else {
            let cause = format!("`{place}` is a handle of plugin `{id}`, which does not export `{}`", self.import);
            self.refusal(CallErrorKind::WrongOwner, live, owner, cause)
        })
    }

    fn refusal(&self, kind: CallErrorKind, live: &dyn Live, owner: PluginIndex, cause: String) -> CallError {
        let id = live.name(owner).clone();
        CallError::new(kind, Some(id.clone()), cause).called(CallFrame {
            caller: Some(self.consumer.clone()),
            plugin: id,
            interface: self.import.is_interface().then(|| self.import.clone()),
            function: self.function.clone(),
        })
    }
}
