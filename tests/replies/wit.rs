//! The record `dispatch-error` of `wit/plugweave.wit`, which is frozen: what it says, what the checker
//! accepts and what the runtime makes are one.

use plugweave::diagnostic::Code;
use plugweave::{CallErrorKind, Val};
use wit_parser::{Resolve, Type, TypeDefKind};

use crate::single::{ask, hub, of_p};

const WIT: &str = include_str!("../../wit/plugweave.wit");

/// A field: its name and the type that it is declared with.
type Field = (String, String);

/// The fields that the WIT declares, and what it says of the first one.
fn declared() -> (Vec<Field>, String) {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("plugweave.wit", WIT).unwrap();
    let interface = &resolve.interfaces[resolve.packages[package].interfaces["types"]];
    let names: Vec<&str> = interface.types.keys().map(String::as_str).collect();
    assert_eq!((names, interface.functions.len()), (vec!["dispatch-error"], 0));
    let TypeDefKind::Record(record) = &resolve.types[interface.types["dispatch-error"]].kind else {
        panic!("no record")
    };
    let name_of = |ty: Type| match ty {
        Type::String => "string".to_owned(),
        other => format!("{other:?}"),
    };
    let fields = record.fields.iter().map(|field| (field.name.clone(), name_of(field.ty))).collect();
    (fields, record.fields[0].docs.contents.clone().unwrap())
}

/// What checking a consumer comes to whose record has these fields.
fn check(fields: &[Field]) -> Vec<Code> {
    let fields: Vec<String> = fields.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
    let types = format!("interface types {{ record failure {{ {} }} }}", fields.join(", "));
    let folder = hub("use t:other/types.{failure};", "list<result<u32, failure>>", "cardinality = 'any'")
        .file("wit/deps/other/other.wit", &format!("package t:other;\n{types}"))
        .plugin("ada", "[exports]\n't:t/p' = {}\n", &of_p("unreachable"));
    let checked = folder.check();
    checked.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn the_checker_accepts_the_record_of_the_wit_and_no_other() {
    let (fields, _) = declared();
    assert_eq!(check(&fields), []);
    let mut others = vec![fields[1..].to_vec(), [&fields[..], &[("more".into(), "string".into())]].concat()];
    for place in 0..fields.len() {
        let changed = |change: &dyn Fn(&mut Vec<Field>)| {
            let mut fields = fields.clone();
            change(&mut fields);
            fields
        };
        others.push(changed(&|fields| fields[place].0.push_str("-x")));
        others.push(changed(&|fields| fields[place].1 = "u32".to_owned()));
        others.push(changed(&|fields| fields[place].1 = "option<string>".to_owned()));
        others.push(changed(&|fields| drop(fields.remove(place))));
        others.push(changed(&|fields| fields.rotate_left(place + 1)));
    }
    // Turning it all the way round changes nothing.
    for other in others.iter().filter(|other| **other != fields) {
        assert_eq!(check(other), [Code::Pw203], "{other:?}");
    }
}

#[test]
fn the_runtime_makes_the_record_of_the_wit() {
    let uses = "use plugweave:runtime/types@1.0.0.{dispatch-error};";
    let app = hub(uses, "list<result<u32, dispatch-error>>", "cardinality = 'any'")
        .file("wit/deps/plugweave/plugweave.wit", WIT)
        .plugin("ada", "[exports]\n't:t/p' = {}\n", &of_p("unreachable"))
        .start();
    let Some(Val::List(answers)) = app.call("t:t/ask#f", &[Val::U32(0)]).unwrap() else { panic!("no list") };
    let [Val::Result(Err(Some(failure)))] = &answers[..] else { panic!("{answers:?}") };
    let Val::Record(made) = &**failure else { panic!("{failure:?}") };
    let name_of = |value: &Val| match value {
        Val::String(_) => "string".to_owned(),
        other => format!("{other:?}"),
    };
    let made: Vec<Field> = made.iter().map(|(name, value)| (name.clone(), name_of(value))).collect();
    assert_eq!(made, declared().0);
    // And it arrives as what it is.
    assert!(ask(&app, 0).is_ok());
}

/// Every code is a word, or several that are joined, as the WIT promises; and the WIT lists them.
#[test]
fn the_wit_lists_every_code_that_a_plugin_can_see() {
    let (_, docs) = declared();
    let listed: Vec<&str> = docs.split('`').skip(1).step_by(2).collect();
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    assert!(CallErrorKind::ALL.iter().all(|kind| kind.code().split('-').all(is_word)));
    let seen = CallErrorKind::ALL.into_iter().filter(|kind| !kind.is_host_only());
    assert_eq!(listed, seen.map(CallErrorKind::code).collect::<Vec<_>>());
}
