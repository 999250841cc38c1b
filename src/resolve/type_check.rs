//! Holding a consumer's functions against those of its providers: PW203, PW204, PW205.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::model::{Cardinality, ExternName, Fitting, FuncType, OnFailure, first_signature_difference, fits};
use crate::plan::{Answer, Fallible, Reply};
use crate::world::{Extern, Function};

use super::few::Few;
use super::findings::Findings;
use super::input::HostInterface;
use super::listed::{ImportOf, ListedImport, Offer};
use super::mismatch::{Remedy, mismatch};
use super::offers::{import_of, several};
use super::problem::{FunctionProblem, Pair, Problem, ProvidedBy};
use super::resource_rules::{self, MAX_CROSSING, is_by_owner, is_constructor};
use super::scene::Scene;
use super::shape::{self, Container, Shape, Source};

/// Checks an import that the host serves: alone and transparently.
pub fn check_host<'a>(
    scene: &'a Scene<'a>,
    consumer: usize,
    import: &'a ListedImport<'a>,
    host: &'a HostInterface,
    problems: &mut Vec<Problem<'a>>,
) {
    let Some(interface) = &host.interface else { return };
    let of = import_of(scene, consumer, import);
    let matches = interfaces_match(&import.import.name, &interface.name);
    let fitting = Fitting { interfaces_match: &matches };
    let mut crossing = Vec::new();
    let has = Offered::new(interface);
    let mut findings = Findings::new(scene, of, problems);
    for function in &import.import.functions {
        if crossing.len() < MAX_CROSSING {
            crossing.extend(resource_rules::refused_by_host(scene, consumer, function));
        }
        let pair = Pair { of, function, provider: ProvidedBy::Host(host) };
        let Some(offered) = has.function(&function.name) else {
            findings.add(has.missing(scene, pair));
            continue;
        };
        if is_transparent(&function.ty, &offered.ty, &fitting) {
            continue;
        }
        if let Some((mismatch, _)) = mismatch(&function.ty, &offered.ty, Cardinality::ExactlyOne, &fitting) {
            let remedy = Remedy::SameInterface;
            findings.add(FunctionProblem::Differs { pair, mismatch: Box::new(mismatch), remedy });
        }
    }
    findings.finish();
    problems.extend(resource_rules::problem(of, crossing).map(Problem::from));
}

/// Whether the two functions are the same, handles included.
fn is_transparent(declared: &FuncType, offered: &FuncType, fitting: &Fitting<'_>) -> bool {
    let results_fit = match (&declared.result, &offered.result) {
        (None, None) => true,
        (Some(declared), Some(offered)) => fits(declared, offered, fitting),
        _ => false,
    };
    results_fit && first_signature_difference(declared, offered, fitting).is_none()
}

/// Checks an import that plugins serve. `owners` are the plugins that calls may go to because they own a
/// handle. Returns the reply of each function, in the order of the import's functions; it is only
/// meaningful when no error was found.
pub fn check_plugins<'a>(
    scene: &'a Scene<'a>,
    consumer: usize,
    import: &'a ListedImport<'a>,
    offers: &[Offer<'a>],
    owners: &[Offer<'a>],
    problems: &mut Vec<Problem<'a>>,
) -> Vec<Reply> {
    let of = import_of(scene, consumer, import);
    let mut replies = Vec::with_capacity(import.import.functions.len());
    let mut crossing = Vec::new();
    let mut telling = Vec::new();
    let (by_offer, by_owners) = (Offered::of_each(offers), Offered::of_each(owners));
    let mut findings = Findings::new(scene, of, problems);
    for function in &import.import.functions {
        let by_owner = is_by_owner(import, function);
        let (providers, offered) = if by_owner { (owners, &by_owners) } else { (offers, &by_offer) };
        let before = findings.found();
        let shapes = check_function(scene, of, function, (providers, offered), &mut findings);
        if findings.found() == before && crossing.len() < MAX_CROSSING {
            crossing.extend(resource_rules::refused(scene, consumer, import, function, providers));
        }
        if shapes.iter().flatten().any(|shape| shape.answer.is_some_and(Answer::tells_failure)) {
            telling.push(function.name.as_str());
        }
        replies.push(joined(import, function, &shapes));
    }
    findings.finish();
    // A broken plugin may have been meant as the provider: what follows from its absence is no news.
    if !offers.is_empty() || !scene.poison.hides_provider(of.plugin.id(), import) {
        problems.extend(constructors(of, offers).map(Problem::from));
        problems.extend(resource_rules::problem(of, crossing).map(Problem::from));
    }
    problems.extend(skip_with_failure_value(of, &telling).map(Problem::from));
    replies
}

/// One function at all of its providers: the shape of the reply at each.
fn check_function<'a>(
    scene: &'a Scene<'a>,
    of: ImportOf<'a>,
    function: &'a Function,
    (providers, offered): (&[Offer<'a>], &[Offered<'a>]),
    findings: &mut Findings<'a, '_>,
) -> Vec<Option<Shape>> {
    if providers.is_empty()
        && let Some(problem) = check_alone(of, function)
    {
        findings.add(problem);
    }
    let shape = |(offer, has): (&Offer<'a>, &Offered<'a>)| {
        let pair = Pair { of, function, provider: ProvidedBy::Plugin(*offer) };
        check_one(scene, pair, has).unwrap_or_else(|problem| {
            findings.add(problem);
            None
        })
    };
    providers.iter().zip(offered).map(shape).collect()
}

