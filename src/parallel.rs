//! The same work for many things, on all cores.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does the same with each thing, with as many at once as there are cores, on threads of this name. The answers are in the
/// order of the things.
pub fn map<T: Sync, R: Send + Sync>(thread: &str, things: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let slots: Vec<OnceLock<R>> = things.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let (Some(slot), Some(thing)) = (slots.get(index), things.get(index)) else { return };
            slot.get_or_init(|| each(thing));
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        // This thread works too, so that nothing is lost where no other can be started.
        for _ in 1..cores.min(things.len()) {
            let _ = std::thread::Builder::new().name(thread.to_owned()).spawn_scoped(scope, work);
        }
        work();
    });
    // Every slot is filled: a panic in one of the threads does not get here.
    slots.into_iter().filter_map(OnceLock::into_inner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_keep_the_order() {
        let numbers: Vec<u32> = (0..500).collect();
        assert_eq!(
            map("numbers", &numbers, |number| number * 2),
            (0..500).map(|number| number * 2).collect::<Vec<u32>>()
        );
        assert_eq!(map("nothing", &[], |number: &u32| *number), [0; 0]);
    }
}
