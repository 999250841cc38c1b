//! What the validator lets through and the engine does not, or only at an absurd expense.

use std::time::{Duration, Instant};

use super::*;

/// What a valid component is told that the engine would refuse.
fn refusal(text: &str) -> String {
    match world_of(text) {
        Err(WorldError::HugeValue(reason) | WorldError::Intricate(reason) | WorldError::Reexport(reason)) => reason,
        other => panic!("{other:?}: {text}"),
    }
}

#[test]
fn values_that_are_too_large_are_refused() {
    let mib = |mib: u64| format!("(list u8 {})", mib << 20);
    let param = |ty: &str| format!("(component (import \"f\" (func (param \"x\" {ty}))))");
    assert!(world_of(&param(&mib(256))).is_ok());
    for ty in [
        mib(257),
        "(list u64 536870912)".to_owned(),
        "(list (list u64 536870912) 1073741824)".to_owned(),
        format!("(option {})", mib(256)),
        format!("(list {})", mib(257)),
        format!("(map string {})", mib(256)),
        format!("(tuple {} u8)", mib(256)),
    ] {
        let told = refusal(&param(&ty));
        assert_eq!(told, "the values of one of its types take more than 256 MiB each", "{ty}");
    }
    let (big, two) = (mib(200), "(param \"x\" $b) (param \"y\" $b)");
    let told = refusal(&format!("(component (type $b {big}) (import \"f\" (func {two})))"));
    assert_eq!(told, "the parameters of one of its functions take more than 256 MiB");
}

