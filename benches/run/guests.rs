//! The plugins that the benches run, in text form.
//!
//! Each is written as the body of a component, so that it can be a plugin of its own and also a part
//! of a component that is composed by hand.

use std::fmt::Write as _;

/// What a function passes: the type as text, and how many core values an argument is.
const PASSED: [(&str, &str, usize); 4] =
    [("number", "u32", 1), ("text", "string", 2), ("bytes", "(list u8)", 2), ("entries", "(list $entry)", 2)];

const ENTRY: &str = r#"(record (field "x" float32) (field "y" float32) (field "id" u32) (field "name" string))"#;

/// The component with this body.
pub fn component(body: &str) -> Vec<u8> {
    let text = format!("(component {body})");
    plugweave::world::componentize(text.as_bytes(), None, None).unwrap().into_owned()
}

/// Memory with an allocator that begins anew after each call.
fn heap(pages: u32) -> String {
    format!(
        r#"(core module $heap
          (memory (export "memory") {pages})
          (global $top (mut i32) (i32.const 64))
          (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $top) (i32.const 15)) (i32.const -16)))
            (global.set $top (i32.add (local.get $at) (local.get 3)))
            (local.get $at))
          (func (export "reset") (param i32) (global.set $top (i32.const 64))))
        (core instance $heap (instantiate $heap))"#
    )
}

const OPTIONS: &str = r#"(memory $heap "memory") (realloc (func $heap "realloc"))"#;

/// An exported function of the core module `$code`.
fn lift(name: &str, signature: &str, options: &str) -> String {
    format!("(func ${name} {signature} (canon lift (core func $code \"{name}\") {options}))\n")
}

fn export(interface: &str, types: &str, names: &[&str]) -> String {
    let functions: String = names.iter().map(|name| format!("(export \"{name}\" (func ${name})) ")).collect();
    format!("(instance $own {types} {functions}) (export \"{interface}\" (instance $own))\n")
}

