//! Changes the case of the line that the caret is in.

wit_bindgen::generate!({
    path: "../../editor/wit",
    inline: "
        package plugins:changer;
        world changer {
            import editor:host/buffer@1.0.0;
            import editor:host/commands@1.0.0;
            export editor:host/setup@1.0.0;
            export editor:host/handler@1.0.0;
        }
    ",
    generate_all,
});

use editor::host::{buffer, commands};
use exports::editor::host::{handler, setup};

struct Case;

impl setup::Guest for Case {
    fn start() {
        for (command, key) in [("upper", 'U'), ("lower", 'L'), ("title", 'T')] {
            // Whoever was first keeps the key; the command can still be executed by others.
            let _ = commands::register(command, key);
        }
    }
}

impl handler::Guest for Case {
    fn run(command: String) -> Result<(), String> {
        let line = buffer::caret_line();
        let changed = match command.as_str() {
            "upper" => line.to_uppercase(),
            "lower" => line.to_lowercase(),
            "title" => title(&line),
            other => return Err(format!("there is no command `{other}`")),
        };
        buffer::replace_caret_line(&changed)
    }
}

/// The line with a capital at the beginning of each word.
fn title(line: &str) -> String {
    let mut begins = true;
    let mut titled = String::with_capacity(line.len());
    for c in line.chars() {
        if begins { titled.extend(c.to_uppercase()) } else { titled.push(c) }
        begins = c.is_whitespace();
    }
    titled
}

export!(Case);
