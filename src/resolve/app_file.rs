//! What `app.toml` says about plugins: PW401 for what names something unknown or cannot be.

use std::rc::Rc;
use std::sync::Arc;

use crate::diagnostic::{FileId, Spanned};
use crate::manifest::{AppFile, BindEntry};
use crate::model::{ExternName, FuncType, PluginId, Type};
use crate::plan::{Entry, PluginIndex};

use super::few::Few;
use super::listed::ListedImport;
use super::member::Member;
use super::names::Found;
use super::offers::{best_offer, binding, is_vague, serving_host};
use super::problem::{AppFileProblem, Problem, RUN};
use super::scene::Scene;
use super::version;

/// Checks the ids and bindings of `app.toml`.
pub fn check<'a>(scene: &'a Scene<'a>, problems: &mut Vec<Problem<'a>>) {
    let Some(file) = &scene.app.file else { return };
    for plugin in &file.plugins {
        problems.extend(unknown(scene, file.file, &plugin.id).map(Problem::from));
    }
    for entry in &file.bind {
        match unknown(scene, file.file, &entry.consumer) {
            Some(problem) => problems.push(problem.into()),
            None => check_binding(scene, file, entry, problems),
        }
    }
}

fn unknown<'a>(scene: &'a Scene<'a>, file: FileId, id: &'a Spanned<PluginId>) -> Option<AppFileProblem<'a>> {
    if scene.poison.hides_ids() || scene.plugin(&id.value).is_some() {
        return None;
    }
    let near = scene.effort.closest(id.value.as_str(), scene.ids.iter().copied());
    Some(AppFileProblem::NoPlugin { file, id, there: scene.few_ids.clone(), near })
}

fn check_binding<'a>(scene: &'a Scene<'a>, file: &'a AppFile, entry: &'a BindEntry, problems: &mut Vec<Problem<'a>>) {
    // A disabled or broken consumer binds nothing.
    let Some(consumer) = scene.member(&entry.consumer.value) else { return };
    let member = &scene.members[consumer];
    let Some(import) = member.bound_import(&entry.import.value) else {
        problems.push(no_such_import(scene, file, entry, member).into());
        return;
    };
    if let Some(first) = binding(scene, consumer, import).filter(|first| !std::ptr::eq(*first, entry)) {
        problems.push(AppFileProblem::BoundTwice { file: file.file, entry, first }.into());
    }
    // While it is not clear what is to be exported, nobody can be said not to do so.
    if !is_vague(scene, import) {
        problems.extend(check_host(scene, file, entry, &import.target).map(Problem::from));
    }
    for provider in &entry.providers.value {
        problems.extend(check_provider(scene, file, consumer, import, provider).map(Problem::from));
    }
}

fn no_such_import<'a>(
    scene: &'a Scene<'a>,
    file: &AppFile,
    entry: &'a BindEntry,
    member: &'a Member<'a>,
) -> AppFileProblem<'a> {
    let wanted = &entry.import.value;
    let several = matches!(member.imports.find(wanted), Found::Several(_));
    let near = || member.imports.nearest(wanted, &scene.effort).map(|(near, _)| near);
    let near = member.by_target(wanted).map(|import| &import.import.name).or_else(near);
    AppFileProblem::NoImport { file: file.file, entry, several, there: member.imports.few(), near }
}

fn check_provider<'a>(
    scene: &'a Scene<'a>,
    app_file: &AppFile,
    consumer: usize,
    import: &'a ListedImport<'a>,
    provider: &'a Spanned<PluginId>,
) -> Option<AppFileProblem<'a>> {
    let (file, wanted, id) = (app_file.file, &import.target, &provider.value);
    if let Some(problem) = unknown(scene, file, provider) {
        return Some(problem);
    }
    let plugin = scene.plugin(id)?;
    if *id == *scene.members[consumer].id() {
        return Some(AppFileProblem::ForItself { file, provider });
    }
    if !plugin.settings.enabled {
        return Some(AppFileProblem::Disabled { file, provider, plugin });
    }
    // A broken plugin has its own diagnostic.
    let number = scene.member(id)?;
    if best_offer(scene, number, import).is_some() || is_vague(scene, import) {
        return None;
    }
    let member = &scene.members[number];
    let private = member.listing.private.iter().copied().find(|name| version::serves(wanted, name));
    Some(AppFileProblem::NotExported { file, provider, plugin, wanted, there: member.exports.clone(), private })
}

