//! A live app, as the host sees it: call its plugins by name, run its entry.

mod builder;
mod files;
mod handle;
mod known;
mod near;
mod open;
mod target;
mod typed;
mod wave;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use crate::call::{CallError, CallErrorKind, FunctionIndex, Target};
use crate::link::{Assembly, LinkError};
use crate::model::{ExternName, FuncType, PluginId};
use crate::plan::{Plan, PluginIndex};
use crate::runtime::{Runtime, Status, Val};
use crate::words::list;

pub use crate::runtime::{CapturedOutput, OutputSink, OutputStream, StartOptions};
pub use builder::AppBuilder;
pub use handle::AppHandle;
use known::Known;
pub use open::{OpenError, Problems};
pub use typed::{Bindings, TypedCall, TypedHandlesCall};
pub use wave::{WaveCall, WaveError, print};

/// A live app: its plugins have started. Clones are the same app, and so are its [`TypedCall`]s and
/// [`Bindings`]: the plugins end when the last of them is dropped.
#[derive(Clone)]
pub struct App {
    live: Arc<Live>,
}

struct Live {
    runtime: Runtime,
    failures: Vec<(PluginId, CallError)>,
    known: Known,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.plan().plugins.iter().map(|plugin| plugin.id.as_str());
        f.debug_struct("App").field("plugins", &ids.collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

/// A function of a plugin that the host may call.
#[derive(Debug, Clone, Copy)]
pub struct Callable<'a> {
    /// The plugin.
    pub plugin: &'a PluginId,
    /// The interface; `None` for a function of the world itself.
    pub interface: Option<&'a ExternName>,
    /// The name of the function.
    pub function: &'a str,
    /// The type of the function.
    pub ty: &'a FuncType,
    target: Target,
}

/// What one plugin has answered.
pub type Answered = (PluginId, Result<Option<Val>, CallError>);

impl App {
    /// Compiles, links and starts the plugins of a plan. The binaries are components, in the order of
    /// the plan's plugins. A plugin that fails while starting is no error: see [`App::failures`].
    ///
    /// # Errors
    /// [`LinkError`] when a component does not compile, or does not fit the plan.
    pub fn start(plan: Plan, binaries: &[impl AsRef<[u8]> + Sync], options: StartOptions) -> Result<Self, LinkError> {
        Ok(Self::of(Arc::new(Assembly::link(plan, binaries)?), options))
    }

    /// Starts the plugins of an assembly, from which any number of apps can be made.
    pub fn of(assembly: Arc<Assembly>, options: StartOptions) -> Self {
        let (runtime, failures) = Runtime::start(assembly, options);
        Self { live: Arc::new(Live { runtime, failures, known: Known::default() }) }
    }

    /// The plan of the app.
    pub fn plan(&self) -> &Plan {
        self.runtime().assembly().plan()
    }

    /// What the app is made from.
    pub fn assembly(&self) -> &Arc<Assembly> {
        self.runtime().assembly()
    }

    /// The plugins that have failed while starting, in the order of the start.
    pub fn failures(&self) -> &[(PluginId, CallError)] {
        &self.live.failures
    }

