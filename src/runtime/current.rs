//! The entries that this thread is in now, so that a call that a host function makes goes on with
//! the chain that it was called from.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::enter::Purpose;
use crate::call::Frame;

/// A live app, as long as the process lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AppNumber(u64);

impl AppNumber {
    pub(super) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

/// Of which app, and what for.
type Entry = (AppNumber, Frame, Purpose);

thread_local! {
    /// Outermost first. Of several apps, because a host function may call into another one.
    static ENTRIES: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// Whether entries can be noted: no more once the thread is ending.
pub(super) fn is_there() -> bool {
    ENTRIES.try_with(|_| ()).is_ok()
}

/// Keeps an entry noted until it is dropped.
pub(super) struct Noted(());

/// Notes that this thread is in a plugin of an app.
pub(super) fn note(app: AppNumber, frame: Frame, purpose: Purpose) -> Noted {
    ENTRIES.with_borrow_mut(|entries| entries.push((app, frame, purpose)));
    Noted(())
}

/// The innermost entry of this thread into a plugin of an app.
pub(super) fn innermost(app: AppNumber) -> Option<Frame> {
    let of_app = |entry: &&Entry| entry.0 == app;
    let innermost = ENTRIES.try_with(|entries| entries.borrow().iter().rev().find(of_app).map(|(_, frame, _)| *frame));
    innermost.ok().flatten()
}

/// All entries of this thread into plugins of an app, which are one chain, outermost first.
pub(super) fn chain(app: AppNumber) -> Vec<(Frame, Purpose)> {
    let of_app = |(other, frame, purpose): &Entry| (*other == app).then_some((*frame, *purpose));
    ENTRIES.with_borrow(|entries| entries.iter().filter_map(of_app).collect())
}

/// What this thread is in, for a thread that goes on with its work.
pub(super) struct Entries(Vec<Entry>);

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

impl Drop for Noted {
    fn drop(&mut self) {
        ENTRIES.with_borrow_mut(Vec::pop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::ChainId;
    use crate::plan::PluginIndex;

    #[test]
    fn each_app_has_its_own_innermost_entry() {
        let frame = |chain| Frame { chain: ChainId(chain), plugin: None, depth: 1, deadline: None };
        let purpose = Purpose::Start(PluginIndex(0));
        let (one, other) = (AppNumber::next(), AppNumber::next());
        assert_eq!(innermost(one), None);
        let outer = note(one, frame(1), purpose);
        {
            let _inner = note(other, frame(2), purpose);
            assert_eq!((innermost(one), innermost(other)), (Some(frame(1)), Some(frame(2))));
            let _innermost = note(one, frame(3), purpose);
            assert_eq!(innermost(one), Some(frame(3)));
            assert_eq!(chain(one), [(frame(1), purpose), (frame(3), purpose)]);
        }
        assert_eq!((innermost(one), innermost(other)), (Some(frame(1)), None));
        drop(outer);
        assert_eq!(innermost(one), None);
    }
}
