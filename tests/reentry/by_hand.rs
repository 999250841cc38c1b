//! Restarts by hand of a plugin that is called while what it had is released.

use std::sync::Arc;
use std::time::Duration;

use plugweave::manifest::{ImportTerms, ManifestBuilder};
use plugweave::model::Cardinality;
use plugweave::{App, Status};

use super::hosted::*;
use super::*;

/// `caller` keeps as many counters of `nosy` as it has been called with `work`. Whenever one ends, `nosy` calls it
/// back, it traps, and `nosy` goes on.
fn called_back_to_trap(caller_manifest: impl FnOnce(ManifestBuilder) -> ManifestBuilder) -> App {
    let nosy = {
        let terms = ImportTerms::new(Cardinality::ExactlyOne).from("t:t/calls@1.0.0").late();
        let tells = r#"(import "t:t/tells@1.0.0" "called" (func $called (param i32)))"#;
        let manifest = manifest("nosy", "patient", "store").import("t:t/tells", terms);
        (manifest, owner_with(tells, "(call $called (i32.const 512))", ""))
    };
    let caller = {
        let core = core_module(
            r#"(import "t:t/store@1.0.0" "open" (func $open (result i32)))"#,
            1,
            r#"(func (export "t:t/calls@1.0.0#called") (result i32) unreachable)
            (func (export "t:t/works@1.0.0#count") (result i32) (global.get $calls))
            (func (export "t:t/works@1.0.0#work") (param i32) (result i32)
                (call $count) (drop (call $open)) (global.get $calls))"#,
        );
        let manifest = manifest("caller", "keeper", "works").export("t:t/calls@1.0.0");
        (caller_manifest(manifest.import("t:t/store", Cardinality::ExactlyOne)), core)
    };
    let plugins = [nosy, caller];
    build(
        plugins
            .into_iter()
            .fold(builder(&Arc::default(), |_, _| ()), |all, (manifest, core)| all.plugin(&manifest, core)),
    )
}

fn restarts(app: &App, counters: u32) {
    for kept in 1..=counters {
        assert_eq!(work(app, 0).unwrap(), kept);
    }
    assert_eq!(app.restart("caller").map_err(|error| error.to_string()), Ok(()));
    assert!(matches!(app.status("caller"), Ok(Status::Up)), "{:?}", app.status("caller"));
    assert_eq!(work(app, 0).unwrap(), 1);
}

#[test]
fn a_restart_by_hand_needs_no_budget() {
    restarts(&called_back_to_trap(ManifestBuilder::no_restart), 1);
    // The second destructor has started it within its budget of one restart.
    restarts(&called_back_to_trap(|manifest| manifest.restart(1, Duration::from_secs(3600))), 2);
}

#[test]
fn a_restart_by_hand_waits_for_no_pause() {
    restarts(&called_back_to_trap(|manifest| manifest.restart(100, Duration::from_secs(3600))), 3);
}
