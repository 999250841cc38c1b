use std::path::PathBuf;
use std::sync::Arc;

use wasmtime::component::Linker;

use super::files::AppFiles;
use super::{App, AppHandle, OpenError, Problems};
use crate::call::PluginState;
use crate::check::{APP_FILE, BadOffer, Checked, HostOffer, check_offering};
use crate::files::{Memory, is_manifest_path};
use crate::link::{Assembly, EngineOptions, HostInterface, HostInterfaces, HostState};
use crate::manifest::ManifestBuilder;
use crate::manifest::path::join;
use crate::model::PluginId;
use crate::plan::PlannedPlugin;
use crate::runtime::{CapturedOutput, OutputSink, OutputStream, StartOptions};
use crate::world::WitSource;

/// Puts an app together from folders, from manifests and components in code, and from interfaces
/// that the host offers: see [`App::builder`].
#[derive(Debug, Default)]
#[must_use]
pub struct AppBuilder {
    folders: Vec<PathBuf>,
    memory: Memory,
    offers: Vec<HostOffer>,
    hosts: HostInterfaces,
    engine_options: EngineOptions,
    entry_args: Option<Vec<String>>,
    output: Option<OutputSink>,
    handle: Option<AppHandle>,
    /// A path that has been given twice in code.
    twice: Option<String>,
}

