use super::*;

const EVERYTHING: &str = "package t:e@1.0.0;
    interface other { resource far { constructor(); } record pair { a: u8, b: string } }
    interface all {
        use other.{far, pair, far as further};
        record point { x: s8, y: u8, z: s16, w: u16, nested: pair }
        variant shape { none, circle(f32), line(tuple<f64, f64>) }
        enum colour { red, green }
        flags bits { a, b, c }
        type alias = list<point>;
        type alias-of-alias = alias;
        resource near { constructor(n: u32); get: func() -> u64; make: static func(it: own<near>) -> near; }
        type near-alias = near;
        f1: func(a: bool, b: s32, c: u32, d: s64, e: u64, f: char, g: string) -> f64;
        f2: func(a: alias-of-alias, b: option<shape>, c: result<colour, bits>, d: result, e: result<_, string>);
        f3: func(a: list<list<u8>>, b: tuple<u8, string>, c: option<option<u8>>) -> result<u8>;
        f4: func(a: far, b: borrow<far>, c: near, d: borrow<near-alias>) -> list<far>;
        f5: func(a: map<string, list<u32>>, b: list<u32, 4>) -> option<near-alias>;
        f6: func(a: further, b: pair);
    }
    world w { import all; export all; }";

#[test]
fn every_kind_of_type_prints_as_written() {
    let all = read_interface(&wit(EVERYTHING), &name("t:e/all@1.0.0")).unwrap();
    let expected = [
        "[constructor]near: func(n: u32) -> own<near>",
        "[method]near.get: func(self: borrow<near>) -> u64",
        "[static]near.make: func(it: own<near>) -> own<near>",
        "f1: func(a: bool, b: s32, c: u32, d: s64, e: u64, f: char, g: string) -> f64",
        "f2: func(a: list<record { x: s8, y: u8, z: s16, w: u16, nested: record { a: u8, b: string } }>, \
         b: option<variant { none, circle(f32), line(tuple<f64, f64>) }>, \
         c: result<enum { red, green }, flags { a, b, c }>, d: result, e: result<_, string>)",
        "f3: func(a: list<list<u8>>, b: tuple<u8, string>, c: option<option<u8>>) -> result<u8>",
        "f4: func(a: own<far>, b: borrow<far>, c: own<near>, d: borrow<near>) -> list<own<far>>",
        "f5: func(a: map<string, list<u32>>, b: list<u32, 4>) -> option<own<near>>",
        "f6: func(a: own<far>, b: record { a: u8, b: string })",
    ];
    let printed: Vec<_> = all.functions.iter().map(|f| format!("{}: {}", f.name, f.ty)).collect();
    assert_eq!(printed, expected);
    let resources: Vec<_> = all.resources.iter().map(|(name, r)| format!("{name} = {}", show_resource(r))).collect();
    assert_eq!(
        resources,
        [
            "far = import t:e/other@1.0.0#far",
            "further = import t:e/other@1.0.0#far",
            "near = import t:e/all@1.0.0#near",
            "near-alias = import t:e/all@1.0.0#near",
        ]
    );
}

#[test]
fn wit_and_binary_agree() {
    let from_wit = read_interface(&wit(EVERYTHING), &name("t:e/all@1.0.0")).unwrap();
    let world = world_of_wit(EVERYTHING);
    let mut import = world.import(&name("t:e/all@1.0.0")).unwrap().clone();
    // Types may stand in another order.
    let mut expected = from_wit.clone();
    import.resources.sort();
    expected.resources.sort();
    assert_eq!(import, expected);
    // The export differs in whose resources they are, so not in what prints.
    let export = world.export(&name("t:e/all@1.0.0")).unwrap();
    let print = |ext: &Extern| ext.functions.iter().map(|f| format!("{}: {}", f.name, f.ty)).collect::<Vec<_>>();
    assert_eq!(print(export), print(&from_wit));
    assert!(export.resources.iter().any(|(_, resource)| resource.side == crate::model::Side::Export));
}

#[test]
fn async_types_are_read_from_text() {
    let text = "package t:e; interface i {
        f: async func(a: stream<u8>, b: future, c: future<string>, d: stream) -> error-context; }";
    let interface = read_interface(&wit(text), &name("t:e/i")).unwrap();
    assert_eq!(
        interface.functions[0].ty.to_string(),
        "async func(a: stream<u8>, b: future, c: future<string>, d: stream) -> error-context"
    );
}

#[test]
fn packages_come_in_files_directories_and_nests() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let source = WitSource {
        main: vec![
            file("a.wit", "package m:n@0.1.0; interface a { use b.{t}; use x:y/z@2.0.0.{u}; f: func(t: t, u: u); }"),
            file("b.wit", "interface b { use p:q/r.{v}; type t = list<v>; }"),
        ],
        // One needs the other, and stands before it.
        deps: vec![
            vec![
                file("deps/x/1.wit", "package x:y@2.0.0;"),
                file("deps/x/2.wit", "interface z { use p:q/r.{v}; type u = v; }"),
            ],
            vec![file("deps/p.wit", "package p:other; package p:q { interface r { enum v { one } } }")],
        ],
    };
    let a = read_interface(&source, &name("m:n/a@0.1.0")).unwrap();
    assert_eq!(a.functions[0].ty.to_string(), "func(t: list<enum { one }>, u: enum { one })");
    // What a dependency has can be asked for as well.
    assert!(read_interface(&source, &name("x:y/z@2.0.0")).is_ok());
}

#[test]
fn the_version_may_be_left_out_only_of_the_name() {
    let versioned = wit("package a:b@1.2.0; interface c { f: func(); }");
    let bare = wit("package a:b; interface c { f: func(); } interface d {}");
    for (source, wanted, answer) in [
        (&versioned, "a:b/c@1.2.0", Ok("a:b/c@1.2.0")),
        (&versioned, "a:b/c", Ok("a:b/c@1.2.0")),
        (&bare, "a:b/c", Ok("a:b/c")),
        (&versioned, "a:b/c@1.3.0", Err(vec!["a:b/c@1.2.0"])),
        (&bare, "a:b/c@1.2.0", Err(vec!["a:b/c", "a:b/d"])),
        (&bare, "c", Err(vec!["a:b/c", "a:b/d"])),
    ] {
        let expected = answer.map(name).map_err(|found: Vec<_>| WorldError::NoInterface {
            wanted: wanted.to_owned(),
            found: found.into_iter().map(str::to_owned).collect(),
        });
        assert_eq!(read_interface(source, &name(wanted)).map(|ext| ext.name), expected);
    }
    let mut two = versioned.clone();
    two.deps.push(vec![("two.wit".to_owned(), "package a:b@2.0.0; interface c {}".to_owned())]);
    assert!(
        matches!(read_interface(&two, &name("a:b/c")), Err(WorldError::NoInterface { found, .. }) if found.len() == 2)
    );
}

#[test]
fn bad_wit_says_where() {
    for (text, expected) in [
        ("package a:b;\ninterface c { f: func( }", "test.wit:2:"),
        ("package a:b;\ninterface c { use x:y/z.{t}; }", "test.wit:2:"),
        ("package a:b;\ninterface c { f: func(x: nope); }", "test.wit:2:"),
        ("interface c {}", "package"),
        ("", "package"),
    ] {
        match read_interface(&wit(text), &name("a:b/c")) {
            Err(WorldError::Wit(message)) => assert!(message.contains(expected), "{message}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(matches!(read_interface(&WitSource::default(), &name("a:b/c")), Err(WorldError::Wit(_))));
}
