//! Paths as manifests write them: `/` between the parts, handled as text, without a look at the file system.

/// A path that is written in the file `file`, made relative to what `file` itself is relative to.
///
/// `join("markdown/plugin.toml", "../wit")` is `wit`, and the folder itself is `.`. Leading `..`
/// stay, and so do absolute paths. The result is normalised: no `.`, no `..` behind a name, no
/// doubled or closing `/`.
pub(crate) fn join(file: &str, relative: &str) -> String {
    let relative = with_slashes(relative);
    if root(&relative).is_some() {
        return normalise(&relative);
    }
    let file = with_slashes(file);
    match file.rsplit_once('/') {
        Some((folder, _)) => normalise(&format!("{folder}/{relative}")),
        None => normalise(&relative),
    }
}

/// An absolute path of a plugin, as the plugin is told of it: no `.`, no `..`, no doubled or closing `/`. A
/// backslash is a character like any other there, on every system.
pub(crate) fn guest(path: &str) -> String {
    normalise(path)
}

/// Whether a path is relative to nothing.
pub(crate) fn is_absolute(path: &str) -> bool {
    root(path).is_some()
}

fn with_slashes(path: &str) -> String {
    if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() }
}

/// What makes a path absolute: `/`, or a drive as in `C:/`.
fn root(path: &str) -> Option<&str> {
    if path.starts_with('/') {
        return path.get(..1);
    }
    let drive = matches!(path.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic());
    if drive { path.get(..3) } else { None }
}

/// The root, if any, and the names behind it, none of them empty or `.`.
pub(crate) fn parts(path: &str) -> (Option<&str>, Vec<&str>) {
    let root = root(path);
    let rest = path.get(root.map_or(0, str::len)..).unwrap_or_default();
    (root, rest.split('/').filter(|part| !matches!(*part, "" | ".")).collect())
}

fn normalise(path: &str) -> String {
    let (root, parts) = parts(path);
    let mut kept: Vec<&str> = Vec::new();
    for part in parts {
        match (part, kept.last()) {
            ("..", Some(&last)) if last != ".." => {
                kept.pop();
            }
            // Nothing is above the root.
            ("..", None) if root.is_some() => {}
            _ => kept.push(part),
        }
    }
    let path = kept.join("/");
    match root {
        Some(root) => format!("{root}{path}"),
        None if path.is_empty() => ".".to_owned(),
        None => path,
    }
}

/// Whether `inner` is `outer` or lies within it, as far as their texts say. Both are normalised.
#[cfg(test)]
pub(crate) fn encloses(outer: &str, inner: &str) -> bool {
    let (outer_root, outer) = parts(outer);
    let (inner_root, inner) = parts(inner);
    let climbs = |parts: &[&str]| parts.iter().take_while(|part| **part == "..").count();
    if outer_root != inner_root {
        return false;
    }
    // `../..` holds everything that does not climb higher than it does.
    if climbs(&outer) == outer.len() {
        return climbs(&inner) <= outer.len();
    }
    inner.starts_with(&outer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_folder_of_their_file() {
        for (file, relative, expected) in [
            ("plugin.toml", "data", "data"),
            ("markdown/plugin.toml", "data", "markdown/data"),
            ("markdown/plugin.toml", "../wit", "wit"),
            ("markdown/plugin.toml", "..", "."),
            ("markdown/plugin.toml", "../..", ".."),
            ("plugin.toml", "../../x/../y", "../../y"),
            ("plugin.toml", ".", "."),
            ("plugin.toml", "", "."),
            ("plugin.toml", "a//b/./c/", "a/b/c"),
            ("a/plugin.toml", "/etc/../usr/./x", "/usr/x"),
            ("a/plugin.toml", "/../..", "/"),
            ("/app/a/plugin.toml", "../data", "/app/data"),
            ("a/plugin.toml", "C:/x/../y", "C:/y"),
            ("a/plugin.toml", "é/ü", "a/é/ü"),
        ] {
            assert_eq!(join(file, relative), expected, "{relative} in {file}");
        }
    }

    #[test]
    fn guest_paths_have_one_spelling() {
        for (path, expected) in [
            ("/", "/"),
            ("//", "/"),
            ("/d", "/d"),
            ("/d/", "/d"),
            ("//d", "/d"),
            ("/./d/.", "/d"),
            ("/x/../d", "/d"),
            ("/../d", "/d"),
            ("/x/..", "/"),
            ("/D", "/D"),
            ("/d d/é", "/d d/é"),
            ("/a\\..\\d", "/a\\..\\d"),
            ("/...", "/..."),
        ] {
            assert_eq!(guest(path), expected, "{path}");
        }
    }

    #[test]
    fn a_folder_encloses_itself_and_what_is_below() {
        for (outer, inner, expected) in [
            ("data", "data", true),
            ("data", "data/sub", true),
            ("data", "database", false),
            ("data/sub", "data", false),
            (".", "data", true),
            (".", ".", true),
            (".", "..", false),
            ("..", "data", true),
            ("..", "../other", true),
            ("..", "../..", false),
            ("../a", "../a/b", true),
            ("../a", "b", false),
            ("/", "/x", true),
            ("/x", "/x/y", true),
            ("/x", "x", false),
            (".", "/x", false),
        ] {
            assert_eq!(encloses(outer, inner), expected, "{outer} and {inner}");
        }
    }
}
