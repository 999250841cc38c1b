//! `wasi:filesystem/types`: what is opened is counted, all else is passed on.

use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::WasiFilesystemCtxView;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode as Refusal;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{
    Advice, Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, DirectoryEntryStream,
    ErrorCode, Filesize, Host, HostDescriptor, HostDirectoryEntryStream, MetadataHashValue, NewTimestamp, OpenFlags,
    PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};

use super::open_files::{Full, Stream};
use super::{Face, pass_on};

// WASI has no error code for too many open files. `open` may fail with this one, and it does not ask the guest to free
// disk space, as `quota` and `insufficient-space` do.
fn too_many(_: Full) -> FsError {
    Refusal::InsufficientMemory.into()
}

impl Face<'_> {
    /// Opens a stream over a file, where there is room for it.
    fn stream_over<T: 'static>(
        &mut self,
        stream: Stream,
        file: Resource<Descriptor>,
        open: impl FnOnce(&mut WasiFilesystemCtxView<'_>, Resource<Descriptor>) -> FsResult<Resource<T>>,
    ) -> FsResult<Resource<T>> {
        let of = file.rep();
        self.open.room_for(stream, of).map_err(too_many)?;
        let opened = open(&mut self.files(), file)?;
        self.open.streams(stream, opened.rep(), of);
        Ok(opened)
    }
}

impl Host for Face<'_> {
    pass_on! { files as Host:
        convert_error_code(error: FsError) -> Result<ErrorCode>;
        filesystem_error_code(error: Resource<wasmtime::Error>) -> Result<Option<ErrorCode>>;
    }
}

impl HostDescriptor for Face<'_> {
    fn open_at(
        &mut self,
        folder: Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        // Before it is opened: it may be created thereby, or emptied.
        self.open.room().map_err(too_many)?;
        let opened = HostDescriptor::open_at(&mut self.files(), folder, path_flags, path, open_flags, flags)?;
        self.open.opened(opened.rep());
        Ok(opened)
    }

    fn read_directory(&mut self, folder: Resource<Descriptor>) -> FsResult<Resource<DirectoryEntryStream>> {
        self.open.room().map_err(too_many)?;
        #[cfg(unix)]
        let opened = super::listing::open(self.table, &folder)?;
        #[cfg(not(unix))]
        let opened = HostDescriptor::read_directory(&mut self.files(), folder)?;
        self.open.opened(opened.rep());
        Ok(opened)
    }

    fn read_via_stream(&mut self, file: Resource<Descriptor>, offset: Filesize) -> FsResult<Resource<DynInputStream>> {
        self.stream_over(Stream::Read, file, |files, file| HostDescriptor::read_via_stream(files, file, offset))
    }

    fn write_via_stream(
        &mut self,
        file: Resource<Descriptor>,
        offset: Filesize,
    ) -> FsResult<Resource<DynOutputStream>> {
        self.stream_over(Stream::Write, file, |files, file| HostDescriptor::write_via_stream(files, file, offset))
    }

    fn append_via_stream(&mut self, file: Resource<Descriptor>) -> FsResult<Resource<DynOutputStream>> {
        self.stream_over(Stream::Write, file, |files, file| HostDescriptor::append_via_stream(files, file))
    }

    fn drop(&mut self, descriptor: Resource<Descriptor>) -> Result<()> {
        let handle = descriptor.rep();
        HostDescriptor::drop(&mut self.files(), descriptor)?;
        self.open.closed(handle);
        Ok(())
    }

    pass_on! { files as HostDescriptor:
        advise(file: Resource<Descriptor>, offset: Filesize, length: Filesize, advice: Advice) -> FsResult<()>;
        sync_data(descriptor: Resource<Descriptor>) -> FsResult<()>;
        get_flags(descriptor: Resource<Descriptor>) -> FsResult<DescriptorFlags>;
        get_type(descriptor: Resource<Descriptor>) -> FsResult<DescriptorType>;
        set_size(file: Resource<Descriptor>, size: Filesize) -> FsResult<()>;
        set_times(descriptor: Resource<Descriptor>, access: NewTimestamp, change: NewTimestamp) -> FsResult<()>;
        read(file: Resource<Descriptor>, length: Filesize, offset: Filesize) -> FsResult<(Vec<u8>, bool)>;
        write(file: Resource<Descriptor>, bytes: Vec<u8>, offset: Filesize) -> FsResult<Filesize>;
        sync(descriptor: Resource<Descriptor>) -> FsResult<()>;
        create_directory_at(folder: Resource<Descriptor>, path: String) -> FsResult<()>;
        stat(descriptor: Resource<Descriptor>) -> FsResult<DescriptorStat>;
        stat_at(folder: Resource<Descriptor>, flags: PathFlags, path: String) -> FsResult<DescriptorStat>;
        set_times_at(
            folder: Resource<Descriptor>, flags: PathFlags, path: String, access: NewTimestamp, change: NewTimestamp
        ) -> FsResult<()>;
        link_at(
            folder: Resource<Descriptor>, flags: PathFlags, path: String, to: Resource<Descriptor>, name: String
        ) -> FsResult<()>;
        readlink_at(folder: Resource<Descriptor>, path: String) -> FsResult<String>;
        remove_directory_at(folder: Resource<Descriptor>, path: String) -> FsResult<()>;
        rename_at(
            folder: Resource<Descriptor>, path: String, to: Resource<Descriptor>, name: String
        ) -> FsResult<()>;
        symlink_at(folder: Resource<Descriptor>, target: String, path: String) -> FsResult<()>;
        unlink_file_at(folder: Resource<Descriptor>, path: String) -> FsResult<()>;
        is_same_object(one: Resource<Descriptor>, other: Resource<Descriptor>) -> Result<bool>;
        metadata_hash(descriptor: Resource<Descriptor>) -> FsResult<MetadataHashValue>;
        metadata_hash_at(
            folder: Resource<Descriptor>, flags: PathFlags, path: String
        ) -> FsResult<MetadataHashValue>;
    }
}

impl HostDirectoryEntryStream for Face<'_> {
    #[cfg(unix)]
    fn read_directory_entry(&mut self, stream: Resource<DirectoryEntryStream>) -> FsResult<Option<DirectoryEntry>> {
        super::listing::next(self.table, &stream)
    }

    #[cfg(not(unix))]
    pass_on! { files as HostDirectoryEntryStream:
        read_directory_entry(stream: Resource<DirectoryEntryStream>) -> FsResult<Option<DirectoryEntry>>;
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> Result<()> {
        let handle = stream.rep();
        #[cfg(unix)]
        super::listing::close(self.table, &stream)?;
        #[cfg(not(unix))]
        HostDirectoryEntryStream::drop(&mut self.files(), stream)?;
        self.open.closed(handle);
        Ok(())
    }
}
