//! The interface that the test itself offers: it decides how starts go, fails, and counts instances.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};

use plugweave::{AppBuilder, wasmtime};

use super::script::Start;

/// What the host knows of the nodes of an app.
#[derive(Debug)]
pub struct World {
    /// What each does when it starts next, and after that.
    starts: Vec<Mutex<VecDeque<Start>>>,
    /// How often each has been started.
    started: Vec<AtomicU32>,
    /// How many instances there are now.
    instances: AtomicI64,
}

/// The host's state for one instance of a node.
struct Guest {
    node: usize,
    world: Arc<World>,
}

impl World {
    pub fn new(nodes: usize) -> Arc<Self> {
        Arc::new(Self {
            starts: (0..nodes).map(|_| Mutex::default()).collect(),
            started: (0..nodes).map(|_| AtomicU32::new(0)).collect(),
            instances: AtomicI64::new(0),
        })
    }

    /// Says what a node is to do in a start, after those that somebody has said it of already.
    pub fn arm(&self, node: usize, start: Start) {
        self.starts[node].lock().unwrap_or_else(PoisonError::into_inner).push_back(start);
    }

    /// Forgets what was.
    pub fn reset(&self) {
        for (starts, started) in self.starts.iter().zip(&self.started) {
            starts.lock().unwrap_or_else(PoisonError::into_inner).clear();
            started.store(0, Ordering::SeqCst);
        }
    }

    pub fn started(&self, node: usize) -> u32 {
        self.started[node].load(Ordering::SeqCst)
    }

    pub fn instances(&self) -> i64 {
        self.instances.load(Ordering::SeqCst)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.world.instances.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What panics of the host say that belong to the test.
pub const PANIC: &str = "a panic that is wanted";

/// Does not print those.
pub fn keep_wanted_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload_as_str() != Some(PANIC) {
                usual(panic);
            }
        }));
    });
}

pub const WIT: &str = "package c:c@1.0.0;
interface host {
  /// What to do in this start, if anything.
  start: func() -> u32;
  fail: func();
  panic: func();
}
";

/// Offers the interface.
pub fn offer(builder: AppBuilder, world: Arc<World>) -> AppBuilder {
    let offered = builder.host_interface(
        "c:c/host",
        WIT,
        |linker, state| {
            let mut host = linker.instance("c:c/host@1.0.0")?;
            host.func_wrap("start", move |mut store, (): ()| {
                let guest: &mut Guest = state(store.data_mut());
                let start = guest.world.starts[guest.node].lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                Ok((start.map_or(0, Start::number),))
            })?;
            host.func_wrap("fail", |_, (): ()| -> wasmtime::Result<()> { Err(wasmtime::format_err!("not today")) })?;
            host.func_wrap("panic", |_, (): ()| -> wasmtime::Result<()> { panic!("{PANIC}") })
        },
        move |plugin| {
            let node: usize = plugin.id.as_str()[1..].parse().unwrap();
            world.started[node].fetch_add(1, Ordering::SeqCst);
            world.instances.fetch_add(1, Ordering::SeqCst);
            Guest { node, world: world.clone() }
        },
    );
    offered.unwrap_or_else(|error| panic!("{error}"))
}
