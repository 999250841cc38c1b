//! Runs the cases: each folder `tests/cases/GROUP/NAME/` is a test of its own.
//!
//! A case is an app (manifests, `*.wat`, `wit/` ...; in sub-folders where there are several) and a
//! `transcript.txt`: commands, and below each what it prints.
//! ```text
//! # Why this case is there.
//!
//! $ plugweave check
//! ok: 2 plugins, 1 link
//!
//! $ plugweave run . -- "an argument" < input.txt
//! a line of stdout
//! ! a line of stderr
//! ? 3
//! ```
//! - `#` begins a comment above a command.
//! - `$ plugweave ARGS` is run in the case's folder. ARGS are split as a POSIX shell would; nothing
//!   is expanded. `< FILE` at the end is its stdin, which is empty otherwise.
//! - Then come stdout, plain; stderr, each line behind `! `; and `? CODE` unless the exit code is 0.
//!   Blank lines at the end do not count.
//! - `| ` stands before a line of stdout that would be misread: one that begins with `#`, `$`, `!`,
//!   `?`, `|` or `\`, or a blank one (then `|` alone) at the end. `\ no newline` says that stdout ends without one.
//!
//! `BLESS=1 cargo test --test cases [FILTER]` writes what was printed into the transcripts; commands
//! and comments stay. Read the difference before you commit it.
//!
//! Whatever a transcript says, no command may panic, die of a signal or take longer than a minute,
//! and together the transcripts must show every code of the diagnostics.

#![allow(clippy::expect_used, clippy::panic, reason = "what goes wrong in the runner itself ends it")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use plugweave::diagnostic::Code;
use similar::{ChangeTag, TextDiff};

/// A command that takes longer is killed.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What a line of a transcript that is a command begins with.
const PROMPT: &str = "$ plugweave";

/// Says that stdout does not end with a line break.
const NO_NEWLINE: &str = "\\ no newline";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let cases = find_cases(&root);
    let transcripts: Vec<PathBuf> = cases.iter().map(|(_, folder)| folder.join("transcript.txt")).collect();
    let mut trials: Vec<Trial> =
        cases.into_iter().map(|(name, folder)| Trial::test(name, move || run_case(&folder))).collect();
    trials.push(Trial::test("every_code_is_shown", move || every_code_is_shown(&transcripts)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The cases, by name: `GROUP/NAME`.
fn find_cases(root: &Path) -> Vec<(String, PathBuf)> {
    let mut cases = Vec::new();
    for group in folders(root) {
        for case in folders(&group) {
            let name = case.strip_prefix(root).expect("cases are below the root").display().to_string();
            cases.push((name, case));
        }
    }
    cases
}

/// The folders in a folder, sorted.
fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn run_case(folder: &Path) -> Result<(), Failed> {
    let path = folder.join("transcript.txt");
    let expected = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let (steps, tail) = parse(&expected)?;
    let mut actual = String::new();
    for step in &steps {
        let printed = run_step(step, folder).map_err(|reason| format!("{}\n{reason}", step.command))?;
        let _ = write!(actual, "{}{}\n{printed}", step.above, step.command);
    }
    actual.push_str(&tail);
    if actual == expected {
        return Ok(());
    }
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        return fs::write(&path, actual).map_err(|error| format!("{}: {error}", path.display()).into());
    }
    Err(difference(&path, &expected, &actual).into())
}

/// A command of a transcript.
#[derive(Debug)]
struct Step {
    /// The comments and blank lines above it, with their line breaks.
    above: String,
    /// The whole line.
    command: String,
}

/// The commands of a transcript, and the comments and blank lines below the last one.
fn parse(transcript: &str) -> Result<(Vec<Step>, String), String> {
    let mut steps: Vec<Step> = Vec::new();
    let mut above = String::new();
    for (index, line) in transcript.lines().enumerate() {
        if line.starts_with('$') {
            if line != PROMPT && !line.starts_with("$ plugweave ") {
                return Err(format!("line {}: a command must begin with `{PROMPT}`", index + 1));
            }
            steps.push(Step { above: std::mem::take(&mut above), command: line.to_owned() });
        } else if line.starts_with('#') || line.is_empty() {
            above.push_str(line);
            above.push('\n');
        } else if steps.is_empty() {
            return Err(format!("line {}: output above the first command", index + 1));
        } else if above.contains('#') {
            return Err(format!("line {}: output below a comment", index + 1));
        } else {
            // Blank lines above it were output too; output is not kept.
            above.clear();
        }
    }
    if steps.is_empty() {
        return Err(format!("no line begins with `{PROMPT}`: a case without a command tests nothing"));
    }
    Ok((steps, above))
}

/// Runs a command and writes down what it printed, as a transcript does.
fn run_step(step: &Step, folder: &Path) -> Result<String, String> {
    let line = step.command.trim_start_matches(PROMPT);
    let mut words = shell_words::split(line).map_err(|error| error.to_string())?;
    let stdin = match words.iter().rposition(|word| word == "<") {
        Some(at) if at + 2 == words.len() => {
            let path = folder.join(&words[at + 1]);
            words.truncate(at);
            File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?.into()
        }
        _ => Stdio::null(),
    };
    let (stdout, stderr, status) = run(&words, stdin, folder)?;
    if stderr.contains("panicked") || stdout.contains("panicked") {
        return Err(format!("it panicked:\n{stdout}{stderr}"));
    }
    let code = status.code().ok_or_else(|| format!("it died: {status}\n{stdout}{stderr}"))?;
    Ok(written(&stdout, &stderr, code))
}

/// Runs `plugweave`. Returns its stdout, stderr and status.
fn run(words: &[String], stdin: Stdio, folder: &Path) -> Result<(String, String, ExitStatus), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plugweave"));
    command.args(words).current_dir(folder).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ["PLUGWEAVE_LOG", "RUST_BACKTRACE", "RUST_LOG"] {
        command.env_remove(variable);
    }
    let mut child = command.env("NO_COLOR", "1").spawn().map_err(|error| format!("cannot be run: {error}"))?;
    let stdout = read_all(child.stdout.take());
    let stderr = read_all(child.stderr.take());
    let status = wait(&mut child);
    let [stdout, stderr] = [stdout, stderr].map(|thread| thread.join().expect("reading does not panic"));
    match status {
        Some(status) => Ok((stdout, stderr, status)),
        None => Err(format!("killed after {} s; it had printed:\n{stdout}{stderr}", TIME_LIMIT.as_secs())),
    }
}

