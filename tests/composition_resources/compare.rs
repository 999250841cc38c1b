//! Runs a case both ways and compares.

use std::collections::BTreeMap;

use plugweave::{CallError, Val};
use wasmtime::component::Val as Raw;

use super::app;
use super::case::{Case, Step, What};
use super::composed::{Composed, Failed, compose};
use super::host::{Both, Twins};
use super::memory::{HEADER, HELD, KEPT, LIVE};

/// What has been compared.
#[derive(Debug, Default)]
pub struct Tally {
    pub cases: usize,
    /// Steps that have ended with a number.
    pub steps: usize,
    /// Calls between plugins, without those of constructors and `get`.
    pub calls: u64,
    /// What plugins have done of themselves.
    pub operations: u64,
    pub destructors: u64,
    /// By what cases have ended that have not come to their end.
    pub traps: BTreeMap<String, usize>,
    /// Among them those whose place could be compared.
    pub places: usize,
    /// Most handles that passed between plugins and lived at one time.
    pub most_handles: usize,
}

impl Tally {
    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.steps += other.steps;
        self.calls += other.calls;
        self.operations += other.operations;
        self.destructors += other.destructors;
        for (told, count) in &other.traps {
            *self.traps.entry(told.clone()).or_default() += count;
        }
        self.places += other.places;
        self.most_handles = self.most_handles.max(other.most_handles);
    }
}

