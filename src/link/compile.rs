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
    let slots: Vec<OnceLock<wasmtime::Result<Component>>> = plugins.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let (Some(slot), Some(binary)) = (slots.get(index), binaries.get(index)) else { return };
            slot.get_or_init(|| Component::from_binary(engine, binary.as_ref()));
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
    let compiled = |(index, slot): (usize, OnceLock<wasmtime::Result<Component>>)| {
        let plugin = &plugins[index];
        match slot.into_inner() {
            Some(Ok(component)) => Ok(component),
            Some(Err(error)) => Err(failed(plugin, format!("{error:#}"))),
            None => Err(failed(plugin, "the compiler has given up".into())),
        }
    };
    slots.into_iter().enumerate().map(compiled).collect()
}
