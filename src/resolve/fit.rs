//! Holding a consumer's functions against those of its providers: PW203, PW204, PW205.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Cardinality, ExternName, Fitting, FuncType, OnFailure, first_signature_difference, fits};
use crate::plan::{Answer, Fallible, Reply};
use crate::world::{ExternKind, Function};

use super::cross::{self, is_by_owner, is_constructor};
use super::listing::ListedImport;
use super::providers::{Offer, import_span, label_offers, may_be_broken};
use super::shape::{self, Container, Shape, Source};
use super::{HostInterface, Member, Scene, tell};
use crate::words::{Effort, list};

/// Checks an import that the host serves: alone and transparently.
pub fn check_host(
    scene: &Scene<'_>,
    consumer: usize,
    import: &ListedImport<'_>,
    host: &HostInterface,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(interface) = &host.interface else { return };
    let member = &scene.members[consumer];
    let matches = interfaces_match(&import.import.name, &interface.name);
    let fitting = Fitting { interfaces_match: &matches };
    let mut crossing = Vec::new();
    let has = Offered::new(&interface.functions);
    for function in &import.import.functions {
        crossing.extend(cross::refused_by_host(scene, consumer, function));
        let pair = Pair { member, import, function, provider: "the host" };
        let place = (host.file, host.written.span.clone());
        let Some(offered) = has.function(&function.name) else {
            diagnostics.push(pair.missing(place, &has, &interface.gated, &scene.effort));
            continue;
        };
        if is_transparent(&function.ty, &offered.ty, &fitting) {
            continue;
        }
        if let Some(mut told) = tell::mismatch(&function.ty, &offered.ty, Cardinality::ExactlyOne, &fitting) {
            told.help = tell::SAME_INTERFACE.to_owned();
            diagnostics.push(pair.differs(place, &told));
        }
    }
    diagnostics.extend(cross::diagnostic(member, import, &crossing));
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
pub fn check_plugins(
    scene: &Scene<'_>,
    consumer: usize,
    import: &ListedImport<'_>,
    offers: &[Offer<'_>],
    owners: &[Offer<'_>],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Reply> {
    let member = &scene.members[consumer];
    let mut replies = Vec::with_capacity(import.import.functions.len());
    let mut crossing = Vec::new();
    let mut telling = Vec::new();
    let (by_offer, by_owners) = (Offered::of_each(offers), Offered::of_each(owners));
    for function in &import.import.functions {
        let by_owner = is_by_owner(import, function);
        let (providers, offered) = if by_owner { (owners, &by_owners) } else { (offers, &by_offer) };
        let mut shapes = Vec::with_capacity(providers.len());
        let before = diagnostics.len();
        for (offer, offered) in providers.iter().zip(offered) {
            shapes.push(check_one(scene, member, import, function, (offer, offered), diagnostics));
        }
        if providers.is_empty() {
            check_alone(member, import, function, diagnostics);
        }
        if diagnostics.len() == before {
            crossing.extend(cross::refused(scene, consumer, import, function, providers));
        }
        if shapes.iter().flatten().any(|shape| shape.answer.is_some_and(Answer::tells_failure)) {
            telling.push(function.name.as_str());
        }
        replies.push(joined(import, function, &shapes));
    }
    // A broken plugin may have been meant as the provider: what follows from its absence is no news.
    if !offers.is_empty() || !may_be_broken(scene, consumer, import) {
        diagnostics.extend(constructors(scene, member, import, offers));
        diagnostics.extend(cross::diagnostic(member, import, &crossing));
    }
    diagnostics.extend(skip_with_failure_value(member, import, &telling));
    replies
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
fn check_one(
    scene: &Scene<'_>,
    member: &Member<'_>,
    import: &ListedImport<'_>,
    function: &Function,
    (offer, has): (&Offer<'_>, &Offered<'_>),
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Shape> {
    let provider = &scene.members[offer.provider];
    let pair = Pair { member, import, function, provider: &format!("`{}`", provider.id()) };
    let place = (provider.plugin.manifest.file, offer.export.entry.name.span.clone());
    let export = offer.export.export;
    let Some(offered) = has.function(wanted_name(import, function, &export.name)) else {
        diagnostics.push(pair.missing(place, has, &export.gated, &scene.effort));
        return None;
    };
    let matches = interfaces_match(&import.import.name, &export.name);
    let fitting = Fitting { interfaces_match: &matches };
    let cardinality = cardinality(import, function);
    let (declared, provided) = (function.ty.result.as_ref(), offered.ty.result.as_ref());
    if first_signature_difference(&function.ty, &offered.ty, &fitting).is_none() {
        let source = if import.entry.from.is_some() { Source::From } else { Source::Same };
        let shape = |cardinality| shape::shape(declared, provided, cardinality, source, &fitting);
        let fitting_shape = shape(cardinality).filter(|shape| suits(import, function, *shape));
        if fitting_shape.is_some() {
            return fitting_shape;
        }
        if answers_alone(import, function) {
            if Cardinality::ALL.into_iter().any(|any| shape(any).is_some()) {
                diagnostics.push(pair.not_alone(place, &offered.ty));
                return None;
            }
        } else if let Some(other) = Cardinality::ALL.into_iter().find(|&other| shape(other).is_some()) {
            diagnostics.push(pair.other_row(place, &offered.ty, other));
            return None;
        }
    }
    if let Some(told) = tell::mismatch(&function.ty, &offered.ty, cardinality, &fitting) {
        diagnostics.push(pair.differs(place, &told));
    }
    None
}

/// Whether a reply is not only of the right form, but of one that the function may have.
fn suits(import: &ListedImport<'_>, function: &Function, shape: Shape) -> bool {
    match shape.answer {
        Some(Answer::WithId(_) | Answer::Id) => !answers_alone(import, function),
        Some(Answer::Value(Fallible::Result(_))) => !is_constructor(function),
        Some(Answer::Value(Fallible::Plain)) | None => true,
    }
}

/// A bare function goes by the name of the import, so that `from` renames it too.
pub fn wanted_name<'a>(import: &ListedImport<'_>, function: &'a Function, export: &'a ExternName) -> &'a str {
    if import.import.kind == ExternKind::Function { export.base() } else { &function.name }
}

/// A function of an import without providers: its declared result must suit the cardinality.
fn check_alone(member: &Member<'_>, import: &ListedImport<'_>, function: &Function, diagnostics: &mut Vec<Diagnostic>) {
    let cardinality = cardinality(import, function);
    if shape::container_alone(function.ty.result.as_ref(), cardinality).is_some() {
        return;
    }
    let diagnostic = Diagnostic::error(
        Code::Pw204,
        format!("`{}` of `{}` cannot be answered under `{cardinality}`", function.name, import.import.name),
    )
    .label(member.plugin.manifest.file, import.entry.cardinality.span.clone(), tell::row(cardinality))
    .note(format!("`{}` declares `{}: {}`", member.id(), function.name, function.ty));
    let fitting = Cardinality::ALL.into_iter().filter(|other| other.allows_none());
    let fitting = fitting.chain([Cardinality::ExactlyOne]);
    let other = fitting.into_iter().find(|other| shape::container_alone(function.ty.result.as_ref(), *other).is_some());
    let other = other.map(|other| format!("write `{other}` here, which this reply suits, or ")).unwrap_or_default();
    diagnostics.push(diagnostic.help(format!(
        "{other}declare a reply of `{cardinality}` in an interface of the consumer's own and name the providers' interface by `from`"
    )));
}

/// The functions that a provider has, so that none is found by going through all.
struct Offered<'a> {
    all: &'a [Function],
    by_name: HashMap<&'a str, &'a Function>,
    told: OnceCell<String>,
}

/// Of so few functions one is found quicker by looking at each.
const FEW: usize = 16;

impl<'a> Offered<'a> {
    fn new(all: &'a [Function]) -> Self {
        let indexed = if all.len() > FEW { all } else { &[] };
        // The first of a name counts.
        let by_name = indexed.iter().rev().map(|function| (function.name.as_str(), function)).collect();
        Self { all, by_name, told: OnceCell::new() }
    }

    fn of_each(offers: &[Offer<'a>]) -> Vec<Self> {
        offers.iter().map(|offer| Self::new(&offer.export.export.functions)).collect()
    }

    fn function(&self, name: &str) -> Option<&'a Function> {
        if self.by_name.is_empty() {
            return self.all.iter().find(|function| function.name == name);
        }
        self.by_name.get(name).copied()
    }

    /// All of them, for a sentence.
    fn told(&self) -> &str {
        self.told.get_or_init(|| list(self.all.iter().map(|function| &function.name)))
    }
}

/// A consumer's function and who should answer it.
struct Pair<'a> {
    member: &'a Member<'a>,
    import: &'a ListedImport<'a>,
    function: &'a Function,
    /// For sentences: an id in backticks, or "the host".
    provider: &'a str,
}

type Place = (crate::diagnostic::FileId, crate::diagnostic::Span);

impl Pair<'_> {
    fn diagnostic(&self, code: Code, message: String, label: &str) -> Diagnostic {
        Diagnostic::error(code, message).label(
            self.member.plugin.manifest.file,
            import_span(self.import),
            format!("`{}` {label}", self.member.id()),
        )
    }

    /// PW203: no such function.
    fn missing(&self, place: Place, there: &Offered<'_>, gated: &[(String, String)], effort: &Effort) -> Diagnostic {
        let name = &self.function.name;
        let message =
            format!("{} has no function `{name}`, which `{}` imports from it", self.provider, self.member.id());
        let diagnostic = self
            .diagnostic(Code::Pw203, message, &format!("imports `{name}`"))
            .label(place.0, place.1, format!("without `{name}`"))
            .note(format!("{} has the functions {}", self.provider, there.told()));
        if let Some((_, feature)) = gated.iter().find(|(gated, _)| gated == name) {
            return diagnostic
                .note(format!("its WIT has `{name}` behind `@unstable(feature = {feature})`, so it need not be there"))
                .help("take the gate out of the WIT where the function is there, or build the consumer without it");
        }
        match effort.closest(name, there.all.iter().map(|function| function.name.as_str())) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("build the two against the same version of the interface"),
        }
    }

    /// PW203: another type.
    fn differs(&self, place: Place, told: &tell::Mismatch) -> Diagnostic {
        let name = &self.function.name;
        let message = format!("`{name}` of {} does not fit what `{}` imports", self.provider, self.member.id());
        self.diagnostic(Code::Pw203, message, "imports it from here")
            .label(place.0, place.1, format!("{} exports it here", self.provider))
            .note(tell::signature(&format!("`{}` declares", self.member.id()), name, &told.declared))
            .note(tell::signature(&format!("{} provides", self.provider), name, &told.provided))
            .note(format!("the first difference: {}", told.difference))
            .help(told.help.clone())
    }

    /// PW204: the function has one answer only, whatever the cardinality.
    fn not_alone(&self, place: Place, offered: &FuncType) -> Diagnostic {
        let (name, id) = (&self.function.name, self.member.id());
        let why = if is_constructor(self.function) {
            "a constructor returns its resource"
        } else {
            "it takes a handle of its own interface, and goes to the plugin that owns it"
        };
        let help = if is_constructor(self.function) {
            "declare the constructor as the provider does"
        } else {
            "declare what the provider returns, or `result` of it"
        };
        let message = format!("the reply that `{id}` declares for `{name}` is for several answers, and it has one");
        self.diagnostic(Code::Pw204, message, "imports it from here")
            .label(place.0, place.1, format!("{} exports it here", self.provider))
            .note(format!("`{id}` declares `{name}: {}`", self.function.ty))
            .note(format!("{} provides `{name}: {offered}`", self.provider))
            .note(why)
            .help(help)
    }

    /// PW204: the reply would fit under another cardinality.
    fn other_row(&self, place: Place, offered: &FuncType, other: Cardinality) -> Diagnostic {
        let cardinality = self.import.entry.cardinality.value;
        let (name, id) = (&self.function.name, self.member.id());
        let message = format!("the reply that `{id}` declares for `{name}` does not suit `{cardinality}`");
        Diagnostic::error(Code::Pw204, message)
            .label(
                self.member.plugin.manifest.file,
                self.import.entry.cardinality.span.clone(),
                tell::row(cardinality),
            )
            .label(place.0, place.1, format!("{} exports it here", self.provider))
            .note(format!("`{id}` declares `{name}: {}`", self.function.ty))
            .note(format!("{} provides `{name}: {offered}`", self.provider))
            .help(format!(
                "write `{other}` here, which this reply fits, or declare a reply of `{cardinality}` in the consumer's interface"
            ))
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
fn constructors(
    scene: &Scene<'_>,
    member: &Member<'_>,
    import: &ListedImport<'_>,
    offers: &[Offer<'_>],
) -> Option<Diagnostic> {
    let constructor = import.import.functions.iter().find(|function| is_constructor(function))?;
    let (code, problem, help) = match offers.len() {
        0 => (Code::Pw201, "no plugin can", "add a plugin that exports the interface".to_owned()),
        1 => return None,
        _ => (
            Code::Pw202,
            "several plugins could",
            format!("bind one provider in the `[bind]` table of `app.toml`, for `{}`", import.import.name),
        ),
    };
    let message = format!("{problem} answer `{}` of `{}`", constructor.name, import.import.name);
    let note = "a constructor must return its resource, so it needs one provider whatever the cardinality";
    let diagnostic = Diagnostic::error(code, message).label(member.plugin.manifest.file, import_span(import), problem);
    Some(label_offers(scene, diagnostic, offers, offers.len()).note(note).help(help))
}

/// PW204: `skip` leaves failures out, and nothing would be left.
pub fn skip_of_one(member: &Member<'_>, import: &ListedImport<'_>) -> Option<Diagnostic> {
    let policy = import.entry.on_failure.as_ref().filter(|policy| policy.value == OnFailure::Skip)?;
    let alone = import.entry.cardinality.value == Cardinality::ExactlyOne;
    alone.then(|| {
        Diagnostic::error(Code::Pw204, "`skip` cannot be used with `exactly-one`")
            .label(member.plugin.manifest.file, policy.span.clone(), "nothing would be left to answer with")
            .help("remove `on-failure`, or declare a `result` to receive the failure as a value")
    })
}

/// PW204: `skip` leaves failures out, so it must not meet a reply that tells them.
fn skip_with_failure_value(member: &Member<'_>, import: &ListedImport<'_>, telling: &[&str]) -> Option<Diagnostic> {
    let policy = import.entry.on_failure.as_ref().filter(|policy| policy.value == OnFailure::Skip)?;
    // With `exactly-one` it cannot be used at all, which is told already.
    if telling.is_empty() || import.entry.cardinality.value == Cardinality::ExactlyOne {
        return None;
    }
    let message = format!("`skip` cannot be used where the reply tells failures: {}", list(telling));
    Some(
        Diagnostic::error(Code::Pw204, message)
            .label(member.plugin.manifest.file, policy.span.clone(), "failures are values of these replies already")
            .help("remove `on-failure = \"skip\"`"),
    )
}
