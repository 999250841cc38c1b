//! Several threads that call at once.

use std::sync::atomic::{AtomicBool, Ordering};

use plugweave::{App, CallError, Val};

use super::ROOM;
use super::generate::{self, Plot, Run, Theme};
use super::model::Model;
use super::outcome::{
    CALL_DEPTH, EXIT, FAILED, FUEL, HOST_PANIC, NOT_STARTED, OWNER_RESTARTED, Outcome, RING, STACK, TIMEOUT, TRAP,
};
use super::play::{Case, answer, call, is, stat, told};
use super::random::Random;
use super::script::{Crime, Op, Script};
use super::tally::Tally;
use super::topology::DEPTH;
use super::watch::Watched;

/// Most threads.
pub const THREADS: usize = 8;

/// How many threads a life has.
fn threads(seed: u64) -> usize {
    1 + usize::try_from(seed).unwrap() % THREADS
}

/// What threads do together.
struct Party {
    seed: u64,
    /// How many runs, all together.
    runs: u64,
    /// How much native stack each has.
    room: usize,
    /// The nodes from this one on must not fail.
    spared: usize,
    plots: Vec<Plot>,
}

/// What a thread does, and what it is to come to.
struct Part<'a> {
    app: &'a App,
    case: &'a Case,
    random: Random,
    /// What there would be if the thread were alone.
    model: Model,
    watched: Watched,
    tally: Tally,
}

/// Does something on several threads at once. When one finds that something is wrong, all stop.
fn at_once<T: Send>(
    count: usize,
    room: usize,
    work: impl Fn(usize, &AtomicBool) -> Result<T, String> + Sync,
) -> Result<Vec<T>, String> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (work, stop) = (&work, &stop);
        let spawn = |thread| {
            let work = move || work(thread, stop).inspect_err(|_| stop.store(true, Ordering::Relaxed));
            let name = format!("{} # thread {thread} of {count}", std::thread::current().name().unwrap_or_default());
            std::thread::Builder::new().name(name).stack_size(room).spawn_scoped(scope, work).unwrap()
        };
        let running: Vec<_> = (0..count).map(spawn).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("it panicked".to_owned()))).collect()
    })
}

/// The parts of a life. `step` does one run and judges it.
fn live<'a>(
    case: &'a Case,
    app: &'a App,
    party: &Party,
    step: impl Fn(&mut Part<'a>, &Run) -> Result<(), String> + Sync,
) -> Result<Vec<(Model, Tally)>, String> {
    let Party { seed, runs, room, spared, plots } = party;
    let (seed, runs, spared, count) = (*seed, *runs, *spared, threads(*seed));
    at_once(count, *room, |thread, stop| {
        let random = Random::new(!seed ^ (u64::try_from(thread).unwrap() << 32));
        let model = Model::new(case.topology.clone());
        let mut part = Part { app, case, random, model, watched: Watched::new(), tally: Tally::default() };
        for index in 0..runs.div_ceil(u64::try_from(count).unwrap()) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let at = usize::try_from(seed * runs + index).unwrap() + thread * 7;
            let theme = Theme { spared, ..Theme::at(at, plots) };
            let (run, place) = generate::run(&mut part.random, &part.model, &case.topology, theme);
            if place.is_some() {
                part.tally.note(format!("{:?} on {count} threads", theme.plot));
            }
            part.watched.does(&format!("run {index}: {}", told(&run)));
            part.tally.runs += 1;
            step(&mut part, &run).map_err(|told| format!("thread {thread} of {count}, run {index}: {told}"))?;
        }
        Ok((part.model, part.tally))
    })
}

/// What goes wrong where each thread gets what it would get alone: nothing that others have to do with.
pub fn plots_in_harmony() -> Vec<Plot> {
    let starts = |plot: &Plot| matches!(plot, Plot::Start(_) | Plot::StartAsking);
    Plot::all(false).into_iter().filter(|plot| !starts(plot)).collect()
}

