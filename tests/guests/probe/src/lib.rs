//! Does what it is told to with WASI 0.2, and says how that went.

mod files;
mod net;
mod streams;

wit_bindgen::generate!({
    path: "../wit",
    world: "probe-plugin",
    generate_all,
});

use exports::probe::wasi::probe::{Change, Guest};
use wasi::config::store;
use wasip2::cli::{environment, exit, stderr, stdin, stdout};
use wasip2::clocks::{monotonic_clock, wall_clock};
use wasip2::random::random;

struct Probe;

impl Guest for Probe {
    fn args() -> Vec<String> {
        environment::get_arguments()
    }

    fn env() -> Vec<(String, String)> {
        environment::get_environment()
    }

    fn initial_cwd() -> Option<String> {
        environment::initial_cwd()
    }

    fn exit(code: u8) {
        exit::exit_with_code(code);
    }

    fn print(text: String) {
        streams::write_all(&stdout::get_stdout(), text.as_bytes());
    }

    fn eprint(text: String) {
        streams::write_all(&stderr::get_stderr(), text.as_bytes());
    }

    fn read_stdin() -> String {
        streams::text(streams::read_to_end(&stdin::get_stdin()))
    }

    fn dirs() -> Vec<String> {
        files::dirs()
    }

    fn read_file(dir: String, path: String) -> Result<String, String> {
        files::read(&dir, &path)
    }

    fn list_dir(dir: String, path: String) -> Result<Vec<String>, String> {
        files::list(&dir, &path)
    }

    fn apply(dir: String, what: Change) -> Result<(), String> {
        files::apply(&dir, &what)
    }

    fn tcp_connect(ip: String, port: u16) -> Result<String, String> {
        net::tcp_connect(net::address(&ip, port)?)
    }

    fn tcp_listen(ip: String, port: u16) -> Result<(), String> {
        net::tcp_listen(net::address(&ip, port)?)
    }

    fn udp_ask(ip: String, port: u16, text: String, connected: bool) -> Result<String, String> {
        net::udp_ask(net::address(&ip, port)?, text, connected)
    }

    fn udp_bind(ip: String, port: u16) -> Result<(), String> {
        net::udp_bind(net::address(&ip, port)?)
    }

    fn resolve(name: String) -> Result<Vec<String>, String> {
        net::resolve(&name)
    }

    fn config(key: String) -> Result<Option<String>, String> {
        store::get(&key).map_err(|error| format!("{error:?}"))
    }

    fn config_all() -> Result<Vec<(String, String)>, String> {
        store::get_all().map_err(|error| format!("{error:?}"))
    }

    fn now() -> u64 {
        wall_clock::now().seconds
    }

    fn instant() -> u64 {
        monotonic_clock::now()
    }

    fn random() -> u64 {
        random::get_random_u64()
    }

    fn sleep_ms(ms: u64) {
        monotonic_clock::subscribe_duration(ms.saturating_mul(1_000_000)).block();
    }
}

impl wasip2::exports::cli::run::Guest for Probe {
    /// Prints its arguments, copies standard input to standard output, and says on standard error
    /// how much that was. `--exit=N` is the status to exit with; `--fail` makes it answer `err`.
    fn run() -> Result<(), ()> {
        let args = environment::get_arguments();
        Self::print(format!("{args:?}\n"));
        let input = streams::read_to_end(&stdin::get_stdin());
        streams::write_all(&stdout::get_stdout(), &input);
        Self::eprint(format!("{} bytes copied\n", input.len()));
        if let Some(code) = args.iter().find_map(|arg| arg.strip_prefix("--exit=")) {
            exit::exit_with_code(code.parse().unwrap_or(u8::MAX));
        }
        if args.iter().any(|arg| arg == "--fail") { Err(()) } else { Ok(()) }
    }
}

export!(Probe);
wasip2::cli::command::export!(Probe);
