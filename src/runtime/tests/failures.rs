use std::time::Duration;

use super::*;
use crate::call::ChainId;
use crate::link::LinkError;
use crate::link::testing::{Ask, component, export, func, name_of};
use crate::model::{RestartBudget, Type};
use crate::plan::{Answer, ErrorForm, Fallible, ImportSource, Reply};

fn budget(max: u32) -> RestartBudget {
    RestartBudget::AtMost { max, within: Duration::from_secs(3600) }
}

#[test]
fn restarts_end_with_the_budget() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7).limits.restart = budget(2);
    bench.provider("never", 1, 7).limits.restart = RestartBudget::Never;
    let live = bench.start();
    for _ in 0..3 {
        assert_eq!(live.count("p"), 0);
        assert_eq!(live.number("p", "add", 1).unwrap(), 2);
        assert_eq!(origin(&live.number("p", "add", 7).unwrap_err()), (CallErrorKind::Trap, "p"));
    }
    let error = live.number("p", "add", 1).unwrap_err();
    assert_eq!(origin(&error), (CallErrorKind::Failed, "p"));
    assert!(error.to_string().contains("2 restart(s)") && error.to_string().contains("unreachable"), "{error}");
    assert!(live.number("never", "add", 7).is_err());
    assert_eq!(live.number("never", "add", 1).unwrap_err().kind(), CallErrorKind::Failed);
}

#[test]
fn an_instance_that_is_lost_is_a_panic_of_the_host() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7).limits.restart = budget(1);
    let live = bench.start();
    // As a panic does that unwinds from the plugin, beyond all that catches them.
    let lose = || drop(live.runtime.app.instances.take(PluginIndex(0)).unwrap());
    live.number("p", "add", 1).unwrap();
    lose();
    assert_eq!((live.number("p", "add", 1).unwrap(), live.count("p"), live.generation(0)), (2, 1, 2));
    lose();
    let error = live.number("p", "add", 1).unwrap_err();
    assert_eq!(origin(&error), (CallErrorKind::Failed, "p"));
    assert!(error.to_string().contains("the host panicked while it was in it"), "{error}");
    live.runtime.restart(PluginIndex(0)).unwrap();
    assert_eq!(live.count("p"), 0);
}

#[test]
fn whoever_ends_with_another_is_not_charged() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7).limits.restart = budget(100);
    bench.asker("hub", "add", "u32", Ask::one(0)).limits.restart = RestartBudget::Never;
    let live = bench.start();
    for _ in 0..5 {
        assert_eq!(origin(&live.number("hub", "go", 7).unwrap_err()), (CallErrorKind::Trap, "p"));
    }
    assert_eq!(live.number("hub", "go", 1).unwrap(), 2);
    assert_eq!((live.count("hub"), live.generation(0), live.generation(1)), (1, 6, 6));
}

#[test]
fn a_failed_provider_is_a_failure_like_any_other() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7).limits.restart = RestartBudget::Never;
    let reply = Reply::One(Answer::Value(Fallible::Result(ErrorForm::Record)));
    bench.asker("hub", "add", "result<u32, dispatch-error>", Ask { reply, ..Ask::one(0) });
    let live = bench.start();
    let code = |x| match live.call("hub", "go", &[Val::U32(x)]).unwrap() {
        Some(Val::Result(Err(Some(error)))) => match *error {
            Val::Record(mut fields) => fields.remove(0).1,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!((code(7), code(1)), (text("trap"), text("failed")));
    assert_eq!(live.count("hub"), 2);
}

#[test]
fn bad_arguments_cost_nothing() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7).limits.restart = RestartBudget::Never;
    let live = bench.start();
    for arguments in [&[][..], &[Val::U64(1)], &[Val::U32(1), Val::U32(1)], &[text("1")]] {
        let error = live.call("p", "add", arguments).unwrap_err();
        assert_eq!(origin(&error), (CallErrorKind::BadArguments, "p"));
    }
    assert_eq!(live.call("p", "echo", &[text("ä")]).unwrap(), Some(text("ä")));
    assert_eq!((live.number("p", "add", 1).unwrap(), live.generation(0)), (2, 1));
}

