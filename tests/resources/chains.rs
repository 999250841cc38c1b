//! Handles in calls that come back to where they began, or go through a plugin that offers what it uses.

use plugweave::manifest::{ImportTerms, ManifestBuilder};
use plugweave::model::Cardinality;
use plugweave::{App, Val, print_wave};

use crate::guests::{all_ended, counters, counters_with, module, number};

const STORE: &str = "t:t/store@1.0.0";
const ASKS: &str = "t:t/asks@1.0.0";
const DESK: &str = "t:t/desk@1.0.0";
const POKER: &str = "t:t/poker@1.0.0";
const TASK: &str = "t:t/task@1.0.0";

const WIT: &str = "
package t:t@1.0.0;

interface store {
    resource counter { get: func() -> u32; }
    live: func() -> u32;
    open: func(n: u32) -> counter;
    look: func(at: borrow<counter>) -> u32;
    close: func(it: counter) -> u32;
    /// Answers what `poke` does.
    work: func(what: u32) -> result<u32, string>;
}
/// The same, with room for failures.
interface asks {
    use store.{counter};
    look: func(at: borrow<counter>) -> result<u32, string>;
    close: func(it: counter) -> result<u32, string>;
}
interface desk { use store.{counter}; keep: func(it: counter); back: func() -> option<counter>; }
/// Looks at what is kept (1), or closes it (2).
interface poker { poke: func(what: u32) -> result<u32, string>; }
interface task {
    use store.{counter};
    run: func(n: u32) -> u32;
    get: func(it: borrow<counter>) -> u32;
    hand: func(it: counter) -> counter;
}
world owner { import poker; export store; }
world plain { export store; }
world meddler { import asks; export desk; export poker; }
world middle { import store; export store; }
world user { import store; export task; }
";

fn manifest(id: &str) -> ManifestBuilder {
    ManifestBuilder::new(id).wit("t.wit").world(id)
}

/// An owner whose `work` is this.
fn owner(imports: &str, work: &str) -> String {
    counters_with(
        STORE,
        imports,
        "",
        &format!(
            r#"(func (export "t:t/store@1.0.0#open") (param i32) (result i32) (call $make (local.get 0)))
            (func (export "t:t/store@1.0.0#look") (param i32) (result i32) (call $peek (local.get 0)))
            (func (export "t:t/store@1.0.0#close") (param i32) (result i32) (call $end (local.get 0)))
            (func (export "t:t/store@1.0.0#work") (param i32) (result i32) {work})"#
        ),
    )
}

mod back_to_the_owner {
    use super::*;

