use plugweave::App;

use super::*;

const HANDLES: &str = "
interface store { resource counter { get: func() -> u32; } open: func(n: u32) -> counter; live: func() -> u32; }
interface desk { use store.{counter}; look: func(at: borrow<counter>) -> u32; }
interface works { work: func(what: u32) -> u32; count: func() -> u32; }
interface asks { work: func(what: u32) -> result<u32, string>; }
world owner { export store; }
world front { import store; import desk; export works; }
world lender { import store; import asks; export desk; }
";

/// `front` opens a counter of `owner` and lends it to `lender`, which lets `front` fail and then looks at the
/// counter.
fn app() -> App {
    let owner = core_module(
        r#"(import "[export]t:t/store@1.0.0" "[resource-new]counter" (func $new (param i32) (result i32)))"#,
        1,
        r#"(global $live (mut i32) (i32.const 0))
        (func (export "t:t/store@1.0.0#open") (param i32) (result i32)
            (global.set $live (i32.add (global.get $live) (i32.const 1)))
            (call $new (local.get 0)))
        (func (export "t:t/store@1.0.0#[method]counter.get") (param i32) (result i32) (local.get 0))
        (func (export "t:t/store@1.0.0#[dtor]counter") (param i32)
            (global.set $live (i32.sub (global.get $live) (i32.const 1))))
        (func (export "t:t/store@1.0.0#live") (result i32) (global.get $live))"#,
    );
    let front = core_module(
        r#"(import "t:t/store@1.0.0" "open" (func $open (param i32) (result i32)))
        (import "t:t/desk@1.0.0" "look" (func $look (param i32) (result i32)))"#,
        1,
        r#"(func (export "t:t/works@1.0.0#count") (result i32) (global.get $calls))
        (func (export "t:t/works@1.0.0#work") (param $what i32) (result i32)
            (call $count)
            (if (i32.eq (local.get $what) (i32.const 1)) (then unreachable))
            (if (i32.eqz (local.get $what)) (then (return (global.get $calls))))
            (call $look (call $open (local.get $what))))"#,
    );
    let lender = core_module(
        r#"(import "t:t/store@1.0.0" "[method]counter.get" (func $get (param i32) (result i32)))
        (import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))
        (import "t:t/asks@1.0.0" "work" (func $work (param i32 i32)))"#,
        1,
        r#"(global $seen (mut i32) (i32.const 0))
        (func (export "t:t/desk@1.0.0#look") (param $at i32) (result i32)
            (local $n i32)
            (if (i32.eq (call $get (local.get $at)) (i32.const 99))
                (then (call $drop (local.get $at)) (return (global.get $seen))))
            ;; The first time the front fails, the second time a new one answers.
            (call $work (i32.const 1) (i32.const 512))
            (if (i32.eqz (i32.load8_u (i32.const 512))) (then unreachable))
            (call $work (i32.const 0) (i32.const 512))
            (if (i32.load8_u (i32.const 512)) (then unreachable))
            (global.set $seen (call $get (local.get $at)))
            (call $drop (local.get $at))
            (global.get $seen))"#,
    );
    let imports = "[imports]\n't:t/store' = 'exactly-one'\n";
    let desk = "'t:t/desk' = { cardinality = 'exactly-one', late = true }\n";
    let asks = "'t:t/asks' = { cardinality = 'exactly-one', from = 't:t/works@1.0.0' }\n";
    Folder::new(HANDLES)
        .plugin("owner", "[exports]\n't:t/store' = {}", &owner)
        .plugin("front", &format!("[exports]\n't:t/works' = {{}}\n{imports}{desk}"), &front)
        .plugin("lender", &format!("[exports]\n't:t/desk' = {{}}\n{imports}{asks}[limits]\nrestart = 'never'"), &lender)
        .start()
}

#[test]
fn what_a_dead_instance_has_lent_lasts_until_its_last_entry_has_ended() {
    let app = app();
    let error = work(&app, 7).unwrap_err();
    assert_eq!(error.origin().unwrap().as_str(), "front", "{error}");
    // The lender has seen it after that had died who lent it.
    let counter = app.call("t:t/store#open", &[Val::U32(99)]).unwrap().unwrap();
    assert_eq!(number(&app, "t:t/desk#look", std::slice::from_ref(&counter)).unwrap(), 7);
    drop(counter);
    assert_eq!(number(&app, "t:t/store#live", &[]).unwrap(), 0);
    assert_eq!(app.live_handles(), 0);
    // The new instance of the front has answered on the way, and stays.
    assert_eq!(number(&app, "t:t/works#count", &[]).unwrap(), 1);
}
