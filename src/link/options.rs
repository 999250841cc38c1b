use std::path::PathBuf;

use super::LinkError;

/// How the engines of an app are built and how they compile: see
/// [`AppBuilder::engine_options`](crate::AppBuilder::engine_options).
///
/// ```
/// use plugweave::{App, EngineOptions, Optimisation};
///
/// let options = EngineOptions::new().optimisation(Optimisation::None).wasm_stack(256 << 10);
/// let app = App::builder().folder("manifests/workbench").engine_options(options).build()?;
/// # Ok::<(), plugweave::OpenError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct EngineOptions {
    pub(super) optimisation: Optimisation,
    pub(super) backtrace_lines: bool,
    pub(super) pooling: Option<u32>,
    pub(super) wasm_stack: usize,
    pub(super) cache: CodeCache,
}

/// How much the compiler does for fast code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Optimisation {
    /// Nothing: it compiles fastest, and the code is the slowest.
    None,
    /// Fast code.
    #[default]
    Speed,
    /// Fast code that is small.
    SpeedAndSize,
}

/// Where compiled code is kept, so that the next start finds it.
///
/// What is found there is run without being checked. So nobody else may be able to write there, plugins with a granted
/// folder included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CodeCache {
    /// Nowhere.
    #[default]
    Off,
    /// In wasmtime's own folder among the caches of the user, `~/.cache/wasmtime` on Linux. Other programs share it.
    UserDefault,
    /// In this folder. It is made where it is not there.
    Folder(PathBuf),
}

impl EngineOptions {
    /// The native stack that a plugin may use, unless it is set.
    pub const DEFAULT_WASM_STACK: usize = 512 << 10;

    /// The smallest native stack that a plugin can be given: frames of a few functions.
    pub const MIN_WASM_STACK: usize = 16 << 10;

    /// The largest native stack that a plugin can be given. Threads seldom have so much.
    pub const MAX_WASM_STACK: usize = 1 << 30;

    /// What an app has that sets no options.
    pub fn new() -> Self {
        Self {
            optimisation: Optimisation::default(),
            backtrace_lines: true,
            pooling: None,
            wasm_stack: Self::DEFAULT_WASM_STACK,
            cache: CodeCache::default(),
        }
    }

    /// How much the compiler optimises; [`Optimisation::Speed`] by default.
    pub fn optimisation(mut self, optimisation: Optimisation) -> Self {
        self.optimisation = optimisation;
        self
    }

    /// Whether [`CallError::backtrace`](crate::CallError::backtrace) has the file and line of each function, where the
    /// binary has debug information (DWARF). It does by default. The debug information stays in memory then.
    pub fn backtrace_lines(mut self, lines: bool) -> Self {
        self.backtrace_lines = lines;
        self
    }

    /// Takes the memories and tables of plugins from a pool with room for so many instances, instead of asking the
    /// system for each. Starting and restarting plugins gets cheaper, and what all apps of an
    /// [`Assembly`](crate::Assembly) may have at a time gets a limit. An instance too many does not start, and says so.
    ///
    /// The pool is for one engine, with all apps of the assembly. Each live plugin of each app takes the place of one
    /// instance, and one that is restarted while its old instance is still on a chain of calls takes a second one.
    ///
    /// It reserves address space at once, and memory only as it is used. For each instance of a plugin with one
    /// linear memory that is 4 GiB and 32 MiB for the memory, and 2 MiB for four tables. Where some plugin has more
    /// memories, or more than four tables, each instance has as many as that plugin needs. Linux has 128 TiB of
    /// addresses on most processors, which is room for some 30,000 memories. `ulimit -v` must allow it.
    ///
    /// In a pool, a memory has at most 4 GiB, and a table at most 65,536 elements.
    pub fn pooling(mut self, instances: u32) -> Self {
        self.pooling = Some(instances);
        self
    }

    /// Asks the system for the memories and tables of each plugin when it starts. That is the default.
    pub fn on_demand(mut self) -> Self {
        self.pooling = None;
        self
    }

    /// The native stack, in bytes, that each plugin may use below where it is entered; 512 KiB by default.
    ///
    /// A plugin is entered only where its thread has as much left, and some more for the host. So less makes longer
    /// chains of calls possible on the same thread, and more lets a plugin recurse deeper.
    pub fn wasm_stack(mut self, bytes: usize) -> Self {
        self.wasm_stack = bytes;
        self
    }

    /// Where compiled code is kept; nowhere by default.
    pub fn cache(mut self, cache: CodeCache) -> Self {
        self.cache = cache;
        self
    }

    /// Refuses what no engine can have.
    pub(super) fn check(&self) -> Result<(), LinkError> {
        let refused = |option, cause| Err(LinkError::Option { option, cause });
        let (least, most) = (Self::MIN_WASM_STACK, Self::MAX_WASM_STACK);
        if !(least..=most).contains(&self.wasm_stack) {
            let cause = format!("{} bytes are not from {least} to {most}", self.wasm_stack);
            return refused("wasm_stack", cause);
        }
        if self.pooling == Some(0) {
            return refused("pooling", "a pool without room for any instance; ask for one at least".to_owned());
        }
        Ok(())
    }
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self::new()
    }
}
