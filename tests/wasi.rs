//! What plugins get of WASI: exactly what is granted, and nothing more.
//!
//! The plugins are real: `guests/probe.wasm` (its source is beside it, `guests/build.sh` makes it)
//! does with WASI what it is told to, and says how that went. Questions and answers are WAVE text.
//! Each test has a folder of its own for its app and the files that the app may or may not reach.
//! The only network is 127.0.0.1.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

// For the table below.
use plugweave::model;
use plugweave::{App, CallError, Val, WaveCall, print_wave};

#[path = "support/guest.rs"]
mod guest;

/// The resolver's own table, which it does not show.
#[allow(dead_code, reason = "it is a part of the library")]
#[path = "../src/resolve/wasi.rs"]
mod table;

/// What a wait that must end is given at most; far more than it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// The folder of a test. It is kept when the test fails.
struct Place {
    root: PathBuf,
}

impl Place {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wasi").join(name);
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        Self { root }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Writes a file, and the folders that it is in.
    fn file(&self, path: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// Writes the manifest of a probe, with these tables and keys in it.
    fn probe(&self, manifest: &str, tables: &str) -> &Self {
        let component = guest::guest("probe.wasm");
        let head = format!("[plugin]\ncomponent = '{}'\n", component.display());
        self.file(manifest, format!("{head}[exports]\n'probe:wasi/probe@1.0.0' = {{}}\n{tables}"))
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// The app, all of whose plugins have started.
    fn app(&self) -> App {
        let app = App::open(&self.root).unwrap();
        assert!(app.failures().is_empty(), "{:?}", app.failures());
        app
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

fn try_ask(app: &App, plugin: &str, question: &str) -> Result<Option<Val>, CallError> {
    let call = format!("probe:wasi/probe@1.0.0#{question}");
    app.call_wave(Some(plugin), &WaveCall::parse(&call).unwrap())
}

/// What a probe answers; nothing where a function answers nothing.
fn ask(app: &App, plugin: &str, question: &str) -> String {
    let answer = try_ask(app, plugin, question).unwrap_or_else(|error| panic!("{question}: {error}"));
    answer.map_or(String::new(), |value| print_wave(&value).unwrap())
}

/// Asks and expects.
fn expect(app: &App, plugin: &str, answers: &[(&str, &str)]) {
    for (question, answer) in answers {
        assert_eq!(ask(app, plugin, question), *answer, "{plugin}: {question}");
    }
}

/// How a question fails, and how long that takes.
fn failure(app: &App, plugin: &str, question: &str) -> (CallError, Duration) {
    let start = Instant::now();
    let error = try_ask(app, plugin, question).unwrap_err();
    (error, start.elapsed())
}

/// Everything that a plugin has which is granted nothing, when it is called `id`.
fn expect_nothing(app: &App, id: &str) {
    let args = format!("[\"{id}\"]");
    expect(
        app,
        id,
        &[
            ("args()", args.as_str()),
            ("env()", "[]"),
            ("initial-cwd()", "none"),
            ("dirs()", "[]"),
            ("read-stdin()", "\"\""),
            ("tcp-connect(\"127.0.0.1\", 9)", "err(\"socket: access-denied\")"),
            ("tcp-listen(\"127.0.0.1\", 9)", "err(\"socket: access-denied\")"),
            ("udp-ask(\"127.0.0.1\", 9, \"\", false)", "err(\"socket: access-denied\")"),
            ("udp-bind(\"127.0.0.1\", 9)", "err(\"socket: access-denied\")"),
            ("resolve(\"localhost\")", "err(\"resolve: permanent-resolver-failure\")"),
            ("resolve(\"127.0.0.1\")", "err(\"resolve: permanent-resolver-failure\")"),
            ("config(\"PATH\")", "ok(none)"),
            ("config-all()", "ok([])"),
        ],
    );
}

mod without_grants {
    use super::*;

    /// The blocking calls of WASI start a runtime of their own, which must not meet the host's.
    #[test]
    fn apps_work_within_an_async_runtime() {
        let place = Place::new("async");
        place.probe("p.toml", "");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let app = place.app();
            ask(&app, "p", "sleep-ms(5)");
        });
    }

    #[test]
    fn there_is_nothing() {
        let place = Place::new("nothing");
        place.probe("p.toml", "").probe("q.toml", "[wasi]\n[config]\n").file("data/a.txt", "a");
        let app = place.app();
        expect_nothing(&app, "p");
        expect_nothing(&app, "q");
    }

    #[test]
    fn clocks_and_random_numbers_need_no_grant() {
        let place = Place::new("clocks");
        let app = place.probe("p.toml", "").app();
        let number = |question: &str| ask(&app, "p", question).parse::<u64>().unwrap();
        let now = || std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let before = now();
        assert!((before..=now() + 1).contains(&number("now()")));
        let instant = number("instant()");
        ask(&app, "p", "sleep-ms(5)");
        assert!(number("instant()") >= instant + 5_000_000);
        assert_ne!(number("random()"), number("random()"));
    }

    #[test]
    fn a_refused_connection_is_never_attempted() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let place = Place::new("no-connection");
        let app = place.probe("p.toml", "").app();
        expect(&app, "p", &[(&format!("tcp-connect(\"127.0.0.1\", {port})"), "err(\"socket: access-denied\")")]);
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}

mod arguments_environment_and_configuration {
    use plugweave::StartOptions;
    use plugweave::check::check;
    use plugweave::folder::Folder;

    use super::*;

    #[test]
    fn are_what_the_manifest_says() {
        let place = Place::new("arguments");
        place.probe(
            "p.toml",
            "[wasi]\nargs = ['--fast', '', 'ä b']\nenv = { LANG = 'C', EMPTY = '' }\n[config]\nlocale = 'fr-FR'\nb = ''\n",
        );
        let app = place.app();
        expect(
            &app,
            "p",
            &[
                ("args()", r#"["p", "--fast", "", "ä b"]"#),
                ("env()", r#"[("EMPTY", ""), ("LANG", "C")]"#),
                ("initial-cwd()", "none"),
                ("config(\"locale\")", "ok(some(\"fr-FR\"))"),
                ("config(\"b\")", "ok(some(\"\"))"),
                ("config(\"LANG\")", "ok(none)"),
            ],
        );
        assert_eq!(config(&app, "p"), ["(\"b\", \"\")", "(\"locale\", \"fr-FR\")"]);
    }

    #[test]
    fn configuration_is_the_manifests_overridden_by_the_apps() {
        let place = Place::new("configuration");
        place
            .probe("p.toml", "[config]\nlocale = 'fr-FR'\nkept = 'yes'\n")
            .probe("q.toml", "[config]\nlocale = 'fr-FR'\n")
            .file("app.toml", "[plugins.p]\nconfig = { locale = 'de-DE', added = 'too' }\n");
        let app = place.app();
        let p = ["(\"added\", \"too\")", "(\"kept\", \"yes\")", "(\"locale\", \"de-DE\")"];
        assert_eq!(config(&app, "p"), p);
        assert_eq!(config(&app, "q"), ["(\"locale\", \"fr-FR\")"]);
    }

    #[test]
    fn of_the_command_line_are_for_the_entry_alone() {
        let place = Place::new("command-line");
        place.file("app.toml", "[app]\nentry = 'shell'\n").probe("shell.toml", "[wasi]\nargs = ['--fast']\n");
        place.probe("other.toml", "[wasi]\nargs = ['--slow']\n");
        let options = StartOptions { base: place.root.clone(), entry_args: Some(vec!["a b".into(), String::new()]) };
        let app = App::of_checked(check(&Folder::new(&place.root)).unwrap(), options).unwrap();
        expect(&app, "shell", &[("args()", r#"["shell", "a b", ""]"#)]);
        expect(&app, "other", &[("args()", r#"["other", "--slow"]"#)]);
    }

    /// All pairs, sorted: `wasi:config/store` promises no order.
    fn config(app: &App, plugin: &str) -> Vec<String> {
        let Some(Val::Result(Ok(Some(pairs)))) = try_ask(app, plugin, "config-all()").unwrap() else { panic!() };
        let Val::List(pairs) = *pairs else { panic!() };
        let mut pairs: Vec<String> = pairs.iter().map(|pair| print_wave(pair).unwrap()).collect();
        pairs.sort();
        pairs
    }
}

mod directories {
    use super::*;

    const READ: &str = "[wasi]\ndirs = [{ host = 'data', guest = '/data', access = 'read' }]\n";
    const WRITE: &str = "[wasi]\ndirs = [{ host = 'data', guest = '/data', access = 'read-write' }]\n";

    /// Every kind of change, in an order in which all of them can be done.
    const CHANGES: &[&str] = &[
        r#"write(("new.txt", "new"))"#,
        r#"write(("a.txt", "b"))"#,
        r#"append(("a.txt", "c"))"#,
        r#"truncate("a.txt")"#,
        r#"touch("a.txt")"#,
        r#"create-dir("dir")"#,
        r#"write(("dir/x", "x"))"#,
        r#"rename(("new.txt", "dir/y"))"#,
        r#"link(("dir/y", "z"))"#,
        r#"symlink(("dir/y", "s"))"#,
        r#"remove-file("z")"#,
        r#"remove-dir("sub")"#,
    ];

    fn apply(app: &App, plugin: &str, change: &str) -> String {
        ask(app, plugin, &format!("apply(\"/data\", {change})"))
    }

    #[test]
    fn to_read_can_only_be_read() {
        let place = Place::new("read-only");
        place.probe("p.toml", READ).file("data/a.txt", "hello").file("data/deep/er/b.txt", "ä");
        fs::create_dir(place.path("data/sub")).unwrap();
        let app = place.app();
        expect(
            &app,
            "p",
            &[
                ("dirs()", "[\"/data\"]"),
                ("list-dir(\"/data\", \".\")", r#"ok(["a.txt", "deep", "sub"])"#),
                ("read-file(\"/data\", \"a.txt\")", "ok(\"hello\")"),
                ("read-file(\"/data\", \"deep/er/b.txt\")", "ok(\"ä\")"),
                ("read-file(\"/data\", \"deep/../a.txt\")", "ok(\"hello\")"),
                ("read-file(\"/data\", \"none\")", "err(\"no-entry\")"),
                ("read-file(\"/\", \"data/a.txt\")", "err(\"no directory /\")"),
            ],
        );
        for change in CHANGES {
            let answer = apply(&app, "p", change);
            assert!(["err(\"not-permitted\")", "err(\"read-only\")"].contains(&answer.as_str()), "{change}: {answer}");
        }
        assert_eq!(place.text("data/a.txt"), "hello");
        expect(&app, "p", &[("list-dir(\"/data\", \".\")", r#"ok(["a.txt", "deep", "sub"])"#)]);
    }

    #[test]
    fn to_read_and_write_can_be_changed() {
        let place = Place::new("read-write");
        place.probe("p.toml", WRITE).file("data/a.txt", "hello");
        fs::create_dir(place.path("data/sub")).unwrap();
        let app = place.app();
        for change in CHANGES {
            assert_eq!(apply(&app, "p", change), "ok", "{change}");
        }
        expect(
            &app,
            "p",
            &[
                ("list-dir(\"/data\", \".\")", r#"ok(["a.txt", "dir", "s"])"#),
                ("list-dir(\"/data\", \"dir\")", r#"ok(["x", "y"])"#),
                ("read-file(\"/data\", \"s\")", "ok(\"new\")"),
            ],
        );
        assert_eq!(place.text("data/a.txt"), "");
    }

    /// Paths from `data` to something outside of it.
    #[cfg(unix)]
    fn ways_out(place: &Place) -> Vec<String> {
        use std::os::unix::fs::symlink;
        let secret = place.path("secret.txt");
        symlink(&secret, place.path("data/absolute")).unwrap();
        symlink("../secret.txt", place.path("data/relative")).unwrap();
        symlink("..", place.path("data/up")).unwrap();
        symlink("absolute", place.path("data/chained")).unwrap();
        let ways = ["../secret.txt", "sub/../../secret.txt", "./../data/../secret.txt", "absolute", "relative"];
        let mut ways: Vec<String> = ways.into_iter().chain(["up/secret.txt", "chained"]).map(str::to_owned).collect();
        ways.push(secret.to_str().unwrap().to_owned());
        ways
    }

    #[test]
    #[cfg(unix)]
    fn cannot_be_left() {
        let place = Place::new("escapes");
        place.file("secret.txt", "secret").file("data/sub/a.txt", "a").file("data/database/b.txt", "b");
        place.probe("p.toml", WRITE).file("data-too/b.txt", "b");
        std::os::unix::fs::symlink("sub/a.txt", place.path("data/inside")).unwrap();
        let ways = ways_out(&place);
        let app = place.app();
        for way in &ways {
            let refused = |question: &str| {
                assert_eq!(ask(&app, "p", question), "err(\"not-permitted\")", "{question}");
            };
            refused(&format!("read-file(\"/data\", \"{way}\")"));
            refused(&format!("apply(\"/data\", write((\"{way}\", \"x\")))"));
            refused(&format!("apply(\"/data\", truncate(\"{way}\"))"));
            refused(&format!("apply(\"/data\", touch(\"{way}\"))"));
        }
        assert_eq!(place.text("secret.txt"), "secret");
        let outside = [
            r#"remove-file("../secret.txt")"#,
            r#"remove-file("up/secret.txt")"#,
            r#"create-dir("../dir")"#,
            r#"remove-dir("../data-too")"#,
            r#"rename(("../secret.txt", "mine"))"#,
            r#"rename(("sub/a.txt", "../a.txt"))"#,
            r#"link(("../secret.txt", "mine"))"#,
            r#"link(("sub/a.txt", "up/a.txt"))"#,
            r#"symlink(("/etc", "etc"))"#,
        ];
        for change in outside {
            assert_eq!(apply(&app, "p", change), "err(\"not-permitted\")", "{change}");
        }
        expect(
            &app,
            "p",
            &[
                ("read-file(\"/data\", \"inside\")", "ok(\"a\")"),
                ("list-dir(\"/data\", \"..\")", "err(\"not-permitted\")"),
                ("list-dir(\"/data\", \"/\")", "err(\"not-permitted\")"),
                ("list-dir(\"/data\", \"up\")", "err(\"not-permitted\")"),
                ("list-dir(\"/data\", \"../data-too\")", "err(\"not-permitted\")"),
            ],
        );
    }

    #[test]
    #[cfg(unix)]
    fn cannot_be_left_by_a_link_that_the_plugin_makes() {
        let place = Place::new("own-links");
        let app = place.probe("p.toml", WRITE).file("secret.txt", "secret").file("data/a.txt", "a").app();
        // Whether such a link can be made does not matter: following it leads nowhere.
        apply(&app, "p", r#"symlink(("../secret.txt", "mine"))"#);
        let answer = ask(&app, "p", "read-file(\"/data\", \"mine\")");
        assert!(["err(\"not-permitted\")", "err(\"no-entry\")"].contains(&answer.as_str()), "{answer}");
    }

    #[test]
    fn each_has_its_own_access() {
        let place = Place::new("two-directories");
        let dirs = "[wasi]\ndirs = [\n{ host = 'data', guest = '/data', access = 'read' },\n\
            { host = 'data/out', guest = '/out/put', access = 'read-write' }]\n";
        let app = place.probe("p.toml", dirs).file("data/a.txt", "a").file("data/out/b.txt", "b").app();
        expect(
            &app,
            "p",
            &[
                ("dirs()", r#"["/data", "/out/put"]"#),
                ("read-file(\"/data\", \"out/b.txt\")", "ok(\"b\")"),
                ("apply(\"/data\", write((\"out/b.txt\", \"c\")))", "err(\"not-permitted\")"),
                ("apply(\"/out/put\", write((\"b.txt\", \"c\")))", "ok"),
                ("read-file(\"/data\", \"out/b.txt\")", "ok(\"c\")"),
                ("read-file(\"/out/put\", \"../a.txt\")", "err(\"not-permitted\")"),
            ],
        );
    }

    #[test]
    fn are_relative_to_the_folder_of_the_manifest() {
        let place = Place::new("relative");
        place.file("data/a.txt", "of the app").file("deep/data/a.txt", "of the folder");
        let absolute = place.path("deep/data");
        let dirs = format!(
            "[wasi]\ndirs = [\n{{ host = 'data', guest = '/own', access = 'read' }},\n\
             {{ host = '../data', guest = '/shared', access = 'read' }},\n\
             {{ host = '{}', guest = '/absolute', access = 'read' }}]\n",
            absolute.display()
        );
        let app = place.probe("top.toml", READ).probe("deep/plugin.toml", &dirs).app();
        expect(&app, "top", &[("read-file(\"/data\", \"a.txt\")", "ok(\"of the app\")")]);
        expect(
            &app,
            "deep",
            &[
                ("read-file(\"/own\", \"a.txt\")", "ok(\"of the folder\")"),
                ("read-file(\"/shared\", \"a.txt\")", "ok(\"of the app\")"),
                ("read-file(\"/absolute\", \"a.txt\")", "ok(\"of the folder\")"),
            ],
        );
    }

    #[test]
    fn that_are_missing_fail_the_plugin_until_they_are_there() {
        let place = Place::new("missing");
        place.probe("p.toml", READ).probe("q.toml", "");
        let app = App::open(&place.root).unwrap();
        let [(id, error)] = app.failures() else { panic!("{:?}", app.failures()) };
        assert_eq!((id.as_str(), error.kind().code()), ("p", "failed"));
        let told = error.to_string();
        assert!(told.contains("`p`") && told.contains("`data`"), "{told}");
        expect_nothing(&app, "q");
        let (error, _) = failure(&app, "p", "args()");
        assert_eq!(error.kind().code(), "failed");
        assert!(error.to_string().contains("cannot be opened"), "{error}");
        // A file is not a folder.
        place.file("data", "");
        assert_eq!(failure(&app, "p", "args()").0.kind().code(), "failed");
        fs::remove_file(place.path("data")).unwrap();
        place.file("data/a.txt", "a");
        expect(&app, "p", &[("read-file(\"/data\", \"a.txt\")", "ok(\"a\")")]);
    }
}

mod network {
    use std::io::{self, Write};
    use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
    use std::thread::{self, JoinHandle};

    use super::*;

    const LOCAL: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

    fn grants(grants: &str) -> String {
        format!("[wasi]\nnetwork = [{grants}]\n")
    }

    /// Greets everybody who connects, for as long as the test runs.
    fn greeter() -> u16 {
        let listener = TcpListener::bind(LOCAL).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                stream.unwrap().write_all(b"hello").unwrap();
            }
        });
        port
    }

    /// Answers one datagram; before that, another socket answers it.
    fn answerer() -> (u16, JoinHandle<Vec<u8>>) {
        let socket = UdpSocket::bind(LOCAL).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let port = socket.local_addr().unwrap().port();
        let thread = thread::spawn(move || {
            let mut bytes = [0; 100];
            let (length, from) = socket.recv_from(&mut bytes).unwrap();
            UdpSocket::bind(LOCAL).unwrap().send_to(b"intruder", from).unwrap();
            socket.send_to(b"answer", from).unwrap();
            bytes[..length].to_vec()
        });
        (port, thread)
    }

    /// Says nothing, for longer than anybody should wait.
    fn silent_tcp() -> u16 {
        let listener = TcpListener::bind(LOCAL).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let _stream = listener.accept().unwrap();
            thread::sleep(2 * PATIENCE);
        });
        port
    }

    /// Answers later than anybody should wait.
    fn silent_udp() -> u16 {
        let socket = UdpSocket::bind(LOCAL).unwrap();
        let port = socket.local_addr().unwrap().port();
        thread::spawn(move || {
            let (_, from) = socket.recv_from(&mut []).unwrap();
            thread::sleep(2 * PATIENCE);
            socket.send_to(b"late", from).unwrap();
        });
        port
    }

    /// A port that nobody uses, outside of the range from which the system hands out others.
    fn unused_port<T>(bind: impl Fn(SocketAddr) -> io::Result<T>) -> u16 {
        let first = 10_000 + u16::try_from(std::process::id() % 10_000).unwrap();
        (first..).find(|port| bind((Ipv4Addr::LOCALHOST, *port).into()).is_ok()).unwrap()
    }

    #[test]
    fn tcp_leads_to_the_granted_address_alone() {
        let (granted, other) = (greeter(), greeter());
        let place = Place::new("tcp");
        let app = place.probe("p.toml", &grants(&format!("'tcp:127.0.0.1:{granted}'"))).app();
        expect(
            &app,
            "p",
            &[
                (&format!("tcp-connect(\"127.0.0.1\", {granted})"), "ok(\"hello\")"),
                (&format!("tcp-connect(\"127.0.0.1\", {other})"), "err(\"connect: access-denied\")"),
                (&format!("udp-ask(\"127.0.0.1\", {granted}, \"\", true)"), "err(\"socket: access-denied\")"),
                (&format!("udp-bind(\"127.0.0.1\", {granted})"), "err(\"socket: access-denied\")"),
                ("resolve(\"localhost\")", "err(\"resolve: permanent-resolver-failure\")"),
            ],
        );
    }

    #[test]
    fn who_listens_does_so_at_the_granted_address() {
        let granted = unused_port(TcpListener::bind::<SocketAddr>);
        let place = Place::new("listen");
        let app = place.probe("p.toml", &grants(&format!("'tcp:127.0.0.1:{granted}'"))).app();
        expect(
            &app,
            "p",
            &[
                (&format!("tcp-listen(\"127.0.0.1\", {granted})"), "ok"),
                (&format!("tcp-listen(\"127.0.0.1\", {})", granted + 1), "err(\"bind: access-denied\")"),
                (&format!("tcp-listen(\"0.0.0.0\", {granted})"), "err(\"bind: access-denied\")"),
                ("tcp-listen(\"127.0.0.1\", 0)", "err(\"bind: access-denied\")"),
                // Any local address: which connecting binds to first, and which leads nowhere else.
                ("tcp-listen(\"0.0.0.0\", 0)", "err(\"listen: access-denied\")"),
            ],
        );
    }

    #[test]
    fn udp_leads_to_the_granted_address_alone() {
        let (granted, asked) = answerer();
        let (connected, also_asked) = answerer();
        let bound = unused_port(UdpSocket::bind::<SocketAddr>);
        let place = Place::new("udp");
        let list = [granted, connected, bound].map(|port| format!("'udp:127.0.0.1:{port}'")).join(",");
        let app = place.probe("p.toml", &grants(&list)).app();
        let stranger = UdpSocket::bind(LOCAL).unwrap();
        stranger.set_nonblocking(true).unwrap();
        let other = stranger.local_addr().unwrap().port();
        expect(
            &app,
            "p",
            &[
                // What comes from elsewhere is not delivered.
                (&format!("udp-ask(\"127.0.0.1\", {granted}, \"one\", false)"), "ok(\"answer\")"),
                (&format!("udp-ask(\"127.0.0.1\", {connected}, \"two\", true)"), "ok(\"answer\")"),
                (&format!("udp-ask(\"127.0.0.1\", {other}, \"three\", false)"), "err(\"send: access-denied\")"),
                (&format!("udp-ask(\"127.0.0.1\", {other}, \"four\", true)"), "err(\"connect: access-denied\")"),
                (&format!("udp-bind(\"127.0.0.1\", {bound})"), "ok"),
                (&format!("udp-bind(\"127.0.0.1\", {})", bound + 1), "err(\"bind: access-denied\")"),
                (&format!("udp-bind(\"0.0.0.0\", {bound})"), "err(\"bind: access-denied\")"),
                (&format!("tcp-connect(\"127.0.0.1\", {granted})"), "err(\"socket: access-denied\")"),
                (&format!("tcp-listen(\"127.0.0.1\", {granted})"), "err(\"socket: access-denied\")"),
            ],
        );
        assert_eq!((asked.join().unwrap(), also_asked.join().unwrap()), (b"one".to_vec(), b"two".to_vec()));
        assert_eq!(stranger.recv(&mut [0; 10]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn names_are_looked_up_where_that_is_granted() {
        let port = greeter();
        let place = Place::new("dns");
        let app = place.probe("p.toml", &grants("'dns'")).app();
        let answer = ask(&app, "p", "resolve(\"localhost\")");
        assert!(answer.contains("\"127.0.0.1\"") || answer.contains("\"::1\""), "{answer}");
        expect(
            &app,
            "p",
            &[
                ("resolve(\"127.0.0.1\")", "ok([\"127.0.0.1\"])"),
                ("resolve(\"no host\")", "err(\"resolve: invalid-argument\")"),
                (&format!("tcp-connect(\"127.0.0.1\", {port})"), "err(\"socket: access-denied\")"),
            ],
        );
    }

    #[test]
    fn waiting_for_an_answer_ends_with_the_plugins_time() {
        let (tcp, udp) = (silent_tcp(), silent_udp());
        let place = Place::new("silence");
        let grants = grants(&format!("'tcp:127.0.0.1:{tcp}', 'udp:127.0.0.1:{udp}'"));
        let app = place.probe("p.toml", &format!("{grants}[limits]\ntimeout = '200ms'\n")).app();
        for question in
            [format!("tcp-connect(\"127.0.0.1\", {tcp})"), format!("udp-ask(\"127.0.0.1\", {udp}, \"\", false)")]
        {
            let (error, took) = failure(&app, "p", &question);
            assert_eq!(error.kind().code(), "timeout", "{error}");
            assert!(took < PATIENCE, "{took:?}");
        }
    }
}

mod between_plugins {
    use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

    use super::*;

    const ALL: &str = "[wasi]\nargs = ['--fast']\nenv = { SECRET = 'p' }\n\
        dirs = [{ host = 'data', guest = '/data', access = 'read-write' }]\n\
        network = ['tcp:127.0.0.1:9', 'udp:127.0.0.1:9', 'dns']\n[config]\nkey = 'p'\n";

    #[test]
    fn nothing_is_shared() {
        let place = Place::new("apart");
        let q = "[wasi]\nargs = ['--slow']\nenv = { SECRET = 'q' }\n\
            dirs = [{ host = 'else', guest = '/data', access = 'read' }]\nnetwork = ['dns']\n[config]\nkey = 'q'\n";
        place.file("data/a.txt", "of p").file("else/a.txt", "of q");
        let app = place.probe("p.toml", ALL).probe("q.toml", q).probe("r.toml", "").app();
        for (plugin, arg, write) in [("p", "--fast", "ok"), ("q", "--slow", "err(\"not-permitted\")")] {
            expect(
                &app,
                plugin,
                &[
                    ("args()", &format!("[\"{plugin}\", \"{arg}\"]")),
                    ("env()", &format!("[(\"SECRET\", \"{plugin}\")]")),
                    ("config-all()", &format!("ok([(\"key\", \"{plugin}\")])")),
                    ("dirs()", "[\"/data\"]"),
                    ("read-file(\"/data\", \"a.txt\")", &format!("ok(\"of {plugin}\")")),
                    ("apply(\"/data\", write((\"b.txt\", \"\")))", write),
                ],
            );
        }
        expect(&app, "q", &[("tcp-connect(\"127.0.0.1\", 9)", "err(\"socket: access-denied\")")]);
        expect_nothing(&app, "r");
    }

    /// Tells its own environment and that of the probe that it imports.
    fn importer() -> Vec<u8> {
        let wit = "package test:importer;
            interface api { mine: func() -> list<tuple<string, string>>; theirs: func() -> list<tuple<string, string>>; }
            world importer {
                import wasi:cli/environment@0.2.0;
                import probe:wasi/probe@1.0.0;
                export api;
            }
            package wasi:cli@0.2.0 {
                interface environment { get-environment: func() -> list<tuple<string, string>>; }
            }
            package probe:wasi@1.0.0 { interface probe { env: func() -> list<tuple<string, string>>; } }";
        let wat = r#"(module
            (import "wasi:cli/environment@0.2.0" "get-environment" (func $own (param i32)))
            (import "probe:wasi/probe@1.0.0" "env" (func $theirs (param i32)))
            (memory (export "memory") 1)
            (global $free (mut i32) (i32.const 1024))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                (global.get $free)
                (global.set $free (i32.add (global.get $free) (local.get 3))))
            (func (export "test:importer/api#mine") (result i32) (call $own (i32.const 64)) (i32.const 64))
            (func (export "test:importer/api#theirs") (result i32) (call $theirs (i32.const 64)) (i32.const 64)))"#;
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_str("importer.wit", wit).unwrap();
        let world = resolve.select_world(&[package], Some("importer")).unwrap();
        let mut module = wat::parse_str(wat).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
    }

    #[test]
    fn importing_a_plugin_shares_nothing_with_it() {
        let place = Place::new("import");
        let manifest = |id: &str, env: &str| {
            let tables = "component = 'importer.wasm'\n[exports]\n'test:importer/api' = {}\n\
                [imports]\n'probe:wasi/probe@1.0.0' = 'exactly-one'\n";
            place.file(&format!("{id}.toml"), format!("[plugin]\n{tables}{env}"));
        };
        manifest("plain", "");
        manifest("rich", "[wasi.env]\nMINE = 'rich'\n");
        let app = place.probe("p.toml", ALL).file("data/a.txt", "").file("importer.wasm", importer()).app();
        let told = |plugin: &str, function: &str| {
            let answer = app.call_plugin(plugin, &format!("test:importer/api#{function}"), &[]);
            print_wave(&answer.unwrap().unwrap()).unwrap()
        };
        assert_eq!(told("plain", "mine"), "[]");
        assert_eq!(told("rich", "mine"), "[(\"MINE\", \"rich\")]");
        for importer in ["plain", "rich"] {
            assert_eq!(told(importer, "theirs"), "[(\"SECRET\", \"p\")]");
        }
    }

    #[test]
    fn the_app_narrows_what_a_manifest_grants() {
        let place = Place::new("narrowed");
        let none = "wasi = { args = [], env = {}, dirs = [], network = [] }";
        let less = "wasi = { dirs = [{ host = 'data/sub', guest = '/sub', access = 'read' }], network = ['dns'] }";
        place.file("data/sub/a.txt", "a").file("app.toml", format!("[plugins.none]\n{none}\n[plugins.less]\n{less}\n"));
        for id in ["none", "less", "full"] {
            place.probe(&format!("{id}.toml"), ALL.split("[config]").next().unwrap());
        }
        let app = place.app();
        expect_nothing(&app, "none");
        expect(
            &app,
            "less",
            &[
                ("args()", r#"["less", "--fast"]"#),
                ("env()", r#"[("SECRET", "p")]"#),
                ("dirs()", "[\"/sub\"]"),
                ("read-file(\"/sub\", \"a.txt\")", "ok(\"a\")"),
                ("apply(\"/sub\", remove-file(\"a.txt\"))", "err(\"not-permitted\")"),
                ("tcp-connect(\"127.0.0.1\", 9)", "err(\"socket: access-denied\")"),
                ("udp-bind(\"127.0.0.1\", 9)", "err(\"socket: access-denied\")"),
                ("resolve(\"127.0.0.1\")", "ok([\"127.0.0.1\"])"),
            ],
        );
        expect(&app, "full", &[("apply(\"/data\", write((\"sub/a.txt\", \"b\")))", "ok")]);
    }

    #[test]
    fn an_app_that_trusts_nobody_withholds() {
        let place = Place::new("trust");
        let some = "wasi = { env = { SECRET = 'p' }, dirs = [{ host = 'data', guest = '/d', access = 'read' }] }";
        place.file("data/a.txt", "a").file("app.toml", format!("[app]\ntrust = 'app'\n[plugins.some]\n{some}\n"));
        place.probe("none.toml", ALL.split("[config]").next().unwrap());
        let app = place.probe("some.toml", ALL).app();
        expect_nothing(&app, "none");
        expect(
            &app,
            "some",
            &[
                ("args()", "[\"some\"]"),
                ("env()", r#"[("SECRET", "p")]"#),
                ("dirs()", "[\"/d\"]"),
                ("read-file(\"/d\", \"a.txt\")", "ok(\"a\")"),
                ("apply(\"/d\", remove-file(\"a.txt\"))", "err(\"not-permitted\")"),
                ("udp-bind(\"127.0.0.1\", 9)", "err(\"socket: access-denied\")"),
                ("resolve(\"localhost\")", "err(\"resolve: permanent-resolver-failure\")"),
                // What the manifest itself tells its plugin is no grant.
                ("config(\"key\")", "ok(some(\"p\"))"),
            ],
        );
    }
}

mod output {
    use std::fmt::{Debug, Write};
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::subscriber::DefaultGuard;
    use tracing::{Event, Subscriber};
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

    use super::*;

    /// What guests write on this thread: `plugin stream line`.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<String>>>);

    impl Written {
        fn start() -> (Self, DefaultGuard) {
            let written = Self::default();
            let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(written.clone()));
            (written, guard)
        }

        fn take(&self) -> Vec<String> {
            std::mem::take(&mut *self.0.lock().unwrap())
        }
    }

    impl<S: Subscriber> Layer<S> for Written {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            if event.metadata().target() == "plugweave::guest" {
                let mut line = Line::default();
                event.record(&mut line);
                self.0.lock().unwrap().push(format!("{}{}", line.fields, line.message));
            }
        }
    }

    #[derive(Default)]
    struct Line {
        fields: String,
        message: String,
    }

    impl Visit for Line {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            match field.name() {
                "message" => self.message = format!("{value:?}"),
                _ => write!(self.fields, "{value:?} ").unwrap(),
            }
        }

        fn record_str(&mut self, _: &Field, value: &str) {
            write!(self.fields, "{value} ").unwrap();
        }
    }

    #[test]
    fn is_logged_line_by_line_under_the_plugins_id() {
        let (written, _guard) = Written::start();
        let place = Place::new("log");
        let app = place.probe("p.toml", "").probe("q.toml", "[wasi]\nstdout = 'log'\nstderr = 'log'\n").app();
        ask(&app, "p", r#"print("one\ntwo\r\n\nthr")"#);
        ask(&app, "q", r#"print("other\n")"#);
        ask(&app, "p", r#"eprint("error\n")"#);
        assert_eq!(written.take(), ["p stdout one", "p stdout two", "p stdout ", "q stdout other", "p stderr error"]);
        ask(&app, "p", r#"print("ee ä\n")"#);
        assert_eq!(written.take(), ["p stdout three ä"]);
    }

    #[test]
    fn without_a_line_break_is_logged_when_the_plugin_ends() {
        let (written, _guard) = Written::start();
        let place = Place::new("log-end");
        let app = place.probe("p.toml", "").probe("q.toml", "").app();
        ask(&app, "p", "print(\"last words\")");
        ask(&app, "q", "eprint(\"good bye\")");
        assert!(written.take().is_empty());
        try_ask(&app, "p", "exit(1)").unwrap_err();
        assert_eq!(written.take(), ["p stdout last words"]);
        drop(app);
        assert_eq!(written.take(), ["q stderr good bye"]);
    }

    #[test]
    fn in_a_very_long_line_is_logged_in_pieces() {
        let (written, _guard) = Written::start();
        let place = Place::new("long-line");
        let app = place.probe("p.toml", "").app();
        let text = "ä".repeat(100_000);
        ask(&app, "p", &format!("print(\"{text}\")"));
        let lines = written.take();
        assert!(lines.len() > 10 && lines.iter().all(|line| line.len() < 10_000), "{}", lines.len());
        drop(app);
        let lines: Vec<String> = lines.into_iter().chain(written.take()).collect();
        let told: String = lines.iter().map(|line| line.strip_prefix("p stdout ").unwrap()).collect();
        assert_eq!(told, text);
    }

    #[test]
    fn to_nowhere_vanishes() {
        let (written, _guard) = Written::start();
        let place = Place::new("null");
        place.file("app.toml", "[plugins.narrowed.wasi]\nstdout = 'null'\n").probe("narrowed.toml", "");
        let app = place.probe("p.toml", "[wasi]\nstdout = 'null'\nstderr = 'null'\n").app();
        for question in ["print(\"out\\n\")", "eprint(\"error\\n\")"] {
            ask(&app, "p", question);
            ask(&app, "narrowed", question);
        }
        drop(app);
        assert_eq!(written.take(), ["narrowed stderr error"]);
    }
}

mod endings {
    use std::io::Read;
    use std::process::{Command, Stdio};
    use std::thread;

    use super::*;

    #[test]
    fn the_exit_of_a_plugin_is_its_own_failure() {
        let place = Place::new("exit");
        let app = place.probe("p.toml", "").probe("q.toml", "").app();
        for code in [0, 3, 255] {
            let (error, _) = failure(&app, "p", &format!("exit({code})"));
            let origin = error.origin().map(plugweave::PluginId::as_str);
            assert_eq!((error.kind().code(), origin, error.exit_code()), ("exit", Some("p"), Some(code)));
            expect(&app, "q", &[("args()", "[\"q\"]")]);
            // It is started anew.
            expect(&app, "p", &[("args()", "[\"p\"]")]);
        }
    }

    #[test]
    fn a_sleep_ends_with_the_plugins_time() {
        let place = Place::new("sleep");
        let app = place.probe("p.toml", "[limits]\ntimeout = '200ms'\n").probe("q.toml", "").app();
        let (error, took) = failure(&app, "p", "sleep-ms(60000)");
        assert_eq!(error.kind().code(), "timeout", "{error}");
        assert!((Duration::from_millis(150)..PATIENCE).contains(&took), "{took:?}");
        expect(&app, "q", &[("sleep-ms(300)", "")]);
        expect(&app, "p", &[("sleep-ms(1)", "")]);
    }

    #[test]
    fn reading_what_never_comes_ends_with_the_plugins_time() {
        let place = Place::new("stdin");
        place.probe("p.toml", "[wasi]\nstdin = 'inherit'\n[limits]\ntimeout = '200ms'\n");
        let start = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_plugweave"))
            .args(["call", place.root.to_str().unwrap(), "probe:wasi/probe#read-stdin()"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Held open for longer than it should take.
        let stdin = child.stdin.take();
        thread::spawn(move || {
            thread::sleep(2 * PATIENCE);
            drop(stdin);
        });
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(1), "{told}");
        assert!(told.contains("its time of 200ms was up"), "{told}");
        assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    }
}

/// The interfaces that the resolver says the runtime offers, against those that it does offer.
///
/// The interfaces that there may be are read from the WIT that `wasmtime-wasi` and
/// `wasmtime-wasi-config` are themselves generated from, as their sources are on this machine.
mod offered {
    use std::collections::BTreeSet;
    use std::fmt::Write;
    use std::process::Command;

    use plugweave::model::ExternName;
    use plugweave::resolve::offered_by_runtime;
    use wasmtime::component::{Linker, ResourceTable};
    use wasmtime::{Engine, StoreContextMut};
    use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
    use wasmtime_wasi_config::{WasiConfig, WasiConfigVariables};
    use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
    use wit_parser::abi::{AbiVariant, WasmType};
    use wit_parser::{InterfaceId, Resolve, TypeDefKind};

    use super::*;

    /// The version of `wasi:*` in the WIT of `wasmtime-wasi`.
    const NEWEST: &str = "0.2.12";

    /// The folders with the WIT.
    fn wit_folders() -> Vec<PathBuf> {
        let output = |command: &mut Command| String::from_utf8(command.output().unwrap().stdout).unwrap();
        let host = output(Command::new("rustc").args(["--print", "host-tuple"]));
        // Of other platforms not everything has been downloaded.
        let arguments = ["metadata", "--format-version=1", "--offline", "--filter-platform", host.trim()];
        let metadata = output(Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")));
        let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
        let folder = |name: &str, wit: &str| {
            let packages = metadata["packages"].as_array().unwrap();
            let package = packages.iter().find(|package| package["name"] == name).unwrap();
            Path::new(package["manifest_path"].as_str().unwrap()).with_file_name(wit)
        };
        vec![folder("wasmtime-wasi", "src/p2/wit/deps"), folder("wasmtime-wasi-config", "wit/deps/config")]
    }

    /// The packages, with `wasi:*@0.2.12` in another version; on demand, what is not stable yet too.
    fn packages(place: &Place, version: &str, all_features: bool) -> Resolve {
        for folder in wit_folders() {
            for file in fs::read_dir(&folder).unwrap() {
                let path = file.unwrap().path();
                let text = fs::read_to_string(&path).unwrap().replace(NEWEST, version);
                // Each package in a folder of its own.
                let name =
                    if folder.ends_with("config") { "config" } else { path.file_stem().unwrap().to_str().unwrap() };
                let file = path.file_name().unwrap().to_str().unwrap();
                place.file(&format!("{version}/deps/{name}/{file}"), text);
            }
        }
        place.file(&format!("{version}/all.wit"), "package test:all;");
        let mut resolve = Resolve { all_features, ..Resolve::default() };
        resolve.push_dir(place.path(version)).unwrap();
        resolve
    }

    fn interfaces(resolve: &Resolve) -> Vec<(String, InterfaceId)> {
        let named = |(id, _): (InterfaceId, _)| Some((resolve.id_of(id)?, id));
        resolve.interfaces.iter().filter_map(named).collect()
    }

    /// `wasi:cli/exit@0.2.12` as the list has it: `wasi:cli/exit@0.2`.
    fn series(name: &str, version: &str) -> String {
        name.strip_suffix(version).map_or(name.to_owned(), |base| format!("{base}0.2"))
    }

    struct State(WasiCtx, ResourceTable, WasiConfigVariables);

    impl WasiView for State {
        fn ctx(&mut self) -> WasiCtxView<'_> {
            WasiCtxView { ctx: &mut self.0, table: &mut self.1 }
        }
    }

    #[test]
    fn is_what_wasmtime_defines() {
        let place = Place::new("offered");
        let resolve = packages(&place, NEWEST, true);
        let mut linker = Linker::<State>::new(&Engine::default());
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).unwrap();
        wasmtime_wasi_config::add_to_linker(&mut linker, |state| WasiConfig::from(&state.2)).unwrap();
        // What is defined cannot be defined again.
        let mut is_defined = |name: &str| {
            let nothing = |_: StoreContextMut<'_, State>, (): ()| Ok(());
            linker.root().func_wrap(name, nothing).is_err()
        };
        let names = interfaces(&resolve).into_iter().map(|(name, _)| name);
        let (defined, others): (BTreeSet<String>, BTreeSet<String>) = names.partition(|name| is_defined(name));
        let defined: BTreeSet<String> = defined.iter().map(|name| series(name, NEWEST)).collect();
        assert_eq!(defined, offered_by_runtime().collect());
        // One is for guests to export, the other is not stable yet.
        assert_eq!(others, ["wasi:cli/run@0.2.12", "wasi:clocks/timezone@0.2.12"].map(str::to_owned).into());
    }

    #[test]
    fn has_the_functions_of_the_wit() {
        let place = Place::new("functions");
        let resolve = packages(&place, NEWEST, false);
        let offered: BTreeSet<String> = offered_by_runtime().collect();
        for (name, id) in interfaces(&resolve) {
            let of_wit: BTreeSet<&str> = resolve.interfaces[id].functions.keys().map(String::as_str).collect();
            let listed = table::functions(&ExternName::parse(&name).unwrap());
            assert_eq!(listed.is_some(), offered.contains(&series(&name, NEWEST)), "{name}");
            if let Some(listed) = listed {
                assert_eq!(listed.collect::<BTreeSet<&str>>(), of_wit, "{name}");
            }
        }
    }

    /// A module that imports every function of these interfaces.
    fn module(resolve: &Resolve, interfaces: &[(String, InterfaceId)]) -> String {
        let mut text = String::from("(module\n");
        for (name, id) in interfaces {
            let interface = &resolve.interfaces[*id];
            for (function, of) in &interface.functions {
                let signature = resolve.wasm_signature(AbiVariant::GuestImport, of);
                let (params, results) = (types(&signature.params), types(&signature.results));
                let types = format!("(param {params}) (result {results})");
                writeln!(text, "(import \"{name}\" \"{function}\" (func {types}))").unwrap();
            }
            for (resource, ty) in &interface.types {
                if resolve.types[*ty].kind == TypeDefKind::Resource {
                    writeln!(text, "(import \"{name}\" \"[resource-drop]{resource}\" (func (param i32)))").unwrap();
                }
            }
        }
        text + "(memory (export \"memory\") 1)
            (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) unreachable))"
    }

    fn types(types: &[WasmType]) -> String {
        let name = |ty: &WasmType| match ty {
            WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32 ",
            WasmType::I64 | WasmType::PointerOrI64 => "i64 ",
            WasmType::F32 => "f32 ",
            WasmType::F64 => "f64 ",
        };
        types.iter().map(name).collect()
    }

    /// A component that imports every function of everything that is offered.
    fn greedy(place: &Place, version: &str) -> Vec<u8> {
        let mut resolve = packages(place, version, false);
        let offered: BTreeSet<String> = offered_by_runtime().collect();
        let mut interfaces = interfaces(&resolve);
        interfaces.retain(|(name, _)| offered.contains(&series(name, version)));
        assert_eq!(interfaces.len(), offered.len());
        let imports: String = interfaces.iter().map(|(name, _)| format!("import {name};\n")).collect();
        let package = resolve.push_str("greedy.wit", &format!("package test:greedy; world greedy {{ {imports} }}"));
        let world = resolve.select_world(&[package.unwrap()], Some("greedy")).unwrap();
        let mut module = wat::parse_str(module(&resolve, &interfaces)).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
    }

    #[test]
    fn links_with_all_its_functions_in_any_patch_version() {
        let place = Place::new("greedy");
        for version in ["0.2.0", NEWEST, "0.2.99"] {
            let name = format!("p{}", version.replace('.', "-"));
            place.file(&format!("app/{name}.wasm"), greedy(&place, version));
            place.file(&format!("app/{name}.toml"), format!("[plugin]\ncomponent = '{name}.wasm'\n"));
        }
        let app = App::open(place.path("app")).unwrap();
        assert!(app.failures().is_empty(), "{:?}", app.failures());
        let served = |plugin: &plugweave::plan::PlannedPlugin| plugin.imports.len();
        let counts: Vec<usize> = app.plan().plugins.iter().map(served).collect();
        assert_eq!(counts, [offered_by_runtime().count(); 3]);
    }
}
