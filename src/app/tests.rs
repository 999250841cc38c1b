use std::fmt::Debug;

use super::*;
use crate::link::testing::{Bench, component, export, func};
use crate::model::Type;

/// Two plugins that export `t:t/p`, and some more exports.
fn app() -> App {
    let mut bench = Bench::default();
    bench.provider("a", 1, 7).exports[0].priority = -1;
    bench.provider("b", 2, 7);
    bench.end("bare");
    let wit = |version: &str| {
        format!(
            "world w {{ export v:v/i@{version}; }}
             package v:v@{version} {{ interface i {{ f: func(m: option<u32>) -> option<u32>; }} }}"
        )
    };
    for (id, version) in [("old", "1.0.0"), ("new", "2.0.0")] {
        let wat = format!(
            r#"(module (memory (export "memory") 1) (func (export "v:v/i@{version}#f") (param i32 i32) (result i32)
                (i32.store (i32.const 8) (local.get 0)) (i32.store (i32.const 12) (local.get 1)) (i32.const 8)))"#
        );
        let option = Type::Option(Arc::new(Type::U32));
        let plugin = bench.add(id, component(&wit(version), &wat));
        let signature = func(&[("m", option.clone())], Some(option));
        plugin.exports.push(export(&format!("v:v/i@{version}"), &[("f", signature)]));
    }
    App::start(bench.plan, &bench.binaries, StartOptions::default()).unwrap()
}

fn told<T: Debug>(result: Result<T, CallError>) -> (CallErrorKind, String) {
    let error = result.unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn an_app_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<App>();
}

#[test]
fn one_all_or_a_named_plugin_is_called() {
    let app = app();
    let one = [Val::U32(1)];
    assert_eq!(app.call("go", &one).unwrap(), Some(Val::U32(2)));
    let (kind, message) = told(app.call("t:t/p#add", &one));
    assert_eq!(kind, CallErrorKind::SeveralProviders);
    // In provider order.
    assert!(message.contains("`b` and `a`"), "{message}");
    let all = app.call_all("t:t/p#add", &one).unwrap();
    let all: Vec<_> = all.into_iter().map(|(id, answer)| (id.to_string(), answer.unwrap().unwrap())).collect();
    assert_eq!(all, [("b".into(), Val::U32(3)), ("a".into(), Val::U32(2))]);
    assert_eq!(app.call_plugin("a", "t:t/p#add", &one).unwrap(), Some(Val::U32(2)));
    assert_eq!(app.call_plugin("a", "t:t/p#hit", &one).unwrap(), None);
    // A failure of one is its own.
    let all = app.call_all("t:t/p#add", &[Val::U32(7)]).unwrap();
    assert!(all.iter().all(|(_, answer)| answer.is_err()));
    assert!(app.failures().is_empty() && app.run().is_err());
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let app = app();
    let unknown = |target: &str| {
        let (kind, message) = told(app.call(target, &[]));
        assert_eq!(kind, CallErrorKind::UnknownTarget);
        message
    };
    assert!(unknown("t:t/q#add").contains("did you mean `t:t/p`?"));
    assert!(unknown("t:t/p#ad").contains("did you mean `add`?"));
    assert!(unknown("stop").contains("the bare functions are `go`"));
    assert!(unknown("t:t#f").contains("names no interface"));
    let message = told(app.call_plugin("aa", "t:t/p#add", &[])).1;
    assert!(message.contains("did you mean `a`?"), "{message}");
    let message = told(app.call_plugin("bare", "t:t/p#add", &[])).1;
    assert!(message.contains("plugin `bare` does not export `t:t/p#add`, only `b` and `a`"), "{message}");
}

#[test]
fn versions_may_be_left_out_when_there_is_one() {
    let app = app();
    let none = [Val::Option(None)];
    assert_eq!(app.call("v:v/i@1.0.0#f", &none).unwrap(), Some(Val::Option(None)));
    let message = told(app.call("v:v/i#f", &none)).1;
    assert!(message.contains("in several versions; there is `v:v/i@1.0.0` and `v:v/i@2.0.0`"), "{message}");
    assert!(told(app.call("v:v/i@1.1.0#f", &none)).1.contains("in version 1.1.0"));
}

#[test]
fn calls_may_be_written_as_text() {
    let app = app();
    let call = |text: &str| app.call_wave(None, &WaveCall::parse(text).unwrap());
    assert_eq!(call("go(41)").unwrap(), Some(Val::U32(42)));
    let forty_two = Some(Val::Option(Some(Box::new(Val::U32(42)))));
    for text in ["v:v/i@1.0.0#f(some(42))", " v:v/i@2.0.0#f ( 42 ) "] {
        assert_eq!(call(text).unwrap(), forty_two);
    }
    assert_eq!(call("v:v/i@1.0.0#f()").unwrap(), Some(Val::Option(None)));
    let (kind, message) = told(call("go(-1)"));
    assert_eq!((kind, message.as_str()), (CallErrorKind::BadArguments, "parameter `x`: expected `u32`, found `-1`"));
    assert_eq!(told(call("go(1, 2)")).1, "the function takes one argument (x: u32), 2 given");
    assert_eq!(told(call("go()")).1, "parameter `x`: expected `u32`, found nothing");
    let add = WaveCall::parse("t:t/p#add(1)").unwrap();
    assert_eq!(app.call_wave(Some("b"), &add).unwrap(), Some(Val::U32(3)));
    assert_eq!(app.call_all_wave(&add).unwrap().len(), 2);
}
