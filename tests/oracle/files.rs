//! Writing an app into files, and remembering what each line is about.

use std::collections::BTreeMap;

use plugweave::files::Memory;

use super::binary::{component, definitions, name_in};
use super::model::{App, Extern, Fault, Function, Override, Plugin};
use super::types::Ty;

/// An app as files.
#[derive(Default)]
pub struct Written {
    /// The files.
    pub memory: Memory,
    /// Those that are text, by path.
    pub texts: BTreeMap<String, String>,
    /// What the lines of the manifests are about, by path; a line without an entry is about the
    /// file as a whole, which is at line 0.
    pub subjects: BTreeMap<(String, usize), String>,
}

/// A text with the subjects of its lines.
#[derive(Default)]
struct Lines {
    text: String,
    subjects: Vec<(usize, String)>,
}

impl Lines {
    fn plain(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    fn about(&mut self, subject: String, line: impl AsRef<str>) {
        self.subjects.push((self.text.lines().count() + 1, subject));
        self.plain(line);
    }
}

impl Plugin {
    /// The path of its manifest.
    pub fn path(&self) -> String {
        format!("{}{}", self.file, if self.folder { "/plugin.toml" } else { ".toml" })
    }
}

/// Writes an app.
pub fn write(app: &App) -> Written {
    let mut written = Written::default();
    for plugin in &app.plugins {
        let mut lines = Lines::default();
        lines.subjects.push((0, plugin.id.clone()));
        manifest(plugin, &mut lines);
        written.add(&plugin.path(), lines);
        let path = format!("{}.wasm", plugin.file);
        written.memory = match plugin.fault {
            Fault::Missing => written.memory,
            Fault::NotWasm => written.memory.with(path, "nothing"),
            Fault::None | Fault::UnknownKey | Fault::Syntax | Fault::Hash => {
                written.memory.with(path, component(plugin))
            }
        };
    }
    let mut lines = Lines::default();
    lines.subjects.push((0, "app".to_owned()));
    app_file(app, &mut lines);
    written.add("app.toml", lines);
    for (number, host) in app.host.iter().enumerate() {
        let (path, text) = (format!("host{number}.wit"), wit(host));
        written.memory = written.memory.with(path.clone(), text.clone());
        written.texts.insert(path, text);
    }
    written
}

impl Written {
    fn add(&mut self, path: &str, lines: Lines) {
        let subjects = lines.subjects.into_iter().map(|(line, subject)| ((path.to_owned(), line), subject));
        self.subjects.extend(subjects);
        self.memory = std::mem::take(&mut self.memory).with(path, lines.text.clone());
        self.texts.insert(path.to_owned(), lines.text);
    }

    /// What a line is about.
    pub fn subject(&self, path: &str, line: usize) -> &str {
        let at = |line| self.subjects.get(&(path.to_owned(), line));
        at(line).or_else(|| at(0)).map_or("?", String::as_str)
    }
}

fn manifest(plugin: &Plugin, lines: &mut Lines) {
    let id = &plugin.id;
    lines.plain("[plugin]");
    lines.plain(format!("id = \"{id}\""));
    lines.plain(format!("component = \"{}{}.wasm\"", if plugin.folder { "../" } else { "" }, plugin.file));
    if !plugin.enabled {
        lines.plain("enabled = false");
    }
    match plugin.fault {
        Fault::UnknownKey => lines.plain("verison = \"1.0.0\""),
        Fault::Hash => lines.plain(format!("sha256 = \"{}\"", "0".repeat(64))),
        Fault::None | Fault::Syntax | Fault::Missing | Fault::NotWasm => {}
    }
    if !plugin.export_lines.is_empty() {
        lines.plain("[exports]");
    }
    for line in &plugin.export_lines {
        let priority = if line.priority == 0 { String::new() } else { format!(" priority = {} ", line.priority) };
        lines.about(format!("{id} exports {}", line.key), format!("\"{}\" = {{{priority}}}", line.key));
    }
    if !plugin.import_lines.is_empty() {
        lines.plain("[imports]");
    }
    for line in &plugin.import_lines {
        let mut value = format!("cardinality = \"{}\"", line.cardinality);
        value.push_str(&line.from.map(|from| format!(", from = \"{from}\"")).unwrap_or_default());
        value.push_str(if line.skip { ", on-failure = \"skip\"" } else { "" });
        value.push_str(if line.late { ", late = true" } else { "" });
        lines.about(format!("{id} imports {}", line.key), format!("\"{}\" = {{ {value} }}", line.key));
    }
    if plugin.fault == Fault::Syntax {
        lines.plain("= broken");
    }
}

fn app_file(app: &App, lines: &mut Lines) {
    let mut consumers: Vec<&str> = app.bind.iter().map(|bind| bind.consumer.as_str()).collect();
    consumers.sort_unstable();
    consumers.dedup();
    for consumer in consumers {
        lines.about(format!("bind {consumer}"), format!("[bind.{}]", quoted(consumer)));
        for bind in app.bind.iter().filter(|bind| bind.consumer == consumer) {
            let providers: Vec<String> = bind.providers.iter().map(|provider| quoted(provider)).collect();
            let line = format!("\"{}\" = [{}]", bind.import, providers.join(", "));
            lines.about(format!("bind {consumer} {}", bind.import), line);
        }
    }
    if !app.host.is_empty() {
        lines.plain("[host]");
    }
    for (number, host) in app.host.iter().enumerate() {
        lines.about(format!("host {}", host.name), format!("\"{}\" = \"host{number}.wit\"", host.name));
    }
    for Override { plugin, enabled, priority } in &app.overrides {
        let subject = format!("plugins {plugin}");
        lines.about(subject.clone(), format!("[plugins.{}]", quoted(plugin)));
        if let Some(enabled) = enabled {
            lines.about(subject.clone(), format!("enabled = {enabled}"));
        }
        let entries: Vec<String> = priority.iter().map(|(name, number)| format!("\"{name}\" = {number}")).collect();
        if !entries.is_empty() {
            lines.about(subject, format!("priority = {{ {} }}", entries.join(", ")));
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn wit(host: &Extern) -> String {
    let (package, interface) = host.name.base.split_once('/').unwrap_or(("a:b", "c"));
    let version = host.name.version.map(|version| format!("@{version}")).unwrap_or_default();
    let definitions = definitions(&host.functions);
    let name = name_in(&definitions, "");
    let types: String = definitions.iter().map(|ty| format!("  {}\n", ty.wit_definition(&name))).collect();
    let function = |function: &Function| {
        let param = |(param, ty): &(&str, Ty)| format!("{param}: {}", ty.wit(&name));
        let params = function.params.iter().map(param).collect::<Vec<_>>().join(", ");
        let result = function.result.as_ref().map(|ty| format!(" -> {}", ty.wit(&name))).unwrap_or_default();
        format!("  {}: func({params}){result};\n", function.name)
    };
    let functions: String = host.functions.iter().map(function).collect();
    format!("package {package}{version};\ninterface {interface} {{\n{types}{functions}}}\n")
}
