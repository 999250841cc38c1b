//! A small app as data, before it is written into files.

use std::fmt;

use plugweave::model::Cardinality;

use super::types::Ty;

/// A whole app.
#[derive(Debug, Clone, Default)]
pub struct App {
    /// The plugins, in the order of their files.
    pub plugins: Vec<Plugin>,
    /// `[bind]`
    pub bind: Vec<Bind>,
    /// `[host]`
    pub host: Vec<Extern>,
    /// `[plugins.ID]`
    pub overrides: Vec<Override>,
}

/// A plugin: what its manifest says and what its binary has.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// Its id.
    pub id: String,
    /// Its manifest is `{file}.toml`, or `{file}/plugin.toml` where `folder` is set.
    pub file: String,
    /// See `file`.
    pub folder: bool,
    /// `enabled`
    pub enabled: bool,
    /// What is wrong with it as a whole.
    pub fault: Fault,
    /// What the binary exports.
    pub exports: Vec<Extern>,
    /// What the binary imports.
    pub imports: Vec<Extern>,
    /// `[exports]`
    pub export_lines: Vec<ExportLine>,
    /// `[imports]`
    pub import_lines: Vec<ImportLine>,
}

/// What is wrong with a plugin as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The manifest has a key that there is not.
    UnknownKey,
    /// The manifest is not TOML.
    Syntax,
    /// There is no binary.
    Missing,
    /// The binary is none.
    NotWasm,
    /// The binary has another hash.
    Hash,
}

/// An import or export of a binary.
#[derive(Debug, Clone)]
pub struct Extern {
    /// Its name.
    pub name: Name,
    /// Its functions. That of a bare name is named like it.
    pub functions: Vec<Function>,
}

/// A function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its parameters.
    pub params: Vec<(&'static str, Ty)>,
    /// Its result.
    pub result: Option<Ty>,
}

/// The name of an import or export, or a key that means one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Without the version.
    pub base: &'static str,
    /// The version.
    pub version: Option<&'static str>,
}

/// A line of `[exports]`.
#[derive(Debug, Clone)]
pub struct ExportLine {
    /// The key.
    pub key: Name,
    /// `priority`
    pub priority: i64,
}

/// A line of `[imports]`.
#[derive(Debug, Clone)]
pub struct ImportLine {
    /// The key.
    pub key: Name,
    /// `cardinality`
    pub cardinality: Cardinality,
    /// `from`
    pub from: Option<Name>,
    /// `on-failure = "skip"`
    pub skip: bool,
    /// `late = true`
    pub late: bool,
}

/// A line of `[bind]`.
#[derive(Debug, Clone)]
pub struct Bind {
    /// The consumer.
    pub consumer: String,
    /// The key.
    pub import: Name,
    /// The providers, or `host` alone.
    pub providers: Vec<String>,
}

/// `[plugins.ID]`
#[derive(Debug, Clone)]
pub struct Override {
    /// The plugin.
    pub plugin: String,
    /// `enabled`
    pub enabled: Option<bool>,
    /// `priority`
    pub priority: Vec<(Name, i64)>,
}

impl Name {
    /// The name without its version.
    pub fn unversioned(self) -> Self {
        Self { version: None, ..self }
    }

    /// Whether it is a function of the world itself.
    pub fn is_bare(self) -> bool {
        !self.base.contains(':')
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(f, "{}@{version}", self.base),
            None => f.write_str(self.base),
        }
    }
}
