//! What is compared with: the same plugins on plain wasmtime, called and linked by hand.
//!
//! They share the engine of the app, so that their code is compiled in the same way.

use std::sync::{Arc, Mutex};

use wasmtime::component::{
    Component, ComponentNamedList, ComponentType, Func, Instance, Lift, Linker, LinkerInstance, Lower, TypedFunc, Val,
};
use wasmtime::{Engine, Store};

/// A record of the plugins' `entries`.
#[derive(ComponentType, Lift, Lower, Clone)]
#[component(record)]
pub struct Entry {
    pub x: f32,
    pub y: f32,
    pub id: u32,
    pub name: String,
}

/// A component on an engine, with what it imports.
pub struct Peer {
    engine: Engine,
    component: Component,
    linker: Linker<()>,
}

/// An instance in a store of its own.
pub struct Live {
    pub store: Store<()>,
    instance: Instance,
}

/// A function of an instance.
pub struct Called {
    store: Store<()>,
    func: Func,
}

/// A function of an instance, of known types.
pub struct CalledTyped<P, R> {
    store: Store<()>,
    func: TypedFunc<P, R>,
}

impl Peer {
    pub fn new(engine: &Engine, binary: &[u8]) -> Self {
        let component = Component::new(engine, binary).unwrap();
        let mut linker = Linker::new(engine);
        linker.allow_shadowing(true);
        linker.define_unknown_imports_as_traps(&component).unwrap();
        Self { engine: engine.clone(), component, linker }
    }

    /// An imported interface, to be defined.
    pub fn interface(&mut self, name: &str) -> LinkerInstance<'_, ()> {
        self.linker.instance(name).unwrap()
    }

    /// Serves one import by a host function over values.
    pub fn serve(
        &mut self,
        interface: &str,
        function: &str,
        answer: impl Fn(&[Val], &mut [Val]) -> wasmtime::Result<()> + Send + Sync + 'static,
    ) {
        let mut interface = self.linker.instance(interface).unwrap();
        interface.func_new(function, move |_, _, arguments, results| answer(arguments, results)).unwrap();
    }

    /// Serves one import by a function of another store.
    pub fn link(&mut self, interface: &str, function: &str, provider: Called) {
        let provider = Mutex::new(provider);
        self.serve(interface, function, move |arguments, results| provider.lock().unwrap().call(arguments, results));
    }

    /// Serves one import by a function of another store, without going through values.
    pub fn link_typed<T>(&mut self, interface: &str, function: &str, provider: CalledTyped<(T,), (T,)>)
    where
        T: ComponentType + Lift + Lower + Send + Sync + 'static,
    {
        let provider = Mutex::new(provider);
        let mut interface = self.linker.instance(interface).unwrap();
        interface.func_wrap(function, move |_, arguments: (T,)| provider.lock().unwrap().call(arguments)).unwrap();
    }

    /// What instances are made from quickly.
    pub fn prepared(self) -> impl Fn() -> Live {
        let (engine, pre) = (self.engine, self.linker.instantiate_pre(&self.component).unwrap());
        move || {
            let mut store = store(&engine);
            let instance = pre.instantiate(&mut store).unwrap();
            Live { store, instance }
        }
    }

    pub fn start(self) -> Live {
        self.prepared()()
    }
}

impl Live {
    pub fn func(mut self, interface: &str, function: &str) -> Called {
        let func = self.find(interface, function);
        Called { store: self.store, func }
    }

    pub fn typed<P, R>(mut self, interface: &str, function: &str) -> CalledTyped<P, R>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let func = self.find(interface, function).typed(&self.store).unwrap();
        CalledTyped { store: self.store, func }
    }

    /// Looks a function without arguments up, and calls it.
    pub fn call(&mut self, interface: &str, function: &str, results: &mut [Val]) -> wasmtime::Result<()> {
        self.find(interface, function).call(&mut self.store, &[], results)
    }

    pub fn find(&mut self, interface: &str, function: &str) -> Func {
        let interface = self.instance.get_export_index(&mut self.store, None, interface).unwrap();
        let function = self.instance.get_export_index(&mut self.store, Some(&interface), function).unwrap();
        self.instance.get_func(&mut self.store, function).unwrap()
    }
}

impl Called {
    pub fn call(&mut self, arguments: &[Val], results: &mut [Val]) -> wasmtime::Result<()> {
        self.func.call(&mut self.store, arguments, results)
    }
}

impl<P, R> CalledTyped<P, R>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    pub fn call(&mut self, arguments: P) -> wasmtime::Result<R> {
        self.func.call(&mut self.store, arguments)
    }
}

/// A store whose time is never up.
fn store(engine: &Engine) -> Store<()> {
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    store.set_hostcall_fuel(512 << 20);
    store
}

/// The functions that a fan-out asks, each in a store of its own.
pub fn providers(engine: &Engine, binary: &[u8], count: usize, interface: &str, function: &str) -> Vec<Called> {
    let peer = Peer::new(engine, binary).prepared();
    (0..count).map(|_| peer().func(interface, function)).collect()
}

/// Asks each of them and hands over what they answer, one by one.
pub fn ask_each(
    providers: Vec<Called>,
    answers: bool,
    finish: impl Fn(Vec<Val>, &mut [Val]) + Send + Sync + 'static,
) -> impl Fn(&[Val], &mut [Val]) -> wasmtime::Result<()> + Send + Sync + 'static {
    let providers: Arc<[Mutex<Called>]> = providers.into_iter().map(Mutex::new).collect();
    move |arguments, results| {
        let mut answered = Vec::with_capacity(providers.len());
        for provider in &*providers {
            let mut answer = [Val::Bool(false)];
            let wanted = if answers { &mut answer[..] } else { &mut [] };
            provider.lock().unwrap().call(arguments, wanted)?;
            let [answer] = answer;
            answered.push(answer);
        }
        finish(answered, results);
        Ok(())
    }
}
