//! stdout and stderr of the program. All that it prints goes through here, apart from what guests write to streams
//! that they inherit, so that no text from outside can change what a terminal shows of the rest.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use plugweave::diagnostic::Style;
use plugweave::foreign::harmless;

use super::stderr::{self, Stderr};

/// A result could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the output cannot be written")]
pub struct OutputError(#[from] io::Error);

impl OutputError {
    /// Whether the reader of the output has gone away.
    pub fn is_broken_pipe(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

/// Writes text to stdout, behind what has been logged up to now, all of it or an error.
pub fn out(text: &str, style: Style) -> Result<(), OutputError> {
    stderr::flush();
    let mut stdout = io::stdout().lock();
    stdout.write_all(filtered(text, style).as_bytes())?;
    Ok(stdout.flush()?)
}

/// Writes to stdout what is harmless already, as [`out`] does.
pub fn out_by(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), OutputError> {
    stderr::flush();
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    write(&mut stdout)?;
    Ok(stdout.flush()?)
}

/// Writes text to stderr, all of it, behind what waits to be written there. There is nowhere to tell that stderr is
/// gone.
pub fn err(text: &str) {
    stderr::flush();
    let _ = io::stderr().lock().write_all(filtered(text, style(&io::stderr())).as_bytes());
}

/// Writes text to stderr, behind what has been logged up to now, without waiting for its reader.
pub fn tell(text: &str) {
    plugweave::flush_log();
    // It never fails.
    let _ = Log.write_all(text.as_bytes());
}

/// stderr for the log. It never blocks.
pub struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The log comes in whole lines.
        let text = String::from_utf8_lossy(bytes);
        Stderr.write_all(filtered(&text, style(&io::stderr())).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Colour only on a terminal, and not where `NO_COLOR` asks for none.
pub fn style(stream: &impl IsTerminal) -> Style {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if stream.is_terminal() && !unwanted { Style::Coloured } else { Style::Plain }
}

/// The text without what could change the rest. Where there is colour, our own sequences for it stay.
fn filtered(text: &str, style: Style) -> Cow<'_, str> {
    if style == Style::Plain || !text.contains('\u{1b}') {
        return harmless(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\u{1b}') {
        let length = colour(&rest[start..]);
        shown += &harmless(&rest[..start]);
        match length {
            0 => shown.push_str("\\u{1b}"),
            length => shown.push_str(&rest[start..start + length]),
        }
        rest = &rest[start + length.max(1)..];
    }
    shown += &harmless(rest);
    Cow::Owned(shown)
}

/// The length of the sequence for colour that a text begins with; 0 where there is none.
fn colour(text: &str) -> usize {
    let Some(codes) = text.strip_prefix("\u{1b}[") else { return 0 };
    let length = codes.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(codes.len());
    if codes[length..].starts_with('m') { "\u{1b}[".len() + length + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colour_passes_and_only_where_there_is_some() {
        let text = "\u{1b}[1;31mred\u{1b}[0m \u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\n";
        let plain = "\\u{1b}[1;31mred\\u{1b}[0m \\u{1b}[2J\\u{1b}]0;x\\u{7}\\u{9b}31m\n";
        assert_eq!(filtered(text, Style::Plain), plain);
        let coloured = "\u{1b}[1;31mred\u{1b}[0m \\u{1b}[2J\\u{1b}]0;x\\u{7}\\u{9b}31m\n";
        assert_eq!(filtered(text, Style::Coloured), coloured);
        assert_eq!(filtered("\u{1b}", Style::Coloured), "\\u{1b}");
        assert_eq!(filtered("\u{1b}[31", Style::Coloured), "\\u{1b}[31");
    }
}
