//! Files, below the directories that the host has opened.

use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, NewTimestamp, OpenFlags, PathFlags};

use crate::exports::probe::wasi::probe::Change;
use crate::streams;

type Done<T = ()> = Result<T, String>;

/// Links are followed: leaving the directory must not be possible that way either.
const FOLLOW: PathFlags = PathFlags::SYMLINK_FOLLOW;

/// The guest's paths of the directories.
pub fn dirs() -> Vec<String> {
    get_directories().into_iter().map(|(_, path)| path).collect()
}

/// The text of a file.
pub fn read(dir: &str, path: &str) -> Done<String> {
    let file = open(dir)?.open_at(FOLLOW, path, OpenFlags::empty(), DescriptorFlags::READ).map_err(name)?;
    // Reading tells of a directory, which can be opened like a file.
    let (bytes, _) = file.read(1 << 20, 0).map_err(name)?;
    Ok(streams::text(bytes))
}

/// The names in a directory, sorted.
pub fn list(dir: &str, path: &str) -> Done<Vec<String>> {
    let flags = DescriptorFlags::READ;
    let dir = open(dir)?.open_at(FOLLOW, path, OpenFlags::DIRECTORY, flags).map_err(name)?;
    let entries = dir.read_directory().map_err(name)?;
    let mut names = Vec::new();
    while let Some(entry) = entries.read_directory_entry().map_err(name)? {
        names.push(entry.name);
    }
    names.sort();
    Ok(names)
}

/// Changes something below a directory.
pub fn apply(dir: &str, what: &Change) -> Done {
    let dir = open(dir)?;
    match what {
        Change::Write((path, text)) => write(&dir, path, OpenFlags::CREATE | OpenFlags::TRUNCATE, text),
        Change::Append((path, text)) => append(&dir, path, text),
        Change::Truncate(path) => writable(&dir, path, OpenFlags::empty()).and_then(|file| file.set_size(0)),
        Change::Touch(path) => dir.set_times_at(FOLLOW, path, NewTimestamp::Now, NewTimestamp::Now),
        Change::RemoveFile(path) => dir.unlink_file_at(path),
        Change::CreateDir(path) => dir.create_directory_at(path),
        Change::RemoveDir(path) => dir.remove_directory_at(path),
        Change::Rename((from, to)) => dir.rename_at(from, &dir, to),
        Change::Link((from, to)) => dir.link_at(PathFlags::empty(), from, &dir, to),
        Change::Symlink((target, path)) => dir.symlink_at(target, path),
    }
    .map_err(name)
}

fn writable(dir: &Descriptor, path: &str, flags: OpenFlags) -> Result<Descriptor, ErrorCode> {
    dir.open_at(FOLLOW, path, flags, DescriptorFlags::WRITE)
}

fn write(dir: &Descriptor, path: &str, flags: OpenFlags, text: &str) -> Result<(), ErrorCode> {
    writable(dir, path, flags)?.write(text.as_bytes(), 0).map(|_| ())
}

fn append(dir: &Descriptor, path: &str, text: &str) -> Result<(), ErrorCode> {
    let file = writable(dir, path, OpenFlags::empty())?;
    file.write(text.as_bytes(), file.stat()?.size).map(|_| ())
}

fn open(dir: &str) -> Done<Descriptor> {
    let found = get_directories().into_iter().find(|(_, path)| path == dir);
    found.map(|(descriptor, _)| descriptor).ok_or_else(|| format!("no directory {dir}"))
}

fn name(code: ErrorCode) -> String {
    code.name().to_owned()
}