fn check_host<'a>(
    scene: &Scene<'a>,
    file: &AppFile,
    entry: &'a BindEntry,
    wanted: &'a ExternName,
) -> Option<AppFileProblem<'a>> {
    let place = entry.host.as_ref()?;
    if serving_host(scene, wanted).is_some() {
        return None;
    }
    let there = Few::of(scene.app.host.iter().map(|host| &host.written.value));
    Some(AppFileProblem::NotByHost { file: file.file, place, wanted, there })
}

/// The plugin that `run` starts: the one that `app.toml` names, or the only one that exports
/// `wasi:cli/run`.
pub fn entry<'a>(scene: &'a Scene<'a>, problems: &mut Vec<Problem<'a>>) -> Option<EntryMember<'a>> {
    match choose_entry(scene) {
        Ok(entry) => {
            problems.extend(entry.as_ref().and_then(|entry| wrong_run(scene, entry)).map(Problem::from));
            entry
        }
        Err(problem) => {
            problems.push(problem.into());
            None
        }
    }
}

/// PW203: what looks like an entry, but is of another type than `run: func() -> result`.
fn wrong_run<'a>(scene: &'a Scene<'a>, entry: &EntryMember<'a>) -> Option<AppFileProblem<'a>> {
    let member = &scene.members[entry.member];
    let (plugin, export) = (member.plugin, entry.export);
    let found = plugin.world.as_ref()?.export(export)?.function("run").map(|run| &run.ty);
    let wanted = FuncType { is_async: false, params: Vec::new(), result: Some(Arc::new(Type::Result(None, None))) };
    if found == Some(&wanted) {
        return None;
    }
    let listed = member.listing.exports.iter().find(|listed| listed.export.name == *export);
    let place = listed.map_or(&plugin.manifest.header, |listed| &listed.entry.name.span);
    Some(AppFileProblem::CannotRun { plugin, export, place, wanted, found })
}

fn choose_entry<'a>(scene: &'a Scene<'a>) -> Result<Option<EntryMember<'a>>, AppFileProblem<'a>> {
    let named = scene.app.file.as_ref().and_then(|file| Some((file.file, file.entry.as_ref()?)));
    let Some((file, id)) = named else { return Ok(only_entry(scene)) };
    if let Some(problem) = unknown(scene, file, id) {
        return Err(problem);
    }
    let Some(number) = scene.member(&id.value) else {
        let is_disabled = scene.plugin(&id.value).is_some_and(|plugin| !plugin.settings.enabled);
        return if is_disabled { Err(AppFileProblem::EntryDisabled { file, id }) } else { Ok(None) };
    };
    let member = &scene.members[number];
    match run_export(member) {
        Some(export) => Ok(Some(EntryMember { member: number, export })),
        None => Err(AppFileProblem::NothingToRun { file, id, there: Rc::clone(&member.exports) }),
    }
}

/// The member that `run` starts.
pub struct EntryMember<'a> {
    member: usize,
    export: &'a ExternName,
}

impl EntryMember<'_> {
    /// The entry in terms of a plan, given each member's place in it.
    pub fn planned(self, place: impl Fn(usize) -> PluginIndex) -> Entry {
        Entry { plugin: place(self.member), export: self.export.clone() }
    }
}

/// The only plugin that lists the export; where none does, the only one whose binary has it.
fn only_entry<'a>(scene: &'a Scene<'a>) -> Option<EntryMember<'a>> {
    only(scene, listed_run).or_else(|| {
        let nobody_lists_it = scene.members.iter().all(|member| listed_run(member).is_none());
        nobody_lists_it.then(|| only(scene, run_export)).flatten()
    })
}

fn only<'a>(scene: &'a Scene<'a>, find: impl Fn(&'a Member<'a>) -> Option<&'a ExternName>) -> Option<EntryMember<'a>> {
    let members = scene.members.iter().enumerate();
    let mut found = members.filter_map(|(member, plugin)| Some(EntryMember { member, export: find(plugin)? }));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Of several versions the highest, as of several exports that fit an import.
fn highest_run<'a>(names: impl Iterator<Item = &'a ExternName>) -> Option<&'a ExternName> {
    names.filter(|name| name.base() == RUN).max_by(|a, b| a.version().cmp(&b.version()))
}

fn listed_run<'a>(member: &'a Member<'a>) -> Option<&'a ExternName> {
    highest_run(member.listing.exports.iter().map(|listed| &listed.export.name))
}

/// Running the entry is not linking it, so that its export may also be private.
fn run_export<'a>(member: &'a Member<'a>) -> Option<&'a ExternName> {
    listed_run(member).or_else(|| highest_run(member.listing.private.iter().copied()))
}
