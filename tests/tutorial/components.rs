//! Components that were built from the sources in the tutorial, for machines that cannot build them.
//!
//! They are in `components/`. Its `index.txt` has a line for each build of each plugin: the SHA-256 of
//! its sources, its name, and the file that came out, whose name ends in the first digits of its own
//! SHA-256. Sources are all files that the build may read, with the command. So a component
//! that was built from anything else than what stands in the tutorial is not found.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

const TARGET: &str = "wasm32-unknown-unknown";

const HEADER: &str = "\
# What docs/tutorial.md builds: the SHA-256 of the sources, the plugin, the component.
# `BLESS=1 cargo test --test tutorial` writes this file.
";

/// A command that builds plugins.
pub struct Build {
    command: String,
    tool: Tool,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Cargo,
    Clang,
}

/// One plugin of a build.
struct Part {
    name: String,
    /// The SHA-256 of its sources.
    sources: String,
    output: PathBuf,
}

impl Build {
    /// The build that a command in a folder is, if it is one.
    pub fn of_command(command: &str, folder: &Path) -> Result<Option<Self>, String> {
        let words = shell_words::split(command).map_err(|error| error.to_string())?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (tool, parts) = match words.as_slice() {
            ["cargo", "build", options @ ..] => (Tool::Cargo, cargo_parts(options, folder)?),
            ["clang", options @ ..] => (Tool::Clang, vec![clang_part(command, options, folder)?]),
            _ => return Ok(None),
        };
        Ok(Some(Self { command: command.to_owned(), tool, parts }))
    }
}

/// The plugins of a workspace that `cargo build` builds.
fn cargo_parts(options: &[&str], folder: &Path) -> Result<Vec<Part>, String> {
    let (options, names) = match options {
        [options @ .., "-p", name] => (options, vec![(*name).to_owned()]),
        options => (options, names(&folder.join("plugins"))?),
    };
    if options != ["--release", "--target", TARGET] {
        return Err(format!("`cargo build` is run with other options here: --release --target {TARGET} [-p NAME]"));
    }
    let part = |name: String| {
        let sources = ["Cargo.toml".to_owned(), "wit".to_owned(), format!("plugins/{name}")];
        let sources = digest_of(&options.join(" "), folder, &sources)?;
        Ok(Part { output: folder.join(format!("target/{TARGET}/release/{name}.wasm")), name, sources })
    };
    names.into_iter().map(part).collect()
}

/// The plugin that `clang` builds from one file.
fn clang_part(command: &str, options: &[&str], folder: &Path) -> Result<Part, String> {
    let output = options.iter().position(|option| *option == "-o").and_then(|at| options.get(at + 1));
    let source = options.iter().find_map(|option| option.strip_suffix(".c"));
    let (Some(output), Some(name)) = (output, source) else {
        return Err("`clang` is run with one source and `-o` here".into());
    };
    let sources = digest_of(command, folder, &[format!("{name}.c")])?;
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    Ok(Part { name: name.to_owned(), sources, output: folder.join(output) })
}

/// The SHA-256 of a command and of files, those in folders too.
fn digest_of(command: &str, folder: &Path, paths: &[String]) -> Result<String, String> {
    let mut digest = Sha256::new();
    digest.update(format!("{command}\n"));
    for path in paths {
        add(&mut digest, folder, path)?;
    }
    Ok(hex(&digest.finalize()))
}

fn add(digest: &mut Sha256, folder: &Path, path: &str) -> Result<(), String> {
    let full = folder.join(path);
    if full.is_dir() {
        return names(&full)?.iter().try_for_each(|name| add(digest, folder, &format!("{path}/{name}")));
    }
    let text = read(&full)?;
    // Lengths keep apart what would else run together.
    digest.update(format!("{path} {}\n", text.len()));
    digest.update(&text);
    Ok(())
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>, String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(told)?.collect::<Result<Vec<_>, _>>().map_err(told)?;
    let mut names: Vec<String> = entries.iter().map(|it| it.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, content));
    written.map_err(|error| format!("{}: {error}", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The name of a component's file.
fn file_name(name: &str, component: &[u8]) -> String {
    format!("{name}-{}.wasm", &hex(&Sha256::digest(component))[..8])
}

/// What builds Rust for WebAssembly, as variables that cargo is run with.
pub struct Toolchain(Vec<(&'static str, String)>);

impl Toolchain {
    /// The one that the reader has: rustup's.
    pub fn of_rustup() -> Option<Self> {
        let folder = printed("rustc", &["--print", "target-libdir", "--target", TARGET])?;
        Path::new(&folder).exists().then(|| Self(Vec::new()))
    }

    /// Debian's compiler, which builds the standard library from its sources and has the linker of the
    /// Rust at hand.
    pub fn of_debian() -> Option<Self> {
        let (compiler, sources) = ("/usr/bin/rustc", "/usr/lib/rustlib/src/rust");
        let (sysroot, host) =
            (printed("rustc", &["--print", "sysroot"])?, printed("rustc", &["--print", "host-tuple"])?);
        let linker = format!("{sysroot}/lib/rustlib/{host}/bin/rust-lld");
        if ![compiler, &format!("{sources}/library/Cargo.lock"), &linker].iter().all(|path| Path::new(path).exists()) {
            return None;
        }
        Some(Self(vec![
            ("RUSTC", compiler.into()),
            ("RUSTC_BOOTSTRAP", "1".into()),
            ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort".into()),
            ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker),
        ]))
    }

    pub fn is_debian(&self) -> bool {
        !self.0.is_empty()
    }

    /// The command line of a build, if it can be run here.
    pub fn command_line(&self, build: &Build) -> Option<String> {
        match build.tool {
            Tool::Clang => {
                let linker = printed("clang", &["--target=wasm32", "-print-prog-name=wasm-ld"])?;
                printed(&linker, &["--version"]).map(|_| build.command.clone())
            }
            Tool::Cargo => {
                let mut line = String::new();
                for (variable, value) in self.0.iter().cloned().chain([caching(), without_paths()]) {
                    line += &format!("{variable}={} ", shell_words::quote(&value));
                }
                Some(line + &build.command)
            }
        }
    }
}

/// Dependencies stay compiled for the next time; only what is final is in the reader's folder.
fn caching() -> (&'static str, String) {
    ("CARGO_BUILD_BUILD_DIR", format!("{}/tutorial/build", env!("CARGO_TARGET_TMPDIR")))
}

/// Paths of this machine do not get into components.
fn without_paths() -> (&'static str, String) {
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).unwrap_or_default();
    let registries = cargo_home.join("registry/src");
    let crates = names(&registries).unwrap_or_default().into_iter().map(|name| (registries.join(name), "/crates"));
    let paths = crates.chain([(PathBuf::from("/usr/lib/rustlib/src/rust"), "/rust")]);
    let options: Vec<String> = paths.map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())).collect();
    ("CARGO_ENCODED_RUSTFLAGS", options.join("\u{1f}"))
}

