(module
  (import "demo:shop/careful-store@1.0.0" "open" (func $open (param i32)))
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (local.get 3))))
  ;; Opens so many items, drops none, and answers what has come of the last one, which lies as its own answer does.
  (func (export "ask") (param $items i32) (result i32)
    (loop $more
      (call $open (i32.const 16))
      (br_if $more (local.tee $items (i32.sub (local.get $items) (i32.const 1)))))
    (if (i32.eqz (i32.load8_u (i32.const 16))) (then (i32.store (i32.const 20) (i32.const 0))))
    (i32.const 16)))
