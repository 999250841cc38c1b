//! Which names mean and serve which.

use super::model::Name;

/// What a key means among names.
pub enum Meant {
    /// Nothing.
    None,
    /// The name at this place.
    One(usize),
    /// It leaves the version out, and there are several: those at these places.
    Several(Vec<usize>),
}

/// What a key means among names: the version may be left out where only one is there, and of WASI 0.2 any release
/// means the only one that is there.
pub fn meant(names: &[Name], key: Name) -> Meant {
    if let Some(exact) = names.iter().position(|name| *name == key) {
        return Meant::One(exact);
    }
    let is_meant = |name: Name| match key.version {
        None => name.base == key.base,
        Some(_) => is_wasi_0_2(key) && is_wasi_0_2(name) && name.base == key.base,
    };
    let meant: Vec<usize> = (0..names.len()).filter(|&index| is_meant(names[index])).collect();
    match meant.as_slice() {
        [] => Meant::None,
        [one] => Meant::One(*one),
        _ => Meant::Several(meant),
    }
}

/// Whether a name is of a release of WASI 0.2.
fn is_wasi_0_2(name: Name) -> bool {
    name.base.starts_with("wasi:") && matches!(name.version.map(version), Some((0, 2, _, None)))
}

/// Major, minor, patch, and the prerelease.
type Version = (u64, u64, u64, Option<&'static str>);

fn version(text: &'static str) -> Version {
    let (numbers, pre) = match text.split_once('-') {
        Some((numbers, pre)) => (numbers, Some(pre)),
        None => (text, None),
    };
    let numbers: Vec<u64> = numbers.split('.').map(|number| number.parse().unwrap()).collect();
    (numbers[0], numbers[1], numbers[2], pre)
}

/// Whether an export serves an import.
pub fn serves(import: Name, export: Name) -> bool {
    let fits = match (import.version.map(version), export.version.map(version)) {
        (None, None) => true,
        (None, Some(_)) | (Some(_), None) => false,
        (Some((.., Some(_))), _) | (_, Some((.., Some(_)))) | (Some((0, 0, ..)), _) => import.version == export.version,
        (Some((0, minor, patch, _)), Some((major, other, higher, _))) => {
            major == 0 && other == minor && higher >= patch
        }
        (Some((major, minor, patch, _)), Some((other, m, p, _))) => other == major && (m, p) >= (minor, patch),
    };
    import.base == export.base && (fits || (is_wasi_0_2(import) && is_wasi_0_2(export)))
}

/// The one in the highest version.
pub fn highest<T>(things: impl Iterator<Item = T>, name: impl Fn(&T) -> Name) -> Option<T> {
    things.max_by_key(|thing| name(thing).version.map(version))
}

#[test]
fn versions_as_the_table_says() {
    let name = |version| Name { base: "a:b/c", version };
    for (import, export, expected) in [
        (Some("1.2.0"), Some("1.10.0"), true),
        (Some("1.2.1"), Some("1.2.0"), false),
        (Some("1.2.0"), Some("2.2.0"), false),
        (Some("0.2.1"), Some("0.2.3"), true),
        (Some("0.2.1"), Some("0.3.1"), false),
        (Some("0.0.3"), Some("0.0.4"), false),
        (Some("0.0.3"), Some("0.0.3"), true),
        (Some("1.0.0"), Some("1.1.0-rc.1"), false),
        (Some("1.0.0-rc.1"), Some("1.0.0"), false),
        (Some("1.0.0-rc.1"), Some("1.0.0-rc.1"), true),
        (None, None, true),
        (None, Some("1.0.0"), false),
    ] {
        assert_eq!(serves(name(import), name(export)), expected, "{import:?} by {export:?}");
    }
}
