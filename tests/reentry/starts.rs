use plugweave::{App, CallErrorKind, StartOptions};

use super::*;

/// A front that is started after the back, and whose start calls it.
fn starting(back_id: &str, back_tables: &str, back: &str) -> App {
    let start = "(func $start (drop (call $relay (i32.const 2)))) (start $start)";
    let tables = "[exports]\n't:t/works' = {}\n[imports]\n't:t/relays' = 'exactly-one'";
    let folder = Folder::new(WIT).plugin("front", tables, &front_with("", start)).plugin(back_id, back_tables, back);
    App::of_checked(folder.check(), StartOptions::default()).unwrap()
}

#[test]
fn who_is_starting_cannot_be_called_back() {
    let imports = "'t:t/asks' = { cardinality = 'exactly-one', from = 't:t/works@1.0.0', late = true }";
    let app = starting("back", &format!("[exports]\n't:t/relays' = {{}}\n[imports]\n{imports}"), &back());
    // The back has room for the refusal, so that the start goes well.
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    assert_eq!(counts(&app), (0, 1));
    assert_eq!(work(&app, 2).unwrap(), 2);
}

#[test]
fn the_refusal_has_the_chain() {
    let back = core_module(
        r#"(import "t:t/works@1.0.0" "work" (func $work (param i32) (result i32)))"#,
        1,
        r#"(func (export "t:t/relays@1.0.0#count") (result i32) (global.get $calls))
        (func (export "t:t/relays@1.0.0#relay") (param i32) (result i32) (call $count) (call $work (i32.const 0)))"#,
    );
    let imports = "'t:t/works' = { cardinality = 'exactly-one', late = true }";
    let app = starting("frank", &format!("[exports]\n't:t/relays' = {{}}\n[imports]\n{imports}"), &back);
    let [(plugin, error)] = app.failures() else { panic!("{:?}", app.failures()) };
    assert_eq!((plugin.as_str(), error.kind()), ("front", CallErrorKind::NotStarted), "{error}");
    assert!(error.cause().contains("host -> front -> frank -> front"), "{error}");
    assert_eq!(chain(error), ["host -> front#(start)", "front -> frank#relay", "frank -> front#work"]);
}
