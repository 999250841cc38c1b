use std::fmt::Write as _;

use anyhow::Context;
use plugweave::PluginId;
use plugweave::check::{CannotExplain, explain};
use plugweave::diagnostic::Severity;
use plugweave::folder::Folder;
use plugweave::foreign::{page, shown, shown_path};
use plugweave::model::OnFailure;
use plugweave::resolve::{Candidate, Explanation, Mismatch, Place, Source, Verdict};
use serde_json::{Value, json};

use super::args::{Format, WhyArguments};
use super::{USAGE, output};

/// `plugweave why`
pub fn main(arguments: &WhyArguments) -> anyhow::Result<u8> {
    let (dir, plugin, interface) = arguments.question();
    let Some(plugin) = output::text("the plugin's id", plugin) else { return Ok(USAGE) };
    let Some(interface) = output::text("the interface's name", interface) else { return Ok(USAGE) };
    let explanation = match explain(&Folder::new(dir), plugin, interface) {
        Err(error @ CannotExplain::Folder(_)) => {
            return Err(error).context(format!("cannot read the app's folder `{}`", shown_path(dir)));
        }
        explanation => explanation?,
    };
    match arguments.format {
        Format::Text => output::result(&to_text(&explanation))?,
        Format::Json => output::json(&to_json(&explanation))?,
    }
    Ok(0)
}

fn to_text(it: &Explanation) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_text(&mut text, it);
    page(&text).into_owned()
}

fn write_text(out: &mut String, it: &Explanation) -> std::fmt::Result {
    writeln!(out, "`{}` imports `{}`", it.plugin, it.import)?;
    write_terms(out, it)?;
    writeln!(out, "\n{}", outcome(it))?;
    let (serving, others): (Vec<&Candidate>, Vec<&Candidate>) =
        it.candidates.iter().partition(|candidate| candidate.verdict == Verdict::Serves);
    let by_priority = it.bound.is_none() && serving.len() > 1;
    for (index, candidate) in serving.into_iter().enumerate() {
        writeln!(out, "  {}. {}", index + 1, provider(candidate, by_priority))?;
    }
    if !others.is_empty() {
        out.push_str(if it.source == Source::Undecided { "\ncandidates\n" } else { "\nnot serving it\n" });
    }
    for candidate in others {
        writeln!(out, "  - {}: {}", provider(candidate, false), reason(it, candidate.verdict))?;
    }
    write_functions(out, it)?;
    if !it.problems.is_empty() {
        out.push_str("\nproblems\n");
    }
    for problem in &it.problems {
        writeln!(out, "  {}[{}]: {}", severity(problem.severity), problem.code.as_str(), problem.message)?;
        writeln!(out, "    help: {}", problem.help)?;
    }
    Ok(())
}

/// What is written about the import.
fn write_terms(out: &mut String, it: &Explanation) -> std::fmt::Result {
    if let Some(terms) = &it.terms {
        let from = terms.from.as_ref().map(|_| format!(", from `{}`", it.wanted)).unwrap_or_default();
        let skip = if terms.on_failure == OnFailure::Skip { ", failed providers are skipped" } else { "" };
        let late = if terms.late { ", late" } else { "" };
        writeln!(out, "  {}: {}{from}{skip}{late}", at(&terms.place), terms.cardinality)?;
    }
    if let Some(bound) = &it.bound {
        let ids: Vec<&str> = bound.providers.iter().map(PluginId::as_str).collect();
        let to = if bound.host {
            "the host".to_owned()
        } else if ids.is_empty() {
            "nobody".to_owned()
        } else {
            ids.join(", ")
        };
        writeln!(out, "  {}: bound to {to}", at(&bound.place))?;
    }
    Ok(())
}

/// Who serves it, as a heading.
fn outcome(it: &Explanation) -> String {
    let serving = it.candidates.iter().filter(|candidate| candidate.verdict == Verdict::Serves).count();
    match &it.source {
        Source::Runtime => "served by the runtime; the manifest need not list it".to_owned(),
        Source::Host(place) => format!("served by the host ({})", at(place)),
        Source::TypesOnly => "served by nobody: it has no functions, only types".to_owned(),
        Source::Plugins if it.problems.iter().any(|problem| problem.severity == Severity::Error) => {
            "not fit to be served by".to_owned()
        }
        Source::Plugins if serving == 0 => "served by nobody, which its cardinality allows".to_owned(),
        Source::Plugins if it.bound.is_some() => "served by, in the order of the binding".to_owned(),
        Source::Plugins if serving == 1 => "served by".to_owned(),
        Source::Plugins => "served by, in the order of priority and id".to_owned(),
        Source::Undecided if it.problems.is_empty() => {
            "not bound, because other files have problems; `plugweave check` tells them".to_owned()
        }
        Source::Undecided => "not bound".to_owned(),
    }
}

