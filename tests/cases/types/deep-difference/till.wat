(module
  (import "demo:shop/orders@1.0.0" "submit" (func (param i32 i32)))
  (memory (export "memory") 1))