/// Reads to the end beside the process, which would stop when a pipe is full.
fn read_all(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is all there is to show.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for the end; kills, and answers `None`, when the time is over.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < TIME_LIMIT {
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// Output as a transcript has it.
fn written(stdout: &str, stderr: &str, code: i32) -> String {
    let mut out = String::new();
    let mut lines = stdout.lines().peekable();
    while let Some(line) = lines.next() {
        let _ = match line {
            "" if lines.peek().is_none() => writeln!(out, "|"),
            line if line.starts_with(['#', '$', '!', '?', '|', '\\']) => writeln!(out, "| {line}"),
            line => writeln!(out, "{line}"),
        };
    }
    if !stdout.is_empty() && !stdout.ends_with('\n') {
        let _ = writeln!(out, "{NO_NEWLINE}");
    }
    for line in stderr.lines() {
        let _ = writeln!(out, "{}", format!("! {line}").trim_end());
    }
    if code != 0 {
        let _ = writeln!(out, "? {code}");
    }
    out
}

/// What differs, with the lines around it.
fn difference(path: &Path, expected: &str, actual: &str) -> String {
    let mut text = format!("{} differs (- expected, + printed):\n", path.display());
    let diff = TextDiff::from_lines(expected, actual);
    for (index, group) in diff.grouped_ops(3).iter().enumerate() {
        if index > 0 {
            text.push_str("...\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let _ = writeln!(text, "{sign} {}", change.value().trim_end_matches('\n'));
        }
    }
    text + "If the new output is right: BLESS=1 cargo test --test cases"
}

/// Each code of the diagnostics occurs in a transcript.
fn every_code_is_shown(transcripts: &[PathBuf]) -> Result<(), Failed> {
    let texts: Vec<String> = transcripts.iter().map(|path| fs::read_to_string(path).unwrap_or_default()).collect();
    let is_shown = |code: &&Code| texts.iter().any(|text| text.contains(&format!("[{}]", code.as_str())));
    let missing: Vec<&str> = Code::ALL.iter().filter(|code| !is_shown(code)).map(|code| code.as_str()).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("no case shows {}", missing.join(", ")).into()) }
}
