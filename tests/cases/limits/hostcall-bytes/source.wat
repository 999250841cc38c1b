(module
  (memory (export "memory") 2)
  (func (export "demo:bytes/source@1.0.0#text") (param i32) (result i32)
    (memory.fill (i32.const 1024) (i32.const 120) (local.get 0))
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (local.get 0))
    (i32.const 16)))
