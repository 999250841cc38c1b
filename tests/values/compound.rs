//! Values that are made of others.

use std::collections::BTreeSet;

use crate::echo::{case, definitions, echoed};
use crate::text::{list, names};

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
