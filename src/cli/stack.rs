use std::fmt::Write as _;

use plugweave::foreign::shown;
use plugweave::{CallError, CallErrorKind};

/// More frames are not shown; `--format json` has all.
const SHOWN: usize = 12;

/// In Rust all that is called from this function is how a panic ends, not how it began.
const PANIC: &str = "rust_begin_unwind";

/// A note with the stack of the plugin in which a call has failed; `None` where it says no more than
/// the error itself, which names the function that was called.
pub fn told(error: &CallError) -> Option<String> {
    let origin = error.origin()?;
    let frames = without_panic(error.backtrace());
    // An exit is no accident, and numbers of functions explain nothing.
    if frames.len() < 2 || error.kind() == CallErrorKind::Exit || !frames.iter().any(|frame| is_named(frame)) {
        return None;
    }
    let mut text = format!("\n  = note: the stack of `{origin}`, innermost first:");
    let runs: Vec<&[String]> = frames.chunk_by(|one, next| one == next).collect();
    for run in runs.iter().take(SHOWN) {
        let _ = write!(text, "\n            {}", shown(&run[0]));
        if run.len() > 1 {
            // How often is not known: the runtime keeps the innermost frames only.
            text.push_str(" (repeated)");
        }
    }
    if runs.len() > SHOWN {
        text.push_str("\n            …");
    }
    Some(text)
}

/// Whether the binary has a name for the function.
fn is_named(frame: &str) -> bool {
    let function = frame.split_once('!').map_or(frame, |(_, function)| function);
    !function.starts_with("function ")
}

fn without_panic(frames: &[String]) -> &[String] {
    let start = frames.iter().rposition(|frame| frame.contains(PANIC)).map_or(0, |at| at + 1);
    &frames[start..]
}

#[cfg(test)]
mod tests {
    use plugweave::PluginId;

    use super::*;

    fn told_of(kind: CallErrorKind, frames: &[&str]) -> Option<String> {
        let origin = PluginId::parse("bad").ok();
        let frames = frames.iter().map(|frame| (*frame).to_owned()).collect();
        told(&CallError::new(kind, origin, "it broke").with_backtrace(frames))
    }

    #[test]
    fn a_panic_is_shown_from_where_it_began() {
        let frames =
            ["std::panicking::panic_with_hook", "__rustc::rust_begin_unwind", "core::panicking::panic_fmt", "run"];
        let note =
            "\n  = note: the stack of `bad`, innermost first:\n            core::panicking::panic_fmt\n            run";
        assert_eq!(told_of(CallErrorKind::Trap, &frames).as_deref(), Some(note));
    }

    #[test]
    fn a_stack_that_says_nothing_is_left_out() {
        assert_eq!(told_of(CallErrorKind::Trap, &[]), None);
        assert_eq!(told_of(CallErrorKind::Trap, &["run"]), None);
        assert_eq!(told_of(CallErrorKind::Trap, &["rust_begin_unwind", "run"]), None);
        assert_eq!(told_of(CallErrorKind::Exit, &["exit", "run"]), None);
        assert_eq!(told_of(CallErrorKind::Trap, &["function 3", "bad.wasm!function 1"]), None);
        assert!(told_of(CallErrorKind::Trap, &["bad.wasm!inner", "bad.wasm!function 1"]).is_some());
    }

    #[test]
    fn a_name_stays_on_its_line() {
        let note = told_of(CallErrorKind::Trap, &["a\nb\u{1b}[31m", &"x".repeat(1000)]).unwrap_or_default();
        let expected = format!("first:\n            a\\nb\\u{{1b}}[31m\n            {}… (1000 bytes)", "x".repeat(200));
        assert!(note.ends_with(&expected), "{note}");
    }

    #[test]
    fn a_long_stack_is_cut_and_repetitions_are_folded() {
        let note = |frames: &[&str]| told_of(CallErrorKind::Trap, frames).unwrap_or_default();
        let even_and_odd = ["even", "odd"].repeat(10);
        assert!(note(&even_and_odd).ends_with("odd\n            …"), "{}", note(&even_and_odd));
        assert!(note(&["again"; 20]).ends_with("first:\n            again (repeated)"));
    }
}
