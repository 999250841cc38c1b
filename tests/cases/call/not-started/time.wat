(module
  (import "demo:clock/log@1.0.0" "last" (func $last (result i32)))
  (func (export "demo:clock/time@1.0.0#now") (result i32) (i32.const 12)))
