use crate::diagnostic::{Code, Diagnostic};
use crate::model::ExternName;
use crate::words::grouped;
use crate::world::ExternKind;

use super::super::input::{HostInterface, Plugin};
use super::super::listed::ImportOf;
use super::super::near::Relation;
use super::super::problem::{Miss, ProviderProblem, Several};
use super::super::version;
use super::parts::{at_import, label_offers};

pub(super) fn diagnostic(problem: &ProviderProblem<'_>) -> Diagnostic {
    match problem {
        ProviderProblem::NoneBound { of, list: (file, place) } => no_provider(of)
            .label(*file, (*place).clone(), "bound to no plugin here")
            .help("name a provider in this list, or remove the line"),
        ProviderProblem::None { of, misses } => {
            let diagnostic = misses.iter().fold(no_provider(of), |diagnostic, miss| label_miss(diagnostic, miss));
            diagnostic.help(misses.first().map_or_else(|| add_provider(of), |miss| hint(of, miss)))
        }
        ProviderProblem::Vague { of, from, versions } => {
            let message = format!("several versions of `{}` are exported, and `from` names none", from.value);
            Diagnostic::error(Code::Pw201, message)
                .label(of.plugin.manifest.file, from.span.clone(), "which version?")
                .note(format!("plugins export {versions}"))
                .help("write the version behind an `@`")
        }
        ProviderProblem::TooMany { of, offers } => {
            label_offers(too_many(of, offers.all), offers).help(bind_help(of, offers))
        }
        ProviderProblem::TooManyBound { of, count, list: (file, place) } => too_many(of, *count)
            .label(*file, (*place).clone(), "bound to several here")
            .help("leave one provider in this list"),
        ProviderProblem::HostAndPlugins { of, host, offers } => {
            let (wanted, id) = (&of.import.target, of.plugin.id());
            let message = format!("both the host and plugins serve `{wanted}` for `{id}`");
            let diagnostic = at_import(Code::Pw202, message, of, "served twice").label(
                host.file,
                host.written.span.clone(),
                "the host offers it",
            );
            label_offers(diagnostic, offers).help(format!("{}; `[\"host\"]` binds the host", bind_help(of, offers)))
        }
        ProviderProblem::TooManyAnswers { of, most, free } => {
            let message = "the imports of the app have too many providers together".to_owned();
            at_import(Code::Pw202, message, of, "with this one there are too many")
                .note(format!(
                    "there may be {} answers, functions times providers or one where there is none, and {free} more for each plugin",
                    grouped(*most)
                ))
                .help("bind fewer providers in the `[bind]` table of `app.toml`, or divide the app")
        }
    }
}

fn no_provider(of: &ImportOf<'_>) -> Diagnostic {
    let (wanted, cardinality) = (&of.import.target, of.import.entry.cardinality.value);
    let message = format!("no plugin serves `{wanted}`, which `{}` imports as `{cardinality}`", of.plugin.id());
    at_import(Code::Pw201, message, of, "no provider")
}

fn add_provider(of: &ImportOf<'_>) -> String {
    format!(
        "add a plugin that lists `\"{}\" = {{}}` in its `[exports]`, or let the import be `at-most-one` or `any`",
        of.import.target
    )
}

fn too_many(of: &ImportOf<'_>, count: usize) -> Diagnostic {
    let (wanted, cardinality) = (&of.import.target, of.import.entry.cardinality.value);
    let message = format!("{count} plugins serve `{wanted}`, which `{}` imports as `{cardinality}`", of.plugin.id());
    at_import(Code::Pw202, message, of, format!("`{cardinality}` takes one"))
}

fn bind_help(of: &ImportOf<'_>, offers: &Several<'_>) -> String {
    let first = offers.first.first().map_or("…", |offer| offer.plugin.id().as_str());
    format!(
        "choose one in the `[bind]` table of `app.toml`: `\"{}\" = {{ \"{}\" = [\"{first}\"] }}`",
        of.plugin.id(),
        of.import.import.name
    )
}

