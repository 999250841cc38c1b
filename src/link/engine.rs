use std::path::Path;

use serde::{Deserialize, Serialize};
use wasmtime::{Cache, CacheConfig, Config, Engine, WasmBacktraceDetails};

use super::LinkError;
use crate::model::{Budget, FuncType, Side, Type};
use crate::plan::Plan;

/// Native stack that a plugin may use below the point where it is entered.
pub const MAX_WASM_STACK: usize = 512 << 10;

/// What must be left of that to a plugin that is called back: it goes on with the stack that it was entered
/// with first, of which those have used their part that it has called.
pub const CALLED_BACK_STACK: usize = 128 << 10;

/// Native stack that must be left below a plugin that has used up its own: what the host needs to
/// serve an import called from there. Most of it is for reading values whose type is nested as deep as
/// types may be, about a hundred times. Measured for that: less than 96 KiB where dependencies are
/// optimised a little, and 430 KiB where nothing is, as in debug builds of embedding applications. A
/// thread of 1 MiB must do all the same.
pub const HOST_STACK_RESERVE: usize = if cfg!(debug_assertions) { 480 << 10 } else { 128 << 10 };

/// What the engine of an assembly is built with, as far as it depends on the plan.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct EngineSettings {
    /// Whether the time is checked.
    epochs: bool,
    /// Whether fuel is counted.
    fuel: bool,
}

impl EngineSettings {
    pub(super) fn of(plan: &Plan) -> Self {
        Self { epochs: has_timeouts(plan), fuel: has_fuel(plan) }
    }

    /// The one engine of an assembly, without concurrency support: that saves about a microsecond of each call between
    /// plugins. Where there is a cache, compiled code is looked for there, and left there.
    pub(super) fn engine(self, cache: Option<Cache>) -> Result<Engine, LinkError> {
        let mut config = Config::new();
        config
            .concurrency_support(false)
            .wasm_component_model_map(true)
            .wasm_component_model_fixed_length_lists(true)
            .wasm_backtrace_details(WasmBacktraceDetails::Enable)
            .max_wasm_stack(MAX_WASM_STACK)
            .epoch_interruption(self.epochs)
            .consume_fuel(self.fuel)
            .cache(cache);
        Engine::new(&config).map_err(|error| failed(&error))
    }
}

/// A cache of compiled code in a folder.
pub(super) fn cache(folder: &Path) -> Result<Cache, LinkError> {
    let mut config = CacheConfig::new();
    // The code is read once, and soon: compressing it well would only cost time.
    config.with_directory(folder).with_baseline_compression_level(1);
    Cache::new(config).map_err(|error| failed(&error))
}

fn failed(error: &wasmtime::Error) -> LinkError {
    LinkError::Engine { cause: format!("{error:#}") }
}

/// Whether some plugin has a time limit, or may have destructors to run, which always have one. Checking the time
/// costs half as much again in tight loops, so it is compiled in only where a deadline can be.
pub(super) fn has_timeouts(plan: &Plan) -> bool {
    plan.plugins.iter().any(|plugin| {
        let functions = || plugin.exports.iter().flat_map(|export| &export.functions);
        plugin.limits.timeout != Some(Budget::Unlimited) || functions().any(|(_, ty)| hands_out_resources(ty))
    })
}

/// Whether a function can answer a handle of a resource that its own plugin owns.
fn hands_out_resources(ty: &FuncType) -> bool {
    let owned = |ty: &Type| matches!(ty, Type::Own(resource) if resource.side == Side::Export);
    ty.result.as_ref().is_some_and(|result| result.find(&owned).is_some())
}

/// Whether some plugin has a fuel limit.
pub(super) fn has_fuel(plan: &Plan) -> bool {
    plan.plugins.iter().any(|plugin| plugin.limits.fuel != Budget::Unlimited)
}
