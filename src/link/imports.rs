use std::sync::Arc;

use wasmtime::component::{Linker, LinkerInstance, ResourceType};
use wasmtime::{AsContextMut, Engine, StoreContextMut};

use super::engines::Engines;
use super::{HostInterface, HostInterfaces, LinkError};
use crate::call::{
    Called, Caller, Dispatcher, ImportedFunction, NoLocal, Passing, PluginState, Provider, Rep, Shape, Shapes, Target,
    Wiring, add_wasi_to_linker,
};
use crate::model::{ExternName, Resource, same_series};
use crate::plan::{
    Answer, Binding, Fallible, ImportSource, Plan, PlannedFunction, PlannedImport, PlannedPlugin, PluginIndex, Reply,
};

/// Finds the function of a provider: the target, and whether it answers anything.
pub(super) type FindProvider<'a> = dyn Fn(&crate::plan::Provider, &PlannedFunction) -> Option<(Target, bool)> + 'a;

/// Finds what the result of a function weighs, where it is not always small.
pub(super) type FindResult<'a> = dyn Fn(Target) -> Option<Arc<Shape>> + 'a;

/// Makes the linker of each plugin.
pub(super) struct Imports<'a> {
    engines: &'a Engines,
    plan: &'a Plan,
    hosts: &'a HostInterfaces,
    find: &'a FindProvider<'a>,
    results: &'a FindResult<'a>,
    /// What the runtime itself offers: for each engine defined once, and cloned for each plugin that imports of it.
    runtimes: Vec<Option<Linker<PluginState>>>,
}

impl<'a> Imports<'a> {
    pub(super) fn new(
        engines: &'a Engines,
        plan: &'a Plan,
        hosts: &'a HostInterfaces,
        find: &'a FindProvider<'a>,
        results: &'a FindResult<'a>,
    ) -> Result<Self, LinkError> {
        let failed = |error: wasmtime::Error| LinkError::Engine { cause: format!("WASI: {error:#}") };
        let runtime = |(number, engine): (usize, &Engine)| {
            let mut plugins = plan.plugins.iter().enumerate();
            let is_used =
                plugins.any(|(index, plugin)| engines.number(PluginIndex(index)) == number && uses_runtime(plugin));
            is_used.then(|| runtime_linker(engine).map_err(failed)).transpose()
        };
        let runtimes = engines.all().iter().enumerate().map(runtime).collect::<Result<_, _>>()?;
        Ok(Self { engines, plan, hosts, find, results, runtimes })
    }

    /// A wiring without functions, for [`Imports::linker`] to add them.
    pub(super) fn wiring(&self) -> Wiring {
        Wiring::new(self.plan.plugins.iter().flat_map(|plugin| &plugin.imports).any(closes_rings))
    }

    /// A linker that defines every import of a plugin. Who serves the functions that it imports from plugins is added
    /// to the wiring.
    pub(super) fn linker(
        &self,
        index: PluginIndex,
        shapes: &mut Shapes,
        wiring: &mut Wiring,
    ) -> Result<Linker<PluginState>, LinkError> {
        let plugin = self.plan.plugin(index);
        let mut linker = match &self.runtimes[self.engines.number(index)] {
            Some(runtime) if uses_runtime(plugin) => runtime.clone(),
            _ => Linker::new(self.engines.of(index)),
        };
        // A `wasi:*` import that plugins serve takes the place of the runtime's own.
        linker.allow_shadowing(true);
        distinct(plugin)?;
        // First, because what defines an interface may define more than it, in place of what plugins serve.
        for interface in self.offered_to(plugin) {
            interface.define(&mut linker)?;
        }
        for import in &plugin.imports {
            self.define(&mut linker, (plugin, import), shapes, wiring)?;
        }
        Ok(linker)
    }

