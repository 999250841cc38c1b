use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentNamedList, Instance, Lift, Lower};

use super::{App, Callable};
use crate::call::{CallError, InstanceId, PluginState, Target};
use crate::plan::PluginIndex;
use crate::runtime::{Answers, Arguments, Typed};

/// A function of a plugin, to be called with Rust types: see [`App::typed`]. It keeps the app alive.
pub struct TypedCall<Params, Return> {
    app: App,
    typed: Typed<Params, Return>,
}

impl<Params, Return> TypedCall<Params, Return>
where
    Params: ComponentNamedList + Lower + Send,
    Return: ComponentNamedList + Lift + Send,
{
    /// Calls the function: parameters and results are tuples, results of one element or of none.
    ///
    /// Unlike with [`App::call`], arguments that the plugin has no room for make it fail: Rust values
    /// cannot be weighed before.
    ///
    /// # Errors
    /// [`CallError`] when the call fails.
    pub fn call(&self, params: Params) -> Result<Return, CallError> {
        self.app.runtime().call_typed(&self.typed, params)
    }
}

impl<Params, Return> fmt::Debug for TypedCall<Params, Return> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedCall").finish_non_exhaustive()
    }
}

/// A function of a plugin that passes handles, to be called with Rust types: see
/// [`App::typed_with_handles`]. It keeps the app alive.
pub struct TypedHandlesCall<Params, Return> {
    app: App,
    target: Target,
    /// Covariant, so that later calls may pass references that live shorter.
    types: PhantomData<fn() -> (Params, Return)>,
}

impl<Params: Arguments, Return: Answers> TypedHandlesCall<Params, Return> {
    /// Calls the function: parameters and results are tuples, results of one element or of none. A
    /// [`Handle`](crate::Handle) in a parameter moves, a `&Handle` is lent.
    ///
    /// # Errors
    /// [`CallError`] when a handle cannot be passed, and when the call fails.
    pub fn call(&self, params: Params) -> Result<Return, CallError> {
        self.app.runtime().call_typed_handles(self.target, params)
    }
}

impl<Params, Return> fmt::Debug for TypedHandlesCall<Params, Return> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedHandlesCall").finish_non_exhaustive()
    }
}

type Bind<B> = dyn Fn(StoreContextMut<'_, PluginState>, &Instance) -> wasmtime::Result<B> + Send + Sync;

/// The exports of a plugin, seen through a `bindgen!` world: see [`App::bindings`]. They keep the app
/// alive.
pub struct Bindings<B> {
    app: App,
    plugin: PluginIndex,
    bind: Box<Bind<B>>,
    /// What has been bound, and to which instance of the plugin.
    bound: Mutex<Option<(InstanceId, Arc<B>)>>,
}

impl<B: Send + Sync> Bindings<B> {
    /// Does something with the exports: any number of calls, in one entry into the plugin, so that
    /// nobody else calls it in between, and that all of them together have the plugin's time and fuel.
    ///
    /// An error of one of these calls must be returned. After it nothing can be called any more, so
    /// that where it is passed over, the next call of anybody fails.
    ///
    /// Handles of resources belong to the instance: drop them here with `resource_drop`, or they
    /// count against the plugin's `handles`. One from before a restart may stand for another resource.
    ///
    /// # Errors
    /// [`CallError`] when the plugin cannot be entered, and when the function returns an error: then
    /// the plugin has failed and is started anew, because the errors of calls mean that. To return
    /// an error of another kind, let the value be a `Result`.
    pub fn call<R: Send>(
        &self,
        act: impl FnOnce(&B, StoreContextMut<'_, PluginState>) -> wasmtime::Result<R> + Send,
    ) -> Result<R, CallError> {
        let bind = |id, store: StoreContextMut<'_, PluginState>, instance: &Instance| self.bound(id, store, instance);
        self.app.runtime().with_exports(self.plugin, bind, |bound: Arc<B>, store| act(&bound, store))
    }

    fn bound(
        &self,
        id: InstanceId,
        store: StoreContextMut<'_, PluginState>,
        instance: &Instance,
    ) -> wasmtime::Result<Arc<B>> {
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, bound)) = &*bound
            && *of == id
        {
            return Ok(bound.clone());
        }
        let new = Arc::new((self.bind)(store, instance)?);
        *bound = Some((id, new.clone()));
        Ok(new)
    }
}

impl<B> fmt::Debug for Bindings<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bindings").field("plugin", self.app.runtime().assembly().plan().plugin(self.plugin)).finish()
    }
}

