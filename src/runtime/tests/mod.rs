//! Live plugins, from hand-written plans and components.

mod engines;
mod failures;
mod limits;
mod old_instances;
mod replies;
mod status;
mod turns;
mod wasi;
mod wiring;

use std::sync::Arc;

use super::{Runtime, StartOptions, Val};
use crate::call::{CallError, CallErrorKind, FunctionIndex, Target};
use crate::link::Assembly;
use crate::link::testing::Bench;
use crate::model::PluginId;
use crate::plan::PluginIndex;

#[test]
fn everything_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<Runtime>();
    shared::<Assembly>();
    shared::<CallError>();
}

struct Live {
    runtime: Runtime,
    failures: Vec<(PluginId, CallError)>,
}

impl Bench {
    fn start(self) -> Live {
        self.start_with(StartOptions::default())
    }

    fn start_with(self, options: StartOptions) -> Live {
        let assembly = Arc::new(Assembly::link(self.plan, &self.binaries).unwrap());
        let (runtime, failures) = Runtime::start(assembly, options);
        Live { runtime, failures }
    }
}

impl Live {
    fn call(&self, plugin: &str, function: &str, arguments: &[Val]) -> Result<Option<Val>, CallError> {
        let assembly = self.runtime.assembly();
        let plugin = assembly.plan().index_of(plugin).unwrap();
        let functions = &assembly.plugin(plugin).functions;
        let function = FunctionIndex(functions.iter().position(|known| known.name == function).unwrap());
        self.runtime.call(Target { plugin, function }, arguments)
    }

    /// A call of a function from `u32` to `u32`.
    fn number(&self, plugin: &str, function: &str, x: u32) -> Result<u32, CallError> {
        match self.call(plugin, function, &[Val::U32(x)])? {
            Some(Val::U32(number)) => Ok(number),
            other => panic!("{other:?}"),
        }
    }

    fn count(&self, plugin: &str) -> u32 {
        match self.call(plugin, "count", &[]).unwrap() {
            Some(Val::U32(number)) => number,
            other => panic!("{other:?}"),
        }
    }

    fn generation(&self, plugin: usize) -> u64 {
        self.runtime.app.instances.generation(PluginIndex(plugin))
    }
}

fn origin(error: &CallError) -> (CallErrorKind, &str) {
    (error.kind(), error.origin().map_or("", PluginId::as_str))
}

fn text(text: &str) -> Val {
    Val::String(text.into())
}
