//! A whole shell: it offers its plugins an interface, and calls one of them.
//!
//! `cargo run --example shell` loads `examples/plugins/shell`.

#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs, reason = "a program, and generated code")]

use std::error::Error;

use plugweave::wasmtime::component::{HasSelf, bindgen};
use plugweave::{App, PluginId};

// The trait that the shell implements, and what hands it to wasmtime.
bindgen!({
    path: "examples/plugins/shell/wit",
    interfaces: "import shell:ui/window@1.0.0;",
    wasmtime_crate: plugweave::wasmtime,
});
use shell::ui::window;

/// The state behind the interface. Each plugin has one of its own.
struct Window {
    plugin: PluginId,
    lines: u32,
}

impl window::Host for Window {
    fn width(&mut self) -> u32 {
        32
    }

    fn draw(&mut self, line: String) {
        self.lines += 1;
        println!("{} {:2} {line}", self.plugin, self.lines);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let wit = include_str!("plugins/shell/wit/ui.wit");
    let app = App::builder()
        .folder(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/plugins/shell"))
        .host_interface("shell:ui/window", wit, window::add_to_linker::<_, HasSelf<Window>>, |plugin| Window {
            plugin: plugin.id.clone(),
            lines: 0,
        })?
        .build()?;
    for (_, failure) in app.failures() {
        eprintln!("{failure}");
    }

    let show = app.typed::<(&str,), ()>("shell:ui/panel#show")?;
    show.call(("A plugin draws this in a window that belongs to the shell.",))?;
    show.call(("It has no other way to the screen.",))?;
    Ok(())
}
