use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{Component, ComponentExportIndex, InstancePre};
use wasmtime::{Engine, PoolConcurrencyLimitError};

use super::engine::{self, EngineSettings};
use super::engines::{Engines, Settings};
use super::imports::{self, Imports};
use super::{EngineOptions, HostInterfaces, LinkError, compile, lifts};
use crate::call::{
    Clock, FunctionIndex, Lifting, Lifts, NoLocal, Passing, PluginState, Shape, Shapes, Target, Ticks, Wiring,
};
use crate::model::{Budget, EngineNeeds, ExternName, FuncType, Limits, PluginId, Type};
use crate::plan::{Entry, Plan, PlannedExport, PlannedFunction, PlannedPlugin, PluginIndex, Provider};

/// A plan compiled and linked: immutable, and good for any number of live apps.
pub struct Assembly {
    plan: Plan,
    engines: Engines,
    options: EngineOptions,
    clock: Arc<Clock>,
    has_timeouts: bool,
    has_fuel: bool,
    plugins: Vec<LinkedPlugin>,
    wiring: Arc<Wiring>,
    entry: Option<Target>,
    hosts: HostInterfaces,
}

/// A plugin, ready to be instantiated.
pub struct LinkedPlugin {
    /// The component with all its imports.
    pub pre: InstancePre<PluginState>,
    /// The functions that can be called, those of the offered exports first, in the plan's order.
    pub functions: Vec<ExportedFunction>,
    /// Whether it imports anything of the runtime, so that it needs its grants.
    pub uses_runtime: bool,
    /// How much wasmtime may charge for what the plugin passes to others.
    pub lifting: Lifting,
    /// How long one entry may take; `None` for ever.
    pub timeout: Option<Ticks>,
    /// How long the entry that `run` makes may take; `None` for ever.
    pub run_timeout: Option<Ticks>,
}

/// A function that a plugin exports.
pub struct ExportedFunction {
    /// The interface; `None` for a function of the world itself.
    pub interface: Option<ExternName>,
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: FuncType,
    /// What its arguments weigh; nothing where they are always small.
    pub arguments: Option<Arc<Shape>>,
    /// What its result weighs; nothing where it is always small.
    pub result: Option<Arc<Shape>>,
    /// How much wasmtime may charge for what the plugin passes, its result as a `Val` included.
    pub lifting: Lifting,
    /// Where its arguments and its result have handles; nothing where they have none.
    pub passing: Option<Passing>,
    /// A resource of the runtime or of the embedding application whose handles it passes: then nobody can
    /// call it from outside its store.
    pub foreign: Option<NoLocal>,
    /// Where it is in the component: survives restarts.
    pub index: ComponentExportIndex,
}

/// The functions of all plugins by plugin, export and function.
type Names = HashMap<(PluginIndex, String, String), FunctionIndex>;

impl Assembly {
    /// Compiles and links the plugins of a plan. The binaries are components, in the order of the
    /// plan's plugins.
    ///
    /// # Errors
    /// [`LinkError`] when a component does not compile, or does not fit the plan.
    pub fn link(plan: Plan, binaries: &[impl AsRef<[u8]> + Sync]) -> Result<Self, LinkError> {
        Self::link_with(plan, binaries, HostInterfaces::default())
    }

    /// As [`Assembly::link`], with interfaces that the embedding application offers.
    ///
    /// # Errors
    /// As [`Assembly::link`], and when the plan needs an interface that is not offered.
    pub fn link_with(
        plan: Plan,
        binaries: &[impl AsRef<[u8]> + Sync],
        hosts: HostInterfaces,
    ) -> Result<Self, LinkError> {
        Self::link_with_options(plan, binaries, hosts, &EngineOptions::default())
    }

    /// As [`Assembly::link_with`], with engines as the embedding application wants them.
    ///
    /// # Errors
    /// As [`Assembly::link_with`], and when an option cannot be had.
    pub fn link_with_options(
        plan: Plan,
        binaries: &[impl AsRef<[u8]> + Sync],
        hosts: HostInterfaces,
        options: &EngineOptions,
    ) -> Result<Self, LinkError> {
        let settings = |plugin: &PlannedPlugin| EngineSettings::of(&plan, options, plugin.needs);
        let without = EngineSettings::of(&plan, options, EngineNeeds::default());
        let settings = Settings::new(plan.plugins.iter().map(settings), without);
        Self::link_in(plan, binaries, hosts, options, &settings)
    }

