(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "demo:text/words@1.0.0#count") (param i32 i32) (result i32) unreachable))
