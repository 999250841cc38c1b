//! A plugin that asks ten others at once.

use std::rc::Rc;

use criterion::Criterion;
use plugweave::files::Memory;
use plugweave::{App, Val};
use wasmtime::component::Val as Raw;

use super::compare::{Contender, Row, compare, contender, print_table};
use super::peers::{Called, Peer, ask_each, providers};
use super::{guests, start, with_plugin};

const PROVIDERS: usize = 10;

fn app() -> App {
    let rule = guests::rule();
    let exports = "[exports]\n\"bench:run/rule\" = {}\n";
    let rules = (0..PROVIDERS)
        .fold(Memory::default(), |files, number| with_plugin(files, &format!("rule-{number}"), &rule, exports));
    let asks = |import: &str| format!("\"{import}\" = {{ cardinality = \"any\", from = \"bench:run/rule\" }}\n");
    let tables = format!(
        "[exports]\n\"bench:run/ask\" = {{}}\n[imports]\n{}{}",
        asks("bench:run/rules"),
        asks("bench:run/tried")
    );
    start(&with_plugin(rules, "asker", &guests::asker(), &tables))
}

/// The same by hand: ten stores, and a host function that asks each.
fn by_hand(app: &App, function: &str) -> Called {
    let engine = app.assembly().engine();
    let rule = guests::component(&guests::rule());
    let mut asker = Peer::new(engine, &guests::component(&guests::asker()));
    let rules = |function: &str| providers(engine, &rule, PROVIDERS, "bench:run/rule", function);
    match function {
        "list" => {
            let finish = |answers, results: &mut [Raw]| results[0] = Raw::List(answers);
            asker.serve("bench:run/rules", "check", ask_each(rules("check"), true, finish));
        }
        "results" => {
            let finish = |answers: Vec<Raw>, results: &mut [Raw]| {
                let ok = |answer| Raw::Result(Ok(Some(Box::new(answer))));
                results[0] = Raw::List(answers.into_iter().map(ok).collect());
            };
            asker.serve("bench:run/tried", "check", ask_each(rules("check"), true, finish));
        }
        _ => asker.serve("bench:run/rules", "note", ask_each(rules("note"), false, |_, _| {})),
    }
    asker.start().func("bench:run/ask", function)
}

fn contenders(app: &Rc<App>, function: &'static str) -> Vec<Contender> {
    let answer = (function != "nothing").then(|| Val::U32(u32::try_from(PROVIDERS).unwrap()));
    let mut called = by_hand(app, function);
    let mut call = move || {
        let mut results = [Raw::Bool(false)];
        let wanted = if function == "nothing" { &mut [] } else { &mut results[..] };
        called.call(&[Raw::U32(7)], wanted).unwrap();
        results
    };
    let [raw] = call();
    assert!(answer.is_none() || Val::try_from(raw).ok() == answer);
    let app = app.clone();
    let target = format!("bench:run/ask#{function}");
    assert_eq!(app.call(&target, &[Val::U32(7)]).unwrap(), answer);
    vec![contender("plugweave", move || app.call(&target, &[Val::U32(7)]).unwrap()), contender("values", call)]
}

pub fn measure(criterion: &mut Criterion) -> Vec<Row> {
    let app = Rc::new(app());
    let rows = [("a list", "list"), ("a list of results", "results"), ("nothing", "nothing")];
    rows.into_iter()
        .filter_map(|(name, function)| compare(criterion, "fan-out of 10", name, contenders(&app, function)))
        .collect()
}

pub fn print(rows: &[Row]) {
    let rows = rows.iter().map(|row| (row.name.clone(), ["values", "plugweave"].map(|name| row.of(name)).to_vec()));
    let columns = [("by hand, `Val`", None), ("plugweave", Some(0))];
    print_table("ten at once, answering", &columns, &rows.collect::<Vec<_>>());
}
