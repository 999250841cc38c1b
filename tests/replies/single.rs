//! What the table does not vary: kinds of failure, results that differ, bindings.

use plugweave::diagnostic::Code;
use plugweave::{App, CallError, Val};

use crate::hub::{core_import, core_relay};
use crate::support::{Folder, core_module};
use crate::table::*;

/// A hub whose one import `ask` of the providers' `p` is declared and listed like this.
pub fn hub(uses: &str, ty: &str, entry: &str) -> Folder {
    let text = format!(
        "interface p {{ f: func(x: u32) -> u32; }}\n\
         interface ask {{ {uses} f: func(x: u32) -> {ty}; }}\n\
         world hub {{ import ask; export ask; }}\n\
         world ada {{ export p; }}\nworld bob {{ export p; }}\nworld cyd {{ export p; }}\n"
    );
    let core = core_relay("ask", "f", "ask", Some(ty));
    let core = core_module(&core_import("ask", "f", "ask", Some(ty)), 1, &core);
    let tables = format!("[exports]\n't:t/ask' = {{}}\n[imports]\n't:t/ask' = {{ from = 't:t/p@1.0.0', {entry} }}\n");
    Folder::new(&text).plugin("hub", &tables, &core)
}

/// The core module of a provider of `p`.
pub fn of_p(code: &str) -> String {
    core_module("", 1, &format!(r#"(func (export "t:t/p@1.0.0#f") (param $x i32) (result i32) {code})"#))
}

pub fn ask(app: &App, x: u32) -> Result<Option<Val>, CallError> {
    app.call("t:t/ask#f", &[Val::U32(x)]).map(|value| value.map(without_messages))
}

fn failure(code: &str, provider: usize) -> Val {
    Val::Result(Err(boxed(dispatch_error(code, provider))))
}

/// The record is that of the runtime's own WIT, and tells one kind of failure from another.
#[test]
fn every_kind_of_failure_has_its_code() {
    let uses = "use plugweave:runtime/types@1.0.0.{dispatch-error};";
    let exports = "[exports]\n't:t/p' = {}\n";
    let endless = of_p("(loop $again (br $again)) unreachable");
    let app = hub(uses, "list<result<u32, dispatch-error>>", "cardinality = 'any'")
        .file("wit/deps/plugweave/plugweave.wit", include_str!("../../wit/plugweave.wit"))
        .plugin("ada", &format!("{exports}[limits]\nrestart = 'never'"), &of_p("unreachable"))
        .plugin("bob", &format!("{exports}[limits]\nfuel = 10_000"), &endless)
        .plugin("cyd", &format!("{exports}[limits]\ntimeout = '200ms'"), &endless)
        .start();
    let failures = |first: &str| Some(Val::List(vec![failure(first, 0), failure("fuel", 1), failure("timeout", 2)]));
    assert_eq!(ask(&app, 0).unwrap(), failures("trap"));
    // It may not be started again.
    assert_eq!(ask(&app, 0).unwrap(), failures("failed"));
}

/// Each provider has a result of its own, and so a form of its own in the same list.
#[test]
fn providers_of_different_results() {
    let own = |id: &str, result: &str| {
        format!("package t:t@1.0.0;\ninterface p {{ f: func(x: u32) -> {result}; }}\nworld {id} {{ export p; }}")
    };
    let mixed = |entry: &str| {
        hub("", "list<result<u32, string>>", entry)
            .file("wit-bob/t.wit", &own("bob", "result<u32, string>"))
            .plugin("ada", "[exports]\n't:t/p' = {}\n", &provider_of_p(R::Number, 0))
            .plugin_of("wit-bob", "bob", "[exports]\n't:t/p' = {}\n", &provider_of_p(R::Result, 1))
    };
    let app = mixed("cardinality = 'any'").start();
    let list = |ada: Val, bob: Val| Some(Val::List(vec![ada, bob]));
    let ok = |number: u32| Val::Result(Ok(boxed(Val::U32(number))));
    let err = |message: Val| Val::Result(Err(boxed(message)));
    assert_eq!(ask(&app, 0).unwrap(), list(ok(100), ok(200)));
    assert_eq!(ask(&app, ERR).unwrap(), list(ok(108), err(string(text(1)))));
    assert_eq!(ask(&app, 1).unwrap(), list(err(message(0)), ok(201)));
    // The `err` of this one is its own: a failure has no place in it.
    assert_eq!(ask(&app, 2).unwrap_err().origin().unwrap().as_str(), "bob");
    assert_eq!(ask(&app, 1).unwrap(), list(err(message(0)), ok(201)));
    // For the first, failures are values.
    let checked = mixed("cardinality = 'any', on-failure = 'skip'").check();
    assert_eq!(checked.diagnostics.iter().map(|diagnostic| diagnostic.code).collect::<Vec<_>>(), [Code::Pw204]);
}

/// A provider of `p` like those of the table.
fn provider_of_p(r: R, provider: usize) -> String {
    let code =
        format!("(if (i32.and (local.get $x) (i32.const {})) (then unreachable)) {}", 1 << provider, r.code(provider));
    let data = format!("(data (i32.const 64) \"{}\")\n", text(provider));
    of_p(&code).replace("(global $heap", &format!("{data}(global $heap"))
}

/// A binding says who provides, and in which order, whatever the priorities.
#[test]
fn bound_providers_answer_in_the_order_of_the_binding() {
    let folder = || {
        PROVIDERS.iter().enumerate().fold(hub("", "map<string, u32>", "cardinality = 'any'"), |folder, (index, id)| {
            let tables = format!("[exports]\n't:t/p' = {{ priority = {index} }}\n");
            folder.plugin(id, &tables, &provider_of_p(R::Number, index))
        })
    };
    let ids = |app: &App| match ask(app, 0).unwrap() {
        Some(Val::Map(entries)) => entries.into_iter().map(|(id, _)| id).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ids(&folder().start()), ["cyd", "bob", "ada"].map(string));
    for order in [&["ada", "cyd", "bob"][..], &["bob", "ada"], &["cyd"]] {
        let bound = folder().file("app.toml", &format!("[bind]\nhub = {{ 't:t/ask' = {order:?} }}\n"));
        assert_eq!(ids(&bound.start()), order.iter().map(|id| string(id)).collect::<Vec<_>>());
    }
}
