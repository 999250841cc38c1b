//! Hostile folders from seeds: checking one takes no more memory than is promised, and no longer than in proportion to
//! its size.
//!
//! Each folder is checked in a process of its own, so that what is measured is its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use plugweave::check::check_only;
use plugweave::diagnostic::{Style, render_all, write_json};
use plugweave::folder::Folder;

use super::folders_of_kinds::{Kind, allowed, any};
use super::random::number;
use super::watch;

/// How many folders are tried where nobody says otherwise: each kind twice.
const FOLDERS: u64 = 2 * Kind::ALL.len() as u64;

/// Set to the folder in the process that checks one.
const FOLDER: &str = "PLUGWEAVE_HOSTILE_FOLDER";

/// How long a folder may take, with all that is written about it. The largest take a tenth of it.
const LONGEST: Duration = Duration::from_secs(60);

/// Checks a folder, tells what is wrong in both ways, and holds the memory that it took against what it may take.
fn measure(folder: &Path) {
    let (before, start) = (watch::most_allocated(), Instant::now());
    let checked = check_only(&Folder::new(folder)).unwrap();
    let after_check = watch::most_allocated();
    let text = render_all(&checked.diagnostics, &checked.sources, Style::Plain);
    let mut json = Counted(0);
    write_json(&checked.diagnostics, &checked.sources, &mut json).unwrap();
    let (peak, problems) = (watch::most_allocated(), checked.diagnostics.len());
    let manifests = std::fs::read_dir(folder).unwrap().count();
    let most = allowed(folder, manifests + problems);
    println!(
        "measured: {} KiB for checking, {} KiB in all, of {} KiB; {problems} problems, {} bytes of text, {} of JSON; {:?}",
        after_check >> 10,
        peak >> 10,
        most >> 10,
        text.len(),
        json.0,
        start.elapsed()
    );
    assert!(peak - before <= most, "{} bytes for {}, of {most}", peak - before, folder.display());
    assert!(text.len() <= 4 << 20, "{} bytes of text", text.len());
    assert!(json.0 <= (problems + 1) * (32 << 10), "{} bytes of JSON for {problems} problems", json.0);
}

/// Counts what is written.
struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("hostile-folders").join(name)
}

/// What checks a folder alone; without one, the sample.
#[test]
fn one_folder() {
    let sample = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("manifests/workbench");
    match std::env::var_os(FOLDER) {
        Some(folder) => measure(Path::new(&folder)),
        None => println!("{}", alone(&sample())),
    }
}

/// Measures a folder in a process of its own.
fn alone(folder: &Path) -> String {
    let start = Instant::now();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["folders::one_folder", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let (ended, elapsed) = (output.status, start.elapsed());
    assert!(ended.success(), "{}: {ended}\n{told}{}", folder.display(), String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("1 passed"), "{told}");
    assert!(elapsed < LONGEST, "{} took {elapsed:?}", folder.display());
    told.lines().find_map(|line| line.split_once("measured: ")).map(|(_, rest)| rest.to_owned()).unwrap()
}

fn try_one(kind: Kind, size: usize) {
    let folder = folder(&format!("{kind:?}-{size}"));
    kind.write(&folder, size);
    println!("{kind:?} {size}: {}", alone(&folder));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn hostile_folders() {
    let first = number("PLUGWEAVE_MUTATIONS_SEED").unwrap_or(1);
    // A folder costs as much as some hundred mutations.
    let folders = number("PLUGWEAVE_MUTATIONS").map_or(FOLDERS, |mutations| (mutations / 100).max(FOLDERS));
    for seed in first..first + folders {
        let (kind, size) = any(seed);
        try_one(kind, size);
    }
}

/// Every kind at its largest; as one of the tests that take long.
#[test]
fn largest_folders() {
    if super::is_long() {
        Kind::ALL.into_iter().for_each(|kind| try_one(kind, kind.largest()));
        // As much as is parsed of such a text.
        let texts = [Kind::Newlines, Kind::Numbers, Kind::UnknownNumbers, Kind::EmptyArgs];
        texts.into_iter().for_each(|kind| try_one(kind, 399_000));
        try_one(Kind::UnknownNumbers, 798_000);
    }
}
