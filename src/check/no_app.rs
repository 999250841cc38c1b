use crate::diagnostic::{Code, Diagnostic, Sources};
use crate::files::{Files, Reach};
use crate::manifest::has_plugin_table;
use crate::words::list;

/// Most files that are named.
const NAMED: usize = 5;

/// PW001 where a folder is no app: of several files none is a manifest. That is told once, and not of each. One file is
/// read at a time.
pub(super) fn told(files: &dyn Files, paths: &[String], sources: &mut Sources) -> Option<Diagnostic> {
    let [first, _, ..] = paths else { return None };
    // What a file that cannot be read holds is unknown.
    if !paths.iter().all(|path| text(files, path).is_some_and(|text| !has_plugin_table(&text))) {
        return None;
    }
    let number = paths.len();
    let message = format!("this folder is no app: of its {number} TOML files none has a table `[plugin]`");
    let named = list(paths.iter().take(NAMED));
    let more = number.saturating_sub(NAMED);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let place = match files.status(first, first).is_inside {
        true => sources.add(first, text(files, first).unwrap_or_default()),
        false => sources.add_unquoted(first, String::new()),
    };
    Some(
        Diagnostic::error(Code::Pw001, message)
            .label(place, 0..0, "not the manifest of a plugin")
            .note(format!("the files are {named}{more}"))
            .help("name the folder that holds the manifests; each begins with `[plugin]`, and other TOML is kept elsewhere"),
    )
}

fn text(files: &dyn Files, path: &str) -> Option<String> {
    let bytes = files.manifest(path, Reach::Anywhere).ok()?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    str::from_utf8(text).ok().map(str::to_owned)
}
