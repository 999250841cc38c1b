//! Runs a case both ways and compares.

use std::collections::{BTreeMap, BTreeSet};

use plugweave::diagnostic::Code;
use plugweave::{App, CallError, Val, print_wave};

use super::case::{Arm, Case, Fault, Kind, Step};
use super::change::{Change, changed, replied};
use super::composed::{Composed, compose};
use super::random::Random;
use super::{app, guest};

/// What has been compared.
#[derive(Debug, Default)]
pub struct Tally {
    /// Cases.
    pub cases: usize,
    /// Calls that have ended with a value.
    pub answered: usize,
    /// Calls that have failed.
    pub failed: usize,
    /// How often each fault was there, and how often the call failed by it.
    pub faults: BTreeMap<Fault, (usize, usize)>,
}

impl Tally {
    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.answered += other.answered;
        self.failed += other.failed;
        for (fault, (there, failed)) in other.faults {
            let entry = self.faults.entry(fault).or_default();
            *entry = (entry.0 + there, entry.1 + failed);
        }
    }
}

/// Runs a case both ways.
///
/// # Errors
/// What differs.
pub fn run(case: &Case) -> Result<Tally, String> {
    let components = app::components(case);
    let composed = compose(case, &components).map_err(|error| format!("it cannot be composed: {error}"))?;
    let checked = app::checked(case, &components);
    if checked.plan.is_none() {
        return Err(format!("it is no app: {:?}", checked.diagnostics));
    }
    compare(case, Composed::start(case, &composed), &app::start(checked))
}

/// Changes the provider of a pair behind its consumer's back. Returns whether there was something to
/// change.
///
/// # Errors
/// What differs from what is expected of both.
pub fn run_changed(seed: u64, change: Change) -> Result<Option<Tally>, String> {
    let mut random = Random::new(seed);
    let case = Case::pair(&mut random);
    let Some(provider) = changed(&case, change, &mut random) else { return Ok(None) };
    let components = [app::component(&provider, 0), app::component(&case, 1)];
    let told =
        |what: &str| format!("seed {seed}, {change:?}: {what}\n{}\n{}", guest::wit(&provider), guest::wit(&case));
    let composed = compose(&case, &components);
    if change.is_composable(&case).is_some_and(|expected| expected != composed.is_ok()) {
        return Err(told(&format!("composing it says {:?}", composed.err())));
    }
    let checked = app::checked(&case, &components);
    if replied(&case, &provider) {
        // No import of a composition, but a reply of one provider: see the table of reply shapes.
        return match checked.plan {
            Some(_) => Ok(Some(Tally { cases: 1, ..Tally::default() })),
            None => Err(told(&format!("checking it says {:?}", checked.diagnostics))),
        };
    }
    let codes: BTreeSet<Code> = checked.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    if checked.plan.is_some() != change.is_compatible() || codes.iter().any(|code| *code != Code::Pw203) {
        return Err(told(&format!("checking it says {:?}", checked.diagnostics)));
    }
    if checked.plan.is_none() {
        return Ok(Some(Tally { cases: 1, ..Tally::default() }));
    }
    // What fits means the same as without the change.
    let composed = match composed {
        Ok(composed) => composed,
        Err(_) => compose(&case, &app::components(&case)).map_err(|error| told(&error))?,
    };
    compare(&case, Composed::start(&case, &composed), &app::start(checked)).map(Some).map_err(|what| told(&what))
}

/// Takes the steps of a case both ways.
///
/// # Errors
/// What differs.
pub fn compare(case: &Case, composed: Composed, app: &App) -> Result<Tally, String> {
    let mut pair = Pair { case, composed, app, lost: vec![0; case.nodes.len()], tally: Tally::default() };
    for (index, step) in case.steps.iter().enumerate() {
        pair.step(step).map_err(|difference| format!("step {index}, {}: {difference}", told(case, step)))?;
    }
    Ok(Tally { cases: 1, ..pair.tally })
}

/// A step, in words.
fn told(case: &Case, step: &Step) -> String {
    let values: Vec<String> =
        step.arguments.iter().map(|value| print_wave(value).unwrap_or_else(|_| format!("{value:?}"))).collect();
    let arm = match step.arm {
        Some(Arm { node, fault, at, value }) => format!(" with {fault:?} in n{node} (at {at}, {value:#x})"),
        None => String::new(),
    };
    format!("n{}.{}({}), value {}{arm}", step.node, case.functions[step.function].name, values.join(", "), step.pick)
}

