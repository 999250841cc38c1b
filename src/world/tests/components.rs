use super::*;

/// Each line: a component in text form, and its world.
#[test]
fn hand_written_components() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("empty", "(component)", &[]),
        (
            "bare functions",
            r#"(component
                (import "log" (func $log (param "text" string)))
                (import "now" (func (result u64)))
                (core module $m (func (export "later") (result i64) unreachable))
                (core instance $i (instantiate $m))
                (func $later (result u64) (canon lift (core func $i "later")))
                (export "later" (func $later)))"#,
            &[
                "import func log { log: func(text: string) }",
                "import func now { now: func() -> u64 }",
                "export func later { later: func() -> u64 }",
            ],
        ),
        (
            "interfaces with and without a version, and inline",
            r#"(component
                (import "a:b/c" (instance (export "f" (func))))
                (import "a:b/c@1.2.3-rc.1" (instance (export "f" (func (result bool)))))
                (import "engine" (instance (export "go" (func (param "to" char))))))"#,
            &[
                "import a:b/c { f: func() }",
                "import a:b/c@1.2.3-rc.1 { f: func() -> bool }",
                "import engine { go: func(to: char) }",
            ],
        ),
        (
            "an instance that is a bag of exports, in any order, under aliases, and again as a whole",
            r#"(component
                (import "a:b/c" (instance (export "f" (func)) (export "g" (func (result u8)))))
                (core module $m (func (export "f")) (func (export "g") (result i32) unreachable))
                (core instance $m (instantiate $m))
                (func $f (canon lift (core func $m "f")))
                (func $g (result u8) (canon lift (core func $m "g")))
                (instance $i (export "f" (func $f)) (export "g" (func $g)))
                (alias export $i "g" (func $again))
                (instance $bag (export "z" (func $again)) (export "y" (func $i "f")))
                (export "a:b/bag@1.0.0" (instance $bag))
                (export "a:b/c" (instance $i)))"#,
            &[
                "import a:b/c { f: func(); g: func() -> u8 }",
                "export a:b/bag@1.0.0 { z: func() -> u8; y: func() }",
                "export a:b/c { f: func(); g: func() -> u8 }",
            ],
        ),
        (
            "imports of types only",
            r#"(component
                (import "a:b/types" (instance $t
                    (type $rec (record (field "x" u32)))
                    (export "point" (type $p (eq $rec)))))
                (alias export $t "point" (type $point))
                (import "point" (type $p2 (eq $point)))
                (import "f" (func (param "at" $p2))))"#,
            &["import a:b/types {  }", "import type point {  }", "import func f { f: func(at: record { x: u32 }) }"],
        ),
        (
            "nested components and instances have their own imports and exports",
            r#"(component
                (import "f" (func))
                (core module $m (func (export "f")))
                (core instance $m (instantiate $m))
                (func $f (canon lift (core func $m "f")))
                (component $inner
                    (import "x" (func $x))
                    (component (import "deeper" (func)))
                    (core module (import "m" "n" (func)) (func (export "e")))
                    (export "y" (func $x)))
                (instance $i (instantiate $inner (with "x" (func $f))))
                (export "a:b/inner" (instance $i)))"#,
            &["import func f { f: func() }", "export a:b/inner { y: func() }"],
        ),
        (
            "several instances of one component",
            r#"(component
                (component $inner
                    (type $r (resource (rep i32)))
                    (export "r" (type $r)))
                (instance $one (instantiate $inner))
                (instance $two (instantiate $inner))
                (export "a:b/one" (instance $one))
                (export "a:b/two" (instance $two)))"#,
            &["export a:b/one { r = export a:b/one#r }", "export a:b/two { r = export a:b/two#r }"],
        ),
    ];
    for (what, text, expected) in cases {
        assert_eq!(show(&world_of(text).unwrap_or_else(|error| panic!("{what}: {error}"))), *expected, "{what}");
    }
}

#[test]
fn resources_belong_to_the_interface_that_defines_them() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "`use` shares one type, whatever it is called",
            r#"(component
                (import "a:b/c" (instance $c
                    (export "r" (type $r (sub resource)))
                    (export "also" (type (eq $r)))
                    (export "[constructor]r" (func (result (own $r))))))
                (alias export $c "r" (type $r))
                (import "a:b/d" (instance
                    (export "renamed" (type $s (eq $r)))
                    (export "take" (func (param "it" (own $s)) (param "other" (borrow $s)))))))"#,
            &[
                "import a:b/c { [constructor]r: func() -> own<r>; r = import a:b/c#r; also = import a:b/c#r }",
                "import a:b/d { take: func(it: own<r>, other: borrow<r>); renamed = import a:b/c#r }",
            ],
        ),
        (
            "a resource of the world itself",
            r#"(component
                (import "r" (type $r (sub resource)))
                (import "s" (type $s (eq $r)))
                (import "f" (func (param "it" (borrow $s))))
                (type $own (resource (rep i32)))
                (export "made" (type $own)))"#,
            &[
                "import type r { r = import world#r }",
                "import type s { s = import world#r }",
                "import func f { f: func(it: borrow<r>) }",
                "export type made { made = export world#made }",
            ],
        ),
        (
            "an imported resource stays one when it is exported",
            r#"(component
                (import "a:b/c" (instance $c (export "r" (type (sub resource)))))
                (alias export $c "r" (type $r))
                (instance $bag (export "r" (type $r)))
                (export "a:b/c" (instance $bag))
                (export "a:b/d" (instance $c)))"#,
            &[
                "import a:b/c { r = import a:b/c#r }",
                "export a:b/c { r = import a:b/c#r }",
                "export a:b/d { r = import a:b/c#r }",
            ],
        ),
        (
            "an export may be given a type that shows less of it",
            r#"(component
                (import "a:b/c" (instance $c (export "r" (type (sub resource)))))
                (alias export $c "r" (type $r))
                (core module $m (func (export "f")))
                (core instance $m (instantiate $m))
                (func $f (canon lift (core func $m "f")))
                (instance $i (export "r" (type $r)) (export "f" (func $f)) (export "g" (func $f)))
                (export "a:b/c" (instance $i) (instance (export "g" (func)))))"#,
            &["import a:b/c { r = import a:b/c#r }", "export a:b/c { g: func() }"],
        ),
    ];
    for (what, text, expected) in cases {
        assert_eq!(show(&world_of(text).unwrap_or_else(|error| panic!("{what}: {error}"))), *expected, "{what}");
    }
}

