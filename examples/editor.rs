//! An editor as a shell: three host interfaces, and plugins that it does not know.
//!
//! `cargo run --example editor` plays a script of keys. With `-- --interactive` it reads them from
//! standard input, a line at a time: `j` and `k` move the caret, `s` saves, `q` quits, and what other
//! keys do is up to the plugins in `examples/plugins/editor`.

#![allow(clippy::print_stdout, missing_docs, reason = "a program, and generated code")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, BufRead};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plugweave::plan::PlannedPlugin;
use plugweave::wasmtime::component::{HasSelf, bindgen};
use plugweave::{App, AppHandle, CallError, CallErrorKind, PluginId};

bindgen!({
    path: "examples/plugins/editor/wit",
    interfaces: "
        import editor:host/buffer@1.0.0;
        import editor:host/status@1.0.0;
        import editor:host/commands@1.0.0;
    ",
    wasmtime_crate: plugweave::wasmtime,
});
use editor::host::{buffer, commands, status};

/// The plugins with commands, as the editor sees them.
mod plugin {
    super::bindgen!({
        path: "examples/plugins/editor/wit",
        inline: "package editor:seen; world with-commands { export editor:host/handler@1.0.0; }",
        wasmtime_crate: plugweave::wasmtime,
    });
}

const WIT: &str = include_str!("plugins/editor/wit/editor.wit");
const FILE: &str = "notes.txt";
const TEXT: &str = "things to work out\n6 * 7\n100 / 0\n1 + 1\nends in white space  \n";
const SCRIPT: &str = "Uj=sj=j=jF#@sxq";

/// What the user and all plugins work on.
#[derive(Default)]
struct Desk {
    lines: Vec<String>,
    caret: usize,
    /// What the editor itself has to say.
    message: String,
    /// The parts of the status line.
    parts: BTreeMap<PluginId, String>,
    /// Commands by key, and plugins by command.
    keys: BTreeMap<char, String>,
    commands: BTreeMap<String, PluginId>,
    log: Vec<String>,
}

/// The desk is locked for a moment only, and never while a plugin is called: the plugin calls back.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Desk>>);

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `buffer` for one plugin.
struct View {
    shared: Shared,
    plugin: PluginId,
    /// The line that it reads next.
    next: usize,
    may_edit: bool,
}

impl View {
    /// The state of a plugin that starts, or starts anew.
    fn new(shared: &Shared, plugin: &PlannedPlugin) -> Self {
        let may_edit = plugin.config.get("edit").is_some_and(|edit| edit == "yes");
        Self { shared: shared.clone(), plugin: plugin.id.clone(), next: 0, may_edit }
    }
}

impl buffer::Host for View {
    fn next_line(&mut self) -> Option<String> {
        let line = self.shared.desk().lines.get(self.next).cloned();
        self.next = if line.is_some() { self.next + 1 } else { 0 };
        line
    }

    fn caret_line(&mut self) -> String {
        let desk = self.shared.desk();
        desk.lines[desk.caret].clone()
    }

    fn replace_caret_line(&mut self, text: String) -> Result<(), String> {
        if !self.may_edit {
            return Err(format!("`{}` may not edit: its manifest does not ask for it", self.plugin));
        }
        let mut desk = self.shared.desk();
        let caret = desk.caret;
        desk.lines[caret] = text;
        Ok(())
    }
}

/// `status` for one plugin.
struct Part {
    shared: Shared,
    plugin: PluginId,
}

impl status::Host for Part {
    fn show(&mut self, message: String) {
        self.shared.desk().parts.insert(self.plugin.clone(), message);
    }
}

/// `commands` for one plugin.
struct Keys {
    shared: Shared,
    plugin: PluginId,
    app: AppHandle,
}

impl commands::Host for Keys {
    fn register(&mut self, command: String, key: char) -> Result<(), String> {
        let mut desk = self.shared.desk();
        if "jksq".contains(key) || desk.keys.contains_key(&key) || desk.commands.contains_key(&command) {
            return Err(format!("`{command}` or its key `{key}` is taken"));
        }
        desk.keys.insert(key, command.clone());
        desk.commands.insert(command, self.plugin.clone());
        Ok(())
    }

    /// A host function that calls a plugin. The chain of calls goes on through it.
    fn execute(&mut self, command: String) -> Result<(), String> {
        let app = self.app.app().ok_or("the editor is still starting")?;
        execute(&app, &self.shared, &command)
    }
}

/// Runs a command of whichever plugin has it. Its errors are for the user.
fn execute(app: &App, shared: &Shared, command: &str) -> Result<(), String> {
    let plugin = shared.desk().commands.get(command).cloned();
    let plugin = plugin.ok_or_else(|| format!("no plugin has the command `{command}`"))?;
    let run = || {
        let handler = app.bindings(plugin.as_str(), |store, instance| plugin::WithCommands::new(store, instance))?;
        handler.call(|exports, store| exports.editor_host_handler().call_run(store, command))
    };
    run().unwrap_or_else(|error| Err(told(shared, &error)))
}

