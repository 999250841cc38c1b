use std::panic::AssertUnwindSafe;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasmtime::Engine;
use wasmtime::component::Component;

use super::LinkError;
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
    let slots: Vec<OnceLock<Result<Component, String>>> = plugins.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let (Some(slot), Some(binary)) = (slots.get(index), binaries.get(index)) else { return };
            slot.get_or_init(|| compile_one(engine, binary.as_ref()));
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        // This thread works too, so that nothing is lost where no other can be started.
        for _ in 1..cores.min(plugins.len()) {
            let _ = std::thread::Builder::new().name("plugweave-compile".into()).spawn_scoped(scope, work);
        }
        work();
    });
    let failed = |plugin: &PlannedPlugin, cause: String| LinkError::Compile { plugin: plugin.id.clone(), cause };
    let compiled = |(index, slot): (usize, OnceLock<Result<Component, String>>)| {
        let outcome = slot.into_inner().unwrap_or_else(|| Err(GAVE_UP.to_owned()));
        outcome.map_err(|cause| failed(&plugins[index], cause))
    };
    slots.into_iter().enumerate().map(compiled).collect()
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
