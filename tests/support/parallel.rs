//! Work that is divided among threads.

/// How many threads can run at a time.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Does something for each item, on so many threads, which take them in turn.
pub fn on_threads<I, T>(threads: usize, items: I, work: impl Fn(I::Item) -> T + Sync) -> Vec<T>
where
    I: Iterator + Clone + Sync,
    T: Send,
{
    let part = |thread: usize| items.clone().skip(thread).step_by(threads).map(&work).collect::<Vec<T>>();
    std::thread::scope(|scope| {
        let part = &part;
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}
