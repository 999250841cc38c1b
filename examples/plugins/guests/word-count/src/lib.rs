//! Counts the words when the text is saved.

wit_bindgen::generate!({
    path: "../../editor/wit",
    inline: "
        package plugins:counter;
        world counter {
            import editor:host/buffer@1.0.0;
            import editor:host/status@1.0.0;
            export editor:host/saving@1.0.0;
        }
    ",
    generate_all,
});

use std::sync::atomic::{AtomicU32, Ordering};

use editor::host::{buffer, status};
use exports::editor::host::saving;

/// How often the text has been saved.
static SAVES: AtomicU32 = AtomicU32::new(0);

struct WordCount;

impl saving::Guest for WordCount {
    fn saved(_: String) {
        let mut words = 0;
        while let Some(line) = buffer::next_line() {
            words += line.split_whitespace().count();
        }
        status::show(&format!("{words} words at save {}", SAVES.fetch_add(1, Ordering::Relaxed) + 1));
    }
}

export!(WordCount);