/// Marks where something is that nearly serves an import.
fn label_miss(diagnostic: Diagnostic, miss: &Miss<'_>) -> Diagnostic {
    let (plugin, place, text) = match miss {
        Miss::Disabled { plugin, entry } => {
            (plugin, &entry.name.span, format!("`{}` exports it, but is disabled", plugin.id()))
        }
        Miss::OtherKind { plugin, entry, kind } => {
            (plugin, &entry.name.span, format!("`{}` exports it, but as {}", plugin.id(), kind_told(*kind)))
        }
        Miss::NotInBinary { plugin, entry } => {
            (plugin, &entry.name.span, format!("`{}` lists it, but its binary does not export it", plugin.id()))
        }
        Miss::Private { plugin, name } => {
            let header = plugin.manifest.exports_header.as_ref().unwrap_or(&plugin.manifest.header);
            let text = format!("the binary of `{}` exports `{name}`, but it is not listed here", plugin.id());
            (plugin, header, text)
        }
        Miss::Related { plugin, entry, name, relation } => (plugin, &entry.name.span, related(plugin, name, *relation)),
        Miss::Itself { plugin, entry } => {
            let text = format!("`{}` exports it itself, but never provides for itself", plugin.id());
            (plugin, &entry.name.span, text)
        }
        Miss::OfHost { host, relation } => {
            return diagnostic.label(host.file, host.written.span.clone(), related_host(host, *relation));
        }
    };
    diagnostic.label(plugin.manifest.file, place.clone(), text)
}

fn kind_told(kind: ExternKind) -> &'static str {
    match kind {
        ExternKind::Interface => "an interface",
        ExternKind::Function | ExternKind::Type => "a function",
    }
}

fn related(plugin: &Plugin, name: &ExternName, relation: Relation) -> String {
    let disabled = if plugin.settings.enabled { "" } else { ", but is disabled" };
    match relation {
        Relation::Version => format!("`{}` exports it in another version, `{name}`{disabled}", plugin.id()),
        Relation::Package | Relation::Name => format!("`{}` exports it {relation}{disabled}", plugin.id()),
    }
}

fn related_host(host: &HostInterface, relation: Relation) -> String {
    match relation {
        Relation::Version => format!("the host offers it in another version, `{}`", host.name()),
        Relation::Package | Relation::Name => format!("the host offers it {relation}"),
    }
}

/// What to do about an import that is nearly served.
fn hint(of: &ImportOf<'_>, miss: &Miss<'_>) -> String {
    let wanted = &of.import.target;
    match miss {
        Miss::Disabled { plugin, .. } => format!("enable `{}`, which exports it", plugin.id()),
        Miss::OtherKind { plugin, kind, .. } => {
            let kind = kind_told(*kind);
            format!("import it as {kind}, or build `{}` so that both are of one kind", plugin.id())
        }
        Miss::NotInBinary { plugin, entry } => {
            format!("build `{}` so that its binary exports `{}`", plugin.id(), entry.name.value)
        }
        Miss::Private { plugin, name } => {
            format!("add `\"{name}\" = {{}}` to the `[exports]` of `{}`", plugin.id())
        }
        Miss::Related { plugin, name, relation, .. } => {
            let (id, fitting) = (plugin.id(), fitting(wanted, *relation));
            match of.import.entry.from {
                Some(_) => format!("`{id}` exports `{name}`{fitting}: name it in `from`, if it is what is meant"),
                None => format!(
                    "`{id}` exports `{name}`: build one of the two against the other's interface{fitting}, or import it by `from`"
                ),
            }
        }
        Miss::Itself { .. } => format!("add another plugin that exports `{wanted}`"),
        Miss::OfHost { host, relation } => format!(
            "the host offers `{}`: build the plugin against that interface{}, or name it in `from`",
            host.name(),
            fitting(wanted, *relation)
        ),
    }
}

/// Which versions would fit, where it is the version that does not.
fn fitting(wanted: &ExternName, relation: Relation) -> String {
    match (relation, version::fitting(wanted)) {
        (Relation::Version, Some(fitting)) => format!(" (an import of `{wanted}` is served by {fitting})"),
        _ => String::new(),
    }
}
