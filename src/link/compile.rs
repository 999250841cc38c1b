use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::LinkError;
use crate::parallel;
use crate::plan::PlannedPlugin;

/// Compiles the components of all plugins, as many at once as there are cores. Plugins with the same
/// binary share its code, each with instances of its own.
///
/// wasmtime's own parallelism is off: it costs more time of the processor in all.
pub(super) fn compile(
    engine: &Engine,
    plugins: &[PlannedPlugin],
    binaries: &[impl AsRef<[u8]> + Sync],
) -> Result<Vec<Component>, LinkError> {
    if plugins.len() != binaries.len() {
        return Err(LinkError::Binaries { plugins: plugins.len(), binaries: binaries.len() });
    }
    // The first plugin of each binary, and for each plugin which of them has its own.
    let mut firsts: Vec<(&PlannedPlugin, &[u8])> = Vec::new();
    let mut numbers: HashMap<&[u8], usize> = HashMap::new();
    let of_plugin: Vec<usize> = plugins
        .iter()
        .zip(binaries)
        .map(|(plugin, binary)| {
            *numbers.entry(binary.as_ref()).or_insert_with(|| {
                firsts.push((plugin, binary.as_ref()));
                firsts.len() - 1
            })
        })
        .collect();
    let compiled = parallel::map("plugweave-compile", &firsts, |(plugin, binary)| {
        compile_one(engine, binary).map_err(|cause| LinkError::Compile { plugin: plugin.id.clone(), cause })
    });
    let compiled: Vec<Component> = compiled.into_iter().collect::<Result<_, _>>()?;
    Ok(of_plugin.into_iter().map(|number| compiled[number].clone()).collect())
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
    use crate::link::testing::{Bench, component};

    fn bench(binaries: [&[u8]; 3]) -> Bench {
        let mut bench = Bench::default();
        for (id, binary) in ["a", "b", "c"].into_iter().zip(binaries) {
            bench.add(id, binary.to_vec());
        }
        bench
    }

    #[test]
    fn the_same_binary_is_compiled_once() {
        let (one, other) = (component("world w {}", "(module)"), component("world w {}", "(module (memory 1))"));
        let bench = bench([&one, &other, &one]);
        let compiled = compile(&Engine::default(), &bench.plan.plugins, &bench.binaries).unwrap();
        let [a, b, c] = compiled.as_slice() else { unreachable!() };
        assert_eq!(a.image_range(), c.image_range());
        assert_ne!(a.image_range(), b.image_range());
    }

    #[test]
    fn the_first_plugin_with_a_bad_binary_is_named() {
        let good = component("world w {}", "(module)");
        let bench = bench([&good, b"bad", b"bad"]);
        let failed = compile(&Engine::default(), &bench.plan.plugins, &bench.binaries).err();
        assert!(matches!(failed, Some(LinkError::Compile { plugin, .. }) if plugin.as_str() == "b"));
    }
}
