//! Several engines in one assembly, and what their options do.

use std::time::Duration;

use super::*;
use crate::call::HOST_STACK_RESERVE;
use crate::link::testing::{Ask, CodeFolder, component, export, func};
use crate::link::{CodeCache, EngineOptions, LinkError, Optimisation};
use crate::model::{Budget, EngineNeeds, Type};
use crate::plan::PlannedExport;

impl Bench {
    /// Starts it with an engine of their own for the plugins at uneven places.
    fn start_in_two(self) -> Live {
        let is_odd = |plugin: PluginIndex| plugin.0 % 2 == 1;
        let assembly = Arc::new(self.link_apart(is_odd).unwrap());
        let engines: Vec<_> = (0..2).map(|plugin| assembly.engine_of(PluginIndex(plugin))).collect();
        assert!(!wasmtime::Engine::same(engines[0], engines[1]));
        let (runtime, failures) = Runtime::start(assembly, StartOptions::default());
        Live { runtime, failures }
    }

    fn link(&self, options: &EngineOptions) -> Result<Arc<Assembly>, LinkError> {
        let (plan, hosts) = (self.plan.clone(), crate::link::HostInterfaces::default());
        Assembly::link_with_options(plan, &self.binaries, hosts, options).map(Arc::new)
    }

    fn start_by(&self, options: &EngineOptions) -> Live {
        live(&self.link(options).unwrap())
    }
}

fn live(assembly: &Arc<Assembly>) -> Live {
    let (runtime, failures) = Runtime::start(assembly.clone(), StartOptions::default());
    Live { runtime, failures }
}

/// An option that is refused, and why.
fn refused(options: &EngineOptions) -> (&'static str, String) {
    match Bench::default().link(options).err() {
        Some(LinkError::Option { option, cause }) => (option, cause),
        other => panic!("{other:?}"),
    }
}

#[test]
fn plugins_of_two_engines_call_each_other() {
    let mut bench = Bench::default();
    bench.end("p0");
    for number in 1..5 {
        bench.relay(&format!("p{number}"), number - 1, false, "");
    }
    let live = bench.start_in_two();
    assert_eq!(live.number("p4", "go", 1).unwrap(), 6);
    assert_eq!(live.number("p3", "go", 1).unwrap(), 5);
}

#[test]
fn a_failure_in_another_engine_costs_only_its_plugins() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7);
    bench.asker("a", "add", "u32", Ask::one(0));
    let live = bench.start_in_two();
    let error = live.number("a", "go", 7).unwrap_err();
    assert_eq!(origin(&error), (CallErrorKind::Trap, "p"));
    assert_eq!(error.chain().len(), 2);
    assert_eq!(live.number("a", "go", 3).unwrap(), 4);
    assert_eq!((live.generation(0), live.generation(1)), (2, 2));
}

#[test]
fn the_clock_is_that_of_all_engines() {
    let mut bench = Bench::default();
    for id in ["a", "b"] {
        bench.provider(id, 1, 7).limits.timeout = Some(Budget::AtMost(Duration::from_millis(50)));
    }
    let live = bench.start_in_two();
    for id in ["a", "b"] {
        let error = live.call(id, "spin", &[]).unwrap_err();
        assert_eq!(origin(&error), (CallErrorKind::Timeout, id));
    }
}

#[test]
fn plugins_that_need_the_same_share_an_engine_and_their_code() {
    let mut bench = Bench::default();
    for id in ["a", "b", "c"] {
        bench.provider(id, 1, 7);
    }
    let assembly = bench.link(&EngineOptions::new()).unwrap();
    let engine = |plugin| assembly.engine_of(PluginIndex(plugin));
    assert!(wasmtime::Engine::same(engine(0), engine(2)) && wasmtime::Engine::same(engine(0), assembly.engine()));
    let apart = bench.link_apart(|plugin| plugin.0 == 1).unwrap();
    let code = |plugin| apart.plugin(PluginIndex(plugin)).pre.component().image_range();
    assert!(code(0) == code(2) && code(0) != code(1));
}

