//! Compiled code in folders.

use std::path::{Path, absolute};

use wasmtime::{Cache, CacheConfig};

use super::{CodeCache, LinkError};

/// The cache that the embedding application has chosen.
pub(super) fn kept(chosen: &CodeCache) -> Result<Option<Cache>, LinkError> {
    let mut config = CacheConfig::new();
    match chosen {
        CodeCache::Off => return Ok(None),
        CodeCache::UserDefault => {}
        CodeCache::Folder(folder) => {
            config.with_directory(absolute(folder).map_err(|error| refused(&error.to_string()))?);
        }
    }
    Cache::new(config).map(Some).map_err(|error| refused(&format!("{error:#}")))
}

/// A cache in a folder by which code comes from a process that compiles.
pub(super) fn passing(folder: &Path) -> Result<Cache, LinkError> {
    let mut config = CacheConfig::new();
    // The code is read once, and soon: compressing it well would only cost time.
    config.with_directory(folder).with_baseline_compression_level(1);
    Cache::new(config).map_err(|error| LinkError::Engine { cause: format!("{error:#}") })
}

fn refused(cause: &str) -> LinkError {
    let cause = format!("{cause}; name a folder that can be made and written to");
    LinkError::Option { option: "cache", cause }
}
