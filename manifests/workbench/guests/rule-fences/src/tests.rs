use super::check;

fn found(text: &str) -> Vec<(u32, u32, String)> {
    check(text).into_iter().map(|issue| (issue.line, issue.column, issue.rule)).collect()
}

#[test]
fn good_fences_pass() {
    assert_eq!(found("```rust\n```\n\n    indented\n"), []);
}

#[test]
fn a_language_is_asked_for() {
    assert_eq!(found("- a\n\n  ```\n  x\n  ```\n"), [(3, 3, "fence-language".into())]);
}

#[test]
fn a_fence_must_close() {
    assert_eq!(found("~~~~\n~~~\n"), [(1, 1, "unclosed-fence".into())]);
}