/// A plugin whose start runs the instructions given.
fn starting(bench: &mut Bench, id: &str, start: &str) {
    let wat = format!(
        r#"(module
            (func $start {start}) (start $start)
            (func (export "go") (result i32) (i32.const 1)))"#
    );
    let plugin = bench.add(id, component("world w { export go: func() -> u32; }", &wat));
    plugin
        .exports
        .push(crate::plan::PlannedExport { bare: true, ..export("go", &[("go", func(&[], Some(Type::U32)))]) });
}

#[test]
fn a_plugin_that_fails_while_starting_is_reported() {
    let mut bench = Bench::default();
    starting(&mut bench, "bad", "unreachable");
    starting(&mut bench, "good", "");
    let live = bench.start();
    let [(id, error)] = live.failures.as_slice() else { panic!() };
    assert_eq!((id.as_str(), origin(error)), ("bad", (CallErrorKind::Trap, "bad")));
    assert_eq!(live.call("good", "go", &[]).unwrap(), Some(Val::U32(1)));
    // It is tried again within its budget, and says why it does not come up.
    for _ in 0..5 {
        let error = live.call("bad", "go", &[]).unwrap_err();
        assert_eq!(origin(&error), (CallErrorKind::Failed, "bad"));
        assert!(error.to_string().contains("unreachable"), "{error}");
    }
    // Once with the app, and as often as its budget allows.
    assert_eq!(live.generation(0), 4);
}

#[test]
fn a_late_import_waits_for_the_start() {
    let mut bench = Bench::default();
    let wat = r#"(module
        (import "$root" "ask" (func $ask (param i32) (result i32)))
        (func $start (drop (call $ask (i32.const 1)))) (start $start)
        (func (export "go") (param i32) (result i32) (call $ask (local.get 0))))"#;
    bench.relay("early", 1, true, "");
    bench.end("later");
    // Its start calls what starts after it.
    bench.binaries[0] = component("world w { import ask: func(x: u32) -> u32; export go: func(x: u32) -> u32; }", wat);
    let live = bench.start();
    let [(id, error)] = live.failures.as_slice() else { panic!() };
    assert_eq!((id.as_str(), origin(error)), ("early", (CallErrorKind::NotStarted, "later")));
    // Now that it has started, so can the other, and nothing was charged.
    assert_eq!(live.number("early", "go", 1).unwrap(), 2);
}

#[test]
fn a_panic_of_the_host_leaves_the_plugin_failed_and_nothing_locked() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7).limits.restart = budget(1);
    let live = bench.start();
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let app = &live.runtime.app;
        let _turn = app.admission.last_turn(PluginIndex(0), ChainId::next());
        let _taken = app.instances.take(PluginIndex(0));
        std::panic::resume_unwind(Box::new("host"));
    }));
    assert!(unwound.is_err());
    assert_eq!((live.number("p", "add", 1).unwrap(), live.generation(0)), (2, 2));
}

#[test]
fn plans_that_do_not_fit_are_refused() {
    let link = |change: &dyn Fn(&mut Bench)| {
        let mut bench = Bench::default();
        bench.provider("p", 1, 7);
        bench.asker("hub", "add", "u32", Ask::one(0));
        change(&mut bench);
        Assembly::link(bench.plan, &bench.binaries).err().unwrap()
    };
    let error = link(&|bench| bench.plan.plugins[1].imports[0].source = ImportSource::Host(name_of("t:t/p")));
    assert!(matches!(error, LinkError::HostInterface { .. }), "{error}");
    let error = link(&|bench| bench.plan.plugins[1].imports.clear());
    assert!(matches!(error, LinkError::Imports { .. }) && error.to_string().contains("t:t/p"), "{error}");
    let error = link(&|bench| bench.binaries[0] = b"no wasm".to_vec());
    assert!(matches!(&error, LinkError::Compile { plugin, .. } if plugin.as_str() == "p"), "{error}");
    let error = link(&|bench| drop(bench.binaries.pop()));
    assert_eq!(error, LinkError::Binaries { plugins: 2, binaries: 1 });
    let error = link(&|bench| bench.plan.plugins[0].exports[0].functions[0].0 = "sub".into());
    assert!(matches!(error, LinkError::MissingExport { .. }), "{error}");
    let error = link(&|bench| {
        let ImportSource::Plugins(binding) = &mut bench.plan.plugins[1].imports[0].source else { panic!() };
        binding.functions[0].reply = Reply::List(vec![]);
    });
    assert!(matches!(error, LinkError::Plan { .. }), "{error}");
}
