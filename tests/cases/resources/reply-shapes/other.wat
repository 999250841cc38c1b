(module
  (import "demo:pool/kinds@1.0.0" "[method]counter.set" (func (param i32 i32)))
  (import "demo:pool/kinds@1.0.0" "open" (func (param i32 i32)))
  (import "demo:pool/kinds@1.0.0" "close" (func (param i32) (result i32)))
  (memory (export "memory") 1) (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable))
