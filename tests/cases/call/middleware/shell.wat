(module
  (import "demo:talk/greet@1.0.0" "word" (func $word (param i32) (result i32)))
  (func (export "demo:talk/shell@1.0.0#say") (param i32) (result i32) (call $word (local.get 0))))
