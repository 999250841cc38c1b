//! A case composed statically: `wac-graph` makes one component of all, which plain wasmtime runs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use plugweave::Val;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};
use wasmtime::component::{Component, ComponentExportIndex, Func, Instance, InstancePre, Linker, Val as Raw};
use wasmtime::{Config, Engine, OptLevel, Store};

use super::case::{Case, Step};
use super::guest::interface;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut config = Config::new();
    config
        .wasm_component_model_map(true)
        .wasm_component_model_fixed_length_lists(true)
        // Each is run a few times only.
        .cranelift_opt_level(OptLevel::None);
    Engine::new(&config).unwrap()
});

/// Makes one component of the components of a case. An error means that they do not fit.
pub fn compose(case: &Case, components: &[Vec<u8>]) -> Result<Vec<u8>, String> {
    let mut graph = CompositionGraph::new();
    let mut exported: BTreeMap<usize, NodeId> = BTreeMap::new();
    for (node, component) in components.iter().enumerate() {
        let package = Package::from_bytes(&format!("t:n{node}"), None, component.clone(), graph.types_mut());
        let package = graph.register_package(package.unwrap()).unwrap();
        let instance = graph.instantiate(package);
        for source in case.imports(node) {
            let import = interface(&case.interface(source));
            graph.set_instantiation_argument(instance, &import, exported[&source]).map_err(|error| told(&error))?;
        }
        for (name, export) in
            [(format!("n{node}-service"), case.interface(node)), (format!("n{node}-control"), "control".into())]
        {
            let alias = graph.alias_instance_export(instance, &interface(&export)).unwrap();
            graph.export(alias, name).unwrap();
            if export != "control" {
                exported.insert(node, alias);
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

/// The one component, compiled.
pub struct Composed {
    pre: InstancePre<()>,
    /// For each plugin its functions, and those that control it.
    indices: Vec<(Vec<ComponentExportIndex>, [ComponentExportIndex; 2])>,
    live: (Store<()>, Instance),
}

impl Composed {
    /// Compiles and starts it.
    pub fn start(case: &Case, component: &[u8]) -> Self {
        let component = Component::from_binary(&ENGINE, component).unwrap();
        let within = |name: String| component.get_export_index(None, &name).unwrap();
        let index =
            |instance: &ComponentExportIndex, name: &str| component.get_export_index(Some(instance), name).unwrap();
        let indices = (0..case.nodes.len()).map(|node| {
            let (service, control) = (within(format!("n{node}-service")), within(format!("n{node}-control")));
            let functions = case.functions.iter().map(|function| index(&service, &function.name)).collect();
            (functions, [index(&control, "prepare"), index(&control, "calls")])
        });
        let indices = indices.collect();
        let pre = Linker::new(&ENGINE).instantiate_pre(&component).unwrap();
        let live = instantiate(&pre);
        Self { pre, indices, live }
    }

    /// Starts it anew.
    pub fn restart(&mut self) {
        self.live = instantiate(&self.pre);
    }

    /// Prepares all plugins for a call.
    pub fn prepare(&mut self, node: usize, arguments: &[Val]) {
        let function = self.func(self.indices[node].1[0]);
        function.call(&mut self.live.0, &raw(arguments), &mut []).unwrap();
    }

    /// How often a plugin was called.
    pub fn calls(&mut self, node: usize) -> u32 {
        let function = self.func(self.indices[node].1[1]);
        let mut results = [Raw::Bool(false)];
        function.call(&mut self.live.0, &[], &mut results).unwrap();
        let [Raw::U32(calls)] = results else { panic!("{results:?}") };
        calls
    }

    /// Calls a function as a step says.
    pub fn call(&mut self, case: &Case, step: &Step) -> Result<Option<Val>, String> {
        let function = self.func(self.indices[step.node].0[step.function]);
        let mut results = vec![Raw::Bool(false); usize::from(case.functions[step.function].result.is_some())];
        match function.call(&mut self.live.0, &raw(&step.arguments), &mut results) {
            Ok(()) => Ok(results.pop().map(|result| Val::try_from(result).unwrap())),
            Err(error) => Err(format!("{error:#}")),
        }
    }

    fn func(&mut self, index: ComponentExportIndex) -> Func {
        let (store, instance) = &mut self.live;
        instance.get_func(store, index).unwrap()
    }
}

fn instantiate(pre: &InstancePre<()>) -> (Store<()>, Instance) {
    let mut store = Store::new(pre.engine(), ());
    let instance = pre.instantiate(&mut store).unwrap();
    (store, instance)
}

/// The values as wasmtime takes them.
fn raw(values: &[Val]) -> Vec<Raw> {
    values.iter().map(|value| value.try_into().unwrap()).collect()
}
