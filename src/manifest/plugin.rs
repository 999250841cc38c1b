use super::limits::limits;
use super::reader::{self, Item, Read, Reader, Table};
use super::value::{
    self, extern_name, extern_name_key, filled_text, id_help, id_reason, nearest_id, number, sha256, version,
};
use super::wasi::{texts, wasi};
use super::{ExportEntry, ImportEntry, Manifest, Unknown};
use crate::diagnostic::{Diagnostic, FileId, Span, Spanned};
use crate::model::{Cardinality, OnFailure, PluginId};

const COMPONENT: &str = "\"wasm/markdown.wasm\"";
const WIT: &str = "\"../wit\"";

/// Reads a plugin's manifest.
///
/// `default_id` is the stem of the file, or the name of the folder of a `plugin.toml`. The
/// diagnostics list every mistake in the file. A manifest that has some is not to be used, but it
/// comes back all the same, with the wrong entries left out, so that the plugin is known: under
/// an id that was probably meant where the id itself is wrong, with an empty `component` where
/// that is missing. It is `None` only when no id can be made out.
pub fn parse_manifest(file: FileId, text: &str, default_id: &str) -> (Option<Manifest>, Vec<Diagnostic>) {
    let read = read_manifest(file, text, default_id);
    (read.manifest, read.diagnostics)
}

/// What was read of a plugin's manifest.
pub(crate) struct ReadManifest {
    /// The manifest, where an id could be made out.
    pub(crate) manifest: Option<Manifest>,
    /// Every mistake in the file.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What they leave unknown.
    pub(crate) unknown: Unknown,
    /// Whether the text has a table or key `plugin`, which only manifests have; where it was not parsed, whether it
    /// could have.
    pub(crate) has_plugin_table: bool,
}

/// As [`parse_manifest`], with what else is known of the file.
pub(crate) fn read_manifest(file: FileId, text: &str, default_id: &str) -> ReadManifest {
    let mut has_plugin_table = false;
    let Read { value: mut manifest, diagnostics, is_whole } = reader::read(file, text, |reader, root| {
        has_plugin_table = root.has("plugin");
        manifest(reader, root, default_id)
    });
    if reader::is_too_intricate(text) {
        has_plugin_table = super::has_plugin_table(text);
    }
    // A file with errors of syntax may offer more.
    if let Some(manifest) = &mut manifest {
        manifest.unknown |= Unknown::OFFERS.when(!is_whole);
    }
    let unknown = manifest.as_ref().map_or(Unknown::MANIFEST, |manifest| manifest.unknown);
    ReadManifest { manifest, diagnostics, unknown, has_plugin_table }
}

fn manifest(reader: &mut Reader, root: &mut Table<'_>, default_id: &str) -> Option<Manifest> {
    let plugin = plugin(reader, root, default_id);
    let before = reader.findings.len();
    let (exports_header, exports) = entries(reader, root, "exports", export);
    let listed_well = reader.findings.len() == before;
    let (imports_header, imports) = entries(reader, root, "imports", import);
    let limits_table = root.section(reader, "limits");
    let limits = limits(reader, limits_table);
    let wasi_table = root.section(reader, "wasi");
    let wasi = wasi(reader, wasi_table);
    let config_table = root.section(reader, "config");
    let config = config_table.map(|table| texts(reader, table, "\"fr-FR\"")).unwrap_or_default();
    let problems = reader.findings.len();
    root.finish(reader);
    let offers_are_clear = listed_well && reader.findings.len() == problems;
    Some(Manifest {
        file: reader.file,
        id: plugin.id?,
        component: plugin.component,
        version: plugin.version,
        description: plugin.description.map(|description| description.value),
        enabled: plugin.enabled.as_ref().is_none_or(|enabled| enabled.value),
        enabled_span: plugin.enabled.map(|enabled| enabled.span),
        sha256: plugin.sha256,
        wit: plugin.wit,
        world: plugin.world,
        exports,
        imports,
        limits,
        wasi,
        config,
        unknown: Unknown::ID.when(plugin.id_is_guessed) | Unknown::OFFERS.when(!offers_are_clear),
        header: plugin.header,
        imports_header,
        exports_header,
    })
}

/// What `[plugin]` says.
struct Plugin {
    header: Span,
    id: Option<Spanned<PluginId>>,
    id_is_guessed: bool,
    component: Spanned<String>,
    version: Option<Spanned<semver::Version>>,
    description: Option<Spanned<String>>,
    enabled: Option<Spanned<bool>>,
    sha256: Option<Spanned<[u8; 32]>>,
    wit: Option<Spanned<String>>,
    world: Option<Spanned<String>>,
}

fn plugin(reader: &mut Reader, root: &mut Table<'_>, default_id: &str) -> Plugin {
    if !root.has("plugin") {
        let (message, label) = ("missing table `[plugin]`", "this file has no `[plugin]`");
        reader.missing(&(0..0), message, label, format!("add `[plugin]`, and below it `component = {COMPONENT}`"));
    }
    let Some(mut table) = root.section(reader, "plugin") else {
        return Plugin::unread(default_id);
    };
    let header = table.header.clone();
    let problems = reader.findings.len();
    let id = id(reader, &mut table, default_id);
    let mut plugin = Plugin {
        id,
        id_is_guessed: reader.findings.len() > problems,
        component: table
            .require(reader, "component", COMPONENT, path)
            .unwrap_or_else(|| Spanned::new(String::new(), header.clone())),
        version: table.read(reader, "version", version),
        description: table
            .read(reader, "description", |item, reader| value::text(item, reader, "\"Markdown to HTML\"")),
        enabled: table.read(reader, "enabled", Item::boolean),
        sha256: table.read(reader, "sha256", sha256),
        wit: None,
        world: None,
        header,
    };
    (plugin.wit, plugin.world) = wit_and_world(reader, &mut table);
    table.finish(reader);
    plugin
}

