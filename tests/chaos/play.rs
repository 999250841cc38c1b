//! One app and the model of it, side by side.

use std::sync::Arc;

use plugweave::{App, Assembly, CallError, PluginId, StartOptions, Val};

use super::generate::{self, Plot, Run, Theme};
use super::host::World;
use super::layout;
use super::model::Model;
use super::outcome::{Answer, Failure, Outcome};
use super::random::Random;
use super::script::{Crime, Op, Script, Start};
use super::tally::Tally;
use super::topology::{Topology, Wanted};
use super::watch::Watched;

/// An app that can be started again and again.
pub struct Case {
    pub topology: Arc<Topology>,
    pub world: Arc<World>,
    assembly: Arc<Assembly>,
}

/// All that happens to an app from its start to its end.
#[derive(Debug, Clone, Default)]
pub struct Life {
    /// Whose first starts are not like others.
    pub arm: Vec<(usize, Start)>,
    pub runs: Vec<Run>,
}

/// What differs, and in which run of a life.
pub struct Difference {
    pub life: Life,
    pub told: String,
}

impl Case {
    pub fn new(seed: u64, wanted: Wanted) -> Self {
        let topology = Arc::new(Topology::random(&mut Random::new(seed), wanted));
        let world = World::new(topology.nodes.len());
        let assembly = layout::assemble(&topology, &world);
        Self { topology, world, assembly }
    }

    pub fn start(&self) -> App {
        App::of(self.assembly.clone(), StartOptions::default())
    }

    /// The nodes in the order in which they are started.
    fn order(&self) -> Vec<usize> {
        let ids = self.assembly.plan().plugins.iter().map(|plugin| plugin.id.as_str());
        ids.filter_map(|id| id.strip_prefix('p')?.parse().ok()).collect()
    }

    /// That nothing of an app is left.
    pub fn ended(&self) -> Result<(), String> {
        // Stores hold the app, which holds what it is made from.
        match (Arc::strong_count(&self.assembly), self.world.instances()) {
            (1, 0) => Ok(()),
            (parts, instances) => Err(format!("{} parts of the app and {instances} instances are left", parts - 1)),
        }
    }

    /// A random life.
    pub fn live(&self, seed: u64, runs: u64, plots: &[Plot], watched: &Watched) -> Result<Tally, Difference> {
        let mut random = Random::new(!seed);
        let mut life = Life::default();
        if random.percent(30) {
            let crime = random.pick(&[Crime::Trap, Crime::Recurse, Crime::Memory, Crime::HostFails]);
            life.arm.push((random.below(self.topology.nodes.len()), Start::Crime(crime)));
        }
        if random.percent(50) {
            life.arm.extend(generate::asker(&mut random, &self.topology));
        }
        let mut tally = Tally::default();
        let differs = (|| {
            let mut played = Played::start(self, &life.arm, &mut tally)?;
            for index in 0..runs {
                let at = usize::try_from(seed * runs + index).unwrap();
                let theme = Theme::at(at, plots);
                let (run, place) = generate::run(&mut random, &played.model, &self.topology, theme);
                watched.does(&format!("run {index}: {}", told(&run)));
                if let Some(place) = place {
                    tally.note_plot(theme.plot, place);
                }
                life.runs.push(run);
                let run = &life.runs[life.runs.len() - 1];
                played.run(run, &mut tally).map_err(|differs| format!("run {index}: {}\n  {differs}", told(run)))?;
            }
            played.end(random.percent(50), &mut tally)
        })();
        differs.map(|()| tally).map_err(|told| Difference { life, told })
    }

    /// The same life again.
    pub fn again(&self, life: &Life, watched: &Watched) -> Result<(), String> {
        let mut tally = Tally::default();
        let mut played = Played::start(self, &life.arm, &mut tally)?;
        for run in &life.runs {
            if !generate::is_clear(&played.model, run, self.topology.nodes.len()) {
                break;
            }
            watched.does(&format!("again: {}", told(run)));
            played.run(run, &mut tally).map_err(|differs| format!("{}\n  {differs}", told(run)))?;
        }
        played.end(true, &mut tally)
    }

