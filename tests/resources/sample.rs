//! The sample, whose documents are resources that its plugins share.

use plugweave::{App, Val, print_wave};

const TEXT: &str = "# A\n\n### B \n\n[c](#c)\n";

fn sample() -> App {
    App::open(concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/workbench")).unwrap()
}

fn document(app: &App) -> Val {
    app.call("workbench:markdown/documents#[constructor]document", &[Val::String(TEXT.into())]).unwrap().unwrap()
}

#[test]
fn every_rule_reads_the_document_that_it_is_lent() {
    let app = sample();
    let document = document(&app);
    let verdicts = app.call_all("workbench:markdown/rule#check", std::slice::from_ref(&document)).unwrap();
    let verdicts = verdicts.into_iter().map(|(rule, issues)| {
        let issues = issues.unwrap().unwrap();
        format!("{rule}: {}\n", print_wave(&issues).unwrap())
    });
    let expected = r##"rule-headings: [{line: 3, column: 1, rule: "heading-level", message: "the level jumps from 1 to 3"}]
rule-links: [{line: 5, column: 1, rule: "broken-anchor", message: "no heading has the anchor #c"}]
rule-fences: []
rule-whitespace: [{line: 3, column: 6, rule: "trailing-space", message: "1 trailing white space character(s)"}]
rule-line-length: []
"##;
    assert_eq!(verdicts.collect::<String>(), expected);
    assert_eq!(app.live_handles(), 1);
    drop(document);
    assert_eq!(app.live_handles(), 0);
}

#[test]
fn rules_on_several_threads_share_a_document() {
    let app = sample();
    let document = document(&app);
    std::thread::scope(|scope| {
        for rule in ["rule-headings", "rule-links", "rule-whitespace"] {
            let (app, document) = (&app, document.clone());
            scope.spawn(move || {
                for _ in 0..10 {
                    let found = app.call_plugin(rule, "workbench:markdown/rule#check", std::slice::from_ref(&document));
                    assert!(matches!(found, Ok(Some(Val::List(issues))) if issues.len() == 1), "{rule}");
                }
            });
        }
    });
    drop(document);
    assert_eq!(app.live_handles(), 0);
}
