/// Bytes that a component or core module may have, in binary or text form. Real ones have a few MiB, those with an
/// interpreter and its library in them some dozens.
pub const MAX_COMPONENT: u64 = 256 << 20;

/// Bytes that a manifest may have, or the WIT of one plugin, all its files together.
pub const MAX_TEXT: u64 = 4 << 20;

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

/// Counts the WIT that is read for one plugin.
#[derive(Debug, Default)]
pub(crate) struct WitSize(u64);

impl WitSize {
    /// One file more.
    ///
    /// # Errors
    /// A sentence for people, when that is too much.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), String> {
        self.0 += u64::try_from(text.len()).unwrap_or(u64::MAX);
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
    fn wit_files_count_together() {
        let half = "x".repeat(usize::try_from(MAX_TEXT / 2).unwrap());
        let mut size = WitSize::default();
        assert_eq!((size.add(&half), size.add(&half)), (Ok(()), Ok(())));
        assert!(size.add("x").unwrap_err().contains("4 MiB"));
    }
}
