//! Things of one's own and of others.

use crate::graph::{Sight, View};
use crate::layout::interface;

/// The imports of a view. All functions of things are `$NAME-VIEW`.
pub fn import_things(index: usize, view: View) -> String {
    let (name, thing) = (interface('t', view.ty), format!("thing{}", view.ty));
    match view.sight {
        Sight::Native => format!(
            r#"(import "[export]{name}" "[resource-new]{thing}" (func $new (param i32) (result i32)))
(import "[export]{name}" "[resource-rep]{thing}" (func $rep (param i32) (result i32)))
(import "[export]{name}" "[resource-drop]{thing}" (func $drop-{index} (param i32)))
"#
        ),
        Sight::Opaque => {
            format!("(import \"{name}\" \"[resource-drop]{thing}\" (func $drop-{index} (param i32)))\n")
        }
        Sight::Alien(_) => format!(
            r#"(import "{name}" "[resource-drop]{thing}" (func $drop-{index} (param i32)))
(import "{name}" "[constructor]{thing}" (func $make-{index} (param i32) (result i32)))
(import "{name}" "[method]{thing}.value" (func $value-{index} (param i32) (result i32)))
(import "{name}" "[method]{thing}.bump" (func $bump-{index} (param i32) (result i32)))
(import "{name}" "many" (func $many-import-{index} (param i32 i32 i32)))
(import "{name}" "same" (func $same-{index} (param i32 i32) (result i32)))
(import "{name}" "sum" (func $sum-{index} (param i32 i32) (result i32)))
(import "{name}" "finish" (func $finish-{index} (param i32) (result i32)))
"#
        ),
    }
}

/// Things of one's own, and the interface that offers them.
pub fn native(index: usize, ty: usize) -> String {
    let (name, thing) = (interface('t', ty), format!("thing{ty}"));
    let value = |handle: &str| format!("(i32.load (call $rep {handle}))");
    let sum_of = |name: &str, element: &str| {
        format!(
            r#"(func {name} (param $at i32) (param $count i32) (result i32)
  (local $sum i32)
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $count)))
    (local.set $sum (i32.add (local.get $sum) (i32.load {element})))
    (local.set $at (i32.add (local.get $at) (i32.const 4)))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br $more)))
  (local.get $sum))
"#
        )
    };
    let sums = sum_of("$sum-reps", "(i32.load (local.get $at))")
        + &sum_of(&format!("$sum-{index}"), "(call $rep (i32.load (local.get $at)))");
    let (a, b) = (value("(local.get 0)"), value("(local.get 1)"));
    format!(
        r#"{sums}
(func $make-{index} (param $n i32) (result i32)
  (local $at i32)
  (local.set $at (global.get $free))
  (if (local.get $at)
    (then (global.set $free (i32.load offset=4 (local.get $at))))
    (else
      (local.set $at (global.get $next))
      (global.set $next (i32.add (local.get $at) (i32.const 8)))
      (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
        (then (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))))))
  (i32.store (local.get $at) (local.get $n))
  (i32.store offset=4 (local.get $at) (i32.const 0))
  (global.set $live (i32.add (global.get $live) (i32.const 1)))
  (call $new (local.get $at)))
(func (export "{name}#[dtor]{thing}") (param $at i32)
  (local $slot i32)
  (local.set $slot (i32.load offset=4 (local.get $at)))
  (global.set $live (i32.sub (global.get $live) (i32.const 1)))
  (i32.store (local.get $at) (i32.const 0xDEAD))
  (i32.store offset=4 (local.get $at) (global.get $free))
  (global.set $free (local.get $at))
  (if (local.get $slot) (then (call $clear (i32.sub (local.get $slot) (i32.const 1))))))
(func $bump-rep (param i32) (result i32)
  (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1)))
  (i32.load (local.get 0)))
(func $value-{index} (param i32) (result i32) {a})
(func $bump-{index} (param i32) (result i32) (call $bump-rep (call $rep (local.get 0))))
(func $same-{index} (param i32 i32) (result i32) (i32.add {a} (i32.mul {b} (i32.const 3))))
(func $finish-{index} (param i32) (result i32)
  {a}
  (call $drop-{index} (local.get 0)))
(func $many-{index} (param $first i32) (param $count i32) (result i32)
  (local $list i32) (local $n i32)
  (local.set $list (call $alloc (i32.mul (local.get $count) (i32.const 4))))
  (block $done (loop $more
    (br_if $done (i32.eq (local.get $n) (local.get $count)))
    (i32.store (i32.add (local.get $list) (i32.mul (local.get $n) (i32.const 4)))
      (call $make-{index} (i32.add (local.get $first) (i32.mul (local.get $n) (i32.const 256)))))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br $more)))
  (call $pair (local.get $list) (local.get $count)))
(func (export "{name}#[constructor]{thing}") (param i32) (result i32) (call $make-{index} (local.get 0)))
(func (export "{name}#[method]{thing}.value") (param i32) (result i32) (i32.load (local.get 0)))
(func (export "{name}#[method]{thing}.bump") (param i32) (result i32) (call $bump-rep (local.get 0)))
(func (export "{name}#many") (param i32 i32) (result i32) (call $many-{index} (local.get 0) (local.get 1)))
(func (export "{name}#same") (param i32 i32) (result i32)
  (i32.add (i32.load (local.get 0)) (i32.mul (i32.load (local.get 1)) (i32.const 3))))
(func (export "{name}#sum") (param i32 i32) (result i32) (call $sum-reps (local.get 0) (local.get 1)))
(func (export "{name}#finish") (param i32) (result i32) (call $finish-{index} (local.get 0)))
"#
    )
}
