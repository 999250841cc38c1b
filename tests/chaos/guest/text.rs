//! What modules are made of.

/// The plugin that has the things.
pub const DEPOT: &str = r#"(module
(import "[export]c:c/things@1.0.0" "[resource-new]thing" (func $new (param i32) (result i32)))
(memory (export "memory") 1)
(global $calls (mut i32) (i32.const 0))
(global $live (mut i32) (i32.const 0))
(func $count (global.set $calls (i32.add (global.get $calls) (i32.const 1))))
(func (export "c:c/things@1.0.0#[constructor]thing") (param $n i32) (result i32)
  (if (i32.ne (local.get $n) (i32.const 99)) (then (call $count)))
  (global.set $live (i32.add (global.get $live) (i32.const 1)))
  (call $new (local.get $n)))
(func (export "c:c/things@1.0.0#[method]thing.value") (param $n i32) (result i32)
  (call $count)
  (if (i32.eq (local.get $n) (i32.const 70)) (then unreachable))
  (local.get $n))
(func (export "c:c/things@1.0.0#[dtor]thing") (param i32)
  (global.set $live (i32.sub (global.get $live) (i32.const 1))))
(func (export "c:c/watch@1.0.0#stat") (result i32)
  (i32.store (i32.const 16) (global.get $calls))
  (i32.store (i32.const 20) (global.get $live))
  (i32.store (i32.const 24) (i32.const 0))
  (i32.const 16)))"#;

/// What every node imports.
pub const IMPORTS: &str = r#"(import "c:c/host@1.0.0" "start" (func $host-start (result i32)))
(import "c:c/host@1.0.0" "fail" (func $host-fail))
(import "c:c/host@1.0.0" "panic" (func $host-panic))
(import "c:c/things@1.0.0" "[constructor]thing" (func $make (param i32) (result i32)))
(import "c:c/things@1.0.0" "[method]thing.value" (func $value (param i32) (result i32)))
(import "c:c/things@1.0.0" "[resource-drop]thing" (func $drop (param i32)))
"#;

/// What some do.
pub const WASI: &str = r#"(import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))
(import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $subscribe (param i64) (result i32)))
(import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
(func $sleep (call $block (call $subscribe (i64.const 60000000000))))
"#;

/// Memory, what is read of replies, and what can be done wrong while starting, too.
pub const COMMON: &str = r#"
(memory (export "memory") 4)
(global $heap (mut i32) (i32.const 1024))
(global $depth (mut i32) (i32.const 0))
(global $calls (mut i32) (i32.const 0))
;; Handles that are kept are at 256.
(global $kept (mut i32) (i32.const 0))
;; How many failures the reply that was read last may have hidden.
(global $doubt (mut i32) (i32.const 0))
(func $alloc (param $size i32) (result i32)
  (local $at i32)
  (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
  (global.set $heap (i32.add (local.get $at) (local.get $size)))
  (if (i32.gt_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))) (then unreachable))
  (local.get $at))
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
  (if (local.get 0) (then unreachable))
  (call $alloc (local.get 3)))
(func $mix (param $hash i32) (param $n i32) (result i32)
  (i32.mul (i32.rotl (i32.xor (local.get $hash) (local.get $n)) (i32.const 5)) (i32.const MIX)))
(func $fnv (param $at i32) (param $length i32) (result i32)
  (local $hash i32)
  (local.set $hash (i32.const FNV))
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $length)))
    (local.set $hash
      (i32.mul (i32.xor (local.get $hash) (i32.load8_u (local.get $at))) (i32.const FNV_PRIME)))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (local.set $length (i32.sub (local.get $length) (i32.const 1)))
    (br $more)))
  (local.get $hash))
