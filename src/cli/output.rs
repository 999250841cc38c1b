use std::ffi::OsStr;
use std::io;

use plugweave::check::Checked;
use plugweave::diagnostic::{MOST_TOLD, Severity, Style, render, untold, write_json};
use plugweave::foreign;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use super::{stack, terminal};

/// Writes a result to stdout, with a line break behind it if it has none.
pub fn result(text: &str) -> anyhow::Result<()> {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    Ok(terminal::out(&format!("{text}{end}"), Style::Plain)?)
}

/// Writes JSON to stdout.
pub fn json(value: &serde_json::Value) -> anyhow::Result<()> {
    result(&foreign::json(value))
}

/// Writes the problems of an app to stdout, as JSON.
pub fn problems_as_json(checked: &Checked) -> anyhow::Result<()> {
    // It may be long, so it is not made before it is written; it escapes what is foreign itself.
    Ok(terminal::out_by(|stdout| {
        write_json(&checked.diagnostics, &checked.sources, &mut *stdout)?;
        stdout.write_all(b"\n")
    })?)
}

/// Tells the problems of an app on stderr, and how many there are.
pub fn problems(checked: &Checked) {
    let style = style();
    for diagnostic in checked.diagnostics.iter().take(MOST_TOLD) {
        terminal::err(&format!("{}\n\n", render(diagnostic, &checked.sources, style)));
    }
    if let Some(more) = untold(&checked.diagnostics) {
        terminal::err(&format!("{more}\n\n"));
    }
    let errors = checked.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    if errors > 0 {
        terminal::err(&format!("{} {} found\n", error_word(style), counted(errors, "problem")));
    }
}

/// A number with its noun, which takes an `s` unless there is one.
pub fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Tells why the command failed, on stderr.
pub fn error(error: &anyhow::Error) {
    let stack = error.downcast_ref().and_then(stack::told).unwrap_or_default();
    terminal::tell(&format!("{} {}{stack}\n", error_word(style()), foreign::page(&format!("{error:#}"))));
}

/// An argument that must be text. Where it is none, that is told as a wrong usage.
pub fn text<'a>(what: &str, argument: &'a OsStr) -> Option<&'a str> {
    let text = argument.to_str();
    if text.is_none() {
        error(&anyhow::anyhow!("{what} is not UTF-8: `{}`", foreign::shown_path(argument)));
    }
    text
}

/// Tells what is not as it should be, though the command goes on, on stderr.
pub fn warning(text: &str) {
    terminal::tell(&format!("warning: {}\n", foreign::page(text)));
}

/// What is logged unless `PLUGWEAVE_LOG` says it.
const LOGGED: &str = "warn,plugweave=info,plugweave::guest=info";

/// Logs to stderr what `PLUGWEAVE_LOG` asks for.
pub fn start_logging() {
    let wanted = std::env::var_os("PLUGWEAVE_LOG").unwrap_or_default();
    let filter = filter(&wanted.to_string_lossy()).unwrap_or_else(|error| {
        warning(&format!("PLUGWEAVE_LOG is not understood, so it is as if it were not set: {error}"));
        EnvFilter::new(LOGGED)
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| terminal::Log)
        .with_ansi(style() == Style::Coloured)
        .without_time()
        .init();
}

fn filter(wanted: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(if wanted.is_empty() { LOGGED } else { wanted })
}

fn style() -> Style {
    terminal::style(&io::stderr())
}

fn error_word(style: Style) -> &'static str {
    match style {
        Style::Plain => "error:",
        Style::Coloured => "\u{1b}[1m\u{1b}[91merror\u{1b}[0m\u{1b}[1m:\u{1b}[0m",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_logged_is_understood_or_refused() {
        let shown = |wanted| filter(wanted).map(|filter| filter.to_string());
        assert_eq!(shown("").ok(), shown(LOGGED).ok());
        assert_eq!(shown("plugweave=trace").ok().as_deref(), Some("plugweave=trace"));
        for wrong in ["plugweave=foo", "[[["] {
            assert!(filter(wrong).is_err(), "{wrong}");
        }
    }
}