    /// The fewest runs, and the smallest, that still differ.
    pub fn shrunk(&self, difference: Difference, watched: &Watched) -> String {
        let Difference { mut life, mut told } = difference;
        let mut left = 400;
        let mut differs = |life: &Life| {
            left -= 1;
            if left < 0 { None } else { self.again(life, watched).err() }
        };
        if differs(&life).is_none() {
            return format!("{told}\n(not a second time)");
        }
        let mut smaller = true;
        while std::mem::take(&mut smaller) {
            for candidate in smaller_lives(&life) {
                if let Some(differs) = differs(&candidate) {
                    (life, told, smaller) = (candidate, differs, true);
                    break;
                }
            }
        }
        let runs: Vec<String> = life.runs.iter().map(self::told).collect();
        format!("starts {:?}\n{}\n{told}", life.arm, runs.join("\n"))
    }
}

fn smaller_lives(life: &Life) -> Vec<Life> {
    let mut smaller = Vec::new();
    for index in 0..life.arm.len() {
        let mut life = life.clone();
        life.arm.remove(index);
        smaller.push(life);
    }
    let count = life.runs.len();
    let mut part = count / 2;
    while part > 0 {
        for first in (0..count).step_by(part) {
            let mut life = life.clone();
            life.runs.drain(first..(first + part).min(count));
            smaller.push(life);
        }
        part /= 2;
    }
    for (index, run) in life.runs.iter().enumerate() {
        for (at, (node, script)) in run.calls.iter().enumerate() {
            for script in smaller_scripts(script) {
                let mut life = life.clone();
                life.runs[index].calls[at] = (*node, script);
                smaller.push(life);
            }
        }
    }
    smaller
}

fn smaller_scripts(script: &Script) -> Vec<Script> {
    let mut smaller = Vec::new();
    for (index, op) in script.0.iter().enumerate() {
        let mut less = script.clone();
        less.0.remove(index);
        smaller.push(less);
        if let Op::Call { script: inner, .. } | Op::Only(_, inner) = op {
            for inner in smaller_scripts(inner) {
                let mut less = script.clone();
                if let Op::Call { script, .. } | Op::Only(_, script) = &mut less.0[index] {
                    *script = inner;
                }
                smaller.push(less);
            }
        }
    }
    smaller
}

/// A run, as failures tell it.
pub fn told(run: &Run) -> String {
    let calls: Vec<String> = run.calls.iter().map(|(node, script)| format!("p{node}: {script}")).collect();
    format!("starts {:?}, {}{}", run.arm, calls.join("; "), if run.count { ", counted" } else { "" })
}

struct Played<'a> {
    case: &'a Case,
    app: App,
    model: Model,
}

impl<'a> Played<'a> {
    fn start(case: &'a Case, arm: &[(usize, Start)], tally: &mut Tally) -> Result<Self, String> {
        case.world.reset();
        for (node, start) in arm {
            case.world.arm(*node, *start);
        }
        let (model, expected) = Model::starting(case.topology.clone(), &case.order(), arm);
        let app = case.start();
        let found: Vec<String> = app.failures().iter().map(|(plugin, _)| plugin.to_string()).collect();
        if found != expected.iter().map(|node| format!("p{node}")).collect::<Vec<_>>() {
            return Err(format!("{expected:?} should fail while starting, and {:?} do", app.failures()));
        }
        for _ in found {
            tally.note("failures at the start");
        }
        Ok(Self { case, app, model })
    }

    fn run(&mut self, run: &Run, tally: &mut Tally) -> Result<(), String> {
        tally.runs += 1;
        for (node, start) in &run.arm {
            self.model.arm(*node, *start);
            self.case.world.arm(*node, *start);
        }
        for (node, script) in &run.calls {
            tally.calls += 1;
            let expected = self.model.call(*node, script);
            let found = call(&self.app, *node, script);
            compare(*node, &found, &expected)?;
            tally.note(match &expected {
                Ok(_) => "answers".to_owned(),
                Err(failure) => failure.code.to_owned(),
            });
            self.count_handles()?;
        }
        if run.count { self.count() } else { Ok(()) }
    }

