//! Calls with handles in every place.

use plugweave::CallErrorKind;
use plugweave::manifest::ManifestBuilder;
use plugweave::model::Cardinality;

use crate::guests::{OWNER, app, builder, live, owner, run};

#[test]
fn methods_go_to_the_owner_and_the_last_handle_ends_the_resource() {
    let app = app("(local.set $a (call $make (local.get $n)))
        (drop (call $add (local.get $a) (i32.const 5)))
        (local.set $b (call $get (local.get $a)))
        (call $drop (local.get $a))
        (i32.add (i32.mul (call $live) (i32.const 1000)) (local.get $b))");
    assert_eq!(run(&app, 7), 12);
    assert_eq!((live(&app), app.live_handles()), (0, 0));
}

#[test]
fn handles_stand_in_lists() {
    let app = app("(call $many (local.get $n) (i32.const 64))
        (local.set $a (call $sum (i32.load (i32.const 64)) (i32.load (i32.const 68))))
        (local.set $b (call $live))
        (local.set $c (call $drain (i32.load (i32.const 64)) (i32.load (i32.const 68))))
        (i32.add (i32.mul (local.get $b) (i32.const 10000)) (i32.add (local.get $a) (local.get $c)))");
    assert_eq!(run(&app, 10), 100_000 + 55 + 55);
    assert_eq!((live(&app), app.live_handles()), (0, 0));
}

#[test]
fn without_a_handle_the_only_provider_is_asked() {
    let app = app("(i32.add (call $sum (i32.const 0) (i32.const 0)) (call $drain (i32.const 0) (i32.const 0)))");
    assert_eq!(run(&app, 7), 0);
}

#[test]
fn without_a_handle_there_is_no_owner_among_several() {
    let user = r#"(module
        (import "t:t/store@1.0.0" "sum" (func $sum (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (unreachable))
        (func (export "t:t/task@1.0.0#run") (param i32) (result i32) (call $sum (i32.const 0) (i32.const 0))))"#;
    let manifest = ManifestBuilder::new("user").wit("t.wit").world("user").export("t:t/task@1.0.0");
    let manifest = manifest.import("t:t/store@1.0.0", Cardinality::Any);
    let app = builder().plugin(&owner("owner"), OWNER).plugin(&manifest, user).build().unwrap();
    let error = app.call("t:t/task#run", &[plugweave::Val::U32(0)]).unwrap_err();
    assert_eq!(error.kind(), CallErrorKind::WrongOwner, "{error}");
}

#[test]
fn a_handle_that_comes_home_is_the_owners_own() {
    let app = app("(local.set $a (call $make (local.get $n)))
        (local.set $b (call $open (i32.const 100)))
        (local.set $c (call $merge (local.get $a) (local.get $b)))
        (local.set $a (call $get (local.get $c)))
        (call $drop (local.get $b))
        (call $drop (local.get $c))
        (local.get $a)");
    assert_eq!(run(&app, 7), 107);
    assert_eq!((live(&app), app.live_handles()), (0, 0));
}

#[test]
fn what_a_user_that_ends_has_kept_is_released() {
    let app = app("(drop (call $make (local.get $n))) (drop (call $open (local.get $n)))
        (if (i32.eqz (local.get $n)) (then (unreachable)))
        (call $live)");
    assert_eq!(run(&app, 7), 2);
    assert_eq!((live(&app), app.live_handles()), (2, 2));
    assert!(app.call("t:t/task#run", &[plugweave::Val::U32(0)]).is_err());
    assert_eq!((live(&app), app.live_handles()), (0, 0));
}

mod from_the_host {
    use plugweave::{App, CallErrorKind, Val, print_wave};

    use crate::guests::{app, live, number};

    fn make(app: &App, n: u32) -> Val {
        app.call("t:t/store#[constructor]counter", &[Val::U32(n)]).unwrap().unwrap()
    }

    #[test]
    fn handles_are_values_that_are_released_when_dropped() {
        let app = app("(i32.const 0)");
        let counter = make(&app, 7);
        assert_eq!(print_wave(&counter).unwrap(), "<counter of owner>");
        assert_eq!(number(&app, "t:t/store#[method]counter.add", &[counter.clone(), Val::U32(5)]), 12);
        assert_eq!(number(&app, "t:t/store#[method]counter.get", std::slice::from_ref(&counter)), 12);
        assert_eq!((live(&app), app.live_handles()), (1, 1));
        std::thread::spawn(move || drop(counter)).join().unwrap();
        assert_eq!((live(&app), app.live_handles()), (0, 0));
    }

    #[test]
    fn handles_stand_in_lists_and_move() {
        let app = app("(i32.const 0)");
        let many = app.call("t:t/store#many", &[Val::U32(3)]).unwrap().unwrap();
        assert_eq!(print_wave(&many).unwrap(), "[<counter of owner>, <counter of owner>, <counter of owner>]");
        assert_eq!(number(&app, "t:t/store#sum", std::slice::from_ref(&many)), 6);
        assert_eq!(number(&app, "t:t/store#drain", std::slice::from_ref(&many)), 6);
        assert_eq!((live(&app), app.live_handles()), (0, 0));
        let error = app.call("t:t/store#sum", &[many]).unwrap_err();
        assert_eq!(error.kind(), CallErrorKind::BadArguments);
        assert_eq!(
            error.cause(),
            "parameter `all` (`borrow<counter>`): `<counter of owner>` cannot be passed: it has been moved into a call \
             before"
        );
        assert_eq!(live(&app), 0);
    }

    #[test]
    fn handles_may_outlive_the_app() {
        let app = app("(i32.const 0)");
        let counter = make(&app, 7);
        drop(app);
        drop(counter);
    }
}

mod with_rust_types {
    use plugweave::wasmtime::component::ResourceAny;
    use plugweave::{CallErrorKind, Handle, HandleList};

    use crate::guests::{app, live};

    #[test]
    fn handles_have_rust_types() {
        let app = app("(i32.const 0)");
        let make = app.typed_with_handles::<(u32,), (Handle,)>("t:t/store#[constructor]counter").unwrap();
        let add = app.typed_with_handles::<(&Handle, u32), (u32,)>("t:t/store#[method]counter.add").unwrap();
        let merge = app.typed_with_handles::<(Handle, &Handle), (Handle,)>("t:t/store#[static]counter.merge").unwrap();
        {
            let ((a,), (b,)) = (make.call((7,)).unwrap(), make.call((20,)).unwrap());
            assert_eq!(add.call((&a, 5)).unwrap(), (12,));
            assert_eq!(live(&app), 2);
            let moved = a.clone();
            let (c,) = merge.call((a, &b)).unwrap();
            assert_eq!(add.call((&c, 0)).unwrap(), (32,));
            let error = add.call((&moved, 1)).unwrap_err();
            assert_eq!(error.kind(), CallErrorKind::BadArguments, "{error}");
        }
        assert_eq!((live(&app), app.live_handles()), (0, 0));
    }

    #[test]
    fn lists_of_handles_have_one_too() {
        let app = app("(i32.const 0)");
        let many = app.typed_with_handles::<(u32,), (HandleList,)>("t:t/store#many").unwrap();
        let sum = app.typed_with_handles::<(HandleList,), (u32,)>("t:t/store#sum").unwrap();
        let drain = app.typed_with_handles::<(HandleList,), (u32,)>("t:t/store#drain").unwrap();
        let (all,) = many.call((4,)).unwrap();
        assert_eq!(sum.call((all.clone(),)).unwrap(), (10,));
        assert_eq!((live(&app), app.live_handles()), (4, 4));
        assert_eq!(drain.call((all,)).unwrap(), (10,));
        assert_eq!((live(&app), app.live_handles()), (0, 0));
    }

    #[test]
    fn wrong_types_cost_nothing() {
        let app = app("(i32.const 0)");
        let error = app.typed_with_handles::<(u32,), (u32,)>("t:t/store#[constructor]counter").unwrap_err();
        assert_eq!(error.kind(), CallErrorKind::WrongType, "{error}");
        let plain = app.typed::<(u32,), (ResourceAny,)>("t:t/store#[constructor]counter").unwrap_err();
        assert_eq!(plain.kind(), CallErrorKind::WrongType);
        assert!(plain.cause().contains("`typed_with_handles`"), "{plain}");
        // Wasmtime's own handles belong to a store.
        let raw = app.typed_with_handles::<(u32,), (ResourceAny,)>("t:t/store#[constructor]counter").unwrap_err();
        assert_eq!(raw.cause(), "the result passes handles, which are `Handle`s and `HandleList`s here");
        let raw = app.typed_with_handles::<(ResourceAny,), (u32,)>("t:t/store#[method]counter.get").unwrap_err();
        assert_eq!((raw.kind(), live(&app)), (CallErrorKind::WrongType, 0));
        // Functions without handles can be called so, too.
        assert_eq!(app.typed_with_handles::<(), (u32,)>("t:t/store#live").unwrap().call(()).unwrap(), (0,));
    }
}