fn joined(import: &ListedImport<'_>, function: &Function, shapes: &[Option<Shape>]) -> Reply {
    let answer = |shape: &Option<Shape>| shape.and_then(|shape| shape.answer);
    if is_by_owner(import, function) {
        return Reply::ByOwner(shapes.iter().map(|shape| answer(shape).and_then(Answer::fallible)).collect());
    }
    let cardinality = cardinality(import, function);
    let container = match shapes.first() {
        Some(Some(first)) => Some(first.container),
        Some(None) => None,
        None => shape::container_alone(function.ty.result.as_ref(), cardinality),
    };
    shape::reply(container.unwrap_or(Container::Nothing), shapes.iter().map(answer).collect())
}

/// How many answers a function gets. One that takes a handle of its own interface's resource goes to
/// its owner, and a constructor must return its resource, whatever the import says.
fn cardinality(import: &ListedImport<'_>, function: &Function) -> Cardinality {
    if answers_alone(import, function) { Cardinality::ExactlyOne } else { import.entry.cardinality.value }
}

fn answers_alone(import: &ListedImport<'_>, function: &Function) -> bool {
    is_constructor(function) || is_by_owner(import, function)
}

/// One function at one provider.
fn check_one<'a>(scene: &Scene<'_>, pair: Pair<'a>, has: &Offered<'a>) -> Result<Option<Shape>, FunctionProblem<'a>> {
    let (import, function) = (pair.of.import, pair.function);
    let export = &has.interface.name;
    let Some(offered) = has.function(import.wanted_name(function, export)) else {
        return Err(has.missing(scene, pair));
    };
    let matches = interfaces_match(&import.import.name, export);
    let fitting = Fitting { interfaces_match: &matches };
    let cardinality = cardinality(import, function);
    let (declared, provided) = (function.ty.result.as_ref(), offered.ty.result.as_ref());
    if first_signature_difference(&function.ty, &offered.ty, &fitting).is_none() {
        let source = if import.entry.from.is_some() { Source::From } else { Source::Same };
        let shape = |cardinality| shape::shape(declared, provided, cardinality, source, &fitting);
        let fitting_shape = shape(cardinality).filter(|shape| suits(import, function, *shape));
        if fitting_shape.is_some() {
            return Ok(fitting_shape);
        }
        let other = Cardinality::ALL.into_iter().find(|&other| shape(other).is_some());
        if let Some(other) = other {
            let offered = &offered.ty;
            return Err(match answers_alone(import, function) {
                true => FunctionProblem::NotAlone { pair, offered, is_constructor: is_constructor(function) },
                false => FunctionProblem::OtherRow { pair, offered, other },
            });
        }
    }
    match mismatch(&function.ty, &offered.ty, cardinality, &fitting) {
        Some((mismatch, remedy)) => Err(FunctionProblem::Differs { pair, mismatch: Box::new(mismatch), remedy }),
        None => Ok(None),
    }
}

/// Whether a reply is not only of the right form, but of one that the function may have.
fn suits(import: &ListedImport<'_>, function: &Function, shape: Shape) -> bool {
    match shape.answer {
        Some(Answer::WithId(_) | Answer::Id) => !answers_alone(import, function),
        Some(Answer::Value(Fallible::Result(_))) => !is_constructor(function),
        Some(Answer::Value(Fallible::Plain)) | None => true,
    }
}

