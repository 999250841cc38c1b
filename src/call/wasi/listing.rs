//! Reading a folder entry by entry. `wasmtime-wasi` reads all of it when it is opened, so that a folder with a
//! million entries takes hundreds of megabytes of the host, for each stream over it.

use std::io;

use rustix::fs::{AtFlags, Dir as Entries, DirEntry, FileType, Mode, OFlags, openat, statat};
use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{DescriptorType, DirectoryEntry, DirectoryEntryStream};
use wasmtime_wasi::p2::{FsError, FsResult};

/// What the table of resources holds for a stream, in place of what `wasmtime-wasi` would put there.
struct Listing(Entries);

/// Where the table holds the listing of a stream.
fn listing(stream: &Resource<DirectoryEntryStream>, owned: bool) -> Resource<Listing> {
    if owned { Resource::new_own(stream.rep()) } else { Resource::new_borrow(stream.rep()) }
}

/// Opens a stream over the entries of a folder. It keeps one file open.
pub(super) fn open(
    table: &mut ResourceTable,
    folder: &Resource<Descriptor>,
) -> FsResult<Resource<DirectoryEntryStream>> {
    let Descriptor::Dir(dir) = table.get(folder)? else { return Err(ErrorCode::NotDirectory.into()) };
    // The folder's own handle may be for look-ups alone, and each stream needs a position of its own.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = openat(&*dir.dir, ".", flags, Mode::empty()).and_then(Entries::new).map_err(failed)?;
    Ok(Resource::new_own(table.push(Listing(opened))?.rep()))
}

/// The next entry; nothing at the end.
pub(super) fn next(
    table: &mut ResourceTable,
    stream: &Resource<DirectoryEntryStream>,
) -> FsResult<Option<DirectoryEntry>> {
    let Listing(entries) = table.get_mut(&listing(stream, false))?;
    while let Some(entry) = entries.read() {
        let entry = entry.map_err(failed)?;
        if matches!(entry.file_name().to_bytes(), b"." | b"..") {
            continue;
        }
        let type_ = descriptor_type(file_type(entries, &entry)?);
        let name = entry.file_name().to_str().map_err(|_| ErrorCode::IllegalByteSequence)?.to_owned();
        return Ok(Some(DirectoryEntry { type_, name }));
    }
    Ok(None)
}

/// Closes a stream.
pub(super) fn close(table: &mut ResourceTable, stream: &Resource<DirectoryEntryStream>) -> Result<()> {
    table.delete(listing(stream, true))?;
    Ok(())
}

fn failed(error: rustix::io::Errno) -> FsError {
    io::Error::from(error).into()
}

/// Most file systems say with the entry what it is.
fn file_type(entries: &Entries, entry: &DirEntry) -> FsResult<FileType> {
    match entry.file_type() {
        FileType::Unknown => {
            let folder = entries.fd().map_err(failed)?;
            let stat = statat(folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
            Ok(FileType::from_raw_mode(stat.st_mode))
        }
        known => Ok(known),
    }
}

/// As `wasmtime-wasi` tells them.
fn descriptor_type(kind: FileType) -> DescriptorType {
    match kind {
        FileType::Directory => DescriptorType::Directory,
        FileType::RegularFile => DescriptorType::RegularFile,
        FileType::Symlink => DescriptorType::SymbolicLink,
        FileType::BlockDevice => DescriptorType::BlockDevice,
        FileType::CharacterDevice => DescriptorType::CharacterDevice,
        FileType::Fifo | FileType::Socket | FileType::Unknown => DescriptorType::Unknown,
    }
}
