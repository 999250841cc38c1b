//! Which versions of an interface serve which.

use semver::Version;

use crate::model::ExternName;

/// Whether an export of this name serves an import of that name: the same package and interface,
/// and a version that fits.
pub fn serves(import: &ExternName, export: &ExternName) -> bool {
    import.base() == export.base() && version_serves(import.version(), export.version())
}

/// The same compatible series with minor and patch not lower; prereleases and `0.0.z` exactly;
/// without a version only without one.
fn version_serves(import: Option<&Version>, export: Option<&Version>) -> bool {
    let (import, export) = match (import, export) {
        (None, None) => return true,
        (Some(import), Some(export)) => (import, export),
        _ => return false,
    };
    let exact = |version: &Version| !version.pre.is_empty() || (version.major, version.minor) == (0, 0);
    if exact(import) || exact(export) {
        return import.cmp_precedence(export).is_eq();
    }
    let same_series = import.major == export.major && (import.major > 0 || import.minor == export.minor);
    same_series && (export.minor, export.patch) >= (import.minor, import.patch)
}

/// The versions of an export that serve an import, for people.
pub fn fitting(import: &ExternName) -> Option<String> {
    let version = import.version()?;
    let (major, minor) = (version.major, version.minor);
    Some(match (major, minor) {
        _ if !version.pre.is_empty() => format!("{version} alone"),
        (0, 0) => format!("{version} alone"),
        (0, _) => format!("{version} or later, below 0.{}.0", minor.saturating_add(1)),
        _ => format!("{version} or later, below {}.0.0", major.saturating_add(1)),
    })
}

/// Whether two names of the same interface lie in one compatible series, whichever is higher.
pub fn compatible(a: &ExternName, b: &ExternName) -> bool {
    serves(a, b) || serves(b, a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_match_as_documented() {
        let cases = [
            ("1.2.0", "1.2.0", true),
            ("1.2.0", "1.2.1", true),
            ("1.2.0", "1.3.0", true),
            ("1.2.1", "1.2.0", false),
            ("1.2.0", "1.1.9", false),
            ("1.2.0", "2.2.0", false),
            ("0.2.1", "0.2.3", true),
            ("0.2.3", "0.2.1", false),
            ("0.2.1", "0.3.1", false),
            ("0.0.1", "0.0.1", true),
            ("0.0.1", "0.0.2", false),
            ("0.2.0-rc.1", "0.2.0-rc.1", true),
            ("0.2.0-rc.1", "0.2.0", false),
            ("1.0.0", "1.0.1-beta", false),
        ];
        for (import, export, expected) in cases {
            let name = |version| ExternName::parse(&format!("a:b/c@{version}")).unwrap();
            assert_eq!(serves(&name(import), &name(export)), expected, "{import} by {export}");
        }
        let plain = ExternName::parse("a:b/c").unwrap();
        let versioned = ExternName::parse("a:b/c@1.0.0").unwrap();
        assert!(serves(&plain, &plain));
        assert!(!serves(&plain, &versioned) && !serves(&versioned, &plain));
    }
}
