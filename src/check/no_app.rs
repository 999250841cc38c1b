use crate::diagnostic::{Code, Diagnostic, Sources};
use crate::files::ManifestFile;
use crate::manifest::has_plugin_table;
use crate::words::{list, shown};

/// Most files that are named.
const NAMED: usize = 5;

/// PW001 where a folder is no app: of several files none is a manifest. That is told once, and not of each.
pub(super) fn told(files: &[ManifestFile], sources: &mut Sources) -> Option<Diagnostic> {
    let [first, _, ..] = files else { return None };
    // Of what cannot be read nobody knows what it is.
    if !files.iter().all(|file| text(file).is_some_and(|text| !has_plugin_table(text))) {
        return None;
    }
    let number = files.len();
    let message = format!("this folder is no app: of its {number} TOML files none has a table `[plugin]`");
    let named = list(files.iter().take(NAMED).map(|file| shown(&file.path)));
    let more = number.saturating_sub(NAMED);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let place = sources.add(&first.path, text(first).unwrap_or_default());
    Some(
        Diagnostic::error(Code::Pw001, message)
            .label(place, 0..0, "not the manifest of a plugin")
            .note(format!("the files are {named}{more}"))
            .help("name the folder that holds the manifests; each begins with `[plugin]`, and other TOML is kept elsewhere"),
    )
}

fn text(file: &ManifestFile) -> Option<&str> {
    let bytes = file.bytes.as_deref().ok()?;
    str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok()
}
