//! What plugins write to their standard streams.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::place::{Place, ask, try_ask};

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
        plugweave::flush_log();
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
