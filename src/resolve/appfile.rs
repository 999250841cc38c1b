//! What `app.toml` says about plugins: PW401 for what names something unknown or cannot be.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, FileId, Spanned};
use crate::manifest::{AppFile, BindEntry};
use crate::model::{ExternName, FuncType, PluginId, Type};
use crate::plan::{Entry, PluginIndex};

use super::names::Found;
use super::providers::{best_offer, binding, bound_import, is_vague, serving_host, target};
use super::{Member, Scene, version};
use crate::words::list;

/// The interface that `run` calls.
const RUN: &str = "wasi:cli/run";

/// Checks the ids and bindings of `app.toml`.
pub fn check(scene: &Scene<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let Some(file) = &scene.app.file else { return };
    for plugin in &file.plugins {
        diagnostics.extend(unknown(scene, file.file, &plugin.id));
    }
    for entry in &file.bind {
        match unknown(scene, file.file, &entry.consumer) {
            Some(diagnostic) => diagnostics.push(diagnostic),
            None => check_binding(scene, file, entry, diagnostics),
        }
    }
}

fn unknown(scene: &Scene<'_>, file: FileId, id: &Spanned<PluginId>) -> Option<Diagnostic> {
    if scene.app.unknown_ids || scene.plugin(&id.value).is_some() {
        return None;
    }
    let ids = &scene.ids;
    let there =
        if ids.is_empty() { "the app has no plugins".to_owned() } else { format!("the plugins are {}", list(ids)) };
    let diagnostic = Diagnostic::error(Code::Pw401, format!("there is no plugin `{}`", id.value))
        .label(file, id.span.clone(), "no such plugin")
        .note(there);
    Some(match scene.effort.closest(id.value.as_str(), ids.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help("correct the id, or remove the line"),
    })
}

fn check_binding(scene: &Scene<'_>, file: &AppFile, entry: &BindEntry, diagnostics: &mut Vec<Diagnostic>) {
    // A disabled or broken consumer binds nothing.
    let Some(consumer) = scene.member(&entry.consumer.value) else { return };
    let member = &scene.members[consumer];
    let Some(import) = bound_import(member, &entry.import.value) else {
        diagnostics.push(no_such_import(scene, file, entry, member));
        return;
    };
    if let Some(first) = binding(scene, consumer, import).filter(|first| !std::ptr::eq(*first, entry)) {
        diagnostics.push(
            Diagnostic::error(Code::Pw401, format!("`{}` of `{}` is bound twice", entry.import.value, member.id()))
                .label(file.file, entry.import.span.clone(), "bound a second time")
                .label(file.file, first.import.span.clone(), "first here")
                .help("remove one of the two lines"),
        );
    }
    // While it is not clear what is to be exported, nobody can be said not to do so.
    if !is_vague(scene, import) {
        diagnostics.extend(check_host(scene, file, entry, target(import)));
    }
    for provider in &entry.providers.value {
        diagnostics.extend(check_provider(scene, file, entry, consumer, provider));
    }
}

fn no_such_import(scene: &Scene<'_>, file: &AppFile, entry: &BindEntry, member: &Member<'_>) -> Diagnostic {
    let wanted = &entry.import.value;
    let (message, label) = if matches!(member.imports.find(wanted), Found::Several(_)) {
        (format!("`{}` imports several versions of `{wanted}`", member.id()), "which version?")
    } else {
        (format!("`{}` has no import `{wanted}` to bind", member.id()), "no such import")
    };
    let diagnostic = Diagnostic::error(Code::Pw401, message)
        .label(file.file, entry.import.span.clone(), label)
        .note(format!("it imports {}", member.imports.told()));
    let near = || member.imports.nearest(wanted, &scene.effort).map(|(near, _)| near);
    match member.by_target(wanted).map(|import| &import.import.name).or_else(near) {
        Some(near) => diagnostic.help(format!("write the import's own name: `{near}`")),
        None => diagnostic.help("write the import's own name, as the consumer's manifest lists it"),
    }
}

fn check_provider(
    scene: &Scene<'_>,
    file: &AppFile,
    entry: &BindEntry,
    consumer: usize,
    provider: &Spanned<PluginId>,
) -> Option<Diagnostic> {
    let import = bound_import(&scene.members[consumer], &entry.import.value)?;
    let wanted = target(import);
    let id = &provider.value;
    let refuse = |message: String, label: &str| {
        Diagnostic::error(Code::Pw401, message).label(file.file, provider.span.clone(), label)
    };
    if let Some(diagnostic) = unknown(scene, file.file, provider) {
        return Some(diagnostic);
    }
    let plugin = scene.plugin(id)?;
    if *id == *scene.members[consumer].id() {
        let message = format!("`{id}` cannot provide for itself");
        return Some(refuse(message, "the consumer itself").help("name another plugin"));
    }
    if !plugin.settings.enabled {
        return Some(
            refuse(format!("`{id}` is bound but disabled"), "disabled")
                .label(plugin.manifest.file, plugin.manifest.header.clone(), "this plugin")
                .help(format!("enable `{id}`, or bind another plugin")),
        );
    }
    // A broken plugin has its own diagnostic.
    let member = scene.member(id)?;
    if best_offer(scene, member, import).is_some() || is_vague(scene, import) {
        return None;
    }
    let listing = &scene.members[member].listing;
    let diagnostic = refuse(format!("`{id}` does not export `{wanted}`"), "does not export it")
        .note(format!("it exports {}", scene.members[member].exports_told()));
    Some(match listing.private.iter().find(|name| version::serves(wanted, name)) {
        Some(private) => {
            let header = plugin.manifest.exports_header.clone().unwrap_or_else(|| plugin.manifest.header.clone());
            diagnostic
                .label(
                    plugin.manifest.file,
                    header,
                    format!("its binary exports `{private}`, which is not listed here"),
                )
                .help(format!("add `\"{private}\" = {{}}` to the `[exports]` of `{id}`, or bind another plugin"))
        }
        None => diagnostic.help("bind a plugin that exports the interface"),
    })
}

