(module
  (import "text:lint/rules@1.0.0" "check" (func $check (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "text:lint/linter@1.0.0#check") (param i32) (result i32)
    (call $check (local.get 0) (i32.const 16))
    (i32.const 16)))
