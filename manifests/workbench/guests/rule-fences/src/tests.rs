use super::*;

fn block(language: &str, fenced: bool, closed: bool) -> CodeBlock {
    CodeBlock { line: 3, column: 2, language: language.to_string(), lines: 1, fenced, closed }
}

fn found(code: &[CodeBlock]) -> Vec<(u32, u32, String)> {
    check(code).into_iter().map(|issue| (issue.line, issue.column, issue.rule)).collect()
}

#[test]
fn good_fences_pass() {
    assert_eq!(found(&[block("rust", true, true), block("", false, true)]), []);
}

#[test]
fn a_language_is_asked_for() {
    assert_eq!(found(&[block("", true, true)]), [(3, 2, "fence-language".into())]);
}

#[test]
fn a_fence_must_close() {
    assert_eq!(found(&[block("", true, false)]), [(3, 2, "unclosed-fence".into())]);
}