#[test]
fn a_plugin_that_needs_concurrency_is_not_linked() {
    let mut bench = Bench::default();
    bench.provider("p", 1, 7).needs = EngineNeeds { concurrency: true, ..EngineNeeds::default() };
    let refused = bench.link(&EngineOptions::new()).err().unwrap().to_string();
    assert!(refused.contains("concurrency support"), "{refused}");
}

#[test]
fn code_that_is_optimised_is_other_code() {
    let mut bench = Bench::default();
    let ones = "(local.set 0 (i32.add (local.get 0) (i32.const 1)))".repeat(4000);
    let wat = format!(r#"(module (func (export "go") (param i32) (result i32) {ones} (local.get 0)))"#);
    let plugin = bench.add("p", component("world w { export go: func(x: u32) -> u32; }", &wat));
    let signature = func(&[("x", Type::U32)], Some(Type::U32));
    plugin.exports.push(PlannedExport { bare: true, ..export("go", &[("go", signature)]) });
    let size = |optimisation| {
        let live = bench.start_by(&EngineOptions::new().optimisation(optimisation));
        assert_eq!(live.number("p", "go", 1).unwrap(), 4001);
        let code = live.runtime.assembly().plugin(PluginIndex(0)).pre.component().image_range();
        code.end as usize - code.start as usize
    };
    assert!(size(Optimisation::None) > size(Optimisation::Speed));
    assert!(size(Optimisation::SpeedAndSize) <= size(Optimisation::Speed));
}

/// What says that all code is line 42 of `plug.rs`, in the fourth version of DWARF.
const DWARF: &str = r#"
    (@custom ".debug_abbrev" "\01\11\00\03\08\10\17\11\01\12\06\00\00\00")
    (@custom ".debug_info" "\1c\00\00\00\04\00\00\00\00\00\04\01plug.rs\00\00\00\00\00\01\00\00\00\00\10\00\00")
    (@custom ".debug_line" "\37\00\00\00\04\00\1f\00\00\00\01\01\01\fb\0e\0d\00\01\01\01\01\00\00\00\01\00\00\01\00plug.rs\00\00\00\00\00\00\05\02\01\00\00\00\03\29\05\07\01\02\80\20\00\01\01")"#;

#[test]
fn backtraces_have_lines_where_they_are_wanted() {
    let mut bench = Bench::default();
    let wat = format!(r#"(module {DWARF} (func $work unreachable) (func $fail (export "fail") (call $work)))"#);
    let plugin = bench.add("p", component("world w { export fail: func(); }", &wat));
    plugin.exports.push(PlannedExport { bare: true, ..export("fail", &[("fail", func(&[], None))]) });
    let live = bench.start_by(&EngineOptions::new());
    let error = live.call("p", "fail", &[]).unwrap_err();
    assert_eq!(error.backtrace(), ["work at plug.rs:42:7", "fail at plug.rs:42:7"]);
    let live = bench.start_by(&EngineOptions::new().backtrace_lines(false));
    assert_eq!(live.call("p", "fail", &[]).unwrap_err().backtrace(), ["work", "fail"]);
}

#[test]
fn less_stack_makes_longer_chains_and_more_makes_deeper_plugins() {
    let length = |wasm_stack: usize| {
        let mut bench = Bench::default();
        bench.end("p0");
        for number in 1..40 {
            bench.relay(
                &format!("p{number}"),
                number - 1,
                false,
                "(return (call $burn (i32.const 300) (local.get 0)))",
            );
        }
        let live = bench.start_by(&EngineOptions::new().wasm_stack(wasm_stack));
        let longest = |number: &usize| live.number(&format!("p{number}"), "go", 1).is_err();
        (0..40).find(longest).unwrap_or(40)
    };
    let burns = |wasm_stack: usize| {
        let mut bench = Bench::default();
        bench.end("p0");
        bench.relay("p1", 0, false, "(return (call $burn (i32.const 6000) (local.get 0)))");
        let live = bench.start_by(&EngineOptions::new().wasm_stack(wasm_stack));
        live.number("p1", "go", 1)
    };
    let thread = std::thread::Builder::new().stack_size((1 << 20) + HOST_STACK_RESERVE);
    let (small, usual, deep, shallow) = thread
        .spawn(move || (length(64 << 10), length(768 << 10), burns(768 << 10), burns(64 << 10)))
        .unwrap()
        .join()
        .unwrap();
    assert!((1..small).contains(&usual), "{small} against {usual}");
    assert!(deep.is_ok());
    let shallow = shallow.unwrap_err();
    assert_eq!(shallow.kind(), CallErrorKind::Trap);
    assert!(shallow.cause().contains("call stack exhausted"), "{shallow}");
}

#[test]
fn a_plugin_with_little_stack_is_called_back() {
    let mut bench = Bench::default();
    bench.relay("a", 1, true, "(if (i32.eqz (local.get 0)) (then (return (i32.const 100)))) (local.set 0 (i32.sub (local.get 0) (i32.const 1)))");
    bench.relay("b", 0, true, "");
    let live = bench.start_by(&EngineOptions::new().wasm_stack(96 << 10));
    assert_eq!(live.number("a", "go", 1).unwrap(), 102);
}

#[test]
fn a_stack_beyond_reason_is_refused() {
    for bytes in [0, EngineOptions::MIN_WASM_STACK - 1, EngineOptions::MAX_WASM_STACK + 1, usize::MAX] {
        let (option, cause) = refused(&EngineOptions::new().wasm_stack(bytes));
        assert!(option == "wasm_stack" && cause.contains(&bytes.to_string()), "{option}: {cause}");
    }
    for bytes in [EngineOptions::MIN_WASM_STACK, EngineOptions::MAX_WASM_STACK] {
        assert!(Bench::default().link(&EngineOptions::new().wasm_stack(bytes)).is_ok());
    }
}

#[test]
fn a_pool_has_room_for_so_many_instances_of_all_apps() {
    let mut bench = Bench::default();
    for id in ["a", "b"] {
        bench.provider(id, 1, 7).needs.memories = 1;
    }
    let assembly = bench.link(&EngineOptions::new().pooling(3)).unwrap();
    let first = live(&assembly);
    assert!(first.failures.is_empty());
    let second = live(&assembly);
    let [(plugin, error)] = second.failures.as_slice() else { panic!("{:?}", second.failures) };
    assert_eq!(plugin.as_str(), "b");
    assert!(error.to_string().contains("the pool of its engine has room for 3 instances"), "{error}");
    assert_eq!(second.number("a", "add", 1).unwrap(), 2);
    // What an app had is free once it has ended, and what a plugin had once it has failed.
    drop(first);
    let third = live(&assembly);
    assert_eq!(third.failures.len(), 0);
    assert_eq!(third.number("b", "add", 7).unwrap_err().kind(), CallErrorKind::Trap);
    assert_eq!(third.number("b", "add", 1).unwrap(), 2);
}

#[test]
fn a_pool_that_does_not_fit_is_refused() {
    assert!(refused(&EngineOptions::new().pooling(0)).1.contains("any instance"));
    let (option, cause) = refused(&EngineOptions::new().pooling(1 << 20));
    assert!(
        option == "pooling" && cause.contains("1048576 instances, each with up to 1 memories of 4 GiB"),
        "{option}: {cause}"
    );
    assert_eq!(refused(&EngineOptions::new().pooling(u32::MAX)).0, "pooling");
}

#[test]
fn code_is_kept_in_the_folder_of_the_cache() {
    let folder = CodeFolder::new("kept");
    let mut bench = Bench::default();
    bench.provider("p", 1, 7);
    let start =
        |cache| assert_eq!(bench.start_by(&EngineOptions::new().cache(cache)).number("p", "add", 1).unwrap(), 2);
    start(CodeCache::Off);
    assert_eq!(folder.files(), 0);
    start(CodeCache::Folder(folder.path().to_owned()));
    let files = folder.files();
    assert!(files > 0);
    // It is found again, in a pool too.
    let options = EngineOptions::new().pooling(1).cache(CodeCache::Folder(folder.path().to_owned()));
    assert_eq!(bench.start_by(&options).number("p", "add", 1).unwrap(), 2);
    assert!(folder.files() >= files);
}

#[test]
fn a_cache_that_cannot_be_made_is_refused() {
    let file = std::env::current_exe().unwrap();
    let (option, cause) = refused(&EngineOptions::new().cache(CodeCache::Folder(file.join("below"))));
    assert!(option == "cache" && cause.contains("name a folder that can be made"), "{cause}");
}