fn check_host(scene: &Scene<'_>, file: &AppFile, entry: &BindEntry, wanted: &ExternName) -> Option<Diagnostic> {
    let place = entry.host.clone()?;
    if serving_host(scene, wanted).is_some() {
        return None;
    }
    let offered = list(scene.app.host.iter().map(|host| &host.written.value));
    Some(
        Diagnostic::error(Code::Pw401, format!("the host does not offer `{wanted}`"))
            .label(file.file, place, "bound to the host here")
            .note(format!("it offers {offered}"))
            .help(format!("add `\"{wanted}\" = \"wit\"` to `[host]`, or bind a plugin")),
    )
}

/// The plugin that `run` starts: the one that `app.toml` names, or the only one that exports
/// `wasi:cli/run`.
pub fn entry<'a>(scene: &'a Scene<'a>, diagnostics: &mut Vec<Diagnostic>) -> Option<EntryMember> {
    let entry = choose_entry(scene, diagnostics)?;
    diagnostics.extend(wrong_run(scene, &entry));
    Some(entry)
}

/// PW203: what looks like an entry, but is of another type than `run: func() -> result`.
fn wrong_run(scene: &Scene<'_>, entry: &EntryMember) -> Option<Diagnostic> {
    let member = &scene.members[entry.member];
    let export = member.plugin.world.as_ref()?.export(&entry.export)?;
    let run = export.function("run").map(|run| &run.ty);
    let wanted = FuncType { is_async: false, params: Vec::new(), result: Some(Arc::new(Type::Result(None, None))) };
    if run == Some(&wanted) {
        return None;
    }
    let manifest = &member.plugin.manifest;
    let listed = member.listing.exports.iter().find(|listed| listed.export.name == entry.export);
    let place = listed.map_or(&manifest.header, |listed| &listed.entry.name.span).clone();
    let found = run.map_or("it has no function `run`".to_owned(), |ty| format!("it has `run: {ty}`"));
    Some(
        Diagnostic::error(Code::Pw203, format!("`{}` of `{}` cannot be run", entry.export, member.id()))
            .label(manifest.file, place, format!("expected `run: {wanted}`"))
            .note(found)
            .help("build the plugin against `wasi:cli/run` as WASI defines it"),
    )
}

fn choose_entry<'a>(scene: &'a Scene<'a>, diagnostics: &mut Vec<Diagnostic>) -> Option<EntryMember> {
    let named = scene.app.file.as_ref().and_then(|file| Some((file.file, file.entry.as_ref()?)));
    let Some((file, id)) = named else { return only_entry(scene) };
    if let Some(diagnostic) = unknown(scene, file, id) {
        diagnostics.push(diagnostic);
        return None;
    }
    let Some(member) = scene.member(&id.value) else {
        if scene.plugin(&id.value).is_some_and(|plugin| !plugin.settings.enabled) {
            diagnostics.push(
                Diagnostic::error(Code::Pw401, format!("the entry `{}` is disabled", id.value))
                    .label(file, id.span.clone(), "disabled")
                    .help(format!("enable `{}`, or name another plugin", id.value)),
            );
        }
        return None;
    };
    let found = run_export(&scene.members[member]);
    if found.is_none() {
        diagnostics.push(nothing_to_run(&scene.members[member], file, id));
    }
    found.map(|export| EntryMember { member, export: export.clone() })
}

fn nothing_to_run(member: &Member<'_>, file: FileId, id: &Spanned<PluginId>) -> Diagnostic {
    let exports = member.exports_told();
    Diagnostic::error(Code::Pw401, format!("the entry `{}` does not export `{RUN}`", id.value))
        .label(file, id.span.clone(), "nothing to run")
        .note(format!("it exports {exports}"))
        .help(format!("name a plugin whose binary exports `{RUN}`"))
}

/// The member that `run` starts.
pub struct EntryMember {
    member: usize,
    export: ExternName,
}

impl EntryMember {
    /// The entry in terms of a plan, given each member's place in it.
    pub fn planned(self, place: impl Fn(usize) -> PluginIndex) -> Entry {
        Entry { plugin: place(self.member), export: self.export }
    }
}

/// The only plugin that lists the export; where none does, the only one whose binary has it.
fn only_entry(scene: &Scene<'_>) -> Option<EntryMember> {
    only(scene, listed_run).or_else(|| {
        let nobody_lists_it = scene.members.iter().all(|member| listed_run(member).is_none());
        nobody_lists_it.then(|| only(scene, run_export)).flatten()
    })
}

fn only<'a>(scene: &'a Scene<'a>, find: impl Fn(&'a Member<'a>) -> Option<&'a ExternName>) -> Option<EntryMember> {
    let mut found = scene
        .members
        .iter()
        .enumerate()
        .filter_map(|(member, plugin)| Some(EntryMember { member, export: find(plugin)?.clone() }));
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
