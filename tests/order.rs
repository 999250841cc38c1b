//! The answer does not depend on the order in which files are found, nor on what they are called.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::sync::Arc;

use plugweave::check::{Checked, check};
use plugweave::diagnostic::{Style, render, to_json};
use plugweave::files::{Files, Memory, Reach, ReadError};
use plugweave::world::WitSource;

/// An interface, who needs it and who has it, with a cycle that `late` breaks.
const GOOD: &[(&str, &str)] = &[
    ("app.toml", "[app]\nname = 'a'\n\n[plugins.tabs.priority]\n'text:lint/rule' = 5\n"),
    ("lint.toml", "[plugin]\ncomponent = 'lint.wat'\n[exports]\nhelp = {}\n[imports]\n'text:lint/rule' = 'any'\n"),
    (
        "links.toml",
        "[plugin]\ncomponent = 'rule.wat'\n[exports]\n'text:lint/rule' = {}\n[imports]\nhelp = { cardinality = 'exactly-one', late = true }\n",
    ),
    (
        "tabs.toml",
        "[plugin]\ncomponent = 'rule.wat'\n[exports]\n'text:lint/rule' = {}\n[imports]\nhelp = { cardinality = 'exactly-one', late = true }\n",
    ),
    ("user.toml", "[plugin]\ncomponent = 'user.wat'\n[imports]\nhelp = 'exactly-one'\n"),
    (
        "lint.wat",
        r#"(component
            (import "text:lint/rule@1.0.0" (instance (export "check" (func))))
            (core module $code (func (export "help")))
            (core instance $core (instantiate $code))
            (func (export "help") (canon lift (core func $core "help"))))"#,
    ),
    (
        "rule.wat",
        r#"(component
            (import "help" (func))
            (core module $code (func (export "check")))
            (core instance $core (instantiate $code))
            (func $check (canon lift (core func $core "check")))
            (instance (export "text:lint/rule@1.0.0") (export "check" (func $check))))"#,
    ),
    ("user.wat", r#"(component (import "help" (func)))"#),
];

/// The same with mistakes of many kinds: of one file, of several, and of the whole.
const BAD: &[(&str, &str)] = &[
    ("app.toml", "[app]\nentry = 'nobody'\n[bind]\nuser = { help = ['lint', 'nobody'] }\n"),
    (
        "lint.toml",
        "[plugin]\ncomponent = 'lint.wat'\n[exports]\nhelp = {}\n[imports]\n'text:lint/rule' = 'exactly-one'\n",
    ),
    (
        "one.toml",
        "[plugin]\nid = 'rule'\ncomponent = 'rule.wat'\n[exports]\n'text:lint/rule' = {}\n[imports]\nhelp = 'any'\n",
    ),
    ("two.toml", "[plugin]\nid = 'rule'\ncomponent = 'rule.wat'\nverison = '1'\n[exports]\n'text:lint/rule' = {}\n"),
    ("three.toml", "[plugin]\ncomponent = 'rule.wat'\n[exports]\n'text:lint/rule' = {}\n'text:lint/rules' = {}\n"),
    ("user.toml", "[plugin]\ncomponent = 'gone.wat'\n[imports]\nhelp = 'exactly-one'\n"),
    GOOD[5],
    GOOD[6],
];

fn memory(files: &[(&str, &str)]) -> Memory {
    files.iter().fold(Memory::default(), |memory, (path, text)| memory.with(*path, *text))
}

/// Files that come in an order of their own.
struct Shuffled<'a> {
    files: &'a Memory,
    order: Vec<usize>,
}

impl Files for Shuffled<'_> {
    fn manifests(&self) -> Result<Vec<String>, String> {
        let manifests = self.files.manifests()?;
        Ok(self.order.iter().map(|&index| manifests[index].clone()).collect())
    }

    fn manifest(&self, path: &str, reach: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        self.files.manifest(path, reach)
    }

    fn read(&self, path: &str, reach: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        self.files.read(path, reach)
    }

    fn wit(&self, path: &str, reach: Reach<'_>) -> Result<WitSource, String> {
        self.files.wit(path, reach)
    }
}

/// Every order of the numbers below `count`.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else { return vec![Vec::new()] };
    let shorter = orders(last);
    let insert = |at: usize, order: &Vec<usize>| [&order[..at], &[last], &order[at..]].concat();
    shorter.iter().flat_map(|order| (0..count).map(move |at| insert(at, order))).collect()
}

/// All that can be seen of an answer: the plan, the problems for people and machines, the binaries.
fn seen(checked: &Checked) -> (String, String, String, &[Arc<[u8]>]) {
    let told: Vec<String> =
        checked.diagnostics.iter().map(|problem| render(problem, &checked.sources, Style::Plain)).collect();
    let json = to_json(&checked.diagnostics, &checked.sources).to_string();
    (format!("{:?}", checked.plan), told.join("\n"), json, &checked.binaries)
}

fn assert_same_in_every_order(files: &[(&str, &str)]) -> Checked {
    let files = memory(files);
    let expected = check(&files).unwrap();
    let count = files.manifests().unwrap().len();
    for order in orders(count) {
        let checked = check(&Shuffled { files: &files, order: order.clone() }).unwrap();
        assert_eq!(seen(&checked), seen(&expected), "in the order {order:?}");
    }
    expected
}

#[test]
fn there_are_as_many_orders_as_there_should_be() {
    let mut all = orders(5);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 120);
}

#[test]
fn the_plan_does_not_depend_on_the_order_of_files() {
    let checked = assert_same_in_every_order(GOOD);
    assert_eq!(checked.diagnostics, []);
    let plan = checked.plan.unwrap();
    let ids: Vec<&str> = plan.plugins.iter().map(|plugin| plugin.id.as_str()).collect();
    assert_eq!(ids, ["links", "tabs", "lint", "user"]);
}

#[test]
fn the_problems_do_not_depend_on_the_order_of_files() {
    let checked = assert_same_in_every_order(BAD);
    assert!(checked.plan.is_none());
    assert!(checked.diagnostics.len() > 5, "{:?}", checked.diagnostics);
}

#[test]
fn the_plan_does_not_depend_on_the_names_of_files() {
    let expected = check(&memory(GOOD)).unwrap().plan.unwrap();
    // `a.toml` is what came last, and so on, under the ids from before.
    let manifests = &GOOD[1..5];
    let renamed: Vec<(String, String)> = manifests
        .iter()
        .zip(["d", "c", "b", "a"])
        .map(|((path, text), name)| {
            let id = path.trim_end_matches(".toml");
            (format!("{name}.toml"), text.replacen("[plugin]", &format!("[plugin]\nid = '{id}'"), 1))
        })
        .collect();
    let mut files = vec![GOOD[0]];
    files.extend(renamed.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    files.extend(&GOOD[5..]);
    let plan = check(&memory(&files)).unwrap().plan.unwrap();
    assert_eq!(format!("{plan:?}"), format!("{expected:?}"));
}
