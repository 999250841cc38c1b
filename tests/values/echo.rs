//! Apps that give back what they are given, and sending values around in them.

use std::fmt::Write as _;

use plugweave::{App, Val, WaveCall, print_wave};

use crate::support::{Folder, core_module};

/// A type under test with values of it.
pub struct Case {
    pub ty: String,
    pub values: Vec<Vec<Val>>,
    pub texts: Vec<String>,
}

/// A type, and values of it as WAVE text.
pub fn case<S: Into<String>>(ty: impl Into<String>, texts: impl IntoIterator<Item = S>) -> Case {
    Case { ty: ty.into(), values: Vec::new(), texts: texts.into_iter().map(Into::into).collect() }
}

/// How many `u32` stand behind the value: as many as are passed flat, so that with the value there are more.
pub const PADDING: u32 = 16;

/// Types that WIT must name: the name and the whole definition.
pub type Definitions = [(String, String)];

pub fn definitions(definitions: &[(&str, &str, &str)]) -> Vec<(String, String)> {
    let define = |&(kind, name, body): &(&str, &str, &str)| (name.to_owned(), format!("{kind} {name} {{ {body} }}"));
    definitions.iter().map(define).collect()
}

pub fn wit(definitions: &Definitions, cases: &[Case]) -> String {
    let names: Vec<&str> = definitions.iter().map(|(name, _)| name.as_str()).collect();
    let used = if names.is_empty() { String::new() } else { format!("use types.{{{}}};", names.join(", ")) };
    let padding: String = (0..PADDING).map(|index| format!(", p{index}: u32")).collect();
    let mut functions = String::new();
    for (index, Case { ty, .. }) in cases.iter().enumerate() {
        writeln!(functions, "  echo{index}: func(v: tuple<{ty}, u8>{padding}) -> tuple<{ty}, u8>;").unwrap();
    }
    let definitions: String = definitions.iter().map(|(_, text)| format!("  {text}\n")).collect();
    format!(
        "interface types {{\n{definitions}}}\n\
         interface echo {{\n  {used}\n  calls: func() -> u32;\n{functions}}}\n\
         interface relay {{\n  {used}\n{functions}}}\n\
         world provider {{ export echo; }}\n\
         world consumer {{ import echo; export relay; }}\n"
    )
}

/// Gives back the pointer that it gets.
pub fn provider(cases: usize) -> String {
    let mut functions = String::from(
        r#"  (func (export "t:t/echo@1.0.0#calls") (result i32) (global.get $calls))
  (func $echo (param i32) (result i32) (call $count) (local.get 0))
"#,
    );
    for index in 0..cases {
        writeln!(functions, r#"  (export "t:t/echo@1.0.0#echo{index}" (func $echo))"#).unwrap();
    }
    core_module("", 0, &functions)
}

/// Passes the pointer that it gets on, and gives back what comes.
pub fn consumer(cases: usize) -> String {
    let (mut imports, mut functions) = (String::new(), String::new());
    for index in 0..cases {
        writeln!(imports, r#"  (import "t:t/echo@1.0.0" "echo{index}" (func $echo{index} (param i32 i32)))"#).unwrap();
        writeln!(
            functions,
            r#"  (func (export "t:t/relay@1.0.0#echo{index}") (param i32) (result i32)
    (memory.fill (i32.const 64) (i32.const 0xAA) (i32.const 65472))
    (call $echo{index} (local.get 0) (i32.const 64))
    (i32.const 64))"#
        )
        .unwrap();
    }
    core_module(&imports, 1, &functions)
}

pub fn start(definitions: &Definitions, cases: &[Case]) -> App {
    Folder::new(&wit(definitions, cases))
        .plugin("provider", "[exports]\n't:t/echo' = {}", &provider(cases.len()))
        .plugin(
            "consumer",
            "[exports]\n't:t/relay' = {}\n[imports]\n't:t/echo' = 'exactly-one'",
            &consumer(cases.len()),
        )
        .start()
}

/// Sends every value of every type around and expects it back as it was.
pub fn echoed(definitions: &Definitions, cases: &[Case]) {
    let app = start(definitions, cases);
    let mut calls = 0;
    for (index, case) in cases.iter().enumerate() {
        let relay = format!("t:t/relay@1.0.0#echo{index}");
        let parsed = case.texts.iter().map(|text| parse(&app, &relay, text));
        for arguments in parsed.chain(case.values.iter().cloned()) {
            let ways = [("consumer", relay.as_str()), ("provider", &format!("t:t/echo@1.0.0#echo{index}"))];
            for (plugin, target) in ways {
                let answer = app.call_plugin(plugin, target, &arguments).unwrap();
                assert_eq!(answer.as_ref(), arguments.first(), "{} by {plugin}", case.ty);
            }
            let Val::Tuple(parts) = &arguments[0] else { panic!("{arguments:?}") };
            assert_eq!(parse(&app, &relay, &print_wave(&parts[0]).unwrap()), arguments, "{} as text", case.ty);
            calls += 2;
        }
    }
    assert_eq!(app.call("t:t/echo#calls", &[]).unwrap(), Some(Val::U32(calls)));
}

/// The arguments for a value that is written as text.
pub fn parse(app: &App, target: &str, text: &str) -> Vec<Val> {
    let padding: String = (0..PADDING).map(|index| format!(", {index}")).collect();
    let call = format!("{target}(({text}, 7){padding})");
    let callables = app.callables(target).unwrap();
    WaveCall::parse(&call).unwrap().arguments(callables[0].ty).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The arguments for a value.
pub fn arguments(value: Val) -> Vec<Val> {
    let value = Val::Tuple(vec![value, Val::U8(7)]);
    [value].into_iter().chain((0..PADDING).map(Val::U32)).collect()
}
