//! The one thread that lets time pass for all clocks of the process.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use wasmtime::Engine;

use super::TICK;

/// How many ticks a clock goes on after its last call, so that a busy app does not wake the thread
/// for each call.
const LINGER: u32 = 20;

/// Lets the time of every assembly pass.
pub(super) static TICKER: Ticker = Ticker::new(LINGER);

/// The time of one clock.
pub(super) struct Time {
    engines: Box<[Engine]>,
    pub(super) now: AtomicU64,
    /// Whether the thread passes it over.
    pub(super) asleep: AtomicBool,
    /// How many calls are in progress.
    running: [Count; COUNTS],
}

/// How many counts there are of the calls in progress. Each call changes one, and threads that share one wait for
/// each other there.
const COUNTS: usize = 8;

/// One for some of the threads, far from what others use: on two lines of the cache, which are fetched together.
#[derive(Default)]
#[repr(align(128))]
struct Count(AtomicUsize);

thread_local! {
    /// Which of the counts is this thread's.
    static COUNT: usize = {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        THREADS.fetch_add(1, Ordering::Relaxed) % COUNTS
    };
}

/// A thread that is there while there are clocks, and sleeps while none of them runs.
pub(super) struct Ticker {
    /// The thread never takes this lock, so that its end can be waited for within: there are never two.
    clocks: Mutex<Clocks>,
    roster: Mutex<Roster>,
    called: Condvar,
    linger: u32,
}

struct Clocks {
    count: usize,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is to do.
struct Roster {
    awake: Vec<Awake>,
    is_ended: bool,
}

/// The time of a clock that is going.
struct Awake {
    time: Arc<Time>,
    /// How many ticks nothing has run.
    quiet: u32,
}

impl Time {
    /// One that passes, or stands still for ever.
    pub(super) fn new(engines: &[Engine], passes: bool) -> Self {
        Self {
            engines: engines.into(),
            now: AtomicU64::new(0),
            asleep: AtomicBool::new(passes),
            running: Default::default(),
        }
    }

    /// The count of the calls that this thread begins.
    pub(super) fn running(&self) -> &AtomicUsize {
        &self.running[COUNT.with(|count| *count)].0
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.iter().any(|count| count.0.load(Ordering::SeqCst) > 0)
    }
}

impl Ticker {
    pub(super) const fn new(linger: u32) -> Self {
        Self {
            clocks: Mutex::new(Clocks { count: 0, thread: None }),
            roster: Mutex::new(Roster { awake: Vec::new(), is_ended: false }),
            called: Condvar::new(),
            linger,
        }
    }

    /// A clock more. The first one starts the thread.
    pub(super) fn add_clock(&'static self) -> io::Result<()> {
        let mut clocks = lock(&self.clocks);
        if clocks.thread.is_none() {
            lock(&self.roster).is_ended = false;
            let thread = std::thread::Builder::new().name("plugweave-clock".into()).spawn(|| self.tick());
            clocks.thread = Some(thread?);
        }
        clocks.count += 1;
        Ok(())
    }

    /// A clock less. With the last one the thread ends.
    pub(super) fn remove_clock(&self, time: &Arc<Time>) {
        let mut clocks = lock(&self.clocks);
        clocks.count -= 1;
        let mut roster = lock(&self.roster);
        roster.awake.retain(|awake| !Arc::ptr_eq(&awake.time, time));
        if clocks.count > 0 {
            return;
        }
        roster.is_ended = true;
        drop(roster);
        self.called.notify_one();
        if let Some(thread) = clocks.thread.take() {
            // It cannot have panicked, and if it had there would be nothing left to stop.
            let _ = thread.join();
        }
    }

    /// Lets a time pass that stands still.
    pub(super) fn wake(&self, time: &Arc<Time>) {
        let mut roster = lock(&self.roster);
        if time.asleep.swap(false, Ordering::SeqCst) {
            roster.awake.push(Awake { time: time.clone(), quiet: 0 });
            // With others awake the thread comes by anyway.
            if roster.awake.len() == 1 {
                self.called.notify_one();
            }
        }
    }

    fn tick(&self) {
        let mut roster = lock(&self.roster);
        let mut last = Instant::now();
        while !roster.is_ended {
            if roster.awake.is_empty() {
                roster = self.called.wait(roster).unwrap_or_else(PoisonError::into_inner);
                last = Instant::now();
                continue;
            }
            // No tick is shorter than it should be, and what is late is not made up for: a call
            // begins between two ticks, and must not lose the time that the thread was late before.
            let rest = TICK.saturating_sub(last.elapsed());
            if rest.is_zero() {
                last = Instant::now();
                roster.awake.retain_mut(|awake| awake.tick(self.linger));
            } else {
                roster = self.called.wait_timeout(roster, rest).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    #[cfg(test)]
    pub(super) fn awake(&self) -> usize {
        lock(&self.roster).awake.len()
    }

    /// Keeps the thread from its work for a while, and tells for how long.
    #[cfg(test)]
    pub(super) fn hold_up(&self, span: std::time::Duration) -> std::time::Duration {
        let _roster = lock(&self.roster);
        let begin = Instant::now();
        std::thread::sleep(span);
        begin.elapsed()
    }

    /// A tick before its time.
    #[cfg(test)]
    pub(super) fn tick_now(&self) {
        lock(&self.roster).awake.retain_mut(|awake| awake.tick(self.linger));
    }

    #[cfg(test)]
    pub(super) fn has_thread(&self) -> bool {
        lock(&self.clocks).thread.is_some()
    }
}

impl Awake {
    /// Advances the time, and tells whether it is to go on.
    fn tick(&mut self, linger: u32) -> bool {
        self.time.engines.iter().for_each(Engine::increment_epoch);
        self.time.now.fetch_add(1, Ordering::Relaxed);
        self.quiet = if self.time.is_running() { 0 } else { self.quiet + 1 };
        if self.quiet < linger {
            return true;
        }
        self.time.asleep.store(true, Ordering::SeqCst);
        // A call that has begun meanwhile may not have seen that.
        let goes_on = self.time.is_running();
        if goes_on {
            self.time.asleep.store(false, Ordering::SeqCst);
        }
        goes_on
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
