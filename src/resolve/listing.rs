//! Holding a manifest against its binary: PW101, PW102, PW103.

use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{ExportEntry, ImportEntry};
use crate::model::{ExternName, Resource, Type};
use crate::world::{Extern, ExternKind, World};

use super::near::{Relation, nearest_name, relation};
use super::{Plugin, offered, version, wasi};
use crate::words::list;

/// What a manifest lists, together with what the binary says of it, in the order of the binary.
pub struct Listing<'a> {
    /// The listed exports.
    pub exports: Vec<ListedExport<'a>>,
    /// The imports that plugins or the host serve.
    pub imports: Vec<ListedImport<'a>>,
    /// The imports that the runtime serves.
    pub runtime: Vec<&'a Extern>,
    /// The imports without functions.
    pub types_only: Vec<&'a Extern>,
    /// The exports of the binary that the manifest does not list.
    pub private: Vec<&'a ExternName>,
}

/// An export that the manifest offers.
pub struct ListedExport<'a> {
    /// Its line.
    pub entry: &'a ExportEntry,
    /// What the binary says.
    pub export: &'a Extern,
    /// Its priority, the app's word included.
    pub priority: i64,
}

impl ListedExport<'_> {
    /// Whether this serves an import: of the same kind, under its name, in a version that fits. An
    /// interface serves no function, whatever their names.
    pub fn serves(&self, import: &ListedImport<'_>) -> bool {
        self.export.kind == import.import.kind && version::serves(&import.target, &self.export.name)
    }
}

/// An import that the manifest lists.
pub struct ListedImport<'a> {
    /// Its line.
    pub entry: &'a ImportEntry,
    /// What the binary says.
    pub import: &'a Extern,
    /// The interface that providers export: that of `from`, else the import's own.
    pub target: ExternName,
}

/// Holds a plugin's manifest against its world.
pub fn read<'a>(plugin: &'a Plugin, world: &'a World, diagnostics: &mut Vec<Diagnostic>) -> Listing<'a> {
    let exports = exports(plugin, world, diagnostics);
    let (imports, vague) = imports(plugin, world, diagnostics);
    let is_listed = |name: &ExternName| exports.iter().any(|listed| listed.export.name == *name);
    let private = world.exports.iter().map(|export| &export.name).filter(|name| !is_listed(name)).collect();
    let mut listing = Listing { exports, imports: Vec::new(), runtime: Vec::new(), types_only: Vec::new(), private };
    for import in &world.imports {
        let listed = imports.iter().find(|(_, found)| std::ptr::eq(*found, import));
        if import.functions.is_empty() {
            if wasi::offers(&import.name) {
                diagnostics.extend(offered::check(plugin, import));
                listing.runtime.push(import);
            } else {
                diagnostics.extend(runtime_resource(plugin, import, listed.map(|(entry, _)| *entry)));
                listing.types_only.push(import);
            }
        } else if let Some((entry, _)) = listed {
            diagnostics.extend(runtime_resource(plugin, import, Some(entry)));
            let target = entry.from.as_ref().map_or(&import.name, |from| &from.value).clone();
            listing.imports.push(ListedImport { entry, import, target });
        } else if wasi::offers(&import.name) {
            diagnostics.extend(offered::check(plugin, import));
            listing.runtime.push(import);
        } else if !vague.contains(&&import.name) {
            diagnostics.push(unlisted_import(plugin, import));
        }
    }
    diagnostics.extend(shared_with_runtime(plugin, &listing));
    listing
}

fn exports<'a>(plugin: &'a Plugin, world: &'a World, diagnostics: &mut Vec<Diagnostic>) -> Vec<ListedExport<'a>> {
    let mut listed: Vec<ListedExport<'a>> = Vec::new();
    for entry in &plugin.manifest.exports {
        let offered = |export: &&Extern| export.kind != ExternKind::Type;
        match find(world.exports.iter().filter(offered), &entry.name.value) {
            Found::One(export) => {
                let own = |listed: &ListedExport<'_>| std::ptr::eq(listed.export, export);
                if let Some(first) = listed.iter().find(|listed| own(listed)) {
                    let first = first.entry.name.span.clone();
                    diagnostics.push(listed_twice(plugin, Code::Pw103, &entry.name, first, "export"));
                    continue;
                }
                let priority = plugin.settings.priorities.get(&entry.name.value).copied().unwrap_or(entry.priority);
                listed.push(ListedExport { entry, export, priority });
            }
            Found::None => {
                diagnostics.push(absent(plugin, Code::Pw103, &entry.name, "export", &world.exports, &world.imports));
            }
            Found::Several(names) => diagnostics.push(ambiguous(plugin, Code::Pw103, &entry.name, "exports", &names)),
        }
    }
    listed.sort_by_key(|listed| world.exports.iter().position(|export| std::ptr::eq(export, listed.export)));
    listed
}

