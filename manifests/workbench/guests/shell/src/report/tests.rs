use super::*;
use crate::workbench::markdown::types::CodeLanguage;

fn heading(level: u8, text: &str, line: u32) -> Heading {
    Heading { level, text: text.to_string(), anchor: String::new(), line, column: 1 }
}

fn statistics(outline: Vec<Heading>) -> Statistics {
    Statistics {
        bytes: 12_346,
        characters: 12_345,
        lines: 120,
        blank_lines: 20,
        words: 1,
        paragraphs: 2,
        outline,
        code: vec![CodeLanguage { name: "rust".into(), blocks: 1, lines: 3 }],
        links: 4,
        images: 0,
        tables: 1,
        reading_seconds: 61,
    }
}

fn verdict(plugin: &str, outcome: Result<Vec<Issue>, String>) -> Verdict {
    Verdict { plugin: plugin.to_string(), outcome }
}

fn issue(line: u32, rule: &str) -> Issue {
    Issue { line, column: 1, rule: rule.to_string(), message: "why".to_string() }
}

#[test]
fn a_report_has_all_sections() {
    let statistics = statistics(vec![heading(1, "Top", 1), heading(2, "Next", 100)]);
    let verdicts = [
        verdict("a", Ok(vec![])),
        verdict("b", Ok(vec![issue(3, "long-name"), issue(44, "x")])),
        verdict("c", Err("gone".into())),
    ];
    let expected = "\
Top

Statistics
  1 word in 2 paragraphs, 2 minutes to read
  120 lines (20 blank), 12,345 characters, 12,346 bytes
  2 headings, 4 links, 0 images, 1 table
  code: rust, 1 block with 3 lines

Outline
    1  Top
  100    Next

Lint
a: no issues
b: 2 issues
    3:1   long-name  why
    44:1  x          why
c: no answer: gone
";
    assert_eq!(body(&statistics, &verdicts, &|_, text| text.to_string()), expected);
}

#[test]
fn sections_without_lines_are_left_out() {
    let report = body(&statistics(vec![]), &[], &|_, text| text.to_string());
    assert!(report.starts_with("(no title)\n\nStatistics\n"));
    assert!(!report.contains("Outline") && !report.contains("Lint"));
}

#[test]
fn a_rule_without_an_answer_is_not_clean() {
    assert!(is_clean(&[verdict("a", Ok(vec![]))]));
    assert!(!is_clean(&[verdict("a", Ok(vec![issue(1, "x")]))]));
    assert!(!is_clean(&[verdict("a", Err("gone".into()))]));
}

#[test]
fn numbers_are_grouped() {
    assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
}
