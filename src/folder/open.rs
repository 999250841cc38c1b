//! Opening files: never waiting for one, and looking at what was opened rather than at its path.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use crate::files::ReadError;

use super::tell;
use super::walk::path_within;

/// The bytes of a regular file, which may be so many.
pub(super) fn read(file: File, limit: u64) -> Result<Vec<u8>, ReadError> {
    let metadata = file.metadata().map_err(|error| tell(&error))?;
    check_kind(&metadata)?;
    ReadError::check_size(metadata.len(), limit)?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // It may grow meanwhile, and what is no file on a disk may tell any size.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => "not a file that can be read without waiting".to_owned(),
        _ => tell(&error),
    })?;
    if u64::try_from(bytes.len()).is_ok_and(|size| size <= limit) {
        Ok(bytes)
    } else {
        Err(ReadError::TooLarge { size: None, limit })
    }
}

/// Reading a pipe or a device could last for ever.
fn check_kind(metadata: &Metadata) -> Result<(), ReadError> {
    if metadata.is_file() { Ok(()) } else { Err("not a regular file".to_owned().into()) }
}

/// Opens a file wherever it lies.
pub(super) fn anywhere(path: &Path) -> Result<File, ReadError> {
    // Opening some devices has an effect already, so that the path is looked at first. What it leads to by then is
    // looked at again once it is open.
    check_kind(&path.metadata().map_err(|error| tell(&error))?)?;
    options().open(path).map_err(|error| tell(&error).into())
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(i32::try_from(flags().bits()).unwrap_or_default());
    }
    options
}

/// A pipe without a writer is opened at once, and no terminal becomes that of the process.
#[cfg(unix)]
fn flags() -> rustix::fs::OFlags {
    use rustix::fs::OFlags;
    OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC
}

/// Opens a file that really lies in a folder. `real` is the folder without links on the way to it, `path` what
/// leads to the file: from there, or absolute.
pub(super) fn within(real: &Path, path: &Path) -> Result<File, ReadError> {
    beneath(real, path)?.map_or_else(|| within_by_path(real, path), Ok)
}

/// Opens what really lies in a folder, if the system can be asked for that.
#[cfg(target_os = "linux")]
fn beneath(real: &Path, path: &Path) -> Result<Option<File>, ReadError> {
    use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, openat2};
    use rustix::io::Errno;

    let folder = File::open(real).map_err(|error| tell(&error))?;
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let open = |path: &Path, resolve: ResolveFlags| {
        let resolve = resolve | ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        // As in `anywhere`: some devices must not be opened at all, and sockets cannot be.
        let looked_at = openat2(&folder, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), resolve)?;
        let kind = FileType::from_raw_mode(fstat(&looked_at)?.st_mode);
        if !matches!(kind, FileType::RegularFile | FileType::Directory) {
            return Err(Errno::NXIO);
        }
        openat2(&folder, path, flags() | OFlags::RDONLY, Mode::empty(), resolve)
    };
    let opened = match patiently(|| open(path, ResolveFlags::empty())) {
        // The way leaves the folder, and may come back to it, as by a link with an absolute path. Or it goes in circles.
        Err(Errno::XDEV | Errno::LOOP) => {
            let place = path_within(real, path)?;
            let place = if place.as_os_str().is_empty() { Path::new(".") } else { &place };
            patiently(|| open(place, ResolveFlags::NO_SYMLINKS))
        }
        other => other,
    };
    match opened {
        Ok(file) => Ok(Some(file.into())),
        Err(Errno::XDEV | Errno::LOOP) => Err(ReadError::Outside),
        Err(Errno::NXIO) => Err("not a regular file".to_owned().into()),
        // Not there before Linux 5.6, and refused by some sandboxes.
        Err(Errno::NOSYS | Errno::PERM) => Ok(None),
        Err(error) => Err(tell(&error.into()).into()),
    }
}

/// Asks again where Linux could not tell whether a path with `..` stays in the folder, because files were renamed
/// meanwhile, anywhere.
#[cfg(target_os = "linux")]
fn patiently<T>(mut open: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    const TRIES: usize = 1000;
    let mut again = || Some(open()).filter(|opened| !matches!(opened, Err(rustix::io::Errno::AGAIN)));
    (0..TRIES).find_map(|_| again()).unwrap_or(Err(rustix::io::Errno::AGAIN))
}

#[cfg(not(target_os = "linux"))]
fn beneath(_: &Path, _: &Path) -> Result<Option<File>, ReadError> {
    Ok(None)
}

/// The names of what lies in a folder, wherever that lies; `None` when it is no folder.
pub(super) fn names_anywhere(path: &Path) -> Result<Option<Vec<OsString>>, ReadError> {
    if !path.is_dir() {
        return Ok(None);
    }
    let entries = path.read_dir().map_err(|error| tell(&error))?;
    let names = entries.map(|entry| Ok(entry.map_err(|error| tell(&error))?.file_name()));
    names.collect::<Result<_, ReadError>>().map(Some)
}

/// The names of what lies in a folder that really lies in another; `None` when it is no folder.
pub(super) fn names_within(real: &Path, path: &Path) -> Result<Option<Vec<OsString>>, ReadError> {
    #[cfg(target_os = "linux")]
    if let Some(folder) = beneath(real, path)? {
        return names_of(folder);
    }
    let place = path_within(real, path)?;
    let names = names_anywhere(&real.join(&place))?;
    if path_within(real, path)? == place { Ok(names) } else { Err(ReadError::Outside) }
}

/// The names of what lies in an open folder; `None` when it is no folder.
#[cfg(target_os = "linux")]
fn names_of(folder: File) -> Result<Option<Vec<OsString>>, ReadError> {
    use std::os::unix::ffi::OsStringExt;

    if !folder.metadata().map_err(|error| tell(&error))?.is_dir() {
        return Ok(None);
    }
    let told = |error: rustix::io::Errno| ReadError::from(tell(&error.into()));
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::new(folder).map_err(told)? {
        let name = entry.map_err(told)?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(OsString::from_vec(name));
        }
    }
    Ok(Some(names))
}

/// As [`within`], where the system cannot be asked for it: the path without its links is opened, and must lead to
/// the same place afterwards.
fn within_by_path(real: &Path, path: &Path) -> Result<File, ReadError> {
    let place = path_within(real, path)?;
    let file = anywhere(&real.join(&place))?;
    if path_within(real, path)? == place { Ok(file) } else { Err(ReadError::Outside) }
}
