(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "demo:rules/rule@1.0.0#look") (param i32) (result i32) unreachable)
  (func (export "demo:rules/rule@1.0.0#eat") (param i32 i32 i32 i32) (result i32) unreachable))
