use plugweave::CallErrorKind;

use super::*;

/// `work(20)` burns some fuel, relays what lets itself be called for the same again, and burns as much. Given
/// 21 it burns it three times.
fn burning(limits: &str) -> App {
    let cases = "
        (if (i32.eq (local.get $what) (i32.const 20)) (then
            (call $burn)
            (drop (call $relay (i32.const 2)))
            (call $burn)
            (return (i32.const 20))))
        (if (i32.eq (local.get $what) (i32.const 21)) (then
            (call $burn)
            (drop (call $relay (i32.const 30)))
            (call $burn)
            (drop (call $relay (i32.const 2)))
            (call $burn)
            (return (i32.const 21))))
        (if (i32.eq (local.get $what) (i32.const 22)) (then
            (drop (call $relay (i32.const 2)))
            (loop $for-ever (br $for-ever))))";
    let burn = "(func $burn (local $i i32)
        (loop $again
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 10000)))))";
    Folder::new(WIT)
        .plugin("front", &format!("{FRONT}{limits}"), &front_with(cases, burn))
        .plugin("back", BACK, &back())
        .start()
}

#[test]
fn each_entry_has_its_own_fuel() {
    // Burning once takes some 70,000 units: twice is within the limit, thrice is not.
    let app = burning("[limits]\nfuel = 180_000");
    assert_eq!(work(&app, 20).unwrap(), 20);
    // What comes back (30 leads to 20) burns twice, and what it has burnt is not the outer entry's.
    let error = work(&app, 21).unwrap_err();
    assert_eq!((error.kind(), chain(&error).len()), (CallErrorKind::Fuel, 1), "{error}");
    let app = burning("[limits]\nfuel = 270_000");
    assert_eq!(work(&app, 21).unwrap(), 21);
}

#[test]
fn the_outer_entry_has_its_deadline_again() {
    let app = burning("[limits]\ntimeout = '500ms'");
    assert_eq!(work(&app, 20).unwrap(), 20);
    let error = work(&app, 22).unwrap_err();
    assert_eq!((error.kind(), error.origin().unwrap().as_str()), (CallErrorKind::Timeout, "front"), "{error}");
    assert_eq!(chain(&error).len(), 1);
}