impl AppBuilder {
    /// Adds a folder of plugins. The first one is the app's own: its `app.toml` counts, and what is
    /// given in code stands in it, as it were. Diagnostics tell the files of further folders by
    /// their absolute paths.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.push(folder.into());
        self
    }

    /// Adds a file in code: a manifest (`stats.toml`), `app.toml`, a component or WIT, under its
    /// path relative to the app's folder. It need not be on disk, nor need there be a folder; then
    /// granted directories are relative to the folder that the process is in.
    ///
    /// A component or a WIT file takes the place of one on disk. A manifest does not: to have it
    /// twice is an error. So are two files of one path in code, unless they are equal and no
    /// manifests.
    pub fn file(mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        // As the paths in manifests are, because files in code are found by the text of theirs.
        let (path, bytes) = (join("", &path.into()), bytes.into());
        // What came first must not be lost without a word.
        if self.memory.get(&path).is_some_and(|first| first != bytes || is_manifest_path(&path)) {
            self.twice.get_or_insert_with(|| path.clone());
        }
        self.memory = self.memory.with(path, bytes);
        self
    }

    /// Adds a plugin in code: its manifest, and its component or core module, in binary or text form.
    /// The manifest is the file `ID.toml`, as it were, and diagnostics point into its text.
    ///
    /// ```
    /// use plugweave::manifest::ManifestBuilder;
    /// use plugweave::{App, Val};
    ///
    /// let wat = r#"(module (func (export "double") (param i32) (result i32)
    ///     (i32.mul (local.get 0) (i32.const 2))))"#;
    /// let wit = "package a:b; world doubler { export double: func(n: u32) -> u32; }";
    /// let doubler = ManifestBuilder::new("doubler").export("double").wit("doubler.wit");
    /// let app = App::builder().file("doubler.wit", wit).plugin(&doubler, wat).build()?;
    /// assert_eq!(app.call("double", &[Val::U32(21)])?, Some(Val::U32(42)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plugin(self, manifest: &ManifestBuilder, component: impl Into<Vec<u8>>) -> Self {
        let path = manifest_path(manifest.id());
        let component_path = join(&path, manifest.component_path());
        self.file(path, manifest.to_toml()).file(component_path, component)
    }

    /// Offers an interface to the plugins: its name, the WIT that declares it, what defines its
    /// functions, and the state that they work on, made for each plugin that imports it.
    ///
    /// `add_to_linker` is what wasmtime's `bindgen!` generates for the interface,
    /// `window::add_to_linker::<_, HasSelf<Window>>`. Its second argument is how the functions get
    /// at the state; by hand, `|linker, state| …` does as well. Functions must not be `async`.
    ///
    /// The state is made anew when a plugin is started anew. Interfaces with states of the same type
    /// share one state in each plugin, made by the one that was offered first among those that the
    /// plugin imports.
    ///
    /// The interface takes the place of what `[host]` in `app.toml` announces. A host function may
    /// call plugins of the app, by a [handle](Self::handle); a call to one that is waiting for it is
    /// the error `reentrant`. That holds for its own thread only: it must not wait for another thread
    /// that calls such a plugin, because both would wait for ever.
    ///
    /// # Errors
    /// [`OpenError::Offer`] when the WIT does not declare the interface, or when it is offered twice.
    pub fn host_interface<S: Send + 'static>(
        mut self,
        name: &str,
        wit: impl Into<WitSource>,
        add_to_linker: impl Fn(&mut Linker<PluginState>, HostState<S>) -> wasmtime::Result<()> + Send + Sync + 'static,
        state: impl Fn(&PlannedPlugin) -> S + Send + Sync + 'static,
    ) -> Result<Self, OpenError> {
        let offer = HostOffer::new(name, wit)?;
        if self.offers.iter().any(|other| other.name() == offer.name()) {
            return Err(BadOffer::Twice { name: offer.name().clone() }.into());
        }
        self.hosts.add(HostInterface::new(offer.name().clone(), add_to_linker, state));
        self.offers.push(offer);
        Ok(self)
    }

    /// How plugins are compiled, and what the engines that run them are built with.
    pub fn engine_options(mut self, options: EngineOptions) -> Self {
        self.engine_options = options;
        self
    }

    /// Arguments for the entry that [`App::run`] runs, in place of those of its manifest. With them
    /// it also gets the standard streams of the process.
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.entry_args = Some(args.into_iter().map(Into::into).collect());
        self
    }

    /// Hands everything that plugins print to a function, in place of what their manifests say, as
    /// they write it: [`OutputSink::new`]. The plugin waits until it returns. It may call other
    /// plugins, but not block on an async runtime, because it may be called within one.
    pub fn on_output(mut self, take: impl Fn(&PluginId, OutputStream, &[u8]) + Send + Sync + 'static) -> Self {
        self.output = Some(OutputSink::new(take));
        self
    }

    /// Hands everything that plugins print to a function, in place of what their manifests say, line
    /// by line and fit to be shown: [`OutputSink::lines`].
    pub fn on_line(mut self, take: impl Fn(&PluginId, OutputStream, &str) + Send + Sync + 'static) -> Self {
        self.output = Some(OutputSink::lines(take));
        self
    }

    /// Keeps everything that plugins print, in place of what their manifests say.
    pub fn capture(mut self, output: &CapturedOutput) -> Self {
        self.output = Some(output.sink());
        self
    }

    /// Lets a handle lead to the app once it has been built, for host functions that call plugins. A
    /// handle is good for one app.
    pub fn handle(mut self, handle: &AppHandle) -> Self {
        self.handle = Some(handle.clone());
        self
    }

    /// Reads and resolves the app, and finds all its problems. Nothing is run.
    ///
    /// # Errors
    /// [`OpenError::Folder`] when a folder cannot be read, [`OpenError::Twice`] when a file is there
    /// twice. Problems of the app are not among them: see [`Checked::diagnostics`].
    pub fn check(&self) -> Result<Checked, OpenError> {
        if let Some(path) = &self.twice {
            return Err(OpenError::Twice { path: path.clone() });
        }
        let files = AppFiles::read(&self.folders, self.memory.clone())?;
        check_offering(&files, &self.offers)
            .map_err(|reason| OpenError::Folder { folder: self.folders.first().cloned().unwrap_or_default(), reason })
    }

    /// Reads, checks, links and starts the app.
    ///
    /// # Errors
    /// [`OpenError`] when a folder cannot be read, when the app has problems, or when it cannot be
    /// linked. A plugin that fails while starting is no error: see [`App::failures`].
    pub fn build(self) -> Result<App, OpenError> {
        let Checked { sources, diagnostics, plan, binaries } = self.check()?;
        let Some(plan) = plan else { return Err(OpenError::Problems(Problems { diagnostics, sources })) };
        let assembly = Assembly::link_with_options(plan, &binaries, self.hosts, &self.engine_options)?;
        let base = self.folders.into_iter().next().unwrap_or_default();
        let options = StartOptions { base, entry_args: self.entry_args, output: self.output };
        let app = App::of(Arc::new(assembly), options);
        if let Some(handle) = self.handle {
            handle.lead_to(&app);
        }
        Ok(app)
    }
}

/// Where a manifest in code stands. `app.toml` is another file, and what is no id may be no name of a
/// manifest either; then the plugin stands elsewhere, so that its mistakes are told.
fn manifest_path(id: &str) -> String {
    let path = format!("{id}.toml");
    match is_manifest_path(&path) && path != APP_FILE {
        true => path,
        false => format!("plugin ({}).toml", id.replace('/', "-")),
    }
}

impl App {
    /// Puts an app together from folders, from manifests and components in code, and from interfaces
    /// that the host offers.
    ///
    /// ```
    /// use plugweave::{App, Val};
    ///
    /// let wat = r#"(component
    ///     (core module $m (func (export "double") (param i32) (result i32)
    ///         (i32.mul (local.get 0) (i32.const 2))))
    ///     (core instance $i (instantiate $m))
    ///     (func (export "double") (param "x" u32) (result u32) (canon lift (core func $i "double"))))"#;
    /// let app = App::builder()
    ///     .file("doubler.toml", "plugin.component = 'doubler.wat'\nexports.double = {}")
    ///     .file("doubler.wat", wat)
    ///     .build()?;
    /// assert_eq!(app.call("double", &[Val::U32(21)])?, Some(Val::U32(42)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder() -> AppBuilder {
        AppBuilder::default()
    }
}