/// The first line that a program prints, if it runs and succeeds.
fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.lines().next().unwrap_or_default().to_owned())
}

/// The components that there are.
pub struct Components {
    folder: PathBuf,
    /// By plugin and sources: the file, and whether the tutorial has needed it.
    index: BTreeMap<(String, String), (String, bool)>,
}

impl Components {
    pub fn read(folder: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(folder.join("index.txt")).unwrap_or_default();
        let entry = |line: &str| match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            [sources, name, file] => Ok((((*name).to_owned(), (*sources).to_owned()), ((*file).to_owned(), false))),
            _ => Err(format!("a line of the index is not three words: {line}")),
        };
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Ok(Self { folder: folder.to_owned(), index: lines.map(entry).collect::<Result<_, _>>()? })
    }

    /// Whether all that a build makes is there.
    pub fn have(&self, build: &Build) -> bool {
        build.parts.iter().all(|part| self.index.contains_key(&key(part)))
    }

    /// Puts the components where the build would have put them.
    pub fn put(&mut self, build: &Build) -> Result<(), String> {
        for part in &build.parts {
            let file = self.need(part).ok_or_else(|| unknown(part))?;
            let component = read(&self.folder.join(&file))?;
            if file_name(&part.name, &component) != file {
                return Err(format!("`{file}` is not what was built: its SHA-256 is another one"));
            }
            write(&part.output, &component)?;
        }
        Ok(())
    }

    /// Takes note of what was built. What is new is kept, if that is wanted.
    pub fn built(&mut self, build: &Build, keep: bool) -> Result<(), String> {
        for part in &build.parts {
            let component = read(&part.output)?;
            if self.need(part).is_some() {
                continue;
            }
            if !keep {
                return Err(unknown(part));
            }
            let file = file_name(&part.name, &component);
            write(&self.folder.join(&file), &component)?;
            self.index.insert(key(part), (file, true));
        }
        Ok(())
    }

    fn need(&mut self, part: &Part) -> Option<String> {
        let (file, needed) = self.index.get_mut(&key(part))?;
        *needed = true;
        Some(file.clone())
    }

    /// Nothing may be left that the tutorial does not need; `keep` removes it.
    pub fn finish(mut self, keep: bool) -> Result<(), String> {
        let unneeded = |index: &BTreeMap<_, (String, bool)>| index.values().find(|it| !it.1).map(|it| it.0.clone());
        if let (Some(file), false) = (unneeded(&self.index), keep) {
            return Err(format!(
                "a line of components/index.txt is not needed any more, that of {file}; BLESS=1 drops it"
            ));
        }
        self.index.retain(|_, (_, needed)| *needed);
        for name in names(&self.folder)? {
            if name == "index.txt" || self.index.values().any(|(file, _)| *file == name) {
                continue;
            }
            if !keep {
                return Err(format!("nobody needs components/{name}; BLESS=1 removes it"));
            }
            fs::remove_file(self.folder.join(&name)).map_err(|error| format!("{name}: {error}"))?;
        }
        if !keep {
            return Ok(());
        }
        let lines = self.index.iter().map(|((name, sources), (file, _))| format!("{sources} {name} {file}\n"));
        write(&self.folder.join("index.txt"), (HEADER.to_owned() + &lines.collect::<String>()).as_bytes())
    }
}

fn key(part: &Part) -> (String, String) {
    (part.name.clone(), part.sources.clone())
}

fn unknown(part: &Part) -> String {
    format!(
        "no component in tests/tutorial/components was built from these sources of `{}` ({}); with a toolchain for \
         WebAssembly, `BLESS=1 cargo test --test tutorial` builds it",
        part.name, part.sources
    )
}
