//! What blocking calls keep for their thread. Nothing else of a call is bound to one: an executor that lets calls
//! wait elsewhere than on a stack has no use for this file.
//!
//! - The stores of the plugins on a chain of calls, lent to those whom they have called, so that a plugin can be
//!   called back while a call of its own is open. A dispatcher has the caller's `StoreContextMut` and needs it only
//!   again when the call has returned. Until then it is a link of a chain that is kept for the thread. Whoever calls
//!   a plugin back gets its store from there, and the chain without that link until it has returned: strictly last in,
//!   first out.
//! - The entries that the thread is in, so that a call that a host function makes goes on with the chain that it was
//!   called from: wasmtime tells host functions nothing of it.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::{AsContextMut, StoreContextMut};

use crate::call::{ChainId, Frame, InstanceId, PluginState};

/// An instance that is on a chain.
type Key = (ChainId, InstanceId);

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

/// Does something while the caller's store, where it has one to lend, can be borrowed by those who are called
/// meanwhile.
#[inline]
pub(super) fn lending<R>(store: Option<StoreContextMut<'_, PluginState>>, work: impl FnOnce() -> R) -> R {
    match store {
        Some(store) => lend(store, work),
        None => work(),
    }
}

#[inline]
fn lend<R>(store: StoreContextMut<'_, PluginState>, work: impl FnOnce() -> R) -> R {
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

fn is_it(state: &PluginState, (chain, instance): Key) -> bool {
    state.frame.chain == chain && state.instance == instance
}

/// A live app, as long as the process lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AppNumber(u64);

impl AppNumber {
    pub(super) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

thread_local! {
    /// Outermost first. Of several apps, because a host function may call into another one.
    static ENTRIES: RefCell<Vec<(AppNumber, Frame)>> = const { RefCell::new(Vec::new()) };
}

/// Whether entries can be noted: no more once the thread is ending.
pub(super) fn is_there() -> bool {
    ENTRIES.try_with(|_| ()).is_ok()
}

/// Shows an entry to the host functions that are called from it, until it is dropped.
pub(super) struct Shown(());

/// Notes that this thread is in a plugin of an app.
#[inline]
pub(super) fn show(app: AppNumber, frame: &Frame) -> Shown {
    ENTRIES.with_borrow_mut(|entries| entries.push((app, *frame)));
    Shown(())
}

/// The innermost entry of this thread into a plugin of an app.
pub(super) fn innermost(app: AppNumber) -> Option<Frame> {
    let of_app = |entry: &&(AppNumber, Frame)| entry.0 == app;
    let innermost = ENTRIES.try_with(|entries| entries.borrow().iter().rev().find(of_app).map(|(_, frame)| *frame));
    innermost.ok().flatten()
}

/// What this thread is in, for a thread that goes on with its work.
pub(super) struct Entries(Vec<(AppNumber, Frame)>);

/// What this thread is in now.
pub(super) fn entries() -> Entries {
    Entries(ENTRIES.try_with(|entries| entries.borrow().clone()).unwrap_or_default())
}

impl Entries {
    /// Takes over what another thread is in, which waits until this one, a new one, has ended.
    pub(super) fn take_over(self) {
        ENTRIES.set(self.0);
    }
}

impl Drop for Shown {
    #[inline]
    fn drop(&mut self) {
        ENTRIES.with_borrow_mut(Vec::pop);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn each_app_has_its_own_innermost_entry() {
        let frame = |chain| Frame { chain: ChainId(chain), instance: None, depth: 1, deadline: None };
        let (one, other) = (AppNumber::next(), AppNumber::next());
        assert_eq!(innermost(one), None);
        let outer = show(one, &frame(1));
        {
            let _inner = show(other, &frame(2));
            assert_eq!((innermost(one), innermost(other)), (Some(frame(1)), Some(frame(2))));
            let _innermost = show(one, &frame(3));
            assert_eq!(innermost(one), Some(frame(3)));
        }
        assert_eq!((innermost(one), innermost(other)), (Some(frame(1)), None));
        drop(outer);
        assert_eq!(innermost(one), None);
    }

    // What follows is what `scoped-tls-hkt` promises, and what lending relies upon: a reference is set only as long
    // as the work lasts that it was set for, and two of one are never out at the same time.

    scoped_tls_hkt::scoped_thread_local!(static mut LENT: for<'a> &'a mut Cell<u32>);

    #[test]
    fn what_is_lent_is_there_only_while_the_work_lasts() {
        assert!(!LENT.is_set());
        let mut outer = Cell::new(1);
        LENT.set(&mut outer, || {
            let mut inner = Cell::new(2);
            LENT.set(&mut inner, || LENT.with(|lent| assert_eq!(lent.replace(3), 2)));
            assert_eq!(inner.get(), 3);
            LENT.with(|lent| assert_eq!(lent.replace(4), 1));
        });
        assert!(!LENT.is_set());
        assert_eq!(outer.get(), 4);
    }

    #[test]
    fn what_is_lent_is_with_one_borrower_at_a_time() {
        let mut value = Cell::new(1);
        LENT.set(&mut value, || {
            LENT.with(|_| {
                assert!(!LENT.is_set());
                assert!(catch_unwind(|| LENT.with(|lent| lent.get())).is_err());
            });
            assert!(LENT.is_set());
        });
    }

    #[test]
    fn what_is_lent_is_gone_after_a_panic_and_of_no_other_thread() {
        let mut value = Cell::new(1);
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            LENT.set(&mut value, || {
                let there = std::thread::spawn(|| LENT.is_set()).join();
                assert!(!there.unwrap());
                let borrowed = catch_unwind(AssertUnwindSafe(|| LENT.with(|_| std::panic::resume_unwind(Box::new(0)))));
                // The borrower has given it back all the same.
                assert!(borrowed.is_err() && LENT.is_set());
                std::panic::resume_unwind(Box::new(1));
            });
        }));
        assert!(unwound.is_err() && !LENT.is_set());
    }
}
