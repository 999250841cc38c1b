use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Cardinality, FuncType};
use crate::words::grouped;
use crate::world::Function;

use super::super::few::Few;
use super::super::listed::ImportOf;
use super::super::mismatch::{Mismatch, Remedy};
use super::super::problem::{Crossing, FunctionProblem, HandleSite, Pair, Refusal, Several};
use super::parts::{at_import, label_offers};
use super::signature;

pub(super) fn diagnostic(problem: &FunctionProblem<'_>) -> Diagnostic {
    match problem {
        FunctionProblem::Missing { pair, there, gate, near } => missing(pair, there, *gate, *near),
        FunctionProblem::Differs { pair, mismatch, remedy } => differs(pair, mismatch, *remedy),
        FunctionProblem::NotAlone { pair, offered, is_constructor } => not_alone(pair, offered, *is_constructor),
        FunctionProblem::OtherRow { pair, offered, other } => other_row(pair, offered, *other),
        FunctionProblem::NoReply { of, function, cardinality, other } => no_reply(of, function, *cardinality, *other),
        FunctionProblem::Others { of, count, told } => others(of, *count, *told),
        FunctionProblem::Constructor { of, function, offers } => constructor(of, function, offers),
        FunctionProblem::Crossing { of, first, others } => cannot_cross(of, first, others),
        FunctionProblem::SkipOfOne { of, policy } => {
            Diagnostic::error(Code::Pw204, "`skip` cannot be used with `exactly-one`")
                .label(of.plugin.manifest.file, (*policy).clone(), "nothing would be left to answer with")
                .help("remove `on-failure`, or declare a `result` to receive the failure as a value")
        }
        FunctionProblem::SkipWithFailures { of, policy, functions } => {
            let message = format!("`skip` cannot be used where the reply tells failures: {functions}");
            Diagnostic::error(Code::Pw204, message)
                .label(of.plugin.manifest.file, (*policy).clone(), "failures are values of these replies already")
                .help("remove `on-failure = \"skip\"`")
        }
    }
}

/// A problem of a function, marked where its import is listed and then where it is exported.
fn of_pair(pair: &Pair<'_>, code: Code, message: String, label: &str, there: String) -> Diagnostic {
    let (file, span) = pair.provider.place();
    at_import(code, message, &pair.of, format!("`{}` {label}", pair.of.plugin.id())).label(file, span, there)
}

fn missing(pair: &Pair<'_>, there: &Few<'_, str>, gate: Option<&str>, near: Option<&str>) -> Diagnostic {
    let (name, provider) = (&pair.function.name, pair.provider);
    let message = format!("{provider} has no function `{name}`, which `{}` imports from it", pair.of.plugin.id());
    let diagnostic = of_pair(pair, Code::Pw203, message, &format!("imports `{name}`"), format!("without `{name}`"))
        .note(format!("{provider} has the functions {there}"));
    match (gate, near) {
        (Some(feature), _) => diagnostic
            .note(format!("its WIT has `{name}` behind `@unstable(feature = {feature})`, so it need not be there"))
            .help("take the gate out of the WIT where the function is there, or build the consumer without it"),
        (None, Some(near)) => diagnostic.help(format!("did you mean `{near}`?")),
        (None, None) => diagnostic.help("build the two against the same version of the interface"),
    }
}

fn differs(pair: &Pair<'_>, mismatch: &Mismatch<'_>, remedy: Remedy<'_>) -> Diagnostic {
    let (name, provider, id) = (&pair.function.name, pair.provider, pair.of.plugin.id());
    let message = format!("`{name}` of {provider} does not fit what `{id}` imports");
    of_pair(pair, Code::Pw203, message, "imports it from here", format!("{provider} exports it here"))
        .note(signature::marked(&format!("`{id}` declares"), name, &mismatch.declared))
        .note(signature::marked(&format!("{provider} provides"), name, &mismatch.provided))
        .note(signature::first_difference(&mismatch.difference))
        .help(signature::help(remedy))
}

fn not_alone(pair: &Pair<'_>, offered: &FuncType, is_constructor: bool) -> Diagnostic {
    let (name, provider, id) = (&pair.function.name, pair.provider, pair.of.plugin.id());
    let (why, help) = match is_constructor {
        true => ("a constructor returns its resource", "declare the constructor as the provider does"),
        false => (
            "it takes a handle of its own interface, and goes to the plugin that owns it",
            "declare what the provider returns, or `result` of it",
        ),
    };
    let message = format!("the reply that `{id}` declares for `{name}` is for several answers, and it has one");
    of_pair(pair, Code::Pw204, message, "imports it from here", format!("{provider} exports it here"))
        .note(format!("`{id}` declares `{name}: {}`", pair.function.ty))
        .note(format!("{provider} provides `{name}: {offered}`"))
        .note(why)
        .help(help)
}

