//! One shell for all commands, so that it remembers folders and variables as a reader's does.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Says on a line that a command has ended, with its exit code behind it.
const END: &str = "@@ the command ended with";

pub struct Shell {
    child: Child,
    stdin: ChildStdin,
    output: Receiver<Vec<u8>>,
}

impl Shell {
    /// A shell in a folder, with another home. The tools of the real home stay at hand.
    pub fn start(folder: &Path, home: &Path) -> Result<Self, String> {
        let mut command = Command::new("sh");
        command.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        for (variable, name) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            if let (None, Some(real)) = (std::env::var_os(variable), std::env::home_dir()) {
                command.env(variable, real.join(name));
            }
        }
        // What would lead builds and output elsewhere.
        for variable in [
            "CARGO_BUILD_TARGET",
            "CARGO_BUILD_TARGET_DIR",
            "CARGO_TARGET_DIR",
            "PLUGWEAVE_LOG",
            "RUST_BACKTRACE",
            "RUST_LOG",
        ] {
            command.env_remove(variable);
        }
        command.env("HOME", home).env("NO_COLOR", "1").env("CARGO_TERM_COLOR", "never");
        let mut child = command.spawn().map_err(|error| format!("`sh` cannot be run: {error}"))?;
        let (Some(stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("`sh` has no pipes".into());
        };
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut chunk = vec![0; 1 << 16];
            while let Ok(length @ 1..) = stdout.read(&mut chunk) {
                if sender.send(chunk[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, stdin, output })
    }

    /// Runs a command. Returns what it printed, and its exit code.
    pub fn run(&mut self, command: &str, limit: Duration) -> Result<(String, i32), String> {
        let script = format!("{{ {command}\n}} </dev/null 2>&1\nprintf '\\n%s %s\\n' '{END}' \"$?\"\n");
        self.stdin.write_all(script.as_bytes()).map_err(|error| format!("the shell is gone: {error}"))?;
        let deadline = Instant::now() + limit;
        let mut printed = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&printed);
            if let Some((output, code)) =
                text.strip_suffix('\n').and_then(|text| text.rsplit_once(&format!("\n{END} ")))
            {
                let code = code.parse().map_err(|error| format!("no exit code, but `{code}`: {error}"))?;
                return Ok((output.to_owned(), code));
            }
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(chunk) => printed.extend(chunk),
                Err(reason) => return Err(format!("`{command}` does not end ({reason}); it had printed:\n{text}")),
            }
        }
    }

    /// Runs a command that must succeed. Returns what it printed.
    pub fn succeed(&mut self, command: &str, limit: Duration) -> Result<String, String> {
        match self.run(command, limit)? {
            (output, 0) => Ok(output),
            (output, code) => Err(format!("`{command}` ends with {code}:\n{output}")),
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
