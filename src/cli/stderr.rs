//! Standard error, written by a thread of its own, so that a full pipe delays no call of a plugin.
//!
//! What waits is bounded. What does not fit is dropped and counted.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::time::Duration;

/// Most pieces that wait, and most bytes of them.
const MOST_PIECES: usize = 1 << 16;
const MOST_BYTES: usize = 16 << 20;

/// How long the end of the process waits at most until all has been written.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes to standard error, each piece as a whole. It never blocks and never fails.
#[derive(Debug, Clone, Copy)]
pub struct Stderr;

enum Piece {
    Text(Vec<u8>),
    /// All before it has been written.
    Mark(Sender<()>),
}

struct Queue {
    pieces: Option<SyncSender<Piece>>,
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

static QUEUE: OnceLock<Queue> = OnceLock::new();

fn queue() -> &'static Queue {
    QUEUE.get_or_init(|| {
        let (send, receive) = mpsc::sync_channel(MOST_PIECES);
        let thread = std::thread::Builder::new().name("plugweave-stderr".to_owned());
        let started = thread.spawn(move || write_all(&receive)).is_ok();
        Queue { pieces: started.then_some(send), bytes: AtomicUsize::new(0), dropped: AtomicU64::new(0) }
    })
}

fn write_all(pieces: &Receiver<Piece>) {
    let queue = queue();
    // There is nowhere to tell that stderr is gone.
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                let dropped = queue.dropped.swap(0, Ordering::Relaxed);
                if dropped > 0 {
                    let _ =
                        writeln!(io::stderr(), "warning: {dropped} messages were dropped: stderr is read too slowly");
                }
                let _ = io::stderr().write_all(&text);
                queue.bytes.fetch_sub(text.len(), Ordering::Relaxed);
            }
            Piece::Mark(reached) => drop(reached.send(())),
        }
    }
}

impl Queue {
    fn put(&self, text: &[u8]) {
        let Some(pieces) = &self.pieces else {
            let _ = io::stderr().write_all(text);
            return;
        };
        let before = self.bytes.fetch_add(text.len(), Ordering::Relaxed);
        if before + text.len() > MOST_BYTES || pieces.try_send(Piece::Text(text.to_vec())).is_err() {
            self.bytes.fetch_sub(text.len(), Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
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

/// Waits until all has been written that came up to now, but not for ever.
pub fn flush() {
    plugweave::flush_log();
    let Some(pieces) = QUEUE.get().and_then(|queue| queue.pieces.as_ref()) else { return };
    let (send, reached) = mpsc::channel();
    if pieces.try_send(Piece::Mark(send)).is_ok() {
        let _ = reached.recv_timeout(PATIENCE);
    }
}
