//! Taking handles out of a store, and putting them into another.

use wasmtime::component::{ResourceAny, ResourceDynamic, Val};
use wasmtime::{AsContextMut, StoreContextMut};

use super::table::{Entry, Holder, Rep};
use super::walk::Leaf;
use super::{Flight, Flights, Local, Passing};
use crate::call::{Caller, Frame, Live, PluginState};

/// Handles on their way. Resources whose `own` handle does not arrive are released: whoever sent it has
/// it no more.
pub struct InFlight<'a> {
    live: &'a dyn Live,
    caller: &'a Frame,
    /// The handles, in the order of the values that they belong to.
    pub flights: Flights,
}

impl<'a> InFlight<'a> {
    /// Nothing yet. `caller` is the entry that the handles pass through.
    pub fn new(live: &'a dyn Live, caller: &'a Frame) -> Self {
        Self { live, caller, flights: Flights::new() }
    }
}

impl InFlight<'_> {
    /// Releases what has not arrived, while the store of whoever sent or should have got it is lent: destructors
    /// may call back.
    pub fn let_go(&mut self, store: &mut StoreContextMut<'_, PluginState>) {
        let reps = self.left_behind();
        if !reps.is_empty() {
            self.live.release_many(Caller::lending(self.caller, store.as_context_mut()), reps);
        }
    }

    fn left_behind(&mut self) -> Vec<Rep> {
        self.flights.drain(..).filter(|flight| flight.own).map(|flight| flight.rep).collect()
    }
}

impl Drop for InFlight<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.flights.is_empty() {
            return;
        }
        let reps = self.left_behind();
        if !reps.is_empty() {
            self.live.release_many(Caller::alone(self.caller), reps);
        }
    }
}

/// A handle that decides where a call goes.
pub struct Deciding<'a> {
    /// Its entry.
    pub rep: Rep,
    /// The parameter in which it stands.
    pub parameter: &'a str,
    /// The place in it.
    pub leaf: &'a Leaf,
}

/// Takes the handles of a consumer's arguments out of its store, and tells those that decide where the call goes.
///
/// # Errors
/// When wasmtime does not know a handle; the consumer has failed then.
pub fn take_arguments<'p>(
    store: &mut StoreContextMut<'_, PluginState>,
    passing: &'p Passing,
    arguments: &mut [Val],
    taken: &mut InFlight<'_>,
) -> wasmtime::Result<Vec<Deciding<'p>>> {
    let mut deciding = Vec::new();
    passing.visit_arguments(arguments, |parameter, leaf, value| {
        let flight = unwrap(store, handle(value)?)?;
        if flight.own {
            taken.live.handles().hand_to(flight.rep, Holder::Flight);
        }
        taken.flights.push(flight);
        if leaf.decides {
            deciding.push(Deciding { rep: flight.rep, parameter, leaf });
        }
        Ok::<_, wasmtime::Error>(())
    })?;
    Ok(deciding)
}

/// Puts the handles of a reply into the consumer's store.
///
/// # Errors
/// When the store has no room for them; the consumer has failed then.
pub fn put_result(
    store: &mut StoreContextMut<'_, PluginState>,
    passing: &Passing,
    result: &mut Val,
    arriving: &mut InFlight<'_>,
) -> wasmtime::Result<()> {
    let state = store.data();
    let holder = Holder::Instance(state.instance);
    // Those that have arrived are no longer released here, whatever becomes of the rest.
    let mut flights = std::mem::take(&mut arriving.flights).into_iter();
    let put = passing.visit_result(result, |leaf, value| {
        let flight = flights.next().ok_or_else(|| wasmtime::format_err!("a handle is missing in the reply"))?;
        match wrap(store, flight.rep, leaf) {
            Ok(handle) => {
                arriving.live.handles().hand_to(flight.rep, holder);
                *value = Val::Resource(handle);
                Ok(())
            }
            Err(error) => {
                arriving.flights.push(flight);
                Err(error)
            }
        }
    });
    arriving.flights.extend(flights);
    put
}

/// Takes the handles of a plugin's reply out of its store. The plugin's own resources get entries in
/// the table, those of others have one.
///
/// # Errors
/// When wasmtime does not know a handle, or when there are too many; the plugin has failed then.
pub fn take_result(
    store: &mut impl AsContextMut<Data = PluginState>,
    passing: &Passing,
    result: &mut Val,
    taken: &mut InFlight<'_>,
) -> wasmtime::Result<()> {
    let mut store = store.as_context_mut();
    let owner = store.data().instance;
    passing.visit_result(result, |leaf, value| {
        let handle = handle(value)?;
        let flight = match leaf.local {
            Local::Native => {
                let resource = leaf.resource.clone();
                let entry = Entry { owner, handle, resource, holder: Holder::Flight };
                let rep = taken.live.handles().insert(entry);
                // What others hold takes no room from what the plugin itself has.
                let most = store.max_component_handles();
                store.set_max_component_handles(most.saturating_add(1));
                Flight { rep: rep.ok_or_else(|| wasmtime::format_err!("there are too many handles"))?, own: true }
            }
            Local::Wrapped(_) => {
                let flight = unwrap(&mut store, handle)?;
                taken.live.handles().hand_to(flight.rep, Holder::Flight);
                flight
            }
        };
        taken.flights.push(flight);
        Ok(())
    })
}

/// A handle that stands for an entry, made in a store where the resource is a wrapped one.
///
/// # Errors
/// When the store has no room for it.
pub fn wrap(store: &mut impl AsContextMut<Data = PluginState>, rep: Rep, leaf: &Leaf) -> wasmtime::Result<ResourceAny> {
    let Local::Wrapped(number) = leaf.local else {
        wasmtime::bail!("a handle of another plugin's `{}` stands where its own is expected", leaf.resource.name)
    };
    ResourceDynamic::new_own(rep.0, number).try_into_resource_any(store.as_context_mut())
}

fn unwrap(store: &mut StoreContextMut<'_, PluginState>, handle: ResourceAny) -> wasmtime::Result<Flight> {
    let wrapped = handle.try_into_resource_dynamic(&mut *store)?;
    Ok(Flight { rep: Rep(wrapped.rep()), own: wrapped.owned() })
}

/// The handle in a value.
fn handle(value: &Val) -> wasmtime::Result<ResourceAny> {
    match value {
        Val::Resource(handle) => Ok(*handle),
        _ => wasmtime::bail!("a value that is no handle stands where one is expected"),
    }
}