    fn count_handles(&self) -> Result<(), String> {
        match (self.app.live_handles(), usize::try_from(self.model.kept()).unwrap()) {
            (found, expected) if found == expected => Ok(()),
            (found, expected) => Err(format!("{expected} handles are expected, and there are {found}")),
        }
    }

    /// Asks everybody for what they have counted.
    fn count(&mut self) -> Result<(), String> {
        for node in 0..self.case.topology.nodes.len() {
            let found = stat(&self.app, &format!("p{node}"));
            match (self.model.stat(node), found) {
                (Ok(expected), Ok(found)) if found == [expected.calls, expected.kept, 0] => {}
                (Err(expected), Err(found)) if found.kind().code() == expected.code => {}
                (expected, found) => return Err(format!("p{node} should count {expected:?}, and counts {found:?}")),
            }
            let (found, expected) = (self.case.world.started(node), self.model.started(node));
            if found != expected {
                return Err(format!("p{node} should have been started {expected} times, and was {found} times"));
            }
        }
        let expected = [self.model.asked, self.model.kept(), 0];
        match stat(&self.app, "depot") {
            Ok(found) if found == expected => self.count_handles(),
            found => Err(format!("the depot should count {expected:?}, and counts {found:?}")),
        }
    }

    fn end(mut self, empty: bool, tally: &mut Tally) -> Result<(), String> {
        if empty {
            self.count()?;
            let script = Script(vec![Op::Unhoard]);
            for node in 0..self.case.topology.nodes.len() {
                let expected = self.model.call(node, &script);
                compare(node, &call(&self.app, node, &script), &expected)?;
            }
            self.count()?;
            if self.app.live_handles() > 0 {
                return Err(format!("{} handles are left", self.app.live_handles()));
            }
        }
        let Self { case, app, model } = self;
        for (event, count) in model.events {
            tally.note_many(format!("times {event}"), count);
        }
        drop(app);
        case.ended()
    }
}

/// Calls a node.
pub fn call(app: &App, node: usize, script: &Script) -> Result<Option<Val>, CallError> {
    app.call_plugin(&format!("p{node}"), "c:c/node#act", &[Val::String(script.text())])
}

/// What a plugin has counted.
pub fn stat(app: &App, plugin: &str) -> Result<[u32; 3], CallError> {
    match app.call_plugin(plugin, "c:c/watch#stat", &[])? {
        Some(Val::Tuple(numbers)) => match numbers[..] {
            [Val::U32(calls), Val::U32(kept), Val::U32(depth)] => Ok([calls, kept, depth]),
            _ => panic!("{numbers:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// What a node has answered, if it is what that node answers.
pub fn answer(node: usize, value: &Option<Val>) -> Result<Answer, String> {
    let Some(Val::Record(fields)) = value else { return Err(format!("{value:?} is no answer")) };
    let own = [
        ("letter".to_owned(), Val::Char(char::from(u8::try_from(65 + node).unwrap()))),
        ("mark".to_owned(), Val::Enum(["a", "b", "c"][node % 3].to_owned())),
        ("text".to_owned(), Val::String(format!("p{node}"))),
    ];
    match &fields[..] {
        [(_, Val::U32(hash)), (_, Val::U32(doubt)), rest @ ..] if *rest == own => {
            Ok(Answer { hash: *hash, doubt: *doubt })
        }
        _ => Err(format!("{fields:?} is not what p{node} answers")),
    }
}

/// Whether an error is the failure that is expected.
pub fn is(error: &CallError, failure: &Failure) -> bool {
    let path = error.chain().iter().map(|frame| frame.plugin.to_string());
    error.kind().code() == failure.code
        && error.origin().map(PluginId::as_str) == Some(&format!("p{}", failure.origin))
        && (!failure.told || path.eq(failure.path.iter().map(|node| format!("p{node}"))))
}

fn compare(node: usize, found: &Result<Option<Val>, CallError>, expected: &Outcome) -> Result<(), String> {
    match (found, expected) {
        (Ok(found), Ok(expected)) if answer(node, found)? == *expected => Ok(()),
        (Err(found), Err(expected)) if is(found, expected) => Ok(()),
        _ => Err(format!("expected {expected:?}\n  found    {found:?}")),
    }
}
