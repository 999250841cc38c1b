//! What clap answers in place of a command: help, the version, and mistakes on the command line.

use std::io;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, Error};
use plugweave::diagnostic::Style;
use plugweave::foreign::shown;

use super::terminal;

/// Prints what clap has to say.
pub fn tell(mut error: Error) -> ExitCode {
    if error.use_stderr() {
        make_harmless(&mut error);
        terminal::err(&render(&error, terminal::style(&io::stderr())));
        return ExitCode::from(super::USAGE);
    }
    let style = terminal::style(&io::stdout());
    super::exit_code(terminal::out(&render(&error, style), style).map(|()| 0).map_err(Into::into))
}

fn render(error: &Error, style: Style) -> String {
    let text = error.render();
    if style == Style::Coloured { text.ansi().to_string() } else { text.to_string() }
}

/// clap quotes arguments as they came, among sequences for colour.
fn make_harmless(error: &mut Error) {
    let values: Vec<(ContextKind, ContextValue)> =
        error.context().filter_map(|(kind, value)| Some((kind, harmless(value)?))).collect();
    for (kind, value) in values {
        error.insert(kind, value);
    }
    // In a text with colours an argument cannot be told from them: what was suggested is left out then.
    if !std::env::args_os().all(|argument| argument.to_str().is_some_and(fits)) {
        error.insert(ContextKind::Suggested, ContextValue::None);
    }
}

/// The value as it is shown, where that differs.
fn harmless(value: &ContextValue) -> Option<ContextValue> {
    match value {
        ContextValue::String(text) if !fits(text) => Some(ContextValue::String(shown(text))),
        ContextValue::Strings(texts) if !texts.iter().all(|text| fits(text)) => {
            Some(ContextValue::Strings(texts.iter().map(|text| shown(text)).collect()))
        }
        _ => None,
    }
}

fn fits(text: &str) -> bool {
    shown(text) == text
}
