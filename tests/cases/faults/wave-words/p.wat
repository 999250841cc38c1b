(module
  (func (export "demo:v/i#same") (param i32) (result i32) (local.get 0))
  (func (export "demo:v/i#pass") (param i32 i32)))
