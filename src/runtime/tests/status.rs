use super::*;
use crate::link::testing::Ask;
use crate::model::RestartBudget;
use crate::runtime::Status;

fn status(live: &Live, plugin: usize) -> Status {
    live.runtime.status(PluginIndex(plugin))
}

#[test]
fn a_failed_plugin_is_started_anew_by_hand() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7).limits.restart = RestartBudget::Never;
    let live = bench.start();
    assert!(matches!(status(&live, 0), Status::Up));
    for round in 1..4 {
        live.number("p", "add", 7).unwrap_err();
        let Status::Failed { cause } = status(&live, 0) else { panic!("{:?}", status(&live, 0)) };
        assert_eq!(origin(&cause), (CallErrorKind::Trap, "p"));
        assert_eq!(live.number("p", "add", 1).unwrap_err().kind(), CallErrorKind::Failed);
        live.runtime.restart(PluginIndex(0)).unwrap();
        assert!(matches!(status(&live, 0), Status::Up));
        assert_eq!((live.number("p", "add", 1).unwrap(), live.generation(0)), (2, round + 1));
    }
}

#[test]
fn within_its_budget_a_plugin_is_only_down() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7);
    bench.asker("hub", "add", "u32", Ask::one(0)).limits.restart = RestartBudget::Never;
    let live = bench.start();
    live.number("hub", "go", 7).unwrap_err();
    // Neither is over its budget, because the hub is not charged.
    assert!(matches!(status(&live, 0), Status::Down { .. }));
    assert!(matches!(status(&live, 1), Status::Down { .. }));
    assert_eq!(live.number("hub", "go", 1).unwrap(), 2);
    assert!(matches!((status(&live, 0), status(&live, 1)), (Status::Up, Status::Up)));
}

#[test]
fn a_plugin_that_is_well_loses_its_state_when_it_is_started_anew() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7);
    let live = bench.start();
    live.number("p", "add", 1).unwrap();
    assert_eq!(live.count("p"), 1);
    live.runtime.restart(PluginIndex(0)).unwrap();
    assert_eq!((live.count("p"), live.generation(0)), (0, 2));
}
