use super::*;
use crate::link::testing::{Ask, Logged};
use crate::model::{Cardinality, OnFailure};
use crate::plan::{Answer, ErrorForm, Fallible, Reply};

/// Three providers, `b` of which traps on 7, and a consumer that asks some of them.
fn ask(ty: &str, reply: Reply, cardinality: Cardinality, on_failure: OnFailure, providers: &[usize]) -> Live {
    let mut bench = Bench::default();
    for (id, k) in [("a", 10), ("b", 20), ("c", 30)] {
        bench.provider(id, k, if id == "b" { 7 } else { 99 });
    }
    let function = if ty.is_empty() || matches!(reply, Reply::Nothing) { "hit" } else { "add" };
    let ask = Ask { cardinality, on_failure, reply, providers: providers.to_vec(), ..Ask::one(0) };
    bench.asker("hub", function, ty, ask);
    bench.start()
}

fn go(live: &Live, x: u32) -> Result<Option<Val>, CallError> {
    live.call("hub", "go", &[Val::U32(x)])
}

fn some(value: Val) -> Option<Box<Val>> {
    Some(Box::new(value))
}

fn ok(number: u32) -> Val {
    Val::Result(Ok(some(Val::U32(number))))
}

const RESULT: Fallible = Fallible::Result(ErrorForm::Message);

#[test]
fn transparent() {
    let live = ask("u32", Reply::One(Answer::Value(Fallible::Plain)), Cardinality::ExactlyOne, OnFailure::Trap, &[1]);
    assert_eq!(go(&live, 1).unwrap(), Some(Val::U32(21)));
    let error = go(&live, 7).unwrap_err();
    assert_eq!(origin(&error), (CallErrorKind::Trap, "b"));
    assert_eq!(error.provider().unwrap().as_str(), "hub");
    let chain: Vec<_> = error.chain().iter().map(|frame| (frame.plugin.as_str(), frame.target())).collect();
    assert_eq!(chain, [("hub", "t:t/api#go".to_owned()), ("b", "t:t/p#add".to_owned())]);
    assert!(error.cause().contains("unreachable"), "{error}");
    assert!(error.backtrace().iter().any(|frame| frame.contains("hit")), "{:?}", error.backtrace());
    // Both were torn down, and both are back.
    assert_eq!(go(&live, 1).unwrap(), Some(Val::U32(21)));
    assert_eq!((live.generation(1), live.generation(3), live.generation(0)), (2, 2, 1));
}

#[test]
fn one_with_a_place_for_the_failure() {
    let reply = Reply::One(Answer::Value(Fallible::Result(ErrorForm::Record)));
    let live = ask("result<u32, dispatch-error>", reply, Cardinality::ExactlyOne, OnFailure::Trap, &[1]);
    assert_eq!(go(&live, 1).unwrap(), Some(ok(21)));
    let Some(Val::Result(Err(Some(error)))) = go(&live, 7).unwrap() else { panic!() };
    let Val::Record(fields) = *error else { panic!() };
    assert_eq!(fields[0], ("code".into(), text("trap")));
    assert_eq!(fields[1], ("provider".into(), text("b")));
    let Val::String(message) = &fields[2].1 else { panic!() };
    assert!(message.contains("`t:t/p#add` of plugin `b` failed (trap)"), "{message}");
    // The consumer has stayed healthy.
    assert_eq!((live.count("hub"), live.generation(3)), (2, 1));
}

#[test]
fn one_with_an_id() {
    let reply = Reply::One(Answer::WithId(Fallible::Plain));
    let live = ask("tuple<string, u32>", reply, Cardinality::ExactlyOne, OnFailure::Trap, &[2]);
    assert_eq!(go(&live, 1).unwrap(), Some(Val::Tuple(vec![text("c"), Val::U32(31)])));
}