    /// The host interfaces that a plugin imports, each once.
    fn offered_to(&self, plugin: &PlannedPlugin) -> Vec<&'a HostInterface> {
        let mut offered: Vec<&HostInterface> = Vec::new();
        for import in &plugin.imports {
            if let ImportSource::Host(name) = &import.source
                && let Some(interface) = self.hosts.get(name)
                && !offered.iter().any(|other| std::ptr::eq(*other, interface))
            {
                offered.push(interface);
            }
        }
        offered
    }

    fn define(
        &self,
        linker: &mut Linker<PluginState>,
        (plugin, import): (&PlannedPlugin, &PlannedImport),
        shapes: &mut Shapes,
        wiring: &mut Wiring,
    ) -> Result<(), LinkError> {
        let failed = |error: wasmtime::Error| imports_failed(plugin, &error);
        let binding = match &import.source {
            ImportSource::Plugins(binding) => Some(binding),
            ImportSource::Runtime | ImportSource::TypesOnly | ImportSource::Host(_) => None,
        };
        if import.resources.is_empty() && binding.is_none() {
            return Ok(());
        }
        let mut place =
            if import.at_root { linker.root() } else { linker.instance(&import.name.to_string()).map_err(failed)? };
        for resource in &import.resources {
            let ty = ResourceType::host_dynamic(resource.number);
            place.resource(&resource.name, ty, dropped).map_err(failed)?;
        }
        let Some(binding) = binding else { return Ok(()) };
        for function in &binding.functions {
            let (served, passing) = self.imported((plugin, import), binding, function)?;
            let arguments = shapes.arguments(&function.ty);
            let dispatcher = Dispatcher { function: wiring.add(served), passing, arguments };
            define(&mut place, &function.name, dispatcher).map_err(failed)?;
        }
        Ok(())
    }

    /// Who serves an imported function, and where its handles are.
    fn imported(
        &self,
        (plugin, import): (&PlannedPlugin, &PlannedImport),
        binding: &Binding,
        function: &PlannedFunction,
    ) -> Result<(ImportedFunction, Option<Passing>), LinkError> {
        let by_owner = matches!(function.reply, Reply::ByOwner(_));
        let asked = if by_owner { &binding.owners } else { &binding.providers };
        let mut providers = Vec::with_capacity(asked.len());
        for provider in asked {
            let id = self.plan.plugin(provider.plugin).id.clone();
            let Some((target, answers)) = (self.find)(provider, function) else {
                let (export, function) = (provider.export.to_string(), function.name.clone());
                return Err(LinkError::MissingExport { plugin: id, export, function });
            };
            providers.push(Provider { id, target, answers, result: (self.results)(target) });
        }
        let refuse = |cause: String| {
            let (plugin, import) = (plugin.id.clone(), import.name.to_string());
            LinkError::Plan { plugin, import, function: function.name.clone(), cause }
        };
        let passing = passing(plugin, import, function).map_err(|foreign| refuse(foreign.to_string()))?;
        if let Some(cause) = contradiction(function, &providers, passing.as_ref()) {
            return Err(refuse(cause.to_owned()));
        }
        let alone = match binding.providers.as_slice() {
            [provider] if !binding.cardinality.allows_many() => Some(provider.plugin),
            _ => None,
        };
        let served = ImportedFunction {
            consumer: plugin.id.clone(),
            import: import.name.clone(),
            function: function.name.clone(),
            cardinality: binding.cardinality,
            on_failure: binding.on_failure,
            reply: function.reply.clone(),
            providers,
            alone,
            hostcall_bytes: plugin.limits.hostcall_bytes,
        };
        Ok((served, passing))
    }
}

/// Whether an import can bring a call back to where it came from. The others go from plugins to those that start
/// before them. A host function can call whomever it likes, and so can the owner of a resource that is used or
/// destroyed.
fn closes_rings(import: &PlannedImport) -> bool {
    match &import.source {
        ImportSource::Plugins(binding) => binding.late || !import.resources.is_empty(),
        ImportSource::Host(_) => true,
        ImportSource::Runtime | ImportSource::TypesOnly => !import.resources.is_empty(),
    }
}

/// Where a function that a plugin imports has handles.
fn passing(
    plugin: &PlannedPlugin,
    import: &PlannedImport,
    function: &PlannedFunction,
) -> Result<Option<Passing>, NoLocal> {
    let decides =
        |resource: &Resource| import.resources.iter().any(|defined| defined.decides && defined.resource == *resource);
    Passing::of(&function.ty, |resource| resource_number(plugin, resource), decides)
}

/// What happens when a plugin drops its last handle of another one's resource.
fn dropped(mut store: StoreContextMut<'_, PluginState>, rep: u32) -> wasmtime::Result<()> {
    let live = store.data().live.clone();
    let frame = store.data().frame;
    live.release(Caller::lending(&frame, store.as_context_mut()), Rep(rep));
    store.data().ended().map_or(Ok(()), |error| Err(Called::mark(error.into())))
}