    /// Calls a function of the one plugin that exports it: `text:stats/words@1.0.0#count`, or `run`
    /// for a function of the world itself. The version may be left out when there is only one. A
    /// function without a result answers `None`.
    ///
    /// ```
    /// use plugweave::{App, CallErrorKind, Val};
    ///
    /// let app = App::open("manifests/workbench")?;
    /// let text = [Val::String("# Title".into())];
    /// let Some(Val::Record(numbers)) = app.call("workbench:markdown/stats#measure", &text)? else { panic!() };
    /// assert_eq!(numbers[0], ("bytes".into(), Val::U64(7)));
    ///
    /// // A handle of a resource is a value like any other.
    /// let document = app.call("workbench:markdown/documents#[constructor]document", &text)?;
    /// let document = [document.ok_or("no document")?];
    ///
    /// // Each lint rule exports `check`, so that one of them must be chosen, or all.
    /// let error = app.call("workbench:markdown/rule#check", &document).unwrap_err();
    /// assert_eq!(error.kind(), CallErrorKind::SeveralProviders);
    /// assert_eq!(app.call_all("workbench:markdown/rule#check", &document)?.len(), 5);
    /// app.call_plugin("rule-links", "workbench:markdown/rule#check", &document)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CallError`] when there is no such function, when several plugins export it, when the
    /// arguments are not what it takes, or when the call fails.
    pub fn call(&self, target: &str, arguments: &[Val]) -> Result<Option<Val>, CallError> {
        let found = self.live.known.find(target, || Ok(self.only(target)?.target))?;
        self.runtime().call(found, arguments)
    }

    /// Calls a function of every plugin that exports it, in provider order. What one plugin answers
    /// does not keep the others from being called.
    ///
    /// # Errors
    /// [`CallError`] when no plugin exports the function.
    pub fn call_all(&self, target: &str, arguments: &[Val]) -> Result<Vec<Answered>, CallError> {
        let call = |callable: &Callable<'_>| self.runtime().call(callable.target, arguments);
        Ok(self.callables(target)?.iter().map(|callable| (callable.plugin.clone(), call(callable))).collect())
    }

    /// Calls a function of one plugin among those that export it.
    ///
    /// # Errors
    /// As [`App::call`], and when there is no such plugin.
    pub fn call_plugin(&self, plugin: &str, target: &str, arguments: &[Val]) -> Result<Option<Val>, CallError> {
        let found = self.live.known.find_of(plugin, target, || Ok(self.callable(plugin, target)?.target))?;
        self.runtime().call(found, arguments)
    }

    /// Calls what is written as WAVE text, of the one plugin that exports it or of the one named.
    ///
    /// ```
    /// use plugweave::{App, WaveCall, print_wave};
    ///
    /// let app = App::open("manifests/workbench")?;
    /// let call = WaveCall::parse(r#"workbench:markdown/theme#decorate(good, "no issues")"#)?;
    /// let text = app.call_wave(Some("theme"), &call)?.as_ref().map(print_wave).transpose()?;
    /// assert_eq!(text.as_deref(), Some(r#""✓ no issues""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`App::call`], and when the arguments are not written as the function takes them.
    pub fn call_wave(&self, plugin: Option<&str>, call: &WaveCall<'_>) -> Result<Option<Val>, CallError> {
        let callable = match plugin {
            Some(plugin) => self.callable(plugin, call.target())?,
            None => self.only(call.target())?,
        };
        self.call_written(&callable, call)
    }

    /// Calls what is written as WAVE text, of every plugin that exports it, in provider order.
    ///
    /// # Errors
    /// [`CallError`] when no plugin exports the function.
    pub fn call_all_wave(&self, call: &WaveCall<'_>) -> Result<Vec<Answered>, CallError> {
        let answered = |callable: Callable<'_>| (callable.plugin.clone(), self.call_written(&callable, call));
        Ok(self.callables(call.target())?.into_iter().map(answered).collect())
    }

    /// Runs the entry's `wasi:cli/run` and returns the status that it ends with.
    ///
    /// # Errors
    /// [`CallError`] when there is no entry, or when it fails.
    pub fn run(&self) -> Result<i32, CallError> {
        self.runtime().run()
    }

    /// How a plugin is at this moment. Others may enter it or fail in it in the next one.
    ///
    /// ```
    /// use plugweave::{App, Status};
    ///
    /// let app = App::open("manifests/workbench")?;
    /// assert!(matches!(app.status("stats")?, Status::Up));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CallError`] when there is no such plugin.
    pub fn status(&self, plugin: &str) -> Result<Status, CallError> {
        Ok(self.runtime().status(self.index_of(plugin)?))
    }

