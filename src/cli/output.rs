use std::io::{self, IsTerminal, Write};

use plugweave::check::Checked;
use plugweave::diagnostic::{MOST_TOLD, Severity, Style, render, untold, write_json};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use super::stack;

/// Writes a result to stdout, with a line break behind it if it has none.
pub fn result(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()?;
    Ok(())
}

/// Writes JSON to stdout.
pub fn json(value: &serde_json::Value) -> anyhow::Result<()> {
    result(&format!("{value:#}"))
}

/// Writes the problems of an app to stdout, as JSON.
pub fn problems_as_json(checked: &Checked) -> anyhow::Result<()> {
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    write_json(&checked.diagnostics, &checked.sources, &mut stdout)?;
    stdout.write_all(b"\n")?;
    Ok(stdout.flush()?)
}

/// Tells the problems of an app on stderr, and how many there are.
pub fn problems(checked: &Checked) {
    let mut stderr = io::stderr().lock();
    let style = style();
    for diagnostic in checked.diagnostics.iter().take(MOST_TOLD) {
        // There is nowhere to tell that stderr is gone.
        let _ = writeln!(stderr, "{}\n", render(diagnostic, &checked.sources, style));
    }
    if let Some(more) = untold(&checked.diagnostics) {
        let _ = writeln!(stderr, "{more}\n");
    }
    let errors = checked.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    if errors > 0 {
        let noun = if errors == 1 { "problem" } else { "problems" };
        let _ = writeln!(stderr, "{} {errors} {noun} found", error_word(style));
    }
}

/// Tells why the command failed, on stderr.
pub fn error(error: &anyhow::Error) {
    let stack = error.downcast_ref().and_then(stack::told).unwrap_or_default();
    let _ = writeln!(io::stderr(), "{} {error:#}{stack}", error_word(style()));
}

/// Tells what is not as it should be, though the command goes on, on stderr.
pub fn warning(text: &str) {
    let _ = writeln!(io::stderr(), "warning: {text}");
}

/// Whether the reader of our output is gone.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
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
        .with_writer(io::stderr)
        .with_ansi(style() == Style::Coloured)
        .without_time()
        .init();
}

fn filter(wanted: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(if wanted.is_empty() { LOGGED } else { wanted })
}

/// Colour only on a terminal, and not where `NO_COLOR` asks for none.
fn style() -> Style {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if io::stderr().is_terminal() && !unwanted { Style::Coloured } else { Style::Plain }
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