#[test]
fn optional() {
    let value = Answer::Value(Fallible::Plain);
    let none = ask("option<u32>", Reply::Optional(None), Cardinality::AtMostOne, OnFailure::Trap, &[]);
    assert_eq!(go(&none, 1).unwrap(), Some(Val::Option(None)));
    let reply = || Reply::Optional(Some(value));
    let trap = ask("option<u32>", reply(), Cardinality::AtMostOne, OnFailure::Trap, &[1]);
    assert_eq!(go(&trap, 1).unwrap(), Some(Val::Option(some(Val::U32(21)))));
    assert_eq!(origin(&go(&trap, 7).unwrap_err()), (CallErrorKind::Trap, "b"));
    let logged = Logged::start();
    let skip = ask("option<u32>", reply(), Cardinality::AtMostOne, OnFailure::Skip, &[1]);
    assert_eq!(go(&skip, 7).unwrap(), Some(Val::Option(None)));
    assert!(logged.lines()[0].starts_with("warning: skipped for `add` of `t:t/p`"), "{:?}", logged.lines());
    let reply = Reply::Optional(Some(Answer::Value(RESULT)));
    let told = ask("option<result<u32, string>>", reply, Cardinality::AtMostOne, OnFailure::Trap, &[1]);
    assert_eq!(go(&told, 1).unwrap(), Some(Val::Option(some(ok(21)))));
    let Some(Val::Option(Some(answer))) = go(&told, 7).unwrap() else { panic!() };
    assert!(matches!(*answer, Val::Result(Err(Some(_)))));
}

#[test]
fn who_is_left_out_is_told_also_to_those_who_want_nothing_else() {
    let logged = Logged::under("plugweave::link::dispatch");
    let reply = Reply::Optional(Some(Answer::Value(Fallible::Plain)));
    let skip = ask("option<u32>", reply, Cardinality::AtMostOne, OnFailure::Skip, &[1]);
    assert_eq!(go(&skip, 7).unwrap(), Some(Val::Option(None)));
    assert!(logged.lines()[0].starts_with("warning: skipped for `add` of `t:t/p`"), "{:?}", logged.lines());
}

#[test]
fn lists_in_provider_order() {
    let list = |on_failure, cardinality, order: &[usize]| {
        let reply = Reply::List(vec![Answer::Value(Fallible::Plain); order.len()]);
        ask("list<u32>", reply, cardinality, on_failure, order)
    };
    let numbers = |numbers: &[u32]| Some(Val::List(numbers.iter().map(|number| Val::U32(*number)).collect()));
    let live = list(OnFailure::Trap, Cardinality::Any, &[2, 0, 1]);
    assert_eq!(go(&live, 1).unwrap(), numbers(&[31, 11, 21]));
    assert_eq!(origin(&go(&live, 7).unwrap_err()), (CallErrorKind::Trap, "b"));
    // It stopped at the first failure: the others had their turn before.
    assert_eq!((live.count("a"), live.count("c")), (2, 2));
    let live = list(OnFailure::Trap, Cardinality::Any, &[1, 0, 2]);
    assert!(go(&live, 7).is_err());
    assert_eq!((live.count("a"), live.count("c")), (0, 0));
    let live = list(OnFailure::Skip, Cardinality::AtLeastOne, &[0, 1, 2]);
    assert_eq!(go(&live, 7).unwrap(), numbers(&[17, 37]));
    assert_eq!(go(&list(OnFailure::Skip, Cardinality::Any, &[1]), 7).unwrap(), numbers(&[]));
    let none_left = list(OnFailure::Skip, Cardinality::AtLeastOne, &[1]);
    assert_eq!(origin(&go(&none_left, 7).unwrap_err()), (CallErrorKind::Trap, "b"));
    assert_eq!(go(&list(OnFailure::Trap, Cardinality::Any, &[]), 7).unwrap(), numbers(&[]));
}

