mod ticker;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wasmtime::Engine;

use ticker::{TICKER, Ticker, Time};

/// A span or a point of time, counted in ticks of a [`Clock`].
pub type Ticks = u64;

/// Length of a tick: how precise deadlines are.
const TICK: Duration = Duration::from_millis(5);

/// Advances the epochs of the engines of an assembly while calls are in progress, and counts the ticks: there is no
/// public getter of an engine's epoch.
///
/// Time stands still while nothing runs. That does not matter, because deadlines exist only within
/// calls. One thread of the process lets the time of all clocks pass.
pub struct Clock {
    time: Arc<Time>,
    /// Whose thread it is; none where there are no deadlines.
    ticker: Option<&'static Ticker>,
}

/// Keeps the clock going until it is dropped.
pub struct Running<'a>(&'a AtomicUsize);

impl Clock {
    /// Starts the clock of these engines; one without deadlines needs no thread.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub fn start(engines: &[Engine], has_deadlines: bool) -> io::Result<Self> {
        Self::start_by(has_deadlines.then_some(&TICKER), engines)
    }

    fn start_by(ticker: Option<&'static Ticker>, engines: &[Engine]) -> io::Result<Self> {
        if let Some(ticker) = ticker {
            ticker.add_clock()?;
        }
        Ok(Self { time: Arc::new(Time::new(engines, ticker.is_some())), ticker })
    }

    /// The present.
    pub fn now(&self) -> Ticks {
        self.time.now.load(Ordering::Relaxed)
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
        let running = self.time.running();
        running.fetch_add(1, Ordering::SeqCst);
        // Either this sees that the clock has gone to sleep, or the ticker sees the count before it
        // lets it sleep.
        if self.time.asleep.load(Ordering::SeqCst) {
            self.wake();
        }
        Running(running)
    }

    /// Not in [`Clock::run`], which is in each call: this is rare.
    #[cold]
    fn wake(&self) {
        if let Some(ticker) = self.ticker {
            ticker.wake(&self.time);
        }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        if let Some(ticker) = self.ticker {
            ticker.remove_clock(&self.time);
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