;; The flags: 1 the provider's id comes first, 2 it may be a failure, 4 which has a code and a provider.
(func $element (param $hash i32) (param $at i32) (param $flags i32) (result i32)
  (local $code i32)
  (if (i32.and (local.get $flags) (i32.const 1)) (then
    (local.set $hash (call $mix (local.get $hash)
      (call $fnv (i32.load (local.get $at)) (i32.load offset=4 (local.get $at)))))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))))
  (if (i32.and (local.get $flags) (i32.const 2)) (then
    (if (i32.load8_u (local.get $at)) (then
      (local.set $hash (call $mix (local.get $hash) (i32.const 2)))
      (if (i32.and (local.get $flags) (i32.const 4))
        (then
          (local.set $code (call $fnv (i32.load offset=4 (local.get $at)) (i32.load offset=8 (local.get $at))))
          (local.set $hash (call $mix (local.get $hash) (local.get $code)))
          (local.set $hash (call $mix (local.get $hash)
            (call $fnv (i32.load offset=12 (local.get $at)) (i32.load offset=16 (local.get $at)))))
          (if (i32.eq (local.get $code) (i32.const RING))
            (then (global.set $doubt (i32.add (global.get $doubt) (i32.const 1))))))
        (else (global.set $doubt (i32.add (global.get $doubt) (i32.const 1)))))
      (return (local.get $hash))))
    (local.set $at (i32.add (local.get $at) (i32.const 4)))))
  (global.set $doubt (i32.add (global.get $doubt) (i32.load offset=4 (local.get $at))))
  (local.set $hash (call $mix (local.get $hash) (i32.load (local.get $at))))
  (local.set $hash (call $mix (local.get $hash) (i32.load offset=8 (local.get $at))))
  (call $mix (local.get $hash) (call $fnv (i32.load offset=16 (local.get $at)) (i32.load offset=20 (local.get $at)))))
(func $elements (param $hash i32) (param $at i32) (param $count i32) (param $flags i32) (param $size i32)
  (param $providers i32) (result i32)
  (local.set $hash (call $mix (local.get $hash) (i32.add (i32.const 20) (local.get $count))))
  (global.set $doubt (i32.sub (local.get $providers) (local.get $count)))
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $count)))
    (local.set $hash (call $element (local.get $hash) (local.get $at) (local.get $flags)))
    (local.set $at (i32.add (local.get $at) (local.get $size)))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br $more)))
  (local.get $hash))
(func $recurse (param i32) (result i32)
  (i32.add (call $recurse (i32.add (local.get 0) (i32.const 1))) (local.get 0)))
"#;

