//! The command line: arguments in, output and exit code out.
//!
//! Exit codes: 0 fine, 1 the app or a call failed, 2 wrong usage; of `run`, the guest's own.

mod args;
mod call;
mod check;
mod graph;
mod inspect;
mod output;
mod plan;
mod run;
mod stack;
mod stderr;
mod terminal;
mod usage;
mod why;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use terminal::OutputError;

/// The app or a call failed.
const FAILED: u8 = 1;
/// Wrong usage.
const USAGE: u8 = 2;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage::tell(error),
    };
    output::start_logging();
    let outcome = match arguments.command {
        Command::Check(arguments) => check::main(&arguments),
        Command::Plan(arguments) => plan::main(&arguments),
        Command::Graph(arguments) => graph::main(&arguments),
        Command::Run(arguments) => run::main(&arguments),
        Command::Call(arguments) => call::main(&arguments),
        Command::Inspect(arguments) => inspect::main(&arguments),
        Command::Why(arguments) => why::main(&arguments),
    };
    exit_code(outcome)
}

/// What the process ends with.
fn exit_code(outcome: anyhow::Result<u8>) -> ExitCode {
    let code = match outcome {
        Ok(code) => ExitCode::from(code),
        // Whoever read our output has seen enough.
        Err(error) if error.downcast_ref().is_some_and(OutputError::is_broken_pipe) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::from(FAILED)
        }
    };
    stderr::flush();
    code
}