fn other_row(pair: &Pair<'_>, offered: &FuncType, other: Cardinality) -> Diagnostic {
    let (name, provider, id) = (&pair.function.name, pair.provider, pair.of.plugin.id());
    let written = &pair.of.import.entry.cardinality;
    let cardinality = written.value;
    let (file, span) = provider.place();
    let message = format!("the reply that `{id}` declares for `{name}` does not suit `{cardinality}`");
    Diagnostic::error(Code::Pw204, message)
        .label(pair.of.plugin.manifest.file, written.span.clone(), signature::row(cardinality))
        .label(file, span, format!("{provider} exports it here"))
        .note(format!("`{id}` declares `{name}: {}`", pair.function.ty))
        .note(format!("{provider} provides `{name}: {offered}`"))
        .help(format!(
            "write `{other}` here, which this reply fits, or declare a reply of `{cardinality}` in the consumer's interface"
        ))
}

fn no_reply(
    of: &ImportOf<'_>,
    function: &Function,
    cardinality: Cardinality,
    other: Option<Cardinality>,
) -> Diagnostic {
    let name = &function.name;
    let message = format!("`{name}` of `{}` cannot be answered under `{cardinality}`", of.import.import.name);
    let other = other.map(|other| format!("write `{other}` here, which this reply suits, or ")).unwrap_or_default();
    let place = of.import.entry.cardinality.span.clone();
    Diagnostic::error(Code::Pw204, message)
        .label(of.plugin.manifest.file, place, signature::row(cardinality))
        .note(format!("`{}` declares `{name}: {}`", of.plugin.id(), function.ty))
        .help(format!(
            "{other}declare a reply of `{cardinality}` in an interface of the consumer's own and name the providers' interface by `from`"
        ))
}

fn others(of: &ImportOf<'_>, count: usize, told: usize) -> Diagnostic {
    let (id, interface) = (of.plugin.id(), &of.import.import.name);
    let message = format!("{} more functions of `{interface}` do not fit what `{id}` imports", grouped(count));
    at_import(Code::Pw203, message, of, "too many to be told one by one")
        .note(format!("functions are counted at each provider; an app tells the first {} one by one", grouped(told)))
        .help("correct those that are told, and check again")
}

fn constructor(of: &ImportOf<'_>, function: &Function, offers: &Several<'_>) -> Diagnostic {
    let interface = &of.import.import.name;
    let (code, problem, help) = match offers.all {
        0 => (Code::Pw201, "no plugin can", "add a plugin that exports the interface".to_owned()),
        _ => (
            Code::Pw202,
            "several plugins could",
            format!("bind one provider in the `[bind]` table of `app.toml`, for `{interface}`"),
        ),
    };
    let message = format!("{problem} answer `{}` of `{interface}`", function.name);
    label_offers(at_import(code, message, of, problem), offers)
        .note("a constructor must return its resource, so it needs one provider whatever the cardinality")
        .help(help)
}

fn cannot_cross(of: &ImportOf<'_>, first: &Crossing<'_>, others: &[Crossing<'_>]) -> Diagnostic {
    let (label, help) = match first.refusal {
        Refusal::Foreign => (
            "a resource of the host cannot pass between plugins",
            "pass plain data instead, such as the bytes that were read from a stream".to_owned(),
        ),
        Refusal::ToMany => {
            ("`own` can go to one plugin only", format!("take it as `borrow`, or write `{}`", Cardinality::ExactlyOne))
        }
        Refusal::ToHost => (
            "a resource of plugins cannot pass to the host here",
            "let the host serve the interface that defines the resource too, or pass plain data instead".to_owned(),
        ),
    };
    let message = format!("a resource cannot cross plugins in `{}`: {}", of.import.import.name, site(&first.site));
    let diagnostic = at_import(Code::Pw205, message, of, label);
    others.iter().fold(diagnostic, |diagnostic, other| diagnostic.note(site(&other.site))).help(help)
}

fn site(site: &HandleSite<'_>) -> String {
    let HandleSite { function, parameter, handle, at } = site;
    let told = match parameter {
        Some(parameter) => format!("`{}` takes `{handle}` in its parameter `{parameter}`", function.name),
        None => format!("`{}` returns `{handle}`", function.name),
    };
    match at {
        Some(id) => format!("{told}, at `{id}`"),
        None => told,
    }
}