/// The script.
pub const RUN: &str = r#"
(func $commit (param $crime i32)
  (if (i32.eqz (local.get $crime)) (then (return)))
  (if (i32.ge_u (local.get $crime) (i32.const ASKS)) (then
    (drop (call $follow (i32.sub (local.get $crime) (i32.const ASKS))))
    (return)))
  (if (i32.eq (local.get $crime) (i32.const 1)) (then unreachable))
  (if (i32.eq (local.get $crime) (i32.const 2)) (then (loop $more (br $more))))
  (if (i32.eq (local.get $crime) (i32.const 3)) (then (drop (call $recurse (i32.const 1)))))
  (if (i32.eq (local.get $crime) (i32.const 4)) (then
    (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    unreachable))
  (if (i32.eq (local.get $crime) (i32.const 5)) (then
    (loop $more (drop (call $make (i32.const UNCOUNTED))) (br $more))))
  (if (i32.eq (local.get $crime) (i32.const 6)) (then (call $host-fail)))
  (if (i32.eq (local.get $crime) (i32.const 7)) (then (call $host-panic)))
  (if (i32.eq (local.get $crime) (i32.const 8)) (then (call $exit (i32.const 0))))
  (if (i32.eq (local.get $crime) (i32.const 9)) (then (call $sleep)))
  unreachable)
(func $digit (param $at i32) (result i32) (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
;; Calls through a slot, so many levels deeper.
(func $burn (param $levels i32) (param $slot i32) (param $at i32) (param $length i32) (param $thing i32)
  (param $how i32) (param $hash i32) (result i32)
  (if (i32.eqz (local.get $levels)) (then
    (return (call $call (local.get $slot) (local.get $at) (local.get $length) (local.get $thing) (local.get $how)
      (local.get $hash)))))
  (call $burn (i32.sub (local.get $levels) (i32.const 1)) (local.get $slot) (local.get $at) (local.get $length)
    (local.get $thing) (local.get $how) (local.get $hash)))
;; The kind of the thing at hand: 0 there is none, 1 it is owned, 2 it is lent.
(func $run (param $at i32) (param $length i32) (param $thing i32) (param $kind i32) (result i32)
  (local $end i32) (local $hash i32) (local $garbage i32) (local $op i32) (local $n i32) (local $reply i32)
  (local $doubt i32) (local $how i32) (local $levels i32)
  (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
  (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
  (local.set $hash (i32.const NUMBER))
  (local.set $end (i32.add (local.get $at) (local.get $length)))
  (block $done (loop $more
    (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
    (local.set $op (i32.load8_u (local.get $at)))
    (local.set $n (call $digit (i32.add (local.get $at) (i32.const 1))))
    (local.set $at (i32.add (local.get $at) (i32.const 2)))
    ;; x: mix
    (if (i32.eq (local.get $op) (i32.const 120)) (then
      (local.set $hash (call $mix (local.get $hash) (local.get $n)))))
    ;; m: make
    (if (i32.eq (local.get $op) (i32.const 109)) (then
      (if (i32.eqz (local.get $kind)) (then
        (local.set $thing (call $make (local.get $n)))
        (local.set $kind (i32.const 1))))))
    ;; v: value
    (if (i32.eq (local.get $op) (i32.const 118)) (then
      (if (local.get $kind) (then
        (local.set $hash (call $mix (local.get $hash) (call $value (local.get $thing))))))))
    ;; d: drop
    (if (i32.eq (local.get $op) (i32.const 100)) (then
      (if (local.get $kind) (then (call $drop (local.get $thing))))
      (local.set $kind (i32.const 0))))
    ;; h: hoard
    (if (i32.eq (local.get $op) (i32.const 104)) (then
      (if (i32.and (i32.eq (local.get $kind) (i32.const 1)) (i32.lt_u (global.get $kept) (i32.const MOST_KEPT))) (then
        (i32.store offset=256 (i32.mul (global.get $kept) (i32.const 4)) (local.get $thing))
        (global.set $kept (i32.add (global.get $kept) (i32.const 1)))
        (local.set $kind (i32.const 0))))))
    ;; H: drop all that is kept
    (if (i32.eq (local.get $op) (i32.const 72)) (then
      (block $empty (loop $next
        (br_if $empty (i32.eqz (global.get $kept)))
        (global.set $kept (i32.sub (global.get $kept) (i32.const 1)))
        (call $drop (i32.load offset=256 (i32.mul (global.get $kept) (i32.const 4))))
        (br $next)))))
    ;; A: more memory than there is
    (if (i32.eq (local.get $op) (i32.const 65)) (then
      (local.set $hash (call $mix (local.get $hash) (memory.grow (i32.const 30000))))))
    ;; c, l, g: call, lend, give
    (if (i32.or (i32.or (i32.eq (local.get $op) (i32.const 99)) (i32.eq (local.get $op) (i32.const 108)))
        (i32.eq (local.get $op) (i32.const 103))) (then
      (local.set $length (i32.add (i32.mul (call $digit (local.get $at)) (i32.const 64))
        (call $digit (i32.add (local.get $at) (i32.const 1)))))
      (local.set $at (i32.add (local.get $at) (i32.const 2)))
      (local.set $how (i32.const 0))
      (local.set $levels (i32.const 0))
      (if (i32.ge_u (local.get $n) (i32.const DEEP)) (then
        (local.set $n (i32.sub (local.get $n) (i32.const DEEP)))
        (local.set $levels (i32.const LEVELS))))
      (if (i32.and (i32.ne (local.get $op) (i32.const 99)) (i32.ne (local.get $kind) (i32.const 0)))
        (then (local.set $how (i32.const 1))))
      (if (i32.and (i32.eq (local.get $op) (i32.const 103)) (i32.eq (local.get $kind) (i32.const 1))) (then
        (if (call $takes (local.get $n)) (then
          (local.set $how (i32.const 2))
          (local.set $kind (i32.const 0))))))
      (if (i32.lt_u (local.get $n) (i32.const SLOTS)) (then
        (local.set $hash (call $mix (local.get $hash) (local.get $n)))
        (local.set $hash (call $burn (local.get $levels) (local.get $n) (local.get $at) (local.get $length)
          (local.get $thing) (local.get $how) (local.get $hash)))
        (local.set $doubt (i32.add (local.get $doubt) (global.get $doubt)))))
      (local.set $at (i32.add (local.get $at) (local.get $length)))))
    ;; ?: only one node
    (if (i32.eq (local.get $op) (i32.const 63)) (then
      (local.set $length (i32.add (i32.mul (call $digit (local.get $at)) (i32.const 64))
        (call $digit (i32.add (local.get $at) (i32.const 1)))))
      (local.set $at (i32.add (local.get $at) (i32.const 2)))
      (if (i32.ne (local.get $n) (i32.const NUMBER))
        (then (local.set $at (i32.add (local.get $at) (local.get $length)))))))
    ;; !: a crime
    (if (i32.eq (local.get $op) (i32.const 33)) (then (call $commit (local.get $n))))
    ;; G: garbage
    (if (i32.eq (local.get $op) (i32.const 71)) (then (local.set $garbage (i32.add (local.get $n) (i32.const 1)))))
    ;; K: keep a borrow
    (if (i32.eq (local.get $op) (i32.const 75)) (then
      (if (i32.eq (local.get $kind) (i32.const 2)) (then (local.set $kind (i32.const 0))))))
    ;; a, u: a script outside of memory, and one that is no text
    (if (i32.eq (local.get $op) (i32.const 97)) (then
      (drop (call $call (local.get $n) (i32.const 0xFFFFFFF0) (i32.const 10) (i32.const 0) (i32.const 0) (i32.const 0)))))
    (if (i32.eq (local.get $op) (i32.const 117)) (then
      (drop (call $call (local.get $n) (i32.const 32) (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 0)))))
    (br $more)))
  (if (local.get $kind) (then (call $drop (local.get $thing))))
  (local.set $reply (call $alloc (i32.const 24)))
  (i32.store (local.get $reply) (local.get $hash))
  (i32.store offset=4 (local.get $reply) (local.get $doubt))
  (i32.store offset=8 (local.get $reply) (i32.const LETTER))
  (i32.store offset=12 (local.get $reply) (i32.const MARK))
  (i32.store offset=16 (local.get $reply) (i32.const 16))
  (i32.store offset=20 (local.get $reply) (i32.const 2))
  (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
  (if (i32.eq (local.get $garbage) (i32.const 1)) (then (i32.store offset=16 (local.get $reply) (i32.const 32))))
  (if (i32.eq (local.get $garbage) (i32.const 2)) (then
    (i32.store offset=16 (local.get $reply) (i32.const 0xFFFFFFF0))))
  (if (i32.eq (local.get $garbage) (i32.const 3)) (then
    (i32.store offset=20 (local.get $reply) (i32.const 0x7FFFFFFF))))
  (if (i32.eq (local.get $garbage) (i32.const 4)) (then (i32.store offset=8 (local.get $reply) (i32.const 0xD800))))
  (if (i32.eq (local.get $garbage) (i32.const 5)) (then (i32.store offset=8 (local.get $reply) (i32.const 0x110000))))
  (if (i32.eq (local.get $garbage) (i32.const 6)) (then (i32.store offset=12 (local.get $reply) (i32.const 200))))
  (if (i32.eq (local.get $garbage) (i32.const 7)) (then (return (i32.add (local.get $reply) (i32.const 1)))))
  (if (i32.eq (local.get $garbage) (i32.const 8)) (then (return (i32.const 0xFFFFFFF0))))
  (local.get $reply))
(func (export "c:c/node@1.0.0#act") (param i32 i32) (result i32)
  (call $run (local.get 0) (local.get 1) (i32.const 0) (i32.const 0)))
(func (export "c:c/node@1.0.0#lent") (param i32 i32 i32) (result i32)
  (call $run (local.get 0) (local.get 1) (local.get 2) (i32.const 2)))
(func (export "c:c/node@1.0.0#given") (param i32 i32 i32) (result i32)
  (call $run (local.get 0) (local.get 1) (local.get 2) (i32.const 1)))
(func $forget (if (i32.eqz (global.get $depth)) (then (global.set $heap (i32.const 1024)))))
(func (export "c:c/node@1.0.0#poke") (param i32) (result i32)
  (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
  (call $follow (local.get 0)))
(func (export "cabi_post_c:c/node@1.0.0#act") (param i32) (call $forget))
(func (export "cabi_post_c:c/node@1.0.0#lent") (param i32) (call $forget))
(func (export "cabi_post_c:c/node@1.0.0#given") (param i32) (call $forget))
(func (export "c:c/watch@1.0.0#stat") (result i32)
  (i32.store (i32.const 48) (global.get $calls))
  (i32.store (i32.const 52) (global.get $kept))
  (i32.store (i32.const 56) (global.get $depth))
  (i32.const 48))
(func $start (call $commit (call $host-start)))
(start $start)
"#;