    /// Links plugins whose engines are settled.
    pub(super) fn link_in(
        plan: Plan,
        binaries: &[impl AsRef<[u8]> + Sync],
        hosts: HostInterfaces,
        options: &EngineOptions,
        settings: &Settings,
    ) -> Result<Self, LinkError> {
        options.check()?;
        hosts.check(&plan)?;
        let (engines, components) = compile::compile(&plan, binaries, settings, options)?;
        let mut names = Names::new();
        let mut functions = Vec::with_capacity(components.len());
        let mut shapes = Shapes::default();
        let mut all_lifts = Vec::with_capacity(components.len());
        for ((index, plugin), component) in plan.plugins.iter().enumerate().zip(&components) {
            let index = PluginIndex(index);
            let lifts = lifts::lifts(plugin, component, engines.of(index), &mut shapes);
            functions.push(exported((index, plugin), component, lifts, &mut names, &mut shapes)?);
            all_lifts.push(lifts);
        }
        let find_entry = |entry| find_entry(&plan, entry, &components, &all_lifts, &mut functions, &names);
        let entry = plan.entry.as_ref().map(find_entry);
        let entry = entry.transpose()?;
        let mut plugins = Vec::with_capacity(components.len());
        let find = |provider: &Provider, function: &PlannedFunction| {
            find_provider(&plan, &names, provider, function)
                .map(|target| (target, functions[target.plugin.0][target.function.0].ty.result.is_some()))
        };
        let results = |target: Target| functions[target.plugin.0][target.function.0].result.clone();
        let imports = Imports::new(&engines, &plan, &hosts, &find, &results)?;
        let mut wiring = imports.wiring();
        for (((index, plugin), component), lifts) in plan.plugins.iter().enumerate().zip(&components).zip(all_lifts) {
            let linker = imports.linker(PluginIndex(index), &mut shapes, &mut wiring)?;
            let pre = linker.instantiate_pre(component).map_err(|error| imports::imports_failed(plugin, &error))?;
            plugins.push((pre, plugin, lifts.lifting()));
        }
        let linked = |((pre, plugin, lifting), functions): ((InstancePre<PluginState>, &PlannedPlugin, Lifting), _)| {
            let ticks = |timeout: Budget<Duration>| timeout.amount().map(Clock::ticks);
            let written = plugin.limits.timeout;
            LinkedPlugin {
                pre,
                functions,
                uses_runtime: imports::uses_runtime(plugin),
                lifting,
                timeout: ticks(written.unwrap_or(Budget::AtMost(Limits::DEFAULT_TIMEOUT))),
                run_timeout: ticks(written.unwrap_or(Budget::Unlimited)),
            }
        };
        let plugins = plugins.into_iter().zip(functions).map(linked).collect();
        let (has_timeouts, has_fuel) = (engine::has_timeouts(&plan), engine::has_fuel(&plan));
        let failed = |error| LinkError::Engine { cause: format!("its clock cannot start: {error}") };
        let clock = Arc::new(Clock::start(engines.all(), has_timeouts).map_err(failed)?);
        let (options, wiring) = (options.clone(), Arc::new(wiring));
        Ok(Self { plan, engines, options, clock, has_timeouts, has_fuel, plugins, wiring, entry, hosts })
    }

    /// The plan that this is made from.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The engine of the first plugin, which all others share that need no other.
    pub fn engine(&self) -> &Engine {
        &self.engines.all()[0]
    }

    /// The engine of a plugin.
    ///
    /// # Panics
    /// When the index belongs to another, larger plan.
    pub fn engine_of(&self, plugin: PluginIndex) -> &Engine {
        self.engines.of(plugin)
    }

    /// The options of the engines.
    pub fn engine_options(&self) -> &EngineOptions {
        &self.options
    }

    /// The native stack that each plugin may use below where it is entered.
    pub fn wasm_stack(&self) -> usize {
        self.options.wasm_stack
    }

    /// What there is to say where an instance has no room in its engine's pool.
    pub fn told_full_pool(&self, error: &wasmtime::Error) -> Option<String> {
        let instances = self.options.pooling.filter(|_| error.is::<PoolConcurrencyLimitError>())?;
        Some(format!(
            "the pool of its engine has room for {instances} instances, and all of it is taken; end apps of the same \
             assembly, or raise the engine option `pooling`"
        ))
    }

    /// The clock of the engines.
    pub fn clock(&self) -> &Arc<Clock> {
        &self.clock
    }

    /// Whether the engines check the time.
    pub fn has_timeouts(&self) -> bool {
        self.has_timeouts
    }

    /// Whether the engines count fuel.
    pub fn has_fuel(&self) -> bool {
        self.has_fuel
    }

    /// A plugin of the plan.
    ///
    /// # Panics
    /// When the index belongs to another, larger plan.
    #[inline]
    pub fn plugin(&self, index: PluginIndex) -> &LinkedPlugin {
        &self.plugins[index.0]
    }

