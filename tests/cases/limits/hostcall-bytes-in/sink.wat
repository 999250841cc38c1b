(module
  (memory (export "memory") 2)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "demo:bytes/sink@1.0.0#swallow") (param i32 i32) (result i32) (local.get 1)))
