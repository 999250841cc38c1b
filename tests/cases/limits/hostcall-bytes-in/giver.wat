(module
  (import "demo:bytes/sink@1.0.0" "swallow" (func $swallow (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "give") (param i32) (result i32) (call $swallow (i32.const 1024) (local.get 0))))
