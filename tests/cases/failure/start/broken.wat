(module
  (func $boot unreachable)
  (start $boot)
  (func (export "demo:start/broken@1.0.0#one") (result i32) (i32.const 1)))
