(module
  (import "demo:io/poll@1.0.0" "[resource-drop]pollable" (func (param i32)))
  (import "demo:io/poll@1.0.0" "ready" (func $ready (result i32)))
  (func (export "ask") (result i32) (call $ready)))
