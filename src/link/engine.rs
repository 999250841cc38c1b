use std::path::Path;

use serde::{Deserialize, Serialize};
use wasmtime::{Cache, CacheConfig, Config, Engine, WasmBacktraceDetails};

use super::LinkError;
use crate::call::MAX_WASM_STACK;
use crate::model::{Budget, FuncType, Side, Type};
use crate::plan::Plan;

/// What the engine of an assembly is built with, as far as it depends on the plan.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct EngineSettings {
    /// Whether the time is checked.
    epochs: bool,
    /// Whether fuel is counted.
    fuel: bool,
}

impl EngineSettings {
    pub(crate) fn of(plan: &Plan) -> Self {
        Self { epochs: has_timeouts(plan), fuel: has_fuel(plan) }
    }

    /// The one engine of an assembly, without concurrency support: that saves about a microsecond of each call between
    /// plugins. Where there is a cache, compiled code is looked for there, and left there.
    pub(crate) fn engine(self, cache: Option<Cache>) -> Result<Engine, LinkError> {
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
