//! The log, away from calls: whatever a subscriber of `tracing` does with an event, the call that the event comes
//! from goes on.
//!
//! Events wait in a queue for one thread of the process, which is there while there is something to log. The queue is
//! bounded. What does not fit is dropped and counted.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::Dispatch;

use super::targets;

/// Most bytes of events that may wait, of all sources together.
const MOST: usize = 32 << 20;

/// Most bytes of events that may wait from one source, so that none takes the room of others.
const MOST_OF_ONE: usize = 4 << 20;

/// What an event takes besides its text.
const OVERHEAD: usize = 128;

/// How long the thread stays when there is nothing to log.
const LINGER: Duration = Duration::from_millis(100);

/// How long the end of an app waits for the next event to be through.
const FLUSH: Duration = Duration::from_millis(500);

/// How long it waits in all at most.
const LONGEST_FLUSH: Duration = Duration::from_secs(10);

/// Name of the thread that logs.
const THREAD: &str = "plugweave-log";

/// Where events come from: a stream of a plugin, or Plugweave itself. Clones are the same source.
#[derive(Clone)]
pub struct LogSource(Arc<Waiting>);

struct Waiting {
    log: &'static Log,
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

/// An event that waits.
struct Event {
    source: LogSource,
    size: usize,
    /// The subscriber of the thread that it comes from.
    dispatch: Dispatch,
    /// Logs it, and how many have been dropped before it.
    log: Box<dyn FnOnce(u64) + Send>,
}

/// The queue, and those who wait for it.
struct Log {
    queue: Mutex<Queue>,
    /// There is something to log.
    more: Condvar,
    /// An event is through.
    done: Condvar,
}

static LOG: Log = Log::new();

struct Queue {
    events: VecDeque<Event>,
    bytes: usize,
    /// How many have been put in, and how many of them are through.
    queued: u64,
    done: u64,
    has_thread: bool,
}

impl Default for LogSource {
    fn default() -> Self {
        Self::of(&LOG)
    }
}

impl LogSource {
    fn of(log: &'static Log) -> Self {
        Self(Arc::new(Waiting { log, bytes: AtomicUsize::new(0), dropped: AtomicU64::new(0) }))
    }