    /// Starts a plugin anew, whether it is up, down or `failed`, and forgets how often it has been restarted.
    /// Waits until nobody is in it. Its state is lost, and handles of its resources are stale.
    ///
    /// # Errors
    /// [`CallError`] when there is no such plugin, when it is on the chain of calls that this is called from,
    /// and when it fails while starting.
    pub fn restart(&self, plugin: &str) -> Result<(), CallError> {
        self.runtime().restart(self.index_of(plugin)?)
    }

    /// How many resources of plugins have handles outside their own plugin: with others, or with the host.
    /// It goes through all of them, so that it is for tests and for looking after an app.
    pub fn live_handles(&self) -> usize {
        self.runtime().live_handles()
    }

    /// The plugins that export a function, in provider order; at least one.
    ///
    /// # Errors
    /// [`CallError`] when there is none, or when the version has been left out and there are several.
    pub fn callables(&self, target: &str) -> Result<Vec<Callable<'_>>, CallError> {
        Ok(self.found(target::find(self.plan(), target, None)?))
    }

    fn runtime(&self) -> &Runtime {
        &self.live.runtime
    }

    fn found(&self, found: target::Found) -> Vec<Callable<'_>> {
        let callable = |(plugin, export, function): (PluginIndex, usize, usize)| {
            let planned = self.plan().plugin(plugin);
            let before = planned.exports[..export].iter().map(|export| export.functions.len());
            let index = FunctionIndex(before.sum::<usize>() + function);
            let export = &planned.exports[export];
            let (name, ty) = &export.functions[function];
            let interface = (!export.bare).then_some(&export.name);
            Callable { plugin: &planned.id, interface, function: name, ty, target: Target { plugin, function: index } }
        };
        found.into_iter().map(callable).collect()
    }

    fn only(&self, target: &str) -> Result<Callable<'_>, CallError> {
        match self.callables(target)?.as_slice() {
            [one] => Ok(*one),
            several => {
                let ids = list(several.iter().map(|callable| callable.plugin));
                let cause = format!("several plugins export `{target}`: {ids}; choose one of them, or all");
                Err(CallError::new(CallErrorKind::SeveralProviders, None, cause))
            }
        }
    }

    /// A function of one plugin among those that export it.
    ///
    /// # Errors
    /// [`CallError`] when there is no such plugin, or when it does not export the function.
    pub fn callable(&self, plugin: &str, target: &str) -> Result<Callable<'_>, CallError> {
        let index = self.index_of(plugin)?;
        // Among the versions of one plugin there may be only one where the app has several.
        let its_own = target::find(self.plan(), target, Some(index)).map(|found| self.found(found));
        let callables = its_own.or_else(|_| self.callables(target))?;
        callables.iter().find(|callable| callable.target.plugin == index).copied().ok_or_else(|| {
            let others = list(callables.iter().map(|callable| callable.plugin));
            let cause = format!("plugin `{plugin}` does not export `{target}`, only {others}");
            CallError::new(CallErrorKind::UnknownTarget, None, cause)
        })
    }

    fn index_of(&self, plugin: &str) -> Result<PluginIndex, CallError> {
        self.plan().index_of(plugin).ok_or_else(|| {
            let ids = self.plan().plugins.iter().map(|plugin| plugin.id.as_str());
            let cause = format!("there is no plugin `{plugin}`{}", near::among("plugins", plugin, ids));
            CallError::new(CallErrorKind::UnknownTarget, None, cause)
        })
    }

    fn call_written(&self, callable: &Callable<'_>, call: &WaveCall<'_>) -> Result<Option<Val>, CallError> {
        let arguments = call.arguments(callable.ty).map_err(|error| {
            CallError::new(CallErrorKind::BadArguments, Some(callable.plugin.clone()), error.to_string())
        })?;
        self.runtime().call(callable.target, &arguments)
    }
}
