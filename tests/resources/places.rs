//! Handles in every place that a type has for them, in both directions: from the host to a plugin that
//! passes them on, from there to their owner, and back on the same way.

use std::fmt::Write as _;

use plugweave::manifest::ManifestBuilder;
use plugweave::model::Cardinality;
use plugweave::{App, Val, print_wave};

use crate::guests::{all_ended, counters, module};

/// A type with a handle in it.
struct Shape {
    name: &'static str,
    /// The type; `%` stands for `own<counter>` or `borrow<counter>`, `$` for the ending of named types.
    ty: &'static str,
    /// Its parameters in core wasm.
    flat: &'static str,
    /// Where its handles are, given those parameters; 0 where there are none.
    handles: &'static [&'static str],
    /// Writes a value with the handle `$h` to address 512; 0 asks for one without any.
    write: &'static str,
    /// The value, as it is printed.
    told: &'static str,
    /// The one without handles.
    empty: Option<&'static str>,
}

/// Named types; `%` and `$` as in [`Shape`].
const TYPES: &str = "
    record held$ { note: u8, it: % }
    variant pick$ { nothing, number(u64), it(%) }
";

const SHAPES: &[Shape] = &[
    Shape { name: "plain", ty: "%", flat: "i32", handles: &["(local.get 0)"], write: "", told: "<counter of owner>", empty: None },
    Shape {
        name: "record",
        ty: "held$",
        flat: "i32 i32",
        handles: &["(local.get 1)"],
        write: "(i32.store8 (i32.const 512) (i32.const 9)) (i32.store (i32.const 516) (local.get $h))",
        told: "{note: 9, it: <counter of owner>}",
        empty: None,
    },
    Shape {
        name: "tuple",
        ty: "tuple<%, u8>",
        flat: "i32 i32",
        handles: &["(local.get 0)"],
        write: "(i32.store (i32.const 512) (local.get $h)) (i32.store8 (i32.const 516) (i32.const 9))",
        told: "(<counter of owner>, 9)",
        empty: None,
    },
    Shape {
        name: "list",
        ty: "list<%>",
        flat: "i32 i32",
        handles: &["(call $first (local.get 0) (local.get 1) (i32.const 0))"],
        write: "(call $list (local.get $h)) (i32.store (i32.const 768) (local.get $h))",
        told: "[<counter of owner>]",
        empty: Some("[]"),
    },
    Shape {
        name: "fixed",
        ty: "list<%, 2>",
        flat: "i32 i32",
        handles: &["(local.get 0)", "(local.get 1)"],
        write: "(i32.store (i32.const 512) (local.get $h)) (i32.store (i32.const 516) (call $more))",
        told: "[<counter of owner>, <counter of owner>]",
        empty: None,
    },
    Shape {
        name: "option",
        ty: "option<%>",
        flat: "i32 i32",
        handles: &["(local.get 1)"],
        write: "(i32.store8 (i32.const 512) (i32.ne (local.get $h) (i32.const 0))) (i32.store (i32.const 516) (local.get $h))",
        told: "some(<counter of owner>)",
        empty: Some("none"),
    },
    Shape {
        name: "ok",
        ty: "result<%, u32>",
        flat: "i32 i32",
        handles: &["(select (i32.const 0) (local.get 1) (local.get 0))"],
        write: "(i32.store8 (i32.const 512) (i32.eqz (local.get $h)))
            (i32.store (i32.const 516) (select (local.get $h) (i32.const 77) (local.get $h)))",
        told: "ok(<counter of owner>)",
        empty: Some("err(77)"),
    },
    Shape {
        name: "err",
        ty: "result<u32, %>",
        flat: "i32 i32",
        handles: &["(select (local.get 1) (i32.const 0) (local.get 0))"],
        write: "(i32.store8 (i32.const 512) (i32.ne (local.get $h) (i32.const 0)))
            (i32.store (i32.const 516) (select (local.get $h) (i32.const 77) (local.get $h)))",
        told: "err(<counter of owner>)",
        empty: Some("ok(77)"),
    },
    Shape {
        name: "variant",
        ty: "pick$",
        flat: "i32 i64",
        handles: &["(select (i32.wrap_i64 (local.get 1)) (i32.const 0) (i32.eq (local.get 0) (i32.const 2)))"],
        write: "(i32.store8 (i32.const 512) (select (i32.const 2) (i32.const 1) (local.get $h)))
            (i64.store (i32.const 520) (i64.const 77))
            (if (local.get $h) (then (i32.store (i32.const 520) (local.get $h))))",
        told: "it(<counter of owner>)",
        empty: Some("number(77)"),
    },
    Shape {
        name: "map",
        ty: "map<string, %>",
        flat: "i32 i32",
        handles: &["(call $first (local.get 0) (local.get 1) (i32.const 8))"],
        write: "(call $list (local.get $h)) (i32.store (i32.const 768) (i32.const 800)) (i32.store (i32.const 772) (i32.const 1))
            (i32.store8 (i32.const 800) (i32.const 107)) (i32.store (i32.const 776) (local.get $h))",
        told: "[(\"k\", <counter of owner>)]",
        empty: Some("[]"),
    },
    Shape {
        name: "nested",
        ty: "list<option<tuple<u8, held$>>>",
        flat: "i32 i32",
        handles: &["(call $first (local.get 0) (local.get 1) (i32.const 12))"],
        write: "(call $list (local.get $h)) (i32.store8 (i32.const 768) (i32.const 1)) (i32.store8 (i32.const 772) (i32.const 3))
            (i32.store8 (i32.const 776) (i32.const 4)) (i32.store (i32.const 780) (local.get $h))",
        told: "[some((3, {note: 4, it: <counter of owner>}))]",
        empty: Some("[]"),
    },
    // Too many parameters for the stack: they pass in memory.
    Shape {
        name: "wide",
        ty: "tuple<u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, %>",
        flat: "i32",
        handles: &["(i32.load (i32.add (local.get 0) (i32.const 128)))"],
        write: "(memory.fill (i32.const 512) (i32.const 0) (i32.const 128)) (i32.store (i32.const 640) (local.get $h))",
        told: "(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, <counter of owner>)",
        empty: None,
    },
];