    /// The id of a plugin.
    ///
    /// # Panics
    /// When the index belongs to another, larger plan.
    #[inline]
    pub fn id(&self, plugin: PluginIndex) -> &PluginId {
        &self.plan.plugin(plugin).id
    }

    /// The limits of a plugin.
    ///
    /// # Panics
    /// When the index belongs to another, larger plan.
    #[inline]
    pub fn limits(&self, plugin: PluginIndex) -> &Limits {
        &self.plan.plugin(plugin).limits
    }

    /// Who serves whom, as the plan says.
    pub fn wiring(&self) -> &Arc<Wiring> {
        &self.wiring
    }

    /// A function of a plugin.
    ///
    /// # Panics
    /// When the target belongs to another assembly.
    #[inline]
    pub fn function(&self, target: Target) -> &ExportedFunction {
        &self.plugin(target.plugin).functions[target.function.0]
    }

    /// What the embedding application offers.
    pub fn hosts(&self) -> &HostInterfaces {
        &self.hosts
    }

    /// The function that `run` calls.
    pub fn entry(&self) -> Option<Target> {
        self.entry
    }
}

/// Looks up every function that a plugin offers.
fn exported(
    (index, plugin): (PluginIndex, &PlannedPlugin),
    component: &Component,
    lifts: Lifts,
    names: &mut Names,
    shapes: &mut Shapes,
) -> Result<Vec<ExportedFunction>, LinkError> {
    let mut functions = Vec::new();
    for export in &plugin.exports {
        let base = export.name.to_string();
        for (name, ty) in &export.functions {
            let place = (!export.bare).then_some(base.as_str());
            let Some(found) = look_up(component, place, if export.bare { &base } else { name }) else {
                let (plugin, export) = (plugin.id.clone(), base);
                return Err(LinkError::MissingExport { plugin, export, function: name.clone() });
            };
            names.insert((index, base.clone(), name.clone()), FunctionIndex(functions.len()));
            let passing = Passing::of(ty, |resource| imports::resource_number(plugin, resource), |_| false);
            let (passing, foreign) = passing.map_or_else(|foreign| (None, Some(foreign)), |passing| (passing, None));
            functions.push(ExportedFunction {
                interface: (!export.bare).then(|| export.name.clone()),
                name: name.clone(),
                ty: ty.clone(),
                arguments: shapes.arguments(ty),
                result: shapes.result(ty),
                lifting: lifts.or(shapes.lifts_of_result(ty, plugin.limits.hostcall_bytes)).lifting(),
                passing,
                foreign,
                index: found,
            });
        }
    }
    Ok(functions)
}

fn look_up(component: &Component, interface: Option<&str>, function: &str) -> Option<ComponentExportIndex> {
    match interface {
        Some(interface) => {
            let interface = component.get_export_index(None, interface)?;
            component.get_export_index(Some(&interface), function)
        }
        None => component.get_export_index(None, function),
    }
}

/// The provider's function behind a function that a consumer imports.
fn find_provider(plan: &Plan, names: &Names, provider: &Provider, function: &PlannedFunction) -> Option<Target> {
    let export: &PlannedExport =
        plan.plugin(provider.plugin).exports.iter().find(|export| export.name == provider.export)?;
    // A function of the world itself may go by another name at its provider.
    let name = if export.bare { &export.functions.first()?.0 } else { &function.name };
    let key = (provider.plugin, export.name.to_string(), name.clone());
    names.get(&key).map(|function| Target { plugin: provider.plugin, function: *function })
}

/// `wasi:cli/run#run` of the entry: callable whether or not the plugin offers it to others.
fn find_entry(
    plan: &Plan,
    entry: &Entry,
    components: &[Component],
    lifts: &[Lifts],
    functions: &mut [Vec<ExportedFunction>],
    names: &Names,
) -> Result<Target, LinkError> {
    let (plugin, export, run) = (entry.plugin, entry.export.to_string(), "run".to_owned());
    if let Some(function) = names.get(&(plugin, export.clone(), run.clone())) {
        return Ok(Target { plugin, function: *function });
    }
    let Some(index) = look_up(&components[plugin.0], Some(&export), &run) else {
        let id = plan.plugin(plugin).id.clone();
        return Err(LinkError::MissingExport { plugin: id, export, function: run });
    };
    let ty = FuncType { is_async: false, params: Vec::new(), result: Some(Arc::new(Type::Result(None, None))) };
    let function = FunctionIndex(functions[plugin.0].len());
    functions[plugin.0].push(ExportedFunction {
        interface: Some(entry.export.clone()),
        name: run,
        ty,
        arguments: None,
        result: None,
        lifting: lifts[plugin.0].lifting(),
        passing: None,
        foreign: None,
        index,
    });
    Ok(Target { plugin, function })
}