impl Tally {
    /// With what the plugins have counted.
    fn counted(mut self, states: &[Vec<u32>]) -> Self {
        for state in states {
            self.calls += u64::from(state[1]);
            self.operations += u64::from(state[2]);
            self.destructors += u64::from(state[HEADER - 1]);
        }
        self
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
    let mut twins = Twins::new(case, Composed::start(&composed), app::start(checked));
    let mut tally = Tally { cases: 1, ..Tally::default() };
    let mut states = Vec::new();
    for (index, step) in case.steps.iter().enumerate() {
        let place = |difference: String| format!("step {index}, {step:?}: {difference}");
        match take(&mut twins, step).map_err(place)? {
            Both::Done => tally.steps += 1,
            Both::Failed(expected, found) => {
                let compared = same_failure(step, &expected, &found).map_err(place)?;
                tally.places += usize::from(compared);
                let told = expected.told.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
                *tally.traps.entry(told).or_default() += 1;
                return Ok(tally.counted(&states));
            }
        }
        states = states_of(&mut twins).map_err(place)?;
        tally.most_handles = tally.most_handles.max(handles(&twins, &states).map_err(place)?);
    }
    let states = clear(&mut twins)?;
    Ok(tally.counted(&states))
}

/// Has everybody drop what they have, so that nothing is left.
fn clear(twins: &mut Twins<'_>) -> Result<Vec<Vec<u32>>, String> {
    let place = |difference: String| format!("when everything is dropped: {difference}");
    twins.drop_all().map_err(place)?;
    for node in (0..twins.case.nodes.len()).rev() {
        let expected = twins.composed.control(node, "clear", &[]);
        let found = app::control(&twins.app, node, "clear", &[]);
        match (expected, found) {
            (Ok(_), Ok(_)) => {}
            // A broken rule may have left a handle behind that nobody has.
            (Err(expected), Err(found)) if expected.told == found.cause() => return Ok(Vec::new()),
            (expected, found) => {
                return Err(place(format!("\n  composed:   {expected:?}\n  dispatched: {found:?}")));
            }
        }
    }
    let states = states_of(twins).map_err(place)?;
    let known = handles(twins, &states).map_err(place)?;
    let live: u32 = states.iter().map(|state| state[LIVE] + state[LIVE + 1]).sum();
    if !twins.case.faulty && (known, live) != (0, 0) {
        return Err(place(format!("{live} resources are left, and the app knows {known} handles")));
    }
    Ok(states)
}

/// Takes a step with both.
fn take(twins: &mut Twins<'_>, step: &Step) -> Result<Both, String> {
    let count = match step.what {
        What::Run(count) => count,
        What::Call(function) => return twins.call(step, function),
        What::Drop => return twins.drop_one(step),
    };
    let arguments = [step.seed, count];
    let expected = twins.composed.control(step.node, "run", &arguments.map(Raw::U32));
    let found = app::control(&twins.app, step.node, "run", &arguments.map(Val::U32));
    match (expected, found) {
        (Ok(Raw::U32(expected)), Ok(Some(Val::U32(found)))) if expected == found => Ok(Both::Done),
        (Err(expected), Err(found)) => Ok(Both::Failed(expected, found)),
        (expected, found) => Err(format!("\n  composed:   {expected:?}\n  dispatched: {found:?}")),
    }
}

/// The states of all plugins, which tell what values they have seen and in what order destructors ran.
fn states_of(twins: &mut Twins<'_>) -> Result<Vec<Vec<u32>>, String> {
    let mut states = Vec::new();
    for node in 0..twins.case.nodes.len() {
        let expected = twins.composed.control(node, "state", &[]).map_err(|failed| format!("n{node}: {failed:?}"))?;
        let found = app::control(&twins.app, node, "state", &[]).map_err(|error| format!("n{node}: {error}"))?;
        let Raw::List(expected) = expected else { panic!("{expected:?}") };
        let Some(Val::List(found)) = found else { panic!("{found:?}") };
        let expected: Vec<u32> =
            expected.iter().map(|word| if let Raw::U32(word) = word { *word } else { panic!("{word:?}") }).collect();
        let found: Vec<u32> =
            found.iter().map(|word| if let Val::U32(word) = word { *word } else { panic!("{word:?}") }).collect();
        if expected != found {
            return Err(format!("the state of n{node}\n  composed:   {expected:?}\n  dispatched: {found:?}"));
        }
        states.push(found);
    }
    Ok(states)
}

/// Handles that plugins have of others' resources, and the host of any, as they say and as the app says.
fn handles(twins: &Twins<'_>, states: &[Vec<u32>]) -> Result<usize, String> {
    let case = twins.case;
    let mut handles = 0;
    for (node, state) in case.nodes.iter().zip(states) {
        handles += state[HELD];
        handles += state[KEPT + node.resources..HEADER - 1].iter().sum::<u32>();
    }
    let live: u32 = states.iter().map(|state| state[LIVE] + state[LIVE + 1]).sum();
    let (handles, known) = (handles as usize + twins.kept(), twins.app.live_handles());
    // Broken rules leave handles behind that nobody counts.
    if !case.faulty && handles != known {
        return Err(format!("plugins and the host have {handles} handles, and the app knows {known}"));
    }
    if known > live as usize {
        return Err(format!("the app knows {known} handles, of {live} resources"));
    }
    Ok(known)
}

/// Whether the place could be compared.
fn same_failure(step: &Step, expected: &Failed, found: &CallError) -> Result<bool, String> {
    let origin = found.origin().map(ToString::to_string);
    let told = format!("\n  composed:   {expected:?}\n  dispatched: {origin:?}, {found}");
    if !found.to_string().contains(&expected.told) {
        return Err(format!("it fails otherwise {told}"));
    }
    // That a borrow was kept is noticed by an adapter, after the one who kept it has returned.
    if expected.told.contains("borrow handles still remain") {
        return Ok(false);
    }
    let chain = found.chain();
    let caller =
        chain.iter().find(|frame| Some(&frame.plugin) == found.origin()).and_then(|frame| frame.caller.as_ref());
    let same = match &expected.node {
        // What a plugin has returned to the host was wrong.
        None => origin.is_some_and(|origin| origin == format!("n{}", step.node)),
        // The code of an adapter stands above its caller even where it is the callee's result that is wrong.
        Some(node) => {
            Some(node) == origin.as_ref() || (expected.between && caller.is_some_and(|caller| caller.as_str() == node))
        }
    };
    if same { Ok(true) } else { Err(format!("it fails elsewhere {told}")) }
}