/// `$first` loads a handle of the first element of a list, if there is one; `$list` writes a list of one
/// element, or of none, to address 512.
const LISTS: &str = "(func $first (param $at i32) (param $length i32) (param $offset i32) (result i32)
        (if (i32.eqz (local.get $length)) (then (return (i32.const 0))))
        (i32.load (i32.add (local.get $at) (local.get $offset))))
    (func $list (param $h i32)
        (i32.store (i32.const 512) (i32.const 768))
        (i32.store (i32.const 516) (i32.ne (local.get $h) (i32.const 0))))";

fn written(text: &str, own: bool) -> String {
    text.replace('%', if own { "own<counter>" } else { "borrow<counter>" }).replace('$', if own { "" } else { "-lent" })
}

fn wit() -> String {
    let mut functions = String::new();
    for Shape { name, ty, .. } in SHAPES {
        let (own, borrow) = (written(ty, true), written(ty, false));
        write!(functions, "give-{name}: func(n: u32) -> {own}; take-{name}: func(it: {own}) -> u32; ").unwrap();
        writeln!(functions, "lend-{name}: func(it: {borrow}) -> u32;").unwrap();
    }
    let (own, lent) = (written(TYPES, true), written(TYPES, false));
    format!(
        "package t:t@1.0.0;
        interface shapes {{
            resource counter {{ get: func() -> u32; }}
            live: func() -> u32;
            {own} {lent} {functions}
        }}
        interface middle {{ use shapes.{{counter, held, held-lent, pick, pick-lent}}; {functions} }}
        world owner {{ export shapes; }}
        world between {{ import shapes; export middle; }}"
    )
}

/// Ends, or looks at, whatever it is given.
fn owner() -> String {
    let mut functions = LISTS.to_owned();
    functions.push_str("(func $more (result i32) (call $make (i32.const 100)))");
    for Shape { name, flat, handles, write, .. } in SHAPES {
        let sum = |act: &str| {
            let each: Vec<String> = handles.iter().map(|handle| format!("(call {act} {handle})")).collect();
            each.join(" ") + &" (i32.add)".repeat(handles.len() - 1)
        };
        let (end, peek) = (sum("$end"), sum("$peek"));
        let result = if write.is_empty() { "(local.get $h)".to_owned() } else { format!("{write} (i32.const 512)") };
        write!(
            functions,
            r#"(func (export "t:t/shapes@1.0.0#take-{name}") (param {flat}) (result i32) {end})
            (func (export "t:t/shapes@1.0.0#lend-{name}") (param {flat}) (result i32) {peek})
            (func (export "t:t/shapes@1.0.0#give-{name}") (param $n i32) (result i32)
                (local $h i32)
                (if (local.get $n) (then (local.set $h (call $make (local.get $n)))))
                {result})"#
        )
        .unwrap();
    }
    counters("t:t/shapes@1.0.0", "", &functions)
}

