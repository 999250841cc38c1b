//! Declarations that belong to no row, or to another one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use plugweave::check::Checked;
use plugweave::diagnostic::Code;

use crate::hub::{TYPES, arrow, core_import};
use crate::support::{Folder, core_module};
use crate::table::*;

/// Replies that belong to no row, for the results of these tests.
const STRANGE: [&str; 14] = [
    "option<u64>",
    "option<option<u32>>",
    "list<list<u32>>",
    "map<u32, u32>",
    "map<string, map<string, u32>>",
    "list<u32, 2>",
    "tuple<u32, string>",
    "tuple<string, u32, u32>",
    "list<tuple<string, string, u32>>",
    "result<u32, u8>",
    "result<string, u32>",
    "result<_, pair>",
    "result<u32, failure>",
    "list<result<u32, option<string>>>",
];

/// Everything that any consumer might declare.
fn declarations() -> Vec<Option<String>> {
    let rows = RESULTS.iter().flat_map(|r| CARDINALITIES.map(|cardinality| r.declarations(cardinality)));
    let mut all: BTreeSet<Option<String>> = rows.flat_map(BTreeMap::into_keys).collect();
    all.extend(STRANGE.map(|ty| Some(ty.to_owned())));
    all.into_iter().collect()
}

/// A consumer with one import for each declaration, and the first so many plugins that provide for all of them.
fn check_declarations(
    r: R,
    cardinality: Cardinality,
    policy: &str,
    providers: usize,
    all: &[Option<String>],
) -> Checked {
    const NAMES: &str = "use types.{pair, dispatch-error}; use more.{failure};";
    let mut text = TYPES.to_owned();
    text += "interface more { record failure { code: string, message: string, provider: string } }\n";
    writeln!(text, "interface p {{ {NAMES} f: func(x: u32){}; }}", arrow(r.wit())).unwrap();
    let (mut imports, mut entries, mut world) = (String::new(), String::new(), String::new());
    for (index, ty) in all.iter().enumerate() {
        let name = format!("c{index}");
        writeln!(text, "interface {name} {{ {NAMES} f: func(x: u32){}; }}", arrow(ty.as_deref())).unwrap();
        writeln!(world, "  import {name};").unwrap();
        imports.push_str(&core_import(&name, "f", &name, ty.as_deref()));
        let cardinality = cardinality.name();
        writeln!(entries, "'t:t/{name}' = {{ cardinality = '{cardinality}', from = 't:t/p@1.0.0'{policy} }}").unwrap();
    }
    writeln!(text, "world hub {{\n{world}}}").unwrap();
    for id in PROVIDERS {
        writeln!(text, "world {id} {{ export p; }}").unwrap();
    }
    let hub = core_module(&imports, 1, "");
    let mut folder = Folder::new(&text).plugin("hub", &format!("[imports]\n{entries}"), &hub);
    let result = if r == R::Nothing { "" } else { "(result i32)" };
    let core = core_module("", 1, &format!(r#"(func (export "t:t/p@1.0.0#f") (param i32) {result} unreachable)"#));
    for id in &PROVIDERS[..providers] {
        folder = folder.plugin(id, "[exports]\n't:t/p' = {}", &core);
    }
    folder.check()
}

/// The codes of the problems that point to each import of the consumer, by place among the declarations.
fn problems(checked: &Checked) -> BTreeMap<usize, Vec<Code>> {
    let mut problems: BTreeMap<usize, Vec<Code>> = BTreeMap::new();
    for diagnostic in &checked.diagnostics {
        let label = diagnostic.labels.first().unwrap();
        let text = checked.sources.text(label.file);
        let line = text.lines().nth(checked.sources.position(label.file, label.span.start).line - 1).unwrap();
        let index = line.strip_prefix("'t:t/c").and_then(|rest| rest.split('\'').next());
        let index = index.and_then(|index| index.parse().ok()).unwrap_or_else(|| panic!("{diagnostic:?} at {line}"));
        problems.entry(index).or_default().push(diagnostic.code);
    }
    problems
}

/// Holds the problems against what is expected of each declaration.
fn assert_problems(
    checked: &Checked,
    all: &[Option<String>],
    case: &str,
    expected: impl Fn(&Option<String>) -> Option<Code>,
) {
    let problems = problems(checked);
    for (index, ty) in all.iter().enumerate() {
        let found = problems.get(&index).map(Vec::as_slice).unwrap_or_default();
        assert_eq!(found, expected(ty).as_slice(), "{case}: {}", ty.as_deref().unwrap_or("nothing"));
    }
}

#[test]
fn a_reply_of_no_row_is_refused() {
    let all = declarations();
    for r in RESULTS {
        for cardinality in CARDINALITIES {
            let checked = check_declarations(r, cardinality, "", 1, &all);
            let fits = |cardinality: Cardinality, ty: &Option<String>| r.declarations(cardinality).contains_key(ty);
            assert_problems(&checked, &all, &format!("{r:?} {cardinality:?}"), |ty| {
                if fits(cardinality, ty) {
                    None
                } else if CARDINALITIES.iter().any(|other| fits(*other, ty)) {
                    Some(Code::Pw204)
                } else {
                    Some(Code::Pw203)
                }
            });
        }
    }
}

#[test]
fn the_number_of_providers_is_checked() {
    for cardinality in CARDINALITIES {
        for providers in 0..=3 {
            let row: Vec<Option<String>> = R::Number.declarations(cardinality).into_keys().collect();
            let checked = check_declarations(R::Number, cardinality, "", providers, &row);
            let code = match providers {
                _ if cardinality.allows(providers) => None,
                0 => Some(Code::Pw201),
                _ => Some(Code::Pw202),
            };
            assert_problems(&checked, &row, &format!("{cardinality:?} {providers}"), |_| code);
        }
    }
}

/// Without a provider the declared type alone must suit the cardinality.
#[test]
fn a_reply_for_nobody_is_checked() {
    let all = declarations();
    for (cardinality, suits) in [(AtMostOne, &["option<"][..]), (Any, &["list<", "map<string,"])] {
        let checked = check_declarations(R::Number, cardinality, "", 0, &all);
        assert_problems(&checked, &all, &format!("{cardinality:?}"), |ty| {
            let Some(ty) = ty else { return None };
            let fits = suits.iter().any(|start| ty.starts_with(start)) && ty != "list<u32, 2>";
            (!fits).then_some(Code::Pw204)
        });
    }
}

#[test]
fn skip_is_refused_where_failures_are_values() {
    for r in RESULTS {
        for cardinality in CARDINALITIES {
            let row = r.declarations(cardinality);
            let all: Vec<Option<String>> = row.keys().cloned().collect();
            let checked = check_declarations(r, cardinality, ", on-failure = 'skip'", 1, &all);
            let refused = |ty: &Option<String>| cardinality == ExactlyOne || row[ty];
            assert_problems(&checked, &all, &format!("{r:?} {cardinality:?}"), |ty| refused(ty).then_some(Code::Pw204));
            let checked = check_declarations(r, cardinality, ", on-failure = 'trap'", 1, &all);
            assert_problems(&checked, &all, &format!("{r:?} {cardinality:?}"), |_| None);
        }
    }
}
