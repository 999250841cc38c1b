//! Reading and writing streams to their ends.

use wasip2::io::streams::{InputStream, OutputStream};

/// How much a stream takes at once: WASI's own limit for `blocking-write-and-flush`.
const CHUNK: usize = 4096;

/// What comes until the stream ends, for whatever reason.
pub fn read_to_end(stream: &InputStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(chunk) = stream.blocking_read(64 * 1024) {
        bytes.extend(chunk);
    }
    bytes
}

/// Writes as much as the stream takes.
pub fn write_all(stream: &OutputStream, bytes: &[u8]) {
    for chunk in bytes.chunks(CHUNK) {
        if stream.blocking_write_and_flush(chunk).is_err() {
            return;
        }
    }
}

/// Bytes as text.
pub fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
