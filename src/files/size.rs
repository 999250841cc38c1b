/// Bytes that a component or core module may have, in binary or text form. Real ones have a few MiB, those with an
/// interpreter and its library in them some dozens.
pub const MAX_COMPONENT: u64 = 256 << 20;

/// Bytes that a manifest may have, or the WIT of one plugin, all its files together.
pub const MAX_TEXT: u64 = 4 << 20;

/// Bytes that all manifests of an app may have together, and how many each may have besides.
pub const MAX_MANIFESTS: u64 = 4 << 20;

/// Bytes of each manifest that do not count towards [`MAX_MANIFESTS`]: an app of many small plugins is not to be
/// refused.
pub const FREE_MANIFEST: u64 = 1 << 10;

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It has more bytes than it may have.
    #[error("{}", too_large(*size, *limit))]
    TooLarge {
        /// How many, where that is known without reading all of it.
        size: Option<u64>,
        /// How many it may have.
        limit: u64,
    },
    /// It lies outside the app's folder, and `app.toml` says that nothing there is read.
    #[error("it lies outside the app's folder, and `app.toml` says `contained = true`")]
    Outside,
    /// Anything else: a sentence for people.
    #[error("{0}")]
    Other(String),
}

impl From<String> for ReadError {
    fn from(reason: String) -> Self {
        Self::Other(reason)
    }
}

impl ReadError {
    /// Whether a sentence about WIT ends with [`ReadError::Outside`].
    pub(crate) fn is_outside(reason: &str) -> bool {
        reason.ends_with(&Self::Outside.to_string())
    }

    /// Refuses a size beyond a limit.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`].
    pub(crate) fn check_size(size: u64, limit: u64) -> Result<(), Self> {
        if size <= limit { Ok(()) } else { Err(Self::TooLarge { size: Some(size), limit }) }
    }
}

fn too_large(size: Option<u64>, limit: u64) -> String {
    let limit = format!("{limit} ({} MiB)", limit >> 20);
    match size {
        Some(size) => format!("it has {size} bytes, and the limit is {limit}"),
        None => format!("it has more bytes than the limit of {limit}"),
    }
}

/// Counts the manifests that are read for one app.
#[derive(Debug, Default)]
pub(crate) struct ManifestSize(u64);

impl ManifestSize {
    /// One manifest of so many bytes more; whether it is still within what all may have.
    pub(crate) fn add(&mut self, bytes: u64) -> bool {
        self.0 = self.0.saturating_add(bytes.saturating_sub(FREE_MANIFEST));
        self.0 <= MAX_MANIFESTS
    }

    /// What is told of a manifest with which there are too many bytes, and of the `others` behind it.
    pub(crate) fn told(others: usize) -> String {
        let limit = format!("{MAX_MANIFESTS} ({} MiB), and {FREE_MANIFEST} for each", MAX_MANIFESTS >> 20);
        let others = match others {
            0 => String::new(),
            1 => "; nor is the 1 manifest behind it read".to_owned(),
            many => format!("; nor are the {many} manifests behind it read"),
        };
        format!("with it, the manifests of the app have together more bytes than the limit of {limit}{others}")
    }
}

/// Counts the WIT that is read for one plugin.
#[derive(Debug, Default)]
pub(crate) struct WitSize(u64);

impl WitSize {
    /// One file more.
    ///
    /// # Errors
    /// A sentence for people, when that is too much.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), String> {
        self.0 = self.0.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
        if self.0 <= MAX_TEXT {
            return Ok(());
        }
        Err(format!("its `.wit` files have together more bytes than the limit of {MAX_TEXT} ({} MiB)", MAX_TEXT >> 20))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_refused_beyond_the_limit_only() {
        assert_eq!(ReadError::check_size(MAX_TEXT, MAX_TEXT), Ok(()));
        let error = ReadError::check_size(MAX_COMPONENT + 1, MAX_COMPONENT).unwrap_err();
        assert_eq!(error.to_string(), "it has 268435457 bytes, and the limit is 268435456 (256 MiB)");
        let grown = ReadError::TooLarge { size: None, limit: MAX_TEXT };
        assert_eq!(grown.to_string(), "it has more bytes than the limit of 4194304 (4 MiB)");
    }

    #[test]
    fn small_manifests_are_free_and_the_rest_counts_together() {
        let mut size = ManifestSize::default();
        assert!((0..100_000).all(|_| size.add(FREE_MANIFEST)));
        assert!(size.add(FREE_MANIFEST + MAX_MANIFESTS / 2) && size.add(FREE_MANIFEST + MAX_MANIFESTS / 2));
        assert!(size.add(FREE_MANIFEST) && !size.add(FREE_MANIFEST + 1));
        assert!(ManifestSize::told(0).ends_with("4194304 (4 MiB), and 1024 for each"));
        assert!(ManifestSize::told(7).ends_with("; nor are the 7 manifests behind it read"));
    }

    #[test]
    fn wit_files_count_together() {
        let half = "x".repeat(usize::try_from(MAX_TEXT / 2).unwrap());
        let mut size = WitSize::default();
        assert_eq!((size.add(&half), size.add(&half)), (Ok(()), Ok(())));
        assert!(size.add("x").unwrap_err().contains("4 MiB"));
    }
}