/// The listed imports; and those that a key without version names among others, which are listed,
/// if only vaguely: that they are missing would be no news.
fn imports<'a>(
    plugin: &'a Plugin,
    world: &'a World,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Vec<(&'a ImportEntry, &'a Extern)>, Vec<&'a ExternName>) {
    let mut listed: Vec<(&'a ImportEntry, &'a Extern)> = Vec::new();
    let mut vague = Vec::new();
    for entry in &plugin.manifest.imports {
        match find(world.imports.iter(), &entry.name.value) {
            Found::One(import) => match listed.iter().find(|(_, other)| std::ptr::eq(*other, import)) {
                Some((first, _)) => {
                    let first = first.name.span.clone();
                    diagnostics.push(listed_twice(plugin, Code::Pw102, &entry.name, first, "import"));
                }
                None => listed.push((entry, import)),
            },
            Found::None => {
                diagnostics.push(absent(plugin, Code::Pw102, &entry.name, "import", &world.imports, &world.exports));
            }
            Found::Several(names) => {
                diagnostics.push(ambiguous(plugin, Code::Pw102, &entry.name, "imports", &names));
                vague.extend(names);
            }
        }
    }
    (listed, vague)
}

/// What a manifest's key finds among the names of a binary.
pub enum Found<'a, T> {
    /// It names nothing.
    None,
    /// It names this one.
    One(&'a T),
    /// It leaves the version out, or is of another release of WASI 0.2, and there are several.
    Several(Vec<&'a ExternName>),
}

/// Finds what a key names: exactly, or by a name without version when only one version is there.
fn find<'a>(externs: impl Iterator<Item = &'a Extern>, key: &ExternName) -> Found<'a, Extern> {
    find_by(externs, key, |found| &found.name)
}

/// Finds what a key names among things with a name. A key of WASI 0.2 also names the only other release that is
/// there: which one it is the tool chain decides, or the adapter of WASI preview 1, and it changes with them.
pub fn find_by<'a, T>(
    things: impl Iterator<Item = &'a T>,
    key: &ExternName,
    name: impl Fn(&'a T) -> &'a ExternName,
) -> Found<'a, T> {
    let same_base: Vec<&T> = things.filter(|thing| name(thing).base() == key.base()).collect();
    if let Some(exact) = same_base.iter().find(|thing| name(thing) == key) {
        return Found::One(exact);
    }
    let meant: Vec<&T> = match key.version() {
        None => same_base,
        Some(_) if key.is_wasi_0_2() => same_base.into_iter().filter(|thing| name(thing).is_wasi_0_2()).collect(),
        Some(_) => Vec::new(),
    };
    match meant.as_slice() {
        [] => Found::None,
        [one] => Found::One(one),
        several => Found::Several(several.iter().map(|thing| name(thing)).collect()),
    }
}

/// PW101: an import that the manifest would have to list.
pub fn unlisted_import(plugin: &Plugin, import: &Extern) -> Diagnostic {
    let manifest = &plugin.manifest;
    let (id, name) = (plugin.id(), &import.name);
    let place = manifest.imports_header.clone().unwrap_or_else(|| manifest.header.clone());
    let label = match &manifest.imports_header {
        Some(_) => format!("`{name}` is not listed here"),
        None => "there is no `[imports]` table".to_owned(),
    };
    let served_by_runtime = matches!(name.namespace(), Some("wasi" | "plugweave"));
    let message = if served_by_runtime {
        format!("the binary of `{id}` imports `{name}`, which the runtime does not offer")
    } else {
        format!("the binary of `{id}` imports `{name}`, which its manifest does not list")
    };
    let functions = list(import.functions.iter().map(|function| &function.name));
    let diagnostic = Diagnostic::error(Code::Pw101, message)
        .label(manifest.file, place, label)
        .note(format!("it imports {functions} from there"));
    if !served_by_runtime {
        return diagnostic.help(format!("add `\"{name}\" = \"exactly-one\"` to `[imports]`, or another cardinality"));
    }
    let near: Vec<String> = wasi::offered()
        .filter(|offered| {
            ExternName::parse(offered.split('@').next().unwrap_or(offered)).is_ok_and(|o| near_wasi(name, &o))
        })
        .collect();
    let package = |name: &str| name.split('/').next().map(str::to_owned);
    let of_package = |offered: String| package(&offered) == package(name.base());
    let diagnostic = if !near.is_empty() {
        diagnostic.note(format!("the runtime offers {}", list(near)))
    } else if name.namespace() == Some("wasi") && !wasi::offered().any(of_package) {
        diagnostic.note(format!("the runtime offers nothing of `{}`", package(name.base()).unwrap_or_default()))
    } else {
        diagnostic
    };
    diagnostic.help(format!(
        "build the plugin against an interface that the runtime offers, or list `\"{name}\" = \"exactly-one\"` in `[imports]` and add a plugin that exports it"
    ))
}

