use std::collections::hash_map::RandomState;
use std::fs::{self, DirBuilder};
use std::hash::BuildHasher;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A temporary folder that only this user can enter. It goes away when it is dropped.
pub(super) struct PrivateFolder {
    path: PathBuf,
}

/// How many names are tried.
const ATTEMPTS: u32 = 16;

/// How often removing it is tried, and the pause in between: wasmtime counts uses of the code in files beside it.
const REMOVALS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(2);

impl PrivateFolder {
    pub(super) fn make() -> Result<Self, Error> {
        // Absolute, because the process that compiles must find it wherever it is.
        let parent = std::path::absolute(std::env::temp_dir())?;
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let mut failed = Error::from(ErrorKind::AlreadyExists);
        for attempt in 0..ATTEMPTS {
            // Hashing with new keys is where the standard library has random numbers.
            let random = RandomState::new().hash_one(attempt);
            let path = parent.join(format!("plugweave-compile-{}-{random:016x}", std::process::id()));
            match builder.create(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => failed = error,
                Err(error) => return Err(Error::new(error.kind(), format!("`{}`: {error}", parent.display()))),
            }
        }
        Err(failed)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        for _ in 0..REMOVALS {
            match fs::remove_dir_all(&self.path) {
                Err(error) if error.kind() != ErrorKind::NotFound => std::thread::sleep(PAUSE),
                _ => return,
            }
        }
        tracing::warn!("the folder `{}` of compiled code cannot be removed", self.path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_private_and_goes_away() {
        let folder = PrivateFolder::make().unwrap();
        let path = folder.path().to_owned();
        fs::write(path.join("code"), "x").unwrap();
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o777, 0o700);
        drop(folder);
        assert!(!path.exists());
    }
}
