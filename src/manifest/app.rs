use std::collections::HashSet;

use super::limits::limits;
use super::reader::{self, Item, Read, Reader, Table};
use super::value::{
    duration, extern_name_key, filled_text, id_help, id_reason, number, plugin_id, plugin_id_key, word,
};
use super::wasi::{texts, wasi};
use super::{AppFile, BindEntry, HostEntry, PluginOverride, Trust, Unknown};
use crate::diagnostic::{Code, Diagnostic, FileId, Severity, Span, Spanned};
use crate::model::{ExternName, PluginId};

const TRUSTS: [(&str, Trust); 2] = [("manifest", Trust::Manifest), ("app", Trust::App)];

/// Reads `app.toml`.
///
/// The diagnostics list every mistake in the file; what comes back beside them leaves the wrong
/// entries out. It is never `None`, because every part of the file is optional.
pub fn parse_app(file: FileId, text: &str) -> (Option<AppFile>, Vec<Diagnostic>) {
    let Read { mut value, diagnostics, is_whole } = reader::read(file, text, app);
    // Of a file with errors of syntax, a written `true` alone is believed: what else was read may be a guess of the
    // parser.
    let is_written = |span: &Span| text.get(span.clone()) == Some("true");
    if !is_whole && !value.contained.as_ref().is_some_and(is_written) {
        value.contained = None;
        value.unknown |= Unknown::CONTAINMENT;
    }
    let is_broken = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    value.unknown |= Unknown::BINDINGS.when(is_broken);
    (Some(value), diagnostics)
}

fn app(reader: &mut Reader, root: &mut Table<'_>) -> AppFile {
    refuse_manifest(reader, root);
    let (mut name, mut entry, mut trust, mut compile_time, mut contained) = (None, None, None, None, None);
    // An unknown key may be the mistyped one.
    let mut may_be_hidden = root.has("app");
    if let Some(mut table) = root.section(reader, "app") {
        may_be_hidden = table.has("contained");
        name = table.read(reader, "name", |item, reader| filled_text(item, reader, "\"workbench\""));
        entry = table.read(reader, "entry", plugin_id);
        trust = table.read(reader, "trust", |item, reader| word(item, reader, &TRUSTS));
        compile_time = table.read(reader, "compile-time", |item, reader| duration(item, reader, "\"60s\""));
        contained = table.read(reader, "contained", Item::boolean);
        may_be_hidden |= table.has_more();
        table.finish(reader);
    }
    let bind = items(reader, root, "bind").iter().flat_map(|item| bindings(item, reader)).collect();
    let host = items(reader, root, "host").iter().filter_map(|item| host(item, reader)).collect();
    let plugins: Vec<PluginOverride> =
        items(reader, root, "plugins").iter().filter_map(|item| plugin(item, reader)).collect();
    may_be_hidden |= root.has_more();
    AppFile {
        file: reader.file,
        name,
        entry,
        trust: trust.map(|trust| trust.value).unwrap_or_default(),
        compile_time,
        unknown: Unknown::CONTAINMENT.when(contained.is_none() && may_be_hidden),
        contained: contained.filter(|contained| contained.value).map(|contained| contained.span),
        bind,
        host,
        by_id: plugins.iter().enumerate().map(|(index, plugin)| (plugin.id.value.clone(), index)).collect(),
        plugins,
    }
}

/// What only a plugin's manifest has, its own table first.
const PLUGIN_TABLES: [&str; 6] = ["plugin", "exports", "imports", "limits", "wasi", "config"];

/// A plugin's manifest under the name of the app's file is told once, and not as many unknown keys.
fn refuse_manifest(reader: &mut Reader, root: &mut Table<'_>) {
    if !root.has(PLUGIN_TABLES[0]) {
        return;
    }
    let tables = root.remove(&PLUGIN_TABLES);
    let Some(plugin) = tables.first() else { return };
    let message = "`app.toml` cannot be the manifest of a plugin";
    let help = "give the file another name, which is then the plugin's id; `app.toml` is about the whole app";
    reader.error(&plugin.key_span, message, "a plugin's own table", help);
}