/// PW205: a resource that the runtime defines, named by an interface that it does not serve.
fn runtime_resource(plugin: &Plugin, import: &Extern, entry: Option<&ImportEntry>) -> Option<Diagnostic> {
    let is_listed = |interface: &ExternName| {
        let listed = plugin.manifest.imports.iter().map(|entry| &entry.name.value);
        listed.into_iter().any(|name| name.base() == interface.base())
    };
    let of_runtime = |resource: &Resource| {
        resource.interface.as_ref().is_some_and(|interface| wasi::offers(interface) && !is_listed(interface))
    };
    // Functions that pass such handles are told one by one.
    let is_passed = |ty: &Type| ty.resource().is_some_and(of_runtime);
    if import.functions.iter().flat_map(|function| function.ty.types()).any(|ty| ty.find(&is_passed).is_some()) {
        return None;
    }
    let (_, resource) = import.resources.iter().find(|(_, resource)| of_runtime(resource))?;
    let manifest = &plugin.manifest;
    let header = manifest.imports_header.as_ref().unwrap_or(&manifest.header);
    let place = entry.map_or(header, |entry| &entry.name.span).clone();
    let (name, interface) = (&resource.name, resource.interface.as_ref()?);
    Some(
        Diagnostic::error(
            Code::Pw205,
            format!("the import `{}` of `{}` names the resource `{name}` of `{interface}`", import.name, plugin.id()),
        )
        .label(manifest.file, place, "a resource of the runtime cannot pass between plugins")
        .help("pass plain data instead, such as the bytes that were read from a stream"),
    )
}

/// PW205: a resource of a listed interface, named by one that the runtime serves: it knows its own only.
fn shared_with_runtime(plugin: &Plugin, listing: &Listing<'_>) -> Option<Diagnostic> {
    let of = |import: &Extern| {
        let listed = |resource: &Resource| {
            let is_its = |listed: &&ListedImport<'_>| resource.interface.as_ref() == Some(&listed.import.name);
            listing.imports.iter().find(is_its)
        };
        import.resources.iter().find_map(|(_, resource)| Some((resource.name.clone(), listed(resource)?)))
    };
    let (import, (name, listed)) = listing.runtime.iter().find_map(|import| Some((*import, of(import)?)))?;
    let (interface, id) = (&listed.import.name, plugin.id());
    Some(
        Diagnostic::error(
            Code::Pw205,
            format!("the import `{}` of `{id}` names the resource `{name}` of `{interface}`", import.name),
        )
        .label(plugin.manifest.file, listed.entry.name.span.clone(), "listed, so that the runtime does not serve it")
        .note(format!("the runtime serves `{}`, with resources of its own", import.name))
        .help("leave both to the runtime, or list both and add plugins that export them"),
    )
}

/// Whether what the runtime offers could be meant. An interface of the same name in another package of WASI is
/// another interface: that of `wasi:http/types` has nothing to do with that of `wasi:filesystem/types`.
fn near_wasi(wanted: &ExternName, offered: &ExternName) -> bool {
    let near = || matches!(relation(wanted, offered), Some(Relation::Version | Relation::Name));
    wanted.base() == offered.base() || near()
}

/// PW102 and PW103
fn absent(
    plugin: &Plugin,
    code: Code,
    name: &crate::diagnostic::Spanned<ExternName>,
    what: &str,
    there: &[Extern],
    other_side: &[Extern],
) -> Diagnostic {
    let id = plugin.id();
    let with_functions = there.iter().filter(|other| !other.functions.is_empty());
    let names: Vec<&ExternName> = with_functions.map(|other| &other.name).collect();
    let diagnostic = Diagnostic::error(code, format!("the binary of `{id}` does not {what} `{}`", name.value))
        .label(plugin.manifest.file, name.span.clone(), format!("no such {what} in `{}`", plugin.component))
        .note(format!("it {what}s {}", list(&names)));
    if other_side.iter().any(|other| other.name == name.value) {
        let (other, table) = if what == "import" { ("export", "[exports]") } else { ("import", "[imports]") };
        return diagnostic.help(format!("the binary {other}s it: move the line to `{table}`"));
    }
    match nearest_name(&name.value, names) {
        Some((other, _)) => diagnostic.help(format!("did you mean `{other}`?")),
        None => diagnostic.help(format!("remove the line, or build the plugin so that it {what}s the interface")),
    }
}

fn ambiguous(
    plugin: &Plugin,
    code: Code,
    name: &crate::diagnostic::Spanned<ExternName>,
    what: &str,
    names: &[&ExternName],
) -> Diagnostic {
    let message = format!("the binary of `{}` {what} several versions of `{}`", plugin.id(), name.value);
    Diagnostic::error(code, message)
        .label(plugin.manifest.file, name.span.clone(), "which version?")
        .note(format!("it {what} {}", list(names)))
        .help("write the version behind an `@`, one line for each version")
}

fn listed_twice(
    plugin: &Plugin,
    code: Code,
    name: &crate::diagnostic::Spanned<ExternName>,
    first: crate::diagnostic::Span,
    what: &str,
) -> Diagnostic {
    Diagnostic::error(code, format!("`{}` names an {what} that is listed already", name.value))
        .label(plugin.manifest.file, name.span.clone(), "listed a second time")
        .label(plugin.manifest.file, first, "first here")
        .help("remove one of the two lines")
}
