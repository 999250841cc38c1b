use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};

use super::machine;

/// The budget where the memory of the machine is not known: for two processes with the usual limit.
const UNKNOWN: u64 = 6 << 30;

/// The memory that the processes that compile may take together. All assemblies of a program share one.
pub(super) struct Budget {
    total: u64,
    /// How much of it is taken.
    taken: Mutex<u64>,
    given_back: Condvar,
}

/// A part of a budget, which goes back when it is dropped.
pub(super) struct Part<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    pub(super) fn new(total: u64) -> Self {
        Self { total, taken: Mutex::new(0), given_back: Condvar::new() }
    }

    /// Half of the machine's memory: what is limited is address space, of which a compiler uses a part.
    pub(super) fn of_machine() -> &'static Self {
        static BUDGET: LazyLock<Budget> =
            LazyLock::new(|| Budget::new(machine::memory().map_or(UNKNOWN, |all| all / 2)));
        &BUDGET
    }

    /// Waits until so much is left, and takes it. What is more than the whole budget takes all of it: it is alone then.
    pub(super) fn take(&self, bytes: u64) -> Part<'_> {
        let mut taken = self.taken();
        loop {
            if let Some(part) = self.part(&mut taken, bytes) {
                return part;
            }
            taken = self.given_back.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn part(&self, taken: &mut u64, bytes: u64) -> Option<Part<'_>> {
        let bytes = bytes.min(self.total);
        // None can be taken out of a budget of nothing: one at a time all the same.
        let bytes = bytes.max(1);
        let fits = *taken == 0 || taken.checked_add(bytes).is_some_and(|sum| sum <= self.total);
        fits.then(|| {
            *taken += bytes;
            Part { budget: self, bytes }
        })
    }

    fn taken(&self) -> MutexGuard<'_, u64> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        *self.budget.taken() -= self.bytes;
        // All: another than the first that waits may be the one that fits.
        self.budget.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn fits(budget: &Budget, bytes: u64) -> bool {
        budget.part(&mut budget.taken(), bytes).map(std::mem::forget).is_some()
    }

    #[test]
    fn parts_are_taken_as_far_as_they_fit() {
        let budget = Budget::new(10);
        let (four, six) = (budget.take(4), budget.take(6));
        assert!(!fits(&budget, 1));
        drop(four);
        assert!(!fits(&budget, 5));
        assert!(fits(&budget, 4));
        drop(six);
        assert_eq!(*budget.taken(), 4);
    }

    #[test]
    fn one_that_is_too_large_is_alone() {
        for budget in [Budget::new(10), Budget::new(0), Budget::new(u64::MAX)] {
            let all = budget.take(u64::MAX);
            assert!(!fits(&budget, 1) && !fits(&budget, u64::MAX));
            drop(all);
            assert_eq!(*budget.taken(), 0);
        }
    }

    #[test]
    fn more_is_never_taken_at_once_and_all_get_theirs() {
        let (budget, now, done) = (Budget::new(10), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for bytes in [3, 9, 1, 4, 10, 2, 20, 5] {
                let (budget, now, done) = (&budget, &now, &done);
                scope.spawn(move || {
                    for _ in 0..100 {
                        let _part = budget.take(bytes);
                        let share = bytes.min(10);
                        assert!(now.fetch_add(share, Ordering::SeqCst) + share <= 10);
                        std::thread::yield_now();
                        now.fetch_sub(share, Ordering::SeqCst);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!((done.into_inner(), *budget.taken()), (800, 0));
    }
}
