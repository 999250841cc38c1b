mod child;
mod private;
mod process;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::cache;
use super::engines::{Engines, Settings};
use super::{EngineOptions, LinkError};
use crate::parallel;
use crate::plan::{Plan, PlannedPlugin, PluginIndex};

pub use child::compile_child_main;
use private::PrivateFolder;

/// From this weight on, a plugin is compiled by a process of its own first, where there can be one. Below it the
/// compiler is done in a few seconds whatever the binary holds; plugins in Rust and C without an engine in them are
/// far below.
const HEAVY: u64 = 1_000_000;

/// The address space for compiling one plugin, whatever its size, and for each byte of its binary.
const MEMORY: u64 = 2 << 30;
const MEMORY_FOR_BYTE: u64 = 64;

/// The CPU time for compiling one plugin, whatever its size, and for each MiB of its binary.
const SECONDS: u64 = 20;

/// Compiles the components of all plugins, as many at once as there are cores. Plugins with the same binary share its
/// code where they share the engine, each with instances of its own.
///
/// A heavy one is compiled by a process with limits first, which leaves the code in a folder that nobody else can
/// read, or in that of the options. From there the engine takes it. Where it is not found, compiling again ends as it
/// did in that process.
///
/// wasmtime's own parallelism is off: it costs more time of the processor in all.
pub(super) fn compile(
    plan: &Plan,
    binaries: &[impl AsRef<[u8]> + Sync],
    settings: &Settings,
    options: &EngineOptions,
) -> Result<(Engines, Vec<Component>), LinkError> {
    let plugins = &plan.plugins;
    if plugins.len() != binaries.len() {
        return Err(LinkError::Binaries { plugins: plugins.len(), binaries: binaries.len() });
    }
    // The first plugin of each binary in each engine, and for each plugin which of them has its own.
    let mut firsts: Vec<(PluginIndex, &PlannedPlugin, &[u8])> = Vec::new();
    let mut numbers: HashMap<(usize, &[u8]), usize> = HashMap::new();
    let of_plugin: Vec<usize> = plugins
        .iter()
        .enumerate()
        .zip(binaries)
        .map(|((index, plugin), binary)| {
            let index = PluginIndex(index);
            *numbers.entry((settings.number(index), binary.as_ref())).or_insert_with(|| {
                firsts.push((index, plugin, binary.as_ref()));
                firsts.len() - 1
            })
        })
        .collect();
    let heavy = plugins.iter().find(|plugin| plugin.weight >= HEAVY && child::is_possible());
    let kept = cache::kept(&options.cache)?;
    let folder = heavy.filter(|_| kept.is_none()).map(private_folder).transpose()?;
    let passing = folder.as_ref().map(|folder| cache::passing(folder.path())).transpose()?;
    let cache = kept.or(passing);
    let engines = settings.build(plugins, cache.as_ref(), options.pooling)?;
    let compiled = parallel::map("plugweave-compile", &firsts, |(index, plugin, binary)| {
        if let Some(cache) = cache.as_ref().filter(|_| plugin.weight >= HEAVY && child::is_possible()) {
            let order = child::Order {
                engine: settings.of(*index),
                cache: cache.directory().clone(),
                memory: memory(binary),
                cpu_time: plan.compile_time.unwrap_or_else(|| default_time(binary)),
            };
            process::compile(&plugin.id, &order, binary)?;
        }
        compile_one(engines.of(*index), binary).map_err(|cause| LinkError::Compile { plugin: plugin.id.clone(), cause })
    });
    let compiled: Vec<Component> = compiled.into_iter().collect::<Result<_, _>>()?;
    if let Some(cache) = cache {
        tracing::debug!("compiled code found: {} of {} binaries", cache.cache_hits(), compiled.len());
    }
    Ok((engines, of_plugin.into_iter().map(|number| compiled[number].clone()).collect()))
}

fn private_folder(plugin: &PlannedPlugin) -> Result<PrivateFolder, LinkError> {
    PrivateFolder::make().map_err(|error| LinkError::CompileProcess {
        plugin: plugin.id.clone(),
        cause: format!(
            "no private folder for its code can be made: {error}; let `TMPDIR` name a folder that can be written to"
        ),
    })
}

/// The address space for compiling a binary; less where this process may not have as much itself.
fn memory(binary: &[u8]) -> u64 {
    (MEMORY + MEMORY_FOR_BYTE * binary.len() as u64).min(child::own_memory())
}

fn default_time(binary: &[u8]) -> Duration {
    let bytes = binary.len() as u64;
    Duration::from_secs(SECONDS + (SECONDS * bytes).div_ceil(1 << 20))
}

/// What is told where the compiler has panicked.
const GAVE_UP: &str = "the compiler has given up on it";

/// Compiles one component. A strange enough one makes the compiler panic: that must cost nobody but
/// its own plugin.
fn compile_one(engine: &Engine, binary: &[u8]) -> Result<Component, String> {
    // The engine is left as it was: a compilation that ends in the middle has registered nothing.
    let compile = AssertUnwindSafe(|| Component::from_binary(engine, binary));
    match std::panic::catch_unwind(compile) {
        Ok(compiled) => compiled.map_err(|error| format!("{error:#}")),
        Err(_) => Err(GAVE_UP.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::engine::EngineSettings;
    use crate::link::testing::{Bench, component};

    fn bench(binaries: [&[u8]; 3]) -> Bench {
        let mut bench = Bench::default();
        for (id, binary) in ["a", "b", "c"].into_iter().zip(binaries) {
            bench.add(id, binary.to_vec());
        }
        bench
    }

    fn compiled(bench: &Bench) -> Result<Vec<Component>, LinkError> {
        let plain = EngineSettings::plain();
        let settings = Settings::new(bench.plan.plugins.iter().map(|_| plain), plain);
        compile(&bench.plan, &bench.binaries, &settings, &EngineOptions::new()).map(|(_, compiled)| compiled)
    }

    #[test]
    fn the_same_binary_is_compiled_once() {
        let (one, other) = (component("world w {}", "(module)"), component("world w {}", "(module (memory 1))"));
        let bench = bench([&one, &other, &one]);
        let compiled = compiled(&bench).unwrap();
        let [a, b, c] = compiled.as_slice() else { unreachable!() };
        assert_eq!(a.image_range(), c.image_range());
        assert_ne!(a.image_range(), b.image_range());
    }

    #[test]
    fn the_first_plugin_with_a_bad_binary_is_named() {
        let good = component("world w {}", "(module)");
        let bench = bench([&good, b"bad", b"bad"]);
        let failed = compiled(&bench).err();
        assert!(matches!(failed, Some(LinkError::Compile { plugin, .. }) if plugin.as_str() == "b"));
    }

    #[test]
    fn larger_binaries_get_more_time_and_memory() {
        assert_eq!(default_time(&[]), Duration::from_secs(20));
        assert_eq!(default_time(&[0; 1 << 20]), Duration::from_secs(40));
        assert_eq!(default_time(&[0; (1 << 20) + 1]), Duration::from_secs(41));
        assert_eq!(memory(&[0; 100]), (2 << 30) + 6_400);
    }

    #[test]
    fn without_its_main_there_is_no_child() {
        // This process has not called `compile_child_main`.
        let mut bench = Bench::default();
        bench.add("a", component("world w {}", "(module)")).weight = u64::MAX;
        bench.plan.compile_time = Some(Duration::from_nanos(1));
        assert!(!child::is_possible());
        assert!(compiled(&bench).is_ok());
    }
}
