//! How long destructors of a plugin have run that the host has brought about, one drain after the other.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What each drain may take without having it counted.
const FREE: Duration = Duration::from_millis(1);

/// The host lets go of handles one by one, so that each destructor is a drain. They have their time together as long
/// as they follow each other: without that, dropping a list of handles would last as long as it has elements, times
/// the owner's timeout.
///
/// Each has a millisecond for free, and gives back what it does not need of it, so that quick destructors never use the
/// time up, however many they are. A call of the plugin makes a new beginning, and time in which no destructor runs
/// gives back as much.
///
/// Only the chain that has the plugin's turn uses it, so that nothing has to be consistent between threads.
#[derive(Debug, Default)]
pub(super) struct DrainTime {
    /// In microseconds.
    spent: AtomicU64,
    /// When the last of them ended, in microseconds of [`now`].
    ended: AtomicU64,
}

impl DrainTime {
    /// Makes a new beginning.
    #[inline]
    pub(super) fn forget(&self) {
        if self.spent.load(Ordering::Relaxed) != 0 {
            self.spent.store(0, Ordering::Relaxed);
        }
    }

    /// What has been spent and not been given back.
    pub(super) fn spent(&self) -> Duration {
        self.spent_at(now())
    }

    /// Does something whose time counts.
    pub(super) fn spend<R>(&self, work: impl FnOnce() -> R) -> R {
        let begin = now();
        self.spent.store(micros(self.spent_at(begin)), Ordering::Relaxed);
        let done = work();
        let end = now();
        let spent = self.spent.load(Ordering::Relaxed) + micros(end.saturating_sub(begin));
        self.spent.store(spent.saturating_sub(micros(FREE)), Ordering::Relaxed);
        self.ended.store(micros(end), Ordering::Relaxed);
        done
    }

    fn spent_at(&self, now: Duration) -> Duration {
        let idle = micros(now).saturating_sub(self.ended.load(Ordering::Relaxed));
        Duration::from_micros(self.spent.load(Ordering::Relaxed).saturating_sub(idle))
    }
}

fn now() -> Duration {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGIN.elapsed()
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_spent_together_and_given_back() {
        let time = DrainTime::default();
        assert_eq!(time.spent(), Duration::ZERO);
        time.spend(|| std::thread::sleep(Duration::from_millis(40)));
        time.spend(|| std::thread::sleep(Duration::from_millis(40)));
        let ended = Duration::from_micros(time.ended.load(Ordering::Relaxed));
        let spent = time.spent_at(ended);
        assert!(spent >= Duration::from_millis(60), "{spent:?}");
        assert_eq!(time.spent_at(ended + spent / 2), Duration::from_micros(micros(spent) - micros(spent / 2)));
        assert_eq!(time.spent_at(ended + spent * 2), Duration::ZERO);
        time.forget();
        assert_eq!(time.spent_at(ended), Duration::ZERO);
    }

    #[test]
    fn quick_work_is_free_however_often() {
        let time = DrainTime::default();
        let work = || {
            let begin = Instant::now();
            while begin.elapsed() < FREE / 10 {}
        };
        (0..5_000).for_each(|_| time.spend(work));
        // Some are held up by other work of the machine; all together have taken half a second.
        assert!(time.spent() < Duration::from_millis(250), "{:?}", time.spent());
    }
}
