//! The stores of the plugins on a chain of calls, lent to those whom they have called, so that a plugin
//! can be called back while a call of its own is open.
//!
//! A dispatcher has the caller's `StoreContextMut` and needs it only again when the call has returned.
//! Until then it is a link of a chain that is kept for the thread. Whoever calls a plugin back gets its
//! store from there, and the chain without that link until it has returned: strictly last in, first out.

use std::ops::ControlFlow;

use wasmtime::{AsContextMut, StoreContextMut};

use crate::call::{ChainId, PluginState};
use crate::plan::PluginIndex;

/// An instance that is on a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) chain: ChainId,
    pub(super) plugin: PluginIndex,
    pub(super) generation: u64,
}

/// What is done with a store that has been lent.
type Act<'a> = &'a mut dyn FnMut(StoreContextMut<'_, PluginState>);

/// The links from some point of the chain outwards.
trait Links {
    /// Does something with the store of an instance while the chain is without it; breaks when it has
    /// been found.
    fn take(&mut self, key: Key, act: Act<'_>) -> ControlFlow<()>;
}

/// No plugin: here the chain begins.
struct Root;

struct Link<'a> {
    store: StoreContextMut<'a, PluginState>,
    outer: &'a mut (dyn Links + 'a),
}

scoped_tls_hkt::scoped_thread_local!(static mut CHAIN: for<'a> &'a mut (dyn Links + 'a));

impl Links for Root {
    fn take(&mut self, _: Key, _: Act<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Links for Link<'_> {
    fn take(&mut self, key: Key, act: Act<'_>) -> ControlFlow<()> {
        if is_it(self.store.data(), key) {
            let store = self.store.as_context_mut();
            CHAIN.set(&mut *self.outer, || act(store));
            return ControlFlow::Break(());
        }
        // It is further out. This link stays within reach meanwhile, on top of what is left there.
        let own = &mut self.store;
        self.outer.take(key, &mut |store| lend(own.as_context_mut(), || act(store)))
    }
}

/// Does something while the store can be borrowed by those who are called meanwhile.
pub(super) fn lend<R>(store: StoreContextMut<'_, PluginState>, work: impl FnOnce() -> R) -> R {
    with_links(|outer| CHAIN.set(&mut Link { store, outer }, work))
}

/// Does something with the store of an instance on this thread's chain, where it has been lent.
pub(super) fn borrow<R>(key: Key, act: impl FnOnce(StoreContextMut<'_, PluginState>) -> R) -> Option<R> {
    let (mut act, mut done) = (Some(act), None);
    let _found = with_links(|links| {
        links.take(key, &mut |store| {
            if let Some(act) = act.take() {
                done = Some(act(store));
            }
        })
    });
    done
}

fn with_links<R>(work: impl FnOnce(&mut (dyn Links + '_)) -> R) -> R {
    if CHAIN.is_set() { CHAIN.with(|links| work(links)) } else { work(&mut Root) }
}

fn is_it(state: &PluginState, key: Key) -> bool {
    let frame = &state.frame;
    (frame.chain, frame.plugin, state.generation) == (key.chain, Some(key.plugin), key.generation)
}
