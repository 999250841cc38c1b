//! Apps of a few texts, without a folder.

use plugweave::check::{Checked, check};
use plugweave::diagnostic::Style;
use plugweave::files::Memory;
use plugweave::{App, OpenError, WaveCall, print_wave};

/// The files of an app: path and text.
pub type Texts<'a> = &'a [(&'a str, &'a str)];

fn memory(files: Texts<'_>) -> Memory {
    files.iter().fold(Memory::default(), |memory, (path, text)| memory.with(*path, *text))
}

/// What checking an app gives.
pub fn checked(files: Texts<'_>) -> Checked {
    check(&memory(files)).unwrap()
}

/// The codes of an app's problems, and all of them as text.
pub fn problems(files: Texts<'_>) -> (Vec<&'static str>, String) {
    let checked = checked(files);
    (checked.diagnostics.iter().map(|problem| problem.code.as_str()).collect(), checked.render(Style::Plain))
}

/// The app, linked and started.
pub fn open(files: Texts<'_>) -> Result<App, OpenError> {
    files.iter().fold(App::builder(), |builder, (path, text)| builder.file(*path, *text)).build()
}

/// What a call answers, as text.
pub fn call(files: Texts<'_>, call: &str) -> String {
    let app = open(files).unwrap();
    let answer = app.call_wave(None, &WaveCall::parse(call).unwrap()).unwrap();
    answer.map(|value| print_wave(&value).unwrap()).unwrap_or_default()
}
