//! Holding a manifest against its binary: PW101, PW102, PW103.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::diagnostic::{Code, Diagnostic, Spanned};
use crate::manifest::{ExportEntry, ImportEntry};
use crate::model::{ExternName, Resource, Type};
use crate::world::{Extern, ExternKind, World};

use super::names::{Found, Names};
use super::near::{Relation, relation};
use super::{Plugin, offered, version, wasi};
use crate::words::{Effort, list};

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
pub fn read<'a>(
    plugin: &'a Plugin,
    world: &'a World,
    effort: &Effort,
    diagnostics: &mut Vec<Diagnostic>,
) -> Listing<'a> {
    let reading = Reading { plugin, world, effort, has: Sides::new(world) };
    let exports = reading.exports(diagnostics);
    let (imports, vague) = reading.imports(diagnostics);
    let listed: HashSet<&ExternName> = exports.iter().map(|listed| &listed.export.name).collect();
    let private = world.exports.iter().map(|export| &export.name).filter(|name| !listed.contains(name)).collect();
    let mut listing = Listing { exports, imports: Vec::new(), runtime: Vec::new(), types_only: Vec::new(), private };
    let bases: HashSet<&str> = plugin.manifest.imports.iter().map(|entry| entry.name.value.base()).collect();
    for (index, import) in world.imports.iter().enumerate() {
        let listed = imports.get(&index).copied();
        if import.functions.is_empty() {
            if wasi::offers(&import.name) {
                diagnostics.extend(offered::check(plugin, import));
                listing.runtime.push(import);
            } else {
                listing.types_only.push(import);
            }
        } else if let Some(entry) = listed {
            diagnostics.extend(runtime_resource(plugin, import, entry, &bases));
            let target = entry.from.as_ref().map_or(&import.name, |from| &from.value).clone();
            listing.imports.push(ListedImport { entry, import, target });
        } else if wasi::offers(&import.name) {
            diagnostics.extend(offered::check(plugin, import));
            listing.runtime.push(import);
        } else if !vague.contains(&import.name) {
            diagnostics.push(unlisted_import(plugin, import));
        }
    }
    diagnostics.extend(shared_with_runtime(plugin, &listing));
    listing
}

/// The names of a world's imports and exports.
struct Sides<'a> {
    imports: Names<'a>,
    exports: Names<'a>,
    /// Those that have functions, which a key is probably meant to name.
    callable_imports: Names<'a>,
    callable_exports: Names<'a>,
}

impl<'a> Sides<'a> {
    fn new(world: &'a World) -> Self {
        let names = |externs: &'a [Extern], counts: fn(&Extern) -> bool| {
            let counted = externs.iter().enumerate().filter(|(_, item)| counts(item));
            Names::new(counted.map(|(index, item)| (index, &item.name)))
        };
        let has_functions = |item: &Extern| !item.functions.is_empty();
        Self {
            imports: names(&world.imports, |_| true),
            exports: names(&world.exports, |item| item.kind != ExternKind::Type),
            callable_imports: names(&world.imports, has_functions),
            callable_exports: names(&world.exports, has_functions),
        }
    }
}

/// The lines of a manifest by the index of the import that each names.
type ByImport<'a> = HashMap<usize, &'a ImportEntry>;

struct Reading<'a, 'b> {
    plugin: &'a Plugin,
    world: &'a World,
    effort: &'b Effort,
    has: Sides<'a>,
}

