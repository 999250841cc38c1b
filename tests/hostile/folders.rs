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

/// A section of a binary.
fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id][..], &number_of(content.len()), content].concat()
}

/// A number as binaries have it.
fn number_of(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

/// So many of the same, with their number in front.
fn many(count: usize, one: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    [number_of(count), (0..count).flat_map(one).collect()].concat()
}

/// Measures a plugin with this binary, and WIT for it, so many times.
fn try_binary(name: &str, binary: &[u8], wit: Option<&str>, times: usize) {
    let folder = folder(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for number in 0..times {
        std::fs::write(folder.join(format!("p{number}.wasm")), binary).unwrap();
        let mut manifest = format!("[plugin]\ncomponent = 'p{number}.wasm'\n");
        if let Some(wit) = wit {
            std::fs::write(folder.join(format!("p{number}.wit")), wit).unwrap();
            manifest += &format!("wit = 'p{number}.wit'\nworld = 'w'\n");
        }
        std::fs::write(folder.join(format!("p{number}.toml")), manifest).unwrap();
    }
    println!("{name}: {}", alone(&folder));
    std::fs::remove_dir_all(folder).unwrap();
}

const MODULE: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const NO_WIT: &str = "package a:b;\nworld w {}\n";

/// The encoder copies what it is given: these took up to 7 times their bytes.
#[test]
fn large_core_modules() {
    let custom = section(0, &[&b"\x01x"[..], &vec![0; 40 << 20]].concat());
    try_binary("core-custom", &[MODULE, &custom].concat(), Some(NO_WIT), 1);
    let segment = [&b"\x01\0\x41\0\x0b"[..], &number_of(40 << 20), &vec![0; 40 << 20]].concat();
    let data = [section(5, b"\x01\0\xe8\x07"), section(11, &segment)].concat();
    try_binary("core-data", &[MODULE, &data].concat(), Some(NO_WIT), 1);
    let exports = many(199_000, |at| [&b"\x06"[..], format!("e{at:05x}").as_bytes(), &b"\0\0"[..]].concat());
    let module =
        [section(1, b"\x01\x60\0\0"), section(3, b"\x01\0"), section(7, &exports), section(10, b"\x01\x02\0\x0b")];
    try_binary("core-exports", &[MODULE, &module.concat()].concat(), Some(NO_WIT), 1);
}

/// Two bytes of a file, and hundreds of memory.
#[test]
fn many_declarations() {
    for (name, one) in
        [("lists", &b"\x70\x7d"[..]), ("types", b"\x7d"), ("components", b"\x41\0"), ("instances", b"\x42\0")]
    {
        let types = section(7, &many(900_000, |_| one.to_vec()));
        try_binary(name, &[COMPONENT, &types].concat(), None, 1);
        // Within the limits, and several at once.
        let types = section(7, &many(57_000, |_| one.to_vec()));
        try_binary(&format!("several-{name}"), &[COMPONENT, &types].concat(), None, 8);
    }
    // A thousand imports of an instance with a thousand resources.
    let resource = |at: usize| [&b"\x04\0\x04"[..], format!("f{at:03x}").as_bytes(), b"\x03\x01"].concat();
    let instance = [&b"\x01\x42"[..], &many(1_000, resource)].concat();
    let import = |at: usize| [&b"\0\x08a:b/i"[..], format!("{at:03x}").as_bytes(), b"\x05\0"].concat();
    for (name, imports) in [("resources", 990), ("few-resources", 55)] {
        let sections = [section(7, &instance), section(10, &many(imports, import))].concat();
        try_binary(name, &[COMPONENT, &sections].concat(), None, 1);
    }
}

/// WIT takes a hundred times its bytes.
#[test]
fn much_wit() {
    let wit = |count: usize, one: fn(usize) -> String, world: &str| {
        let items: String = (0..count).map(one).collect();
        format!("package a:b;\ninterface i {{ {items} }}\nworld w {{ {world} }}\n")
    };
    let function = |at| format!("f{at:05}: func(a: u32, b: string);\n");
    let ty = |at| format!("type t{at:x}=u8;");
    try_binary("wit-functions", MODULE, Some(&wit(100_000, function, "")), 1);
    try_binary("wit-types", MODULE, Some(&wit(75_000, ty, "export i;")), 1);
    // Within the limits, and several at once.
    try_binary("wit-several", MODULE, Some(&wit(12_000, ty, "export i;")), 4);
}
