//! Manifests built in code: written as the TOML that they stand for, so that there is one way in.

mod section;
mod terms;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::time::Duration;

use section::Section;
pub use terms::ImportTerms;

use super::write::{self, key, string, table};
use crate::model::{Access, Stdio};

/// A plugin's manifest, built in code instead of TOML.
///
/// [`to_toml`](Self::to_toml) writes the text that the builder stands for. It is read like any
/// other manifest, so that mistakes are told there and in its lines, not by the methods of the
/// builder: [`parse_manifest`](super::parse_manifest) tells that an id is none, or a timeout zero.
///
/// Where a key is said again, the last word counts. Only [`arg`](Self::arg), [`dir`](Self::dir) and
/// [`network`](Self::network) add one more each time. What is not said has its default.
///
/// ```
/// use std::time::Duration;
///
/// use plugweave::diagnostic::Sources;
/// use plugweave::manifest::{ImportTerms, ManifestBuilder, parse_manifest};
/// use plugweave::model::{Access, Cardinality, OnFailure};
///
/// let linter = ManifestBuilder::new("linter")
///     .version("1.2.0")
///     .export("text:lint/report@1.0.0")
///     .import("text:store/documents@1.0.0", Cardinality::ExactlyOne)
///     .import(
///         "text:lint/rules@1.0.0",
///         ImportTerms::new(Cardinality::Any).from("text:lint/rule@1.0.0").on_failure(OnFailure::Skip),
///     )
///     .memory(64 << 20)
///     .timeout(Duration::from_secs(5))
///     .dir("data", "/data", Access::Read)
///     .config("locale", "fr-FR");
///
/// let text = linter.to_toml();
/// assert!(text.contains("memory = \"64 MiB\"\ntimeout = \"5s\"\n"));
///
/// let mut sources = Sources::default();
/// let file = sources.add("linter.toml", text.clone());
/// let (manifest, diagnostics) = parse_manifest(file, &text, linter.id());
/// assert!(diagnostics.is_empty());
/// assert_eq!(manifest.map(|it| it.component.value).as_deref(), Some("linter.wasm"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a builder does nothing until its text is read"]
pub struct ManifestBuilder {
    id: String,
    component: String,
    plugin: Section,
    exports: Section,
    imports: Section,
    limits: Section,
    wasi: Section,
    config: Section,
}

impl ManifestBuilder {
    /// Starts the manifest of the plugin with this id. Its component is `ID.wasm` unless
    /// [`component`](Self::component) says otherwise.
    pub fn new(id: impl Display) -> Self {
        let id = id.to_string();
        let mut plugin = Section::default();
        plugin.set("id", string(&id));
        let component = format!("{id}.wasm");
        plugin.set("component", string(&component));
        let empty = Section::default;
        Self {
            id,
            component,
            plugin,
            exports: empty(),
            imports: empty(),
            limits: empty(),
            wasi: empty(),
            config: empty(),
        }
    }

    /// The id, as it was given.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The path of the component, as it was given, or `ID.wasm`.
    pub fn component_path(&self) -> &str {
        &self.component
    }

    /// The manifest as TOML: tables in the order of the reference, keys in the order of the calls,
    /// each on a line. Ends with a line break.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let tables = [
            ("plugin", &self.plugin),
            ("exports", &self.exports),
            ("imports", &self.imports),
            ("limits", &self.limits),
            ("wasi", &self.wasi),
            ("config", &self.config),
        ];
        for (header, section) in tables {
            section.write(header, &mut text);
        }
        text
    }
}

/// `[plugin]`
impl ManifestBuilder {
    /// Path of the binary, relative to the manifest's own folder.
    pub fn component(mut self, path: impl Into<String>) -> Self {
        self.component = path.into();
        self.plugin.set("component", string(&self.component));
        self
    }

    /// The plugin's own semantic version.
    pub fn version(mut self, version: impl Display) -> Self {
        self.plugin.set("version", string(&version.to_string()));
        self
    }

    /// What the plugin is for.
    pub fn description(mut self, text: impl AsRef<str>) -> Self {
        self.plugin.set("description", string(text.as_ref()));
        self
    }

    /// Whether the plugin takes part. It does by default.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.plugin.set("enabled", enabled.to_string());
        self
    }

    /// The only binary that is accepted, as the 64 hexadecimal digits of its SHA-256.
    pub fn sha256(mut self, digits: impl AsRef<str>) -> Self {
        self.plugin.set("sha256", string(digits.as_ref()));
        self
    }

    /// WIT for a core module without embedded WIT: a file or folder, relative to the manifest's own folder.
    pub fn wit(mut self, path: impl AsRef<str>) -> Self {
        self.plugin.set("wit", string(path.as_ref()));
        self
    }

    /// The world in the WIT of [`wit`](Self::wit).
    pub fn world(mut self, name: impl AsRef<str>) -> Self {
        self.plugin.set("world", string(name.as_ref()));
        self
    }
}

