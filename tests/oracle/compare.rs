//! Holding what `check` says against what the oracle expects.

use std::collections::BTreeSet;
use std::fmt::Debug;

use plugweave::check::{Checked, check};
use plugweave::diagnostic::{Code, Diagnostic, Style, render};
use plugweave::model::OnFailure;
use plugweave::plan::{ImportSource, Plan, PlannedImport};

use super::contract::{Expected, Source, expected};
use super::files::{Written, write};
use super::model::App;

/// What an app turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It resolves, with this many links.
    Good(usize),
    /// It has problems.
    Bad,
}

/// Checks an app; an error says how the answer differs from what is expected.
pub fn run(app: &App) -> Result<Kind, String> {
    let written = write(app);
    let expected = expected(app);
    let checked = check(&written.memory)?;
    let told = || -> String {
        let text = |diagnostic: &Diagnostic| render(diagnostic, &checked.sources, Style::Plain);
        checked.diagnostics.iter().map(text).collect::<Vec<_>>().join("\n")
    };
    compare(app, &written, &expected, &checked).map_err(|difference| format!("{difference}\n\nit says:\n{}", told()))
}

fn same<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}\n  found:    {found:?}\n  expected: {expected:?}"))
}

fn compare(app: &App, written: &Written, expected: &Expected, checked: &Checked) -> Result<Kind, String> {
    let (cycles, others): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        checked.diagnostics.iter().partition(|diagnostic| diagnostic.code == Code::Pw301);
    let found: BTreeSet<(Code, String)> =
        others.iter().map(|diagnostic| (diagnostic.code, subject(app, written, checked, diagnostic))).collect();
    same("errors", &found, &expected.errors)?;
    let mut left = expected.knots.clone();
    for cycle in cycles {
        let path = path(written, expected, checked, cycle)?;
        let knot = left.iter().position(|knot| path.is_subset(knot));
        left.remove(knot.ok_or_else(|| format!("a cycle that is none, or told twice: {path:?}"))?);
    }
    same("cycles that are not told", &left, &Vec::new())?;
    match (&checked.plan, checked.diagnostics.is_empty()) {
        (Some(plan), true) => plan_is(plan, expected, checked),
        (None, false) => Ok(Kind::Bad),
        (plan, _) => Err(format!("a plan and problems, or neither: {}", plan.is_some())),
    }
}

/// What a diagnostic is about, by its first label.
fn subject(app: &App, written: &Written, checked: &Checked, diagnostic: &Diagnostic) -> String {
    let Some(label) = diagnostic.labels.first() else { return "nothing".to_owned() };
    let path = checked.sources.path(label.file);
    let subject = written.subject(path, checked.sources.position(label.file, label.span.start).line);
    let marked = checked.sources.text(label.file)[label.span.clone()].trim_matches('"');
    if diagnostic.code == Code::Pw101 {
        let plugin = app.plugins.iter().find(|plugin| plugin.path() == path);
        let mut imports = plugin.iter().flat_map(|plugin| &plugin.imports);
        let named = imports.find(|import| diagnostic.message.contains(&format!("`{}`", import.name)));
        let id = plugin.map_or("?", |plugin| &plugin.id);
        return format!("{id} lacks {}", named.map(|import| import.name.to_string()).unwrap_or_default());
    }
    // A line of `[bind]` and one of its providers.
    let is_provider = subject.starts_with("bind ") && !subject.ends_with(&format!(" {marked}"));
    if is_provider && app.bind.iter().any(|bind| bind.providers.iter().any(|provider| provider == marked)) {
        return format!("{subject} {marked}");
    }
    subject.to_owned()
}

/// The plugins of a cycle, each of which must need the next.
fn path(
    written: &Written,
    expected: &Expected,
    checked: &Checked,
    cycle: &Diagnostic,
) -> Result<BTreeSet<String>, String> {
    let steps: Vec<&str> = cycle
        .labels
        .iter()
        .map(|label| {
            let line = checked.sources.position(label.file, label.span.start).line;
            written.subject(checked.sources.path(label.file), line)
        })
        .collect();
    let consumer = |subject: &str| subject.split(' ').next().unwrap_or_default().to_owned();
    for (index, step) in steps.iter().enumerate() {
        let next = consumer(steps[(index + 1) % steps.len()]);
        let need = (consumer(step), (*step).to_owned(), next);
        if !expected.needs.contains(&need) {
            return Err(format!("the cycle {steps:?} has a step that is none: {need:?}"));
        }
    }
    Ok(steps.into_iter().map(consumer).collect())
}

fn plan_is(plan: &Plan, expected: &Expected, checked: &Checked) -> Result<Kind, String> {
    let start: Vec<String> = plan.plugins.iter().map(|plugin| plugin.id.to_string()).collect();
    same("start order", &start, &expected.start)?;
    same("binaries", &checked.binaries.len(), &start.len())?;
    let exports: BTreeSet<(String, String, i64)> = plan
        .plugins
        .iter()
        .flat_map(|plugin| {
            let of = |export: &plugweave::plan::PlannedExport| {
                (plugin.id.to_string(), export.name.to_string(), export.priority)
            };
            plugin.exports.iter().map(of)
        })
        .collect();
    same("exports", &exports, &expected.exports)?;
    let imports = plan.plugins.iter().map(|plugin| plugin.imports.len()).sum::<usize>();
    same("number of imports", &imports, &expected.imports.len())?;
    let mut links = 0;
    for import in &expected.imports {
        let consumer = plan.plugins.iter().find(|plugin| plugin.id.as_str() == import.consumer);
        let planned = consumer.and_then(|plugin| plugin.imports.iter().find(|own| own.name.to_string() == import.name));
        let planned = planned.ok_or_else(|| format!("not in the plan: {import:?}"))?;
        same(&format!("`{}` of `{}`", import.name, import.consumer), &source(plan, planned), &import.source)?;
        if let Source::Plugins { providers, .. } = &import.source {
            links += providers.len();
        }
    }
    same("number of links", &plan.links(), &links)?;
    Ok(Kind::Good(links))
}

fn source(plan: &Plan, import: &PlannedImport) -> Source {
    match &import.source {
        ImportSource::Runtime => Source::Runtime,
        ImportSource::Host(_) => Source::Host,
        ImportSource::TypesOnly => Source::TypesOnly,
        ImportSource::Plugins(binding) => {
            let provider = |provider: &plugweave::plan::Provider| {
                (plan.plugin(provider.plugin).id.to_string(), provider.export.to_string())
            };
            Source::Plugins {
                providers: binding.providers.iter().map(provider).collect(),
                cardinality: binding.cardinality,
                late: binding.late,
                skip: binding.on_failure == OnFailure::Skip,
                replies: binding.functions.iter().map(|one| (one.name.clone(), one.reply.clone())).collect(),
            }
        }
    }
}
