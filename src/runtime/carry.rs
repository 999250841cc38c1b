//! Calls that pass handles: putting those of the arguments into a plugin's store, and taking those of its
//! reply out of it.

use wasmtime::component::{ResourceAny, Val};
use wasmtime::{AsContextMut, StoreContextMut};

use super::Inner;
use super::enter::{Ended, Purpose};
use super::handle::told_mismatch;
use super::room::{has_room, no_longer_out};
use crate::call::{
    CallError, CallErrorKind, Caller, Carried, Flight, Flights, Holder, InFlight, Leaf, Local, Passing, PluginState,
    Rep, Target, take_result, wrap,
};
use crate::link::ExportedFunction;

/// How often wasmtime counts a handle more than once while a plugin is lent it that does not own it: as what
/// has been lent, and as the borrow. The owner has no such borrow.
const LENT_TO_ANOTHER: usize = 2;

/// The handles of a call's arguments, in the plugin's store.
#[derive(Default)]
pub(super) struct Delivered {
    /// In the order of the arguments.
    handles: Vec<ResourceAny>,
    /// Those that were only lent, which must be dropped after the call.
    lent: Vec<ResourceAny>,
    /// How many come home: they had been handed out, and are the plugin's own again.
    home: usize,
    /// How often the store counts handles once more while they are lent.
    counted_again: usize,
}

impl Delivered {
    /// Makes the call that the handles are for. If it fails, the plugin has failed.
    pub(super) fn lend<R>(
        self,
        store: &mut StoreContextMut<'_, PluginState>,
        function: &ExportedFunction,
        call: impl FnOnce(StoreContextMut<'_, PluginState>) -> Result<R, Ended>,
    ) -> Result<R, Ended> {
        // A handle counts once, however it is passed: else a plugin would fail because it is lent what
        // it has room for.
        let most = store.max_component_handles();
        store.set_max_component_handles(most.saturating_add(self.counted_again));
        let result = call(store.as_context_mut()).map_err(|ended| kept(ended, function))?;
        // It may have changed meanwhile, by calls that came back.
        no_longer_out(store, self.counted_again);
        for lent in self.lent {
            lent.resource_drop(store.as_context_mut())?;
        }
        Ok(result)
    }
}

impl Inner {
    /// Calls a function that passes handles.
    ///
    /// # Errors
    /// As any call, and when a handle is stale or belongs to another plugin than it must: then the plugin
    /// has not been called, and the handles are still in `sent`.
    pub(super) fn carry_handles(
        &self,
        caller: Caller<'_>,
        target: Target,
        arguments: &mut [Val],
        sent: &mut Flights,
    ) -> Result<Carried, CallError> {
        let function = self.assembly.function(target);
        let mut results = [Val::Bool(false)];
        let answers = function.ty.result.is_some();
        let mut back = InFlight::new(self, caller.frame);
        // Who lends its store gets the reply; else it is the host.
        let holder = caller.store.as_ref().and(caller.frame.plugin);
        self.enter(caller, Purpose::Call(target), |mut store| {
            self.check_room(target, store.data().generation, holder, sent).map_err(Ended::Refused)?;
            let delivered = self.deliver(&mut store, target, arguments, sent)?;
            let expected = if answers { &mut results[..] } else { &mut [] };
            delivered.lend(&mut store, function, |store| self.call_by_value(store, target, arguments, expected))?;
            if let Some(passing) = &function.passing {
                take_result(&mut store, passing, target.plugin, &mut results[0], &mut back)?;
            }
            Ok(())
        })?;
        let [value] = results;
        Ok(Carried { value: answers.then_some(value), handles: std::mem::take(&mut back.flights) })
    }

    /// Puts the handles of the arguments into the plugin's store.
    ///
    /// # Errors
    /// When one of them cannot be there. Then nothing has been moved.
    pub(super) fn deliver(
        &self,
        store: &mut StoreContextMut<'_, PluginState>,
        target: Target,
        arguments: &mut [Val],
        sent: &mut Flights,
    ) -> Result<Delivered, Ended> {
        let Some(passing) = &self.assembly.function(target).passing else { return Ok(Delivered::default()) };
        let delivered = self.arrange(store, target, passing, arguments, sent)?;
        // From here on nothing can go wrong, so that all of it is moved or none.
        let mut arriving = sent.iter().zip(&delivered.handles);
        let placed: Result<(), std::convert::Infallible> = passing.visit_arguments(arguments, |_, leaf, value| {
            if let Some((flight, handle)) = arriving.next() {
                *value = Val::Resource(*handle);
                self.moved(flight, leaf, Holder::Plugin(target.plugin, store.data().generation));
            }
            Ok(())
        });
        let Ok(()) = placed;
        no_longer_out(store, delivered.home);
        // What is lent is with the sender still, who may lend it to others in the same call.
        sent.retain(|flight| !flight.own);
        Ok(delivered)
    }

