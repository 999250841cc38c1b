//! Which versions of an interface serve which.

use crate::model::{ExternName, is_exact, same_series};

/// Whether an export of this name serves an import of that name: the same package and interface,
/// and a version that fits.
pub fn serves(import: &ExternName, export: &ExternName) -> bool {
    export.serves(import)
}

/// Why an export in one version does not serve an import of the same interface in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// It is lower, in the same compatible series.
    TooLow,
    /// It is of another compatible series.
    OtherSeries,
    /// One of the two is a prerelease or `0.0.z`, which only itself serves.
    NotTheSame,
    /// The import has a version, and the export has none.
    WithoutVersion,
    /// The import has no version, and the export has one.
    WithVersion,
}

/// Why the version of an export does not serve an import of the same interface, if it does not.
pub fn mismatch(import: &ExternName, export: &ExternName) -> Option<Mismatch> {
    if export.serves(import) {
        return None;
    }
    Some(match (import.version(), export.version()) {
        (None, _) => Mismatch::WithVersion,
        (_, None) => Mismatch::WithoutVersion,
        (Some(import), Some(export)) if is_exact(import) || is_exact(export) => Mismatch::NotTheSame,
        (Some(import), Some(export)) if same_series(import, export) => Mismatch::TooLow,
        (Some(_), Some(_)) => Mismatch::OtherSeries,
    })
}

/// The versions of an export that serve an import, for people.
pub fn fitting(import: &ExternName) -> Option<String> {
    let version = import.version()?;
    let (major, minor) = (version.major, version.minor);
    Some(match (major, minor) {
        _ if import.is_wasi_0_2() => "any release of 0.2".to_owned(),
        _ if !version.pre.is_empty() => format!("{version} alone"),
        (0, 0) => format!("{version} alone"),
        (0, _) => format!("{version} or later, below 0.{}.0", minor.saturating_add(1)),
        _ => format!("{version} or later, below {}.0.0", major.saturating_add(1)),
    })
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
        for (import, export, expected) in [
            ("0.2.12", "0.2.0", true),
            ("0.2.0", "0.2.12", true),
            ("0.2.12", "0.2.0-rc.1", false),
            ("0.2.0", "0.3.0", false),
            ("0.3.1", "0.3.0", false),
        ] {
            let name = |version| ExternName::parse(&format!("wasi:cli/environment@{version}")).unwrap();
            assert_eq!(serves(&name(import), &name(export)), expected, "{import} by {export}");
            assert_eq!(mismatch(&name(import), &name(export)).is_none(), expected, "{import} by {export}");
        }
        let reason = |import: &str, export: &str| {
            let name = |version| ExternName::parse(&format!("a:b/c{version}")).unwrap();
            mismatch(&name(import), &name(export))
        };
        assert_eq!(reason("@1.2.0", "@1.3.0"), None);
        assert_eq!(reason("@1.2.0", "@1.1.9"), Some(Mismatch::TooLow));
        assert_eq!(reason("@0.2.3", "@0.2.1"), Some(Mismatch::TooLow));
        assert_eq!(reason("@0.2.1", "@0.3.1"), Some(Mismatch::OtherSeries));
        assert_eq!(reason("@1.0.0", "@1.0.1-beta"), Some(Mismatch::NotTheSame));
        assert_eq!(reason("@1.0.0", ""), Some(Mismatch::WithoutVersion));
        assert_eq!(reason("", "@1.0.0"), Some(Mismatch::WithVersion));
        let plain = ExternName::parse("a:b/c").unwrap();
        let versioned = ExternName::parse("a:b/c@1.0.0").unwrap();
        assert!(serves(&plain, &plain));
        assert!(!serves(&plain, &versioned) && !serves(&versioned, &plain));
    }
}