fn items<'a>(reader: &mut Reader, table: &mut Table<'a>, key: &'static str) -> Vec<Item<'a>> {
    table.section(reader, key).map(Table::items).unwrap_or_default()
}

/// A line of `[bind]`: the imports of one consumer.
fn bindings(item: &Item<'_>, reader: &mut Reader) -> Vec<BindEntry> {
    let consumer = plugin_id_key(item, reader);
    let table = item.table(reader, item.advice("{ \"text:store/documents@1.0.0\" = [\"sqlite-store\"] }"));
    let imports = table.map(Table::items).unwrap_or_default();
    let entries = imports.iter().filter_map(|import| match dotted_consumer(import, item.key, reader) {
        true => None,
        false => binding(import, reader),
    });
    let parts: Vec<_> = entries.collect();
    let Some(consumer) = consumer else {
        return Vec::new();
    };
    let consumer = Spanned::new(consumer, item.key_span.clone());
    parts.into_iter().map(|part| part.of(consumer.clone())).collect()
}

/// A [`BindEntry`] before its consumer is known to be good.
struct Bound {
    import: Spanned<ExternName>,
    providers: Spanned<Vec<Spanned<PluginId>>>,
    host: Option<Span>,
}

impl Bound {
    fn of(self, consumer: Spanned<PluginId>) -> BindEntry {
        BindEntry { consumer, import: self.import, providers: self.providers, host: self.host }
    }
}

/// What a dot does outside of quotes.
const DOT: &str = "a dot begins a table within the table";

/// `[bind.a.b]` where the consumer's id is `a.b`.
fn dotted_consumer(item: &Item<'_>, consumer: &str, reader: &mut Reader) -> bool {
    let Some(dotted) = item.dotted_id(consumer, &[]) else { return false };
    let help = format!("if the consumer's id is `{dotted}`, write it in quotes: `[bind.\"{dotted}\"]`");
    reader.error(&item.key_span, format!("wrong type for `{}`", item.path), DOT, help);
    true
}

fn binding(item: &Item<'_>, reader: &mut Reader) -> Option<Bound> {
    let import = extern_name_key(item, reader);
    let list = item.array(reader, "[\"sqlite-store\"]")?;
    let (mut providers, mut seen, mut host): (Vec<Spanned<PluginId>>, _, _) = (Vec::new(), HashSet::new(), None);
    for element in &list {
        let Some(text) = element.string(reader, "\"sqlite-store\"") else {
            continue;
        };
        match PluginId::parse(text) {
            Ok(id) if !seen.insert(id.clone()) => twice(element, reader, &id),
            Ok(id) => providers.push(Spanned::new(id, element.span.clone())),
            Err(_) if text == "host" => host = Some(element.span.clone()),
            Err(error) => {
                element.wrong_value::<()>(reader, "is not a plugin id", id_reason(&error), id_help(text));
            }
        }
    }
    if let Some(place) = host.as_ref().filter(|_| list.len() > 1) {
        let message = format!("`{}` names the host beside others", item.path);
        let help = "the host serves alone: write `[\"host\"]`, or remove it from the list";
        let diagnostic =
            Diagnostic::error(Code::Pw401, message).label(reader.file, place.clone(), "the embedding application");
        reader.report(diagnostic.help(help), place);
        host = None;
    }
    Some(Bound {
        import: Spanned::new(import?, item.key_span.clone()),
        providers: Spanned::new(providers, item.span.clone()),
        host,
    })
}

fn twice(element: &Item<'_>, reader: &mut Reader, id: &PluginId) {
    let diagnostic = Diagnostic::error(Code::Pw401, format!("`{}` names the plugin `{id}` again", element.path))
        .label(reader.file, element.span.clone(), "already in this list")
        .help("a provider counts once: remove one of the two");
    reader.report(diagnostic, &element.span);
}

