//! Works out the line that the caret is in. It is careless: dividing by zero panics.

wit_bindgen::generate!({
    path: "../../editor/wit",
    inline: "
        package plugins:calc;
        world calc {
            import editor:host/buffer@1.0.0;
            import editor:host/commands@1.0.0;
            import editor:host/status@1.0.0;
            export editor:host/setup@1.0.0;
            export editor:host/handler@1.0.0;
        }
    ",
    generate_all,
});

use std::sync::atomic::{AtomicU32, Ordering};

use editor::host::{buffer, commands, status};
use exports::editor::host::{handler, setup};

/// What it has worked out since it was started. A crash begins anew.
static DONE: AtomicU32 = AtomicU32::new(0);

struct Calc;

impl setup::Guest for Calc {
    fn start() {
        let _ = commands::register("calculate", '=');
    }
}

impl handler::Guest for Calc {
    fn run(_: String) -> Result<(), String> {
        output::tell_panics();
        let line = buffer::caret_line();
        let result = calculate(&line).ok_or_else(|| format!("`{line}` cannot be worked out"))?;
        buffer::replace_caret_line(&format!("{line} = {result}"))?;
        status::show(&format!("{} worked out", DONE.fetch_add(1, Ordering::Relaxed) + 1));
        Ok(())
    }
}

/// Two whole numbers and what stands between them.
fn calculate(line: &str) -> Option<i64> {
    let [left, operator, right] = *line.split_whitespace().collect::<Vec<_>>() else { return None };
    let (left, right): (i64, i64) = (left.parse().ok()?, right.parse().ok()?);
    match operator {
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "*" => left.checked_mul(right),
        "/" => Some(left / right),
        _ => None,
    }
}

export!(Calc);
