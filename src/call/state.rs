use std::sync::Arc;
use std::time::Duration;

use wasmtime::ResourceLimiter;
use wasmtime::component::{Func, Instance, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_config::WasiConfigVariables;

use super::{
    CallError, Clock, Frame, GrantedFolder, HostStates, InstanceId, Lifting, Live, OpenFiles, log_own, targets,
};
use crate::model::Limits;

/// What the store of a plugin holds: one concrete type for every plugin.
///
/// For embedding applications it is opaque: they name it in the types of linkers and stores.
pub struct PluginState {
    /// The entry that the plugin is in now.
    pub(crate) frame: Frame,
    /// The instance that it belongs to.
    pub(crate) instance: InstanceId,
    /// How much native stack was left where the instance was entered, if that can be told: it gets no more when
    /// it is called back.
    pub(crate) stack: Option<usize>,
    /// What can be called in it; nothing while it is starting.
    pub(crate) exports: Option<Exports>,
    /// Why the instance is at its end while calls into it are still open: one further down the chain has
    /// failed. Told with the whole chain.
    pub(crate) failed: Option<CallError>,
    /// The other plugins.
    pub(crate) live: Arc<dyn Live>,
    /// The time.
    pub(crate) clock: Arc<Clock>,
    /// How much wasmtime may charge for what the plugin passes, and what that stands for.
    pub(crate) lifting: Lifting,
    /// What the plugin uses of memory, tables and instances.
    pub(crate) limiter: Limiter,
    /// What the functions of host interfaces keep for it.
    pub(crate) hosts: HostStates,
    /// What it is granted; made when it is first asked for, unless it was given one.
    pub(crate) wasi: Option<Box<Wasi>>,
}

/// A live instance and its functions.
pub struct Exports {
    /// The instance.
    pub instance: Instance,
    /// In the order in which linking has found them.
    pub functions: Vec<Func>,
}

/// What a plugin is granted of WASI, and what it holds of it.
pub struct Wasi {
    /// The grants.
    pub context: WasiCtx,
    /// Files, streams and so on that it has open.
    pub table: ResourceTable,
    /// What `wasi:config/store` tells it.
    pub config: WasiConfigVariables,
    /// The folders that it is granted.
    pub folders: Vec<GrantedFolder>,
    /// What it has open of files, folders and sockets.
    pub open_files: OpenFiles,
}

impl Wasi {
    /// Grants nothing.
    pub fn nothing() -> Self {
        Self {
            context: WasiCtx::builder().build(),
            table: ResourceTable::new(),
            config: WasiConfigVariables::new(),
            folders: Vec::new(),
            open_files: OpenFiles::new(None, Limits::default().open_files),
        }
    }
}

impl PluginState {
    /// The state of the host interfaces with states of this type.
    ///
    /// # Panics
    /// When the plugin imports no such interface; but then it cannot call their functions either.
    #[expect(clippy::panic, reason = "functions of an interface are linked only where its state is made")]
    pub(crate) fn host<S: 'static>(&mut self) -> &mut S {
        match self.hosts.get() {
            Some(state) => state,
            None => panic!("no host interface with a state of type {}", std::any::type_name::<S>()),
        }
    }

    /// Why the entry that the plugin is in must end, where that is known already.
    #[inline]
    pub(crate) fn ended(&self) -> Option<CallError> {
        self.failed.as_ref().map(|error| error.beyond(self.frame.depth))
    }

    /// The time that is left to the entry that the plugin is in; nothing where it has no deadline.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.frame.deadline.map(|deadline| self.clock.left(deadline.at))
    }

    pub(super) fn wasi(&mut self) -> &mut Wasi {
        self.wasi.get_or_insert_with(|| Box::new(Wasi::nothing()))
    }
}

impl WasiView for PluginState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi();
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

/// Most elements that the core tables of a plugin may have together. Manifests limit the number of
/// tables only, so this keeps them from taking the host's memory; tool chains need a few thousand.
const MAX_TABLE_ELEMENTS: usize = 1 << 20;

/// Most linear memories of a plugin. Each reserves some 4 GiB of the process' addresses, even if it
/// is empty, and those are not endless; tool chains need one or two.
pub const MAX_MEMORIES: usize = 16;

/// Keeps a plugin within its memory, tables and instances.
#[derive(Debug, Clone)]
pub struct Limiter {
    memory: u64,
    tables: usize,
    instances: usize,
    used: u64,
    table_elements: usize,
    /// The total that was last refused, in bytes, for telling why a plugin may have failed.
    pub refused: Option<u64>,
}

impl Limiter {
    /// A limiter for a plugin that uses nothing yet.
    pub fn new(limits: &Limits) -> Self {
        let count = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
        Self {
            memory: limits.memory,
            tables: count(limits.tables),
            instances: count(limits.instances),
            used: 0,
            table_elements: 0,
            refused: None,
        }
    }

    /// Linear memory in use, all memories together.
    #[cfg(test)]
    pub fn used(&self) -> u64 {
        self.used
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let more = u64::try_from(desired.saturating_sub(current)).unwrap_or(u64::MAX);
        let total = self.used.saturating_add(more);
        // Growth beyond the memory's own maximum would fail after it had been counted here, and the
        // failure does not say which growth has failed: so it must not be counted to begin with.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        if total > self.memory {
            self.refused = Some(total);
            return Ok(false);
        }
        self.used = total;
        // The plugin has got over an earlier refusal: a failure from here on has another reason.
        self.refused = None;
        Ok(true)
    }

    // What remains is memory that the system refuses. It stays counted: this is called for growth
    // that was never counted too, so that giving back here could be used to get around the limit.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        if tracing::enabled!(target: targets::STATE, tracing::Level::DEBUG) {
            let told = format!("a linear memory could not grow: {error:#}");
            log_own(told.len(), move || tracing::debug!(target: targets::STATE, "{told}"));
        }
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.table_elements.saturating_add(desired.saturating_sub(current));
        let allowed = total <= MAX_TABLE_ELEMENTS && maximum.is_none_or(|maximum| desired <= maximum);
        if allowed {
            self.table_elements = total;
        }
        Ok(allowed)
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_count_together_and_a_refusal_counts_for_nothing() {
        let mut limiter = Limiter::new(&Limits { memory: 300, ..Limits::default() });
        assert!(limiter.memory_growing(0, 100, None).unwrap());
        assert!(limiter.memory_growing(0, 100, Some(150)).unwrap());
        assert!(!limiter.memory_growing(100, 201, None).unwrap());
        assert_eq!((limiter.used(), limiter.refused), (200, Some(301)));
        // Beyond the memory's own maximum: refused, whatever wasmtime reports afterwards.
        assert!(!limiter.memory_growing(100, 160, Some(150)).unwrap());
        limiter.memory_grow_failed(wasmtime::format_err!("no")).unwrap();
        assert!(limiter.memory_growing(100, 200, None).unwrap());
        assert!(!limiter.memory_growing(200, 201, None).unwrap());
        assert!(limiter.table_growing(0, 1000, None).unwrap());
        assert!(!limiter.table_growing(0, usize::MAX, None).unwrap());
    }
}
