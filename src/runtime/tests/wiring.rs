use std::thread::yield_now;

use super::*;
use crate::call::{ChainId, Wiring};
use crate::link::testing::{Ask, component};
use crate::model::Cardinality;
use crate::plan::{Answer, Fallible, Reply};

/// Two providers, the first of which takes its time, and a consumer that asks both.
fn fan_out() -> Live {
    let mut bench = Bench::default();
    bench.provider("slow", 1, 99);
    bench.binaries[0] = component(
        "interface p { add: func(x: u32) -> u32; } world w { export p; }",
        r#"(module (func (export "t:t/p#add") (param i32) (result i32)
            (local $i i32)
            (loop $again
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $i) (i32.const 300000000))))
            (i32.add (local.get 0) (i32.const 1))))"#,
    );
    bench.plan.plugins[0].exports[0].functions.truncate(1);
    bench.provider("second", 10, 99);
    bench.provider("third", 100, 99);
    let plain = Answer::Value(Fallible::Plain);
    let ask = Ask {
        cardinality: Cardinality::Any,
        reply: Reply::List(vec![plain, plain]),
        providers: vec![0, 1],
        ..Ask::one(0)
    };
    bench.asker("hub", "add", "list<u32>", ask);
    bench.start()
}

/// The same wiring, in which only the third provider is asked.
fn other(live: &Live) -> Arc<Wiring> {
    let assembly = live.runtime.assembly();
    let mut wiring = (**assembly.wiring()).clone();
    let function = &mut wiring.functions_mut()[0];
    function.providers.truncate(1);
    function.providers[0].id = PluginId::parse("third").unwrap();
    function.providers[0].target.plugin = PluginIndex(2);
    function.reply = Reply::List(vec![Answer::Value(Fallible::Plain)]);
    Arc::new(wiring)
}

fn numbers(numbers: &[u32]) -> Option<Val> {
    Some(Val::List(numbers.iter().copied().map(Val::U32).collect()))
}

#[test]
fn a_call_ends_on_the_wiring_that_it_began_with() {
    let live = fan_out();
    let app = &live.runtime.app;
    let go = || live.call("hub", "go", &[Val::U32(1)]).unwrap();
    std::thread::scope(|scope| {
        let running = scope.spawn(go);
        // The first provider is at work now, and the second one has not been asked.
        while app.admission.try_turn(PluginIndex(0), ChainId::next()).is_some() {
            yield_now();
        }
        app.wiring.store(other(&live));
        assert_eq!(running.join().unwrap(), numbers(&[2, 11]));
    });
    assert_eq!(go(), numbers(&[101]));
    assert_eq!((live.count("second"), live.count("third")), (1, 1));
}

#[test]
fn wirings_can_be_replaced_as_often_as_one_likes_under_calls() {
    let live = fan_out();
    let app = &live.runtime.app;
    let (mut only_second, only_third) = ((*other(&live)).clone(), other(&live));
    let function = &mut only_second.functions_mut()[0];
    function.providers[0].id = PluginId::parse("second").unwrap();
    function.providers[0].target.plugin = PluginIndex(1);
    let only_second = Arc::new(only_second);
    app.wiring.store(only_third.clone());
    std::thread::scope(|scope| {
        let calls = scope.spawn(|| {
            for _ in 0..2_000 {
                let answer = live.call("hub", "go", &[Val::U32(1)]).unwrap();
                assert!(answer == numbers(&[11]) || answer == numbers(&[101]), "{answer:?}");
            }
        });
        while !calls.is_finished() {
            app.wiring.store(only_second.clone());
            app.wiring.store(only_third.clone());
        }
        calls.join().unwrap();
    });
    assert_eq!(live.count("second") + live.count("third"), 2_000);
}
