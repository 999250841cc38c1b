//! Does what its arguments say, in their order, and prints it; see `main` for what they can be.

use std::io::{self, Write};
use std::process::exit;
use std::{env, fs};

fn main() {
    for argument in env::args() {
        match argument.split_once(':') {
            // The value of a variable of the environment.
            Some(("env", name)) => println!("{name}={}", env::var(name).unwrap_or_else(|_| "?".to_owned())),
            // The content of a file.
            Some(("cat", path)) => cat(path),
            // Ends here, with this status.
            Some(("exit", code)) => exit(code.parse().unwrap_or(1)),
            // What comes in goes out.
            Some(("copy", _)) => copy(),
            // Ends with a trap.
            Some(("trap", _)) => stumble(),
            _ => println!("{argument}"),
        }
    }
}

fn cat(path: &str) {
    match fs::read_to_string(path) {
        Ok(text) => print!("{text}"),
        Err(_) => eprintln!("cannot read {path}"),
    }
}

fn copy() {
    if io::copy(&mut io::stdin(), &mut io::stdout()).and_then(|_| io::stdout().flush()).is_err() {
        eprintln!("cannot copy");
    }
}

#[inline(never)]
fn stumble() -> ! {
    std::process::abort()
}
