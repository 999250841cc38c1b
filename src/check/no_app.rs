use crate::diagnostic::{Code, Diagnostic, Sources};
use crate::files::Files;
use crate::manifest::has_plugin_table;
use crate::words::list;

use super::containment::Containment;

/// Most files that are named.
const NAMED: usize = 5;

/// PW001 where a folder is no app: of several files none is a manifest. That is told once, and not of each. One file is
/// read at a time.
pub(super) fn told(
    files: &dyn Files,
    paths: &[String],
    containment: Containment,
    sources: &mut Sources,
) -> Option<Diagnostic> {
    let [first, _, ..] = paths else { return None };
    // What a file that cannot be read holds is unknown.
    if !paths.iter().all(|path| text(files, path, containment).is_some_and(|(text, _)| !has_plugin_table(&text))) {
        return None;
    }
    let number = paths.len();
    let message = format!("this folder is no app: of its {number} TOML files none has a table `[plugin]`");
    let named = list(paths.iter().take(NAMED));
    let more = number.saturating_sub(NAMED);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let place = match text(files, first, containment) {
        Some((text, true)) => sources.add(first, text),
        _ => sources.add_unquoted(first, String::new()),
    };
    Some(
        Diagnostic::error(Code::Pw001, message)
            .label(place, 0..0, "not the manifest of a plugin")
            .note(format!("the files are {named}{more}"))
            .help("name the folder that holds the manifests; each begins with `[plugin]`, and other TOML is kept elsewhere"),
    )
}

/// The text of a file, and whether it lies in the app's folder.
fn text(files: &dyn Files, path: &str, containment: Containment) -> Option<(String, bool)> {
    let (bytes, is_inside) = containment.read_inside_first(path, |reach| files.manifest(path, reach));
    let bytes = bytes.ok()?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    str::from_utf8(text).ok().map(|text| (text.to_owned(), is_inside))
}
