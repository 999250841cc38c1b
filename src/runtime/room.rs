//! Room for handles: what a plugin itself may have, and what others may have of its resources.
//!
//! Both are its `handles`, and are counted apart, so that no consumer can use up what the plugin needs for itself.
//! The engine's limit of a store counts both: it is raised by one for each handle that is handed out.

use wasmtime::StoreContextMut;
use wasmtime::component::ResourceDynamic;

use super::explain::refuse;
use super::live_app::LiveApp;
use crate::call::{CallError, CallErrorKind, Flight, InstanceId, Passing, PluginState, Target};
use crate::plan::PluginIndex;

/// What stands for a handle while it is seen whether there is room for one.
const PROBE: (u32, u32) = (0, u32::MAX);

/// Refuses a call that may hand out resources while others hold as many as they may. It is not the plugin's
/// fault, and must not cost it its state.
///
/// One that holds less than its share is served all the same, so that none can take everything.
pub(super) fn check_room(
    app: &LiveApp,
    target: Target,
    instance: InstanceId,
    holder: Option<PluginIndex>,
    sent: &[Flight],
) -> Result<(), CallError> {
    let (assembly, plugin) = (&*app.assembly, target.plugin);
    if !assembly.function(target).passing.as_ref().is_some_and(Passing::hands_out) {
        return Ok(());
    }
    let limit = usize::try_from(assembly.limits(plugin).handles).unwrap_or(usize::MAX);
    let (held, own) = app.handles.held_of(instance, holder);
    // What waits for its destructor is still there.
    let waiting = app.destructors.waiting(plugin);
    let total = held + waiting;
    if total < limit {
        return Ok(());
    }
    let is_own = |flight: &Flight| app.handles.read(flight.rep, |entry| entry.owner.plugin == plugin) == Some(true);
    let coming = sent.iter().filter(|flight| flight.own && is_own(flight)).count();
    let share = (limit / assembly.plan().plugins.len().max(1)).max(1);
    if total.saturating_sub(coming) < limit || (own < share && waiting < limit) {
        return Ok(());
    }
    let cause = format!(
        "others have handles of {held} of its resources ({} has {own}){}, and its limit is {limit} (`handles`)",
        holder.map_or_else(|| "the host".to_owned(), |holder| format!("`{}`", assembly.id(holder))),
        if waiting > 0 { format!(", {waiting} wait for their destructors") } else { String::new() },
    );
    Err(refuse(assembly, CallErrorKind::Handles, plugin, cause))
}

/// Whether a store has room for so many more handles. The engine does not tell how many there are.
pub(super) fn has_room(store: &mut StoreContextMut<'_, PluginState>, count: usize) -> wasmtime::Result<bool> {
    let Some(others) = count.checked_sub(1) else { return Ok(true) };
    let most = store.max_component_handles();
    store.set_max_component_handles(most.saturating_sub(others));
    let probe = ResourceDynamic::new_own(PROBE.0, PROBE.1).try_into_resource_any(&mut *store);
    store.set_max_component_handles(most);
    match probe {
        Ok(probe) => probe.resource_drop(&mut *store).map(|()| true),
        Err(_) => Ok(false),
    }
}

/// Notes that handles which had been handed out are the plugin's own again, or gone.
pub(super) fn no_longer_out(store: &mut StoreContextMut<'_, PluginState>, count: usize) {
    let most = store.max_component_handles();
    store.set_max_component_handles(most.saturating_sub(count));
}