#[test]
fn middleware_has_two_resources_of_one_name() {
    let world = world_of_wit(
        "package a:b@1.0.0;
         interface c { resource r { constructor(); get: func() -> u32; } make: func() -> r; }
         world w { import c; export c; }",
    );
    assert_eq!(
        show(&world),
        [
            "import a:b/c@1.0.0 { [constructor]r: func() -> own<r>; [method]r.get: func(self: borrow<r>) -> u32; \
             make: func() -> own<r>; r = import a:b/c@1.0.0#r }",
            "export a:b/c@1.0.0 { [constructor]r: func() -> own<r>; [method]r.get: func(self: borrow<r>) -> u32; \
             make: func() -> own<r>; r = export a:b/c@1.0.0#r }",
        ]
    );
}

#[test]
fn an_export_that_uses_another_export_shares_its_resource() {
    // Whatever the order in the WIT.
    for exports in ["export c; export d;", "export d; export c;"] {
        let world = world_of_wit(&format!(
            "package a:b;
             interface c {{ resource r {{ get: func() -> u32; }} }}
             interface d {{ use c.{{r as s}}; take: func(it: s); }}
             world w {{ {exports} }}"
        ));
        let taken = &world.export(&name("a:b/d")).unwrap().resources;
        assert_eq!(show_resource(&taken[0].1), "export a:b/c#r", "{exports}");
        assert_eq!(taken[0].0, "s");
    }
}

#[test]
fn what_no_wit_world_can_have_is_inexpressible() {
    let cases = [
        (r#"(component (import "m" (core module)))"#, "import", "m", "a core module"),
        (r#"(component (component $c) (export "c" (component $c)))"#, "export", "c", "a component"),
        (r#"(component (import "a:b/c" (instance (export "d" (instance)))))"#, "import", "a:b/c", "`d`"),
        (r#"(component (import "a:b/c" (instance (export "d" (core module)))))"#, "import", "a:b/c", "`d`"),
        (r#"(component (import "url=<https://x.test/a>" (func)))"#, "import", "url=<https://x.test/a>", "a URL"),
        (r#"(component (import "locked-dep=<a:b@1.0.0>" (func)))"#, "import", "locked-dep=<a:b@1.0.0>", "dependency"),
        (r#"(component (import "unlocked-dep=<a:b>" (func)))"#, "import", "unlocked-dep=<a:b>", "dependency"),
        (r#"(component (import "integrity=<sha256-a>" (func)))"#, "import", "integrity=<sha256-a>", "a hash"),
    ];
    for (text, side, name, reason) in cases {
        match world_of(text) {
            Err(WorldError::Inexpressible { side: s, name: n, reason: r }) => {
                assert_eq!((s, n.as_str()), (side, name));
                assert!(r.contains(reason), "{r}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn what_the_engine_refuses_is_invalid() {
    let cases = [
        r#"(component (import "f" (func async)))"#,
        r#"(component (type $s (stream u8)) (import "f" (func (param "s" $s))))"#,
        r#"(component (type $f (future)) (import "f" (func (result $f))))"#,
        r#"(component (import "f" (func (param "e" error-context))))"#,
        r#"(component (import "v" (value string)))"#,
        "(component (core module (memory 1 1 shared)))",
        "(component (core module (func (param externref))))",
        "(component (core module (type (struct (field i32)))))",
        "(component (core module (tag)))",
        // Only what is named outside may be used outside.
        r#"(component
            (type $r (resource (rep i32)))
            (core func $drop (canon resource.drop $r))
            (core module $m (func (export "f") (param i32)))
            (core instance $i (instantiate $m))
            (func (export "f") (param "it" (own $r)) (canon lift (core func $i "f"))))"#,
    ];
    for text in cases {
        assert!(matches!(world_of(text), Err(WorldError::Invalid(_))), "{text}: {:?}", world_of(text));
    }
    let fine = [
        r#"(component (type $m (map string u32)) (import "f" (func (param "m" $m))))"#,
        r#"(component (type $l (list u8 4)) (import "f" (func (param "l" $l))))"#,
        "(component (core module (memory 1) (memory i64 2) (func (param v128 funcref))))",
    ];
    for text in fine {
        assert!(world_of(text).is_ok(), "{text}: {:?}", world_of(text));
    }
}

#[test]
fn only_components_have_a_world() {
    assert_eq!(read_component(&wat::parse_str("(module)").unwrap()), Err(WorldError::CoreWithoutWorld));
    for bytes in [&b""[..], b"hello", b"\0asm", b"\0asm\x0d\0\x02\0"] {
        assert!(matches!(read_component(bytes), Err(WorldError::NotWasm(_))));
    }
}
