//! The folder of a test, and asking the probes in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plugweave::{App, CallError, Val, WaveCall, print_wave};

use crate::guest::guest;

/// What a wait that must end is given at most; far more than it takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The folder of a test. It is kept when the test fails.
pub struct Place {
    pub root: PathBuf,
}

impl Place {
    pub fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wasi").join(name);
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        Self { root }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Writes a file, and the folders that it is in.
    pub fn file(&self, path: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// Writes the manifest of a probe, with these tables and keys in it.
    pub fn probe(&self, manifest: &str, tables: &str) -> &Self {
        let component = guest("probe.wasm");
        let head = format!("[plugin]\ncomponent = '{}'\n", component.display());
        self.file(manifest, format!("{head}[exports]\n'probe:wasi/probe@1.0.0' = {{}}\n{tables}"))
    }

    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// The app, all of whose plugins have started.
    pub fn app(&self) -> App {
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

pub fn try_ask(app: &App, plugin: &str, question: &str) -> Result<Option<Val>, CallError> {
    let call = format!("probe:wasi/probe@1.0.0#{question}");
    app.call_wave(Some(plugin), &WaveCall::parse(&call).unwrap())
}

/// What a probe answers; nothing where a function answers nothing.
pub fn ask(app: &App, plugin: &str, question: &str) -> String {
    let answer = try_ask(app, plugin, question).unwrap_or_else(|error| panic!("{question}: {error}"));
    answer.map_or(String::new(), |value| print_wave(&value).unwrap())
}

/// Asks and expects.
pub fn expect(app: &App, plugin: &str, answers: &[(&str, &str)]) {
    for (question, answer) in answers {
        assert_eq!(ask(app, plugin, question), *answer, "{plugin}: {question}");
    }
}

/// How a question fails, and how long that takes.
pub fn failure(app: &App, plugin: &str, question: &str) -> (CallError, Duration) {
    let start = Instant::now();
    let error = try_ask(app, plugin, question).unwrap_err();
    (error, start.elapsed())
}

/// Everything that a plugin has which is granted nothing, when it is called `id`.
pub fn expect_nothing(app: &App, id: &str) {
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
