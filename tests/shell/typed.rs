//! Calls with Rust types, and worlds of `bindgen!` over live plugins.

use plugweave::wasmtime::component::{ComponentType, Lift, Lower};
use plugweave::{App, CallErrorKind, wasmtime};

use crate::{build, plugin};

mod world {
    use plugweave::wasmtime;

    wasmtime::component::bindgen!({
        inline: "package t:t@1.0.0;
            interface api {
                record point { x: u32, y: u32 }
                swap: func(point: point) -> point;
                length: func(text: string) -> u32;
                calls: func() -> u32;
                boom: func();
            }
            world maths { export api; }",
        world: "maths",
        wasmtime_crate: plugweave::wasmtime,
    });
}

const WIT: &str = "
    interface api {
        record point { x: u32, y: u32 }
        swap: func(point: point) -> point;
        length: func(text: string) -> u32;
        calls: func() -> u32;
        boom: func();
    }
    world maths { export api; }";

#[derive(ComponentType, Lift, Lower, Debug, PartialEq, Clone, Copy)]
#[component(record)]
struct Point {
    x: u32,
    y: u32,
}

fn maths() -> App {
    let core = crate::support::core_module(
        "",
        1,
        r#"(func (export "t:t/api@1.0.0#swap") (param i32 i32) (result i32)
               (call $count)
               (i32.store (i32.const 16) (local.get 1))
               (i32.store (i32.const 20) (local.get 0))
               (i32.const 16))
           (func (export "t:t/api@1.0.0#length") (param i32 i32) (result i32) (call $count) (local.get 1))
           (func (export "t:t/api@1.0.0#calls") (result i32) (global.get $calls))
           (func (export "t:t/api@1.0.0#boom") unreachable)"#,
    );
    let tables = "exports.'t:t/api' = {}\nlimits.restart = { max = 100, within = '1h' }";
    build(plugin(crate::builder(WIT), "maths", tables, &core))
}

#[test]
fn types_of_rust_stand_for_types_of_wit() {
    let app = maths();
    let swap = app.typed::<(Point,), (Point,)>("t:t/api#swap").unwrap();
    assert_eq!(swap.call((Point { x: 1, y: 2 },)).unwrap(), (Point { x: 2, y: 1 },));
    let length = app.typed_plugin::<(&str,), (u32,)>("maths", "t:t/api#length").unwrap();
    let long = "x".repeat(1 << 20);
    assert_eq!(length.call((&long,)).unwrap(), (1 << 20,));
    // References may live shorter than the call itself.
    {
        let short = String::from("abc");
        assert_eq!(length.call((&short,)).unwrap(), (3,));
    }
    assert_eq!(length.call(("",)).unwrap(), (0,));
}

#[test]
fn wrong_types_are_told_and_cost_nobody_anything() {
    let app = maths();
    app.typed::<(&str,), (u32,)>("t:t/api#length").unwrap().call(("a",)).unwrap();
    let error = app.typed::<(u64,), (u32,)>("t:t/api#length").unwrap_err();
    assert_eq!(error.kind(), CallErrorKind::WrongType);
    let told = error.to_string();
    assert!(told.contains("length: func(text: string) -> u32") && told.contains("(u64,)"), "{told}");
    let error = app.typed::<(), ()>("t:t/api#nothing").unwrap_err();
    assert_eq!(error.kind(), CallErrorKind::UnknownTarget);
    // It has not been started anew.
    assert_eq!(app.typed::<(), (u32,)>("t:t/api#calls").unwrap().call(()).unwrap(), (1,));
}

#[test]
fn typed_calls_outlive_a_restart() {
    let app = maths();
    let calls = app.typed::<(), (u32,)>("t:t/api#calls").unwrap();
    let length = app.typed::<(&str,), (u32,)>("t:t/api#length").unwrap();
    let boom = app.typed::<(), ()>("t:t/api#boom").unwrap();
    for _ in 0..3 {
        assert_eq!(calls.call(()).unwrap(), (0,));
        length.call(("a",)).unwrap();
        assert_eq!(calls.call(()).unwrap(), (1,));
        assert_eq!(boom.call(()).unwrap_err().kind(), CallErrorKind::Trap);
    }
}

#[test]
fn a_world_of_bindgen_sees_a_live_plugin() {
    let app = maths();
    let maths = app.bindings("maths", |store, instance| world::Maths::new(store, instance)).unwrap();
    let swapped = maths.call(|exports, mut store| {
        let point = world::exports::t::t::api::Point { x: 3, y: 4 };
        exports.t_t_api().call_swap(&mut store, point)?;
        exports.t_t_api().call_swap(&mut store, point)
    });
    let swapped = swapped.unwrap();
    assert_eq!((swapped.x, swapped.y), (4, 3));
    let calls = || maths.call(|exports, store| exports.t_t_api().call_calls(store));
    assert_eq!(calls().unwrap(), 2);
    // A failure is the plugin's, which is bound again once it has been started anew.
    let error = maths.call(|exports, store| exports.t_t_api().call_boom(store)).unwrap_err();
    assert_eq!(error.kind(), CallErrorKind::Trap);
    assert!(error.to_string().contains("(exports)"), "{error}");
    assert_eq!(calls().unwrap(), 0);
    // Whatever else the host comes up with is a value.
    let own: Result<u32, &str> = maths.call(|_, _| Ok(Err("nothing to do"))).unwrap();
    assert_eq!(own, Err("nothing to do"));
}

#[test]
fn a_world_that_does_not_fit_is_told() {
    let app = maths();
    let error = app.bindings("math", |store, instance| world::Maths::new(store, instance)).unwrap_err();
    assert!(error.to_string().contains("did you mean `maths`?"), "{error}");
    let wrong = app.bindings("maths", |_, _| -> wasmtime::Result<()> { Err(wasmtime::format_err!("no export `x`")) });
    let error = wrong.unwrap_err();
    assert_eq!((error.kind(), error.cause()), (CallErrorKind::WrongType, "no export `x`"));
}

#[test]
fn what_bindings_do_belongs_to_the_chain() {
    let app = maths();
    let maths = app.bindings("maths", |store, instance| world::Maths::new(store, instance)).unwrap();
    let nested = maths.call(|_, _| Ok(app.call("t:t/api#calls", &[]).unwrap_err())).unwrap();
    assert_eq!(nested.kind(), CallErrorKind::Reentrant);
}
