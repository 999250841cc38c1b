//! Every type of value, dispatched both ways: from the host into a consumer, through the dispatcher
//! into a provider, and all the way back.
//!
//! One pair of core modules serves every type. A function under test is
//! `func(v: tuple<T, u8>, p0: u32, …, p15: u32) -> tuple<T, u8>`: it has more parameters than are
//! passed flat, so that they arrive as one pointer to a record of them all, whose first field is `v`;
//! and its result is more than one flat value, so that it is returned as a pointer to the same layout.
//! A provider that returns the pointer it was given so echoes any `T`, whatever its size.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use plugweave::{App, Val, WaveCall, print_wave};
use support::{Folder, core_module};

/// A type under test with values of it.
struct Case {
    ty: String,
    values: Vec<Vec<Val>>,
    texts: Vec<String>,
}

/// A type, and values of it as WAVE text.
fn case<S: Into<String>>(ty: impl Into<String>, texts: impl IntoIterator<Item = S>) -> Case {
    Case { ty: ty.into(), values: Vec::new(), texts: texts.into_iter().map(Into::into).collect() }
}

/// How many `u32` stand behind the value: as many as are passed flat, so that with the value there are more.
const PADDING: u32 = 16;

/// Types that WIT must name: the name and the whole definition.
type Definitions = [(String, String)];

fn definitions(definitions: &[(&str, &str, &str)]) -> Vec<(String, String)> {
    let define = |&(kind, name, body): &(&str, &str, &str)| (name.to_owned(), format!("{kind} {name} {{ {body} }}"));
    definitions.iter().map(define).collect()
}

fn wit(definitions: &Definitions, cases: &[Case]) -> String {
    let names: Vec<&str> = definitions.iter().map(|(name, _)| name.as_str()).collect();
    let used = if names.is_empty() { String::new() } else { format!("use types.{{{}}};", names.join(", ")) };
    let padding: String = (0..PADDING).map(|index| format!(", p{index}: u32")).collect();
    let mut functions = String::new();
    for (index, Case { ty, .. }) in cases.iter().enumerate() {
        writeln!(functions, "  echo{index}: func(v: tuple<{ty}, u8>{padding}) -> tuple<{ty}, u8>;").unwrap();
    }
    let definitions: String = definitions.iter().map(|(_, text)| format!("  {text}\n")).collect();
    format!(
        "interface types {{\n{definitions}}}\n\
         interface echo {{\n  {used}\n  calls: func() -> u32;\n{functions}}}\n\
         interface relay {{\n  {used}\n{functions}}}\n\
         world provider {{ export echo; }}\n\
         world consumer {{ import echo; export relay; }}\n"
    )
}

