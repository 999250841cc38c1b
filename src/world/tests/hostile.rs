use std::time::{Duration, Instant};

use super::*;

/// Deterministic, and good enough to pick bytes with.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }
}

fn samples() -> Vec<Vec<u8>> {
    let by_hand = r#"(component
        (import "a:b/c@1.0.0" (instance $c
            (export "r" (type $r (sub resource)))
            (type $rec (record (field "x" (list u8)) (field "y" (option (own $r)))))
            (export "rec" (type $rec2 (eq $rec)))
            (export "[method]r.get" (func (param "self" (borrow $r)) (result $rec2)))))
        (alias export $c "r" (type $r))
        (import "f" (func $f (param "m" (map string u32)) (param "l" (list u8 4)) (param "it" (own $r))))
        (component $inner (import "x" (func)) (type $mine (resource (rep i32))) (export "mine" (type $mine)))
        (core module $m (func (export "g")))
        (core instance $m (instantiate $m))
        (func $g (canon lift (core func $m "g")))
        (instance $bag (export "g" (func $g)) (export "r" (type $r)))
        (export "a:b/bag" (instance $bag)))"#;
    let text = stub_module(&wit(SMALL));
    vec![
        wat::parse_str(by_hand).unwrap(),
        componentize(text.as_bytes(), Some(&wit(SMALL)), None).unwrap().into_owned(),
        core_with_wit(),
    ]
}

const SMALL: &str = "package a:b@1.0.0;
    interface c { resource r { constructor(); get: func() -> u32; } variant v { a(r), b } f: func(v: v) -> list<u8>; }
    world w { import c; export c; export run: func(); }";

fn core_with_wit() -> Vec<u8> {
    let (resolve, package) = wit::parse(&wit(SMALL)).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = wat::parse_str(stub_module(&wit(SMALL))).unwrap();
    wit_component::embed_component_metadata(&mut module, &resolve, world, Default::default()).unwrap();
    module
}

/// Whatever comes out, nothing panics.
fn read(bytes: &[u8]) {
    if let Ok(component) = componentize(bytes, None, None) {
        let _ = read_component(&component);
        let _ = print_wit(&component);
    }
    let _ = read_component(bytes);
    let _ = print_wit(bytes);
}

#[test]
fn truncated_and_changed_bytes_do_no_harm() {
    let rounds = std::env::var("FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(1500);
    let mut random = Random(7);
    for sample in samples() {
        for end in 0..sample.len() {
            read(&sample[..end]);
        }
        for _ in 0..rounds {
            let mut bytes = sample.clone();
            let at = random.below(bytes.len());
            bytes[at] = random.below(256) as u8;
            read(&bytes);
        }
    }
}

#[test]
fn types_of_a_million_nodes_cost_their_definitions() {
    // Each tuple has the one before twice: 2^18 nodes, the most that the validator lets through.
    let mut text = "(component (type $t0 u8)\n".to_owned();
    for n in 1..=17 {
        text += &format!("(type $t{n} (tuple $t{} $t{}))\n", n - 1, n - 1);
    }
    text += "(import \"f\" (func (param \"x\" $t17))) (import \"g\" (func (param \"x\" $t17))))";
    let bytes = wat::parse_str(&text).unwrap();
    let start = Instant::now();
    let world = read_component(&bytes).unwrap();
    assert!(start.elapsed() < Duration::from_millis(200), "{:?}", start.elapsed());
    let ty = |name_of: &str| world.import(&name(name_of)).unwrap().functions[0].ty.params[0].ty.clone();
    assert!(std::sync::Arc::ptr_eq(&ty("f"), &ty("g")));
}

#[test]
fn names_that_would_fill_the_memory_are_refused() {
    // A name of 100 kB in an instance type that is imported a thousand times.
    let long = "a".repeat(99_000);
    let mut text = format!("(component (type $t (instance (export \"{long}\" (func))))\n");
    for n in 0..1000 {
        text += &format!("(import \"i{n}\" (instance (type $t)))");
    }
    text += ")";
    assert!(matches!(world_of(&text), Err(WorldError::Inexpressible { .. })));
}

/// A component of one type section.
fn types(count: u8, types: &[u8]) -> Vec<u8> {
    section(7, &[&[count], types].concat())
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.push(id);
    let mut length = content.len();
    while length > 127 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(content);
    bytes
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    // Declarations in declarations: read by recursion, this would overflow the stack.
    let shallow = [&[0x41, 1, 1].repeat(50)[..], &[0x42, 0]].concat();
    assert_eq!(read_component(&types(1, &shallow)).map(|world| world.imports), Ok(Vec::new()));
    for levels in [100, 200_000] {
        for kind in [0x41, 0x42] {
            let mut content: Vec<_> = std::iter::repeat_n([kind, 1, 1], levels).flatten().collect();
            content.extend([kind, 0]);
            assert!(matches!(read_component(&types(1, &content)), Err(WorldError::Intricate(_))), "{levels}");
            let beside = [&[0x7f][..], &content].concat();
            assert!(matches!(read_component(&types(2, &beside)), Err(WorldError::Intricate(_))), "{levels}");
        }
    }
    // Components in components.
    let mut nested = b"\0asm\x0d\0\x01\0".to_vec();
    for _ in 0..1000 {
        nested = section(4, &nested);
    }
    assert!(matches!(read_component(&nested), Err(WorldError::Intricate(_))));
    // The same inside of a core module's embedded WIT.
    let mut module = core_with_wit();
    let deep: Vec<_> = std::iter::repeat_n([0x41, 1, 1], 100_000).flatten().collect();
    let custom = [&[14][..], b"component-type", &types(1, &deep)].concat();
    module.extend(&section(0, &custom)[8..]);
    assert!(matches!(componentize(&module, None, None), Err(WorldError::Intricate(_))));
}

#[test]
fn types_that_name_each_other_too_deep_are_refused() {
    for (levels, fine) in [(90, true), (128, false), (5000, false)] {
        let mut text = "(component (type $t0 (instance))\n".to_owned();
        for n in 1..levels {
            let inner = n - 1;
            text += &format!(
                "(type $t{n} (instance (alias outer 1 $t{inner} (type $x)) (export \"a\" (instance (type $x)))))"
            );
        }
        assert_eq!(world_of(&(text + ")")).is_ok(), fine, "{levels}");
    }
    for (levels, fine) in [(90, true), (101, false), (5000, false)] {
        let mut text = "(component (type $t0 u8)".to_owned();
        let mut in_wit = "package a:b; interface c { type t0 = u8;".to_owned();
        for n in 1..levels {
            text += &format!("(type $t{n} (list $t{}))", n - 1);
            in_wit += &format!("type t{n} = list<t{}>;", n - 1);
        }
        assert_eq!(world_of(&(text + ")")).is_ok(), fine, "{levels}");
        assert_eq!(read_interface(&wit(&(in_wit + "}")), &name("a:b/c")).is_ok(), fine, "{levels}");
    }
}

#[test]
fn packages_that_need_each_other_too_deep_are_refused() {
    for (count, fine) in [(500, true), (20_000, false)] {
        let mut text = "package a:b; package a:b0 { interface c { type t = u8; } }".to_owned();
        for n in 1..count {
            text += &format!("package a:b{n} {{ interface c {{ use a:b{}/c.{{t}}; }} }}", n - 1);
        }
        assert_eq!(read_interface(&wit(&text), &name("a:b0/c")).is_ok(), fine, "{count}");
    }
}