fn host(item: &Item<'_>, reader: &mut Reader) -> Option<HostEntry> {
    let mut name = extern_name_key(item, reader);
    if name.as_ref().is_some_and(|name| !name.is_interface()) {
        let message = format!("the key `{}` is not an interface of a package", item.path);
        let help = "write the name of the interface in quotes, such as `\"shell:ui/window@1.0.0\"`";
        reader.error(&item.key_span, message, "expected `namespace:package/interface@version`", help);
        name = None;
    }
    let wit = filled_text(item, reader, "\"wit\"");
    Some(HostEntry { name: Spanned::new(name?, item.key_span.clone()), wit: Spanned::new(wit?, item.span.clone()) })
}

/// `[plugins.ID]`.
fn plugin(item: &Item<'_>, reader: &mut Reader) -> Option<PluginOverride> {
    let id = plugin_id_key(item, reader);
    let help = format!("write `[{}]` on a line of its own, and its keys below it", item.path);
    let mut table = item.table(reader, help)?;
    let enabled = table.read(reader, "enabled", Item::boolean);
    let section = table.section(reader, "limits");
    let limits = limits(reader, section);
    let section = table.section(reader, "wasi");
    let wasi = wasi(reader, section);
    let section = table.section(reader, "config");
    let config = section.map(|section| texts(reader, section, "\"de-DE\"")).unwrap_or_default();
    let priority = items(reader, &mut table, "priority").iter().filter_map(|item| priority(item, reader)).collect();
    if let Some((inner, dotted)) = table.dotted(item) {
        let message = format!("unknown key `{}`", inner.path);
        let help = format!("if the plugin's id is `{dotted}`, write it in quotes: `[plugins.\"{dotted}\"]`");
        reader.error(&inner.key_span, message, DOT, help);
        // Then nothing is said of the plugin of the shorter name.
        return None;
    }
    table.finish(reader);
    let id = Spanned::new(id?, item.key_span.clone());
    Some(PluginOverride { id, enabled, limits, wasi, config, priority })
}

