//! The end of an app: destructors of all resources run, within one time, and the stores are dropped.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::deadlines;
use super::live_app::LiveApp;
use super::preflight::check_stack;
use super::purpose::Purpose;
use super::root::{chain, on_chain};
use super::settle::{MOST_ROUNDS, drain_until};
use super::start::end_store;
use crate::call::{Clock, Deadline, Frame, flush_log, targets};
use crate::plan::PluginIndex;

/// How long after the deadline of an ending app destructors of plugins run that have had no time yet, because
/// others have used it up. It is divided among all plugins.
const GRACE: Duration = Duration::from_millis(500);

/// Ends an app, which nobody calls any more.
pub(super) fn end(app: &LiveApp) {
    release_all(app);
    app.is_ended.store(true, Ordering::Relaxed);
    let chain = chain(app).chain;
    for plugin in (0..app.assembly.plan().plugins.len()).map(PluginIndex) {
        // Whoever cannot be waited for puts nothing back.
        let _turn = app.admission.last_turn(plugin, chain);
        app.instances.close(plugin).into_iter().for_each(|instance| end_store(app, instance));
    }
    // What plugins have printed is logged by another thread, which may be the last to know of the process' end.
    flush_log();
}

/// Runs the destructors of all resources that anybody has a handle of, because the app ends. Stores that
/// could still name them stay, so that their entries do, too.
///
/// All of it has one deadline, after which owners that are not through are torn down.
fn release_all(app: &LiveApp) {
    let is_empty = || app.handles.live() == 0 && app.destructors.is_empty();
    if is_empty() {
        return;
    }
    on_chain(app, |frame| {
        let Some(end) = deadlines::of_drains(&app.assembly) else { return };
        // Destructors can make resources; one that does so without end is not waited for.
        for _ in 0..MOST_ROUNDS {
            if is_empty() {
                return;
            }
            app.handles.bury().into_iter().for_each(|entry| app.destructors.add(entry));
            for plugin in (0..app.assembly.plan().plugins.len()).map(PluginIndex) {
                drain_at_end(app, frame, plugin, end);
            }
        }
    });
    let left = app.handles.live();
    if left > 0 {
        tracing::warn!(target: targets::RELEASE, "destructors make resources without end: {left} are left behind");
    }
}

fn drain_at_end(app: &LiveApp, caller: &Frame, plugin: PluginIndex, end: Deadline) {
    let assembly = &*app.assembly;
    if app.destructors.waiting(plugin) == 0 || check_stack(assembly, plugin).is_err() {
        return;
    }
    let Some(_turn) = app.admission.try_turn(plugin, caller.chain) else { return };
    let (now, grace) = (assembly.clock().now(), Clock::ticks(GRACE));
    // Others may have used up all the time: that is not this plugin's fault.
    let share = grace / u64::try_from(assembly.plan().plugins.len()).unwrap_or(u64::MAX);
    let at = end.at.max((now + share).min(end.at + grace));
    let caller = Frame { deadline: Some(Deadline { at, ..end }), ..*caller };
    let deadline = deadlines::of_entry(assembly, &caller, Purpose::Destroy(plugin));
    drain_until(app, &caller, plugin, deadline, false);
}
