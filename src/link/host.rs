use std::any::{Any, TypeId};
use std::fmt;

use wasmtime::component::Linker;

use super::LinkError;
use crate::call::{HostStates, PluginState};
use crate::model::ExternName;
use crate::plan::{ImportSource, Plan, PlannedPlugin};

/// How the functions of a host interface get at the state that belongs to them.
pub type HostState<S> = fn(&mut PluginState) -> &mut S;

type AddToLinker = dyn Fn(&mut Linker<PluginState>) -> wasmtime::Result<()> + Send + Sync;
type MakeState = dyn Fn(&PlannedPlugin) -> Box<dyn Any + Send> + Send + Sync;

/// An interface that the embedding application offers to plugins.
pub struct HostInterface {
    name: ExternName,
    add: Box<AddToLinker>,
    state: TypeId,
    make: Box<MakeState>,
}

impl HostInterface {
    /// An interface: what defines its functions, and what makes the state that they work on, for
    /// each instance of each plugin that imports it.
    ///
    /// Interfaces whose states have the same type share one state in each plugin, which the one makes
    /// that was added first among those that the plugin imports.
    pub fn new<S: Send + 'static>(
        name: ExternName,
        add_to_linker: impl Fn(&mut Linker<PluginState>, HostState<S>) -> wasmtime::Result<()> + Send + Sync + 'static,
        state: impl Fn(&PlannedPlugin) -> S + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            add: Box::new(move |linker| add_to_linker(linker, PluginState::host::<S>)),
            state: TypeId::of::<S>(),
            make: Box::new(move |plugin| Box::new(state(plugin))),
        }
    }

    /// The name of the interface, with its version.
    pub fn name(&self) -> &ExternName {
        &self.name
    }

    pub(super) fn define(&self, linker: &mut Linker<PluginState>) -> Result<(), LinkError> {
        let failed =
            |error: wasmtime::Error| LinkError::Host { interface: self.name.clone(), cause: format!("{error:#}") };
        (self.add)(linker).map_err(failed)
    }
}

impl fmt::Debug for HostInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostInterface").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The interfaces that the embedding application offers.
#[derive(Debug, Default)]
pub struct HostInterfaces(Vec<HostInterface>);

impl HostInterfaces {
    /// Adds an interface; one of the same name is replaced.
    pub fn add(&mut self, interface: HostInterface) {
        self.0.retain(|other| other.name != interface.name);
        self.0.push(interface);
    }

    pub(super) fn get(&self, name: &ExternName) -> Option<&HostInterface> {
        self.0.iter().find(|interface| interface.name == *name)
    }

    /// Refuses a plan that needs more than is offered.
    pub(super) fn check(&self, plan: &Plan) -> Result<(), LinkError> {
        for plugin in &plan.plugins {
            for import in &plugin.imports {
                if let ImportSource::Host(interface) = &import.source
                    && self.get(interface).is_none()
                {
                    let (plugin, interface) = (plugin.id.clone(), import.name.clone());
                    return Err(LinkError::HostInterface { plugin, interface });
                }
            }
        }
        Ok(())
    }

    /// Makes the states of the interfaces that a plugin imports, one of each type.
    pub(crate) fn states(&self, plugin: &PlannedPlugin) -> HostStates {
        let imported = |interface: &&HostInterface| {
            let is_it = |source: &ImportSource| matches!(source, ImportSource::Host(name) if *name == interface.name);
            plugin.imports.iter().any(|import| is_it(&import.source))
        };
        let mut states = HostStates::default();
        for interface in self.0.iter().filter(imported) {
            states.add(interface.state, || (interface.make)(plugin));
        }
        states
    }
}