#[test]
fn large_values_are_found_wherever_they_are() {
    let big = "(list u64 536870912)";
    for text in [
        format!("(component (type {big}))"),
        format!("(component (import \"f\" (func (result {big}))))"),
        format!("(component (import \"a:b/c\" (instance (export \"f\" (func (param \"x\" {big}))))))"),
        format!("(component (type (component (import \"f\" (func (param \"x\" {big}))))))"),
        format!("(component (type (component (export \"i\" (instance (export \"f\" (func (result {big}))))))))"),
        format!("(component (component (component (import \"f\" (func (param \"x\" {big}))))))"),
        format!(
            "(component (component (core module $m (memory (export \"m\") 1) (func (export \"f\") (param i32 i32))
                 (func (export \"r\") (param i32 i32 i32 i32) (result i32) unreachable))
               (core instance $i (instantiate $m)) (alias core export $i \"m\" (core memory $mem))
               (alias core export $i \"r\" (core func $r))
               (func (param \"x\" (list {big})) (canon lift (core func $i \"f\") (memory $mem) (realloc $r)))))"
        ),
    ] {
        let read = world_of(&text);
        assert!(matches!(read, Err(WorldError::HugeValue(_))), "{read:?}: {text}");
    }
}

/// Components each of which instantiates the one before so many times, and the first a module.
fn doubling(levels: usize, times: usize) -> String {
    let mut text = "(component (component $c0 (core module $m) (core instance (instantiate $m)))\n".to_owned();
    for level in 1..=levels {
        let before = level - 1;
        let twice = format!("(instance (instantiate $c{before}))").repeat(times);
        text += &format!("(component $c{level} (alias outer 1 $c{before} (component $c{before})) {twice})\n");
    }
    text + &format!("(instance (instantiate $c{levels})))")
}

#[test]
fn instances_that_multiply_are_refused() {
    assert!(world_of(&doubling(10, 2)).is_ok());
    let start = Instant::now();
    for (levels, times) in [(14, 2), (22, 2), (60, 2), (4, 30)] {
        let told = refusal(&doubling(levels, times));
        assert!(told.starts_with("it consists of more than 10000 instances"), "{told}");
    }
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn instances_of_components_that_are_passed_are_counted() {
    // `$twice` instantiates whatever it is given, and is given itself, closed over what it was given.
    let mut text = "(component
        (component $one (core module $m) (core instance (instantiate $m)))
        (component $twice
            (import \"c\" (component $c))
            (component $two
                (alias outer 1 $c (component $c))
                (instance (instantiate $c)) (instance (instantiate $c)))
            (export \"d\" (component $two)))
        (instance $i0 (instantiate $twice (with \"c\" (component $one))))"
        .to_owned();
    let levels = 20;
    for level in 1..levels {
        let before = level - 1;
        text += &format!("(instance $i{level} (instantiate $twice (with \"c\" (component $i{before} \"d\"))))");
    }
    assert!(world_of(&format!("{text})")).is_ok());
    let told = refusal(&format!("{text} (instance (instantiate (component $i{} \"d\"))))", levels - 1));
    assert!(told.starts_with("it consists of more than 10000 instances"), "{told}");
}

#[test]
fn definitions_that_multiply_are_refused() {
    // Few instances, but of a component with many functions.
    let aliases = "(alias export $i \"f\" (func))".repeat(1000);
    let text = format!(
        "(component (import \"a:b/c\" (instance $h (export \"f\" (func))))
            (component $c (import \"i\" (instance $i (export \"f\" (func)))) {aliases})
            {})",
        "(instance (instantiate $c (with \"i\" (instance $h))))".repeat(200)
    );
    let told = refusal(&text);
    assert!(told.starts_with("it consists of more than 100000 definitions"), "{told}");
    // Components that close over the two before: no instance at all.
    let mut text = "(component (component $c0) (component $c1)".to_owned();
    for n in 2..60 {
        let (one, two) = (n - 1, n - 2);
        text += &format!("(component $c{n} (alias outer 1 $c{one} (component)) (alias outer 1 $c{two} (component)))");
    }
    assert!(refusal(&(text + ")")).starts_with("it consists of more than 100000 definitions"));
}

#[test]
fn many_things_side_by_side_are_fine() {
    let module = "(core module $m) (component $c (core module $m) (core instance (instantiate $m)))".to_owned();
    let instances = "(core instance (instantiate $m)) (instance (instantiate $c))".repeat(400);
    assert!(world_of(&format!("(component {module} {instances})")).is_ok());
    // A chain of components, each in the one before: deep, but no doubling.
    assert!(world_of(&doubling(150, 1)).is_ok());
    // Defined first: else the text parser takes quadratic time.
    let imports: String = (0..12_000).map(|n| format!("(import \"f{n}\" (func (type 0)))")).collect();
    assert!(world_of(&format!("(component (type (func)) {imports})")).is_ok());
    let text = format!("(component {})", "(type u8)".repeat(20_001));
    let told = componentize(text.as_bytes(), None, None).unwrap_err().to_string();
    assert!(told.starts_with("its text has more than 20000 items in one component or instance"), "{told}");
}

#[test]
fn imported_functions_cannot_be_exported_again() {
    let cannot = "an imported function, and the engine cannot export one again";
    let interface = "(import \"a:b/c\" (instance $i (export \"f\" (func))))";
    let inner = "(component $c (import \"x\" (func $x)) (export \"y\" (func $x)))";
    for text in [
        "(import \"f\" (func $f)) (export \"g\" (func $f))".to_owned(),
        format!("{interface} (alias export $i \"f\" (func $f)) (export \"g\" (func $f))"),
        format!(
            "(import \"f\" (func $f)) {inner} (instance $j (instantiate $c (with \"x\" (func $f))))
             (export \"g\" (func $j \"y\"))"
        ),
    ] {
        assert_eq!(refusal(&format!("(component {text})")), format!("its export `g` is {cannot}"), "{text}");
    }
    for text in [
        format!("{interface} (export \"a:b/d\" (instance $i))"),
        "(import \"f\" (func $f)) (instance $b (export \"f\" (func $f))) (export \"a:b/d\" (instance $b))".to_owned(),
        format!(
            "{interface} (component $c (import \"x\" (instance $x (export \"f\" (func)))) (export \"y\" (instance $x)))
             (instance $j (instantiate $c (with \"x\" (instance $i)))) (export \"a:b/d\" (instance $j \"y\"))"
        ),
    ] {
        let told = refusal(&format!("(component {text})"));
        assert_eq!(told, format!("its export `a:b/d` contains `f`, {cannot}"), "{text}");
    }
}

#[test]
fn other_things_can_be_exported_again() {
    let lifted = "(core module $m (func (export \"f\"))) (core instance $k (instantiate $m))
        (func $f (canon lift (core func $k \"f\")))";
    let inner = "(component $c (import \"x\" (func $x)) (export \"y\" (func $x)))";
    for text in [
        "(import \"a:b/c\" (instance $i (export \"r\" (type (sub resource))))) (export \"a:b/d\" (instance $i))"
            .to_owned(),
        "(import \"a:b/c\" (instance $i (type $t (record (field \"x\" u8))) (export \"t\" (type (eq $t)))))
         (export \"a:b/d\" (instance $i))"
            .to_owned(),
        "(import \"r\" (type $r (sub resource))) (export \"s\" (type $r))".to_owned(),
        format!("(import \"f\" (func)) {lifted} (export \"g\" (func $f))"),
        format!(
            "{lifted} {inner} (instance $j (instantiate $c (with \"x\" (func $f)))) (export \"g\" (func $j \"y\"))"
        ),
    ] {
        assert!(world_of(&format!("(component {text})")).is_ok(), "{text}");
    }
}
