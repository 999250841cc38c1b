(module
  (memory (export "memory") 100)
  (func (export "demo:bulk/source@1.0.0#bytes") (param i32) (result i32)
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (local.get 0))
    (i32.const 16)))
