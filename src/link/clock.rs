use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use wasmtime::Engine;

use super::LinkError;

/// A span or a point of time, counted in ticks of a [`Clock`].
pub type Ticks = u64;

/// Length of a tick: how precise deadlines are.
const TICK: Duration = Duration::from_millis(5);

/// How long the clock goes on after the last call, so that a busy app does not wake a thread for
/// each call.
const LINGER: Duration = Duration::from_millis(100);

/// Advances the epoch of an engine while calls are in progress, and counts the ticks: there is no
/// public getter of an engine's epoch.
///
/// Time stands still while nothing runs. That does not matter, because deadlines exist only within
/// calls.
pub struct Clock {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    now: AtomicU64,
    running: AtomicUsize,
    asleep: AtomicBool,
    state: Mutex<bool>,
    wake: Condvar,
}

/// Keeps the clock going until it is dropped.
pub struct Running<'a>(&'a Shared);

impl Clock {
    /// Starts the clock of an engine; one without deadlines needs no thread.
    pub(super) fn start(engine: &Engine, has_deadlines: bool) -> Result<Self, LinkError> {
        let shared = Arc::new(Shared {
            now: AtomicU64::new(0),
            running: AtomicUsize::new(0),
            asleep: AtomicBool::new(false),
            state: Mutex::new(false),
            wake: Condvar::new(),
        });
        let thread = if has_deadlines {
            let (shared, engine) = (shared.clone(), engine.clone());
            let tick = move || shared.tick(&engine);
            let thread = std::thread::Builder::new().name("plugweave-clock".into()).spawn(tick);
            Some(thread.map_err(|error| LinkError::Engine { cause: format!("its clock cannot start: {error}") })?)
        } else {
            None
        };
        Ok(Self { shared, thread })
    }

    /// The present.
    pub fn now(&self) -> Ticks {
        self.shared.now.load(Ordering::Relaxed)
    }

    /// The ticks that make up a span of time, rounded up.
    pub fn ticks(span: Duration) -> Ticks {
        u64::try_from(span.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX / 4).min(u64::MAX / 4)
    }

    /// The time that is left until a point of time.
    pub fn left(&self, until: Ticks) -> Duration {
        TICK.saturating_mul(u32::try_from(until.saturating_sub(self.now())).unwrap_or(u32::MAX))
    }

    /// Lets time pass until what is returned is dropped.
    pub fn run(&self) -> Running<'_> {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        // Either this sees that the clock has gone to sleep, or the clock sees the count before it does.
        if self.shared.asleep.load(Ordering::SeqCst) {
            drop(self.shared.state.lock().unwrap_or_else(PoisonError::into_inner));
            self.shared.wake.notify_all();
        }
        Running(&self.shared)
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        *self.shared.state.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked, and if it had there would be nothing left to stop.
            let _ = thread.join();
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    fn tick(&self, engine: &Engine) {
        let mut last = Instant::now();
        let mut busy = last;
        let mut stopped = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !*stopped {
            if self.running.load(Ordering::SeqCst) > 0 {
                busy = last;
            } else if last.saturating_duration_since(busy) >= LINGER {
                self.asleep.store(true, Ordering::SeqCst);
                while self.running.load(Ordering::SeqCst) == 0 && !*stopped {
                    stopped = self.wake.wait(stopped).unwrap_or_else(PoisonError::into_inner);
                }
                self.asleep.store(false, Ordering::SeqCst);
                (last, busy) = (Instant::now(), Instant::now());
            }
            stopped = self.wake.wait_timeout(stopped, TICK).unwrap_or_else(PoisonError::into_inner).0;
            // On a loaded machine the thread comes late: make up for it.
            while last.elapsed() >= TICK {
                last += TICK;
                engine.increment_epoch();
                self.now.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_only_while_something_runs() {
        let clock = Clock::start(&Engine::default(), true).unwrap();
        let running = clock.run();
        let begin = Instant::now();
        while clock.now() < 4 && begin.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(TICK);
        }
        assert!(clock.now() >= 4 && begin.elapsed() >= TICK * 3);
        drop(running);
        while !clock.shared.asleep.load(Ordering::SeqCst) && begin.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(TICK);
        }
        let still = clock.now();
        std::thread::sleep(TICK * 10);
        assert_eq!(clock.now(), still);
        let _running = clock.run();
        while clock.now() == still && begin.elapsed() < Duration::from_secs(90) {
            std::thread::sleep(TICK);
        }
        assert!(clock.now() > still);
    }

    #[test]
    fn spans_are_rounded_up() {
        assert_eq!(Clock::ticks(Duration::ZERO), 0);
        assert_eq!(Clock::ticks(Duration::from_nanos(1)), 1);
        assert_eq!(Clock::ticks(TICK * 3), 3);
        assert_eq!(Clock::ticks(Duration::MAX), u64::MAX / 4);
    }
}
