(module
  (import "demo:pool/good@1.0.0" "[method]counter.get" (func (param i32 i32)))
  (import "demo:pool/good@1.0.0" "[method]counter.name" (func (param i32 i32)))
  (import "demo:pool/good@1.0.0" "open" (func (param i32 i32)))
  (import "demo:pool/good@1.0.0" "close" (func (param i32 i32)))
  (memory (export "memory") 1) (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable))
