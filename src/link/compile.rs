mod budget;
mod child;
mod machine;
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
use crate::model::PluginId;
use crate::parallel;
use crate::plan::{Plan, PlannedPlugin, PluginIndex};

use budget::Budget;
use child::Order;
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
/// A heavy one is compiled by a process with limits first, which leaves the code in a folder that only this user can
/// enter, or in that of the options. From there the engine takes it. As many such processes are there at once as their
/// limits of memory fit into a budget.
///
/// wasmtime's own parallelism is off: it costs more time of the processor in all.
pub(super) fn compile(
    plan: &Plan,
    binaries: &[impl AsRef<[u8]> + Sync],
    settings: &Settings,
    options: &EngineOptions,
) -> Result<(Engines, Vec<Component>), LinkError> {
    let processes = Processes { budget: Budget::of_machine(), compile: &process::compile };
    compile_by(child::is_possible().then_some(processes), plan, binaries, settings, options)
}

/// How heavy plugins are compiled first.
#[derive(Clone, Copy)]
struct Processes<'a> {
    budget: &'a Budget,
    compile: &'a Compile<'a>,
}

/// As [`process::compile`].
type Compile<'a> = dyn Fn(&PluginId, &Order, &[u8]) -> Result<(), LinkError> + Sync + 'a;

fn compile_by(
    processes: Option<Processes<'_>>,
    plan: &Plan,
    binaries: &[impl AsRef<[u8]> + Sync],
    settings: &Settings,
    options: &EngineOptions,
) -> Result<(Engines, Vec<Component>), LinkError> {
    let plugins = &plan.plugins;
    if plugins.len() != binaries.len() {
        return Err(LinkError::Binaries { plugins: plugins.len(), binaries: binaries.len() });
    }
    let (firsts, of_plugin) = distinct(plugins, binaries, settings);
    let heavy = plugins.iter().find(|plugin| plugin.weight >= HEAVY).filter(|_| processes.is_some());
    let kept = cache::kept(&options.cache)?;
    let folder = heavy.filter(|_| kept.is_none()).map(private_folder).transpose()?;
    let passing = folder.as_ref().map(|folder| cache::passing(&folder.code())).transpose()?;
    let cache = kept.or(passing);
    let engines = settings.build(plugins, cache.as_ref(), options.pooling)?;
    let processes = processes.zip(cache.as_ref());
    let compiled = parallel::map("plugweave-compile", &firsts, |(index, plugin, binary)| {
        // Kept until the code has been taken: code that is lost on the way is made again here, and that takes as much.
        let part = processes.filter(|_| plugin.weight >= HEAVY).map(|(processes, cache)| {
            let order = Order {
                engine: settings.of(*index),
                cache: cache.directory().clone(),
                bytes: binary.len() as u64,
                memory: memory(binary),
                cpu_time: plan.compile_time.unwrap_or_else(|| default_time(binary)),
            };
            let part = processes.budget.take(order.memory);
            (processes.compile)(&plugin.id, &order, binary).map(|()| part)
        });
        let _part = part.transpose()?;
        compile_one(engines.of(*index), binary).map_err(|cause| LinkError::Compile { plugin: plugin.id.clone(), cause })
    });
    let compiled: Vec<Component> = compiled.into_iter().collect::<Result<_, _>>()?;
    if let Some(cache) = cache {
        tracing::debug!("compiled code found: {} of {} binaries", cache.cache_hits(), compiled.len());
        // In a folder that is kept others may be found, too.
        let heavy = firsts.iter().filter(|(_, plugin, _)| plugin.weight >= HEAVY && folder.is_some()).count();
        if let lost @ 1.. = heavy.saturating_sub(cache.cache_hits()) {
            tracing::warn!("the compiled code of {lost} plugins was gone from `TMPDIR` and has been made again");
        }
    }
    Ok((engines, of_plugin.into_iter().map(|number| compiled[number].clone()).collect()))
}

/// The first plugin of each binary in each engine.
type Firsts<'a> = Vec<(PluginIndex, &'a PlannedPlugin, &'a [u8])>;

/// The first plugin of each binary in each engine, and for each plugin which of them has its own.
fn distinct<'a>(
    plugins: &'a [PlannedPlugin],
    binaries: &'a [impl AsRef<[u8]>],
    settings: &Settings,
) -> (Firsts<'a>, Vec<usize>) {
    let mut firsts = Firsts::new();
    let mut numbers: HashMap<(usize, &[u8]), usize> = HashMap::new();
    let mut number = |((index, plugin), binary): ((usize, &'a PlannedPlugin), &'a _)| {
        let (index, binary): (_, &[u8]) = (PluginIndex(index), AsRef::as_ref(binary));
        *numbers.entry((settings.number(index), binary)).or_insert_with(|| {
            firsts.push((index, plugin, binary));
            firsts.len() - 1
        })
    };
    let of_plugin = plugins.iter().enumerate().zip(binaries).map(&mut number).collect();
    (firsts, of_plugin)
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
    use std::sync::atomic::{AtomicU64, Ordering};

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
        let compiled = compile(&bench.plan, &bench.binaries, &settings(bench), &EngineOptions::new());
        compiled.map(|(_, compiled)| compiled)
    }

    fn settings(bench: &Bench) -> Settings {
        let plain = EngineSettings::plain();
        Settings::new(bench.plan.plugins.iter().map(|_| plain), plain)
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

    #[test]
    fn processes_are_there_at_once_as_far_as_their_memory_fits() {
        let binary = |pages: u32| component("world w {}", &format!("(module (memory {pages}))"));
        let mut bench = Bench::default();
        for (id, pages) in [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 1)] {
            bench.add(id, binary(pages)).weight = HEAVY;
        }
        bench.add("light", binary(5)).weight = HEAVY - 1;
        let (now, most, all) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let process = |_: &PluginId, order: &Order, _: &[u8]| {
            most.fetch_max(now.fetch_add(order.memory, Ordering::SeqCst) + order.memory, Ordering::SeqCst);
            all.fetch_add(1, Ordering::SeqCst);
            // Long enough that the others come meanwhile, where they may.
            std::thread::sleep(Duration::from_millis(50));
            now.fetch_sub(order.memory, Ordering::SeqCst);
            Ok(())
        };
        let budget = Budget::new(MEMORY + MEMORY / 2);
        let processes = Processes { budget: &budget, compile: &process };
        let (_, compiled) =
            compile_by(Some(processes), &bench.plan, &bench.binaries, &settings(&bench), &EngineOptions::new())
                .unwrap();
        assert_eq!((compiled.len(), all.into_inner()), (6, 4));
        assert!((MEMORY..MEMORY + MEMORY / 2).contains(&most.into_inner()));
    }
}
