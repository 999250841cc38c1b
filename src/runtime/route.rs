//! The one route of every call: preflight, admission, instance, activation, settle.
//!
//! Every way into a plugin comes here: calls of the host by value and by type, the host's work with exports,
//! dispatchers of other plugins, starts, restarts and `run`. Destructors, which run where their owner has just been
//! left, begin at the activation.

use std::time::Duration;

use super::activation::{Outcome, begin, begin_again, finish_again, run};
use super::blocking;
use super::codec::{Codec, Inspect};
use super::explain::{describe, not_started, reentrant};
use super::instances::{Found, Instance, Place, Seeker, Unfit};
use super::live_app::LiveApp;
use super::preflight::{check_depth, check_stack, check_time};
use super::purpose::Purpose;
use super::settle::{drain, entry, put_back, release_held_by, tear_down};
use super::start::start;
use super::turns::Turn;
use crate::call::{CallFrame, Caller, Frame, InstanceId};
use crate::plan::PluginIndex;

/// Who calls, and what for.
pub(super) struct Call<'a> {
    pub(super) caller: Caller<'a>,
    pub(super) purpose: Purpose,
}

// A call that comes back runs on the stack that its plugin was first entered with, so the frames of open calls must be
// small. Rare work is `#[inline(never)]`.

/// Makes a call. It blocks the thread while it waits for its turn, or for the end of a pause before a restart.
///
/// # Errors
/// The plugin's failure, or the refusal.
#[inline]
pub(super) fn perform<C: Codec>(app: &LiveApp, call: Call<'_>, codec: &mut C) -> Outcome<C::Answer> {
    let Call { caller: Caller { frame: caller, store }, purpose } = call;
    let (plugin, comes_back) = (purpose.plugin(), store.is_some());
    let checked =
        check_depth(&app.assembly, &app.activations, caller, plugin).and_then(|()| check_stack(&app.assembly, plugin));
    let done = checked.and_then(|()| {
        blocking::lending(store, || {
            let wanted = if app.instances.has_old(plugin) { codec.instance(app) } else { None };
            let (turn, place) = admit(app, caller, purpose, wanted)?;
            let outcome = enter(app, (caller, comes_back), purpose, place, codec);
            leave(app, caller, turn, plugin);
            outcome
        })
    });
    done.map_err(|error| error.called(describe(&app.assembly, caller.plugin(), purpose)))
}

/// Ends a plugin and starts it, in one turn.
///
/// # Errors
/// Why it could not be entered, or does not come up.
pub(super) fn restart(app: &LiveApp, caller: &Frame, plugin: PluginIndex) -> Outcome<()> {
    let assembly = &*app.assembly;
    let id = |plugin| assembly.id(plugin).clone();
    let turn = check_stack(assembly, plugin).and_then(|()| own_turn(app, caller, plugin));
    let turn = turn.map_err(|error| error.called(CallFrame::restart(caller.plugin().map(id), id(plugin))))?;
    let purpose = Purpose::Start(plugin);
    if let Some(instance) = app.instances.end(plugin) {
        let _noted = app.activations.note(caller, purpose);
        let frame = entry(app, caller, purpose, instance.id());
        let _shown = blocking::show(app.number, &frame);
        tear_down(app, instance, Frame { deadline: caller.deadline, ..frame });
    }
    // Releasing the old instance's resources may have started the plugin again, and failed it again.
    let seeker = Seeker { has_turn: true, starts: true, left: None, instance: None };
    let started = match find(app, caller, plugin, &seeker) {
        Ok(Found::At(place)) => enter(app, (caller, false), purpose, place, &mut Inspect::nothing()),
        // A start by hand is never put off.
        Ok(Found::Pause(_)) => Err(not_started(assembly, &app.activations, caller, plugin)),
        Err(error) => Err(error),
    };
    leave(app, caller, Some(turn), plugin);
    started.map_err(|error| error.called(describe(assembly, caller.plugin(), purpose)))
}

/// Takes the plugin's turn; refuses where the chain is in the plugin already.
fn own_turn<'a>(app: &'a LiveApp, caller: &Frame, plugin: PluginIndex) -> Outcome<Turn<'a>> {
    let turn = app.admission.take_turn(caller, plugin)?;
    turn.ok_or_else(|| reentrant(&app.assembly, &app.activations, caller, (plugin, None)))
}

