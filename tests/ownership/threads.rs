//! Several threads that call at once. Each has its own slots in every plugin.

use std::io::Write;
use std::ops::Range;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use plugweave::{App, CallErrorKind, Val};

use super::graph::SLOTS;
use super::guest::UNSEEN;
use super::model::{Model, Reply as Expected};
use super::play::Case;
use super::random::Random;
use super::run::{Host, Reply};
use super::step::{Act, HOST_SLOTS, Reach, Step};
use super::tally::{Tally, is_failure};

const THREADS: usize = 4;

/// Long enough for threads to come in each other's way.
const LINGER: u32 = 300_000;

/// An app that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// Does something on several threads at once, which must come to an end.
fn at_once<T: Send>(seed: u64, work: impl Fn(usize) -> Result<T, String> + Sync) -> Result<Vec<T>, String> {
    let (done, waiting) = channel::<()>();
    let watch = std::thread::spawn(move || {
        if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            // The harness would keep back what is printed, and lose it with the process.
            let _ = writeln!(std::io::stderr(), "seed {seed}: it hangs");
            std::process::abort();
        }
    });
    let results = std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("it panicked".to_owned()))).collect()
    });
    drop(done);
    watch.join().unwrap();
    results
}

fn reach(thread: usize) -> Reach {
    let first = thread * SLOTS / THREADS;
    Reach { slots: first..first + 10, host: 0..HOST_SLOTS, mischief: 0, traps: 0, attached: false, upwards: false }
}

/// Added to the values of the things of a thread.
fn base(thread: usize) -> u32 {
    u32::try_from(thread + 1).unwrap() << 24
}

/// Threads that do nothing that fails: each gets what the model says, as if it were alone.
pub fn in_harmony(seed: u64, count: u64) -> Result<Tally, String> {
    let case = Case::lingering(seed, LINGER);
    let app = case.start();
    let lonely = |thread: usize| -> Result<(Tally, Model, Vec<Option<Val>>), String> {
        let mut random = Random::new(!seed ^ (u64::try_from(thread).unwrap() << 32));
        let (mut model, mut host) = (Model::new(case.graph.clone(), base(thread)), Host::new(&app));
        let mut tally = Tally::default();
        for _ in 0..count.div_ceil(THREADS as u64) {
            let step = Step::random(&mut random, &case.graph, &model, &reach(thread));
            let expected = model.apply(&step);
            let reply = host.apply(&case.graph, &step);
            if !reply.is(&expected) {
                return Err(format!("thread {thread}, {step}: expected {expected:?}, found {reply:?}"));
            }
            tally.note(&step, &reply);
            let things = if let Expected::Things(things) = expected { things } else { Vec::new() };
            keep(&mut model, &mut host, &step, reply, &things);
        }
        Ok((tally, model, host.into_handles()))
    };
    let mut tally = Tally::of(case.graph.plugins.len());
    let mut models = Vec::new();
    let mut kept = Vec::new();
    for (more, model, handles) in at_once(seed, lonely)? {
        tally.add(&more);
        models.push(model);
        kept.push(handles);
    }
    let host = Host::new(&app);
    for plugin in 0..case.graph.plugins.len() {
        let (found, expected) = (host.live(plugin), models.iter().map(|model| model.live(plugin)).sum::<u32>());
        if found != expected {
            return Err(format!("p{plugin} should have {expected} things, and has {found}"));
        }
    }
    let expected = models.iter().map(Model::handles).sum::<usize>();
    if app.live_handles() != expected {
        return Err(format!("{expected} handles are expected, and there are {}", app.live_handles()));
    }
    at_once(seed, |thread| {
        empty(&app, &case, reach(thread).slots);
        Ok(())
    })?;
    // Those of the host end on another thread than they came to.
    drop(kept);
    nothing_left(&case, app)?;
    Ok(tally)
}

/// Takes over what a step has given the host.
fn keep(model: &mut Model, host: &mut Host<'_>, step: &Step, reply: Reply, things: &[usize]) {
    for slot in (0..HOST_SLOTS).filter(|slot| model.host(*slot).is_none()) {
        host.keep(slot, None);
    }
    if let (Reply::Handles(handles), Step::Host { slots, .. }) = (reply, step) {
        for ((thing, handle), slot) in things.iter().zip(handles).zip(slots) {
            model.keep(*slot, Some(*thing));
            host.keep(*slot, Some(handle));
        }
    }
}

/// Empties slots of all plugins, while others do so, too.
fn empty(app: &App, case: &Case, slots: Range<usize>) {
    let host = Host::new(app);
    for slot in slots {
        for plugin in 0..case.graph.plugins.len() {
            host.empty(plugin, slot);
        }
    }
}

