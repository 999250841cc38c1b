use std::collections::hash_map::RandomState;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::hash::BuildHasher;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A temporary folder that only this user can enter. It goes away when it is dropped; what a process has left behind
/// that did not get there, the next one removes.
pub(super) struct PrivateFolder {
    path: PathBuf,
    /// Locked as long as this process lives.
    _lock: File,
}

/// What the names begin with. The number of the process follows, and a random one.
const PREFIX: &str = "plugweave-compile-";

/// The file in the folder whose lock tells that its process lives.
const LOCK: &str = "lock";

/// How many names are tried.
const ATTEMPTS: u32 = 16;

/// How often removing it is tried, and the pause in between: wasmtime counts uses of the code in files beside it.
const REMOVALS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(2);

impl PrivateFolder {
    /// Makes a folder among the temporary files, and removes those that are left there of processes that have ended.
    pub(super) fn make() -> Result<Self, Error> {
        // Absolute, because the process that compiles must find it wherever it is.
        Self::make_in(&std::path::absolute(std::env::temp_dir())?)
    }

    fn make_in(parent: &Path) -> Result<Self, Error> {
        sweep(parent);
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        for attempt in 0..ATTEMPTS {
            // Hashing with new keys is where the standard library has random numbers.
            let random = RandomState::new().hash_one(attempt);
            let path = parent.join(format!("{PREFIX}{}-{random:016x}", std::process::id()));
            let made = builder.create(&path).and_then(|()| hold(&path).inspect_err(|_| drop(fs::remove_dir(&path))));
            match made {
                Ok(Some(lock)) => return Ok(Self { path, _lock: lock }),
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::new(error.kind(), format!("`{}`: {error}", parent.display()))),
            }
        }
        Err(Error::from(ErrorKind::AlreadyExists))
    }

    /// The folder for the code, which the first that leaves some there makes.
    pub(super) fn code(&self) -> PathBuf {
        self.path.join("code")
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

/// Locks a new folder. `None` if another process has taken it for an abandoned one before it was locked.
fn hold(folder: &Path) -> Result<Option<File>, Error> {
    let lock = match File::create_new(folder.join(LOCK)) {
        Ok(lock) => lock,
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    match lock.try_lock() {
        Ok(()) => Ok(is_there(&lock)?.then_some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        // Without locks here, no other process takes the folder for abandoned either.
        Err(TryLockError::Error(_)) => Ok(Some(lock)),
    }
}

/// Whether an open file has a name still.
#[cfg(unix)]
fn is_there(file: &File) -> Result<bool, Error> {
    Ok(std::os::unix::fs::MetadataExt::nlink(&file.metadata()?) > 0)
}

#[cfg(not(unix))]
fn is_there(_: &File) -> Result<bool, Error> {
    // No folder is swept away here.
    Ok(true)
}

/// Removes the folders whose process has ended.
fn sweep(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(is_name)) {
        let path = entry.path();
        // Its lock is held until it is gone: meanwhile no other process need remove it.
        let Some(_lock) = abandoned(&path) else { continue };
        match fs::remove_dir_all(&path) {
            Ok(()) => tracing::debug!("removed `{}`, which a process has left behind", path.display()),
            Err(error) => tracing::debug!("`{}` is left of a process, and stays: {error}", path.display()),
        }
    }
}

fn is_name(name: &str) -> bool {
    let numbers = name.strip_prefix(PREFIX).and_then(|numbers| numbers.split_once('-'));
    numbers.is_some_and(|(process, random)| {
        process.parse::<u32>().is_ok() && random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The lock of a folder of this user whose process has ended. One that has none gets it: its process has ended in the
/// middle of making or removing it, or learns by the lock that it is too late.
#[cfg(unix)]
fn abandoned(path: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags, fstat, open, openat};

    // No link is followed, and nothing waits for what is not a file.
    let flags = OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let folder = open(path, flags | OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).ok()?;
    let found = fstat(&folder).ok()?;
    let access = Mode::from_raw_mode(found.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO);
    if access != Mode::RWXU || found.st_uid != rustix::process::geteuid().as_raw() {
        return None;
    }
    let lock = openat(&folder, LOCK, flags | OFlags::WRONLY | OFlags::CREATE, Mode::RUSR | Mode::WUSR).ok()?;
    let lock = File::from(lock);
    (lock.metadata().ok()?.is_file() && lock.try_lock().is_ok()).then_some(lock)
}

/// Where no process compiles, none leaves a folder.
#[cfg(not(unix))]
fn abandoned(_: &Path) -> Option<File> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder for the tests of this process, which goes away.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("plugweave-private-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        /// A folder as a process makes it, with code in it.
        #[cfg(unix)]
        fn left(&self, name: &str, mode: u32) -> PathBuf {
            let path = self.0.join(name);
            fs::create_dir_all(path.join("code/modules")).unwrap();
            fs::write(path.join("code/modules/x"), "x").unwrap();
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
            path
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn it_is_private_and_goes_away() {
        let folder = PrivateFolder::make().unwrap();
        let path = folder.path.clone();
        fs::create_dir(folder.code()).unwrap();
        fs::write(folder.code().join("x"), "x").unwrap();
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o777, 0o700);
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn only_whole_names_are_names() {
        assert!(is_name("plugweave-compile-1-0123456789abcdef"));
        for name in [
            "plugweave-compile-1",
            "plugweave-compile-notes",
            "plugweave-compile-my-0123456789abcdef",
            "plugweave-compile-1-0123456789abcde",
            "plugweave-compile-1-0123456789abcdefg",
            "a-plugweave-compile-1-0123456789abcdef",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_left_is_swept_away_and_what_is_in_use_is_not() {
        let place = Place::new("swept");
        let one = PrivateFolder::make_in(&place.0).unwrap();
        let unlocked = place.left("plugweave-compile-1-0000000000000000", 0o700);
        fs::write(unlocked.join(LOCK), "").unwrap();
        let without_lock = place.left("plugweave-compile-1-0000000000000001", 0o700);
        let other = PrivateFolder::make_in(&place.0).unwrap();
        assert!(one.path.exists() && other.path.exists());
        assert!(!unlocked.exists() && !without_lock.exists());
        let left = one.path.clone();
        // As a process that is killed leaves it: the lock is gone, the folder is there.
        let PrivateFolder { _lock, .. } = &one;
        _lock.unlock().unwrap();
        sweep(&place.0);
        assert!(!left.exists() && other.path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_foreign_is_left_alone() {
        use std::os::unix::fs::symlink;

        let place = Place::new("foreign");
        let target = place.left("target", 0o700);
        let name = |number: u32| format!("plugweave-compile-1-{number:016x}");
        symlink(&target, place.0.join(name(0))).unwrap();
        fs::write(place.0.join(name(1)), "a file").unwrap();
        let open_to_others = place.left(&name(2), 0o755);
        let linked_lock = place.left(&name(3), 0o700);
        symlink(target.join("code/modules/x"), linked_lock.join(LOCK)).unwrap();
        let folder_as_lock = place.left(&name(4), 0o700);
        fs::create_dir(folder_as_lock.join(LOCK)).unwrap();
        let notes = place.left("plugweave-compile-notes", 0o700);
        // A link in a folder that is removed leads nowhere.
        let removed = place.left(&name(5), 0o700);
        symlink(&target, removed.join("link")).unwrap();
        drop(PrivateFolder::make_in(&place.0).unwrap());
        assert!(!removed.exists());
        for kept in [&target, &open_to_others, &linked_lock, &folder_as_lock, &notes] {
            assert!(kept.join("code/modules/x").exists(), "{}", kept.display());
        }
        assert!(place.0.join(name(0)).is_symlink() && place.0.join(name(1)).is_file());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_taken_for_abandoned_before_it_is_locked_is_not_used() {
        let place = Place::new("late");
        let folder = place.left("plugweave-compile-1-0000000000000000", 0o700);
        let _lock = abandoned(&folder).unwrap();
        assert!(hold(&folder).unwrap().is_none());
        fs::remove_dir_all(&folder).unwrap();
        assert!(hold(&folder).unwrap().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_removed_lock_is_no_lock() {
        let place = Place::new("removed");
        let lock = File::create_new(place.0.join(LOCK)).unwrap();
        assert!(is_there(&lock).unwrap());
        fs::remove_file(place.0.join(LOCK)).unwrap();
        assert!(!is_there(&lock).unwrap());
    }

    #[test]
    fn many_at_once_do_not_disturb_each_other() {
        let place = Place::new("many");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..40 {
                        let folder = PrivateFolder::make_in(&place.0).unwrap();
                        fs::create_dir(folder.code()).unwrap();
                        fs::write(folder.code().join("x"), "x").unwrap();
                        std::thread::yield_now();
                        assert_eq!(fs::read(folder.code().join("x")).unwrap(), b"x");
                    }
                });
            }
        });
        sweep(&place.0);
        assert_eq!(fs::read_dir(&place.0).unwrap().count(), 0);
    }
}