/// `[exports]` and `[imports]`
impl ManifestBuilder {
    /// Offers an export of the binary to others, with priority 0.
    pub fn export(mut self, name: impl Display) -> Self {
        self.exports.set(string(&name.to_string()), table([]));
        self
    }

    /// Offers an export of the binary to others; a higher priority comes first in the provider order.
    pub fn export_with_priority(mut self, name: impl Display, priority: i64) -> Self {
        self.exports.set(string(&name.to_string()), table([("priority", priority.to_string())]));
        self
    }

    /// Lists an import of the binary, with a [`Cardinality`](crate::model::Cardinality) or more [terms](ImportTerms).
    pub fn import(mut self, name: impl Display, terms: impl Into<ImportTerms>) -> Self {
        self.imports.set(string(&name.to_string()), terms.into().to_toml());
        self
    }
}

/// `[limits]`
impl ManifestBuilder {
    /// Bytes of linear memory, all memories of the plugin together.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.limits.set("memory", string(&write::size(bytes)));
        self
    }

    /// Wall-clock time of one entry into the plugin.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.limits.set("timeout", string(&write::duration(time)));
        self
    }

    /// An entry may take any time.
    pub fn no_timeout(mut self) -> Self {
        self.limits.set("timeout", string("never"));
        self
    }

    /// The plugin's own instructions in one entry.
    pub fn fuel(mut self, instructions: u64) -> Self {
        self.limits.set("fuel", instructions.to_string());
        self
    }

    /// How deep in a chain of calls the plugin may be entered.
    pub fn call_depth(mut self, depth: u32) -> Self {
        self.limits.set("call-depth", depth.to_string());
        self
    }

    /// Live resource handles.
    pub fn handles(mut self, count: u32) -> Self {
        self.limits.set("handles", count.to_string());
        self
    }

    /// Core tables.
    pub fn tables(mut self, count: u32) -> Self {
        self.limits.set("tables", count.to_string());
        self
    }

    /// Core instances.
    pub fn instances(mut self, count: u32) -> Self {
        self.limits.set("instances", count.to_string());
        self
    }

    /// Files, folders and sockets that are open at a time.
    pub fn open_files(mut self, count: u32) -> Self {
        self.limits.set("open-files", count.to_string());
        self
    }

    /// Bytes that one call may copy between the plugin and others.
    pub fn hostcall_bytes(mut self, bytes: u64) -> Self {
        self.limits.set("hostcall-bytes", string(&write::size(bytes)));
        self
    }

    /// The plugin is started anew at most `max` times in any span of the length `within`.
    pub fn restart(mut self, max: u32, within: Duration) -> Self {
        let within = string(&write::duration(within));
        self.limits.set("restart", table([("max", max.to_string()), ("within", within)]));
        self
    }

    /// Once failed, the plugin stays failed.
    pub fn no_restart(mut self) -> Self {
        self.limits.set("restart", string("never"));
        self
    }
}

/// `[wasi]` and `[config]`
impl ManifestBuilder {
    /// Adds an argument. The first one stands behind `argv[0]`, which is the plugin's id.
    pub fn arg(mut self, arg: impl AsRef<str>) -> Self {
        self.wasi.push("args", string(arg.as_ref()));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: impl Into<String>, value: impl AsRef<str>) -> Self {
        self.wasi.set_in("env", name.into(), string(value.as_ref()));
        self
    }

    /// Where standard input comes from. It cannot be [`Stdio::Log`].
    pub fn stdin(mut self, stream: Stdio) -> Self {
        self.wasi.set("stdin", string(stream.as_str()));
        self
    }

    /// Where standard output goes.
    pub fn stdout(mut self, stream: Stdio) -> Self {
        self.wasi.set("stdout", string(stream.as_str()));
        self
    }

    /// Where standard error goes.
    pub fn stderr(mut self, stream: Stdio) -> Self {
        self.wasi.set("stderr", string(stream.as_str()));
        self
    }

    /// Adds a folder of the host, relative to the manifest's own folder, that the plugin sees under
    /// the absolute path `guest`.
    pub fn dir(mut self, host: impl AsRef<str>, guest: impl AsRef<str>, access: Access) -> Self {
        let (host, guest, access) = (string(host.as_ref()), string(guest.as_ref()), string(access.as_str()));
        self.wasi.push("dirs", table([("host", host), ("guest", guest), ("access", access)]));
        self
    }

    /// Adds an address, or looking names up: a [`NetworkGrant`](crate::model::NetworkGrant) or its
    /// text, such as `tcp:127.0.0.1:8080`.
    pub fn network(mut self, grant: impl Display) -> Self {
        self.wasi.push("network", string(&grant.to_string()));
        self
    }

    /// Sets what `wasi:config/store` tells the plugin under a key.
    pub fn config(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.config.set(key(name.as_ref()), string(value.as_ref()));
        self
    }
}