    fn meddler() -> String {
        module(
            r#"(import "t:t/asks@1.0.0" "look" (func $look (param i32 i32)))
            (import "t:t/asks@1.0.0" "close" (func $close (param i32 i32)))
            (import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))"#,
            r#"(global $kept (mut i32) (i32.const 0))
            (func (export "t:t/desk@1.0.0#keep") (param i32) (global.set $kept (local.get 0)))
            (func (export "t:t/desk@1.0.0#back") (result i32)
                (i32.store8 (i32.const 512) (i32.ne (global.get $kept) (i32.const 0)))
                (i32.store (i32.const 516) (global.get $kept))
                (global.set $kept (i32.const 0))
                (i32.const 512))
            (func (export "t:t/poker@1.0.0#poke") (param $what i32) (result i32)
                (if (i32.eq (local.get $what) (i32.const 1))
                    (then (call $look (global.get $kept) (i32.const 512)))
                    (else
                        (call $close (global.get $kept) (i32.const 512))
                        (global.set $kept (i32.const 0))))
                (i32.const 512))"#,
        )
    }

    fn app() -> App {
        let poke = r#"(import "t:t/poker@1.0.0" "poke" (func $poke (param i32 i32)))"#;
        let work = "(call $poke (local.get 0) (i32.const 512)) (i32.const 512)";
        let asks = ImportTerms::new(Cardinality::ExactlyOne).from(STORE).late();
        let app = App::builder()
            .file("t.wit", WIT)
            .plugin(&manifest("owner").export(STORE).import(POKER, Cardinality::ExactlyOne), owner(poke, work))
            .plugin(&manifest("meddler").export(DESK).export(POKER).import(ASKS, asks), meddler())
            .build()
            .unwrap();
        assert!(app.failures().is_empty(), "{:?}", app.failures());
        app
    }

    fn keep(app: &App, n: u32) {
        let counter = app.call("t:t/store#open", &[Val::U32(n)]).unwrap().unwrap();
        app.call("t:t/desk#keep", &[counter]).unwrap();
    }

    fn told(app: &App, target: &str, what: u32) -> String {
        print_wave(&app.call(target, &[Val::U32(what)]).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn what_is_lent_comes_back_to_an_owner_on_the_chain() {
        let app = app();
        keep(&app, 7);
        assert_eq!(told(&app, "t:t/store#work", 1), "ok(7)");
        assert_eq!(told(&app, "t:t/poker#poke", 1), "ok(7)");
        assert_eq!(told(&app, "t:t/poker#poke", 2), "ok(7)");
        all_ended(&app, "t:t/store#live", &["owner"]);
    }

    #[test]
    fn what_is_given_comes_back_to_an_owner_on_the_chain() {
        let app = app();
        keep(&app, 7);
        assert_eq!(told(&app, "t:t/store#work", 2), "ok(7)");
        all_ended(&app, "t:t/store#live", &["owner"]);
        assert_eq!(app.call("t:t/desk#back", &[]).unwrap(), Some(Val::Option(None)));
    }
}

mod through_a_middle {
    use super::*;

    /// Its counters are those of the owner, with one added. A counter's representation is its place, where
    /// the handle of the other one is.
    fn middle() -> String {
        let imports = r#"(import "t:t/store@1.0.0" "open" (func $open (param i32) (result i32)))
            (import "t:t/store@1.0.0" "[method]counter.get" (func $get (param i32) (result i32)))
            (import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop-inner (param i32)))"#;
        let functions = r#"(func (export "t:t/store@1.0.0#open") (param i32) (result i32)
                (call $make (call $open (local.get 0))))
            (func (export "t:t/store@1.0.0#look") (param i32) (result i32) (unreachable))
            (func (export "t:t/store@1.0.0#close") (param i32) (result i32) (call $end (local.get 0)))
            (func (export "t:t/store@1.0.0#work") (param i32) (result i32) (unreachable))"#;
        let dtor = "(call $drop-inner (i32.load (local.get $rep)))";
        let middle = counters_with(STORE, imports, dtor, functions);
        middle.replacen(
            r#"#[method]counter.get") (param i32) (result i32) (i32.load (local.get 0)))"#,
            r#"#[method]counter.get") (param i32) (result i32)
                (i32.add (call $get (i32.load (local.get 0))) (i32.const 1)))"#,
            1,
        )
    }

    fn user() -> String {
        module(
            r#"(import "t:t/store@1.0.0" "open" (func $open (param i32) (result i32)))
            (import "t:t/store@1.0.0" "[method]counter.get" (func $get (param i32) (result i32)))
            (import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))"#,
            r#"(func (export "t:t/task@1.0.0#run") (param i32) (result i32)
                (local $it i32)
                (local.set $it (call $open (local.get 0)))
                (call $get (local.get $it))
                (call $drop (local.get $it)))
            (func (export "t:t/task@1.0.0#get") (param i32) (result i32)
                (call $get (local.get 0)) (call $drop (local.get 0)))
            (func (export "t:t/task@1.0.0#hand") (param i32) (result i32) (local.get 0))"#,
        )
    }

    #[test]
    fn each_handle_goes_to_whom_it_belongs() {
        let one = Cardinality::ExactlyOne;
        let app = App::builder()
            .file("t.wit", WIT)
            .file("app.toml", "bind.user = { 't:t/store@1.0.0' = ['middle'] }")
            .plugin(&manifest("owner").world("plain").export(STORE), owner("", "(unreachable)"))
            .plugin(&manifest("middle").export(STORE).import(STORE, one), middle())
            .plugin(&manifest("user").export(TASK).import(STORE, one), user())
            .build()
            .unwrap();
        assert!(app.failures().is_empty(), "{:?}", app.failures());
        let ended = || all_ended(&app, "t:t/store#live", &["owner", "middle"]);
        assert_eq!(number(&app, "t:t/task#run", &[Val::U32(7)]), 8);
        ended();
        for (plugin, shown, n) in [("owner", "<counter of owner>", 7), ("middle", "<counter of middle>", 8)] {
            let counter = app.call_plugin(plugin, "t:t/store#open", &[Val::U32(7)]).unwrap().unwrap();
            assert_eq!(number(&app, "t:t/task#get", std::slice::from_ref(&counter)), n);
            let counter = app.call("t:t/task#hand", &[counter]).unwrap().unwrap();
            assert_eq!(print_wave(&counter).unwrap(), shown);
            assert_eq!(number(&app, "t:t/task#get", std::slice::from_ref(&counter)), n);
            drop(counter);
            ended();
        }
        drop(app.call_plugin("middle", "t:t/store#open", &[Val::U32(7)]).unwrap());
        ended();
    }
}

