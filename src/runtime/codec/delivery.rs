//! Putting the handles of a call's arguments into a plugin's store, all of them or none.

use wasmtime::component::{ResourceAny, Val};
use wasmtime::{AsContextMut, StoreContextMut};

use crate::call::{CallError, CallErrorKind, Flights, Holder, InstanceId, Leaf, Local, PluginState, Rep, Target, wrap};
use crate::link::ExportedFunction;
use crate::plan::PluginIndex;
use crate::runtime::explain::{in_terms_of_limits, refuse};
use crate::runtime::handle::told_mismatch;
use crate::runtime::live_app::LiveApp;
use crate::runtime::purpose::Ended;
use crate::runtime::room::{check_room, has_room, no_longer_out};

/// How often wasmtime counts a handle more than once while a plugin is lent it that does not own it: as what
/// has been lent, and as the borrow. The owner has no such borrow.
const LENT_TO_ANOTHER: usize = 2;

/// The handles of a call's arguments, in the plugin's store.
#[derive(Default)]
pub(in crate::runtime) struct Delivered {
    /// Those that stand for resources of others, made for this call.
    wrapped: Vec<ResourceAny>,
    /// Those of them that were only lent, which must be dropped after the call.
    lent: Vec<ResourceAny>,
    /// Entries of the plugin's own resources that come home: they had been handed out, and are its own again.
    home: Vec<Rep>,
    /// Entries of others that are the plugin's from now on.
    moved: Vec<Rep>,
    /// How often the store counts handles once more while they are lent.
    counted_again: usize,
}

/// Puts the handles of the arguments into the plugin's store. Those that were lent are left in `sent`. `holder` gets the
/// handles of the reply: a plugin, or the host.
///
/// # Errors
/// When one of them cannot be there, or the holder may get no more. Then nothing has been moved.
pub(super) fn deliver(
    app: &LiveApp,
    store: &mut StoreContextMut<'_, PluginState>,
    (target, holder): (Target, Option<PluginIndex>),
    arguments: &mut [Val],
    sent: &mut Flights,
) -> Result<Delivered, Ended> {
    check_room(app, target, store.data().instance, holder, sent)?;
    let mut delivered = Delivered::default();
    match delivered.place(app, store, target, arguments, sent).and_then(|()| delivered.check_home(app, store, target)) {
        Ok(()) => {}
        Err(Ended::Refused(refusal)) => {
            // Without destructors: they stand for entries that are still with the sender.
            for handle in delivered.wrapped {
                handle.resource_drop(store.as_context_mut())?;
            }
            return Err(Ended::Refused(refusal));
        }
        Err(ended) => return Err(ended),
    }
    // From here on nothing can go wrong, so that all of it is moved or none.
    let instance = store.data().instance;
    delivered.home.iter().for_each(|rep| drop(app.handles.remove(*rep)));
    delivered.moved.iter().for_each(|rep| app.handles.hand_to(*rep, Holder::Instance(instance)));
    no_longer_out(store, delivered.home.len());
    // What is lent is with the sender still, who may lend it to others in the same call.
    sent.retain(|flight| !flight.own);
    Ok(delivered)
}

impl Delivered {
    /// Makes a handle in the plugin's store for each of those that are sent, in its place.
    fn place(
        &mut self,
        app: &LiveApp,
        store: &mut StoreContextMut<'_, PluginState>,
        target: Target,
        arguments: &mut [Val],
        sent: &Flights,
    ) -> Result<(), Ended> {
        let Some(passing) = &app.assembly.function(target).passing else { return Ok(()) };
        let mut flights = sent.iter();
        passing.visit_arguments(arguments, |parameter, leaf, value| {
            let place = || format!("parameter `{parameter}` (`{}`)", leaf.written());
            let flight = flights.next().ok_or_else(|| bad_handle(app, target, "a handle is missing", &place()))?;
            let handle = match leaf.local {
                Local::Native => {
                    self.counted_again += usize::from(!flight.own);
                    self.home.extend(flight.own.then_some(flight.rep));
                    own_handle(app, target, store.data().instance, flight.rep, leaf, &place)?
                }
                Local::Wrapped(_) => self.wrap(app, store, target, (flight.rep, flight.own), leaf, &place)?,
            };
            *value = Val::Resource(handle);
            Ok(())
        })
    }