fn priority(item: &Item<'_>, reader: &mut Reader) -> Option<(Spanned<ExternName>, Spanned<i64>)> {
    let name = extern_name_key(item, reader);
    let priority = number(item, reader)?;
    Some((Spanned::new(name?, item.key_span.clone()), Spanned::new(priority, item.span.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::testing::app;

    #[test]
    fn everything_is_read_in_the_order_of_the_file() {
        let (app, told) = app(r#"
            [app]
            name = "workbench"
            entry = "shell"
            trust = "app"
            compile-time = "1m"
            [bind]
            shell = { "text:store/documents@1.0.0" = ["sqlite-store", "a"], "x:y/z" = [] }
            [bind.lint]
            "shell:ui/window@1.0.0" = ["host"]
            [host]
            "shell:ui/window@1.0.0" = "wit"
            [plugins.b]
            enabled = false
            limits = { memory = "16 MiB" }
            wasi = { network = [] }
            config = { locale = "de-DE" }
            priority = { "text:lint/rule@1.0.0" = 20 }
            [plugins.a]
        "#);
        assert_eq!(told, [""; 0]);
        assert_eq!(app.name.map(|it| it.value).as_deref(), Some("workbench"));
        assert_eq!(app.entry.map(|it| it.value.to_string()).as_deref(), Some("shell"));
        assert_eq!(app.trust, Trust::App);
        assert_eq!(app.compile_time.map(|time| time.value.as_secs()), Some(60));
        let bind: Vec<_> = app
            .bind
            .iter()
            .map(|it| {
                let providers: Vec<&str> = it.providers.value.iter().map(|provider| provider.value.as_str()).collect();
                (it.consumer.value.as_str(), it.import.value.short(), providers, it.host.is_some())
            })
            .collect();
        assert_eq!(
            bind,
            [
                ("shell", "documents", vec!["sqlite-store", "a"], false),
                ("shell", "z", vec![], false),
                ("lint", "window", vec![], true),
            ]
        );
        assert_eq!((app.host[0].name.value.short(), app.host[0].wit.value.as_str()), ("window", "wit"));
        assert_eq!(app.plugins.iter().map(|it| it.id.value.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        let plugin = &app.plugins[0];
        assert_eq!(plugin.enabled.as_ref().map(|it| it.value), Some(false));
        assert_eq!(plugin.limits.memory.as_ref().map(|it| it.value), Some(16 << 20));
        assert!(plugin.wasi.network.as_ref().is_some_and(|it| it.value.is_empty()));
        assert_eq!(plugin.config["locale"].value, "de-DE");
        assert_eq!(plugin.priority[0].1.value, 20);
    }

    #[test]
    fn an_empty_file_is_fine() {
        let (app, told) = app("");
        assert_eq!(told, [""; 0]);
        assert_eq!(app.trust, Trust::Manifest);
    }

    #[test]
    fn mistakes_are_told_where_they_stand() {
        for (text, expected) in [
            ("app = 1", "1:7 wrong type for `app`"),
            ("[apps]", "1:2 unknown key `apps`"),
            ("app.entry = 'A'", "1:13 `app.entry` is not a plugin id"),
            ("app.name = ''", "1:12 `app.name` must not be empty"),
            ("app.trust = 'nobody'", "1:13 `app.trust` cannot be `nobody`"),
            ("app.contained = 1", "1:17 wrong type for `app.contained`"),
            ("app.title = ''", "1:5 unknown key `app.title`"),
            ("[bind]\nshell = []", "2:9 wrong type for `bind.shell`"),
            ("[bind]\nA = { run = ['a'] }", "2:1 the key `bind.A` is not a plugin id"),
            ("[bind.shell]\n'a:b' = []", "2:1 the key `bind.shell.\"a:b\"` is not the name of an interface"),
            ("[bind.shell]\nrun = 'a'", "2:7 wrong type for `bind.shell.run`"),
            ("[bind.shell]\nrun = [1]", "2:8 wrong type for `bind.shell.run[0]`"),
            ("[bind.shell]\nrun = ['A']", "2:8 `bind.shell.run[0]` is not a plugin id"),
            ("[bind.shell]\nrun = ['a', 'a']", "2:13 `bind.shell.run[1]` names the plugin `a` again"),
            ("[bind.shell]\nrun = ['a', 'host']", "2:13 `bind.shell.run` names the host beside others"),
            ("[host]\n'a:b/c' = ''", "2:11 `host.\"a:b/c\"` must not be empty"),
            ("[host]\nrun = 'wit'", "2:1 the key `host.run` is not an interface of a package"),
            ("[plugins]\na = 1", "2:5 wrong type for `plugins.a`"),
            ("[plugins.A]", "1:10 the key `plugins.A` is not a plugin id"),
            ("[plugins.a]\nenable = true", "2:1 unknown key `plugins.a.enable`"),
            ("[plugins.a]\nenabled = 1", "2:11 wrong type for `plugins.a.enabled`"),
            ("[plugins.a]\nlimits.memory = 1", "2:17 wrong type for `plugins.a.limits.memory`"),
            ("[plugins.a.wasi]\nstdin = 'log'", "2:9 `plugins.a.wasi.stdin` cannot be `log`"),
            ("[app]\ncompile-time = 5", "2:16 wrong type for `app.compile-time`"),
            ("[app]\ncompile-time = '0s'", "2:16 `app.compile-time` is not a duration"),
            ("[plugins.a]\nconfig = { x = 1 }", "2:16 wrong type for `plugins.a.config.x`"),
            ("[plugins.a]\npriority = { run = 'x' }", "2:20 wrong type for `plugins.a.priority.run`"),
            (
                "[plugins.a]\npriority = { 'a:b' = 1 }",
                "2:14 the key `plugins.a.priority.\"a:b\"` is not the name of an interface",
            ),
        ] {
            assert_eq!(app(text).1, [expected], "{text}");
        }
    }

    #[test]
    fn a_binding_that_is_repeated_is_not_allowed() {
        let (_, diagnostics) =
            parse_app(crate::diagnostic::Sources::default().add("app.toml", ""), "[bind.a]\nrun = ['b', 'b']");
        assert_eq!(diagnostics[0].code, Code::Pw401);
    }
}
