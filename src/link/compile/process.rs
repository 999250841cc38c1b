use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use super::child::{DONE, FAILED, ORDER, Order, REFUSED};
use crate::link::{CompileExcess, LinkError};
use crate::model::PluginId;

/// What is kept of what the process says.
const HEARD: u64 = 16 << 10;

/// How often it is looked whether the process has ended.
const LOOK: Duration = Duration::from_millis(5);

/// How much longer than its CPU time a process may be there: machines are busy.
const PATIENCE: u32 = 3;
const PATIENCE_ALWAYS: Duration = Duration::from_secs(10);

/// Variables that a program may need to be started at all: where its libraries are.
const KEPT: [&str; 3] = ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];

/// What Rust says when memory cannot be had, before it aborts.
const NO_MEMORY: &str = "memory allocation of ";

/// Compiles a component in a process of its own, with limits. The code is then in the cache of the order.
///
/// # Errors
/// [`LinkError::Costly`] when it takes more than it may, [`LinkError::Compile`] when it does not compile, and
/// [`LinkError::CompileProcess`] when there can be no such process.
pub(super) fn compile(plugin: &PluginId, order: &Order, binary: &[u8]) -> Result<(), LinkError> {
    let failed = |cause: String| LinkError::CompileProcess { plugin: plugin.clone(), cause };
    let mut child = start(order).map_err(failed)?;
    judge(plugin, order, attend(&mut child, order, binary).map_err(failed)?)
}

/// What is to be told of a process that has ended.
fn judge(plugin: &PluginId, order: &Order, ended: Ended) -> Result<(), LinkError> {
    let plugin = plugin.clone();
    let excess = match ended.status {
        None => CompileExcess::Time { limit: longest(order) },
        Some(status) => match (status.code(), signal(status)) {
            (Some(0), _) if ended.output.ends_with(DONE) => return Ok(()),
            (Some(0), _) => {
                let cause = "it ended and has compiled nothing; call `compile_child_main` first in `main`".to_owned();
                return Err(LinkError::CompileProcess { plugin, cause });
            }
            (Some(REFUSED), _) => return Err(LinkError::Compile { plugin, cause: ended.output }),
            (Some(FAILED), _) => return Err(LinkError::CompileProcess { plugin, cause: ended.output }),
            (_, Some(Signal::FileSize)) => {
                let cause = "its code is larger than a file may be here; raise the limit (`ulimit -f`)".to_owned();
                return Err(LinkError::CompileProcess { plugin, cause });
            }
            (_, Some(Signal::CpuTime)) => CompileExcess::CpuTime { limit: Duration::from_secs(order.seconds()) },
            (_, Some(_)) if ended.errors.contains(NO_MEMORY) => CompileExcess::Memory { limit: order.memory },
            (_, Some(Signal::Other(number))) => CompileExcess::Ended { by: format!("signal {number}") },
            (code, None) => {
                let cause = format!("it ended with the code {}", code.unwrap_or_default());
                return Err(LinkError::CompileProcess { plugin, cause });
            }
        },
    };
    Err(LinkError::Costly { plugin, excess })
}

/// How a process has ended, and what it has said.
struct Ended {
    /// `None` when it has been ended because it was there for too long.
    status: Option<ExitStatus>,
    output: String,
    errors: String,
}

fn start(order: &Order) -> Result<Child, String> {
    let program = program().map_err(|error| format!("this program is not found: {error}"))?;
    let text = serde_json::to_string(order).map_err(|error| error.to_string())?;
    let mut command = Command::new(&program);
    command.env_clear().env(ORDER, text);
    command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(|error| format!("`{}` cannot be started: {error}", program.display()))
}

/// This program: on Linux the very file, even if another has taken its place since.
fn program() -> std::io::Result<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && own.exists() { Ok(own) } else { std::env::current_exe() }
}

/// Gives the process its component, listens to it, and waits until it ends; ends it when it is there for too long.
fn attend(child: &mut Child, order: &Order, binary: &[u8]) -> Result<Ended, String> {
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let thread = || std::thread::Builder::new().name("plugweave-compile-io".to_owned());
        let began = (|| {
            let input = thread().spawn_scoped(scope, || give(input, binary))?;
            let output = thread().spawn_scoped(scope, || listen(output))?;
            Ok((input, output, thread().spawn_scoped(scope, || listen(errors))?))
        })();
        // Whatever happens, the process ends, and with it the threads.
        let waited = if began.is_ok() { wait(child, longest(order)) } else { Ok(None) };
        if !matches!(waited, Ok(Some(_))) {
            let _ = child.kill();
            let _ = child.wait();
        }
        // The answer of the first of them, the open pipe, is kept up to here: the process ends where that does.
        let (_input, output, errors) =
            began.map_err(|error: std::io::Error| format!("no thread can be started: {error}"))?;
        let heard = |thread: ScopedJoinHandle<'_, String>| thread.join().unwrap_or_default();
        let status = waited.map_err(|error| format!("it cannot be waited for: {error}"))?;
        Ok(Ended { status, output: heard(output), errors: heard(errors) })
    })
}

