//! Values of the primitive types.

use std::fmt::Write as _;

use plugweave::{Val, WaveCall};

use crate::echo::{Case, arguments, case, echoed, parse, start};
use crate::support::{Folder, core_module};

/// The primitive types, with edge values and others.
pub fn primitives() -> Vec<(&'static str, Vec<String>)> {
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
