//! A case composed statically: `wac-graph` makes one component of all, which plain wasmtime runs.

use std::sync::LazyLock;

use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};
use wasmtime::component::{Component, Instance, Linker, ResourceAny, Val};
use wasmtime::{Config, Engine, FrameInfo, OptLevel, Store, WasmBacktrace};

use super::case::Case;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut config = Config::new();
    // Each is run a few times only.
    config.cranelift_opt_level(OptLevel::None);
    Engine::new(&config).unwrap()
});

/// Makes one component of the components of a case.
pub fn compose(case: &Case, components: &[Vec<u8>]) -> Result<Vec<u8>, String> {
    let mut graph = CompositionGraph::new();
    let mut services: Vec<NodeId> = Vec::new();
    for (node, component) in components.iter().enumerate() {
        let package = Package::from_bytes(&format!("t:n{node}"), None, component.clone(), graph.types_mut()).unwrap();
        let world = package.ty();
        let package = graph.register_package(package).unwrap();
        let instance = graph.instantiate(package);
        for import in &case.nodes[node].imports {
            let name = format!("t:t/s{}@1.0.0", import.node);
            // Types of which it needs none are not imported.
            if import.functions || graph.types()[world].imports.contains_key(&name) {
                graph
                    .set_instantiation_argument(instance, &name, services[import.node])
                    .map_err(|error| told(&error))?;
            }
        }
        for (what, name) in [("s", format!("t:t/s{node}@1.0.0")), ("control", "t:t/control@1.0.0".to_owned())] {
            let alias = graph.alias_instance_export(instance, &name).unwrap();
            graph.export(alias, format!("n{node}-{what}")).unwrap();
            if what == "s" {
                services.push(alias);
            }
        }
    }
    graph.encode(EncodeOptions::default()).map_err(|error| told(&error))
}

/// An error with what has caused it.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The one component, live.
pub struct Composed {
    store: Store<()>,
    instance: Instance,
}

/// How a composition has failed.
#[derive(Debug)]
pub struct Failed {
    /// The plugin whose code was on top of the stack.
    pub node: Option<String>,
    /// Whether an adapter between it and another one was above it.
    pub between: bool,
    pub told: String,
}

impl Composed {
    /// Compiles and starts it.
    pub fn start(component: &[u8]) -> Self {
        let component = Component::from_binary(&ENGINE, component).unwrap();
        let mut store = Store::new(&ENGINE, ());
        let instance = Linker::new(&ENGINE).instantiate(&mut store, &component).unwrap();
        Self { store, instance }
    }

    /// Calls what controls a plugin.
    pub fn control(&mut self, node: usize, function: &str, arguments: &[Val]) -> Result<Val, Failed> {
        Ok(self.call(&format!("n{node}-control"), function, arguments, true)?.unwrap())
    }

    /// Calls a function of a plugin.
    pub fn call(
        &mut self,
        export: &str,
        function: &str,
        arguments: &[Val],
        answers: bool,
    ) -> Result<Option<Val>, Failed> {
        let within = self.instance.get_export_index(&mut self.store, None, export).unwrap();
        let index = self.instance.get_export_index(&mut self.store, Some(&within), function).unwrap();
        let function = self.instance.get_func(&mut self.store, index).unwrap();
        let mut results = vec![Val::Bool(false); usize::from(answers)];
        function.call(&mut self.store, arguments, &mut results).map_err(|error| failed(&error))?;
        Ok(results.pop())
    }

    /// Drops a handle of the host.
    pub fn drop_handle(&mut self, handle: ResourceAny) -> Result<(), Failed> {
        handle.resource_drop(&mut self.store).map_err(|error| failed(&error))
    }
}

fn failed(error: &wasmtime::Error) -> Failed {
    let backtrace = error.downcast_ref::<WasmBacktrace>();
    let frames = backtrace.map_or(&[][..], WasmBacktrace::frames);
    // Those of wasmtime have no such names.
    let plugin = |frame: &FrameInfo| frame.module().name().filter(|name| name.starts_with('n')).map(ToOwned::to_owned);
    Failed {
        node: frames.iter().find_map(plugin),
        between: frames.first().is_some_and(|frame| plugin(frame).is_none()),
        told: error.root_cause().to_string(),
    }
}
