//! The plugins: core modules that read scripts.

mod text;

use std::fmt::Write;

use super::outcome::{FNV, FNV_PRIME, MIX, fnv};
use super::script::{ASKS, DEEP, GARBAGE};
use super::topology::{Count, Node, Shape, Slot, Told};
pub use text::DEPOT;
use text::{COMMON, IMPORTS, RUN, WASI};

/// Most things that a node keeps beyond its calls.
pub const MOST_KEPT: u32 = 32;

/// How many frames a node puts upon its stack before it calls where most of it is to be used up.
const LEVELS: u32 = 2800;

/// The value of things that end the depot when it is asked for it.
pub const POISON: usize = 70;

/// The value of things that the depot does not count.
pub const UNCOUNTED: u32 = 99;

/// The interface of an import.
pub fn slot_interface(node: usize, slot: usize) -> String {
    format!("c:c/n{node}s{slot}@1.0.0")
}

/// A node.
pub fn module(number: usize, node: &Node) -> String {
    let mut text = "(module\n".to_owned() + IMPORTS;
    for (index, slot) in node.slots.iter().enumerate() {
        text += &imports(number, index, slot);
    }
    if node.wasi {
        text += WASI;
    }
    let (id, letter, mark) = (format!("p{number}"), 65 + number, number % 3);
    let _ = writeln!(text, "(data (i32.const 16) \"{id}\")\n(data (i32.const 32) \"\\ff\\fe\\fd\\fc\")");
    text += &COMMON
        .replace("FNV_PRIME", &FNV_PRIME.to_string())
        .replace("FNV", &FNV.to_string())
        .replace("MIX", &MIX.to_string())
        .replace("RING", &fnv("ring").to_string());
    if !node.wasi {
        text += "(func $exit (param i32) unreachable)\n(func $sleep unreachable)\n";
    }
    let mut calls = String::new();
    for (index, slot) in node.slots.iter().enumerate() {
        text += &slot_function(index, slot);
        let _ = writeln!(
            calls,
            "(if (i32.eq (local.get $slot) (i32.const {index})) (then (return (call $slot-{index}
  (local.get $at) (local.get $length) (local.get $thing) (local.get $how) (local.get $hash)))))"
        );
    }
    let _ = writeln!(
        text,
        "(func $call (param $slot i32) (param $at i32) (param $length i32) (param $thing i32) (param $how i32)
  (param $hash i32) (result i32)
{calls} (local.get $hash))
(func $takes (param $slot i32) (result i32) {})",
        takes(node)
    );
    text += &follow(node);
    text += &RUN
        .replace("NUMBER", &number.to_string())
        .replace("LEVELS", &LEVELS.to_string())
        .replace("SLOTS", &node.slots.len().to_string())
        .replace("LETTER", &letter.to_string())
        .replace("MARK", &mark.to_string())
        .replace("MOST_KEPT", &MOST_KEPT.to_string())
        .replace("DEEP", &DEEP.to_string())
        .replace("ASKS", &ASKS.to_string())
        .replace("UNCOUNTED", &UNCOUNTED.to_string());
    assert_eq!(GARBAGE, 8, "the kinds of garbage above");
    text + ")"
}

fn takes(node: &Node) -> String {
    let cases = node.slots.iter().enumerate().filter(|(_, slot)| slot.shape.takes());
    let cases: String = cases
        .map(|(index, _)| {
            format!("(if (i32.eq (local.get $slot) (i32.const {index})) (then (return (i32.const 1))))\n")
        })
        .collect();
    cases + "(i32.const 0)"
}

fn imports(node: usize, index: usize, slot: &Slot) -> String {
    let name = slot_interface(node, index);
    let given = if slot.shape.takes() {
        format!("(import \"{name}\" \"given\" (func $given-{index} (param i32 i32 i32 i32)))\n")
    } else {
        String::new()
    };
    let poke = if slot.shape.is_plain() {
        format!("(import \"{name}\" \"poke\" (func $poke-{index} (param i32) (result i32)))\n")
    } else {
        String::new()
    };
    format!(
        "(import \"{name}\" \"act\" (func $act-{index} (param i32 i32 i32)))
(import \"{name}\" \"lent\" (func $lent-{index} (param i32 i32 i32 i32)))
{given}{poke}"
    )
}

/// Going on along a path.
fn follow(node: &Node) -> String {
    let plain = node.slots.iter().enumerate().filter(|(_, slot)| slot.shape.is_plain());
    let cases: String = plain
        .map(|(index, _)| {
            format!(
                "(if (i32.eq (local.get $slot) (i32.const {})) (then
  (return (call $poke-{index} (i32.shr_u (local.get $path) (i32.const 3))))))\n",
                index + 1
            )
        })
        .collect();
    format!(
        "(func $follow (param $path i32) (result i32)
  (local $slot i32)
  (local.set $slot (i32.and (local.get $path) (i32.const 7)))
  {cases} (i32.const 1))\n"
    )
}

/// How many bytes an answer of one provider takes.
fn size(shape: Shape) -> u32 {
    24 + if shape.told == Told::Never { 0 } else { 4 } + if shape.named { 8 } else { 0 }
}

fn slot_function(index: usize, slot: &Slot) -> String {
    let Slot { shape, providers, .. } = slot;
    let flags = u32::from(shape.named)
        + if shape.told == Told::Never { 0 } else { 2 }
        + if shape.told == Told::Record { 4 } else { 0 };
    let given = if shape.takes() {
        format!("(call $given-{index} (local.get $at) (local.get $length) (local.get $thing) (local.get $reply))")
    } else {
        "unreachable".to_owned()
    };
    let read = match shape.count {
        Count::One => format!("(call $element (local.get $hash) (local.get $reply) (i32.const {flags}))"),
        Count::Option => format!(
            "(local.set $hash (call $mix (local.get $hash) (i32.add (i32.const 10) (i32.load8_u (local.get $reply)))))
  (if (result i32) (i32.load8_u (local.get $reply))
    (then (call $element (local.get $hash) (i32.add (local.get $reply) (i32.const 4)) (i32.const {flags})))
    (else (global.set $doubt (i32.const 1)) (local.get $hash)))"
        ),
        Count::List | Count::Map => format!(
            "(call $elements (local.get $hash) (i32.load (local.get $reply)) (i32.load offset=4 (local.get $reply))
    (i32.const {flags}) (i32.const {}) (i32.const {}))",
            size(*shape),
            providers.len()
        ),
    };
    format!(
        "(func $slot-{index} (param $at i32) (param $length i32) (param $thing i32) (param $how i32) (param $hash i32)
  (result i32)
  (local $reply i32)
  (local.set $reply (call $alloc (i32.const 64)))
  (if (i32.eqz (local.get $how))
    (then (call $act-{index} (local.get $at) (local.get $length) (local.get $reply)))
    (else (if (i32.eq (local.get $how) (i32.const 1))
      (then (call $lent-{index} (local.get $at) (local.get $length) (local.get $thing) (local.get $reply)))
      (else {given}))))
  (global.set $doubt (i32.const 0))
  {read})
"
    )
}
