//! A folder on the way to another one.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;

use wasmtime_wasi::filesystem::Dir;

/// Which folder of the system a folder is. Its path may change, and others may lead to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum FolderId {
    /// Device and inode.
    #[cfg(target_os = "linux")]
    Inode(u64, u64),
    /// The one path of it without links.
    #[cfg(any(test, not(target_os = "linux")))]
    Path(PathBuf),
}

/// What has a name in a folder.
pub(super) enum Named<P> {
    Folder(P),
    /// A symbolic link, and where it leads.
    Link(PathBuf),
}

/// A folder on the way to another one, found without following links.
pub(super) trait Waypoint: Sized {
    /// Whether what is found beneath it is certainly beneath it, even if it is changed meanwhile.
    const HOLDS: bool;

    /// The root that a path begins at.
    fn root(root: PathBuf) -> io::Result<Self>;

    /// What has this name in it.
    fn enter(&self, name: &OsStr) -> io::Result<Named<Self>>;

    fn id(&self) -> FolderId;

    /// Opens it, for reading.
    fn open(self) -> io::Result<Dir>;
}

#[cfg(target_os = "linux")]
pub(super) use handles::Handle as Here;
#[cfg(not(target_os = "linux"))]
pub(super) use paths::Text as Here;

/// Folders by their open handles.
#[cfg(target_os = "linux")]
mod handles {
    use rustix::fd::OwnedFd;
    use rustix::fs::{Mode, OFlags, PROC_SUPER_MAGIC, fstat, fstatfs, open, openat, readlinkat};
    use rustix::io::Errno;
    use std::os::unix::ffi::OsStringExt;
    use wasmtime_wasi::{FsPerms, OpenMode};

    use super::{Dir, FolderId, Named, OsStr, PathBuf, Waypoint, io};

    pub(in super::super) struct Handle {
        handle: OwnedFd,
        id: FolderId,
    }

    /// A handle for look-ups alone. It needs no permission to read the folder.
    const FLAGS: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

    impl Handle {
        fn new(handle: OwnedFd) -> io::Result<Self> {
            let stat = fstat(&handle)?;
            Ok(Self { handle, id: FolderId::Inode(stat.st_dev, stat.st_ino) })
        }

        /// A link in this folder. The absolute ones of `/proc` are no paths: `/proc/1/root` reads as `/`, and leads to
        /// the root of that process, which may be another one.
        fn link(&self, target: PathBuf) -> io::Result<Named<Self>> {
            if target.is_absolute() && fstatfs(&self.handle)?.f_type == PROC_SUPER_MAGIC {
                return Err(io::Error::other("links of `/proc` to folders of processes are not followed"));
            }
            Ok(Named::Link(target))
        }
    }

    impl Waypoint for Handle {
        const HOLDS: bool = true;

        fn root(root: PathBuf) -> io::Result<Self> {
            Self::new(open(root, FLAGS, Mode::empty())?)
        }

        fn enter(&self, name: &OsStr) -> io::Result<Named<Self>> {
            match openat(&self.handle, name, FLAGS, Mode::empty()) {
                Ok(handle) => Ok(Named::Folder(Self::new(handle)?)),
                Err(error @ (Errno::NOTDIR | Errno::LOOP)) => match readlinkat(&self.handle, name, Vec::new()) {
                    Ok(target) => self.link(std::ffi::OsString::from_vec(target.into_bytes()).into()),
                    Err(_) => Err(error.into()),
                },
                Err(error) => Err(error.into()),
            }
        }

        fn id(&self) -> FolderId {
            self.id.clone()
        }

        fn open(self) -> io::Result<Dir> {
            Ok(Dir::new(self.handle.into(), FsPerms::ReadOnly, OpenMode::READ, true))
        }
    }
}

/// Folders by their paths. Between two looks at a path, anything may take its place.
#[cfg(any(test, not(target_os = "linux")))]
pub(super) mod paths {
    use wasmtime::component::ResourceTable;
    use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtxView};
    use wasmtime_wasi::p2::bindings::filesystem::preopens::Host;
    use wasmtime_wasi::{FsPerms, WasiCtx};

    use super::{Dir, FolderId, Named, OsStr, PathBuf, Waypoint, io};

    pub(in super::super) struct Text(PathBuf);

    impl Waypoint for Text {
        const HOLDS: bool = false;

        fn root(root: PathBuf) -> io::Result<Self> {
            Ok(Self(root))
        }

        fn enter(&self, name: &OsStr) -> io::Result<Named<Self>> {
            let path = self.0.join(name);
            let found = path.symlink_metadata()?.file_type();
            if found.is_symlink() {
                return Ok(Named::Link(path.read_link()?));
            }
            if !found.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            // For the spelling that the system has for it.
            Ok(Named::Folder(Self(path.canonicalize()?)))
        }

        fn id(&self) -> FolderId {
            FolderId::Path(self.0.clone())
        }

        fn open(self) -> io::Result<Dir> {
            let mut builder = WasiCtx::builder();
            builder.allow_blocking_current_thread(true);
            builder.preopened_dir(&self.0, "/", FsPerms::ReadOnly).map_err(io::Error::other)?;
            let (mut context, mut table) = (builder.build(), ResourceTable::new());
            let mut files = WasiFilesystemCtxView { ctx: context.filesystem(), table: &mut table };
            let opened = files.get_directories().map_err(io::Error::other)?.into_iter().next();
            match opened.and_then(|(handle, _)| table.delete(handle).ok()) {
                Some(Descriptor::Dir(dir)) => Ok(dir),
                _ => Err(io::Error::other("it was not opened")),
            }
        }
    }
}
