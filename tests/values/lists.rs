//! Strings, lists and maps.

use crate::echo::{Case, case, echoed};
use crate::primitives::primitives;
use crate::text::list;

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