/// The parties were built against different versions of the owner's interface.
mod versions {
    use super::*;

    /// The desk as others know it, in terms of this version, and a world.
    fn wit(version: &str, world: &str) -> String {
        format!(
            "package t:main;
            interface desk {{
                use t:v/store@{version}.{{counter}};
                swap: func(it: counter, other: borrow<counter>) -> counter;
            }}
            interface task {{ run: func(n: u32) -> u32; }}
            world party {{ {world} }}
            package t:v@{version} {{
                interface store {{
                    resource counter {{ get: func() -> u32; }}
                    live: func() -> u32;
                    open: func(n: u32) -> counter;
                }}
            }}"
        )
    }

    #[test]
    fn that_are_compatible_have_one_resource() {
        let owner = counters(
            "t:v/store@1.2.0",
            "",
            r#"(func (export "t:v/store@1.2.0#open") (param i32) (result i32) (call $make (local.get 0)))"#,
        );
        // Wants the smaller one first, and returns it.
        let desk = module(
            r#"(import "t:v/store@1.0.0" "[method]counter.get" (func $get (param i32) (result i32)))
            (import "t:v/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))"#,
            r#"(func (export "t:main/desk#swap") (param i32 i32) (result i32)
                (if (i32.ge_u (call $get (local.get 0)) (call $get (local.get 1))) (then (unreachable)))
                (call $drop (local.get 1))
                (local.get 0))"#,
        );
        let user = module(
            r#"(import "t:v/store@1.1.0" "open" (func $open (param i32) (result i32)))
            (import "t:v/store@1.1.0" "[method]counter.get" (func $get (param i32) (result i32)))
            (import "t:v/store@1.1.0" "[resource-drop]counter" (func $drop (param i32)))
            (import "t:main/desk" "swap" (func $swap (param i32 i32) (result i32)))"#,
            r#"(func (export "t:main/task#run") (param $n i32) (result i32)
                (local $it i32) (local $other i32)
                (local.set $other (call $open (i32.add (local.get $n) (i32.const 1))))
                (local.set $it (call $swap (call $open (local.get $n)) (local.get $other)))
                (call $get (local.get $it))
                (call $drop (local.get $it))
                (call $drop (local.get $other)))"#,
        );
        let one = Cardinality::ExactlyOne;
        let manifest = |id: &str| ManifestBuilder::new(id).wit(format!("{id}.wit")).world("party");
        let app = App::builder()
            .file("owner.wit", wit("1.2.0", "export t:v/store@1.2.0;"))
            .file("desk.wit", wit("1.0.0", "import t:v/store@1.0.0; export desk;"))
            .file("user.wit", wit("1.1.0", "import t:v/store@1.1.0; import desk; export task;"))
            .plugin(&manifest("owner").export("t:v/store@1.2.0"), owner)
            .plugin(&manifest("desk").export("t:main/desk").import("t:v/store@1.0.0", one), desk)
            .plugin(
                &manifest("user").export("t:main/task").import("t:v/store@1.1.0", one).import("t:main/desk", one),
                user,
            )
            .build()
            .unwrap();
        assert!(app.failures().is_empty(), "{:?}", app.failures());
        assert_eq!(number(&app, "t:main/task#run", &[Val::U32(7)]), 7);
        let open = |n| app.call("t:v/store@1.2.0#open", &[Val::U32(n)]).unwrap().unwrap();
        let (one, two) = (open(1), open(2));
        let one = app.call("t:main/desk#swap", &[one, two.clone()]).unwrap().unwrap();
        assert_eq!(number(&app, "t:v/store@1.2.0#[method]counter.get", std::slice::from_ref(&one)), 1);
        drop((one, two));
        all_ended(&app, "t:v/store@1.2.0#live", &["owner"]);
    }
}
