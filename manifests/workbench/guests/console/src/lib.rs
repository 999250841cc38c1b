//! Standard input and output over WASI 0.2, for targets whose standard library has none.

use wasip2::cli::{stderr, stdin, stdout};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

/// How much a stream takes at once: WASI's own limit for `blocking-write-and-flush`.
const CHUNK: usize = 4096;

/// Everything that standard input holds.
pub fn read_stdin() -> Result<Vec<u8>, String> {
    read_to_end(&stdin::get_stdin())
}

/// Writes a text to standard output.
pub fn print(text: &str) -> Result<(), String> {
    write_all(&stdout::get_stdout(), text)
}

/// Writes a text to standard error.
pub fn eprint(text: &str) -> Result<(), String> {
    write_all(&stderr::get_stderr(), text)
}

fn read_to_end(stream: &InputStream) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(error)) => return Err(error.to_debug_string()),
        }
    }
}

fn write_all(stream: &OutputStream, text: &str) -> Result<(), String> {
    text.as_bytes().chunks(CHUNK).try_for_each(|chunk| {
        stream.blocking_write_and_flush(chunk).map_err(|error| match error {
            StreamError::Closed => "the stream is closed".to_string(),
            StreamError::LastOperationFailed(error) => error.to_debug_string(),
        })
    })
}