/// Waits for the plugin's turn, and until there is an instance or one may be started. The turn is nothing where the
/// plugin is on this chain already.
#[inline(never)]
fn admit<'a>(
    app: &'a LiveApp,
    caller: &Frame,
    purpose: Purpose,
    instance: Option<InstanceId>,
) -> Outcome<(Option<Turn<'a>>, Place)> {
    let (assembly, plugin) = (&*app.assembly, purpose.plugin());
    loop {
        let turn = app.admission.take_turn(caller, plugin)?;
        check_time(assembly, caller, plugin)?;
        let left = caller.deadline.map_or(Duration::MAX, |deadline| assembly.clock().left(deadline.at));
        let starts = matches!(purpose, Purpose::Start(_));
        match find(app, caller, plugin, &Seeker { has_turn: turn.is_some(), starts, left: Some(left), instance })? {
            Found::At(place) => return Ok((turn, place)),
            // Sleep without the turn, so that calls with less time can give up early.
            Found::Pause(rest) => {
                drop(turn);
                std::thread::sleep(rest);
            }
        }
    }
}

/// Finds the instance of a plugin. Releases the handles of an abandoned one.
fn find(app: &LiveApp, caller: &Frame, plugin: PluginIndex, seeker: &Seeker) -> Outcome<Found> {
    match app.instances.find(plugin, seeker) {
        Ok(found) => Ok(found),
        Err(Unfit::Down(error)) => Err(error),
        Err(Unfit::NotStarted) => Err(not_started(&app.assembly, &app.activations, caller, plugin)),
        Err(Unfit::Abandoned(instance)) => {
            let purpose = Purpose::Destroy(plugin);
            let _noted = app.activations.note(caller, purpose);
            release_held_by(app, instance, entry(app, caller, purpose, instance));
            find(app, caller, plugin, seeker)
        }
    }
}

/// Enters the instance, starting it before where there is none.
#[inline]
fn enter<C: Codec>(
    app: &LiveApp,
    (caller, comes_back): (&Frame, bool),
    purpose: Purpose,
    place: Place,
    codec: &mut C,
) -> Outcome<C::Answer> {
    let plugin = purpose.plugin();
    let frame = entry(app, caller, purpose, place.instance());
    let _noted = app.activations.note(caller, purpose);
    let _shown = blocking::show(app.number, &frame);
    let mut instance = match place {
        Place::Idle(instance) => instance,
        Place::Vacant(id) => start_noted(app, purpose, id, &frame)?,
        Place::OnChain(id) if comes_back => return come_back(app, id, purpose, (caller, &frame), codec),
        Place::OnChain(_) => return Err(reentrant(&app.assembly, &app.activations, caller, (plugin, Some(plugin)))),
    };
    app.destructors.time(plugin).forget();
    let mut activation = begin(app, &mut instance, purpose, &frame);
    let outcome = run(app, &mut activation, codec);
    drop(activation);
    match outcome {
        Ok(outcome) => {
            put_back(app, instance, frame);
            outcome
        }
        Err(failed) => {
            // By the caller's deadline: the failed plugin's own time must not cut the release short.
            tear_down(app, instance, Frame { deadline: caller.deadline, ..frame });
            Err(failed.cause_or_panic())
        }
    }
}

/// Enters an instance that calls others, on the same chain.
fn come_back<C: Codec>(
    app: &LiveApp,
    instance: InstanceId,
    purpose: Purpose,
    (caller, frame): (&Frame, &Frame),
    codec: &mut C,
) -> Outcome<C::Answer> {
    let entered = blocking::borrow((frame.chain, instance), |store| {
        let (mut activation, outer) = match begin_again(app, store, purpose, (caller, frame)) {
            Ok(begun) => begun,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let outcome = run(app, &mut activation, codec);
        finish_again(app, &mut activation, &outer, &outcome);
        outcome
    });
    match entered {
        Some(Ok(outcome)) => outcome,
        Some(Err(failed)) => Err(failed.cause_or_panic()),
        None => Err(reentrant(&app.assembly, &app.activations, caller, (instance.plugin, Some(instance.plugin)))),
    }
}

/// Starts an instance and notes success or failure.
#[inline(never)]
fn start_noted(app: &LiveApp, purpose: Purpose, id: InstanceId, frame: &Frame) -> Outcome<Instance> {
    match start(app, id, frame) {
        Ok(instance) => {
            app.instances.note_start(id.plugin);
            Ok(instance)
        }
        Err(cause) => {
            // Release the handles that it received while starting.
            release_held_by(app, id, *frame);
            // Failures during the start are charged to the plugin, refusals included.
            let charged = cause.origin() == Some(app.assembly.id(id.plugin));
            app.instances.note_failure(id, cause.clone(), charged);
            Err(if matches!(purpose, Purpose::Start(_)) { cause } else { cause.starting() })
        }
    }
}

/// Leaves a plugin: destructors that wait for it run before the turn is given back.
#[inline(never)]
fn leave(app: &LiveApp, caller: &Frame, turn: Option<Turn<'_>>, plugin: PluginIndex) {
    if turn.is_some() {
        drain(app, caller, plugin);
    }
}