    /// Has an event logged on another thread. `log` gets how many events of this source have been dropped since
    /// the last one that was logged. `size` is that of its text. It never waits, and drops the event where too much
    /// waits already.
    pub fn log(&self, size: usize, log: impl FnOnce(u64) + Send + 'static) {
        let size = size.saturating_add(OVERHEAD);
        let target = self.0.log;
        let mut queue = target.lock();
        let of_source = self.0.bytes.load(Ordering::Relaxed).saturating_add(size);
        if of_source > MOST_OF_ONE || queue.bytes.saturating_add(size) > MOST || !target.has_thread(&mut queue) {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.0.bytes.fetch_add(size, Ordering::Relaxed);
        queue.bytes += size;
        queue.queued += 1;
        let dispatch = tracing::dispatcher::get_default(Dispatch::clone);
        queue.events.push_back(Event { source: self.clone(), size, dispatch, log: Box::new(log) });
        target.more.notify_one();
    }
}

/// Has an event of Plugweave itself logged on another thread.
pub fn log_own(size: usize, log: impl FnOnce() + Send + 'static) {
    static OWN: LazyLock<LogSource> = LazyLock::new(LogSource::default);
    OWN.log(size, |dropped| {
        if dropped > 0 {
            tracing::warn!(target: targets::LOG, "{}", told_dropped(dropped, "message"));
        }
        log();
    });
}

/// How many lines or messages are missing.
pub fn told_dropped(count: u64, noun: &str) -> String {
    let (noun, were) = if count == 1 { (noun.to_owned(), "was") } else { (format!("{noun}s"), "were") };
    format!("{count} {noun} {were} dropped: the log is read too slowly")
}

/// Waits until what plugins have printed so far is [logged](https://docs.rs/tracing).
///
/// It gives up when no event is through for half a second, and after ten seconds in all.
///
/// Plugweave logs on a thread of its own, so that no call waits for the log. The end of an app waits for it like this;
/// a program that writes elsewhere what belongs behind the log can do it, too.
pub fn flush_log() {
    LOG.flush();
}

impl Log {
    const fn new() -> Self {
        let queue = Queue { events: VecDeque::new(), bytes: 0, queued: 0, done: 0, has_thread: false };
        Self { queue: Mutex::new(queue), more: Condvar::new(), done: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flush(&self) {
        // A subscriber may end an app itself.
        if std::thread::current().name() == Some(THREAD) {
            return;
        }
        let end = Instant::now() + LONGEST_FLUSH;
        let mut queue = self.lock();
        let wanted = queue.queued;
        while queue.done < wanted {
            let left = end.saturating_duration_since(Instant::now()).min(FLUSH);
            let done = queue.done;
            let is_stuck = |queue: &mut Queue| queue.done == done;
            queue = self.done.wait_timeout_while(queue, left, is_stuck).unwrap_or_else(PoisonError::into_inner).0;
            if queue.done == done {
                return;
            }
        }
    }

    /// Whether there is a thread that logs, after one has been started where there was none.
    fn has_thread(&'static self, queue: &mut Queue) -> bool {
        if !queue.has_thread {
            let thread = std::thread::Builder::new().name(THREAD.to_owned());
            queue.has_thread = thread.spawn(|| self.log_all()).is_ok();
        }
        queue.has_thread
    }

    fn log_all(&self) {
        let mut queue = self.lock();
        loop {
            let Some(event) = queue.events.pop_front() else {
                let (woken, waited) = self.more.wait_timeout(queue, LINGER).unwrap_or_else(PoisonError::into_inner);
                queue = woken;
                if waited.timed_out() && queue.events.is_empty() {
                    queue.has_thread = false;
                    return;
                }
                continue;
            };
            drop(queue);
            let size = event.size;
            event.log();
            queue = self.lock();
            queue.bytes -= size;
            queue.done += 1;
            self.done.notify_all();
        }
    }
}

impl Event {
    fn log(self) {
        let Self { source, size, dispatch, log } = self;
        let dropped = source.0.dropped.swap(0, Ordering::Relaxed);
        // A subscriber that panics ends neither the thread nor the process; the hook has told it.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            // Moved in: where it is the last of its clones, the subscriber ends here, and that may panic too.
            let dispatch = dispatch;
            tracing::dispatcher::with_default(&dispatch, || log(dropped));
        }));
        source.0.bytes.fetch_sub(size, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_blocked_log_drops_and_counts_and_other_sources_have_room() {
        let (go, goes) = mpsc::channel::<()>();
        let (told, tells) = mpsc::channel();
        let log: &'static Log = Box::leak(Box::new(Log::new()));
        let (source, other) = (LogSource::of(log), LogSource::of(log));
        let (begun, begins) = mpsc::channel();
        source.log(1, move |_| {
            begun.send(()).unwrap();
            goes.recv().unwrap();
        });
        // Otherwise this event is the one that is told how many were dropped.
        begins.recv().unwrap();
        let begin = Instant::now();
        let piece = (MOST_OF_ONE - 2 * OVERHEAD - 1) / 4 - OVERHEAD;
        for number in 0..10 {
            let told = told.clone();
            source.log(piece, move |dropped| told.send((number, dropped)).unwrap());
        }
        other.log(1, |_| ());
        assert!(other.0.bytes.load(Ordering::Relaxed) > 0 && other.0.dropped.load(Ordering::Relaxed) == 0);
        log.flush();
        assert!(begin.elapsed() < Duration::from_secs(20));
        go.send(()).unwrap();
        let first: Vec<(i32, u64)> = (0..4).map(|_| tells.recv().unwrap()).collect();
        assert_eq!(first, [(0, 6), (1, 0), (2, 0), (3, 0)]);
        source.log(1, move |dropped| told.send((99, dropped)).unwrap());
        assert_eq!(tells.recv().unwrap(), (99, 0));
    }

    #[test]
    fn a_subscriber_that_panics_does_not_end_the_log() {
        let (told, tells) = mpsc::channel();
        let source = LogSource::default();
        source.log(1, |_| std::panic::resume_unwind(Box::new("a subscriber")));
        source.log(1, move |_| told.send(()).unwrap());
        tells.recv_timeout(Duration::from_secs(60)).unwrap();
    }

    #[test]
    fn a_slow_log_is_waited_for_as_long_as_it_goes_on() {
        let log: &'static Log = Box::leak(Box::new(Log::new()));
        let source = LogSource::of(log);
        let (told, tells) = mpsc::channel();
        for _ in 0..10 {
            let told = told.clone();
            source.log(1, move |_| {
                std::thread::sleep(FLUSH / 5);
                told.send(()).unwrap();
            });
        }
        log.flush();
        assert_eq!(tells.try_iter().count(), 10);
    }

    /// A subscriber whose end panics.
    struct Brittle;

    impl tracing::Subscriber for Brittle {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, _: &tracing::Event<'_>) {}
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }

    impl Drop for Brittle {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("the end of a subscriber"));
        }
    }

    #[test]
    fn a_subscriber_whose_end_panics_does_not_end_the_log() {
        let log: &'static Log = Box::leak(Box::new(Log::new()));
        let source = LogSource::of(log);
        let (go, goes) = mpsc::channel::<()>();
        let (told, tells) = mpsc::channel();
        tracing::dispatcher::with_default(&Dispatch::new(Brittle), || {
            source.log(1, move |_| goes.recv().unwrap());
        });
        go.send(()).unwrap();
        source.log(1, move |_| told.send(()).unwrap());
        tells.recv_timeout(Duration::from_secs(60)).unwrap();
    }
}
