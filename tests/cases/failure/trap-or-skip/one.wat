(module
  (import "text:lint/rule@1.0.0" "check" (func $check (param i32) (result i32)))
  (func (export "ask") (result i32) (call $check (i32.const 10))))
