//! Standard error, written by a thread of its own, so that a full pipe delays no call of a plugin.
//!
//! What waits is bounded. What does not fit is dropped and counted.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};

/// Most pieces that wait, and most bytes of them.
const MOST_PIECES: usize = 1 << 16;
const MOST_BYTES: usize = 16 << 20;

/// How long the end of the process waits until the next piece has been written.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is looked how far that is.
const STEP: Duration = Duration::from_millis(5);

/// Writes to standard error, each piece as a whole. It never blocks and never fails.
#[derive(Debug, Clone, Copy)]
pub struct Stderr;

struct Queue {
    pieces: Option<SyncSender<Vec<u8>>>,
    bytes: AtomicUsize,
    dropped: AtomicU64,
    /// How many pieces have been put in, and how many of them have been written.
    queued: AtomicU64,
    written: AtomicU64,
}

static QUEUE: OnceLock<Queue> = OnceLock::new();

fn queue() -> &'static Queue {
    QUEUE.get_or_init(|| {
        let (send, receive) = mpsc::sync_channel(MOST_PIECES);
        let thread = std::thread::Builder::new().name("plugweave-stderr".to_owned());
        let started = thread.spawn(move || write_all(&receive)).is_ok();
        Queue {
            pieces: started.then_some(send),
            bytes: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
            queued: AtomicU64::new(0),
            written: AtomicU64::new(0),
        }
    })
}

fn write_all(pieces: &Receiver<Vec<u8>>) {
    let queue = queue();
    // There is nowhere to tell that stderr is gone.
    for text in pieces {
        let dropped = queue.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let _ = writeln!(io::stderr(), "warning: {dropped} messages were dropped: stderr is read too slowly");
        }
        let _ = io::stderr().write_all(&text);
        queue.bytes.fetch_sub(text.len(), Ordering::Relaxed);
        queue.written.fetch_add(1, Ordering::Release);
    }
}

impl Queue {
    fn put(&self, text: &[u8]) {
        let Some(pieces) = &self.pieces else {
            let _ = io::stderr().write_all(text);
            return;
        };
        let before = self.bytes.fetch_add(text.len(), Ordering::Relaxed);
        if before + text.len() > MOST_BYTES || pieces.try_send(text.to_vec()).is_err() {
            self.bytes.fetch_sub(text.len(), Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        } else {
            self.queued.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Write for Stderr {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        queue().put(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until all has been written that came up to now, as long as the reader takes something.
pub fn flush() {
    plugweave::flush_log();
    let Some(queue) = QUEUE.get() else { return };
    let wanted = queue.queued.load(Ordering::Relaxed);
    let (mut written, mut since) = (0, Instant::now());
    loop {
        let now = queue.written.load(Ordering::Acquire);
        if now != written {
            (written, since) = (now, Instant::now());
        }
        if written >= wanted || since.elapsed() >= PATIENCE {
            return;
        }
        std::thread::sleep(STEP);
    }
}
