//! What takes much memory waits for its turn: one at a time, however many cores there are.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

static TURN: Mutex<()> = Mutex::new(());

thread_local! {
    /// Whether this thread has the turn: reading a module may need to read WIT.
    static HAS_TURN: Cell<bool> = const { Cell::new(false) };
}

/// The turn, until it is dropped; or nothing, for what is small.
#[derive(Debug)]
#[must_use]
pub(super) struct Turn(Option<MutexGuard<'static, ()>>);

impl Turn {
    /// Waits for the turn, if it is for something large.
    pub(super) fn wait(is_large: bool) -> Self {
        if !is_large || HAS_TURN.get() {
            return Self(None);
        }
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        HAS_TURN.set(true);
        Self(Some(turn))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.0.is_some() {
            HAS_TURN.set(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn one_thread_has_the_turn_and_may_take_it_again() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let _turn = Turn::wait(true);
                        let _again = Turn::wait(true);
                        most.fetch_max(1 + now.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
                        now.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 1);
        drop(Turn::wait(true));
        assert!(!HAS_TURN.get());
    }
}
