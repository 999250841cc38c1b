//! The memory of plugins, and what all of them do with it: slots for `own` handles, lists of what they
//! lend and of what they were lent, cells for their own resources, and random numbers.

/// What `state` tells, and behind it the log of destructors.
pub const STATE: usize = 0x100;
/// How many words `state` has before the log.
pub const HEADER: usize = 20;
/// Where in it the number of own resources alive is, for each of two.
pub const LIVE: usize = 3;
/// Where in it the number of handles is that own resources hold.
pub const HELD: usize = 5;
/// Where in it the numbers of handles in slots are.
pub const KEPT: usize = 6;
pub const LENGTH: usize = HEADER - 1;
const MOST_LOGGED: usize = 8000;
const CELLS: usize = 0x10000;
const MOST_CELLS: usize = 8000;
const SLOTS: usize = 0x30000;
const MOST_SLOTS: usize = 200;
pub const BORROWED: usize = 0x34000;
const LENT: usize = 0x36000;
const HEAP: usize = 0x40000;
/// A handle that nobody has.
pub const BOGUS: usize = 0x7ff0;

/// What is the same in all plugins.
pub fn fixed() -> String {
    let length = STATE + 4 * LENGTH;
    let log = STATE + 4 * HEADER;
    let (lent_handle, borrowed_handle) = (LENT + 4, BORROWED + 4);
    let slot =
        "(i32.add (i32.const SLOTS) (i32.mul (local.get $slot) (i32.const 1024)))".replace("SLOTS", &SLOTS.to_string());
    format!(
        r#"  (global $heap (mut i32) (i32.const {HEAP}))
  (global $cells (mut i32) (i32.const {CELLS}))
  (global $borrowed (mut i32) (i32.const 0))
  (global $lent (mut i32) (i32.const 0))
  (func $alloc (param $size i32) (result i32)
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (local.get $size)))
    (if (i32.gt_u (global.get $heap) (i32.const 0x200000)) (then unreachable)))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (call $alloc (local.get 3)))
  (func $mix (param i32)
    (i32.store (i32.const {STATE})
      (i32.mul (i32.xor (i32.rotl (i32.load (i32.const {STATE})) (i32.const 5)) (local.get 0)) (i32.const
        0x9E3779B1))))
  (func $next (result i32)
    (global.set $random (i32.add (i32.mul (global.get $random) (i32.const 1664525)) (i32.const 1013904223)))
    (i32.shr_u (global.get $random) (i32.const 7)))
  (func $below (param i32) (result i32) (i32.rem_u (i32.shr_u (call $next) (i32.const 4)) (local.get 0)))
  (func $reseed (param i32)
    (call $mix (local.get 0))
    (global.set $random (i32.xor (i32.mul (global.get $random) (i32.const 31)) (local.get 0))))
  (func $count (param $at i32) (param $by i32) (i32.store (local.get $at) (i32.add (i32.load (local.get $at))
    (local.get $by))))
  (func $several (param i32)
    (block $done (loop $more
      (br_if $done (i32.eqz (local.get 0)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (call $operate)
      (br $more))))
  (func $log (param i32)
    (if (i32.ge_u (i32.load (i32.const {length})) (i32.const {MOST_LOGGED})) (then unreachable))
    (i32.store offset={log} (i32.mul (i32.const 4) (i32.load (i32.const {length}))) (local.get 0))
    (call $count (i32.const {length}) (i32.const 1)))
  (func $cell (result i32)
    (global.get $cells)
    (global.set $cells (i32.add (global.get $cells) (i32.const 16)))
    (if (i32.gt_u (global.get $cells) (i32.const {})) (then unreachable)))
  ;; Slots: how many handles, and then the handles.
  (func $kept (param $slot i32) (result i32) (i32.load {slot}))
  (func $keep (param $slot i32) (param $handle i32)
    (local $at i32)
    (local.set $at {slot})
    (if (i32.ge_u (i32.load (local.get $at)) (i32.const {MOST_SLOTS})) (then unreachable))
    (call $count (local.get $at) (i32.const 1))
    (i32.store (i32.add (local.get $at) (i32.mul (i32.const 4) (i32.load (local.get $at)))) (local.get $handle)))
  (func $place (param $slot i32) (result i32)
    (local $at i32)
    (local.set $at {slot})
    (if (i32.eqz (i32.load (local.get $at))) (then unreachable))
    (i32.add (local.get $at) (i32.mul (i32.const 4) (i32.add (i32.const 1) (call $below (i32.load (local.get
      $at)))))))
  (func $pick (param $slot i32) (result i32) (i32.load (call $place (local.get $slot))))
  (func $pop (param $slot i32) (result i32)
    (local $at i32) (local $place i32)
    (local.set $at {slot})
    (local.set $place (call $place (local.get $slot)))
    (i32.load (local.get $place))
    (i32.store (local.get $place) (i32.load (i32.add (local.get $at) (i32.mul (i32.const 4) (i32.load
      (local.get $at))))))
    (call $count (local.get $at) (i32.const -1)))
  ;; What is lent for a call, and given back to the slots after it.
  (func $lend (param $slot i32) (param $handle i32) (result i32)
    (i32.store offset={LENT} (global.get $lent) (local.get $slot))
    (i32.store offset={lent_handle} (global.get $lent) (local.get $handle))
    (global.set $lent (i32.add (global.get $lent) (i32.const 8)))
    (local.get $handle))
  (func $lend-again (param $slot i32) (param $to i32)
    (call $find (i32.const {LENT}) (global.get $lent) (local.get $slot) (local.get $to)))
  (func $give-back
    (block $done (loop $more
      (br_if $done (i32.eqz (global.get $lent)))
      (global.set $lent (i32.sub (global.get $lent) (i32.const 8)))
      (call $keep (i32.load offset={LENT} (global.get $lent)) (i32.load offset={lent_handle} (global.get $lent)))
      (br $more))))
  ;; Borrows of others' resources, which must be dropped before it returns.
  (func $was-lent (param $slot i32) (param $handle i32)
    (i32.store offset={BORROWED} (global.get $borrowed) (local.get $slot))
    (i32.store offset={borrowed_handle} (global.get $borrowed) (local.get $handle))
    (global.set $borrowed (i32.add (global.get $borrowed) (i32.const 8))))
  (func $borrow (param $slot i32) (param $to i32)
    (call $find (i32.const {BORROWED}) (global.get $borrowed) (local.get $slot) (local.get $to)))
  (func $find (param $at i32) (param $size i32) (param $slot i32) (param $to i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (block $done (loop $more
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (if (i32.eq (i32.load (local.get $at)) (local.get $slot))
        (then (i32.store (local.get $to) (i32.load offset=4 (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $more))))
"#,
        CELLS + 16 * MOST_CELLS
    )
}
