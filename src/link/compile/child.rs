use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wasmtime::{Cache, Engine};

use super::{cache, compile_one};
use crate::link::engine::EngineSettings;

/// The variable by which a process knows that it is to compile one component, and how. It has no other.
pub(super) const ORDER: &str = "PLUGWEAVE_COMPILE_CHILD";

/// The component does not compile; standard output says why.
pub(super) const REFUSED: i32 = 3;

/// The order, or the component, cannot be read, or a limit cannot be set; standard output says why.
pub(super) const FAILED: i32 = 4;

/// The process that has started this one has ended.
pub(super) const ORPHANED: i32 = 5;

/// What the process says last when the code is in the cache. Without it, a code of 0 says only that the program ended
/// before it called [`compile_child_main`].
pub(super) const DONE: &str = "compiled";

/// The stack of the thread that compiles: as much as other threads that compile have, so that what can be compiled
/// here can be compiled there.
const STACK: usize = 2 << 20;

/// Whether this program has called [`compile_child_main`].
static CALLED: AtomicBool = AtomicBool::new(false);

/// How a component is to be compiled.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) engine: EngineSettings,
    /// The folder that the code is left in.
    pub(super) cache: PathBuf,
    /// The size of the component. Standard input goes on behind it: it ends with the process at its other end.
    pub(super) bytes: u64,
    /// Bytes of address space.
    pub(super) memory: u64,
    pub(super) cpu_time: Duration,
}

impl Order {
    /// The CPU time as the system limits it: in whole seconds.
    pub(super) fn seconds(&self) -> u64 {
        self.cpu_time.as_secs() + u64::from(self.cpu_time.subsec_nanos() > 0)
    }
}

/// Whether a component can be compiled by a process of its own: limits for it are there on Unix only, and the
/// program must know what to do in it.
pub(super) fn is_possible() -> bool {
    cfg!(unix) && CALLED.load(Ordering::Relaxed)
}

/// Lets the program compile costly plugins in processes of their own, which have limits of memory and CPU time. To be
/// called first in `main`.
///
/// Such a process is the same program once more, started with the variable `PLUGWEAVE_COMPILE_CHILD` in its
/// environment. In it this function compiles what it reads from standard input, and does not return. In any other
/// process it returns at once.
///
/// A program that does not call it compiles all plugins itself. Then the compiler has no limits but those that
/// [`check`](crate::check) holds every binary against.
///
/// ```
/// // First of all, in `main`:
/// plugweave::compile_child_main();
/// ```
pub fn compile_child_main() {
    if let Some(order) = std::env::var_os(ORDER) {
        let code = match order.to_str().map(serde_json::from_str::<Order>) {
            Some(Ok(order)) => obey(&order),
            _ => tell(FAILED, "the order cannot be read"),
        };
        std::process::exit(code);
    }
    // Not before: the process that compiles starts none itself, even where it has other threads.
    CALLED.store(true, Ordering::Relaxed);
}

/// Compiles what standard input says, so that the code is left in the cache. Where it gets that far, another thread
/// ends this process.
fn obey(order: &Order) -> i32 {
    if let Err(error) = limit(order) {
        return tell(FAILED, &format!("limits cannot be set: {error}"));
    }
    let binary = match component(order.bytes) {
        Ok(binary) => binary,
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return ORPHANED,
        Err(error) => return tell(FAILED, &format!("the component cannot be read: {error}")),
    };
    let cache = match cache::passing(&order.cache) {
        Ok(cache) => cache,
        Err(error) => return tell(FAILED, &error.to_string()),
    };
    let engine = match order.engine.engine(Some(cache.clone()), None) {
        Ok(engine) => engine,
        Err(error) => return tell(FAILED, &error.to_string()),
    };
    let compile = move || std::process::exit(compile(&engine, &cache, &binary));
    let thread = std::thread::Builder::new().name("plugweave-compile".to_owned()).stack_size(STACK);
    match thread.spawn(compile) {
        Ok(_) => watch(),
        Err(error) => tell(FAILED, &format!("no thread can be started: {error}")),
    }
}

/// Reads the component, and nothing behind it.
fn component(bytes: u64) -> std::io::Result<Vec<u8>> {
    let mut binary = Vec::new();
    std::io::stdin().lock().take(bytes).read_to_end(&mut binary)?;
    if binary.len() as u64 == bytes { Ok(binary) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// Waits until the process that has started this one has ended, however it did: then standard input ends.
fn watch() -> i32 {
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
    ORPHANED
}

fn compile(engine: &Engine, cache: &Cache, binary: &[u8]) -> i32 {
    match compile_one(engine, binary) {
        // Only what has been written counts as a miss; that it could not be is not told otherwise.
        Ok(_) if cache.cache_misses() + cache.cache_hits() == 0 => {
            let folder = cache.directory().display();
            let cause = format!("its code cannot be written to `{folder}`; let `TMPDIR` name a folder with free space");
            tell(FAILED, &cause)
        }
        Ok(_) => tell(0, DONE),
        Err(cause) => tell(REFUSED, &cause),
    }
}

/// Says why on standard output.
fn tell(code: i32, why: &str) -> i32 {
    // Where it cannot be said, the code says enough.
    let _ = std::io::stdout().lock().write_all(why.as_bytes());
    code
}

/// The address space that this process may have, and so any that it starts.
#[cfg(unix)]
pub(super) fn own_memory() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::As).current.unwrap_or(u64::MAX)
}

#[cfg(not(unix))]
pub(super) fn own_memory() -> u64 {
    u64::MAX
}

/// Limits this process: to so much memory and time, to no picture of itself on disk, and to the life of the process
/// that has started it.
#[cfg(unix)]
fn limit(order: &Order) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let at_most = |resource, soft: u64, hard: u64| {
        // What is lower already need not be raised, and the hard limit cannot be.
        let known = getrlimit(resource);
        let most = known.maximum.unwrap_or(u64::MAX).min(hard);
        let soft = known.current.unwrap_or(u64::MAX).min(soft).min(most);
        setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(most) })
    };
    at_most(Resource::Core, 0, 0)?;
    // At the soft limit a signal tells that it was the time; at the hard one it ends in any case.
    at_most(Resource::Cpu, order.seconds(), order.seconds() + 1)?;
    at_most(Resource::Fsize, order.memory, order.memory)?;
    at_most(Resource::As, order.memory, order.memory)?;
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(())
}

#[cfg(not(unix))]
fn limit(_: &Order) -> std::io::Result<()> {
    Err(std::io::Error::from(std::io::ErrorKind::Unsupported))
}
