//! Complains about white space at the ends of lines.

wit_bindgen::generate!({
    path: "../../editor/wit",
    inline: "
        package plugins:lint;
        world lint {
            import editor:host/buffer@1.0.0;
            import editor:host/commands@1.0.0;
            import editor:host/status@1.0.0;
            export editor:host/setup@1.0.0;
            export editor:host/handler@1.0.0;
            export editor:host/saving@1.0.0;
        }
    ",
    generate_all,
});

use editor::host::{buffer, commands, status};
use exports::editor::host::{handler, saving, setup};

struct Lint;

impl setup::Guest for Lint {
    fn start() {
        let _ = commands::register("trim", 'F');
    }
}

impl handler::Guest for Lint {
    fn run(_: String) -> Result<(), String> {
        buffer::replace_caret_line(buffer::caret_line().trim_end())
    }
}

impl saving::Guest for Lint {
    fn saved(path: String) {
        let mut complaints = 0;
        let mut number = 0;
        while let Some(line) = buffer::next_line() {
            number += 1;
            if line.trim_end() != line {
                complaints += 1;
                output::line(&format!("{path}:{number}: white space at the end"));
            }
        }
        let noun = if complaints == 1 { "complaint" } else { "complaints" };
        status::show(&format!("{complaints} {noun}"));
    }
}

export!(Lint);
