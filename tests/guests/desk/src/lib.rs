//! Does with the standard library what it is told to, and says how that went.

wit_bindgen::generate!({
    path: "../wit",
    world: "desk-plugin",
    generate_all,
});

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{Error, ErrorKind};
use std::{env, fs};

use exports::probe::wasi::desk::{Guest, Order, Problem, Word};
use wasi::config::store;

struct Desk;

impl Guest for Desk {
    fn words(text: String, order: Order) -> Result<Vec<Word>, String> {
        let mut found: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (line, number) in text.lines().zip(1..) {
            for word in line.split_ascii_whitespace() {
                found.entry(word).or_default().push(number);
            }
        }
        if found.is_empty() {
            return Err("no words".to_owned());
        }
        let mut words: Vec<Word> =
            found.into_iter().map(|(text, lines)| Word { text: text.to_owned(), lines }).collect();
        match order {
            Order::Alphabetical => {}
            Order::Frequent => words.sort_by_key(|word| std::cmp::Reverse(word.lines.len())),
        }
        Ok(words)
    }

    fn join(parts: Vec<String>, between: String) -> String {
        parts.join(&between)
    }

    fn args() -> Vec<String> {
        env::args().collect()
    }

    fn variable(name: String) -> Option<String> {
        env::var(name).ok()
    }

    fn say(text: String) {
        println!("{text}");
    }

    fn read(path: String) -> Result<String, Problem> {
        fs::read_to_string(path).map_err(|error| problem(&error))
    }

    fn write(path: String, text: String) -> Result<(), Problem> {
        fs::write(path, text).map_err(|error| problem(&error))
    }

    fn setting(key: String) -> Option<String> {
        store::get(&key).ok().flatten()
    }

    fn crash(depth: u32) {
        println!("{}", stumble(depth));
    }
}

/// WASI's own number for what is outside the granted directories; the standard library has no kind for it.
const NOT_CAPABLE: i32 = 76;

fn problem(error: &Error) -> Problem {
    match error.kind() {
        _ if error.raw_os_error() == Some(NOT_CAPABLE) => Problem::NotPermitted,
        ErrorKind::NotFound => Problem::NotFound,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Problem::NotPermitted,
        _ => Problem::Other,
    }
}

#[inline(never)]
fn stumble(depth: u32) -> u32 {
    match depth {
        0 => std::process::abort(),
        // Used after the call, so that it does not become a loop.
        _ => black_box(stumble(depth - 1)) ^ depth,
    }
}

export!(Desk);
