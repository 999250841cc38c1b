//! The `plugweave` command.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    plugweave::compile_child_main();
    cli::main()
}