/// Gives back the pointer that it gets.
fn provider(cases: usize) -> String {
    let mut functions = String::from(
        r#"  (func (export "t:t/echo@1.0.0#calls") (result i32) (global.get $calls))
  (func $echo (param i32) (result i32) (call $count) (local.get 0))
"#,
    );
    for index in 0..cases {
        writeln!(functions, r#"  (export "t:t/echo@1.0.0#echo{index}" (func $echo))"#).unwrap();
    }
    core_module("", 0, &functions)
}

/// Passes the pointer that it gets on, and gives back what comes.
fn consumer(cases: usize) -> String {
    let (mut imports, mut functions) = (String::new(), String::new());
    for index in 0..cases {
        writeln!(imports, r#"  (import "t:t/echo@1.0.0" "echo{index}" (func $echo{index} (param i32 i32)))"#).unwrap();
        writeln!(
            functions,
            r#"  (func (export "t:t/relay@1.0.0#echo{index}") (param i32) (result i32)
    (memory.fill (i32.const 64) (i32.const 0xAA) (i32.const 65472))
    (call $echo{index} (local.get 0) (i32.const 64))
    (i32.const 64))"#
        )
        .unwrap();
    }
    core_module(&imports, 1, &functions)
}

fn start(definitions: &Definitions, cases: &[Case]) -> App {
    Folder::new(&wit(definitions, cases))
        .plugin("provider", "[exports]\n't:t/echo' = {}", &provider(cases.len()))
        .plugin(
            "consumer",
            "[exports]\n't:t/relay' = {}\n[imports]\n't:t/echo' = 'exactly-one'",
            &consumer(cases.len()),
        )
        .start()
}

/// Sends every value of every type around and expects it back as it was.
fn echoed(definitions: &Definitions, cases: &[Case]) {
    let app = start(definitions, cases);
    let mut calls = 0;
    for (index, case) in cases.iter().enumerate() {
        let relay = format!("t:t/relay@1.0.0#echo{index}");
        let parsed = case.texts.iter().map(|text| parse(&app, &relay, text));
        for arguments in parsed.chain(case.values.iter().cloned()) {
            let ways = [("consumer", relay.as_str()), ("provider", &format!("t:t/echo@1.0.0#echo{index}"))];
            for (plugin, target) in ways {
                let answer = app.call_plugin(plugin, target, &arguments).unwrap();
                assert_eq!(answer.as_ref(), arguments.first(), "{} by {plugin}", case.ty);
            }
            let Val::Tuple(parts) = &arguments[0] else { panic!("{arguments:?}") };
            assert_eq!(parse(&app, &relay, &print_wave(&parts[0]).unwrap()), arguments, "{} as text", case.ty);
            calls += 2;
        }
    }
    assert_eq!(app.call("t:t/echo#calls", &[]).unwrap(), Some(Val::U32(calls)));
}

/// The arguments for a value that is written as text.
fn parse(app: &App, target: &str, text: &str) -> Vec<Val> {
    let padding: String = (0..PADDING).map(|index| format!(", {index}")).collect();
    let call = format!("{target}(({text}, 7){padding})");
    let callables = app.callables(target).unwrap();
    WaveCall::parse(&call).unwrap().arguments(callables[0].ty).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The arguments for a value.
fn arguments(value: Val) -> Vec<Val> {
    let value = Val::Tuple(vec![value, Val::U8(7)]);
    [value].into_iter().chain((0..PADDING).map(Val::U32)).collect()
}

/// The primitive types, with edge values and others.
fn primitives() -> Vec<(&'static str, Vec<String>)> {
    fn texts<T: ToString>(values: &[T]) -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    }
    let f32s = ["0", "-0", "inf", "-inf", "nan", "1e-45", "-1e-45", "1.1754944e-38", "3.4028235e38", "0.1"];
    let f64s = ["0", "-0", "inf", "-inf", "nan", "5e-324", "2.2250738585072014e-308", "1.7976931348623157e308", "0.1"];
    let chars = [
        r"'\u{0}'",
        r"'\u{7f}'",
        r"'\u{80}'",
        r"'\u{d7ff}'",
        r"'\u{e000}'",
        r"'\u{ffff}'",
        r"'\u{10000}'",
        r"'\u{10ffff}'",
        "'a'",
        "'é'",
        "'🐢'",
        r"'\''",
        r#"'"'"#,
        r"'\\'",
        r"'\n'",
    ];
    vec![
        ("bool", texts(&[true, false])),
        ("s8", texts(&[i8::MIN, -1, 0, 1, i8::MAX])),
        ("u8", texts(&[0, 1, u8::MAX])),
        ("s16", texts(&[i16::MIN, -1, 0, 1, i16::MAX])),
        ("u16", texts(&[0, 1, 0x0102, u16::MAX])),
        ("s32", texts(&[i32::MIN, -1, 0, 1, i32::MAX])),
        ("u32", texts(&[0, 1, 0x0102_0304, u32::MAX])),
        ("s64", texts(&[i64::MIN, -1, 0, 1, i64::MAX])),
        ("u64", texts(&[0, 1, 0x0102_0304_0506_0708, u64::MAX])),
        ("f32", texts(&f32s)),
        ("f64", texts(&f64s)),
        ("char", texts(&chars)),
        ("string", texts(&[r#""""#, r#""\u{0}""#, r#""a\u{0}b""#, r#""żółw 🐢 e\u{301}""#, r#""\"'\\\n\t\r""#])),
    ]
}

#[test]
fn primitive_values() {
    let cases: Vec<Case> = primitives().into_iter().map(|(ty, texts)| case(ty, texts)).collect();
    echoed(&[], &cases);
}

#[test]
fn values_are_what_their_text_says() {
    let app = start(&[], &[case("tuple<f32, f64>", [""; 0]), case("char", [""; 0]), case("string", [""; 0])]);
    let parsed = |index: usize, text: &str| parse(&app, &format!("t:t/relay#echo{index}"), text);
    // A zero is not equal to one of the other sign here.
    let zeros = Val::Tuple(vec![Val::Float32(-0.0), Val::Float64(-0.0)]);
    assert_eq!(parsed(0, "(-0, -0)"), arguments(zeros));
    assert_ne!(Val::Float32(-0.0), Val::Float32(0.0));
    assert_eq!(parsed(1, r"'\u{0}'"), arguments(Val::Char('\0')));
    assert_eq!(parsed(2, r#""a\u{0}é""#), arguments(Val::String("a\0é".into())));
}

#[test]
fn long_strings_and_lists() {
    let numbers = |count: u32| list((0..count).map(|index| (index % 251).to_string()));
    let words = list((0..2000).map(|index| format!(r#"["{index}", "", "ü{index}"]"#)));
    echoed(
        &[],
        &[
            case("string", [format!(r#""{}""#, "a".repeat(100_000)), format!(r#""{}""#, "é🐢".repeat(17_000))]),
            case("list<u8>", [numbers(65_536), numbers(65_535)]),
            case("list<u64>", [numbers(20_000)]),
            case(
                "list<list<string>>",
                ["[]".into(), "[[]]".into(), r#"[[], [""], ["a", "", "bc"], []]"#.into(), words],
            ),
        ],
    );
}

fn list(texts: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", texts.into_iter().collect::<Vec<_>>().join(", "))
}

#[test]
fn lists() {
    let of = |(ty, texts): (&str, Vec<String>)| {
        let many = list(texts.iter().cycle().take(100).cloned());
        case(format!("list<{ty}>"), ["[]".to_owned(), list([texts[0].clone()]), list(texts), many])
    };
    let mut cases: Vec<Case> = primitives().into_iter().map(of).collect();
    cases.extend([
        case("list<tuple<u8, u64, u8>>", ["[]", "[(1, 2, 3)]", "[(1, 2, 3), (4, 18446744073709551615, 6), (7, 8, 9)]"]),
        case("list<option<string>>", [r#"[none, some(""), none, some("a")]"#]),
        case("list<result<u8, u64>>", ["[ok(1), err(2), ok(255), err(18446744073709551615)]"]),
        case("list<list<list<bool>>>", ["[[], [[]], [[true], [], [false, true]]]"]),
    ]);
    echoed(&[], &cases);
}

#[test]
fn lists_of_fixed_length() {
    echoed(
        &[],
        &[
            case("list<u8, 4>", ["[0, 1, 254, 255]"]),
            case("list<string, 2>", [r#"["", "żółw"]"#]),
            case("list<list<u16, 3>, 2>", ["[[1, 2, 3], [4, 5, 65535]]"]),
            case("list<list<string, 2>>", [r#"[]"#, r#"[["a", "b"], ["", "d"]]"#]),
            case("list<list<string>, 2>", [r#"[[], ["a", "b", "c"]]"#]),
            case("option<list<f64, 1>>", ["none", "some([-0])"]),
            case("result<list<u8, 3>, list<u64, 2>>", ["ok([1, 2, 3])", "err([4, 5])"]),
            case("list<tuple<u8, u32>, 3>", ["[(1, 2), (3, 4), (5, 6)]"]),
            case("list<u32, 40>", [list((0..40).map(|index| index.to_string()))]),
        ],
    );
}

#[test]
fn maps() {
    let many = list((0..300).map(|index| format!(r#"("key {index}", {index})"#)));
    let mut cases = vec![
        case("map<string, u32>", ["[]".into(), r#"[("", 0)]"#.into(), r#"[("b", 1), ("a", 2)]"#.into(), many]),
        case("map<u32, list<string>>", ["[]", r#"[(4294967295, []), (0, ["", "a"])]"#]),
        case("map<u64, map<string, u8>>", [r#"[(1, []), (2, [("a", 1), ("b", 2)])]"#]),
        case("map<u8, u64>", ["[(1, 18446744073709551615), (2, 3)]"]),
        case("map<string, option<tuple<string, u16>>>", [r#"[("a", none), ("b", some(("c", 1)))]"#]),
        case("list<map<bool, result<string>>>", [r#"[[], [(true, ok("a")), (false, err)]]"#]),
        case("option<map<char, f32>>", ["none", "some([])", "some([('a', nan), ('b', -0)])"]),
        case("map<string, list<u8, 2>>", [r#"[("a", [1, 2]), ("b", [3, 4])]"#]),
    ];
    // Everything that may be a key.
    for (ty, texts) in primitives().into_iter().filter(|(ty, _)| !matches!(*ty, "f32" | "f64")) {
        let entries = texts.iter().enumerate().map(|(index, text)| format!("({text}, {index})"));
        cases.push(case(format!("map<{ty}, u16>"), [list(entries)]));
    }
    echoed(&[], &cases);
}

#[test]
fn options_and_results() {
    echoed(
        &[],
        &[
            case("option<u8>", ["none", "some(0)", "some(255)"]),
            case("option<option<u64>>", ["none", "some(none)", "some(some(1))"]),
            case(
                "option<option<option<string>>>",
                ["none", "some(none)", "some(some(none))", r#"some(some(some("")))"#],
            ),
            case("result<u32, string>", ["ok(1)", r#"err("no")"#]),
            case("result<_, string>", ["ok", r#"err("")"#]),
            case("result<f64>", ["ok(-0)", "err"]),
            case("result", ["ok", "err"]),
            case("result<u8, u64>", ["ok(1)", "err(18446744073709551615)"]),
            case("result<result<u8, string>, result>", ["ok(ok(1))", r#"ok(err("a"))"#, "err(ok)", "err(err)"]),
            case(
                "option<result<option<u16>, string>>",
                ["none", "some(ok(none))", "some(ok(some(7)))", r#"some(err("e"))"#],
            ),
        ],
    );
}

#[test]
fn tuples_records_and_variants() {
    let definitions = definitions(&[
        ("record", "padded", "a: u8, b: u64, c: u8, d: u16, e: bool, f: f32, g: char, h: string, i: s8"),
        ("record", "nested", "a: bool, inner: padded, b: bool, more: list<padded>"),
        ("record", "one", "only: u8"),
        ("record", "%type", "%from: string, %record: u8, %true: bool, %inf: f32"),
        (
            "variant",
            "choice",
            "nothing, byte(u8), wide(u64), text(string), three(tuple<u8, f64, string>), real(f32), again(u8)",
        ),
        ("variant", "words", "%none, %some(u8), %ok, %err(string), %true"),
        ("variant", "only", "it(u16)"),
        ("variant", "tree", "leaf(padded), twig(list<choice>), branch(option<choice>)"),
    ]);
    let padded =
        r#"{a: 255, b: 18446744073709551615, c: 1, d: 65535, e: true, f: -inf, g: '\u{10ffff}', h: "żółw", i: -128}"#;
    echoed(
        &definitions,
        &[
            case("tuple<u8>", ["(255)"]),
            case("tuple<u8, u64, u8, string, u16>", [r#"(1, 2, 3, "four", 5)"#]),
            case("tuple<tuple<u8, tuple<u16, u8>>, u32>", ["((1, (2, 3)), 4)"]),
            case("padded", [padded]),
            case(
                "nested",
                [
                    format!("{{a: true, inner: {padded}, b: false, more: []}}"),
                    format!("{{a: true, inner: {padded}, b: false, more: [{padded}, {padded}]}}"),
                ],
            ),
            case("one", ["{only: 0}"]),
            case("%type", [r#"{%from: "a", %record: 1, %true: true, %inf: inf}"#]),
            case(
                "choice",
                [
                    "nothing",
                    "byte(255)",
                    "wide(18446744073709551615)",
                    r#"text("")"#,
                    r#"three((1, -0, "three"))"#,
                    "real(nan)",
                    "again(0)",
                ],
            ),
            case("words", ["%none", "%some(1)", "%ok", r#"%err("e")"#, "%true"]),
            case("only", ["it(65535)"]),
            case(
                "tree",
                [
                    format!("leaf({padded})"),
                    "twig([])".into(),
                    r#"twig([nothing, text("a"), wide(1)])"#.into(),
                    "branch(none)".into(),
                    "branch(some(real(1.5)))".into(),
                ],
            ),
        ],
    );
}

/// `c000`, `c001` and so on. Their order is also that of the alphabet, in which WAVE text gives flags.
fn names(count: usize) -> Vec<String> {
    (0..count).map(name).collect()
}

fn name(index: usize) -> String {
    format!("c{index:03}")
}

#[test]
fn enums_and_flags() {
    let mut definitions = definitions(&[
        ("enum", "words", "%true, %none, %ok, plain"),
        ("flags", "word-flags", "%inf, %none, plain, %true"),
    ]);
    let mut cases = vec![
        case("words", ["%true", "%none", "%ok", "plain"]),
        case("word-flags", ["{}", "{%true}", "{%none, plain}", "{%inf, %none, plain, %true}"]),
    ];
    for count in [1, 3, 256, 257, 300] {
        let (ty, all) = (format!("enum{count}"), names(count));
        definitions.push((ty.clone(), format!("enum {ty} {{ {} }}", all.join(", "))));
        let mut seen = BTreeSet::from([0, count / 2, count - 1]);
        seen.extend([255, 256].into_iter().filter(|index| *index < count));
        cases.push(case(ty, seen.into_iter().map(|index| all[index].clone())));
    }
    for count in [1, 7, 8, 9, 15, 16, 17, 31, 32] {
        let (ty, all) = (format!("bits{count}"), names(count));
        definitions.push((ty.clone(), format!("flags {ty} {{ {} }}", all.join(", "))));
        let every_other: Vec<String> = all.iter().step_by(2).cloned().collect();
        let sets = [&[][..], &all[..1], &all[count - 1..], &every_other, &all];
        cases.push(case(&ty, sets.map(|set| format!("{{{}}}", set.join(", ")))));
        cases.push(case(format!("list<{ty}>"), [format!("[{{}}, {{{}}}, {{c000}}]", all.join(", "))]));
    }
    echoed(&definitions, &cases);
}

#[test]
fn wide_and_deep_values() {
    let field = |index: usize| format!("c{index}: {}", ["u8", "u64", "string"][index % 3]);
    let wide: Vec<String> = (0..40).map(field).collect();
    let value =
        |index: usize| format!("c{index}: {}", if index % 3 == 2 { r#""é""#.into() } else { index.to_string() });
    let wide_value = format!("{{{}}}", (0..40).map(value).collect::<Vec<_>>().join(", "));
    let definitions = definitions(&[
        ("record", "wide", &wide.join(", ")),
        ("flags", "marks", "bold, code, italic"),
        ("enum", "level", "low, mid, high"),
        ("record", "leaf", "marks: marks, level: level, note: option<string>"),
        ("variant", "node", "empty, leaf(leaf), pair(tuple<leaf, list<u8, 2>>), more(map<string, list<leaf>>)"),
        ("record", "tree", "nodes: list<option<node>>, by-id: map<u32, result<node, level>>"),
    ]);
    let leaf = r#"{marks: {bold, code}, level: high, note: some("n")}"#;
    let bare = "{marks: {}, level: low, note: none}";
    let pair = format!("pair(({leaf}, [1, 2]))");
    let more = format!(r#"more([("a", []), ("b", [{leaf}, {bare}])])"#);
    let tree = format!(
        "{{nodes: [none, some(empty), some(leaf({bare})), some({pair}), some({more})], \
          by-id: [(1, ok({more})), (2, err(mid)), (4294967295, ok(empty))]}}"
    );
    echoed(
        &definitions,
        &[
            case("wide", [wide_value.clone()]),
            case("list<wide>", [list([wide_value.clone(), wide_value.clone()])]),
            case("result<wide, u8>", [format!("ok({wide_value})"), "err(1)".into()]),
            case("node", ["empty".into(), format!("leaf({leaf})"), pair, more]),
            case("tree", ["{nodes: [], by-id: []}".into(), tree.clone()]),
            case(
                "option<result<list<tuple<tree, wide>>, tree>>",
                [
                    "none".into(),
                    "some(ok([]))".into(),
                    format!("some(ok([({tree}, {wide_value}), ({tree}, {wide_value})]))"),
                    format!("some(err({tree}))"),
                ],
            ),
            case("list<list<list<list<list<string>>>>>", [r#"[[[[["a", ""], []], []], []], []]"#]),
            case("option<option<option<option<option<u8>>>>>", ["some(some(some(some(none))))", "some(none)"]),
            case(
                "tuple<list<option<result<tuple<u8, string>, list<u64, 2>>>>, bool>",
                [r#"([none, some(ok((1, "a"))), some(err([2, 3]))], true)"#],
            ),
        ],
    );
}

/// Values that are passed flat, as parameter and as result.
#[test]
fn flat_values() {
    let cores = [
        ("bool", "i32"),
        ("s8", "i32"),
        ("u8", "i32"),
        ("s16", "i32"),
        ("u16", "i32"),
        ("s32", "i32"),
        ("u32", "i32"),
        ("s64", "i64"),
        ("u64", "i64"),
        ("f32", "f32"),
        ("f64", "f64"),
        ("char", "i32"),
    ];
    let functions: String = cores.iter().map(|(ty, _)| format!("  f-{ty}: func(v: {ty}) -> {ty};\n")).collect();
    let (mut imports, mut relays, mut echoes) = (String::new(), String::new(), String::new());
    for (ty, core) in cores {
        let signature = format!("(param {core}) (result {core})");
        writeln!(imports, r#"(import "t:t/echo@1.0.0" "f-{ty}" (func ${ty} {signature}))"#).unwrap();
        let relay = format!(r#"(func (export "t:t/relay@1.0.0#f-{ty}") {signature} (call ${ty} (local.get 0)))"#);
        writeln!(relays, "{relay}").unwrap();
        writeln!(echoes, r#"(func (export "t:t/echo@1.0.0#f-{ty}") {signature} (local.get 0))"#).unwrap();
    }
    let interfaces = format!("interface echo {{\n{functions}}}\ninterface relay {{\n{functions}}}\n");
    let worlds = "world provider { export echo; }\nworld consumer { import echo; export relay; }";
    let app = Folder::new(&(interfaces + worlds))
        .plugin("provider", "[exports]\n't:t/echo' = {}", &core_module("", 0, &echoes))
        .plugin(
            "consumer",
            "[exports]\n't:t/relay' = {}\n[imports]\n't:t/echo' = 'exactly-one'",
            &core_module(&imports, 0, &relays),
        )
        .start();
    for (ty, texts) in primitives().into_iter().filter(|(ty, _)| *ty != "string") {
        for text in texts {
            let call = format!("t:t/relay#f-{ty}({text})");
            let call = WaveCall::parse(&call).unwrap();
            let arguments = call.arguments(app.callables(call.target()).unwrap()[0].ty).unwrap();
            assert_eq!(app.call_wave(None, &call).unwrap().as_ref(), arguments.first(), "{ty} {text}");
        }
    }
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        // The lower bits are the worse ones.
        ((self.next() >> 32) as usize) % bound
    }

    fn is_one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    /// Often an edge.
    fn bits(&mut self) -> u64 {
        match self.below(6) {
            0 => 0,
            1 => u64::MAX,
            2 => 1 << 63 | 1 << 31 | 1 << 15 | 1 << 7,
            _ => self.next(),
        }
    }
}

/// A random type. Those that WIT must name are their place among the definitions first.
#[derive(Clone)]
enum Ty {
    Primitive(&'static str),
    List(Box<Ty>),
    FixedLengthList(Box<Ty>, usize),
    Map(&'static str, Box<Ty>),
    Option(Box<Ty>),
    Result(Option<Box<Ty>>, Option<Box<Ty>>),
    Tuple(Vec<Ty>),
    Record(usize, Vec<Ty>),
    Variant(usize, Vec<Option<Ty>>),
    Enum(usize, usize),
    Flags(usize, usize),
}

const PRIMITIVES: [&str; 13] =
    ["string", "bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "char", "f32", "f64"];
/// As many of the primitive types may be keys of a map.
const KEYS: usize = 11;

/// Makes random types and collects the definitions that they need.
struct Types<'a> {
    random: &'a mut Random,
    definitions: Vec<(String, String)>,
}

impl Types<'_> {
    fn ty(&mut self, depth: usize) -> Ty {
        if depth == 0 {
            return Ty::Primitive(PRIMITIVES[self.random.below(PRIMITIVES.len())]);
        }
        match self.random.below(12) {
            0 => self.ty(0),
            1 | 2 => Ty::List(self.boxed(depth)),
            3 => Ty::FixedLengthList(self.boxed(depth), 1 + self.random.below(3)),
            4 => Ty::Map(PRIMITIVES[self.random.below(KEYS)], self.boxed(depth)),
            5 => Ty::Option(self.boxed(depth)),
            6 => Ty::Result(self.maybe(depth).map(Box::new), self.maybe(depth).map(Box::new)),
            7 => Ty::Tuple(self.several(depth)),
            8 => self.record(depth),
            9 => self.variant(depth),
            10 => {
                let count = [1, 2, 3, 255, 256, 257][self.random.below(6)];
                Ty::Enum(self.define("enum", names(count)), count)
            }
            _ => {
                let count = 1 + self.random.below(32);
                Ty::Flags(self.define("flags", names(count)), count)
            }
        }
    }

    fn boxed(&mut self, depth: usize) -> Box<Ty> {
        Box::new(self.ty(depth - 1))
    }

    fn maybe(&mut self, depth: usize) -> Option<Ty> {
        (!self.random.is_one_in(3)).then(|| self.ty(depth - 1))
    }

    fn several(&mut self, depth: usize) -> Vec<Ty> {
        (0..=self.random.below(4)).map(|_| self.ty(depth - 1)).collect()
    }

    fn record(&mut self, depth: usize) -> Ty {
        let fields = self.several(depth);
        let written = fields.iter().enumerate().map(|(index, ty)| format!("{}: {}", name(index), ty.wit()));
        Ty::Record(self.define("record", written.collect()), fields)
    }

    fn variant(&mut self, depth: usize) -> Ty {
        let cases: Vec<Option<Ty>> = (0..=self.random.below(4)).map(|_| self.maybe(depth)).collect();
        let written = cases.iter().enumerate().map(|(index, ty)| match ty {
            Some(ty) => format!("{}({})", name(index), ty.wit()),
            None => name(index),
        });
        Ty::Variant(self.define("variant", written.collect()), cases)
    }

    fn define(&mut self, kind: &str, members: Vec<String>) -> usize {
        let index = self.definitions.len();
        self.definitions.push((format!("t{index}"), format!("{kind} t{index} {{ {} }}", members.join(", "))));
        index
    }
}

impl Ty {
    fn wit(&self) -> String {
        match self {
            Self::Primitive(name) => (*name).to_owned(),
            Self::List(ty) => format!("list<{}>", ty.wit()),
            Self::FixedLengthList(ty, length) => format!("list<{}, {length}>", ty.wit()),
            Self::Map(key, ty) => format!("map<{key}, {}>", ty.wit()),
            Self::Option(ty) => format!("option<{}>", ty.wit()),
            Self::Result(None, None) => "result".to_owned(),
            Self::Result(Some(ok), None) => format!("result<{}>", ok.wit()),
            Self::Result(None, Some(err)) => format!("result<_, {}>", err.wit()),
            Self::Result(Some(ok), Some(err)) => format!("result<{}, {}>", ok.wit(), err.wit()),
            Self::Tuple(types) => format!("tuple<{}>", types.iter().map(Self::wit).collect::<Vec<_>>().join(", ")),
            Self::Record(name, _) | Self::Variant(name, _) | Self::Enum(name, _) | Self::Flags(name, _) => {
                format!("t{name}")
            }
        }
    }

    fn value(&self, random: &mut Random) -> Val {
        match self {
            Self::Primitive(name) => primitive(name, random),
            Self::List(ty) => Val::List((0..random.below(4)).map(|_| ty.value(random)).collect()),
            Self::FixedLengthList(ty, length) => Val::FixedLengthList((0..*length).map(|_| ty.value(random)).collect()),
            Self::Map(key, ty) => {
                let mut entries: Vec<(Val, Val)> = Vec::new();
                for _ in 0..random.below(4) {
                    let key = primitive(key, random);
                    if entries.iter().all(|(known, _)| *known != key) {
                        entries.push((key, ty.value(random)));
                    }
                }
                Val::Map(entries)
            }
            Self::Option(ty) => Val::Option((!random.is_one_in(3)).then(|| Box::new(ty.value(random)))),
            Self::Result(ok, err) => {
                let value =
                    |ty: &Option<Box<Self>>, random: &mut Random| ty.as_ref().map(|ty| Box::new(ty.value(random)));
                Val::Result(if random.is_one_in(2) { Ok(value(ok, random)) } else { Err(value(err, random)) })
            }
            Self::Tuple(types) => Val::Tuple(types.iter().map(|ty| ty.value(random)).collect()),
            Self::Record(_, types) => {
                let fields = types.iter().enumerate();
                Val::Record(fields.map(|(index, ty)| (name(index), ty.value(random))).collect())
            }
            Self::Variant(_, cases) => {
                let index = random.below(cases.len());
                Val::Variant(name(index), cases[index].as_ref().map(|ty| Box::new(ty.value(random))))
            }
            Self::Enum(_, count) => Val::Enum(name(random.below(*count))),
            Self::Flags(_, count) => {
                let bits = random.bits();
                Val::Flags((0..*count).filter(|index| bits >> index & 1 == 1).map(name).collect())
            }
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "some of the bits are what is wanted")]
fn primitive(name: &str, random: &mut Random) -> Val {
    let bits = random.bits();
    match name {
        "bool" => Val::Bool(bits & 1 == 1),
        "s8" => Val::S8(bits as i8),
        "u8" => Val::U8(bits as u8),
        "s16" => Val::S16(bits as i16),
        "u16" => Val::U16(bits as u16),
        "s32" => Val::S32(bits as i32),
        "u32" => Val::U32(bits as u32),
        "s64" => Val::S64(bits as i64),
        "u64" => Val::U64(bits),
        "f32" => Val::Float32(f32::from_bits(bits as u32)),
        "f64" => Val::Float64(f64::from_bits(bits)),
        "char" => Val::Char(random_char(random)),
        _ => Val::String((0..random.below(20)).map(|_| random_char(random)).collect()),
    }
}

fn random_char(random: &mut Random) -> char {
    let bound = [0x80, 0x800, 0x1_0000, 0x11_0000][random.below(4)];
    u32::try_from(random.below(bound)).ok().and_then(char::from_u32).unwrap_or('\u{d7ff}')
}

#[test]
fn random_values() {
    for seed in SEEDS {
        let mut random = Random(seed);
        let mut types = Types { random: &mut random, definitions: Vec::new() };
        let tys: Vec<Ty> = (0..200).map(|index| types.ty(1 + index % 4)).collect();
        let definitions = types.definitions;
        let case = |ty: &Ty| Case {
            ty: ty.wit(),
            values: (0..5).map(|_| arguments(ty.value(&mut random))).collect(),
            texts: Vec::new(),
        };
        let cases: Vec<Case> = tys.iter().map(case).collect();
        echoed(&definitions, &cases);
    }
}

/// Other numbers give other types and values.
const SEEDS: [u64; 3] = [0x5EED_0F00_D15C_0DE5, 0x0BAD_5EED, 1 << 63];
