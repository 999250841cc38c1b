(module
  (import "demo:time/inner@1.0.0" "count" (func $count (param i32) (result i32)))
  (func (export "demo:time/outer@1.0.0#ask") (param i32) (result i32) (call $count (local.get 0))))
