//! What resources are compared with: their owner in a store of its own on plain wasmtime, with a table
//! of its handles, and the two components made one.

use std::sync::{Arc, Mutex};

use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions};
use wasmtime::component::{Func, ResourceAny, ResourceDynamic, ResourceType, Val};
use wasmtime::{Store, StoreContextMut};

use super::counters::{STORE, TASK};
use super::peers::{Live, Peer};

const FUNCTIONS: [&str; 6] = ["[constructor]counter", "[method]counter.get", "number", "lend", "turn", "many"];

/// The number of the resource where linking by hand defines it.
const COUNTER: u32 = 1;

/// A plugin that owns counters.
pub struct Owner {
    store: Store<()>,
    functions: Vec<Func>,
    /// Those that others have handles of. Places are used again.
    handles: Vec<Option<ResourceAny>>,
    free: Vec<u32>,
}

impl Owner {
    pub fn new(mut live: Live) -> Self {
        let functions = FUNCTIONS.iter().map(|function| live.find(STORE, function)).collect();
        Self { store: live.store, functions, handles: Vec::new(), free: Vec::new() }
    }

    /// Calls a function with handles of its own store.
    pub fn call(&mut self, function: &str, arguments: &[Val]) -> Val {
        let index = FUNCTIONS.iter().position(|name| *name == function).unwrap();
        let mut results = [Val::Bool(false)];
        self.functions[index].call(&mut self.store, arguments, &mut results).unwrap();
        let [result] = results;
        result
    }

    pub fn drop(&mut self, handle: &Val) {
        let Val::Resource(handle) = handle else { panic!("{handle:?} is no handle") };
        handle.resource_drop(&mut self.store).unwrap();
    }

    /// Makes a handle of another store one of this one.
    fn take(&mut self, store: &mut StoreContextMut<'_, ()>, value: &Val) -> wasmtime::Result<Val> {
        let Val::Resource(handle) = value else { return Ok(value.clone()) };
        let handle = handle.try_into_resource_dynamic(store)?;
        let own = self.handles[handle.rep() as usize].unwrap();
        if handle.owned() {
            self.remove(handle.rep());
        }
        Ok(Val::Resource(own))
    }

    /// Makes the handles of a result some of another store.
    fn give(&mut self, store: &mut StoreContextMut<'_, ()>, value: &mut Val) -> wasmtime::Result<()> {
        match value {
            Val::Resource(handle) => {
                let rep = self.insert(*handle);
                *handle = ResourceDynamic::new_own(rep, COUNTER).try_into_resource_any(store)?;
                Ok(())
            }
            Val::List(values) => values.iter_mut().try_for_each(|value| self.give(store, value)),
            _ => Ok(()),
        }
    }

    fn insert(&mut self, handle: ResourceAny) -> u32 {
        let rep = self.free.pop().unwrap_or_else(|| {
            self.handles.push(None);
            u32::try_from(self.handles.len() - 1).unwrap()
        });
        self.handles[rep as usize] = Some(handle);
        rep
    }

    fn remove(&mut self, rep: u32) -> ResourceAny {
        self.free.push(rep);
        self.handles[rep as usize].take().unwrap()
    }
}

/// Serves the whole interface by an owner in another store.
pub fn link(peer: &mut Peer, owner: Owner) {
    let owner = Arc::new(Mutex::new(owner));
    let mut interface = peer.interface(STORE);
    let dropping = owner.clone();
    let drop = move |_: StoreContextMut<'_, ()>, rep| {
        let owner = &mut *dropping.lock().unwrap();
        owner.remove(rep).resource_drop(&mut owner.store)
    };
    interface.resource("counter", ResourceType::host_dynamic(COUNTER), drop).unwrap();
    for (index, function) in FUNCTIONS.iter().enumerate() {
        let owner = owner.clone();
        let serve = move |mut store: StoreContextMut<'_, ()>, arguments: &[Val], results: &mut [Val]| {
            let owner = &mut *owner.lock().unwrap();
            let own: wasmtime::Result<Vec<Val>> = arguments.iter().map(|value| owner.take(&mut store, value)).collect();
            owner.functions[index].call(&mut owner.store, &own?, results)?;
            results.iter_mut().try_for_each(|value| owner.give(&mut store, value))
        };
        interface.func_new(function, move |store, _, arguments, results| serve(store, arguments, results)).unwrap();
    }
}

/// One component of the two.
pub fn composed(owner: &[u8], user: &[u8]) -> Vec<u8> {
    let mut graph = CompositionGraph::new();
    let mut add = |name: &str, binary: &[u8]| {
        let package = Package::from_bytes(name, None, binary.to_vec(), graph.types_mut()).unwrap();
        let package = graph.register_package(package).unwrap();
        graph.instantiate(package)
    };
    let (owner, user) = (add("bench:owner", owner), add("bench:user", user));
    let store = graph.alias_instance_export(owner, STORE).unwrap();
    graph.set_instantiation_argument(user, STORE, store).unwrap();
    let task = graph.alias_instance_export(user, TASK).unwrap();
    graph.export(task, TASK).unwrap();
    graph.encode(EncodeOptions::default()).unwrap()
}
