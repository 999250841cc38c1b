use plugweave::{App, CallErrorKind};

use super::*;

const HOST_FRONT: &str = "host -> front#work";
const FRONT_BACK: &str = "front -> back#relay";
const BACK_FRONT: &str = "back -> front#work";

fn assert_trap_in_front(error: &CallError, calls: &[&str]) {
    assert_eq!((error.kind(), error.origin().unwrap().as_str()), (CallErrorKind::Trap, "front"), "{error}");
    assert_eq!(chain(error), calls);
    assert!(error.backtrace().iter().any(|function| function.ends_with("work")), "{:?}", error.backtrace());
}

#[test]
fn the_outer_entry_ends_although_the_one_between_has_answered() {
    let app = app("");
    assert_trap_in_front(&work(&app, 3).unwrap_err(), &[HOST_FRONT, FRONT_BACK, BACK_FRONT]);
    // The one between is well, the other begins anew.
    assert_eq!(counts(&app), (0, 1));
    assert_eq!(work(&app, 2).unwrap(), 2);
}

#[test]
fn every_entry_of_the_instance_ends() {
    let app = app("");
    let calls = [HOST_FRONT, FRONT_BACK, BACK_FRONT, FRONT_BACK, BACK_FRONT];
    assert_trap_in_front(&work(&app, 13).unwrap_err(), &calls);
    assert_eq!(counts(&app), (0, 2));
}

#[test]
fn who_is_called_on_the_way_is_not_charged() {
    let app = app("");
    assert_eq!(relay(&app, 3).unwrap(), 1000);
    assert_eq!(relay(&app, 4).unwrap(), 2001);
    assert_eq!(counts(&app), (1, 2));
}

#[test]
fn a_plugin_is_started_again_while_a_dead_instance_of_it_is_on_the_chain() {
    let app = app("");
    // What comes back the second time is served by a new instance, whose first call this is. The old one ends.
    assert_trap_in_front(&work(&app, 4).unwrap_err(), &[HOST_FRONT, FRONT_BACK, BACK_FRONT]);
    // The new one stays.
    assert_eq!(counts(&app), (1, 1));
}

#[test]
fn a_failure_that_ends_many_entries_is_charged_once() {
    let app = app("[limits]\nrestart = { max = 2, within = '1h' }");
    for failures in 1..=3 {
        work(&app, 13).unwrap_err();
        if failures < 3 {
            assert_eq!(counts(&app), (0, 2 * failures));
        }
    }
    let error = work(&app, 0).unwrap_err();
    assert_eq!(error.kind(), CallErrorKind::Failed);
    assert!(error.to_string().contains("its 2 restart(s) within 3600s are used up"), "{error}");
    // So it is within a chain.
    assert_eq!(relay(&app, 2).unwrap(), 100_000);
}

/// `frank` is `back` without room for failures.
fn plain() -> App {
    let frank = core_module(
        r#"(import "t:t/works@1.0.0" "work" (func $work (param i32) (result i32)))"#,
        1,
        r#"(func (export "t:t/relays@1.0.0#count") (result i32) (global.get $calls))
        (func (export "t:t/relays@1.0.0#relay") (param $what i32) (result i32)
            (call $count)
            (if (i32.eq (local.get $what) (i32.const 1000)) (then (return (call $work (i32.const 1000)))))
            (call $work (i32.eq (local.get $what) (i32.const 3))))"#,
    );
    let imports = "[imports]\n't:t/works' = 'exactly-one'\n[limits]\nrestart = 'never'\ncall-depth = 1000";
    Folder::new(WIT)
        .plugin("front", &format!("{FRONT}[limits]\ncall-depth = 1000"), &front())
        .plugin("frank", &format!("[exports]\n't:t/relays' = {{}}\n{imports}"), &frank)
        .start()
}

#[test]
fn who_has_no_room_for_the_failure_ends_with_it_uncharged() {
    let app = plain();
    assert_eq!(work(&app, 2).unwrap(), 2);
    let error = work(&app, 3).unwrap_err();
    assert_eq!(chain(&error), [HOST_FRONT, "front -> frank#relay", "frank -> front#work"]);
    assert_eq!(counts(&app), (0, 0));
    assert_eq!(work(&app, 2).unwrap(), 2);
}

#[test]
fn a_chain_without_end_is_refused_where_its_limit_is() {
    let app = app("[limits]\ncall-depth = 7");
    // The front is entered at depths 1, 3, 5, 7, and refused at 9.
    assert_eq!(work(&app, 22).unwrap(), 2 + 4);
    // The one between has room for the refusal, and nobody has failed.
    assert_eq!(work(&app, 1_000_000).unwrap(), 4 + 100_000);
    assert_eq!(counts(&app), (8, 7));
}

#[test]
fn a_plugin_whose_stack_runs_out_is_not_called_back() {
    let app = app("[limits]\nrestart = 'never'\ncall-depth = 1000");
    // Whatever refuses it first, this thread's stack or the plugin's own, nobody fails.
    assert!(work(&app, 1_000_000_000).unwrap() > 100_000);
    assert_eq!(work(&app, 2).unwrap(), counts(&app).0);
}

#[test]
fn a_refusal_for_want_of_stack_has_the_chain() {
    let app = plain();
    let thread = std::thread::Builder::new().stack_size(64 << 20);
    let call = move || work(&app, 1_000).unwrap_err();
    let error = thread.spawn(call).unwrap().join().unwrap();
    assert_eq!((error.kind(), error.origin().unwrap().as_str()), (CallErrorKind::Stack, "front"), "{error}");
    assert!(
        error.cause().contains("of its own stack") && error.cause().contains("host -> front -> frank -> front"),
        "{error}"
    );
}
