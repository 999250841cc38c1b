//! What clap answers in place of a command: help, the version, and mistakes on the command line.

use std::io;
use std::process::ExitCode;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, Error};
use plugweave::diagnostic::Style;
use plugweave::foreign::{is_harmless, shown, told};

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
}

/// The value as it is shown, where that differs.
fn harmless(value: &ContextValue) -> Option<ContextValue> {
    let fits = |text: &str| is_harmless(text) && shown(text) == *text;
    match value {
        ContextValue::String(text) if !fits(text) => Some(ContextValue::String(shown(text))),
        ContextValue::Strings(texts) if !texts.iter().all(|text| fits(text)) => {
            Some(ContextValue::Strings(texts.iter().map(|text| shown(text)).collect()))
        }
        ContextValue::StyledStr(text) => Some(ContextValue::StyledStr(plain(text)?)),
        ContextValue::StyledStrs(texts) if texts.iter().any(|text| plain(text).is_some()) => {
            let texts = texts.iter().map(|text| plain(text).unwrap_or_else(|| text.clone()));
            Some(ContextValue::StyledStrs(texts.collect()))
        }
        _ => None,
    }
}

/// A text of clap's without its colours, where it holds more than those.
fn plain(text: &StyledStr) -> Option<StyledStr> {
    let without_colours = text.to_string();
    let fits = is_harmless(&without_colours.replace('\n', " ")) && told(&without_colours).len() >= without_colours.len();
    (!fits).then(|| told(&without_colours).into())
}