    /// Notes who has a handle now.
    fn moved(&self, flight: &Flight, leaf: &Leaf, holder: Holder) {
        match leaf.local {
            _ if !flight.own => {}
            Local::Native => drop(self.handles.remove(flight.rep)),
            Local::Wrapped(_) => self.handles.hand_to(flight.rep, holder),
        }
    }

    /// Makes a handle in the plugin's store for each of those that are sent.
    fn arrange(
        &self,
        store: &mut StoreContextMut<'_, PluginState>,
        target: Target,
        passing: &Passing,
        arguments: &mut [Val],
        sent: &[Flight],
    ) -> Result<Delivered, Ended> {
        let mut flights = sent.iter();
        let mut wrapped = Vec::new();
        let generation = store.data().generation;
        let mut delivered = Delivered { handles: Vec::with_capacity(sent.len()), ..Delivered::default() };
        let arranged = passing.visit_arguments(arguments, |parameter, leaf, _| {
            let place = || format!("parameter `{parameter}` (`{}`)", leaf.written());
            let flight = flights.next().ok_or_else(|| self.bad_handle(target, "a handle is missing", &place()))?;
            if let Local::Native = leaf.local {
                delivered.handles.push(self.own_handle(target, generation, flight.rep, leaf, &place)?);
                delivered.counted_again += usize::from(!flight.own);
                delivered.home += usize::from(flight.own);
                return Ok(());
            }
            let handle = wrap(store, flight.rep, leaf).map_err(|error| {
                self.bad_handle(target, &self.told_limit(&format!("{error:#}"), target.plugin), &place())
            })?;
            wrapped.push(handle);
            delivered.handles.push(handle);
            if !flight.own {
                delivered.lent.push(handle);
                delivered.counted_again += LENT_TO_ANOTHER;
            }
            Ok(())
        });
        let arranged = match arranged {
            Ok(()) if !has_room(store, delivered.home)? => {
                let limit = self.limits(target.plugin).handles;
                let told = format!(
                    "it has no room for {} of its resources that come home, its limit is {limit} (`handles`)",
                    delivered.home
                );
                Err(self.refuse(CallErrorKind::BadArguments, target.plugin, told))
            }
            arranged => arranged,
        };
        match arranged {
            Ok(()) => Ok(delivered),
            Err(refusal) => {
                // Without destructors: they stand for entries that are still with the sender.
                for handle in wrapped {
                    handle.resource_drop(store.as_context_mut())?;
                }
                Err(Ended::Refused(refusal))
            }
        }
    }

    /// A handle that must be the plugin's own, as it is in its store.
    fn own_handle(
        &self,
        target: Target,
        generation: u64,
        rep: Rep,
        leaf: &Leaf,
        place: &dyn Fn() -> String,
    ) -> Result<ResourceAny, CallError> {
        let plugin = target.plugin;
        let read = self.handles.read(rep, |entry| {
            let fits = entry.resource == leaf.resource || entry.owner != plugin;
            let misfit = || told_mismatch(&leaf.resource, &entry.resource, self.id(plugin));
            let found = (entry.owner, entry.generation, entry.handle, (!fits).then(misfit));
            (entry.holder != Holder::Gone).then_some(found)
        });
        let Some((owner, made_in, handle, misfit)) = read.flatten() else {
            return Err(self.bad_handle(target, "its resource is gone", &place()));
        };
        if owner != plugin {
            let owner = self.id(owner);
            let cause = format!("{} is a handle of plugin `{owner}`, and only its own can be there", place());
            return Err(self.refuse(CallErrorKind::WrongOwner, plugin, cause));
        }
        if made_in != generation {
            let cause = format!("{} is a handle from before the plugin was started anew", place());
            return Err(self.refuse(CallErrorKind::OwnerRestarted, plugin, cause));
        }
        // It may export an interface in several versions, which are one to others.
        if let Some(told) = misfit {
            return Err(self.bad_handle(target, &told, &place()));
        }
        Ok(handle)
    }

    fn bad_handle(&self, target: Target, what: &str, place: &str) -> CallError {
        self.refuse(CallErrorKind::BadArguments, target.plugin, format!("{place}: {what}"))
    }
}

/// Says which borrow may have been kept, where that is why a call has failed: wasmtime tells only that one was.
fn kept(ended: Ended, function: &ExportedFunction) -> Ended {
    let Ended::Failed(error) = ended else { return ended };
    let is_kept = format!("{error:#}").contains("borrow handles still remain");
    let Some(passing) = function.passing.as_ref().filter(|_| is_kept) else { return Ended::Failed(error) };
    let borrows: Vec<String> = passing
        .parameters()
        .filter(|(_, leaf)| !leaf.own)
        .map(|(name, leaf)| format!("`{name}` (`{}`)", leaf.written()))
        .collect();
    Ended::Failed(error.context(format!("it kept a borrow beyond the call, of {}", borrows.join(" or "))))
}
