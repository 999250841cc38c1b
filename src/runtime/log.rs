use std::panic::{AssertUnwindSafe, catch_unwind};

use super::output_stream::OutputStream;
use super::stream::Drain;
use crate::call::{LogSource, told_dropped};
use crate::foreign;
use crate::model::PluginId;

/// Longest line that is logged in one piece, in bytes.
const MAX_LINE: usize = 8 << 10;

/// Takes a line.
type TakeLine = dyn Fn(&str) + Send;

/// Cuts what a guest prints into lines; the rest goes when it is dropped.
pub(super) struct Lines {
    take: Box<TakeLine>,
    /// What has come of the present line.
    line: Vec<u8>,
}

impl Drain for Lines {
    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = MAX_LINE - self.line.len().min(MAX_LINE - 1);
            let piece = &bytes[..room.min(bytes.len())];
            if let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
                self.line.extend_from_slice(&piece[..end]);
                bytes = &bytes[end + 1..];
                self.hand_over(self.line.len());
            } else {
                self.line.extend_from_slice(piece);
                bytes = &bytes[piece.len()..];
                if self.line.len() >= MAX_LINE {
                    self.hand_over(whole_characters(&self.line));
                }
            }
        }
    }
}

impl Lines {
    pub(super) fn new(take: Box<TakeLine>) -> Self {
        Self { take, line: Vec::new() }
    }

    /// Lines that go to `tracing` under the plugin's id, on a thread of the log: the plugin waits for no subscriber.
    pub(super) fn logged(plugin: PluginId, stream: OutputStream) -> Self {
        let (stream, source) = (stream.as_str(), LogSource::default());
        Self::new(Box::new(move |line| {
            if !tracing::enabled!(target: "plugweave::guest", tracing::Level::INFO) {
                return;
            }
            let (line, plugin) = (line.to_owned(), plugin.clone());
            source.log(line.len(), move |dropped| {
                if dropped > 0 {
                    let told = told_dropped(dropped, "line");
                    tracing::warn!(target: "plugweave::guest", plugin = %plugin, stream, "{told}");
                }
                tracing::info!(target: "plugweave::guest", plugin = %plugin, stream, "{line}");
            });
        }))
    }

    /// Hands over so much of the present line and keeps the rest.
    fn hand_over(&mut self, length: usize) {
        // Taken out first: whoever takes it may panic.
        let rest = self.line.split_off(length);
        let line = std::mem::replace(&mut self.line, rest);
        let text = String::from_utf8_lossy(&line);
        (self.take)(&foreign::line(text.strip_suffix('\r').unwrap_or(&text)));
    }
}

/// The length of `bytes` without a character at its end that is not yet complete.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => error.valid_up_to(),
        _ => bytes.len(),
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            // A panic that left a drop would end the process if this is part of the unwinding of another, and
            // else keep the other plugins from ending. The hook has told it.
            let _ = catch_unwind(AssertUnwindSafe(|| self.hand_over(self.line.len())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::link::testing::Logged;

    #[test]
    fn output_is_cut_into_lines() {
        let logged = Logged::start();
        let mut stream = Lines::logged(PluginId::parse("lines").unwrap(), OutputStream::Stdout);
        stream.take(b"one\ntwo\r\n\nthr");
        stream.take(b"ee\nrest");
        assert_eq!(logged.lines(), ["lines stdout one", "lines stdout two", "lines stdout ", "lines stdout three"]);
        drop(stream);
        assert_eq!(logged.lines().last().unwrap(), "lines stdout rest");
    }

    #[test]
    fn a_line_cannot_write_over_others() {
        let logged = Logged::start();
        Lines::logged(PluginId::parse("p").unwrap(), OutputStream::Stdout)
            .take("a\tb é\u{301}\rc\u{202e}d\u{1b}[2K\u{9b}2K\u{200b}\n\u{301}e\n".as_bytes());
        let expected = ["p stdout a\tb é\u{301}\\rc\\u{202e}d\\u{1b}[2K\\u{9b}2K\\u{200b}", "p stdout \\u{301}e"];
        assert_eq!(logged.lines(), expected);
    }

    #[test]
    fn a_long_line_is_bounded_and_no_character_is_cut() {
        let logged = Logged::start();
        let mut stream = Lines::logged(PluginId::parse("long").unwrap(), OutputStream::Stderr);
        stream.take("x".as_bytes());
        stream.take("ä".repeat(10_000).as_bytes());
        stream.take(&[0xff; MAX_LINE * 2]);
        drop(stream);
        let lines = logged.lines();
        let text: String = lines.iter().map(|line| line.strip_prefix("long stderr ").unwrap()).collect();
        assert!(text.starts_with(&format!("x{}", "ä".repeat(10_000))));
        // Each byte that is not UTF-8 becomes one replacement character.
        assert_eq!(text.chars().count(), 1 + 10_000 + MAX_LINE * 2);
        assert!(lines.iter().all(|line| line.chars().count() <= MAX_LINE + 20));
    }
}
