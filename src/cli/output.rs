use std::io::{self, IsTerminal, Write};

use plugweave::check::Checked;
use plugweave::diagnostic::{Severity, Style, render};
use tracing_subscriber::EnvFilter;

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

/// Tells the problems of an app on stderr, and how many there are.
pub fn problems(checked: &Checked) {
    let mut stderr = io::stderr().lock();
    let style = style();
    for diagnostic in &checked.diagnostics {
        // There is nowhere to tell that stderr is gone.
        let _ = writeln!(stderr, "{}\n", render(diagnostic, &checked.sources, style));
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

/// What says what is logged.
const LOG_VARIABLE: &str = "PLUGWEAVE_LOG";

/// Logs to stderr what `PLUGWEAVE_LOG` asks for.
pub fn start_logging() {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|error| {
        if std::env::var_os(LOG_VARIABLE).is_some() {
            warning(&format!("{LOG_VARIABLE} is not understood, and passed over: {error}"));
        }
        EnvFilter::new("warn,plugweave=info,plugweave::guest=info")
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(style() == Style::Coloured)
        .without_time()
        .init();
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
