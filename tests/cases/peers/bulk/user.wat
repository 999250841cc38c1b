(module
  (import "demo:bulk/source@1.0.0" "bytes" (func $bytes (param i32 i32)))
  (memory (export "memory") 100)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "fetch") (param i32) (result i32)
    (call $bytes (local.get 0) (i32.const 16))
    (i32.load (i32.const 20))))
