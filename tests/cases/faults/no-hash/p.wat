(module
  (func (export "demo:v/i@1.0.0#[method]counter.get") (param i32) (result i32) (i32.const 1))
  (func (export "demo:v/i@1.0.0#f") (result i32) (i32.const 5)))