impl Plugin {
    /// Of a manifest without a readable `[plugin]`.
    fn unread(default_id: &str) -> Self {
        Self {
            header: 0..0,
            id: nearest_id(default_id).map(|id| Spanned::new(id, 0..0)),
            id_is_guessed: true,
            component: Spanned::new(String::new(), 0..0),
            version: None,
            description: None,
            enabled: None,
            sha256: None,
            wit: None,
            world: None,
        }
    }
}

/// The id that is written, else the default one.
fn id(reader: &mut Reader, table: &mut Table<'_>, default_id: &str) -> Option<Spanned<PluginId>> {
    let Some(item) = table.take("id") else {
        let id = match PluginId::parse(default_id) {
            Ok(id) => Some(id),
            Err(error) => {
                let meant = nearest_id(default_id);
                let example = meant.as_ref().map_or("markdown", PluginId::as_str);
                let message = format!("`{}` cannot be the id of a plugin", reader::shown(default_id));
                let help = format!("add an id such as `id = \"{example}\"`, or rename the file");
                reader.missing(&table.header, message, id_reason(&error), help);
                meant
            }
        };
        return id.map(|id| Spanned::new(id, table.header.clone()));
    };
    let text = item.string(reader, "\"markdown\"");
    let id = match text.map(PluginId::parse) {
        Some(Ok(id)) => Some(id),
        Some(Err(error)) => {
            let text = text.unwrap_or_default();
            item.wrong_value::<()>(reader, "is not a plugin id", id_reason(&error), id_help(text));
            nearest_id(text)
        }
        None => None,
    };
    id.or_else(|| nearest_id(default_id)).map(|id| Spanned::new(id, item.span))
}

/// A path that is not empty.
fn path(item: &Item<'_>, reader: &mut Reader) -> Option<String> {
    filled_text(item, reader, if item.key == "wit" { WIT } else { COMPONENT })
}

/// `wit` and `world`; a world is nothing without the WIT that it is in.
fn wit_and_world(reader: &mut Reader, table: &mut Table<'_>) -> (Option<Spanned<String>>, Option<Spanned<String>>) {
    let has_wit = table.has("wit");
    let wit = table.read(reader, "wit", path);
    let Some(item) = table.take("world") else {
        return (wit, None);
    };
    if !has_wit {
        let help = format!("add `wit = {WIT}`, the folder or file that declares the world, or remove `world`");
        reader.missing(&item.key_span, format!("`{}` needs `wit`", item.path), "a world in which WIT?", help);
    }
    let world = filled_text(&item, reader, "\"renderer\"");
    (wit, world.map(|world| Spanned::new(world, item.span)))
}

/// The header and the items of `[exports]` or `[imports]`.
fn entries<T>(
    reader: &mut Reader,
    root: &mut Table<'_>,
    key: &'static str,
    parse: impl Fn(&Item<'_>, &mut Reader) -> Option<T>,
) -> (Option<Span>, Vec<T>) {
    let Some(table) = root.section(reader, key) else {
        return (None, Vec::new());
    };
    let header = table.header.clone();
    (Some(header), table.items().iter().filter_map(|item| parse(item, reader)).collect())
}

fn export(item: &Item<'_>, reader: &mut Reader) -> Option<ExportEntry> {
    let name = extern_name_key(item, reader);
    let mut priority = None;
    if let Some(mut table) = item.table(reader, item.advice("{}")) {
        priority = table.read(reader, "priority", number);
        table.finish(reader);
    }
    let priority = priority.map_or(0, |priority| priority.value);
    Some(ExportEntry { name: Spanned::new(name?, item.key_span.clone()), priority })
}

fn import(item: &Item<'_>, reader: &mut Reader) -> Option<ImportEntry> {
    let name = extern_name_key(item, reader);
    let (mut from, mut on_failure, mut late) = (None, None, None);
    let cardinality = if item.is_string() {
        cardinality(item, reader).map(|value| Spanned::new(value, item.span.clone()))
    } else if item.is_table() {
        let mut table = item.table(reader, String::new())?;
        let cardinality = table.require(reader, "cardinality", "\"exactly-one\"", cardinality);
        from = table.read(reader, "from", extern_name);
        on_failure = table.read(reader, "on-failure", on_failure_policy);
        late = table.read(reader, "late", Item::boolean);
        table.finish(reader);
        cardinality
    } else {
        item.wrong_type(reader, "a string or a table", item.advice("\"exactly-one\""))
    };
    Some(ImportEntry {
        name: Spanned::new(name?, item.key_span.clone()),
        cardinality: cardinality?,
        from,
        on_failure,
        late: late.is_some_and(|late| late.value),
    })
}

fn cardinality(item: &Item<'_>, reader: &mut Reader) -> Option<Cardinality> {
    value::word(item, reader, &Cardinality::ALL.map(|cardinality| (cardinality.as_str(), cardinality)))
}

fn on_failure_policy(item: &Item<'_>, reader: &mut Reader) -> Option<OnFailure> {
    value::word(item, reader, &[OnFailure::Trap, OnFailure::Skip].map(|policy| (policy.as_str(), policy)))
}

#[cfg(test)]
mod tests;