/// What the user is told about a call that failed. The whole story goes into the log.
fn told(shared: &Shared, error: &CallError) -> String {
    shared.desk().log.push(format!("editor: {error}"));
    let plugin = error.origin().map_or("the editor", PluginId::as_str);
    match error.kind() {
        CallErrorKind::Reentrant => format!("`{plugin}` is at work already"),
        CallErrorKind::Failed => format!("`{plugin}` has crashed too often"),
        kind if kind.is_refusal() => format!("`{plugin}` cannot be asked now ({kind})"),
        kind => format!("`{plugin}` has crashed ({kind}); it will start anew"),
    }
}

struct Editor {
    shared: Shared,
    app: App,
}

impl Editor {
    fn start() -> Result<Self, Box<dyn Error>> {
        let shared = Shared::default();
        shared.desk().lines = TEXT.lines().map(str::to_owned).collect();
        let handle = AppHandle::default();
        let (views, parts, keys, log) = (shared.clone(), shared.clone(), shared.clone(), shared.clone());
        let for_keys = handle.clone();
        let app = App::builder()
            .folder(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/plugins/editor"))
            .host_interface("editor:host/buffer", WIT, buffer::add_to_linker::<_, HasSelf<View>>, move |plugin| {
                View::new(&views, plugin)
            })?
            .host_interface("editor:host/status", WIT, status::add_to_linker::<_, HasSelf<Part>>, move |plugin| Part {
                shared: parts.clone(),
                plugin: plugin.id.clone(),
            })?
            .host_interface("editor:host/commands", WIT, commands::add_to_linker::<_, HasSelf<Keys>>, move |plugin| {
                Keys { shared: keys.clone(), plugin: plugin.id.clone(), app: for_keys.clone() }
            })?
            .on_line(move |plugin, _, line| log.desk().log.push(format!("{plugin}: {line}")))
            .handle(&handle)
            .build()?;
        let editor = Self { shared, app };
        for (_, failure) in editor.app.failures() {
            editor.note(Err(failure.clone()));
        }
        for (_, started) in editor.app.call_all("editor:host/setup#start", &[])? {
            editor.note(started.map(drop));
        }
        Ok(editor)
    }

    fn note(&self, outcome: Result<(), CallError>) {
        if let Err(error) = outcome {
            let message = told(&self.shared, &error);
            self.shared.desk().message = message;
        }
    }

    /// Tells every plugin that wants to know. One that fails does not keep it from the others.
    fn save(&self) -> Result<(), CallError> {
        let saved = "editor:host/saving#saved";
        for listener in self.app.callables(saved)? {
            let call = self.app.typed_plugin::<(&str,), ()>(listener.plugin.as_str(), saved);
            self.note(call.and_then(|call| call.call((FILE,))));
        }
        Ok(())
    }

    /// Does what a key asks for; false when it is to quit.
    fn press(&self, key: char) -> Result<bool, CallError> {
        let (command, last) = {
            let mut desk = self.shared.desk();
            desk.message.clear();
            (desk.keys.get(&key).cloned(), desk.lines.len() - 1)
        };
        match (key, command) {
            ('q', _) => return Ok(false),
            ('s', _) => self.save()?,
            ('j', _) => self.move_caret(|caret| last.min(caret + 1)),
            ('k', _) => self.move_caret(|caret| caret.saturating_sub(1)),
            (_, Some(command)) => {
                let outcome = execute(&self.app, &self.shared, &command);
                self.shared.desk().message = outcome.err().unwrap_or_default();
            }
            (_, None) => self.shared.desk().message = format!("no plugin has taken the key `{key}`"),
        }
        Ok(true)
    }

    fn move_caret(&self, to: impl Fn(usize) -> usize) {
        let mut desk = self.shared.desk();
        desk.caret = to(desk.caret);
    }

    /// Draws the text, the status line and what is new in the log.
    fn draw(&self, title: &str) {
        let mut desk = self.shared.desk();
        println!("== {title}");
        for (number, line) in desk.lines.iter().enumerate() {
            let mark = if number == desk.caret { '>' } else { ' ' };
            let text = line.trim_end();
            // White space at the end would not be seen.
            println!("{mark} {text}{}", "~".repeat(line.len() - text.len()));
        }
        let parts = desk.parts.iter().map(|(plugin, part)| format!("{plugin}: {part}"));
        let message = Some(desk.message.clone()).filter(|message| !message.is_empty());
        println!("-- {}", parts.chain(message).collect::<Vec<_>>().join(" | "));
        for line in mem::take(&mut desk.log) {
            println!("   {line}");
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let editor = Editor::start()?;
    editor.draw(FILE);
    let keys: Box<dyn Iterator<Item = char>> = match std::env::args().nth(1).as_deref() {
        Some("--interactive") => {
            let lines = io::stdin().lock().lines().map_while(Result::ok);
            Box::new(lines.flat_map(|line| line.chars().collect::<Vec<_>>()))
        }
        _ => Box::new(SCRIPT.chars()),
    };
    for key in keys {
        if !editor.press(key)? {
            break;
        }
        editor.draw(&format!("{FILE}, after `{key}`"));
    }
    Ok(())
}
