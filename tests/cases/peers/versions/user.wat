(module
  (import "demo:store/shelf@1.0.0" "count" (func $count (result i32)))
  (func (export "ask") (result i32) (call $count)))
