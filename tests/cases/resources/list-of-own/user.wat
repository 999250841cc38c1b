(module
  (import "demo:store/cells@1.0.0" "all" (func (param i32)))
  (memory (export "memory") 1) (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable))