/// Threads that keep nothing: each gets what the model says, as if it were alone. Where calls can go round,
/// waiting for each other in a ring is refused, and that is all that may be different.
pub fn in_harmony(case: &Case, seed: u64, runs: u64) -> Result<Tally, String> {
    case.world.reset();
    let app = case.start();
    let plots = plots_in_harmony();
    // In some lives the last ones, which all others call, have nothing to do with what goes wrong.
    let spared = if !(seed / 3).is_multiple_of(3) { 1 + usize::try_from(seed).unwrap() % DEPTH } else { usize::MAX };
    let party = Party { seed, runs, room: ROOM, spared, plots };
    let parts = live(case, &app, &party, |part, run| {
        for (node, script) in &run.calls {
            let script = changed(script, &keeping_nothing);
            let expected = part.model.call(*node, &script);
            let found = call(part.app, *node, &script);
            part.tally.calls += 1;
            let told = judge(*node, &script, &found, &expected, part.case.topology.cyclic);
            let told = told.map_err(|()| format!("{script}\n  expected {expected:?}\n  found    {found:?}"))?;
            part.tally.note(told);
        }
        Ok(())
    })?;
    let watched = Watched::new();
    watched.does("the end");
    let mut tally = Tally::default();
    let cyclic = case.topology.cyclic;
    tally.note(format!("lives with {} threads{}", threads(seed), if cyclic { " and cycles" } else { "" }));
    for (_, part) in &parts {
        tally.add(part);
    }
    for node in 0..case.topology.nodes.len() {
        let calls = stat(&app, &format!("p{node}")).map_err(|error| error.to_string())?;
        let sum = |of: fn((u32, u32)) -> u32| parts.iter().map(|(model, _)| of(model.history(node))).sum::<u32>();
        let (called, ended) = (sum(|(called, _)| called), sum(|(_, ended)| ended));
        let started = case.world.started(node);
        if !cyclic && started != 1 + ended {
            return Err(format!("p{node} should have been started {} times, and was {started} times", 1 + ended));
        }
        let exact = !cyclic && ended == 0;
        // A ring may keep a failure from happening, and then somebody goes on who would have ended.
        let at_most = if cyclic && parts.len() > 1 { u32::MAX } else { called };
        let fits = if exact { calls == [called, 0, 0] } else { calls[0] <= at_most && calls[1..] == [0, 0] };
        if !fits {
            return Err(format!("p{node} was called {called} times and has ended {ended} times; it counts {calls:?}"));
        }
        if exact && called > 0 {
            tally.note("plugins that never failed");
        }
    }
    nothing_left(case, app)?;
    Ok(tally)
}

/// The same with steps that are changed, or left out.
fn changed(script: &Script, change: &dyn Fn(&Op) -> Option<Op>) -> Script {
    let ops = script.0.iter().filter_map(change).map(|op| match op {
        Op::Call { slot, how, script, deep } => Op::Call { slot, how, script: changed(&script, change), deep },
        Op::Only(node, script) => Op::Only(node, changed(&script, change)),
        other => other,
    });
    Script(ops.collect())
}

/// Leaves out what depends on what others have done before.
fn keeping_nothing(op: &Op) -> Option<Op> {
    (!matches!(op, Op::Hoard | Op::Unhoard)).then(|| op.clone())
}

/// Lets each call begin with most of the stack used up.
fn using_up_stack(op: &Op) -> Op {
    let mut op = op.clone();
    if let Op::Call { deep, .. } = &mut op {
        *deep = true;
    }
    op
}

/// Whether an outcome can be.
fn judge(
    node: usize,
    script: &Script,
    found: &Result<Option<Val>, CallError>,
    expected: &Outcome,
    cyclic: bool,
) -> Result<&'static str, ()> {
    let as_expected = match (found, expected) {
        (Ok(found), Ok(expected)) => answer(node, found).map_err(|_| ())? == *expected,
        (Err(found), Err(expected)) => is(found, expected),
        _ => false,
    };
    if as_expected {
        return Ok("as expected");
    }
    match found {
        _ if !cyclic => Err(()),
        Err(error) if error.kind().code() == RING => Ok("rings"),
        // Somebody has got over a ring. What that one did instead cannot be told.
        Ok(found) if answer(node, found).map_err(|_| ())?.doubt > 0 => Ok("rings somebody got over"),
        // Somebody has failed in an entry further down that a ring would have kept from it.
        _ if expected.as_ref().is_err_and(|failure| !failure.told) => match found {
            Ok(_) => Ok("failures that rings have prevented"),
            Err(error) if can_fail_with(script, error.kind().code()) => Ok("other failures because of rings"),
            Err(_) => Err(()),
        },
        _ => Err(()),
    }
}

