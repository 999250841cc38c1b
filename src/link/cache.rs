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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use wasmtime::component::Component;

    use super::*;
    use crate::link::engine::EngineSettings;
    use crate::link::pool::Pool;
    use crate::link::testing::CodeFolder;

    #[test]
    fn code_is_found_again_with_and_without_a_pool() {
        let folder = CodeFolder::new("again");
        let component = wat::parse_str("(component (core module (memory 1)))").unwrap();
        for (pool, hits) in [(None, 0), (None, 1), (Some(Pool::new(1, &[])), 1)] {
            let cache = kept(&CodeCache::Folder(folder.path().to_owned())).unwrap().unwrap();
            let engine = EngineSettings::plain().engine(Some(cache.clone()), pool).unwrap();
            Component::new(&engine, &component).unwrap();
            assert_eq!(cache.cache_hits(), hits);
        }
    }

    /// The user's folder is found by the environment, which a test must not change.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_default_is_a_folder_among_the_caches_of_the_user() {
        const TEST: &str = "link::cache::tests::the_default_is_a_folder_among_the_caches_of_the_user";
        if let Some(caches) = std::env::var_os("PLUGWEAVE_TEST_CACHES") {
            let cache = kept(&CodeCache::UserDefault).unwrap().unwrap();
            assert_eq!(cache.directory(), &PathBuf::from(caches).canonicalize().unwrap().join("wasmtime"));
            return;
        }
        let caches = CodeFolder::new("user");
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        again.args([TEST, "--exact"]).env("PLUGWEAVE_TEST_CACHES", caches.path()).env("XDG_CACHE_HOME", caches.path());
        let ended = again.output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
        assert!(String::from_utf8_lossy(&ended.stdout).contains("1 passed"), "{ended:?}");
    }
}
