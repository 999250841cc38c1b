//! Makes a heading of the line that the caret is in. For its capitals it asks whichever plugin has the
//! command `title`.

wit_bindgen::generate!({
    path: "../../editor/wit",
    inline: "
        package plugins:heading;
        world heading {
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

struct Heading;

impl setup::Guest for Heading {
    fn start() {
        let _ = commands::register("heading", '#');
        let _ = commands::register("twice", '@');
    }
}

impl handler::Guest for Heading {
    fn run(command: String) -> Result<(), String> {
        if command == "twice" {
            // Its own command: the editor would have to call it while it waits for the editor.
            return commands::execute("heading");
        }
        commands::execute("title")?;
        let line = buffer::caret_line();
        buffer::replace_caret_line(&format!("# {}", line.trim_start_matches(['#', ' '])))
    }
}

export!(Heading);