/// Whether something in a script ends with such a failure.
fn can_fail_with(script: &Script, code: &str) -> bool {
    script.0.iter().any(|op| match op {
        Op::Call { script, .. } => code == CALL_DEPTH || can_fail_with(script, code),
        Op::Only(_, script) => can_fail_with(script, code),
        Op::Crime(Crime::Exit) => code == EXIT,
        Op::Crime(Crime::Loop) => code == FUEL,
        Op::Crime(Crime::HostPanics) => code == HOST_PANIC,
        Op::Crime(_) | Op::Garbage(_) | Op::KeepBorrow | Op::BadScript { .. } => code == TRAP,
        Op::Mix(_) | Op::Make(_) | Op::Value | Op::Drop | Op::Hoard | Op::Unhoard | Op::Refused => false,
    })
}

/// Threads that keep things, fail while starting and let time run out. Nothing mixes, nothing hangs, and when all
/// is over everybody works and nothing is left.
pub fn in_strife(case: &Case, seed: u64, runs: u64) -> Result<Tally, String> {
    case.world.reset();
    let app = case.start();
    let plots = Plot::all(case.topology.slow);
    // As little stack as threads usually have, so that not all calls have room.
    let room = if seed.is_multiple_of(2) { 2 << 20 } else { ROOM };
    let party = Party { seed, runs, room, spared: usize::MAX, plots };
    let parts = live(case, &app, &party, |part, run| {
        for (node, start) in &run.arm {
            part.case.world.arm(*node, *start);
        }
        let deep = part.random.percent(50);
        for (node, script) in &run.calls {
            part.tally.calls += 1;
            let script = &if deep { changed(script, &|op| Some(using_up_stack(op))) } else { script.clone() };
            match call(part.app, *node, script) {
                Ok(found) => {
                    answer(*node, &found).map_err(|told| format!("{script}\n  {told}"))?;
                    part.tally.note("answers");
                }
                Err(error) if is_possible(error.kind().code()) => part.tally.note(error.kind()),
                Err(error) => return Err(format!("{script}\n  {error}")),
            }
        }
        Ok(())
    })?;
    let watched = Watched::new();
    watched.does("the end");
    let mut tally = Tally::default();
    for (_, part) in &parts {
        tally.add(part);
    }
    case.world.reset();
    let mut model = Model::new(case.topology.clone());
    for node in 0..case.topology.nodes.len() {
        let script = Script(vec![Op::Unhoard, Op::Mix(7), Op::Make(5), Op::Value]);
        let expected = model.call(node, &script);
        // The machine may be so busy that time runs out for nothing. It is not each time.
        let tried = (0..5).map(|_| call(&app, node, &script));
        let mut tried = tried.skip_while(|tried| tried.as_ref().is_err_and(|error| error.kind().code() == TIMEOUT));
        let found = tried.next().ok_or_else(|| format!("in the end the time of p{node} is always up"))?;
        if judge(node, &script, &found, &expected, false).is_err() {
            return Err(format!("in the end p{node} should answer {expected:?}, and gives {found:?}"));
        }
    }
    nothing_left(case, app)?;
    Ok(tally)
}

fn is_possible(code: &str) -> bool {
    let always = [CALL_DEPTH, TRAP, FUEL, EXIT, TIMEOUT, HOST_PANIC, FAILED, NOT_STARTED, RING, STACK, OWNER_RESTARTED];
    always.contains(&code)
}

/// That nobody keeps anything, and that an app ends.
fn nothing_left(case: &Case, app: App) -> Result<(), String> {
    for node in 0..case.topology.nodes.len() {
        match stat(&app, &format!("p{node}")) {
            Ok([_, 0, 0]) => {}
            other => return Err(format!("in the end p{node} counts {other:?}")),
        }
    }
    match (stat(&app, "depot"), app.live_handles()) {
        (Ok([_, 0, 0]), 0) => {}
        (depot, handles) => {
            return Err(format!("in the end the depot counts {depot:?}, and {handles} handles are left"));
        }
    }
    drop(app);
    case.ended()
}
