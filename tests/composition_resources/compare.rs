//! Runs a case both ways and compares.

use plugweave::{App, CallError, Val};
use wasmtime::component::Val as Raw;

use super::app;
use super::case::{Case, Step};
use super::composed::{Composed, Failed, compose};
use super::guest::{HEADER, HELD, KEPT, LIVE};

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
    /// Cases that have ended with a trap.
    pub traps: usize,
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
        self.traps += other.traps;
        self.places += other.places;
        self.most_handles = self.most_handles.max(other.most_handles);
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
    let (mut composed, app) = (Composed::start(&composed), app::start(checked));
    let mut tally = Tally { cases: 1, ..Tally::default() };
    let mut states = Vec::new();
    for (index, step) in case.steps.iter().enumerate() {
        let place = |difference: String| format!("step {index}, {step:?}: {difference}");
        let arguments = [step.seed, step.count];
        let expected = composed.control(step.node, "run", &arguments.map(Raw::U32));
        let found = app::control(&app, step.node, "run", &arguments.map(Val::U32));
        match (expected, found) {
            (Ok(Raw::U32(expected)), Ok(Some(Val::U32(found)))) if expected == found => tally.steps += 1,
            (Err(expected), Err(found)) => {
                tally.traps += 1;
                tally.places += usize::from(same_failure(step, &expected, &found).map_err(place)?);
                break;
            }
            (expected, found) => {
                let states = states_of(case, &mut composed, &app).err().unwrap_or_default();
                return Err(place(format!("\n  composed:   {expected:?}\n  dispatched: {found:?}\n{states}")));
            }
        }
        states = states_of(case, &mut composed, &app).map_err(place)?;
        tally.most_handles = tally.most_handles.max(handles(case, &states, &app).map_err(place)?);
    }
    for state in &states {
        tally.calls += u64::from(state[1]);
        tally.operations += u64::from(state[2]);
        tally.destructors += u64::from(state[HEADER - 1]);
    }
    Ok(tally)
}

/// The states of all plugins, which tell what values they have seen and in what order destructors ran.
fn states_of(case: &Case, composed: &mut Composed, app: &App) -> Result<Vec<Vec<u32>>, String> {
    let mut states = Vec::new();
    for node in 0..case.nodes.len() {
        let expected = composed.control(node, "state", &[]).map_err(|failed| format!("n{node}: {failed:?}"))?;
        let found = app::control(app, node, "state", &[]).map_err(|error| format!("n{node}: {error}"))?;
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

/// Handles that plugins have of others' resources, as they say and as the app says.
fn handles(case: &Case, states: &[Vec<u32>], app: &App) -> Result<usize, String> {
    let mut handles = 0;
    for (node, state) in case.nodes.iter().zip(states) {
        handles += state[HELD];
        handles += state[KEPT + node.resources..HEADER - 1].iter().sum::<u32>();
    }
    let live: u32 = states.iter().map(|state| state[LIVE] + state[LIVE + 1]).sum();
    let (handles, known) = (handles as usize, app.live_handles());
    // Broken rules leave handles behind that nobody counts.
    if !case.faulty && handles != known {
        return Err(format!("plugins have {handles} handles of others, and the app knows {known}"));
    }
    if known > live as usize {
        return Err(format!("the app knows {known} handles, of {live} resources"));
    }
    Ok(known)
}

/// Whether the place could be compared.
fn same_failure(step: &Step, expected: &Failed, found: &CallError) -> Result<bool, String> {
    let origin = found.origin().map(ToString::to_string);
    let told = || format!("in {step:?}\n  composed:   {expected:?}\n  dispatched: {origin:?}, {found}");
    if !found.to_string().contains(&expected.told) {
        return Err(format!("it fails otherwise {}", told()));
    }
    // That a borrow was kept is noticed by an adapter, after the one who kept it has returned.
    if expected.told.contains("borrow handles still remain") {
        return Ok(false);
    }
    if expected.node != origin {
        return Err(format!("it fails elsewhere {}", told()));
    }
    Ok(true)
}