/// The numbers of the resources that linking defines for a plugin.
pub(super) fn resource_number(plugin: &PlannedPlugin, resource: &Resource) -> Option<u32> {
    let defined = plugin.imports.iter().flat_map(|import| &import.resources);
    defined.into_iter().find(|defined| defined.resource == *resource).map(|defined| defined.number)
}

/// Refuses a plugin of which one import would take what is defined for another one: what the host
/// offers in another version than is imported is found by its version, and a later one goes first.
fn distinct(plugin: &PlannedPlugin) -> Result<(), LinkError> {
    for import in &plugin.imports {
        let ImportSource::Host(offered) = &import.source else { continue };
        let own = |other: &&PlannedImport| !matches!(other.source, ImportSource::Host(_) | ImportSource::Runtime);
        let taken = |other: &&PlannedImport| supersedes(&other.name, offered);
        if import.name != *offered
            && let Some(other) = plugin.imports.iter().filter(own).find(taken)
        {
            let cause = format!(
                "it imports `{}` from the host, which offers `{offered}`, and `{}` from plugins, which would serve both; \
                 let the same one serve them",
                import.name, other.name
            );
            return Err(LinkError::Imports { plugin: plugin.id.clone(), cause });
        }
    }
    Ok(())
}

/// Whether an interface is a later version of another one that is compatible with it.
fn supersedes(name: &ExternName, other: &ExternName) -> bool {
    let (Some(version), Some(older)) = (name.version(), other.version()) else { return false };
    name.base() == other.base() && same_series(version, older) && version.pre.is_empty() && version > older
}

fn define(
    place: &mut LinkerInstance<'_, PluginState>,
    name: &str,
    dispatcher: Dispatcher,
) -> Result<(), wasmtime::Error> {
    place.func_new(name, move |store, _, arguments, results| dispatcher.dispatch(store, arguments, results))
}

/// How a planned function contradicts itself, if it does: what dispatchers rely upon.
fn contradiction(
    function: &PlannedFunction,
    providers: &[Provider],
    passing: Option<&Passing>,
) -> Option<&'static str> {
    let number = |wanted: usize| (providers.len() != wanted).then_some("the reply is not for so many providers");
    let needs_value = |form: &Fallible, provider: &Provider| {
        (*form == Fallible::Plain && !provider.answers).then_some("a provider answers nothing where a value is wanted")
    };
    let answer = |form: &Answer, provider: &Provider| needs_value(&form.fallible()?, provider);
    if let Reply::ByOwner(forms) = &function.reply {
        let nothing = |form: &Option<Fallible>| function.ty.result.is_some() && form.is_none();
        return number(forms.len())
            .or_else(|| passing.is_none().then_some("it goes to the owner of a handle, and takes none"))
            .or_else(|| forms.iter().any(nothing).then_some("the reply is not what the function returns"))
            .or_else(|| {
                forms.iter().flatten().zip(providers).find_map(|(form, provider)| needs_value(form, provider))
            });
    }
    if function.ty.result.is_some() == (function.reply == Reply::Nothing) {
        return Some("the reply is not what the function returns");
    }
    match &function.reply {
        Reply::Nothing => None,
        Reply::Optional(None) => number(0),
        Reply::One(form) | Reply::Optional(Some(form)) => number(1).or_else(|| answer(form, &providers[0])),
        Reply::List(forms) => number(forms.len())
            .or_else(|| forms.iter().zip(providers).find_map(|(form, provider)| answer(form, provider))),
        Reply::Map(forms) => number(forms.len())
            .or_else(|| forms.iter().zip(providers).find_map(|(form, provider)| needs_value(form, provider))),
        Reply::ByOwner(_) => None,
    }
}

/// Whether the runtime itself serves some import of the plugin.
pub(super) fn uses_runtime(plugin: &PlannedPlugin) -> bool {
    plugin.imports.iter().any(|import| matches!(import.source, ImportSource::Runtime))
}

fn runtime_linker(engine: &Engine) -> wasmtime::Result<Linker<PluginState>> {
    let mut linker = Linker::new(engine);
    add_wasi_to_linker(&mut linker)?;
    Ok(linker)
}

pub(super) fn imports_failed(plugin: &PlannedPlugin, error: &wasmtime::Error) -> LinkError {
    LinkError::Imports { plugin: plugin.id.clone(), cause: format!("{error:#}") }
}
