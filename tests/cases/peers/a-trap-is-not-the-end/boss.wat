(module
  (import "demo:fuel/try-work@1.0.0" "turn" (func $turn (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "order") (result i32)
    (call $turn (i32.const 1000000) (i32.const 16))
    (call $turn (i32.const 10) (i32.const 24))
    (i32.const 16)))
