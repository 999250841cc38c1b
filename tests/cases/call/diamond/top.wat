(module
  (import "demo:shop/left@1.0.0" "next" (func $left (result i32)))
  (import "demo:shop/right@1.0.0" "next" (func $right (result i32)))
  (import "demo:shop/counter@1.0.0" "next" (func $counter (result i32)))
  (func (export "demo:shop/top@1.0.0#ask") (result i32)
    (i32.mul (call $left) (i32.const 1000))
    (i32.add (i32.mul (call $right) (i32.const 100)))
    (i32.add (i32.mul (call $left) (i32.const 10)))
    (i32.add (call $counter))))
