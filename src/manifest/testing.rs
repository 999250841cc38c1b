//! What the tests of this module share.

use super::{AppFile, Manifest, parse_app, parse_manifest};
use crate::diagnostic::{Code, Diagnostic, Sources};

/// Each problem as `line:column message`, of its first label.
pub(super) fn told(diagnostics: &[Diagnostic], sources: &Sources) -> Vec<String> {
    let tell = |diagnostic: &Diagnostic| {
        let label = diagnostic.labels.first().expect("every problem has a place");
        assert!(!label.text.is_empty() && !diagnostic.help.is_empty(), "{diagnostic:?}");
        assert!(!diagnostic.message.contains('\n'), "{diagnostic:?}");
        let place = sources.position(label.file, label.span.start);
        format!("{}:{} {}", place.line, place.column, diagnostic.message)
    };
    diagnostics.iter().map(tell).collect()
}

/// What is wrong with the text of `a.toml`, and the manifest.
pub(super) fn manifest(text: &str) -> (Option<Manifest>, Vec<String>) {
    let mut sources = Sources::default();
    let file = sources.add("a.toml", text);
    let (manifest, diagnostics) = parse_manifest(file, text, "a");
    assert!(diagnostics.iter().all(|diagnostic| diagnostic.code == Code::Pw001));
    (manifest, told(&diagnostics, &sources))
}

/// The manifest of a text without mistakes.
pub(super) fn good_manifest(text: &str) -> Manifest {
    let (manifest, told) = manifest(text);
    assert_eq!(told, [""; 0], "{text}");
    manifest.expect("a good manifest has an id")
}

/// What is wrong with a manifest that has the given lines behind two good ones.
pub(super) fn below_plugin(lines: &str) -> Vec<String> {
    manifest(&format!("[plugin]\ncomponent = \"a.wasm\"\n{lines}")).1
}

/// What is wrong with the text of `app.toml`, and the app.
pub(super) fn app(text: &str) -> (AppFile, Vec<String>) {
    let mut sources = Sources::default();
    let file = sources.add("app.toml", text);
    let (app, diagnostics) = parse_app(file, text);
    (app.expect("an app file is never unusable"), told(&diagnostics, &sources))
}
