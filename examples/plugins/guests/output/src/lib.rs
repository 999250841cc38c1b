//! Printing over WASI 0.2, for targets whose standard library prints nothing.

use std::panic;

use wasip2::cli::{stderr, stdout};
use wasip2::io::streams::OutputStream;

/// Prints a line to standard output.
pub fn line(text: &str) {
    write(&stdout::get_stdout(), text);
}

/// From now on panics are told on standard error, before they trap.
pub fn tell_panics() {
    panic::set_hook(Box::new(|info| write(&stderr::get_stderr(), &info.to_string())));
}

/// Nobody is there to be told that a stream is closed.
fn write(stream: &OutputStream, text: &str) {
    // WASI takes so much at once.
    for chunk in format!("{text}\n").as_bytes().chunks(4096) {
        let _ = stream.blocking_write_and_flush(chunk);
    }
}
