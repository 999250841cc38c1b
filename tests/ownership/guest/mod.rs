//! The core module of a plugin.
//!
//! Memory: a slot of 8 bytes for each handle that it keeps (the number of its view plus one, the handle);
//! from 1024 a heap that begins again when it is full; from 65536 the things (the value, and the slot plus
//! one that ends with it).

mod control;
mod passing;
mod things;

use std::fmt::Write;

use control::control;
pub use control::controls;
use passing::{alien, fanned, kept, linked};
use things::{import_things, native};

use super::graph::{Failing, Fan, Graph, SLOTS, Sight};
use super::layout::interface;

/// What is returned for a failure that has become a value: this, plus the length of its code.
pub const FAILED: u32 = 0xE000_0000;

/// What is seen of a thing by one who knows nothing of it.
pub const UNSEEN: u32 = 0xB000_0000;

/// The step of a path that ends with a trap.
pub const TRAP: u32 = 15;

/// The interface through which several are asked at once.
pub fn fan_kind(fan: &Fan) -> char {
    if fan.failing == Failing::Told { 'x' } else { 'y' }
}

pub fn module(graph: &Graph, number: usize) -> String {
    let plugin = &graph.plugins[number];
    let mut imports = String::new();
    let mut functions = COMMON.replace("SLOTS", &SLOTS.to_string());
    let mut clears = String::new();
    for (index, view) in plugin.views.iter().enumerate() {
        imports += &import_things(index, *view);
        functions += &match view.sight {
            Sight::Native => native(index, view.ty),
            Sight::Alien(_) | Sight::Opaque => alien(graph, number, index, *view),
        };
        for link in graph.links(number, *view) {
            let (more_imports, wrappers) = linked(index, view.ty, link);
            imports += &more_imports;
            functions += &wrappers;
        }
        functions += &control(graph, number, index, *view);
        if let Some(fan) = &plugin.fans[index] {
            let (more_imports, asking) = fanned(number, index, view.ty, fan);
            imports += &more_imports;
            functions += &asking;
        }
        let _ = write!(
            clears,
            "(if (i32.eq (local.get $tag) (i32.const {})) (then (call $drop-{index} (local.get $handle))))",
            index + 1
        );
    }
    for (index, view) in graph.kept(number) {
        functions += &kept(number, index, view);
    }
    let control = interface('c', number);
    let linger = graph.linger;
    format!(
        r#"(module
{imports}
(memory (export "memory") 2)
(global $heap (mut i32) (i32.const 1024))
(global $live (mut i32) (i32.const 0))
(global $failed (mut i32) (i32.const 0))
(global $next (mut i32) (i32.const 65536))
(global $free (mut i32) (i32.const 0))
{functions}
;; Empties a slot, first in the table, then for real: what comes of that may look at it.
(func $clear (param $slot i32)
  (local $tag i32) (local $handle i32)
  (local.set $tag (i32.load (i32.mul (local.get $slot) (i32.const 8))))
  (local.set $handle (i32.load offset=4 (i32.mul (local.get $slot) (i32.const 8))))
  (i32.store (i32.mul (local.get $slot) (i32.const 8)) (i32.const 0))
  {clears})
(func (export "{control}#drop") (param i32) (result i32) (call $clear (local.get 0)) (i32.const 1))
(func $linger
  (local $left i32)
  (local.set $left (i32.const {linger}))
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $left)))
    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
    (br $more))))
(func (export "{control}#peek") (param i32) (result i32) (i32.load (i32.mul (local.get 0) (i32.const 8))))
(func (export "{control}#trap") (result i32) unreachable)
(func (export "{control}#live") (result i32) (global.get $live)))
"#
    )
}

const COMMON: &str = r#"
(func $alloc (param $size i32) (result i32)
  (local $at i32)
  (local.set $size (i32.and (i32.add (local.get $size) (i32.const 7)) (i32.const -8)))
  (if (i32.gt_u (i32.add (global.get $heap) (local.get $size)) (i32.const 65536))
    (then (global.set $heap (i32.const 1024))))
  (local.set $at (global.get $heap))
  (global.set $heap (i32.add (local.get $at) (local.get $size)))
  (local.get $at))
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (call $alloc (local.get 3)))
(func $set (param $slot i32) (param $tag i32) (param $handle i32)
  (if (i32.ge_u (local.get $slot) (i32.const SLOTS)) (then unreachable))
  (call $clear (local.get $slot))
  (i32.store (i32.mul (local.get $slot) (i32.const 8)) (local.get $tag))
  (i32.store offset=4 (i32.mul (local.get $slot) (i32.const 8)) (local.get $handle)))
(func $need (param $slot i32) (param $tag i32) (result i32)
  (if (i32.ge_u (local.get $slot) (i32.const SLOTS)) (then unreachable))
  (if (i32.ne (i32.load (i32.mul (local.get $slot) (i32.const 8))) (local.get $tag)) (then unreachable))
  (i32.load offset=4 (i32.mul (local.get $slot) (i32.const 8))))
(func $take (param $slot i32) (param $tag i32) (result i32)
  (local $handle i32)
  (local.set $handle (call $need (local.get $slot) (local.get $tag)))
  (i32.store (i32.mul (local.get $slot) (i32.const 8)) (i32.const 0))
  (local.get $handle))
;; Handles of slots as a list; `$take` empties them.
(func $list (param $slot i32) (param $count i32) (param $tag i32) (param $take i32) (result i32)
  (local $list i32) (local $at i32)
  (local.set $list (call $alloc (i32.mul (local.get $count) (i32.const 4))))
  (local.set $at (local.get $list))
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $count)))
    (i32.store (local.get $at)
      (if (result i32) (local.get $take)
        (then (call $take (local.get $slot) (local.get $tag)))
        (else (call $need (local.get $slot) (local.get $tag)))))
    (local.set $at (i32.add (local.get $at) (i32.const 4)))
    (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br $more)))
  (local.get $list))
(func $set-all (param $slot i32) (param $tag i32) (param $at i32) (param $count i32)
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $count)))
    (call $set (local.get $slot) (local.get $tag) (i32.load (local.get $at)))
    (local.set $at (i32.add (local.get $at) (i32.const 4)))
    (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br $more))))
(func $pair (param $a i32) (param $b i32) (result i32)
  (local $at i32)
  (local.set $at (call $alloc (i32.const 8)))
  (i32.store (local.get $at) (local.get $a))
  (i32.store offset=4 (local.get $at) (local.get $b))
  (local.get $at))
"#;
