//! A test in a process of its own: what ends in an abort or never ends must not take others along.

use std::any::type_name;
use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Set to the name of the test in the process that is its own.
const ALONE: &str = "PLUGWEAVE_ALONE";

/// How long a process may take. What is measured here takes seconds; the rest is for busy machines.
const LONGEST: Duration = Duration::from_secs(120);

/// Runs the rest of a test in a process of its own, which must end well. `body` must be a closure that is
/// written down in the function of the test, because that is where the name of the test comes from.
#[track_caller]
pub fn alone<F: FnOnce()>(body: F) {
    let test = test_of::<F>();
    if std::env::var_os(ALONE).is_some_and(|name| name.as_os_str() == test) {
        return body();
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args([test, "--exact", "--nocapture"]).env(ALONE, test);
    let ended = run(&mut again);
    assert!(ended.status.success(), "{}:\n{}", ended.status, ended.output);
    assert!(ended.output.contains("1 passed"), "not run:\n{}", ended.output);
    // What it has measured is shown with `--nocapture`.
    for line in ended.output.lines().filter(|line| line.starts_with("measured: ")) {
        eprintln!("{test}: {line}");
    }
}

/// The name of the test that a closure is written in, as the harness knows it.
fn test_of<F>() -> &'static str {
    let (_, path) = type_name::<F>().split_once("::").unwrap();
    path.strip_suffix("::{{closure}}").unwrap()
}

/// What came of a process.
pub struct Ended {
    pub status: ExitStatus,
    /// Both streams, one behind the other.
    pub output: String,
}

/// Runs a process, and kills it when it does not end.
pub fn run(command: &mut Command) -> Ended {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let streams = [read(child.stdout.take().unwrap()), read(child.stderr.take().unwrap())];
    let start = Instant::now();
    let (status, late) = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break (status, "");
        }
        if start.elapsed() > LONGEST {
            child.kill().unwrap();
            break (child.wait().unwrap(), "\nit did not end and was killed\n");
        }
        thread::sleep(Duration::from_millis(10));
    };
    let output: String = streams.into_iter().map(|stream| stream.join().unwrap()).collect();
    Ended { status, output: output + late }
}

fn read(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
