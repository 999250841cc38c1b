use std::panic::AssertUnwindSafe;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::LinkError;
use crate::parallel;
use crate::plan::PlannedPlugin;

/// Compiles the components of all plugins, as many at once as there are cores.
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
    let pairs: Vec<(&PlannedPlugin, &[u8])> =
        plugins.iter().zip(binaries).map(|(plugin, binary)| (plugin, binary.as_ref())).collect();
    let compiled = parallel::map("plugweave-compile", &pairs, |(plugin, binary)| {
        compile_one(engine, binary).map_err(|cause| LinkError::Compile { plugin: plugin.id.clone(), cause })
    });
    compiled.into_iter().collect()
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
