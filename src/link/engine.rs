use serde::{Deserialize, Serialize};
use wasmtime::{Cache, Config, Engine, InstanceAllocationStrategy, OptLevel, WasmBacktraceDetails};

use super::options::{EngineOptions, Optimisation};
use super::{LinkError, pool::Pool};
use crate::model::{Budget, EngineNeeds, FuncType, Side, Type};
use crate::plan::Plan;

/// What an engine is built with: what its plugins need, and what the embedding application has chosen. Plugins with
/// equal settings share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EngineSettings {
    /// Whether the time is checked.
    epochs: bool,
    /// Whether fuel is counted.
    fuel: bool,
    /// Whether it has concurrency support.
    concurrency: bool,
    pub(super) optimisation: Optimisation,
    /// Whether debug information is read for backtraces.
    lines: bool,
    wasm_stack: usize,
}

/// The stack of a fiber, where plugins have no more than the usual one.
const FIBER_STACK: usize = 2 << 20;

/// What the host has of a fiber, at least.
const FIBER_HOST_STACK: usize = 128 << 10;

impl EngineSettings {
    /// The settings of the engine of a plugin of the plan that needs so much.
    pub(super) fn of(plan: &Plan, options: &EngineOptions, needs: EngineNeeds) -> Self {
        Self {
            epochs: has_timeouts(plan),
            fuel: has_fuel(plan),
            concurrency: needs.concurrency,
            optimisation: options.optimisation,
            lines: options.backtrace_lines,
            wasm_stack: options.wasm_stack,
        }
    }

    /// Those of plugins without limits of time and fuel.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self::of(&Plan::default(), &EngineOptions::new(), EngineNeeds::default())
    }

    /// An engine. Without concurrency support, which saves about a microsecond of each call between plugins, unless it
    /// is needed. Where there is a cache, compiled code is looked for there, and left there. The pool, and how much
    /// stack there is, make no difference to the code.
    pub(crate) fn engine(self, cache: Option<Cache>, pool: Option<Pool>) -> Result<Engine, LinkError> {
        let build = |pool: Option<Pool>| Engine::new(&self.config(cache.clone(), pool));
        build(pool).map_err(|error| match pool {
            // Only with the pool it cannot be.
            Some(pool) if build(None).is_ok() => pool.refused(&format!("{error:#}")),
            _ => LinkError::Engine { cause: format!("{error:#}") },
        })
    }

    fn config(self, cache: Option<Cache>, pool: Option<Pool>) -> Config {
        let lines = if self.lines { WasmBacktraceDetails::Enable } else { WasmBacktraceDetails::Disable };
        let optimisation = match self.optimisation {
            Optimisation::None => OptLevel::None,
            Optimisation::Speed => OptLevel::Speed,
            Optimisation::SpeedAndSize => OptLevel::SpeedAndSize,
        };
        let mut config = Config::new();
        config
            .concurrency_support(self.concurrency)
            .wasm_component_model_map(true)
            .wasm_component_model_fixed_length_lists(true)
            .wasm_backtrace_details(lines)
            .cranelift_opt_level(optimisation)
            .max_wasm_stack(self.wasm_stack)
            .async_stack_size(FIBER_STACK.max(2 * self.wasm_stack + FIBER_HOST_STACK))
            .epoch_interruption(self.epochs)
            .consume_fuel(self.fuel)
            .cache(cache);
        if let Some(pool) = pool {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool.config()));
        }
        config
    }
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

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash, Hasher};

    use super::*;

    /// What compiled code must have in common with an engine to run in it.
    fn code(settings: EngineSettings, pool: Option<Pool>) -> u64 {
        let mut hasher = DefaultHasher::new();
        settings.engine(None, pool).unwrap().precompile_compatibility_hash().hash(&mut hasher);
        hasher.finish()
    }

    /// So a process that compiles needs no pool, for which it has no address space.
    #[test]
    fn only_the_stack_and_the_pool_make_no_difference_to_the_code() {
        let plain = EngineSettings::plain();
        assert_eq!(code(plain, Some(Pool::new(1, &[]))), code(plain, None));
        assert_eq!(code(EngineSettings { wasm_stack: 64 << 10, ..plain }, None), code(plain, None));
        for other in [
            EngineSettings { epochs: true, ..plain },
            EngineSettings { fuel: true, ..plain },
            EngineSettings { lines: false, ..plain },
            EngineSettings { optimisation: Optimisation::None, ..plain },
            EngineSettings { optimisation: Optimisation::SpeedAndSize, ..plain },
        ] {
            assert_ne!(code(other, None), code(plain, None), "{other:?}");
        }
    }

    #[test]
    fn a_need_that_no_engine_meets_is_told() {
        let needs = EngineNeeds { concurrency: true, ..EngineNeeds::default() };
        let settings = EngineSettings::of(&Plan::default(), &EngineOptions::new(), needs);
        let refused = settings.engine(None, None).err().unwrap().to_string();
        assert!(refused.contains("concurrency support"), "{refused}");
    }
}