fn provider(candidate: &Candidate, by_priority: bool) -> String {
    let priority = match candidate.priority {
        0 if !by_priority => String::new(),
        priority => format!(", priority {priority}"),
    };
    format!("{} exports `{}`{priority} ({})", candidate.plugin, candidate.export, at(&candidate.place))
}

fn reason(it: &Explanation, verdict: Verdict) -> String {
    match verdict {
        Verdict::Serves => "serves".to_owned(),
        Verdict::WouldServe => "it would do".to_owned(),
        Verdict::Version(mismatch) => {
            let why = match mismatch {
                Mismatch::TooLow => "its version is too low",
                Mismatch::OtherSeries => "its version belongs to another series",
                Mismatch::NotTheSame => return "prereleases and versions 0.0.z match only themselves".to_owned(),
                Mismatch::WithoutVersion => "it has no version",
                Mismatch::WithVersion => "it has a version, and the import has none",
            };
            match it.fitting_versions() {
                Some(fitting) => format!("{why}; needed is {fitting}"),
                None => why.to_owned(),
            }
        }
        Verdict::Itself => "no plugin provides for itself".to_owned(),
        Verdict::Disabled => "the plugin is disabled".to_owned(),
        Verdict::Broken => "the plugin has problems of its own".to_owned(),
        Verdict::Private => "its manifest does not list it, so it is private".to_owned(),
        Verdict::NotInBinary => "its manifest lists it, but its binary does not export it".to_owned(),
        Verdict::OtherKind => "one is an interface, the other a function".to_owned(),
        Verdict::NotBound => "the binding names others".to_owned(),
        Verdict::HigherVersion => "another export of the plugin has a higher version".to_owned(),
        Verdict::OtherInterface => "another interface, though the name is similar".to_owned(),
    }
}

fn write_functions(out: &mut String, it: &Explanation) -> std::fmt::Result {
    if it.functions.is_empty() {
        return Ok(());
    }
    let replies = it.functions.iter().any(|function| function.reply.is_some());
    out.push_str(if replies {
        "\nfunctions, each with its reply; R is what a provider returns\n"
    } else {
        "\nfunctions\n"
    });
    for function in &it.functions {
        writeln!(out, "  {}: {}", function.name, function.ty)?;
        if let Some(reply) = &function.reply {
            writeln!(out, "    = {reply}")?;
        }
    }
    Ok(())
}

fn at(place: &Place) -> String {
    format!("{}:{}", shown(&place.file), place.line)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn to_json(it: &Explanation) -> Value {
    let source = match &it.source {
        Source::Runtime => "runtime",
        Source::Host(_) => "host",
        Source::TypesOnly => "types-only",
        Source::Plugins => "plugins",
        Source::Undecided => "undecided",
    };
    let terms = it.terms.as_ref().map(|terms| {
        json!({
            "place": place_to_json(&terms.place),
            "cardinality": terms.cardinality,
            "from": terms.from,
            "on-failure": terms.on_failure,
            "late": terms.late,
        })
    });
    let bound = it.bound.as_ref().map(|bound| {
        let providers = if bound.host { json!(["host"]) } else { json!(bound.providers) };
        json!({ "place": place_to_json(&bound.place), "providers": providers })
    });
    let candidates = it.candidates.iter().map(|candidate| {
        json!({
            "plugin": candidate.plugin,
            "export": candidate.export,
            "place": place_to_json(&candidate.place),
            "priority": candidate.priority,
            "serves": candidate.verdict == Verdict::Serves,
            "reason": (candidate.verdict != Verdict::Serves).then(|| reason(it, candidate.verdict)),
        })
    });
    let functions = it
        .functions
        .iter()
        .map(|function| json!({ "name": function.name, "type": function.ty.to_string(), "reply": function.reply }));
    let problems = it.problems.iter().map(|problem| {
        json!({
            "code": problem.code.as_str(),
            "severity": severity(problem.severity),
            "message": problem.message,
            "help": problem.help,
        })
    });
    json!({
        "plugin": it.plugin,
        "import": it.import,
        "wanted": it.wanted,
        "listed": terms,
        "bound": bound,
        "from": source,
        "candidates": candidates.collect::<Vec<_>>(),
        "functions": functions.collect::<Vec<_>>(),
        "problems": problems.collect::<Vec<_>>(),
    })
}

fn place_to_json(place: &Place) -> Value {
    json!({ "file": place.file, "line": place.line, "column": place.column })
}
