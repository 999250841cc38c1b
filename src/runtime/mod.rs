//! Running: live plugins, one store each, entered one chain of calls at a time.
//!
//! A plugin that fails is torn down and started anew within its restart budget, when it is next
//! needed. Every way in, for the host as for the dispatchers of other plugins, is
//! [`Inner::enter`](enter).

mod arguments;
mod begin;
mod carry;
mod chain;
mod current;
mod drain_time;
mod enter;
mod folders;
mod frames;
mod handle;
mod host_calls;
mod instance;
mod lifting;
mod log;
mod output;
mod outside;
mod passed;
mod refuse;
mod release;
mod restarts;
mod room;
mod slot;
mod status;
mod stream;
mod turns;
mod typed;
mod typed_handles;
mod value;
mod wasi;

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use crossbeam_utils::CachePadded;
use wasmtime::StoreContextMut;
use wasmtime::component::Val as Raw;

use crate::call::{CallError, CallErrorKind, Caller, ChainId, Clock, Frame, Handles, PluginState, Ticks, flush_log};
use crate::link::Assembly;
use crate::model::PluginId;
use crate::plan::PluginIndex;

use current::AppNumber;
use enter::Purpose;
use folders::Folders;
pub use handle::Handle;
pub use output::{CapturedOutput, OutputSink, OutputStream};
use outside::outside_async;
pub use passed::{Answer, Answers, Argument, Arguments, HandleList};
use slot::{Condition, Slot};
pub use status::Status;
use turns::Turns;
pub use typed::Typed;
pub use value::{BoundToStore, Val};

/// How an app is started.
#[derive(Debug, Clone, Default)]
pub struct StartOptions {
    /// The app's folder: granted directories are relative to it. They are opened when the app is started.
    pub base: PathBuf,
    /// Arguments for the plan's entry, in place of those of its manifest. With them it also gets the
    /// standard streams of the process.
    pub entry_args: Option<Vec<String>>,
    /// Where everything goes that plugins print, in place of what their manifests say.
    pub output: Option<OutputSink>,
}

/// The live plugins of an app. They end when it is dropped.
pub struct Runtime {
    inner: Arc<Inner>,
}

struct Inner {
    this: Weak<Inner>,
    number: AppNumber,
    assembly: Arc<Assembly>,
    options: StartOptions,
    folders: Folders,
    slots: Vec<CachePadded<Slot>>,
    turns: Turns,
    handles: Handles,
    /// How many resources wait for their destructors.
    unwanted: AtomicUsize,
    /// Whether it is being dropped.
    is_ended: AtomicBool,
    /// How long a plugin may be overdue until those who wait for it give up.
    stuck_after: Ticks,
}

/// A plugin is interrupted when its time is up, and comes back within a moment even on a loaded machine, unless
/// it is in the host.
const STUCK_AFTER: Duration = Duration::from_secs(5);

impl Runtime {
    /// Starts every plugin, in the order of the plan, and tells which have failed while starting.
    /// Those are tried again when they are needed, within their restart budget.
    pub fn start(assembly: Arc<Assembly>, options: StartOptions) -> (Self, Vec<(PluginId, CallError)>) {
        let plugins = &assembly.plan().plugins;
        let folders = granted_folders(&assembly, &options.base);
        let slots: Vec<_> = plugins.iter().map(|plugin| Slot::new(plugin.limits.restart).into()).collect();
        let turns = Turns::new(slots.len());
        let inner = Arc::new_cyclic(|this: &Weak<Inner>| Inner {
            this: this.clone(),
            number: AppNumber::next(),
            assembly,
            options,
            folders,
            slots,
            turns,
            handles: Handles::default(),
            unwanted: AtomicUsize::new(0),
            is_ended: AtomicBool::new(false),
            stuck_after: Clock::ticks(STUCK_AFTER),
        });
        let runtime = Self { inner };
        let failures = runtime.inner.start();
        (runtime, failures)
    }

    /// What the app is made from.
    pub fn assembly(&self) -> &Arc<Assembly> {
        &self.inner.assembly
    }

    /// How many resources have handles outside the stores of their owners.
    pub fn live_handles(&self) -> usize {
        self.inner.handles.live()
    }

