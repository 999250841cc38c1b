//! Calls through every import, for every reply and in every pattern of failures.

use std::collections::BTreeMap;

use plugweave::{App, CallError, CallErrorKind, Val};

use crate::hub::{Import, app};
use crate::table::*;

/// What a call must come to.
struct Expected {
    /// What the consumer gets; or else the providers any of which may be named for it.
    outcome: Result<Option<Val>, Vec<usize>>,
    /// Who is called.
    called: Vec<usize>,
}

/// The table of reply shapes.
fn expected(r: R, import: Import, reply: Reply, x: u32) -> Expected {
    let (mut entries, mut failed, mut called) = (Vec::new(), Vec::new(), Vec::new());
    for &provider in import.order() {
        called.push(provider);
        if !is_failing(provider, x) {
            entries.push(reply.entry(provider, Ok(r.value(provider, x))));
        } else if reply.tells() {
            entries.push(reply.entry(provider, Err(())));
        } else {
            failed.push(provider);
            if !import.skips() {
                return Expected { outcome: Err(failed), called };
            }
        }
    }
    if import.cardinality == AtLeastOne && entries.is_empty() {
        return Expected { outcome: Err(failed), called };
    }
    Expected { outcome: Ok(reply.whole(entries)), called }
}

fn is_failing(provider: usize, x: u32) -> bool {
    x >> provider & 1 == 1
}

fn assert_failure(error: &CallError, failed: &[usize], case: &str) {
    assert_eq!(error.kind(), CallErrorKind::Trap, "{case}: {error}");
    let origin = error.origin().unwrap().as_str();
    assert!(failed.iter().any(|provider| PROVIDERS[*provider] == origin), "{case}: {error}");
    let text = error.to_string();
    assert!(text.contains(&format!("`{origin}`")) && text.contains("trap"), "{case}: {text}");
    assert_eq!(error.provider().unwrap().as_str(), "hub", "{case}: {text}");
    let chain: Vec<&str> = error.chain().iter().map(|frame| frame.plugin.as_str()).collect();
    assert_eq!(chain, ["hub", origin], "{case}: {text}");
}

/// The calls that each plugin has completed since it was last started.
fn counts(app: &App) -> BTreeMap<String, u32> {
    let number = |answer: Result<Option<Val>, CallError>| match answer {
        Ok(Some(Val::U32(number))) => number,
        other => panic!("{other:?}"),
    };
    let answers = app.call_all("t:t/count#calls", &[]).unwrap();
    answers.into_iter().map(|(plugin, answer)| (plugin.as_str().to_owned(), number(answer))).collect()
}

/// Calls through every import, for every reply and in every pattern of failures.
fn assert_row(r: R) {
    let app = app(r);
    let mut counted = counts(&app);
    let mut cases = 0;
    for import in Import::all() {
        for reply in import.replies(r) {
            for x in import.arguments(r) {
                let case = format!("{r:?} {} {} {x:#06b}", import.name(), reply.name());
                let expected = expected(r, import, reply, x);
                cases += 1;
                let target = format!("t:t/{}#{}", import.name(), reply.name());
                match (app.call_plugin("hub", &target, &[Val::U32(x)]), &expected.outcome) {
                    (Ok(value), Ok(wanted)) => {
                        assert_eq!(value.map(without_messages), *wanted, "{case}");
                        *counted.get_mut("hub").unwrap() += 1;
                    }
                    (Err(error), Err(failed)) => {
                        assert_failure(&error, failed, &case);
                        // It ended with its provider, and has been started again.
                        counted.insert("hub".into(), 0);
                    }
                    (found, wanted) => panic!("{case}: {found:?}, expected {wanted:?}"),
                }
                for provider in expected.called {
                    let count = counted.get_mut(PROVIDERS[provider]).unwrap();
                    *count = if is_failing(provider, x) { 0 } else { *count + 1 };
                }
                assert_eq!(counts(&app), counted, "{case}");
            }
        }
    }
    // It would be easy to go through nothing at all.
    assert!(cases > 700, "{cases}");
}

#[test]
fn providers_of_nothing() {
    assert_row(R::Nothing);
}

#[test]
fn providers_of_a_number() {
    assert_row(R::Number);
}

#[test]
fn providers_of_a_text() {
    assert_row(R::Text);
}

#[test]
fn providers_of_a_result() {
    assert_row(R::Result);
}

#[test]
fn providers_of_a_record() {
    assert_row(R::Record);
}

#[test]
fn providers_of_a_tuple() {
    assert_row(R::Tuple);
}
