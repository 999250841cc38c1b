//! What holds for every component that is too costly: `check` and opening the app say the same, at once.

use std::time::{Duration, Instant};

use plugweave::check::check;
use plugweave::diagnostic::Code;
use plugweave::files::Memory;
use plugweave::{App, OpenError};

const MANIFEST: &str = "[plugin]\ncomponent = 'bomb.wasm'\n";

/// Far more than it takes, and far less than without limits.
const AT_ONCE: Duration = Duration::from_secs(30);

/// Checks that a component is refused as too costly, in these words, by `check` and when the app is opened.
pub fn refused(binary: &[u8], words: &[&str]) {
    let start = Instant::now();
    let files = Memory::default().with("bomb.toml", MANIFEST).with("bomb.wasm", binary.to_vec());
    let checked = check(&files).unwrap();
    assert!(checked.plan.is_none());
    let [problem] = checked.diagnostics.as_slice() else { panic!("{:?}", checked.diagnostics) };
    assert_eq!(problem.code, Code::Pw003);
    for word in words.iter().chain(&["bomb.wasm", "too costly to compile", "the limit is"]) {
        assert!(problem.message.contains(word), "no `{word}` in: {}", problem.message);
    }
    assert!(problem.labels.iter().any(|label| label.text.contains("`bomb`")), "{:?}", problem.labels);
    assert!(problem.help.contains("smaller"), "{}", problem.help);
    let opened = App::builder().file("bomb.toml", MANIFEST).file("bomb.wasm", binary).build();
    let Err(OpenError::Problems(problems)) = opened else { panic!("it was opened") };
    assert_eq!(problems.diagnostics[0].message, problem.message);
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
}

/// Checks that a component is compiled, and at once.
pub fn accepted(binary: &[u8]) {
    let start = Instant::now();
    App::builder().file("bomb.toml", MANIFEST).file("bomb.wasm", binary).build().unwrap();
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
}

/// What a component weighs that `check` accepts.
pub fn weight(binary: &[u8]) -> u64 {
    let files = Memory::default().with("bomb.toml", MANIFEST).with("bomb.wasm", binary.to_vec());
    let checked = check(&files).unwrap();
    checked.plan.unwrap_or_else(|| panic!("{:?}", checked.diagnostics)).plugins[0].weight
}