/// Passes on what it is given, both ways.
fn between() -> String {
    let mut imports = r#"(import "t:t/shapes@1.0.0" "[resource-drop]counter" (func $drop (param i32)))"#.to_owned();
    let mut functions = LISTS.to_owned();
    functions.push_str("(func $end (param i32) (if (local.get 0) (then (call $drop (local.get 0)))))");
    for Shape { name, flat, handles, write, .. } in SHAPES {
        let plain = write.is_empty();
        let give = if plain { "(param i32) (result i32)" } else { "(param i32 i32)" };
        write!(
            imports,
            r#"(import "t:t/shapes@1.0.0" "take-{name}" (func $take-{name} (param {flat}) (result i32)))
            (import "t:t/shapes@1.0.0" "lend-{name}" (func $lend-{name} (param {flat}) (result i32)))
            (import "t:t/shapes@1.0.0" "give-{name}" (func $give-{name} {give}))"#
        )
        .unwrap();
        let count = flat.split(' ').count();
        let all: String = (0..count).map(|index| format!("(local.get {index})")).collect();
        let drops: String = handles.iter().map(|handle| format!("(call $end {handle})")).collect();
        let give = if plain { "" } else { "(i32.const 512)" };
        write!(
            functions,
            r#"(func (export "t:t/middle@1.0.0#take-{name}") (param {flat}) (result i32) (call $take-{name} {all}))
            (func (export "t:t/middle@1.0.0#lend-{name}") (param {flat}) (result i32)
                (call $lend-{name} {all}) {drops})
            (func (export "t:t/middle@1.0.0#give-{name}") (param i32) (result i32)
                (call $give-{name} (local.get 0) {give}) {give})"#
        )
        .unwrap();
    }
    module(&imports, &functions)
}

fn app() -> App {
    let manifest = |id: &str| ManifestBuilder::new(id).wit("t.wit").world(id);
    let owned = manifest("owner").export("t:t/shapes@1.0.0");
    let middle = manifest("between").export("t:t/middle@1.0.0").import("t:t/shapes@1.0.0", Cardinality::ExactlyOne);
    let app = App::builder().file("t.wit", wit()).plugin(&owned, owner()).plugin(&middle, between()).build().unwrap();
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

fn call(app: &App, target: &str, argument: Val) -> Val {
    app.call(target, &[argument]).unwrap_or_else(|error| panic!("{error}")).unwrap()
}

/// Gives, lends and takes each shape through these interfaces.
fn through(give: &str, take: &str) {
    let app = app();
    for Shape { name, handles, told, empty, .. } in SHAPES {
        let (give, take) = (format!("t:t/{give}#give-{name}"), format!("t:t/{take}#take-{name}"));
        let lend = take.replace("#take-", "#lend-");
        let numbers = Val::U32(7 + if handles.len() == 2 { 100 } else { 0 });
        let value = call(&app, &give, Val::U32(7));
        assert_eq!(print_wave(&value).unwrap(), *told, "{name}");
        assert_eq!(app.live_handles(), handles.len(), "{name}");
        assert_eq!(call(&app, &lend, value.clone()), numbers, "{name}");
        assert_eq!(call(&app, &lend, value.clone()), numbers, "{name}");
        assert_eq!(call(&app, &take, value), numbers, "{name}");
        all_ended(&app, "t:t/shapes#live", &["owner"]);
        // And once more, but it is dropped where it is.
        drop(call(&app, &give, Val::U32(7)));
        all_ended(&app, "t:t/shapes#live", &["owner"]);
        if let Some(empty) = empty {
            let value = call(&app, &give, Val::U32(0));
            assert_eq!(print_wave(&value).unwrap(), *empty, "{name}");
            assert_eq!(
                (call(&app, &lend, value.clone()), call(&app, &take, value)),
                (Val::U32(0), Val::U32(0)),
                "{name}"
            );
            all_ended(&app, "t:t/shapes#live", &["owner"]);
        }
    }
}

#[test]
fn between_the_host_and_the_owner() {
    through("shapes", "shapes");
}

#[test]
fn through_a_plugin_on_the_way_out_and_home() {
    through("middle", "middle");
}

#[test]
fn through_a_plugin_on_the_way_out_only() {
    through("middle", "shapes");
}

#[test]
fn through_a_plugin_on_the_way_home_only() {
    through("shapes", "middle");
}
