use std::borrow::Cow;

use wit_component::{StringEncoding, embed_component_metadata};

use super::*;

const WIT: &str = "package a:b@1.0.0;
    interface log { write: func(text: string); }
    interface words { count: func(text: string) -> u32; }
    world w { import log; export words; export run: func(); }";

const WORLD: [&str; 3] = [
    "import a:b/log@1.0.0 { write: func(text: string) }",
    "export a:b/words@1.0.0 { count: func(text: string) -> u32 }",
    "export func run { run: func() }",
];

fn shown(component: &[u8]) -> Vec<String> {
    show(&read_component(component).expect("a valid component"))
}

#[test]
fn a_core_module_is_made_a_component_by_the_wit_beside_it() {
    let source = wit(WIT);
    let text = stub_module(&source);
    let binary = wat::parse_str(&text).unwrap();
    for bytes in [text.as_bytes(), &binary] {
        let mut worlds = Vec::new();
        for world in [None, Some("w"), Some("a:b/w"), Some("a:b/w@1.0.0")] {
            worlds.push(shown(&componentize(bytes, Some(&source), world).unwrap()));
        }
        assert!(worlds.iter().all(|world| show_sorted(world) == show_sorted(&WORLD.map(str::to_owned))), "{worlds:?}");
        assert_eq!(componentize(bytes, None, None), Err(WorldError::CoreWithoutWorld));
    }
}

fn show_sorted(lines: &[String]) -> Vec<&String> {
    let mut lines: Vec<_> = lines.iter().collect();
    lines.sort();
    lines
}

#[test]
fn embedded_wit_goes_before_the_wit_beside_it() {
    let source = wit(WIT);
    let (resolve, package) = wit::parse(&source).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = wat::parse_str(stub_module(&source)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let unrelated = wit("package x:y; world z { import f: func(); }");
    for beside in [None, Some(&unrelated)] {
        let component = componentize(&module, beside, Some("z")).unwrap();
        assert_eq!(show_sorted(&shown(&component)), show_sorted(&WORLD.map(str::to_owned)));
    }
}

#[test]
fn components_pass_through() {
    let text = r#"(component (import "f" (func)))"#;
    let binary = wat::parse_str(text).unwrap();
    let nonsense = wit("nonsense");
    assert!(matches!(componentize(&binary, Some(&nonsense), Some("x")), Ok(Cow::Borrowed(bytes)) if bytes == binary));
    assert_eq!(componentize(text.as_bytes(), Some(&nonsense), None).unwrap(), binary);
}

#[test]
fn what_is_not_webassembly_says_why() {
    let far = format!("(component{}(fnuc))", " ".repeat(2000)).into_bytes();
    let cases: &[(&[u8], &str)] = &[
        (b"\xff\x00\xfe", "neither a WebAssembly binary nor text"),
        (b";; hello\n(", "(line 2, column 2)"),
        (b"(component\n  (import \"f\" (fnuc)))", "(line 2, column 16)"),
        // Far behind on a line the parser tells the place in another way.
        (&far, "(line 1, column 2012)"),
        (b"(component (export \"f\" (func $nope)))", "unknown func"),
        (b"\0asm\x63\0\0\0", "known version"),
        (b"\0asm", "known version"),
        (b"\0as", "neither a WebAssembly binary nor text"),
    ];
    for (bytes, expected) in cases {
        match componentize(bytes, None, None) {
            Err(WorldError::NotWasm(message) | WorldError::BadText(message)) => {
                assert!(message.contains(expected) && !message.contains('\n'), "{message}");
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[test]
fn a_core_module_that_does_not_fit_says_why() {
    let componentize = |text: &str, wit_text: &str, world| {
        componentize(&wat::parse_str(text).unwrap(), Some(&wit(wit_text)), world).unwrap_err()
    };
    // The export is missing; the module is invalid; no such world; more than one; bad WIT.
    assert!(matches!(componentize("(module)", WIT, None), WorldError::Componentize(text) if text.contains("run")));
    assert!(matches!(componentize("(module (func i32.add drop))", WIT, None), WorldError::Invalid(_)));
    assert!(
        matches!(componentize("(module)", WIT, Some("v")), WorldError::NoWorld { problem, .. } if problem.contains('v'))
    );
    let two = "package a:b; world one {} world two {}";
    assert!(matches!(componentize("(module)", two, None), WorldError::NoWorld { found, .. } if found.len() == 2));
    assert!(matches!(componentize("(module)", "package", None), WorldError::Wit(_)));
}

/// What a core module without WIT imports and exports as a component.
fn of_command(text: &str) -> Vec<String> {
    shown(&componentize(text.as_bytes(), None, None).unwrap())
}

const RUN: &str = "export wasi:cli/run@0.2.12 { run: func() -> result }";

#[test]
fn a_command_needs_no_wit() {
    let world = of_command(r#"(module (memory (export "memory") 1) (func (export "_start")))"#);
    assert!(world.contains(&RUN.to_owned()), "{world:?}");
    // A memory of the newer scheme of names will do.
    of_command(r#"(module (memory (export "cm32p2_memory") 1) (func (export "_start")))"#);
    for not_a_command in ["(param i32)", "(result i32) i32.const 0"] {
        let text = format!(r#"(module (memory (export "memory") 1) (func (export "_start") {not_a_command}))"#);
        assert_eq!(componentize(text.as_bytes(), None, None), Err(WorldError::CoreWithoutWorld));
    }
    let text = r#"(module (memory (export "_start") 1))"#;
    assert_eq!(componentize(text.as_bytes(), None, None), Err(WorldError::CoreWithoutWorld));
}

#[test]
fn exit_codes_do_not_depend_on_other_imports() {
    let exit = r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))"#;
    let memory = r#"(memory (export "memory") 1)"#;
    let wanted = "import wasi:cli/exit@0.2.12 { exit-with-code: func(status-code: u8) }";
    // Once, twice, and beside functions that the adapter serves.
    let others = r#"(import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))"#;
    for imports in [exit.to_owned(), exit.repeat(2), format!("{others}{exit}"), format!("{exit}{others}")] {
        let world = of_command(&format!(r#"(module {imports} {memory} (func (export "_start")))"#));
        let exits: Vec<_> = world.iter().filter(|line| line.starts_with("import wasi:cli/exit")).collect();
        assert_eq!(exits, [wanted], "{imports}");
    }
    // Its own WIT may import the same interface, in the version of the adapter, a lower one or a higher.
    for (version, shared) in [("0.2.0", "0.2.12"), ("0.2.12", "0.2.12"), ("0.2.99", "0.2.99")] {
        let source = WitSource {
            main: vec![("a.wit".into(), format!("package a:b; world w {{ import wasi:cli/exit@{version}; }}"))],
            deps: vec![vec![(
                "cli.wit".into(),
                format!("package wasi:cli@{version}; interface exit {{ exit: func(status: result); }}"),
            )]],
        };
        let own = format!(r#"(import "wasi:cli/exit@{version}" "exit" (func (param i32)))"#);
        let text = format!("(module {own} {exit} {memory})");
        let world = shown(&componentize(text.as_bytes(), Some(&source), None).unwrap());
        let functions = "exit: func(status: result); exit-with-code: func(status-code: u8)";
        assert_eq!(world, [format!("import wasi:cli/exit@{shared} {{ {functions} }}")]);
    }
}
