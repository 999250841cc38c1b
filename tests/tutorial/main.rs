//! Follows `docs/tutorial.md` to the letter: writes the files that stand in it, runs its commands in
//! order in one shell, and compares what they print.
//!
//! | block | what becomes of it |
//! |---|---|
//! | `<!-- write: PATH -->` above it | it is the whole file PATH, which is written |
//! | `<!-- change: PATH -->` above a `diff` | the lines with `-` are replaced by those with `+` in PATH |
//! | `<!-- setup -->` above a `sh` | commands that prepare the machine, see below |
//! | `sh` | its lines are commands; they must succeed, their output is not compared |
//! | `text` | a transcript: `$ COMMAND` and what it prints, stdout and stderr as they come |
//!
//! Any other block is an error, so no command of the tutorial goes untried. A command fails if and
//! only if its output has an error. In a transcript a line `...` stands for any number of lines.
//!
//! Building a plugin needs a toolchain for WebAssembly. Where rustup has one, the tutorial's commands
//! really build; where there is none, components that were built from the very same sources are put
//! where the build would have put them: see [`components`]. The name of the test says which.
//! `PLUGWEAVE_TUTORIAL` decides otherwise:
//! - `prebuilt` never builds;
//! - `real` always builds, with Debian's rustc-web and rust-web-src where rustup has no target, and
//!   fails where neither is there. It also runs the commands of `setup`, which build Plugweave and
//!   may install a target.
//!
//! `BLESS=1 cargo test --test tutorial` writes what was printed into the tutorial, and builds what
//! has changed. The reader's home is `target/tmp/tutorial/home`; it stays for a look.

#![allow(clippy::print_stderr, reason = "it tells how it builds")]

mod components;
mod document;
mod shell;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use similar::TextDiff;

use components::{Build, Components, Toolchain};
use document::{Block, Document, Kind};
use shell::Shell;

/// A command of a transcript that takes longer has failed.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// Building may download crates and compile a standard library first.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mode = match Mode::of_environment() {
        Ok(mode) => mode,
        Err(reason) => {
            eprintln!("error: {reason}");
            return ExitCode::FAILURE;
        }
    };
    if mode == Mode::Prebuilt {
        eprintln!("note: nothing is built for WebAssembly; components that were built from the same sources stand in");
    }
    let trial = Trial::test("the_tutorial_works_as_it_says", move || follow(mode)).with_kind(mode.name());
    libtest_mimic::run(&arguments, vec![trial]).exit_code()
}

/// How plugins are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// They are not: what was built earlier is taken.
    Prebuilt,
    /// By the commands of the tutorial.
    Real,
    /// So too, with everything that prepares the machine.
    RealWithSetup,
}

impl Mode {
    fn of_environment() -> Result<Self, String> {
        match std::env::var("PLUGWEAVE_TUTORIAL").as_deref() {
            Ok("prebuilt") => Ok(Self::Prebuilt),
            Ok("real") => Ok(Self::RealWithSetup),
            Ok(other) => Err(format!("PLUGWEAVE_TUTORIAL is `{other}`; it may be `prebuilt` or `real`")),
            Err(_) if Toolchain::of_rustup().is_some() => Ok(Self::Real),
            Err(_) => Ok(Self::Prebuilt),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Prebuilt => "prebuilt components",
            Self::Real | Self::RealWithSetup => "really built",
        }
    }
}

fn bless() -> bool {
    std::env::var_os("BLESS").is_some_and(|value| value == "1")
}

fn follow(mode: Mode) -> Result<(), Failed> {
    let document = Document::read(&root().join("docs/tutorial.md"))?;
    let mut reader = Reader::new(mode)?;
    let mut edits = Vec::new();
    let mut wrong = Vec::new();
    for block in document.blocks()? {
        let problem = |reason: String| format!("docs/tutorial.md:{}: {reason}", block.line);
        let Some(printed) = reader.follow(&block).map_err(problem)? else { continue };
        if bless() {
            edits.push((block.body.clone(), printed));
        } else {
            let diff = TextDiff::from_lines(block.text, &printed).unified_diff().header("told", "printed").to_string();
            wrong.push(problem(format!("it prints something else\n{diff}")));
        }
    }
    reader.components.finish(bless())?;
    document.write(&edits)?;
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{}\nIf the new output is right: BLESS=1 cargo test --test tutorial", wrong.join("\n")).into())
}

/// Who follows the tutorial.
struct Reader {
    mode: Mode,
    shell: Shell,
    toolchain: Option<Toolchain>,
    components: Components,
}