/// That an app has nothing when all has been dropped, and ends.
fn nothing_left(case: &Case, app: App) -> Result<(), String> {
    let left: Vec<u32> = (0..case.graph.plugins.len()).map(|plugin| Host::new(&app).live(plugin)).collect();
    if left.iter().any(|left| *left > 0) || app.live_handles() > 0 {
        let places = (0..left.len()).flat_map(|plugin| (0..SLOTS).map(move |slot| (plugin, slot)));
        let held: Vec<_> = places.filter(|(plugin, slot)| Host::new(&app).peek(*plugin, *slot).is_some()).collect();
        let handles = app.live_handles();
        return Err(format!("in the end there are {left:?} things and {handles} handles; slots with one: {held:?}"));
    }
    drop(app);
    case.ended()
}

/// Threads that end each other's plugins: nothing mixes, nothing hangs, and nothing is left.
pub fn in_strife(seed: u64, count: u64) -> Result<Tally, String> {
    let case = Case::lingering(seed, LINGER);
    let app = case.start();
    let fighting = |thread: usize| {
        let mut random = Random::new(!seed ^ (u64::try_from(thread).unwrap() << 32));
        let mut reach = Reach { mischief: random.below(3), attached: true, upwards: true, ..reach(thread) };
        reach.traps = random.below(20);
        let mut fighter =
            Fighter { thread, case: &case, model: Model::new(case.graph.clone(), base(thread)), host: Host::new(&app) };
        let mut tally = Tally::default();
        for _ in 0..count.div_ceil(THREADS as u64) {
            let step = Step::random(&mut random, &case.graph, &fighter.model, &reach);
            let cause = fighter.step(&step, &reach.slots, &mut tally);
            cause.map_err(|cause| format!("thread {thread}, {step}: {cause}"))?;
        }
        empty(&app, &case, reach.slots);
        Ok(tally)
    };
    let mut tally = Tally::of(case.graph.plugins.len());
    for more in at_once(seed, fighting)? {
        tally.add(&more);
    }
    // What one thread has emptied, the end of a thing of another one cannot fill again.
    nothing_left(&case, app)?;
    Ok(tally)
}

struct Fighter<'a> {
    thread: usize,
    case: &'a Case,
    /// What would be there if it were alone: corrected where it is not so.
    model: Model,
    host: Host<'a>,
}

impl Fighter<'_> {
    fn step(&mut self, step: &Step, slots: &Range<usize>, tally: &mut Tally) -> Result<(), String> {
        let expected = self.model.apply(step);
        let reply = self.host.apply(&self.case.graph, step);
        tally.note(step, &reply);
        let as_expected = reply.is(&expected);
        match &reply {
            Reply::Failed(kind, told) if !is_allowed(*kind) => return Err(told.clone()),
            Reply::Number(number) if !self.is_mine(step, *number) => return Err(format!("found {number:#x}")),
            _ => {}
        }
        match (reply, step) {
            (Reply::Handles(handles), Step::Host { slots, ty, .. }) => {
                let things = if let Expected::Things(things) = expected { things } else { Vec::new() };
                let mut things = things.into_iter();
                for (handle, slot) in handles.into_iter().zip(slots) {
                    let thing = things.next().unwrap_or_else(|| self.model.some_thing(*ty));
                    self.model.keep(*slot, Some(thing));
                    self.host.keep(*slot, Some(handle));
                }
            }
            _ if as_expected => {}
            // It may have been moved or not; a slot without it is as good.
            (_, Step::Host { slots, .. }) => {
                for slot in slots {
                    self.model.keep(*slot, None);
                }
            }
            _ => {}
        }
        for slot in (0..HOST_SLOTS).filter(|slot| self.model.host(*slot).is_none()) {
            self.host.keep(slot, None);
        }
        if !as_expected {
            self.look_around(slots);
        }
        Ok(())
    }

    /// Whether a number can be the reply: values are those of the thread's own things.
    fn is_mine(&self, step: &Step, number: u32) -> bool {
        let (_, act) = step.act();
        match act {
            Act::Value | Act::Bump | Act::Finish | Act::Lend => {
                let value = number >> 24 == base(self.thread) >> 24;
                value || act == Act::Lend && (number == UNSEEN || is_failure(number))
            }
            Act::Same | Act::Sum | Act::Show | Act::Gather => true,
            _ => number == 1 || is_failure(number),
        }
    }

    /// Corrects the model: somebody else has ended a plugin.
    fn look_around(&mut self, slots: &Range<usize>) {
        for plugin in 0..self.case.graph.plugins.len() {
            for slot in slots.clone() {
                let found = self.host.peek(plugin, slot);
                if !found.map_or(!self.model.holds_any(plugin, slot), |view| self.model.holds(plugin, slot, view)) {
                    self.model.correct(plugin, slot, found);
                }
            }
        }
    }
}

fn is_allowed(kind: CallErrorKind) -> bool {
    matches!(
        kind,
        CallErrorKind::Trap
            | CallErrorKind::WrongOwner
            | CallErrorKind::OwnerRestarted
            | CallErrorKind::Reentrant
            | CallErrorKind::Ring
            | CallErrorKind::BadArguments
    )
}
