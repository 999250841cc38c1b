//! Watches the runs: none may take for ever.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long nothing may happen in an app. Deadlines are shorter by far; the rest is for machines that are
/// busy with something else.
const LONGEST: Duration = Duration::from_secs(90);

/// What is being done now, with its beginning.
static DOING: Mutex<BTreeMap<u64, (Instant, String)>> = Mutex::new(BTreeMap::new());

/// Ends the process when something takes too long: it cannot be ended alone.
static GUARD: LazyLock<()> = LazyLock::new(|| {
    let look = || {
        let late = lock().values().find(|(start, _)| start.elapsed() > LONGEST).cloned();
        if let Some((start, what)) = late {
            give_up(&format!("no end after {:?}: {what}", start.elapsed()));
        }
        thread::sleep(Duration::from_millis(100));
    };
    let guard = move || {
        loop {
            look();
        }
    };
    thread::Builder::new().name("guard".into()).spawn(guard).map(drop).unwrap();
});

/// The harness would keep back what is printed, and lose it with the process.
fn give_up(what: &str) -> ! {
    let _ = writeln!(std::io::stderr(), "chaos: {what}");
    std::process::exit(101)
}

fn lock() -> MutexGuard<'static, BTreeMap<u64, (Instant, String)>> {
    DOING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Something that is watched until it is dropped.
pub struct Watched(u64);

impl Watched {
    pub fn new() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        LazyLock::force(&GUARD);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }

    /// What this thread does from now on.
    pub fn does(&self, what: &str) {
        let what = format!("{}: {what}", thread::current().name().unwrap_or_default());
        lock().insert(self.0, (Instant::now(), what));
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        lock().remove(&self.0);
    }
}
