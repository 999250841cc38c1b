(module
  (import "demo:rules/store@1.0.0" "open" (func (result i32)))
  (import "demo:rules/rules@1.0.0" "look" (func (param i32 i32)))
  (import "demo:rules/rules@1.0.0" "eat" (func (param i32 i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable))