impl<'a> Reading<'a, '_> {
    fn exports(&self, diagnostics: &mut Vec<Diagnostic>) -> Vec<ListedExport<'a>> {
        let (plugin, world) = (self.plugin, self.world);
        let mut listed: BTreeMap<usize, ListedExport<'a>> = BTreeMap::new();
        for entry in &plugin.manifest.exports {
            match self.has.exports.find(&entry.name.value) {
                Found::One(index) => {
                    if let Some(first) = listed.get(&index) {
                        let first = first.entry.name.span.clone();
                        diagnostics.push(listed_twice(plugin, Code::Pw103, &entry.name, first, "export"));
                        continue;
                    }
                    let priority = plugin.settings.priorities.get(&entry.name.value).copied();
                    let priority = priority.unwrap_or(entry.priority);
                    listed.insert(index, ListedExport { entry, export: &world.exports[index], priority });
                }
                Found::None => {
                    let is_import = self.has.imports.contains(&entry.name.value);
                    diagnostics.push(self.absent(Code::Pw103, &entry.name, "export", is_import));
                }
                Found::Several(names) => {
                    diagnostics.push(ambiguous(plugin, Code::Pw103, &entry.name, "exports", &names));
                }
            }
        }
        listed.into_values().collect()
    }

    /// The listed imports; and those that a key without version names among others, which are listed,
    /// if only vaguely: that they are missing would be no news.
    fn imports(&self, diagnostics: &mut Vec<Diagnostic>) -> (ByImport<'a>, HashSet<&'a ExternName>) {
        let plugin = self.plugin;
        let mut listed = ByImport::new();
        let mut vague = HashSet::new();
        for entry in &plugin.manifest.imports {
            match self.has.imports.find(&entry.name.value) {
                Found::One(index) => match listed.get(&index) {
                    Some(first) => {
                        let first = first.name.span.clone();
                        diagnostics.push(listed_twice(plugin, Code::Pw102, &entry.name, first, "import"));
                    }
                    None => drop(listed.insert(index, entry)),
                },
                Found::None => {
                    let is_export = self.has.exports.contains(&entry.name.value);
                    diagnostics.push(self.absent(Code::Pw102, &entry.name, "import", is_export));
                }
                Found::Several(names) => {
                    diagnostics.push(ambiguous(plugin, Code::Pw102, &entry.name, "imports", &names));
                    vague.extend(names);
                }
            }
        }
        (listed, vague)
    }

    /// PW102 and PW103
    fn absent(&self, code: Code, name: &Spanned<ExternName>, what: &str, is_on_other_side: bool) -> Diagnostic {
        let plugin = self.plugin;
        let id = plugin.id();
        let there = if what == "import" { &self.has.callable_imports } else { &self.has.callable_exports };
        let diagnostic = Diagnostic::error(code, format!("the binary of `{id}` does not {what} `{}`", name.value))
            .label(plugin.manifest.file, name.span.clone(), format!("no such {what} in `{}`", plugin.component))
            .note(format!("it {what}s {}", there.told()));
        if is_on_other_side {
            let (other, table) = if what == "import" { ("export", "[exports]") } else { ("import", "[imports]") };
            return diagnostic.help(format!("the binary {other}s it: move the line to `{table}`"));
        }
        match there.nearest(&name.value, self.effort) {
            Some((other, _)) => diagnostic.help(format!("did you mean `{other}`?")),
            None => diagnostic.help(format!("remove the line, or build the plugin so that it {what}s the interface")),
        }
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
    let effort = Effort::share();
    let near: Vec<String> = wasi::offered()
        .filter(|offered| {
            let base = ExternName::parse(offered.split('@').next().unwrap_or(offered));
            base.is_ok_and(|base| near_wasi(name, &base, &effort))
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

/// PW205: a resource that the runtime defines, named by an interface that plugins serve.
fn runtime_resource(
    plugin: &Plugin,
    import: &Extern,
    entry: &ImportEntry,
    listed: &HashSet<&str>,
) -> Option<Diagnostic> {
    let is_listed = |interface: &ExternName| listed.contains(interface.base());
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
    let place = entry.name.span.clone();
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
    let by_name: HashMap<&ExternName, &ListedImport<'_>> =
        listing.imports.iter().rev().map(|listed| (&listed.import.name, listed)).collect();
    let of = |import: &Extern| {
        let listed = |resource: &Resource| by_name.get(resource.interface.as_ref()?).copied();
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
fn near_wasi(wanted: &ExternName, offered: &ExternName, effort: &Effort) -> bool {
    let near = || matches!(relation(wanted, offered, effort), Some(Relation::Version | Relation::Name));
    wanted.base() == offered.base() || near()
}

fn ambiguous(plugin: &Plugin, code: Code, name: &Spanned<ExternName>, what: &str, names: &[&ExternName]) -> Diagnostic {
    let message = format!("the binary of `{}` {what} several versions of `{}`", plugin.id(), name.value);
    Diagnostic::error(code, message)
        .label(plugin.manifest.file, name.span.clone(), "which version?")
        .note(format!("it {what} {}", list(names)))
        .help("write the version behind an `@`, one line for each version")
}

fn listed_twice(
    plugin: &Plugin,
    code: Code,
    name: &Spanned<ExternName>,
    first: crate::diagnostic::Span,
    what: &str,
) -> Diagnostic {
    Diagnostic::error(code, format!("`{}` names an {what} that is listed already", name.value))
        .label(plugin.manifest.file, name.span.clone(), "listed a second time")
        .label(plugin.manifest.file, first, "first here")
        .help("remove one of the two lines")
}
