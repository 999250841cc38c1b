use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;

use tokio::runtime::Handle;

use super::blocking;

/// Native stack of the main thread, as it usually is.
const USUAL_STACK: usize = 8 << 20;

/// Runs something where no async runtime is active: on this thread, or on one of its own when this
/// one belongs to a runtime of the host. So it is when this one is ending, and lets go of its last handles.
///
/// The other thread goes on with the chain of calls that this one is on, of whichever app.
///
/// The blocking calls of WASI start a runtime of their own, which panics within another one.
#[inline]
pub(super) fn outside_async<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if Handle::try_current().is_err() && blocking::is_there() {
        return work();
    }
    let entries = blocking::entries();
    // In a cell, so that it is still there if the system has no thread to give.
    let work = Mutex::new(Some(work));
    let take = || work.lock().unwrap_or_else(PoisonError::into_inner).take();
    let there = || {
        entries.take_over();
        take().map(|work| work())
    };
    let thread = std::thread::Builder::new().name("plugweave-call".to_owned()).stack_size(stack());
    let done = std::thread::scope(|scope| match thread.spawn_scoped(scope, there).map(ScopedJoinHandle::join) {
        Ok(Ok(done)) => done,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(error) => {
            tracing::warn!("there is no thread for a call from async code: {error}");
            // All but the blocking calls of WASI works here, too.
            take().map(|work| work())
        }
    });
    // It has been taken once.
    done.unwrap_or_else(|| resume_unwind(Box::new("the work of a call is gone")))
}

/// As much native stack as is left here, so that a chain of calls gets as far as it would here, and no
/// less than a main thread has: the threads of async runtimes have little. Only what is used of it takes
/// memory.
fn stack() -> usize {
    stacker::remaining_stack().unwrap_or_default().max(USUAL_STACK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_moves_to_another_thread_only_within_a_runtime() {
        let here = std::thread::current().id();
        let thread = || outside_async(|| std::thread::current().id());
        assert_eq!(thread(), here);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_ne!(runtime.block_on(async { thread() }), here);
    }

    #[test]
    fn the_other_thread_has_no_less_stack() {
        let left = || stacker::remaining_stack().unwrap();
        let here = std::thread::Builder::new().stack_size(20 << 20).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async { (left(), outside_async(left)) })
        });
        let (here, there) = here.unwrap().join().unwrap();
        assert!(here > 19 << 20 && there + (64 << 10) > here, "{here} {there}");
    }
}