/// Gives the process its component, and answers the pipe, still open.
fn give(mut input: Option<ChildStdin>, binary: &[u8]) -> Option<ChildStdin> {
    // A process that has ended before it has read all says itself why.
    let _ = input.as_mut().map(|input| input.write_all(binary));
    input
}

/// Keeps the beginning of what the process says, and lets the rest go by.
fn listen(from: Option<impl Read>) -> String {
    let Some(mut from) = from else { return String::new() };
    let mut heard = Vec::new();
    let _ = from.by_ref().take(HEARD).read_to_end(&mut heard);
    let _ = std::io::copy(&mut from, &mut std::io::sink());
    String::from_utf8_lossy(&heard).into_owned()
}

fn longest(order: &Order) -> Duration {
    Duration::from_secs(order.seconds()).saturating_mul(PATIENCE).saturating_add(PATIENCE_ALWAYS)
}

/// How the process has ended; `None` when it has not in that time.
fn wait(child: &mut Child, longest: Duration) -> std::io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > longest {
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
}

/// What a process was ended by.
enum Signal {
    CpuTime,
    FileSize,
    Other(i32),
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<Signal> {
    let number = std::os::unix::process::ExitStatusExt::signal(&status)?;
    Some(match number {
        _ if number == rustix::process::Signal::XCPU.as_raw() => Signal::CpuTime,
        _ if number == rustix::process::Signal::XFSZ.as_raw() => Signal::FileSize,
        _ => Signal::Other(number),
    })
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<Signal> {
    None
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;
    use crate::link::EngineSettings;

    fn order() -> Order {
        Order {
            engine: EngineSettings::plain(),
            cache: PathBuf::new(),
            bytes: 0,
            memory: 3 << 20,
            cpu_time: Duration::from_millis(1500),
        }
    }

    fn judged(status: Option<i32>, output: &str, errors: &str) -> String {
        let (plugin, status) = (PluginId::parse("a").unwrap(), status.map(ExitStatus::from_raw));
        let ended = Ended { status, output: output.to_owned(), errors: errors.to_owned() };
        judge(&plugin, &order(), ended).map_or_else(|error| error.to_string(), |()| "compiled".to_owned())
    }

    #[test]
    fn each_way_to_end_is_told() {
        let exit = |code: i32| Some(code << 8);
        assert_eq!(judged(exit(0), DONE, ""), "compiled");
        assert_eq!(judged(exit(0), &format!("welcome\n{DONE}"), ""), "compiled");
        assert_eq!(judged(exit(REFUSED), "bad", ""), "plugin `a` cannot be compiled: bad");
        for (status, output, errors, expected) in [
            (exit(FAILED), "no", "", "a process of its own, and that failed: no"),
            (exit(0), "usage: shell FILE", "", "it ended and has compiled nothing; call `compile_child_main` first"),
            (exit(101), "", "", "it ended with the code 101"),
            (Some(24), "", "", "(PW003): it takes more than 2s of CPU time; raise `compile-time`"),
            (Some(25), "", "", "its code is larger than a file may be here"),
            (Some(6), "", "memory allocation of 9 bytes failed", "(PW003): it takes more than 3 MiB of memory"),
            (Some(9), "", "", "(PW003): the process that compiled it was ended by signal 9"),
            (None, "", "", "(PW003): it did not end within 16s"),
        ] {
            let told = judged(status, output, errors);
            assert!(told.contains("plugin `a`") && told.contains(expected), "{told}");
        }
    }

    #[test]
    fn a_process_is_not_waited_for_for_ever() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert_eq!(wait(&mut child, Duration::from_millis(30)).unwrap(), None);
        child.kill().unwrap();
        assert_eq!(wait(&mut child, Duration::from_secs(60)).unwrap().and_then(|status| status.signal()), Some(9));
    }

    #[test]
    fn only_the_beginning_of_what_is_said_is_kept() {
        assert_eq!(listen(Some(&vec![b'x'; 100_000][..])).len() as u64, HEARD);
        assert_eq!(listen(Some(&b"\xff!"[..])), "\u{fffd}!");
    }
}
