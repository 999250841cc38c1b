(module
  (import "demo:deep/five@1.0.0" "go" (func $go (param i32) (result i32)))
  (func (export "demo:deep/four@1.0.0#go") (param i32) (result i32)
    (i32.add (i32.const 1) (call $go (i32.mul (local.get 0) (i32.const 10))))))