#[test]
fn lists_that_tell_who_failed() {
    let reply = Reply::List(vec![Answer::WithId(RESULT); 2]);
    let live = ask("list<tuple<string, result<u32, string>>>", reply, Cardinality::Any, OnFailure::Trap, &[0, 1]);
    let Some(Val::List(answers)) = go(&live, 7).unwrap() else { panic!() };
    assert_eq!(answers[0], Val::Tuple(vec![text("a"), ok(17)]));
    let Val::Tuple(parts) = &answers[1] else { panic!() };
    assert_eq!(parts[0], text("b"));
    assert!(matches!(&parts[1], Val::Result(Err(Some(message))) if matches!(**message, Val::String(_))));
    let reply = Reply::List(vec![Answer::Value(Fallible::Result(ErrorForm::Nothing)); 2]);
    let live = ask("list<result<u32>>", reply, Cardinality::Any, OnFailure::Trap, &[0, 1]);
    assert_eq!(go(&live, 7).unwrap(), Some(Val::List(vec![ok(17), Val::Result(Err(None))])));
}

#[test]
fn maps_by_id() {
    let plain = |on_failure| {
        let reply = Reply::Map(vec![Fallible::Plain; 3]);
        ask("map<string, u32>", reply, Cardinality::AtLeastOne, on_failure, &[2, 1, 0])
    };
    let entry = |id: &str, number| (text(id), Val::U32(number));
    let live = plain(OnFailure::Trap);
    assert_eq!(go(&live, 1).unwrap(), Some(Val::Map(vec![entry("c", 31), entry("b", 21), entry("a", 11)])));
    assert!(go(&live, 7).is_err());
    assert_eq!(go(&plain(OnFailure::Skip), 7).unwrap(), Some(Val::Map(vec![entry("c", 37), entry("a", 17)])));
    let reply = Reply::Map(vec![Fallible::Result(ErrorForm::Nothing); 2]);
    let live = ask("map<string, result<u32>>", reply, Cardinality::Any, OnFailure::Trap, &[0, 1]);
    let entries = vec![(text("a"), ok(17)), (text("b"), Val::Result(Err(None)))];
    assert_eq!(go(&live, 7).unwrap(), Some(Val::Map(entries)));
}

#[test]
fn void_functions() {
    let nothing = |cardinality, on_failure, order: &[usize]| ask("", Reply::Nothing, cardinality, on_failure, order);
    let live = nothing(Cardinality::Any, OnFailure::Trap, &[0, 1, 2]);
    assert_eq!(go(&live, 1).unwrap(), None);
    assert_eq!(["a", "b", "c"].map(|id| live.count(id)), [1, 1, 1]);
    assert_eq!(origin(&go(&live, 7).unwrap_err()), (CallErrorKind::Trap, "b"));
    assert_eq!((live.count("a"), live.count("c")), (2, 1));
    let live = nothing(Cardinality::Any, OnFailure::Skip, &[0, 1, 2]);
    assert_eq!(go(&live, 7).unwrap(), None);
    assert_eq!((live.count("a"), live.count("c")), (1, 1));
    assert_eq!(go(&nothing(Cardinality::Any, OnFailure::Trap, &[]), 7).unwrap(), None);
    assert!(go(&nothing(Cardinality::AtLeastOne, OnFailure::Skip, &[1]), 7).is_err());
}

#[test]
fn the_ids_of_void_providers() {
    let mut bench = Bench::default();
    bench.provider("a", 1, 99);
    bench.provider("b", 1, 7);
    let reply = Reply::List(vec![Answer::Id; 2]);
    let ask = |reply, on_failure| Ask {
        cardinality: Cardinality::Any,
        on_failure,
        reply,
        providers: vec![0, 1],
        ..Ask::one(0)
    };
    bench.asker("ids", "hit", "list<string>", ask(reply.clone(), OnFailure::Skip));
    let told = Reply::List(vec![Answer::Value(Fallible::Result(ErrorForm::Nothing)); 2]);
    bench.asker("told", "hit", "list<result>", ask(told, OnFailure::Trap));
    let live = bench.start();
    let call = |plugin: &str, x| live.call(plugin, "go", &[Val::U32(x)]).unwrap();
    assert_eq!(call("ids", 1), Some(Val::List(vec![text("a"), text("b")])));
    assert_eq!(call("ids", 7), Some(Val::List(vec![text("a")])));
    assert_eq!(call("told", 7), Some(Val::List(vec![Val::Result(Ok(None)), Val::Result(Err(None))])));
}
