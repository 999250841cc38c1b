//! Watches the cases: none may take long, nor much memory.

use std::alloc::System;
use std::collections::BTreeMap;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cap::Cap;

/// Counts what is allocated, at present and at most.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// What may be allocated at any time, by all that runs at once.
const MOST: usize = 512 << 20;

/// How long a case may take. The limits of the apps are a tenth of a second; the rest is for machines
/// that are busy with something else.
const LONGEST: Duration = Duration::from_secs(60);

/// The cases that run now, by a number, with their starts.
static RUNNING: Mutex<BTreeMap<u64, (Instant, String)>> = Mutex::new(BTreeMap::new());

/// The highest that a check has brought memory to, and which. Only one case is checked at a time, so that
/// what is measured is its own, but for some of what others do that have been checked already.
static HIGHEST: Mutex<(usize, String)> = Mutex::new((0, String::new()));

/// Ends the process when a case takes too long or too much: neither can be ended alone.
static GUARD: LazyLock<()> = LazyLock::new(|| {
    let look = || {
        let late = lock(&RUNNING).values().find(|(start, _)| start.elapsed() > LONGEST).cloned();
        if let Some((start, name)) = late {
            give_up(&format!("{name}: no end after {:?}", start.elapsed()));
        }
        if ALLOCATOR.allocated() > MOST {
            let names: Vec<String> = lock(&RUNNING).values().map(|(_, name)| name.clone()).collect();
            give_up(&format!("{} bytes allocated; one of: {}", ALLOCATOR.allocated(), names.join("; ")));
        }
        thread::sleep(Duration::from_millis(20));
    };
    thread::Builder::new()
        .name("guard".into())
        .spawn(move || {
            loop {
                look();
            }
        })
        .map(drop)
        .unwrap();
});

/// The harness would keep back what is printed, and lose it with the process.
fn give_up(what: &str) -> ! {
    let _ = writeln!(std::io::stderr(), "hostile: {what}");
    std::process::exit(101)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a case under a name. What panics is told under the name too.
#[allow(clippy::print_stderr, reason = "the harness tells the panic, and not in which case it was")]
pub fn watched<T>(number: u64, name: &str, case: impl FnOnce() -> T) -> T {
    LazyLock::force(&GUARD);
    lock(&RUNNING).insert(number, (Instant::now(), name.to_owned()));
    let result = catch_unwind(AssertUnwindSafe(case));
    lock(&RUNNING).remove(&number);
    result.unwrap_or_else(|panic| {
        eprintln!("hostile: {name} panicked");
        resume_unwind(panic)
    })
}

/// Does what is measured, alone.
pub fn measured<T>(name: &str, check: impl FnOnce() -> T) -> T {
    let mut highest = lock(&HIGHEST);
    let before = ALLOCATOR.max_allocated();
    let result = check();
    let after = ALLOCATOR.max_allocated();
    if after > before {
        *highest = (after, name.to_owned());
    }
    drop(highest);
    assert!(after < MOST, "{name}: {after} bytes allocated");
    result
}

/// The most that was allocated at a time, and the check that came highest.
pub fn told() -> String {
    let (bytes, name) = &*lock(&HIGHEST);
    let mib = |bytes: usize| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    format!("at most {} allocated, {} while checking ({name})", mib(ALLOCATOR.max_allocated()), mib(*bytes))
}

/// The most that was allocated at a time so far.
pub fn most_allocated() -> usize {
    ALLOCATOR.max_allocated()
}