/// A function of an import without providers: its declared result must suit the cardinality.
fn check_alone<'a>(of: ImportOf<'a>, function: &'a Function) -> Option<FunctionProblem<'a>> {
    let cardinality = cardinality(of.import, function);
    let suits = |cardinality| shape::container_alone(function.ty.result.as_ref(), cardinality).is_some();
    if suits(cardinality) {
        return None;
    }
    let others = Cardinality::ALL.into_iter().filter(|other| other.allows_none());
    let other = others.chain([Cardinality::ExactlyOne]).find(|other| suits(*other));
    Some(FunctionProblem::NoReply { of, function, cardinality, other })
}

/// What a provider has, so that no function is found by going through all.
struct Offered<'a> {
    interface: &'a Extern,
    by_name: HashMap<&'a str, &'a Function>,
    few: OnceCell<Rc<Few<'a, str>>>,
}

/// Of so few functions one is found quicker by looking at each.
const FEW: usize = 16;

impl<'a> Offered<'a> {
    fn new(interface: &'a Extern) -> Self {
        let all = interface.functions.as_slice();
        let indexed = if all.len() > FEW { all } else { &[] };
        // The first of a name counts.
        let by_name = indexed.iter().rev().map(|function| (function.name.as_str(), function)).collect();
        Self { interface, by_name, few: OnceCell::new() }
    }

    fn of_each(offers: &[Offer<'a>]) -> Vec<Self> {
        offers.iter().map(|offer| Self::new(offer.export.export)).collect()
    }

    fn function(&self, name: &str) -> Option<&'a Function> {
        if self.by_name.is_empty() {
            return self.interface.function(name);
        }
        self.by_name.get(name).copied()
    }

    /// PW203: no such function.
    fn missing(&self, scene: &Scene<'_>, pair: Pair<'a>) -> FunctionProblem<'a> {
        let name = &pair.function.name;
        let gate = self.interface.gated.iter().find(|(gated, _)| gated == name).map(|(_, feature)| feature.as_str());
        let names = || self.interface.functions.iter().map(|function| function.name.as_str());
        let near = match gate {
            Some(_) => None,
            None => scene.effort.closest(name, names()),
        };
        let there = self.few.get_or_init(|| Rc::new(Few::of(names()))).clone();
        FunctionProblem::Missing { pair, there, gate, near }
    }
}

/// Whether a consumer's interface is a provider's, for the identity of resources: the import and
/// the export themselves (so that `from` counts), and any other pair by version.
pub fn interfaces_match<'a>(
    import: &'a ExternName,
    export: &'a ExternName,
) -> impl Fn(&ExternName, &ExternName) -> bool + 'a {
    move |mine, theirs| (mine == import && theirs == export) || mine.is_compatible(theirs)
}

/// PW201 and PW202: a constructor must return its resource, so exactly one plugin can answer it.
fn constructors<'a>(of: ImportOf<'a>, offers: &[Offer<'a>]) -> Option<FunctionProblem<'a>> {
    let function = of.import.import.functions.iter().find(|function| is_constructor(function))?;
    (offers.len() != 1).then(|| FunctionProblem::Constructor { of, function, offers: several(offers) })
}

/// PW204: `skip` leaves failures out, and nothing would be left.
pub fn skip_of_one<'a>(of: ImportOf<'a>) -> Option<FunctionProblem<'a>> {
    let policy = of.import.entry.on_failure.as_ref().filter(|policy| policy.value == OnFailure::Skip)?;
    let alone = of.import.entry.cardinality.value == Cardinality::ExactlyOne;
    alone.then_some(FunctionProblem::SkipOfOne { of, policy: &policy.span })
}

/// PW204: `skip` leaves failures out, so it must not meet a reply that tells them.
fn skip_with_failure_value<'a>(of: ImportOf<'a>, telling: &[&'a str]) -> Option<FunctionProblem<'a>> {
    let policy = of.import.entry.on_failure.as_ref().filter(|policy| policy.value == OnFailure::Skip)?;
    // With `exactly-one` it cannot be used at all, which is told already.
    if telling.is_empty() || of.import.entry.cardinality.value == Cardinality::ExactlyOne {
        return None;
    }
    let functions = Few::of(telling.iter().copied());
    Some(FunctionProblem::SkipWithFailures { of, policy: &policy.span, functions })
}