struct Pair<'a> {
    case: &'a Case,
    composed: Composed,
    app: &'a App,
    /// How many calls more a plugin counts than its twin in the composition, which has been started anew.
    lost: Vec<u32>,
    tally: Tally,
}

impl Pair<'_> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        let before = self.calls()?;
        for node in 0..self.case.nodes.len() {
            let arm = step.arm.filter(|arm| arm.node == node);
            let (fault, at, value) = arm.map_or((0, 0, 0), |arm| (arm.fault as u32, arm.at, arm.value));
            let arguments = [step.pick as u32, fault, at, value].map(Val::U32);
            self.composed.prepare(node, &arguments);
            self.control(node, "prepare", &arguments)?;
        }
        let failed = self.call(step, &before)?;
        if let Some(arm) = step.arm {
            let (there, failures) = self.tally.faults.entry(arm.fault).or_default();
            *there += 1;
            *failures += usize::from(failed);
        }
        // What the function was given has arrived where it answers.
        let seen = self
            .case
            .functions
            .iter()
            .position(|function| matches!(function.kind, Kind::Seen(of) if of == step.function));
        match seen {
            Some(function) if !failed && step.arm.is_none() => {
                let seen = Step { function, arguments: Vec::new(), arm: None, ..*step };
                if self.call(&seen, &before)? {
                    return Err("what has been seen cannot be told".to_owned());
                }
            }
            _ => {}
        }
        self.calls().map(drop)
    }

    /// Makes a call both ways. Returns whether it has failed.
    fn call(&mut self, step: &Step, before: &[u32]) -> Result<bool, String> {
        let expected = self.composed.call(self.case, step);
        let target = format!(
            "{}#{}",
            guest::interface(&self.case.interface(step.node)),
            self.case.functions[step.function].name
        );
        let found = self.app.call_plugin(&format!("n{}", step.node), &target, &step.arguments);
        match (expected, found) {
            (Ok(expected), Ok(found)) if expected == found => {
                self.tally.answered += 1;
                Ok(false)
            }
            (Err(_), Err(error)) => {
                self.tally.failed += 1;
                self.failed(step, &error, before)?;
                Ok(true)
            }
            (expected, found) => Err(format!("\n  composed:   {expected:?}\n  dispatched: {found:?}")),
        }
    }

    /// After a failure: those on the way to where it began have ended, the others have not noticed.
    fn failed(&mut self, step: &Step, error: &CallError, before: &[u32]) -> Result<(), String> {
        let path = self.case.path(step.node, step.function);
        let origin = error.origin().map(ToString::to_string).unwrap_or_default();
        let Some(ended) = path.iter().position(|node| format!("n{node}") == origin) else {
            return Err(format!("the failure began in {origin:?}, which was not called: {error}"));
        };
        let told = step.arm.filter(|arm| !matches!(arm.fault, Fault::Arguments | Fault::Result | Fault::Content));
        if let Some(arm) = told.filter(|arm| arm.node != path[ended]) {
            return Err(format!("the failure is that of {origin}, not of n{}: {error}", arm.node));
        }
        self.composed.restart();
        for (node, &before) in before.iter().enumerate() {
            let calls = self.calls_of(node)?;
            let place = path.iter().position(|other| *other == node);
            let expected = match place {
                Some(place) if place <= ended => 0..=0,
                Some(_) => before..=before + 1,
                None => before..=before,
            };
            if !expected.contains(&calls) {
                return Err(format!("n{node} counts {calls} calls after the failure, and {before} before; {error}"));
            }
            self.lost[node] = calls;
        }
        Ok(())
    }

    /// How often each plugin was called, as it says itself and as its twin says.
    fn calls(&mut self) -> Result<Vec<u32>, String> {
        let mut all = Vec::new();
        for node in 0..self.case.nodes.len() {
            let (expected, found) = (self.lost[node] + self.composed.calls(node), self.calls_of(node)?);
            if expected != found {
                return Err(format!("n{node} was called {found} times, and {expected} times where it is composed"));
            }
            all.push(found);
        }
        Ok(all)
    }

    fn calls_of(&self, node: usize) -> Result<u32, String> {
        match self.control(node, "calls", &[])? {
            Some(Val::U32(calls)) => Ok(calls),
            other => Err(format!("n{node} counts {other:?}")),
        }
    }

    fn control(&self, node: usize, function: &str, arguments: &[Val]) -> Result<Option<Val>, String> {
        let target = format!("{}#{function}", guest::interface("control"));
        self.app
            .call_plugin(&format!("n{node}"), &target, arguments)
            .map_err(|error| format!("{function} of n{node}: {error}"))
    }
}
