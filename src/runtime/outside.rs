use tokio::runtime::Handle;

use super::current;

/// Runs something where no async runtime is active: on this thread, or on one of its own when this
/// one belongs to a runtime of the host.
///
/// The other thread goes on with the chain of calls that this one is on, of whichever app.
///
/// The blocking calls of WASI start a runtime of their own, which panics within another one.
pub(super) fn outside_async<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if Handle::try_current().is_err() {
        return work();
    }
    let entries = current::entries();
    let work = || {
        entries.take_over();
        work()
    };
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
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
}
