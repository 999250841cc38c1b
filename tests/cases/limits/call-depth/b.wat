(module
  (import "demo:depth/c@1.0.0" "go" (func $go (result i32)))
  (func (export "demo:depth/b@1.0.0#go") (result i32) (call $go)))