impl App {
    /// A function of the one plugin that exports it, to be called with Rust types, which is several
    /// times faster for bulk data than [`App::call`]. Parameters and results are tuples; records,
    /// variants and so on are Rust types that derive wasmtime's `ComponentType` with `Lower` or
    /// `Lift`.
    ///
    /// ```
    /// use plugweave::{App, wasmtime};
    ///
    /// let app = App::open("manifests/workbench")?;
    /// let decorate = app.typed::<(Role, &str), (String,)>("workbench:markdown/theme#decorate")?;
    /// assert_eq!(decorate.call((Role::Good, "no issues"))?, ("✓ no issues".to_string(),));
    ///
    /// #[derive(Clone, Copy, wasmtime::component::ComponentType, wasmtime::component::Lower)]
    /// #[component(enum)]
    /// #[repr(u8)]
    /// enum Role {
    ///     #[component(name = "title")]
    ///     Title,
    ///     #[component(name = "section")]
    ///     Section,
    ///     #[component(name = "good")]
    ///     Good,
    ///     #[component(name = "bad")]
    ///     Bad,
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`App::call`], and when the types are not those of the function.
    pub fn typed<Params, Return>(&self, target: &str) -> Result<TypedCall<Params, Return>, CallError>
    where
        Params: ComponentNamedList + Lower + Send,
        Return: ComponentNamedList + Lift + Send,
    {
        self.typed_of(&self.only(target)?)
    }

    /// As [`App::typed`], for functions that pass handles of resources.
    ///
    /// ```
    /// use plugweave::manifest::ManifestBuilder;
    /// use plugweave::{App, Handle};
    ///
    /// let wit = "package a:b; interface c { resource cell { constructor(n: u32); get: func() -> u32; } }
    ///     world w { export c; }";
    /// // The representation of a cell is its number.
    /// let wat = r#"(module
    ///     (import "[export]a:b/c" "[resource-new]cell" (func $new (param i32) (result i32)))
    ///     (func (export "a:b/c#[constructor]cell") (param i32) (result i32) (call $new (local.get 0)))
    ///     (func (export "a:b/c#[method]cell.get") (param i32) (result i32) (local.get 0)))"#;
    /// let cells = ManifestBuilder::new("cells").wit("cells.wit").export("a:b/c");
    /// let app = App::builder().file("cells.wit", wit).plugin(&cells, wat).build()?;
    ///
    /// let make = app.typed_with_handles::<(u32,), (Handle,)>("a:b/c#[constructor]cell")?;
    /// let get = app.typed_with_handles::<(&Handle,), (u32,)>("a:b/c#[method]cell.get")?;
    /// let (cell,) = make.call((7,))?;
    /// assert_eq!(get.call((&cell,))?, (7,));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`App::typed`].
    pub fn typed_with_handles<Params: Arguments, Return: Answers>(
        &self,
        target: &str,
    ) -> Result<TypedHandlesCall<Params, Return>, CallError> {
        self.typed_handles_of(&self.only(target)?)
    }

    /// As [`App::typed_plugin`], for functions that pass handles of resources.
    ///
    /// # Errors
    /// As [`App::typed_plugin`].
    pub fn typed_plugin_with_handles<Params: Arguments, Return: Answers>(
        &self,
        plugin: &str,
        target: &str,
    ) -> Result<TypedHandlesCall<Params, Return>, CallError> {
        self.typed_handles_of(&self.callable(plugin, target)?)
    }

    fn typed_handles_of<Params: Arguments, Return: Answers>(
        &self,
        callable: &Callable<'_>,
    ) -> Result<TypedHandlesCall<Params, Return>, CallError> {
        self.runtime().check_typed_handles::<Params, Return>(callable.target)?;
        Ok(TypedHandlesCall { app: self.clone(), target: callable.target, types: PhantomData })
    }

    /// A function of one plugin among those that export it, to be called with Rust types.
    ///
    /// # Errors
    /// As [`App::call_plugin`], and when the types are not those of the function.
    pub fn typed_plugin<Params, Return>(
        &self,
        plugin: &str,
        target: &str,
    ) -> Result<TypedCall<Params, Return>, CallError>
    where
        Params: ComponentNamedList + Lower + Send,
        Return: ComponentNamedList + Lift + Send,
    {
        self.typed_of(&self.callable(plugin, target)?)
    }

    fn typed_of<Params, Return>(&self, callable: &Callable<'_>) -> Result<TypedCall<Params, Return>, CallError>
    where
        Params: ComponentNamedList + Lower + Send,
        Return: ComponentNamedList + Lift + Send,
    {
        Ok(TypedCall { app: self.clone(), typed: self.runtime().typed(callable.target)? })
    }

    /// The exports of a plugin, seen through a world of wasmtime's `bindgen!`. They stay usable when
    /// the plugin is started anew: then they are bound again.
    ///
    /// ```
    /// use plugweave::manifest::ManifestBuilder;
    /// use plugweave::{App, wasmtime};
    ///
    /// wasmtime::component::bindgen!({
    ///     inline: "package a:b; world tally { export add: func(n: u32) -> u32; }",
    ///     wasmtime_crate: plugweave::wasmtime,
    /// });
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     let wit = "package a:b; world tally { export add: func(n: u32) -> u32; }";
    ///     let wat = r#"(module (global $total (mut i32) (i32.const 0))
    ///         (func (export "add") (param i32) (result i32)
    ///             (global.set $total (i32.add (global.get $total) (local.get 0)))
    ///             (global.get $total)))"#;
    ///     let manifest = ManifestBuilder::new("tally").export("add").wit("tally.wit");
    ///     let app = App::builder().file("tally.wit", wit).plugin(&manifest, wat).build()?;
    ///
    ///     let tally = app.bindings("tally", |store, instance| Tally::new(store, instance))?;
    ///     let total = tally.call(|exports, mut store| {
    ///         exports.call_add(&mut store, 2)?;
    ///         exports.call_add(&mut store, 3)
    ///     })?;
    ///     assert_eq!(total, 5);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`CallError`] when there is no such plugin, when it cannot be entered, or when its exports
    /// are not those of the world.
    pub fn bindings<B: Send + Sync>(
        &self,
        plugin: &str,
        bind: impl Fn(StoreContextMut<'_, PluginState>, &Instance) -> wasmtime::Result<B> + Send + Sync + 'static,
    ) -> Result<Bindings<B>, CallError> {
        let bindings = Bindings {
            app: self.clone(),
            plugin: self.index_of(plugin)?,
            bind: Box::new(bind),
            bound: Mutex::new(None),
        };
        bindings.call(|_, _| Ok(()))?;
        Ok(bindings)
    }
}