    fn wrap(
        &mut self,
        app: &LiveApp,
        store: &mut StoreContextMut<'_, PluginState>,
        target: Target,
        (rep, own): (Rep, bool),
        leaf: &Leaf,
        place: &dyn Fn() -> String,
    ) -> Result<ResourceAny, Ended> {
        let handle = wrap(store, rep, leaf).map_err(|error| {
            let told = in_terms_of_limits(&app.assembly, &format!("{error:#}"), target.plugin);
            bad_handle(app, target, &told, &place())
        })?;
        self.wrapped.push(handle);
        if own {
            self.moved.push(rep);
        } else {
            self.lent.push(handle);
            self.counted_again += LENT_TO_ANOTHER;
        }
        Ok(handle)
    }

    /// Refuses resources that come home, where the plugin has no room for them.
    fn check_home(
        &self,
        app: &LiveApp,
        store: &mut StoreContextMut<'_, PluginState>,
        target: Target,
    ) -> Result<(), Ended> {
        if has_room(store, self.home.len())? {
            return Ok(());
        }
        let limit = app.assembly.limits(target.plugin).handles;
        let told = format!(
            "it has no room for {} of its resources that come home, its limit is {limit} (`handles`)",
            self.home.len()
        );
        Err(Ended::Refused(refuse(&app.assembly, CallErrorKind::BadArguments, target.plugin, told)))
    }

    /// Makes room for what the store counts once more during the call: a handle counts once, however it is passed.
    /// Else a plugin would fail because it is lent what it has room for.
    #[inline]
    pub(super) fn make_room(&self, store: &mut StoreContextMut<'_, PluginState>) {
        if self.counted_again > 0 {
            let most = store.max_component_handles();
            store.set_max_component_handles(most.saturating_add(self.counted_again));
        }
    }

    /// Takes back what was lent, and the room for it.
    ///
    /// # Errors
    /// When the store does not let go of it; the plugin has failed then.
    #[inline]
    pub(super) fn take_back(&mut self, store: &mut StoreContextMut<'_, PluginState>) -> wasmtime::Result<()> {
        if self.counted_again > 0 {
            // The limit may have changed meanwhile, by calls that came back.
            no_longer_out(store, self.counted_again);
        }
        self.lent.drain(..).try_for_each(|lent| lent.resource_drop(store.as_context_mut()))
    }

    /// Says which borrow may have been kept, where that is why a call has failed: wasmtime tells only that one was.
    pub(super) fn explain(&self, error: wasmtime::Error, function: &ExportedFunction) -> wasmtime::Error {
        let Some(passing) = &function.passing else { return error };
        if !format!("{error:#}").contains("borrow handles still remain") {
            return error;
        }
        let borrows: Vec<String> = passing
            .parameters()
            .filter(|(_, leaf)| !leaf.own)
            .map(|(name, leaf)| format!("`{name}` (`{}`)", leaf.written()))
            .collect();
        error.context(format!("it kept a borrow beyond the call, of {}", borrows.join(" or ")))
    }
}

/// A handle that must be the plugin's own, as it is in its store.
fn own_handle(
    app: &LiveApp,
    target: Target,
    instance: InstanceId,
    rep: Rep,
    leaf: &Leaf,
    place: &dyn Fn() -> String,
) -> Result<ResourceAny, Ended> {
    let (assembly, plugin) = (&*app.assembly, target.plugin);
    let read = app.handles.read(rep, |entry| {
        let fits = entry.resource == leaf.resource || entry.owner.plugin != plugin;
        let misfit = || told_mismatch(&leaf.resource, &entry.resource, assembly.id(plugin));
        let found = (entry.owner, entry.handle, (!fits).then(misfit));
        (entry.holder != Holder::Gone).then_some(found)
    });
    let Some((owner, handle, misfit)) = read.flatten() else {
        return Err(bad_handle(app, target, "its resource is gone", &place()).into());
    };
    let refused = |kind, cause| Err(Ended::Refused(refuse(assembly, kind, plugin, cause)));
    if owner.plugin != plugin {
        let owner = assembly.id(owner.plugin);
        let cause = format!("{} is a handle of plugin `{owner}`, and only its own can be there", place());
        return refused(CallErrorKind::WrongOwner, cause);
    }
    if owner != instance {
        let cause = format!("{} is a handle from before the plugin was started anew", place());
        return refused(CallErrorKind::OwnerRestarted, cause);
    }
    // It may export an interface in several versions, which are one to others.
    match misfit {
        Some(told) => Err(bad_handle(app, target, &told, &place()).into()),
        None => Ok(handle),
    }
}

fn bad_handle(app: &LiveApp, target: Target, what: &str, place: &str) -> CallError {
    refuse(&app.assembly, CallErrorKind::BadArguments, target.plugin, format!("{place}: {what}"))
}