/// A plugin whose functions answer what they are given. With imports it asks the first of them, which
/// is of the same kind.
pub fn passing(pages: u32, imports: &[String], interface: &str) -> String {
    let mut body = String::new();
    for (index, import) in imports.iter().enumerate() {
        writeln!(
            body,
            "(import \"{import}\" (instance $from{index} (type $d {ENTRY}) (export \"entry\" (type $entry (eq $d)))"
        )
        .unwrap();
        for (name, ty, _) in PASSED {
            writeln!(body, "(export \"{name}\" (func (param \"value\" {ty}) (result {ty})))").unwrap();
        }
        body.push_str("))\n");
    }
    body += &heap(pages);
    body += &code(imports.len());
    writeln!(body, "(type $entry {ENTRY})").unwrap();
    for (name, ty, flat) in PASSED {
        let reset = if flat == 1 { "" } else { "(post-return (func $heap \"reset\"))" };
        body += &lift(name, &format!("(param \"value\" {ty}) (result {ty})"), &format!("{OPTIONS} {reset}"));
    }
    body + &export(interface, r#"(export "entry" (type $entry))"#, &PASSED.map(|(name, ..)| name))
}

/// The core module of [`passing`], with its imports lowered.
fn code(imports: usize) -> String {
    let (mut lowered, mut given, mut module) = (String::new(), String::new(), String::new());
    for index in 0..imports {
        for (name, _, flat) in PASSED {
            let signature = if flat == 1 { "(param i32) (result i32)" } else { "(param i32 i32 i32)" };
            writeln!(lowered, "(core func ${name}{index} (canon lower (func $from{index} \"{name}\") {OPTIONS}))")
                .unwrap();
            writeln!(given, "(export \"{name}{index}\" (func ${name}{index}))").unwrap();
            writeln!(module, "(import \"from\" \"{name}{index}\" (func ${name}{index} {signature}))").unwrap();
        }
    }
    module.push_str("(import \"heap\" \"memory\" (memory 1))\n");
    for (name, _, flat) in PASSED {
        let (signature, answer) = match (imports, flat) {
            (0, 1) => ("(param i32)", "(local.get 0)".to_owned()),
            (_, 1) => ("(param i32)", format!("(call ${name}0 (local.get 0))")),
            (0, _) => (
                "(param i32 i32)",
                "(i64.store (i32.const 0) (i64.or (i64.extend_i32_u (local.get 0))
                (i64.shl (i64.extend_i32_u (local.get 1)) (i64.const 32)))) (i32.const 0)"
                    .to_owned(),
            ),
            (_, _) => {
                ("(param i32 i32)", format!("(call ${name}0 (local.get 0) (local.get 1) (i32.const 0)) (i32.const 0)"))
            }
        };
        writeln!(module, "(func (export \"{name}\") {signature} (result i32) {answer})").unwrap();
    }
    format!(
        "{lowered} (core module $code {module})
        (core instance $code (instantiate $code (with \"heap\" (instance $heap)) (with \"from\" (instance {given}))))\n"
    )
}

/// One component of two: `bench:run/relay`, which asks `bench:run/echo` within it.
pub fn composed(pages: u32) -> Vec<u8> {
    component(&format!(
        r#"(component $echo {})
        (component $relay {})
        (instance $echo (instantiate $echo))
        (instance $relay (instantiate $relay (with "bench:run/echo" (instance $echo "bench:run/echo"))))
        (export "bench:run/relay" (instance $relay "bench:run/relay"))"#,
        echo(pages),
        relay(pages)
    ))
}

/// Answers what it is given.
pub fn echo(pages: u32) -> String {
    passing(pages, &[], "bench:run/echo")
}

/// Passes what it is given to `bench:run/echo`.
pub fn relay(pages: u32) -> String {
    passing(pages, &["bench:run/echo".to_owned()], "bench:run/relay")
}

/// One of several that `asker` asks at once.
pub fn rule() -> String {
    let code = r#"(core module $code
          (func (export "check") (param i32) (result i32) (local.get 0))
          (func (export "note") (param i32)))
        (core instance $code (instantiate $code))"#;
    let check = lift("check", r#"(param "value" u32) (result u32)"#, "");
    let note = lift("note", r#"(param "value" u32)"#, "");
    format!("{code} {check} {note} {}", export("bench:run/rule", "", &["check", "note"]))
}

/// Asks all rules: for the list of what they answer, for a list of results, for nothing.
pub fn asker() -> String {
    let ask = |name: &str, check: &str| {
        format!(
            "(func (export \"{name}\") (param i32) (result i32)
              (call $reset (i32.const 0)) (call {check} (local.get 0) (i32.const 0)) (i32.load (i32.const 4)))"
        )
    };
    let imports = r#"
        (import "bench:run/rules" (instance $rules
          (export "check" (func (param "value" u32) (result (list u32)))) (export "note" (func (param "value" u32)))))
        (import "bench:run/tried" (instance $tried
          (export "check" (func (param "value" u32) (result (list (result u32 (error string))))))))"#;
    let heap = heap(2);
    let code = format!(
        r#"(core func $check (canon lower (func $rules "check") {OPTIONS}))
        (core func $try (canon lower (func $tried "check") {OPTIONS}))
        (core func $note (canon lower (func $rules "note")))
        (core module $code
          (import "heap" "memory" (memory 1))
          (import "heap" "reset" (func $reset (param i32)))
          (import "from" "check" (func $check (param i32 i32)))
          (import "from" "try" (func $try (param i32 i32)))
          (import "from" "note" (func $note (param i32)))
          {} {}
          (func (export "nothing") (param i32) (call $note (local.get 0))))
        (core instance $code (instantiate $code (with "heap" (instance $heap)) (with "from" (instance
          (export "check" (func $check)) (export "try" (func $try)) (export "note" (func $note))))))"#,
        ask("list", "$check"),
        ask("results", "$try"),
    );
    let counted = r#"(param "value" u32) (result u32)"#;
    let functions = lift("list", counted, "") + &lift("results", counted, "");
    let nothing = lift("nothing", r#"(param "value" u32)"#, "");
    format!(
        "{imports} {heap} {code} {functions} {nothing} {}",
        export("bench:run/ask", "", &["list", "results", "nothing"])
    )
}

/// What a plugin has beside what its functions need.
#[derive(Clone, Copy)]
pub enum Equipment {
    /// Nothing, so that it has no memory either.
    Nothing,
    /// A memory.
    Memory,
    /// A memory, and imports of WASI.
    Wasi,
}

impl Equipment {
    fn body(self) -> String {
        let random = r#"(import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64)))))
            (import "wasi:cli/environment@0.2.0" (instance
                (export "get-environment" (func (result (list (tuple string string)))))))"#;
        match self {
            Self::Nothing => String::new(),
            Self::Memory => heap(2),
            Self::Wasi => format!("{random} {}", heap(2)),
        }
    }
}

/// Fails when it is told to.
pub fn faulty(equipment: Equipment) -> String {
    let code = r#"(core module $code
          (func (export "fail") unreachable)
          (func (export "fine") (result i32) (i32.const 1)))
        (core instance $code (instantiate $code))"#;
    let functions = lift("fail", "", "") + &lift("fine", "(result u32)", "");
    format!("{} {code} {functions} {}", equipment.body(), export("bench:run/faulty", "", &["fail", "fine"]))
}
