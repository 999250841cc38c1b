use std::fs;
use std::sync::Arc;
#[cfg(unix)]
use std::{cell::Cell, ffi::OsStr, io};

use super::waypoint::paths::Text;
#[cfg(unix)]
use super::waypoint::{Named, Waypoint};
use super::*;

/// A folder of a test, which is removed with it.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        let name = format!("plugweave-folders-{name}-{}", std::process::id());
        let root = std::env::temp_dir().canonicalize().unwrap().join(name);
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        Self(root)
    }

    fn folder(&self, path: &str) -> &Self {
        fs::create_dir_all(self.0.join(path)).unwrap();
        self
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn dir(host: &str, access: Access) -> DirGrant {
    DirGrant { host: host.to_owned(), guest: format!("/{host}"), access }
}

/// What each plugin is granted, or why not.
fn opened(base: &Path, plugins: &[(&str, &[DirGrant])]) -> (Folders, Vec<Result<Vec<GrantedFolder>, String>>) {
    let ids: Vec<PluginId> = plugins.iter().map(|(id, _)| PluginId::parse(id).unwrap()).collect();
    let folders = Folders::open(base, ids.iter().zip(plugins).map(|(id, (_, dirs))| (id, *dirs)));
    let granted = (0..plugins.len()).map(|plugin| folders.of(PluginIndex(plugin))).collect();
    (folders, granted)
}

#[test]
fn a_folder_is_opened_once_for_all() {
    let place = Temporary::new("once");
    place.folder("a");
    let absolute = place.0.join("a");
    let absolute = absolute.to_str().unwrap();
    let (_, granted) = opened(
        &place.0,
        &[
            ("p", &[dir("a", Access::Read), dir(absolute, Access::Read)]),
            ("q", &[dir("a", Access::ReadWrite)]),
            ("r", &[]),
        ],
    );
    let granted: Vec<_> = granted.into_iter().map(Result::unwrap).collect();
    assert!(granted[2].is_empty());
    let first = &granted[0][0].dir;
    for other in [&granted[0][1].dir, &granted[1][0].dir] {
        assert!(Arc::ptr_eq(&first.dir, &other.dir));
    }
    let allowed = |folder: &GrantedFolder| (folder.dir.perms, folder.dir.open_mode);
    assert_eq!(allowed(&granted[0][0]), (FsPerms::ReadOnly, OpenMode::READ));
    assert_eq!(allowed(&granted[1][0]), (FsPerms::ReadWrite, OpenMode::READ | OpenMode::WRITE));
}

#[test]
fn what_is_missing_is_tried_again_and_what_is_open_is_kept() {
    let place = Temporary::new("missing");
    fs::write(place.0.join("file"), "").unwrap();
    let granted = [dir("a", Access::Read), dir("b", Access::ReadWrite)];
    let (folders, told) = opened(&place.0, &[("p", &granted), ("q", &[dir("file", Access::Read)])]);
    assert_eq!(told[0].as_ref().err().unwrap(), "the folder `a` cannot be opened: there is no such folder");
    assert_eq!(told[1].as_ref().err().unwrap(), "the folder `file` cannot be opened: it is not a folder");
    place.folder("a");
    let told = folders.of(PluginIndex(0)).err().unwrap();
    assert_eq!(told, "the folder `b` cannot be opened: there is no such folder");
    place.folder("b");
    let first = folders.of(PluginIndex(0)).ok().unwrap();
    fs::remove_dir(place.0.join("a")).unwrap();
    let second = folders.of(PluginIndex(0)).ok().unwrap();
    assert!(Arc::ptr_eq(&first[0].dir.dir, &second[0].dir.dir));
    // A relative path leads nowhere, rather than to the folder that the process is in.
    let (_, told) = opened(Path::new(""), &[("p", &[dir("src", Access::Read)])]);
    assert!(told[0].as_ref().err().unwrap().contains("not absolute"));
}

#[cfg(unix)]
thread_local! {
    /// Whether the next look at a folder `data` fails.
    static NO_DESCRIPTOR: Cell<bool> = const { Cell::new(false) };
}

/// The process has no descriptor left for one moment.
#[cfg(unix)]
struct Failing(Here);

#[cfg(unix)]
impl Waypoint for Failing {
    const HOLDS: bool = Here::HOLDS;

    fn root(root: PathBuf) -> io::Result<Self> {
        Here::root(root).map(Self)
    }

    fn enter(&self, name: &OsStr) -> io::Result<Named<Self>> {
        if name == "data" && NO_DESCRIPTOR.take() {
            return Err(rustix::io::Errno::MFILE.into());
        }
        self.0.enter(name).map(|found| match found {
            Named::Folder(folder) => Named::Folder(Self(folder)),
            Named::Link(target) => Named::Link(target),
        })
    }

    fn id(&self) -> FolderId {
        self.0.id()
    }

    fn open(self) -> io::Result<Dir> {
        self.0.open()
    }
}

#[test]
#[cfg(unix)]
fn links_in_a_folder_that_could_not_be_opened_are_not_followed() {
    let place = Temporary::new("failing");
    place.folder("real/data").folder("secret");
    let link = |target: &str, path: &str| std::os::unix::fs::symlink(target, place.0.join(path)).unwrap();
    link("real", "app");
    link("../../secret", "real/data/cache");
    for base in ["real", "app"] {
        let mut folders = described(&place.0.join(base), &[("data", Some("p")), ("data/cache", None)]);
        NO_DESCRIPTOR.set(true);
        settle::<Failing>(&place.0, &mut folders);
        let told: Vec<String> = folders.into_iter().map(|folder| state(folder).unwrap_err()).collect();
        assert!(told[0].starts_with("Too many open files"), "{}", told[0]);
        let doubt =
            "is a symbolic link and is not followed as long as `data` cannot be opened, which plugin `p` may write";
        assert!(told[1].ends_with(doubt), "{}", told[1]);
    }
}

fn described(base: &Path, grants: &[(&str, Option<&str>)]) -> Vec<HostFolder> {
    let folder = |(host, writer): &(&str, Option<&str>)| HostFolder {
        path: base.join(host),
        written: (*host).to_owned(),
        writer: writer.map(|id| PluginId::parse(id).unwrap()),
        state: State::Not(String::new()),
    };
    grants.iter().map(folder).collect()
}

fn state(folder: HostFolder) -> Result<(), String> {
    match folder.state {
        State::Open(..) => Ok(()),
        State::Not(why) => Err(why),
    }
}

/// As on systems where folders cannot be found beneath open ones.
fn opened_by_path(base: &Path, grants: &[(&str, Option<&str>)]) -> Vec<Result<(), String>> {
    let mut folders = described(base, grants);
    settle::<Text>(base, &mut folders);
    folders.into_iter().map(state).collect()
}

#[test]
fn by_their_paths_nested_folders_are_refused() {
    let place = Temporary::new("paths");
    place.folder("data/cache").folder("other/sub");
    let told = opened_by_path(
        &place.0,
        &[("data/cache", None), ("data", Some("p")), ("other", None), ("other/sub", Some("q")), ("none", None)],
    );
    let refused = "`data/cache` may have been replaced, which cannot be ruled out on this system, in a folder that \
                   plugin `p` may write (`data`), so that it could lead anywhere; grant a folder that is not beneath it";
    assert_eq!(told, [Err(refused.to_owned()), Ok(()), Ok(()), Ok(()), Err("there is no such folder".to_owned())]);
}

#[test]
#[cfg(unix)]
fn by_their_paths_links_are_judged_as_well() {
    let place = Temporary::new("path-links");
    place.folder("data").folder("secret");
    let link = |target: &str, path: &str| std::os::unix::fs::symlink(target, place.0.join(path)).unwrap();
    link("../secret", "data/cache");
    link("data/cache", "through");
    link("data", "same");
    let told = opened_by_path(&place.0, &[("data/cache", Some("p")), ("through", None), ("same", Some("q"))]);
    assert_eq!(told[2], Ok(()));
    for told in &told[..2] {
        let told = told.as_ref().unwrap_err();
        assert!(told.starts_with("`data/cache` is a symbolic link in a folder that plugin `q` may write"), "{told}");
    }
    // Without that grant, no plugin may write the folder that they are in.
    assert_eq!(opened_by_path(&place.0, &[("data/cache", Some("p")), ("through", None)]), [Ok(()), Ok(())]);
}

#[test]
#[cfg(target_os = "linux")]
fn links_of_processes_are_not_followed() {
    let place = Temporary::new("proc");
    // That one is a path, and relative.
    let granted = [dir("/proc/self", Access::Read)];
    let (_, told) = opened(&place.0, &[("p", &granted), ("q", &[dir("/proc/self/root/tmp", Access::Read)])]);
    assert!(told[0].is_ok());
    let told = told[1].as_ref().err().unwrap();
    assert!(told.ends_with("links of `/proc` to folders of processes are not followed"), "{told}");
}

#[test]
#[cfg(unix)]
fn links_that_lead_in_a_ring_end() {
    let place = Temporary::new("ring");
    let link = |target: &str, path: &str| std::os::unix::fs::symlink(target, place.0.join(path)).unwrap();
    link("b", "a");
    link("a", "b");
    let (_, told) = opened(&place.0, &[("p", &[dir("a", Access::Read)])]);
    assert!(told[0].as_ref().err().unwrap().ends_with("there are too many symbolic links on the way"));
    // `..` is what is above where the link leads to, and nothing is above the root.
    place.folder("x/y").folder("x/z");
    link("x/y", "c");
    let (_, told) = opened(&place.0, &[("p", &[dir("c/../z", Access::Read), dir("/../../..", Access::Read)])]);
    assert_eq!(told[0].as_ref().ok().unwrap().len(), 2);
}
