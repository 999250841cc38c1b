//! The way to a file, gone without looking at anything outside the folder.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::files::ReadError;

use super::tell;

/// Most links on the way to a file, as on Linux.
const MAX_LINKS: usize = 40;

/// Most bytes of a path, as on Linux.
const MAX_PATH: usize = 4096;

/// The real place of a file, from the folder that it lies in. `real` is the folder without links on the way to it. The
/// way may lead through the folders that hold this one, and through nothing else outside: whether that exists is not
/// looked at.
pub(super) fn path_within(real: &Path, path: &Path) -> Result<PathBuf, ReadError> {
    if path.as_os_str().len() > MAX_PATH {
        return Err("its path is too long".to_owned().into());
    }
    let mut walk = Walk { real, at: real.to_owned(), is_folder: true, links: 0, rest: parts(path).collect() };
    while let Some(part) = walk.rest.pop_front() {
        walk.step(part)?;
    }
    walk.at.strip_prefix(real).map(Path::to_owned).map_err(|_| ReadError::Outside)
}

/// A part of a path.
enum Part {
    /// Where an absolute path begins.
    Start(OsString),
    Up,
    Name(OsString),
}

fn parts(path: &Path) -> impl DoubleEndedIterator<Item = Part> {
    path.components().filter_map(|part| match part {
        Component::Prefix(_) | Component::RootDir => Some(Part::Start(part.as_os_str().to_owned())),
        Component::CurDir => None,
        Component::ParentDir => Some(Part::Up),
        Component::Normal(name) => Some(Part::Name(name.to_owned())),
    })
}

struct Walk<'a> {
    real: &'a Path,
    /// Where the walk is: in the folder, or in one that holds it.
    at: PathBuf,
    is_folder: bool,
    links: usize,
    rest: VecDeque<Part>,
}

impl Walk<'_> {
    fn step(&mut self, part: Part) -> Result<(), ReadError> {
        match part {
            Part::Start(start) => self.at.push(start),
            _ if !self.is_folder => return Err("not a folder".to_owned().into()),
            Part::Up => {
                self.at.pop();
            }
            Part::Name(name) => return self.enter(&name),
        }
        self.is_folder = true;
        Ok(())
    }

    fn enter(&mut self, name: &OsString) -> Result<(), ReadError> {
        let next = self.at.join(name);
        if !self.at.starts_with(self.real) {
            // None of these is a link.
            if !self.real.starts_with(&next) {
                return Err(ReadError::Outside);
            }
            self.at = next;
            return Ok(());
        }
        let metadata = fs::symlink_metadata(&next).map_err(|error| tell(&error))?;
        if !metadata.is_symlink() {
            (self.at, self.is_folder) = (next, metadata.is_dir());
            return Ok(());
        }
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err("too many links lead to it, or they lead in a circle".to_owned().into());
        }
        let target = fs::read_link(&next).map_err(|error| tell(&error))?;
        for part in parts(&target).rev() {
            self.rest.push_front(part);
        }
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_way_may_pass_only_what_holds_the_folder() {
        let place = std::env::temp_dir().join(format!("plugweave-walk-{}", std::process::id()));
        let app = place.join("app");
        fs::create_dir_all(app.join("sub")).unwrap();
        fs::create_dir_all(place.join("there")).unwrap();
        let app = app.canonicalize().unwrap();
        fs::write(app.join("a"), "").unwrap();
        symlink("../app/sub/../a", app.join("link")).unwrap();
        symlink("circle", app.join("circle")).unwrap();
        symlink("/nowhere", app.join("out")).unwrap();
        let told = |path: &str| {
            let place = path_within(&app, Path::new(path));
            place.map_or_else(|error| error.to_string(), |place| place.to_str().unwrap().to_owned())
        };
        let absolute = app.join("a");
        for path in ["a", "./a", "sub/../a", "../app/a", "link", absolute.to_str().unwrap()] {
            assert_eq!(told(path), "a", "{path}");
        }
        assert_eq!([told(""), told("sub/..")], ["", ""]);
        for path in ["..", "../there/../app/a", "../gone/../app/a", "out", "out/../a", "/", "/dev/../a"] {
            assert_eq!(told(path), ReadError::Outside.to_string(), "{path}");
        }
        assert_eq!([told("a/.."), told("a/b")], ["not a folder"; 2]);
        assert_eq!([told("gone"), told("../app/gone")], ["no such file or folder"; 2]);
        assert!(told("circle").ends_with("in a circle") && told(&"a/".repeat(4096)).ends_with("too long"));
        fs::remove_dir_all(place).unwrap();
    }
}