    /// Runs the entry's `wasi:cli/run` and returns the status that it ends with.
    ///
    /// # Errors
    /// [`CallError`] when there is no entry, or when it fails.
    pub fn run(&self) -> Result<i32, CallError> {
        let inner = &*self.inner;
        let Some(entry) = inner.assembly.entry() else {
            return Err(CallError::new(CallErrorKind::UnknownTarget, None, inner.no_entry()));
        };
        let mut results = [Raw::Bool(false)];
        let act = |store: StoreContextMut<'_, PluginState>| inner.call_by_value(store, entry, &[], &mut results);
        match inner.on_chain(|frame| inner.enter(Caller::alone(frame), Purpose::Run(entry), act)) {
            Ok(()) => Ok(i32::from(results != [Raw::Result(Ok(None))])),
            // Its own exit is how a program ends; that of a plugin that it has called is a failure.
            Err(error) => match (error.exit_code(), error.chain()) {
                (Some(code), [_]) => Ok(code),
                _ => Err(error),
            },
        }
    }
}

impl Drop for Runtime {
    // Stores hold the runtime, which holds the stores. No call is in them now, because calls borrow `self`; but a
    // destructor may be, of a handle that another thread has let go of, or one that has brought about this.
    fn drop(&mut self) {
        let inner = &*self.inner;
        inner.release_all();
        inner.is_ended.store(true, Ordering::Relaxed);
        let chain = current::innermost(inner.number).unwrap_or_else(Inner::new_chain).chain;
        for (plugin, slot) in inner.slots.iter().enumerate() {
            // Whoever cannot be waited for puts nothing back.
            let _turn = inner.turns.take(PluginIndex(plugin), chain, || None, || false);
            slot.cell().condition = Condition::NotStarted;
            if let Some(instance) = slot.take() {
                inner.end_store(instance);
            }
        }
        // What plugins have printed is logged by another thread, which may be the last to know of the process' end.
        flush_log();
    }
}

impl Inner {
    fn start(&self) -> Vec<(PluginId, CallError)> {
        let mut failures = Vec::new();
        for plugin in (0..self.slots.len()).map(PluginIndex) {
            if let Err(error) =
                self.on_chain(|frame| self.enter(Caller::alone(frame), Purpose::Start(plugin), |_| Ok(())))
            {
                self.slots[plugin.0].note_refused_start(&error);
                tracing::debug!(plugin = %self.id(plugin), "{error}");
                failures.push((self.id(plugin).clone(), error));
            }
        }
        failures
    }

    /// Does something at the beginning of a chain of calls, or goes on with the chain that a host function
    /// was called from, while the clock runs and no async runtime is active.
    fn on_chain<T: Send>(&self, work: impl FnOnce(&Frame) -> T + Send) -> T {
        let _running = self.assembly.clock().run();
        let frame = current::innermost(self.number).unwrap_or_else(Self::new_chain);
        outside_async(|| {
            let done = work(&frame);
            self.settle(&frame);
            done
        })
    }

    fn new_chain() -> Frame {
        let chain = next_chain();
        Frame { chain, plugin: None, depth: 0, deadline: None }
    }

    fn no_entry(&self) -> String {
        let exporters = self.assembly.plan().exporters(|export| export.name.base() == "wasi:cli/run");
        let mut ids: Vec<String> = exporters.iter().map(|(plugin, _)| format!("`{}`", self.id(*plugin))).collect();
        // One plugin may export several versions.
        ids.dedup();
        let Some(last) = ids.pop() else {
            return "there is nothing to run: no plugin lists `wasi:cli/run` in its `[exports]`, and `entry` in app.toml names none".to_owned();
        };
        let first = ids.join(", ");
        format!("several plugins export `wasi:cli/run`: {first} and {last}; choose one of them by `entry` in app.toml")
    }
}

/// Opens the folders that plugins are granted, before any of them runs. Those that use nothing of WASI cannot get at
/// theirs.
fn granted_folders(assembly: &Assembly, base: &Path) -> Folders {
    // What is missing is opened later, when the process may be in another folder.
    let base = std::path::absolute(base.join(".")).unwrap_or_else(|_| base.to_owned());
    let granted = assembly.plan().plugins.iter().enumerate().map(|(index, plugin)| {
        let dirs = plugin.wasi.dirs.as_slice();
        (&plugin.id, if assembly.plugin(PluginIndex(index)).uses_runtime { dirs } else { &[] })
    });
    Folders::open(&base, granted)
}

/// How many numbers of chains a thread takes at once, so that threads do not write to one place with each call.
const CHAINS: u64 = 1 << 16;

fn next_chain() -> ChainId {
    static LAST: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static OWN: Cell<std::ops::Range<u64>> = const { Cell::new(0..0) };
    }
    OWN.with(|own| {
        let mut left = own.take();
        let next = left.next().unwrap_or_else(|| {
            let first = LAST.fetch_add(CHAINS, Ordering::Relaxed) + 1;
            left = first + 1..first + CHAINS;
            first
        });
        own.set(left);
        ChainId(next)
    })
}
