use semver::Version;

use super::ExternName;

/// Whether an export in one version serves an import in another: the same compatible series with minor and patch not lower; prereleases and `0.0.z` exactly;
/// without a version only without one.
pub fn version_serves(import: Option<&Version>, export: Option<&Version>) -> bool {
    let (import, export) = match (import, export) {
        (None, None) => return true,
        (Some(import), Some(export)) => (import, export),
        _ => return false,
    };
    if is_exact(import) || is_exact(export) {
        return import.cmp_precedence(export).is_eq();
    }
    same_series(import, export) && (export.minor, export.patch) >= (import.minor, import.patch)
}

/// Whether only the version itself serves.
pub fn is_exact(version: &Version) -> bool {
    !version.pre.is_empty() || (version.major, version.minor) == (0, 0)
}

/// Whether two versions lie in one compatible series.
pub fn same_series(import: &Version, export: &Version) -> bool {
    import.major == export.major && (import.major > 0 || import.minor == export.minor)
}

impl ExternName {
    /// Whether an export of this name serves an import of that one: the same package and interface, and a version
    /// that fits.
    ///
    /// Of WASI 0.2 any release serves any other: its releases only add functions, and tool chains stamp the latest
    /// one on everything that they import, whatever of it they need. So the functions alone decide.
    pub(crate) fn serves(&self, import: &Self) -> bool {
        import.base() == self.base()
            && (version_serves(import.version(), self.version()) || (import.is_wasi_0_2() && self.is_wasi_0_2()))
    }

    /// Whether this is an interface of a release of WASI 0.2, prereleases not included.
    pub(crate) fn is_wasi_0_2(&self) -> bool {
        let is_release = |version: &Version| (version.major, version.minor) == (0, 2) && version.pre.is_empty();
        self.namespace() == Some("wasi") && self.version().is_some_and(is_release)
    }

    /// Whether two names are of the same interface in one compatible series, whichever is higher.
    pub fn is_compatible(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.version(), other.version());
        self.base() == other.base() && (version_serves(mine, theirs) || version_serves(theirs, mine))
    }
}
