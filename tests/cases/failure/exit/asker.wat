(module
  (import "demo:exit/try-quitter@1.0.0" "quit" (func $quit (param i32 i32)))
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.set $heap (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (local.get 3))))
  (func (export "ask") (param i32) (result i32) (call $quit (local.get 0) (i32.const 16)) (i32.const 16)))