impl Reader {
    fn new(mode: Mode) -> Result<Self, String> {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tutorial/home");
        if home.exists() {
            fs::remove_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
        }
        fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
        let mut shell = Shell::start(root(), &home)?;
        if mode != Mode::RealWithSetup {
            let program = Path::new(env!("CARGO_BIN_EXE_plugweave"));
            let folder = program.parent().ok_or("the program is in no folder")?.display().to_string();
            shell.succeed(&format!("export PATH={}:\"$PATH\"", shell_words::quote(&folder)), TIME_LIMIT)?;
        }
        // Blessing builds what nobody has built yet, by whatever is there.
        let toolchain = match mode {
            Mode::Prebuilt if bless() => Toolchain::of_debian(),
            Mode::Prebuilt => None,
            Mode::Real | Mode::RealWithSetup => Toolchain::of_rustup().or_else(Toolchain::of_debian),
        };
        Ok(Self { mode, shell, toolchain, components: Components::read(&root().join("tests/tutorial/components"))? })
    }

    /// Does what a block says. Returns what a transcript should have been, if it is another one.
    fn follow(&mut self, block: &Block<'_>) -> Result<Option<String>, String> {
        match &block.kind {
            Kind::Write(path) => {
                let path = self.path(path)?;
                let folder = path.parent().ok_or("there is no such folder")?;
                fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
                fs::write(&path, block.text).map_err(|error| format!("{}: {error}", path.display()))?;
            }
            Kind::Change(path) => {
                let path = self.path(path)?;
                let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                let text = document::changed(&text, block.text)?;
                fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
            }
            Kind::Setup => self.set_up(block.text)?,
            Kind::Commands => {
                for command in block.text.lines() {
                    self.command(command)?;
                }
            }
            Kind::Transcript => return self.transcript(block),
        }
        Ok(None)
    }

    /// A path as the reader means it, who is in some folder.
    fn path(&mut self, path: &str) -> Result<PathBuf, String> {
        Ok(self.folder()?.join(path))
    }

    fn folder(&mut self) -> Result<PathBuf, String> {
        Ok(PathBuf::from(self.shell.succeed("pwd", TIME_LIMIT)?.trim_end()))
    }

    fn set_up(&mut self, commands: &str) -> Result<(), String> {
        if self.mode != Mode::RealWithSetup {
            return Ok(());
        }
        for command in commands.lines() {
            let (output, code) = self.shell.run(command, BUILD_LIMIT)?;
            if code != 0 && command.starts_with("rustup target add") {
                eprintln!("note: `{command}` does not work here:\n{output}");
            } else if code != 0 {
                return Err(format!("`{command}` fails:\n{output}"));
            }
        }
        self.toolchain = Toolchain::of_rustup().or_else(Toolchain::of_debian);
        match &self.toolchain {
            None => {
                return Err(
                    "no toolchain for WebAssembly: neither rustup's, nor Debian's rustc-web and rust-web-src".into()
                );
            }
            Some(toolchain) if toolchain.is_debian() => eprintln!("note: Debian's toolchain stands in for rustup's"),
            Some(_) => {}
        }
        let found = self.shell.succeed("command -v plugweave", TIME_LIMIT)?;
        let [found, tested] = [found.trim_end(), env!("CARGO_BIN_EXE_plugweave")].map(fs::canonicalize);
        match (found, tested) {
            (Ok(found), Ok(tested)) if found == tested => Ok(()),
            (found, tested) => Err(format!("the reader would run {found:?}, but what is tested is {tested:?}")),
        }
    }

    /// A command whose output is not shown.
    fn command(&mut self, command: &str) -> Result<(), String> {
        let folder = self.folder()?;
        let Some(build) = Build::of_command(command, &folder)? else {
            return self.shell.succeed(command, TIME_LIMIT).map(drop);
        };
        if self.mode == Mode::Prebuilt && self.components.have(&build) {
            return self.components.put(&build);
        }
        match self.toolchain.as_ref().and_then(|toolchain| toolchain.command_line(&build)) {
            Some(line) => {
                let built = self.shell.succeed(&line, BUILD_LIMIT);
                built.map_err(|reason| format!("{reason}\nPLUGWEAVE_TUTORIAL=prebuilt does without building"))?;
                self.components.built(&build, bless())
            }
            None => {
                eprintln!("note: `{command}` cannot be run here; what it built elsewhere stands in");
                self.components.put(&build)
            }
        }
    }

    fn transcript(&mut self, block: &Block<'_>) -> Result<Option<String>, String> {
        let mut all_fit = true;
        let mut printed = Vec::new();
        for (command, expected) in document::steps(block.text)? {
            let (output, code) = self.shell.run(command, TIME_LIMIT)?;
            if output.contains("panicked") || (code != 0) != tells_error(&output) {
                return Err(format!("`{command}` ends with {code}:\n{output}"));
            }
            let output = output.trim_end_matches('\n');
            let fits = document::fits(expected, output);
            all_fit &= fits;
            let output = if fits { expected } else { output };
            printed.push(if output.is_empty() { format!("$ {command}\n") } else { format!("$ {command}\n{output}\n") });
        }
        let printed = printed.join("\n");
        Ok((!all_fit || printed != block.text).then_some(printed))
    }
}

fn tells_error(output: &str) -> bool {
    output.lines().any(|line| line.starts_with("error") || line.contains(": error: "))
}
