use super::*;
use crate::link::testing::{component, export, func, name_of};
use crate::model::{Resource, Side, Type};
use crate::runtime::purpose::Purpose;
use crate::runtime::root::on_chain;
use crate::runtime::settle::entry;
use crate::runtime::start::start;

/// A cell tells its number, and after two digits how often cells of its instance have been asked. A destructor of a cell
/// traps when its number is 13.
const CELLS: &str = r#"(module
    (import "[export]t:t/c" "[resource-new]cell" (func $new (param i32) (result i32)))
    (global $asked (mut i32) (i32.const 0))
    (func (export "t:t/c#[constructor]cell") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "t:t/c#[method]cell.get") (param i32) (result i32)
        (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
        (i32.add (i32.mul (local.get 0) (i32.const 100)) (global.get $asked)))
    (func (export "t:t/c#[dtor]cell") (param i32)
        (if (i32.eq (local.get 0) (i32.const 13)) (then unreachable))))"#;

fn cells() -> Live {
    let wit = "interface c { resource cell { constructor(n: u32); get: func() -> u32; } } world w { export c; }";
    let mut bench = Bench::default();
    let plugin = bench.add("cells", component(wit, CELLS));
    let cell = Resource { name: "cell".into(), interface: Some(name_of("t:t/c")), side: Side::Export };
    plugin.exports.push(export(
        "t:t/c",
        &[
            ("[constructor]cell", func(&[("n", Type::U32)], Some(Type::Own(cell.clone())))),
            ("[method]cell.get", func(&[("self", Type::Borrow(cell))], Some(Type::U32))),
        ],
    ));
    bench.start()
}

fn cell(live: &Live, number: u32) -> Val {
    live.call("cells", "[constructor]cell", &[Val::U32(number)]).unwrap().unwrap()
}

fn get(live: &Live, cell: &Val) -> Result<Option<Val>, CallErrorKind> {
    live.call("cells", "[method]cell.get", std::slice::from_ref(cell)).map_err(|error| error.kind())
}

/// Starts an instance beside the one that serves, and lets it serve.
fn replace(live: &Live) {
    let app = &*live.runtime.app;
    let plugin = PluginIndex(0);
    on_chain(app, |caller| {
        let turn = app.admission.take_turn(caller, plugin).unwrap();
        let id = app.instances.next(plugin);
        let instance = start(app, id, &entry(app, caller, Purpose::Start(plugin), id)).unwrap();
        app.instances.supersede(instance);
        drop(turn);
    });
}

fn has_old(live: &Live) -> bool {
    live.runtime.app.instances.has_old(PluginIndex(0))
}

#[test]
fn handles_go_to_the_instance_that_made_them() {
    let live = cells();
    let old = cell(&live, 7);
    assert_eq!(get(&live, &old), Ok(Some(Val::U32(701))));
    replace(&live);
    let new = cell(&live, 8);
    assert_eq!(get(&live, &new), Ok(Some(Val::U32(801))));
    assert_eq!(get(&live, &old), Ok(Some(Val::U32(702))));
    assert_eq!((live.generation(0), has_old(&live)), (2, true));
    // With its last handle the old instance ends.
    drop(old);
    assert!(!has_old(&live));
    assert_eq!(get(&live, &new), Ok(Some(Val::U32(802))));
    assert_eq!(live.runtime.live_handles(), 1);
}

#[test]
fn an_old_instance_fails_by_itself() {
    let live = cells();
    let (bad, old) = (cell(&live, 13), cell(&live, 1));
    replace(&live);
    let new = cell(&live, 2);
    drop(bad);
    assert_eq!((live.generation(0), has_old(&live)), (2, false));
    assert_eq!(get(&live, &old), Err(CallErrorKind::OwnerRestarted));
    assert_eq!(get(&live, &new), Ok(Some(Val::U32(201))));
    assert!(matches!(live.runtime.status(PluginIndex(0)), crate::runtime::Status::Up));
}

#[test]
fn several_old_instances_end_with_their_app() {
    let live = cells();
    let cells: Vec<Val> = (0..3)
        .map(|number| {
            let cell = cell(&live, number);
            replace(&live);
            cell
        })
        .collect();
    for (number, cell) in (0..).zip(&cells) {
        assert_eq!(get(&live, cell), Ok(Some(Val::U32(number * 100 + 1))));
    }
    assert_eq!(live.generation(0), 4);
    let weak = Arc::downgrade(&live.runtime.app);
    drop(live);
    assert!(weak.upgrade().is_none());
    drop(cells);
}
